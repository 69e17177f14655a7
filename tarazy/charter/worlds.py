"""Small worlds to search: who is in them, what may happen, and what everybody tries.

Everybody tries everything, forbidden or not. What the rooms supply and nobody can claim (whose
seat it is, how many trustees are in office, what the envelope has left, who is in conflict) is
true; what somebody claims (a choice, a sum, an outcome, a ground, words or none) is anything.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import product
from typing import Any, ClassVar, NamedTuple, TypeAlias

from tarazy.charter import case as case_rules
from tarazy.charter import rules
from tarazy.charter.book import Charter
from tarazy.charter.case import Case
from tarazy.charter.events import (
    AgreementSigned,
    Amended,
    AppealDecided,
    AppealVoteCast,
    Awarded,
    BallotCast,
    BoardDecided,
    Body,
    CaseEvent,
    Choice,
    Closed,
    CommitteeDecided,
    Found,
    FounderSpoke,
    Ground,
    Joined,
    Judgement,
    Left,
    Member,
    Motion,
    MotionCarried,
    MotionVoteCast,
    Opened,
    Outcome,
    Recused,
    Released,
    ReportAccepted,
    SheetHandedIn,
    TranchePaid,
    VoteCast,
    Withdrawn,
)
from tarazy.charter.promises import (
    Demands,
    Person,
    Record,
    case_read,
    demands_of,
    names_opened,
    sheet_read,
    watch,
)
from tarazy.charter.refusals import Refusal
from tarazy.charter.search import Broken, Followed

CASE = "case"
FIRST_DAY = date(2026, 5, 4)
WORDS = "words"  # stands for the digest of whatever a body wrote
CONDITION = "a published condition"


GROUNDS = (*Ground, None)
BOARD_OUTCOMES = (
    (Outcome.CONFIRMED, None),
    (Outcome.CONFIRMED, Ground.FIT),
    (Outcome.UNFUNDED, None),
    (Outcome.RETURNED, Ground.BUDGET),
    *((Outcome.NOT_CONFIRMED, ground) for ground in GROUNDS),
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """The rules under search: those of `case` and `rules`, or copies with one taken out."""

    apply: Callable[[Charter, Case | None, CaseEvent], Case | Refusal]
    panel: Callable[[Charter, Case], tuple[str, ...]]
    final: Collection[str]
    may_know_applicant: Callable[..., Refusal | None]
    may_read_sheet: Callable[..., Refusal | None]
    may_read_case: Callable[..., Refusal | None]
    may_award: Callable[..., Refusal | None]
    may_release: Callable[..., Refusal | None]
    term_ends: Callable[..., date]
    declaration_ends: Callable[..., date]


def kernel_of(case: Any, rules: Any) -> Kernel:
    """Return the rules as two modules have them."""
    return Kernel(
        apply=case.apply,
        panel=case.panel,
        final=case.FINAL,
        may_know_applicant=rules.may_know_applicant,
        may_read_sheet=rules.may_read_sheet,
        may_read_case=rules.may_read_case,
        may_award=rules.may_award,
        may_release=rules.may_release,
        term_ends=rules.term_ends,
        declaration_ends=rules.declaration_ends,
    )


KERNEL = kernel_of(case_rules, rules)


@dataclass(frozen=True, slots=True)
class Unforeseen(CaseEvent):
    """Something that no charter knows."""

    kind: ClassVar[str] = "nobody.foresaw"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a world of one case is.

    `days` in all, the case opened on day `begins`, counted from 0. `conflicts`: how many experts'
    and how many trustees' come to light. `leaves`: the first expert has served two years on the
    second day. `unsigned`: the second expert has yet to sign the agreement. `undeclared`: the
    first trustee's declaration is a year old on the second day. `asked`: the sum asked for; every
    sum from 0 to one above it is tried. `appeal`: the case may begin ineligible. `grant`: what
    follows the award is tried too.
    """

    name: str
    reserves: int = 2
    appointed: int = 1
    trustees: int = 3
    new_trustees: int = 0
    days: int = 1
    begins: int = 0
    conflicts: tuple[int, int] = (1, 1)
    leaves: bool = False
    unsigned: bool = False
    undeclared: bool = False
    asked: int = 2
    appeal: bool = False
    grant: bool = False

    def words(self) -> str:
        """Say how large the world is."""
        experts, trustees = self.conflicts
        parts = {
            f"reserves: {self.reserves}": self.reserves,
            f"experts who can be appointed: {self.appointed}": self.appointed,
            f"trustees: {self.trustees}": self.trustees,
            f"trustees who can be appointed: {self.new_trustees}": self.new_trustees,
            "founder's office, staff": True,
            f"sum asked: {self.asked}": True,
            f"days: {self.days - self.begins}": self.days > 1,
            f"experts' conflicts: {experts}": experts,
            f"trustees' conflicts: {trustees}": trustees,
            "an expert's term ends": self.leaves,
            "an expert has yet to sign": self.unsigned,
            "a trustee's declaration runs out": self.undeclared,
            "an appeal": self.appeal,
            "payments and motions": self.grant,
        }
        return "; ".join(words for words, there in parts.items() if there)


