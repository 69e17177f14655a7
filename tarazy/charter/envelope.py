"""A second small world: some cases against one envelope, and their common list.

The committee has recommended each. What a case takes from the envelope is reckoned from the
record, not by the rooms; whether an award fits and a list may be told is asked of the rules.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

from tarazy.charter.book import Charter
from tarazy.charter.case import Case
from tarazy.charter.events import (
    AgreementSigned,
    Awarded,
    BallotCast,
    BoardDecided,
    Body,
    CaseEvent,
    Choice,
    CommitteeDecided,
    Found,
    FounderSpoke,
    Ground,
    Judgement,
    Member,
    Motion,
    MotionCarried,
    MotionVoteCast,
    Opened,
    Outcome,
    Recused,
    Released,
    Role,
    SheetHandedIn,
    TranchePaid,
    VoteCast,
    Withdrawn,
)
from tarazy.charter.promises import (
    Person,
    Record,
    demands_of,
    envelope_kept,
    list_told,
    taken,
    watch,
)
from tarazy.charter.refusals import Refusal
from tarazy.charter.search import Broken, Followed
from tarazy.charter.worlds import FIRST_DAY, KERNEL, WORDS, Kernel, describe

State: TypeAlias = tuple[tuple[Case, Record], ...]


@dataclass(frozen=True, slots=True)
class EnvelopeBounds:
    """What each case was recommended, and what the envelope holds."""

    name: str
    sums: tuple[int, ...] = (2, 2)
    envelope: int = 3

    def words(self) -> str:
        """Say how large the world is."""
        sums = ", ".join(map(str, self.sums))
        return (
            f"{len(self.sums)} recommended cases of {sums} against an envelope of {self.envelope};"
            " votes, a conflict, the founder's word, withdrawals, release, awards, terminations"
        )


class Step(NamedTuple):
    """An event of one case of the list, by its place."""

    case: int
    event: CaseEvent


class Told(NamedTuple):
    """Somebody releases the whole list."""

    role: Role


Move: TypeAlias = Step | Told


class EnvelopeWorld:
    """Cases that the committee recommended, from the Board's votes to the grants' end."""

    def __init__(self, charter: Charter, bounds: EnvelopeBounds, kernel: Kernel = KERNEL) -> None:
        self.charter = charter
        self.bounds = bounds
        self.kernel = kernel
        self.demands = demands_of(charter)
        self.experts = tuple(f"e{n}" for n in range(1, charter.committee_size + 1))
        seats = [
            *((seat, charter.committee_of) for seat in self.experts),
            *((seat, charter.board_of) for seat in ("t1", "t2", "t3")),
            ("f", Body.FOUNDER),
        ]
        began = FIRST_DAY.replace(month=1)
        self.people: Mapping[str, Person] = {
            seat: Person(seat, body, began, None, agreed=True, declared=began)
            for seat, body in seats
        }
        self.members = {
            seat: Member(seat, person.body, began, date.max, agreed=True, declared_until=date.max)
            for seat, person in self.people.items()
        }

    def starts(self) -> Iterable[State]:
        """Begin when the committee has recommended each case; nowhere if it cannot."""
        cases = []
        for place, asked in enumerate(self.bounds.sums):
            case, record = None, Record()
            for event in self._recommended(str(place), asked):
                after = self.kernel.apply(self.charter, case, event)
                if isinstance(after, Refusal):
                    return []
                case = after
                try:
                    record = watch(record, event, self.people, self.demands)
                except Broken:
                    return []  # the world of one case tells how
            if case is not None:
                cases.append((case, record))
        return [tuple(cases)]

    def _recommended(self, case: str, asked: int) -> Iterator[CaseEvent]:
        experts = [self.members[seat] for seat in self.experts]
        yield Opened(case, FIRST_DAY, asked, self.experts, (), "")
        for by in experts:
            yield SheetHandedIn(case, FIRST_DAY, by, WORDS)
        for by in experts:
            yield BallotCast(case, FIRST_DAY, by, Judgement.RECOMMEND, asked)
        yield CommitteeDecided(case, FIRST_DAY, experts[0], Outcome.RECOMMENDED, asked, WORDS)

    def follow(self, state: State) -> Followed[State, Move]:
        """Try everything on every case, and to release the list."""
        accepted: list[tuple[Move, State]] = []
        attempts = 0
        left = self.bounds.envelope - sum(taken(record) for _, record in state)
        for place, (case, record) in enumerate(state):
            for event in self._tried(case, record, left, str(place)):
                attempts += 1
                after = self._allowed(case, record, event, left)
                if isinstance(after, Refusal):
                    continue
                try:
                    noted = watch(record, event, self.people, self.demands)
                    followed = (*state[:place], (after, noted), *state[place + 1 :])
                    envelope_kept([one for _, one in followed], self.bounds.envelope)
                except Broken as broken:
                    return Followed(attempts, accepted, (Step(place, event), broken))
                accepted.append((Step(place, event), followed))
        for role in Role:
            attempts += 1
            try:
                told = self._release(state, role)
            except Broken as broken:
                return Followed(attempts, accepted, (Told(role), broken))
            if told is not None:
                accepted.append((Told(role), told))
        return Followed(attempts, accepted)

    def _allowed(self, case: Case, record: Record, event: CaseEvent, left: int) -> Case | Refusal:
        """Ask what the rooms ask: an award also of the envelope."""
        if isinstance(event, Awarded):
            # Its own sum is among what the envelope has given out already.
            refused = self.kernel.may_award(event.amount, left=left + taken(record))
            if refused:
                return refused
        return self.kernel.apply(self.charter, case, event)

    def _release(self, state: State, role: Role) -> State | None:
        """Tell the whole list, where the rules let this role; raises `Broken`."""
        waiting = sum(case.stage not in self.kernel.final for case, _ in state)
        released = all(case.released for case, _ in state)
        if self.kernel.may_release((role,), open_cases=waiting, released=released):
            return None
        list_told([record for _, record in state], role)
        told = []
        for place, (case, record) in enumerate(state):
            outcome = record.outcome or Outcome.CONFIRMED
            votes = (record.committee, record.board)
            event = Released(str(place), FIRST_DAY, outcome, record.ground, *votes, ())
            after = self.kernel.apply(self.charter, case, event)
            if isinstance(after, Refusal):
                return None
            told.append((after, watch(record, event, self.people, self.demands)))
        return tuple(told)

    def _tried(self, case: Case, record: Record, left: int, number: str) -> Iterator[CaseEvent]:
        trustees = [self.members[seat] for seat in ("t1", "t2")]
        for by in trustees:
            yield VoteCast(number, FIRST_DAY, by, Choice.CONFIRM, None)
            yield VoteCast(number, FIRST_DAY, by, Choice.DECLINE, Ground.FIT)
        for outcome, ground in (
            (Outcome.CONFIRMED, None),
            (Outcome.UNFUNDED, None),
            (Outcome.NOT_CONFIRMED, Ground.FIT),
        ):
            yield BoardDecided(number, FIRST_DAY, trustees[0], 3, left, outcome, ground, WORDS)
        yield Recused(number, FIRST_DAY, "t3", self.charter.board_of, Found.DECLARED)
        founder = self.members["f"]
        yield FounderSpoke(number, FIRST_DAY, founder, Choice.CONFIRM, None, "")
        yield FounderSpoke(number, FIRST_DAY, founder, Choice.DECLINE, Ground.IMPARTIALITY, WORDS)
        yield Withdrawn(number, FIRST_DAY)
        yield Awarded(number, FIRST_DAY, "grant", case.amount)
        yield AgreementSigned(number, FIRST_DAY, (case.amount,))
        yield TranchePaid(number, FIRST_DAY, 1, record.amount)
        for by in trustees:
            yield MotionVoteCast(number, FIRST_DAY, by, Motion.TERMINATE, favour=True)
        yield MotionCarried(number, FIRST_DAY, Motion.TERMINATE, trustees[0], 3, WORDS)

    def key(self, state: State) -> Hashable:
        """Return the list without its order: cases that ask the same are alike."""
        return frozenset(Counter(_what_counts(case, record) for case, record in state).items())

    def settled(self, state: State) -> bool:
        """Say whether the list has been told."""
        return all(case.released for case, _ in state)

    def help_of(self, move: Move) -> str | None:
        """Nobody may count on a withdrawal or on a conflict."""
        if isinstance(move, Step) and isinstance(move.event, Withdrawn | Recused):
            return None
        return ""

    def tell(self, move: Move) -> str:
        """Say a move in plain words."""
        if isinstance(move, Told):
            return f"the {move.role} releases the list".replace("_", " ")
        return f"case {move.case + 1}: {describe(move.event)}"


def _what_counts(case: Case, record: Record) -> Hashable:
    """Leave out of a told case what was judged."""
    if not case.released:
        return case, record
    granted = (case.stage, case.amount, case.tranches, case.paid, case.motion_votes)
    return (*granted, "t3" in case.recused, record)