class Scene(NamedTuple):
    """What stands beside the case: the day from 0, what was mended, trustees appointed."""

    day: int = 0
    signed: bool = False
    declared: bool = False
    appointed: int = 0


class Change(NamedTuple):
    """Something that happens to the world and not to the case; `helps` says how, "" not."""

    scene: Scene
    words: str
    helps: str


class Asked(NamedTuple):
    """Something that somebody asked to read."""

    words: str


State: TypeAlias = tuple[Case | None, Record, Scene]
Move: TypeAlias = CaseEvent | Change | Asked


class Tried(NamedTuple):
    """All that can be tried in one scene, and who is there."""

    on: date
    people: Mapping[str, Person]
    members: Mapping[str, Member]
    changes: tuple[Change, ...]
    events: tuple[CaseEvent, ...]
    experts_recused: tuple[Recused, ...]
    trustees_recused: tuple[Recused, ...]
    others_recused: tuple[Recused, ...]


class CaseWorld:
    """One case, from its opening to the grant's end."""

    def __init__(self, charter: Charter, bounds: Bounds, kernel: Kernel = KERNEL) -> None:
        self.charter = charter
        self.bounds = bounds
        self.kernel = kernel
        self.demands: Demands = demands_of(charter)
        staffed = charter.committee_of is Body.STAFF
        self.experts = _seats("s" if staffed else "e", charter.committee_size)
        self.reserves = _seats("r", bounds.reserves)
        # One expert more than ever joins, who has declared nothing; one trustee more than ever
        # takes office, appointed for next year. They try too.
        self.committee = (
            *(*self.experts, *self.reserves),
            *_seats("n", bounds.appointed + 1),
        )
        letter = _LETTERS.get(charter.board_of, "t")
        self.trustees = _seats(letter, bounds.trustees + bounds.new_trustees + 1)
        # Who differs from the others of the body, so that the name must be kept.
        self._apart = {
            self.experts[0]: 1 * bounds.leaves,
            self.committee[1]: 2 * bounds.unsigned,
            self.trustees[0]: 3 * bounds.undeclared,
        }
        self._scenes: dict[Scene, Tried] = {}
        self._numbers: dict[Hashable, int] = {}

    def starts(self) -> Iterable[State]:
        """Begin before the case is opened."""
        return [(None, Record(), Scene(day=self.bounds.begins))]

    def follow(self, state: State) -> Followed[State, Move]:
        """Let everybody try everything, and ask to read everything."""
        case, record, scene = state
        tried = self.tried(scene)
        apply, charter = self.kernel.apply, self.charter
        accepted: list[tuple[Move, State]] = [
            (change, (case, record, change.scene)) for change in tried.changes
        ]
        attempts = len(accepted)
        for events in (tried.events, self._recusals(tried, record), self._releases(case, record)):
            attempts += len(events)
            for event in events:
                after = apply(charter, case, event)
                if isinstance(after, Refusal):
                    continue
                try:
                    noted = watch(record, event, tried.people, self.demands)
                except Broken as broken:
                    return Followed(attempts, accepted, (event, broken))
                accepted.append((event, (after, noted, scene)))
        if case is None:
            return Followed(attempts, accepted)
        asked, wrong = self._ask(case, record, tried)
        return Followed(attempts + asked, accepted, wrong)

    def _recusals(self, tried: Tried, record: Record) -> list[CaseEvent]:
        """Return the conflicts that may still come to light within the bounds; known ones again."""
        known = record.conflicted
        experts = sum(seat in self.committee for seat in known)
        trustees = sum(seat in self.trustees for seat in known)
        bodies = (
            (tried.experts_recused, experts < self.bounds.conflicts[0]),
            (tried.trustees_recused, trustees < self.bounds.conflicts[1]),
        )
        within = [
            event for events, more in bodies for event in events if more or event.seat in known
        ]
        return [*within, *tried.others_recused]

    def _releases(self, case: Case | None, record: Record) -> tuple[CaseEvent, ...]:
        """Try to tell a case as it stands, as the record has it, and otherwise."""
        if case is None:
            return ()
        outcome = record.outcome or Outcome.CONFIRMED
        return _told(outcome, case.ground, case.committee, case.board) + _told(
            outcome, record.ground, record.committee, record.board
        )

    def _ask(
        self, case: Case, record: Record, tried: Tried
    ) -> tuple[int, tuple[Move, Broken] | None]:
        """Let everybody ask for the name, for another's sheet, for the case itself."""
        kernel, charter = self.kernel, self.charter
        met = case.released or case.stage in kernel.final
        panel = kernel.panel(charter, case)
        attempts = 1
        words = "somebody on a body asks who applied"
        try:
            if not kernel.may_know_applicant(charter, met=met, released=case.released):
                names_opened(record, self.demands)
            # Sheets are sealed from colleagues until release; later only the grant goes on.
            readers = () if case.released else case.roster
            for reader, author in product(readers, sorted(case.sheets)):
                attempts += 1
                words = f"{name(reader)} opens the score sheet of {name(author)}"
                if not kernel.may_read_sheet(
                    charter, reader, author, panel=panel, handed_in=case.sheets
                ):
                    sheet_read(record, reader, author, self.demands)
            for seat in (*case.roster, *self.trustees):
                attempts += 1
                words = f"{name(seat)} opens the case"
                recused = seat in case.recused
                if not kernel.may_read_case(tried.members[seat], recused=recused, on=tried.on):
                    case_read(record, tried.people[seat], tried.on)
        except Broken as broken:
            return attempts, (Asked(f"day {_day(tried.on)}: {words}"), broken)
        return attempts, None

    def settled(self, state: State) -> bool:
        """Say whether the decision has been told."""
        return state[0] is not None and state[0].released

    def help_of(self, move: Move) -> str | None:
        """Say what a move costs on the way to a told decision.

        Nobody may count on an applicant's withdrawal or on a conflict coming to light.
        """
        if isinstance(move, Change):
            return move.helps
        if isinstance(move, Joined):
            return "an expert is appointed"
        return None if isinstance(move, Withdrawn | Recused) else ""

    def tell(self, move: Move) -> str:
        """Say a move in plain words."""
        if isinstance(move, CaseEvent):
            return f"day {_day(move.on)}: {describe(move)}"
        return move.words

    def key(self, state: State) -> Hashable:
        """Return numbers equal for states that differ only in which like member did what.

        Variables that no rule reads any more are left out: after release all of the judging.
        """
        case, record, scene = state
        if case is None:
            return scene
        if case.released:
            whole = self._number((scene, *_granted(case, record)))
            return (whole, *sorted(self._motions(case, record, scene)))
        whole = self._number((scene, *_judged(case, record)))
        return (
            whole,
            *sorted((*self._experts(case, record), *self._trustees(case, record, scene))),
        )

    def _number(self, value: Hashable) -> int:
        """Return a small number for a value, so that a key holds no second copy of it."""
        return self._numbers.setdefault(value, len(self._numbers))

    def _experts(self, case: Case, record: Record) -> Iterator[int]:
        able = [seat for seat in case.roster if seat not in case.recused]
        size = self.charter.committee_size
        # Who judges has no order among the others who do; who waits has one.
        places = {seat: max(0, place - size + 1) for place, seat in enumerate(able)}
        ballots = {ballot.seat: (ballot.judgement, ballot.amount) for ballot in case.ballots}
        appeal = {ballot.seat: ballot.judgement for ballot in case.appeal}
        noted, appealed = dict(record.ballots), dict(record.appeals)
        for seat in self.committee[:-1]:
            yield self._number(
                (
                    "expert",
                    self._apart.get(seat, 0),
                    places.get(seat, -1 if seat in case.roster else -2),
                    seat in case.recused,
                    seat in case.sheets,
                    ballots.get(seat),
                    appeal.get(seat),
                    seat in record.conflicted,
                    seat in record.sheets,
                    noted.get(seat),
                    appealed.get(seat),
                    seat in record.judged,
                )
            )

    def _trustees(self, case: Case, record: Record, scene: Scene) -> Iterator[int]:
        votes = {vote.seat: (vote.choice, vote.ground) for vote in case.votes}
        noted = {seat: (choice, ground) for seat, choice, ground in record.votes}
        for seat in self.trustees[: self.bounds.trustees + scene.appointed]:
            yield self._number(
                (
                    "trustee",
                    self._apart.get(seat, 0),
                    seat in case.recused,
                    votes.get(seat),
                    seat in record.conflicted,
                    noted.get(seat),
                    seat in record.voted,
                )
            )

    def _motions(self, case: Case, record: Record, scene: Scene) -> Iterator[int]:
        votes = {vote.seat: vote.choice for vote in case.motion_votes}
        noted = {seat: (motion, favour) for seat, motion, favour in record.motions}
        for seat in self.trustees[: self.bounds.trustees + scene.appointed]:
            yield self._number(
                (
                    "motion",
                    self._apart.get(seat, 0),
                    seat in case.recused,
                    votes.get(seat),
                    seat in record.conflicted,
                    noted.get(seat),
                )
            )

    def tried(self, scene: Scene) -> Tried:
        """Return all that can be tried in a scene; made once."""
        if scene not in self._scenes:
            self._scenes[scene] = self._make(scene)
        return self._scenes[scene]

    def _make(self, scene: Scene) -> Tried:
        on = FIRST_DAY + timedelta(days=scene.day)
        people = {person.seat: person for person in self._people(scene)}
        members = {seat: self._member(person) for seat, person in people.items()}
        seated = self.bounds.trustees + scene.appointed
        return Tried(
            on=on,
            people=people,
            members=members,
            changes=tuple(self._changes(scene)),
            events=tuple(self._events(on, members.values(), seated)),
            experts_recused=tuple(_recused(on, self.charter.committee_of, *self.committee[:-1])),
            trustees_recused=tuple(_recused(on, self.charter.board_of, *self.trustees[:seated])),
            others_recused=(
                *_recused(on, Body.FOUNDER, "f"),
                *_recused(on, Body.STAFF, "s"),
            ),
        )

    def _events(self, on: date, actors: Collection[Member], seated: int) -> Iterator[CaseEvent]:
        sums = tuple(range(self.bounds.asked + 2))
        for asked in (0, self.bounds.asked):
            yield Opened(CASE, on, asked, self.experts, self.reserves, "")
            if self.bounds.appeal:
                yield Opened(CASE, on, asked, self.experts, self.reserves, CONDITION)
        yield Opened(CASE, on, self.bounds.asked, self.experts, self.experts[:1], "")
        yield Withdrawn(CASE, on)
        yield Unforeseen(CASE, on)
        for by in actors:
            yield Joined(CASE, on, by)
            yield Left(CASE, on, by)
            yield from _of_committee(on, by, sums)
            yield from _of_board(on, by, seated, sums)
            yield from _of_founder(on, by)
            if self.bounds.grant:
                yield from _of_motions(on, by, seated)
        for amount in sums:
            yield Awarded(CASE, on, "grant", amount)
        if self.bounds.grant:
            yield from _of_grant(on, sums)

    def _people(self, scene: Scene) -> Iterator[Person]:
        """Return the truth about everybody."""
        bounds = self.bounds
        began, declared = FIRST_DAY - timedelta(days=60), FIRST_DAY - timedelta(days=30)
        second_day = FIRST_DAY + timedelta(days=1)
        plain = Person("", Body.COMMITTEE, began, None, agreed=True, declared=declared)
        for place, seat in enumerate(self.committee):
            leaves = place == 0 and bounds.leaves
            since = second_day.replace(year=second_day.year - 2) if leaves else began
            yield replace(
                plain,
                seat=seat,
                body=self.charter.committee_of,
                began=since,
                until=self.kernel.term_ends(self.charter, (), begins=since),
                agreed=place != 1 or not bounds.unsigned or scene.signed,
                declared=None if seat == self.committee[-1] else declared,
            )
        for place, seat in enumerate(self.trustees):
            stale = place == 0 and bounds.undeclared and not scene.declared
            appointed = place < bounds.trustees + scene.appointed
            yield replace(
                plain,
                seat=seat,
                body=self.charter.board_of,
                began=began if appointed else FIRST_DAY.replace(year=FIRST_DAY.year + 1),
                declared=second_day.replace(year=second_day.year - 1) if stale else declared,
            )
        yield replace(plain, seat="f", body=Body.FOUNDER)
        yield replace(plain, seat="s", body=Body.STAFF)

    def _member(self, person: Person) -> Member:
        """Return what the rooms say of somebody: dates as this charter reckons them."""
        ends = person.until or date.max
        until = person.declared and self.kernel.declaration_ends(self.charter, person.declared)
        return Member(person.seat, person.body, person.began, ends, person.agreed, until)

    def _changes(self, scene: Scene) -> Iterator[Change]:
        bounds = self.bounds
        today = f"day {scene.day + 1}: "
        if scene.day + 1 < bounds.days:
            yield Change(scene._replace(day=scene.day + 1), f"day {scene.day + 2} begins", "")
        if bounds.unsigned and not scene.signed:
            words = f"{today}{name(self.committee[1])} signs the agreement"
            yield Change(scene._replace(signed=True), words, "an expert signs the agreement")
        if bounds.undeclared and not scene.declared and scene.day:
            words = f"{today}{name(self.trustees[0])} declares anew"
            yield Change(scene._replace(declared=True), words, "a trustee declares anew")
        if scene.appointed < bounds.new_trustees:
            after = scene._replace(appointed=scene.appointed + 1)
            yield Change(after, f"{today}a trustee is appointed", "a trustee is appointed")


def _seats(letter: str, number: int) -> tuple[str, ...]:
    return tuple(f"{letter}{place}" for place in range(1, number + 1))


def _day(on: date) -> int:
    return (on - FIRST_DAY).days + 1


def _judged(case: Case, record: Record) -> tuple[Hashable, ...]:
    """Return what counts before release, but for who did what."""
    return (
        case.stage,
        case.limit,
        case.amount,
        case.trustee_recused,
        case.returns,
        case.pending,
        case.ground,
        case.heard,
        case.committee,
        case.board,
        record.place,
        record.ceiling,
        record.amount,
        record.returned,
        record.trustee_conflict,
        record.committee,
        record.board,
        record.outcome,
        record.ground,
        record.founder_spoke,
        # Members count by name below; here, so that nobody else's conflict is overlooked.
        len(case.recused),
        len(record.conflicted),
        # The record's own line of experts: as in the case, or the whole of it.
        record.line == case.roster or record.line,
    )


def _granted(case: Case, record: Record) -> tuple[Hashable, ...]:
    """Return what counts after release, but for who did what."""
    return (
        case.stage,
        case.amount,
        case.tranches,
        case.paid,
        case.motion,
        record.place,
        record.amount,
        record.outcome,
        record.tranches,
        record.paid,
    )


def _recused(on: date, body: Body, *seats: str) -> Iterator[Recused]:
    """Let conflicts come to light."""
    for seat in seats:
        yield Recused(CASE, on, seat, body, Found.DECLARED)


def _of_committee(on: date, by: Member, sums: Iterable[int]) -> Iterator[CaseEvent]:
    """Try everything that an expert does."""
    for admit in (True, False):
        yield AppealVoteCast(CASE, on, by, admit)
    yield AppealDecided(CASE, on, by, Outcome.ADMITTED, WORDS)
    yield AppealDecided(CASE, on, by, Outcome.ADMITTED, "")
    yield AppealDecided(CASE, on, by, Outcome.INELIGIBLE, WORDS)
    yield SheetHandedIn(CASE, on, by, WORDS)
    yield BallotCast(CASE, on, by, Judgement.DECLINE, 0)
    for amount in sums:
        yield BallotCast(CASE, on, by, Judgement.RECOMMEND, amount)
        yield CommitteeDecided(CASE, on, by, Outcome.RECOMMENDED, amount, WORDS)
        yield CommitteeDecided(CASE, on, by, Outcome.RECOMMENDED, amount, "")
    yield CommitteeDecided(CASE, on, by, Outcome.DECLINED, 0, WORDS)
    yield CommitteeDecided(CASE, on, by, Outcome.DECLINED, 0, "")


def _of_board(on: date, by: Member, seated: int, sums: tuple[int, ...]) -> Iterator[CaseEvent]:
    """Try everything that a trustee does with a case; the envelope one unit short, and enough."""
    for choice, ground in product(Choice, GROUNDS):
        yield VoteCast(CASE, on, by, choice, ground)
    asked = sums[-2]
    for outcome, ground in BOARD_OUTCOMES:
        yield BoardDecided(CASE, on, by, seated, asked - 1, outcome, ground, WORDS)
        yield BoardDecided(CASE, on, by, seated, asked, outcome, ground, WORDS)
        yield BoardDecided(CASE, on, by, seated, asked, outcome, ground, "")


def _of_founder(on: date, by: Member) -> Iterator[CaseEvent]:
    """Try everything that the founder's office does."""
    for choice, ground in product(Choice, GROUNDS):
        yield FounderSpoke(CASE, on, by, choice, ground, WORDS)
    yield FounderSpoke(CASE, on, by, Choice.DECLINE, Ground.IMPARTIALITY, "")


def _of_motions(on: date, by: Member, seated: int) -> Iterator[CaseEvent]:
    """Try everything that a trustee does with a grant."""
    for motion in Motion:
        for favour in (True, False):
            yield MotionVoteCast(CASE, on, by, motion, favour)
        for words in (WORDS, ""):
            yield MotionCarried(CASE, on, motion, by, seated, words)


def _of_grant(on: date, sums: tuple[int, ...]) -> Iterator[CaseEvent]:
    """Try everything that the grants manager does after the award."""
    for plan in [(), *((amount,) for amount in sums), (1, 1), (1, 2), (3, -1), (2, -1)]:
        yield AgreementSigned(CASE, on, plan)
        yield Amended(CASE, on, plan)
    for ordinal, amount in product((0, 1, 2), sums):
        yield TranchePaid(CASE, on, ordinal, amount)
    yield ReportAccepted(CASE, on)
    yield Closed(CASE, on, WORDS)
    yield Closed(CASE, on, "")


@cache
def _told(
    outcome: Outcome, ground: Ground | None, committee: tuple[int, ...], board: tuple[int, ...]
) -> tuple[CaseEvent, ...]:
    """Tell a case as it was decided, and with each part otherwise."""
    true = Released(CASE, FIRST_DAY, outcome, ground, committee, board, ())
    others = [
        *(replace(true, outcome=other) for other in (Outcome.CONFIRMED, Outcome.DECLINED)),
        *(replace(true, ground=other) for other in GROUNDS),
        replace(true, committee=(9, 0)),
        replace(true, board=(9, 0)),
    ]
    return (true, *(other for other in others if other != true))


# In words

_LETTERS = {Body.STAFF: "s", Body.FOUNDER: "f"}
_BODIES = {
    "e": "expert",
    "r": "reserve",
    "n": "newly appointed expert",
    "t": "trustee",
    "f": "the founder's office",
    "s": "staff member",
}


def name(seat: str) -> str:
    """Name a seat of these worlds in plain words."""
    if seat[:1] == "f" and seat != "f":
        return f"person {seat[1:]} of the founder's office"
    return f"{_BODIES[seat[:1]]} {seat[1:]}".strip()


def _with(ground: Ground | None) -> str:
    return f", ground: {ground}" if ground else ""


def _without_words(words: str) -> str:
    return "" if words else ", giving no reasons"


def describe(move: CaseEvent) -> str:
    """Say an event in plain words."""
    for words in (_say_case, _say_committee, _say_board, _say_grant):
        said = words(move)
        if said:
            return said
    return f"something happens that nobody foresaw: {move.kind}"


def _say_case(move: CaseEvent) -> str:
    match move:
        case Opened(asked=asked, failed=failed):
            begins = "comes on appeal" if failed else "is opened"
            return f"a case that asks for {asked} {begins}"
        case Recused(seat=seat):
            return f"a conflict of interest of {name(seat)} comes to light"
        case Joined(member=member):
            return f"{name(member.seat)} joins the case"
        case Left(member=member):
            return f"{name(member.seat)} leaves the case, the term being over"
        case Withdrawn():
            return "the applicant takes the application back"
        case Released(outcome=outcome, ground=ground):
            return f"the decision is told: {_plain(outcome)}{_with(ground)}"
    return ""


def _say_committee(move: CaseEvent) -> str:
    match move:
        case AppealVoteCast(by=by, admit=admit):
            return f"{name(by.seat)} votes to {'admit it' if admit else 'leave it ineligible'}"
        case AppealDecided(by=by, outcome=outcome, reasons=reasons):
            counted = f"{name(by.seat)} counts the votes on the appeal"
            return f"{counted}: {_plain(outcome)}{_without_words(reasons)}"
        case SheetHandedIn(by=by):
            return f"{name(by.seat)} hands in a score sheet"
        case BallotCast(by=by, judgement=judgement, amount=amount):
            recommends = judgement is Judgement.RECOMMEND
            return f"{name(by.seat)} votes to {f'recommend {amount}' if recommends else 'decline'}"
        case CommitteeDecided(by=by, outcome=outcome, amount=amount, reasons=reasons):
            counted = f"{name(by.seat)} counts the ballots: {_plain(outcome)}"
            return f"{counted}{f' {amount}' if amount else ''}{_without_words(reasons)}"
    return ""


def _say_board(move: CaseEvent) -> str:
    match move:
        case VoteCast(by=by, choice=choice, ground=ground):
            return f"{name(by.seat)} votes to {choice}{_with(ground)}"
        case BoardDecided(by=by, outcome=outcome, ground=ground, left=left, reasons=reasons):
            counted = f"{name(by.seat)} counts the Board's votes, {left} left in the envelope"
            return f"{counted}: {_plain(outcome)}{_with(ground)}{_without_words(reasons)}"
        case FounderSpoke(by=by, choice=choice, ground=ground, fact=fact):
            word = f"{name(by.seat)} has its word: {choice}{_with(ground)}"
            return word if fact or choice is Choice.CONFIRM else f"{word}, naming no fact"
        case MotionVoteCast(by=by, motion=motion, favour=favour):
            return f"{name(by.seat)} votes {'for' if favour else 'against'} the motion: {motion}"
        case MotionCarried(by=by, motion=motion, reasons=reasons):
            return f"{name(by.seat)} counts the motion: {motion}{_without_words(reasons)}"
    return ""


def _say_grant(move: CaseEvent) -> str:
    match move:
        case Awarded(amount=amount):
            return f"a grant of {amount} is awarded"
        case AgreementSigned(tranches=tranches):
            return f"the agreement is signed, tranches: {_listed(tranches)}"
        case Amended(tranches=tranches):
            return f"the agreement is amended, tranches: {_listed(tranches)}"
        case TranchePaid(ordinal=ordinal, amount=amount):
            return f"tranche {ordinal} is paid: {amount}"
        case ReportAccepted():
            return "the final report is accepted"
        case Closed(moved=moved):
            return "the grant is closed" + ("" if moved else ", with nothing written down")
    return ""


def _plain(outcome: Outcome) -> str:
    return outcome.replace("_", " ")


def _listed(sums: Iterable[int]) -> str:
    return ", ".join(map(str, sums)) or "none"
