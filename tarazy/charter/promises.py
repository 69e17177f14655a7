"""What must never happen to a case, written over its history and from the prose, not the rules.

Nothing here asks the kernel: a record is kept of what was accepted, beside it, and the truth about
people comes from the world. So a rule that forgets something is found by somebody who does not
share its memory. The numbers in brackets are the points of "what must be impossible".
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from tarazy.charter.book import Blind, Charter, FounderWord
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
    FounderSpoke,
    Ground,
    Joined,
    Judgement,
    Left,
    Motion,
    MotionCarried,
    MotionVoteCast,
    Opened,
    Outcome,
    Recused,
    Released,
    ReportAccepted,
    Role,
    SheetHandedIn,
    TranchePaid,
    VoteCast,
    Withdrawn,
)
from tarazy.charter.search import Broken

STUCK = "stuck"
LEAST = 3  # judges of a case, whatever the charter says

PROMISES: Mapping[str, str] = {
    "two-bodies": "Nothing is awarded but what the committee recommended and then the Board "
    "confirmed (1).",
    "committee": "A committee decides by the ballots of three different experts or more, and "
    "recommends by more than half of them (2).",
    "board": "The Board decides when more than half of the trustees in office have voted, and "
    "confirms by more than half of the votes (2).",
    "founder": "The founder's office has a word only after a trustee's conflict, on what the other "
    "trustees decided; where it has the word nothing goes on before it has spoken (1).",
    "own-body": "Nobody acts in a body without a seat in it: no staff, no founder's office, no "
    "stranger to the case (2, 10).",
    "in-office": "Nobody acts before the first day in office, after the last one, or after two "
    "years on a committee (2).",
    "agreement": "Nobody acts without a signed agreement (2).",
    "declaration": "Nobody acts or reads whose last declaration is a year old (2).",
    "conflict": "Whoever has a known conflict neither reads nor acts, and nothing is told that "
    "such a member helped to decide (2).",
    "once": "Nobody votes or hands in twice in one round (2).",
    "reserve": "A reserve judges only in the place of an expert who cannot (2).",
    "turn": "Each acts in turn: ballots after all sheets, the Board after the committee; what is "
    "decided or withdrawn is judged no more, unless a conflict reopens it.",
    "grounds": "The Board refuses on two grounds, fit and budget, that a trustee named; the "
    "founder's office on one, impartiality, naming a fact (3).",
    "reasons": "No decision without its reasons on record (3).",
    "blind": "Nobody on a body learns who applied before release, or before the last body has met "
    "where the charter says so (4).",
    "sealed": "Nobody reads another's score sheet before all of the committee have handed in (10).",
    "sums": "Never a sum above the one asked for; after a return a smaller one; the award is the "
    "sum recommended and confirmed (6).",
    "envelope": "Nothing is confirmed beyond what the envelope has left (6).",
    "told": "A decision is told once, as it was made; from then on only the grant goes on (7).",
    "payments": "Money leaves only under a signed agreement on a published award in force, each "
    "tranche once, never more than the award (9).",
    "motions": "Only the Board suspends, resumes or ends a grant, by its majority.",
    "closing": "A grant closes when all is paid, reported, and written down.",
    "appeal": "What staff found ineligible is judged only after the committee admitted it (10).",
    STUCK: "Whatever has happened, a decision can still be made and told.",
}


class Place(StrEnum):
    """Where a case is, in the words of the book."""

    NOWHERE = "nowhere"
    APPEAL = "appeal"
    COMMITTEE = "committee"
    BOARD = "board"
    FOUNDER = "founder"
    DECIDED = "decided"
    TOLD = "told"
    AWARDED = "awarded"
    IN_FORCE = "in force"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    CLOSING = "closing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Person:
    """The truth about somebody: when the seat began, and when it ends where that was settled.

    `declared` is the day of the last declaration, None without one.
    """

    seat: str
    body: Body
    began: date
    until: date | None
    agreed: bool
    declared: date | None


@dataclass(frozen=True, slots=True)
class Demands:
    """What the promises take from a charter; all else they demand of every charter.

    `judges`: how many the charter says judge a case. `returns`: how often a case may go
    back. `founder`: whether there is an office that has a word. `until_meeting`: whether names
    open when the last body has decided, and not only at release.
    """

    judges: int
    returns: int
    founder: bool
    until_meeting: bool


def demands_of(charter: Charter) -> Demands:
    """Return what the promises take from a charter."""
    return Demands(
        judges=charter.committee_size,
        returns=charter.return_times,
        founder=charter.founder_word is not FounderWord.NEVER,
        until_meeting=charter.blind_until is Blind.MEETING,
    )


@dataclass(frozen=True, slots=True)
class Record:
    """What has happened to a case, as far as a promise depends on it.

    `line` is experts, then reserves, in the order in which they are called. `ballots` pairs a
    seat with the sum it recommends, 0 against. `judged` and `voted` are those whose ballots and
    votes were counted in what stands. `ceiling` is the highest sum allowed, `amount` the sum
    recommended, then awarded.
    """

    place: Place = Place.NOWHERE
    ceiling: int = 0
    amount: int = 0
    returned: int = 0
    line: tuple[str, ...] = ()
    conflicted: frozenset[str] = frozenset()
    trustee_conflict: bool = False
    appeals: frozenset[tuple[str, bool]] = frozenset()
    sheets: frozenset[str] = frozenset()
    ballots: frozenset[tuple[str, int]] = frozenset()
    votes: frozenset[tuple[str, Choice, Ground | None]] = frozenset()
    judged: frozenset[str] = frozenset()
    voted: frozenset[str] = frozenset()
    committee: tuple[int, int] = (0, 0)
    board: tuple[int, int] = (0, 0)
    outcome: Outcome | None = None
    ground: Ground | None = None
    founder_spoke: bool = False
    tranches: tuple[int, ...] = ()
    paid: frozenset[int] = frozenset()
    motions: frozenset[tuple[str, Motion, bool]] = frozenset()


def called(record: Record, demands: Demands) -> tuple[str, ...]:
    """Return who judges now: the first of the line that have no conflict."""
    free = [seat for seat in record.line if seat not in record.conflicted]
    return tuple(free[: demands.judges])


def watch(
    record: Record, event: CaseEvent, people: Mapping[str, Person], demands: Demands
) -> Record:
    """Note what was accepted; raises `Broken` where a promise does not hold."""
    if record.place in _AFTER_RELEASE and type(event) not in _OF_A_GRANT:
        raise Broken("told", "the decision had been told")
    if record.place is Place.NOWHERE and not isinstance(event, Opened):
        raise Broken("turn", "there was no case yet")
    note = _NOTES.get(type(event))
    if note is None:
        raise Broken("turn", "nobody has foreseen such an event")
    return note(record, event, people, demands)


def names_opened(record: Record, demands: Demands) -> None:
    """Note that somebody on a body was told who applied; raises `Broken` where it is too early."""
    decided = record.place is Place.DECIDED and demands.until_meeting
    _demand("blind", record.place in _AFTER_RELEASE or decided, "the decision was not told yet")


def sheet_read(record: Record, reader: str, author: str, demands: Demands) -> None:
    """Note that an expert read a sheet; raises `Broken` where it was still sealed."""
    all_in = len(record.sheets - record.conflicted) >= demands.judges
    _demand("sealed", reader == author or all_in, "sheets were still missing")


def case_read(record: Record, reader: Person, on: date) -> None:
    """Note that a member was given a case to read; raises `Broken` where there must be none."""
    _demand("conflict", reader.seat not in record.conflicted, "the reader's conflict was known")
    _demand("declaration", _declared(reader, on), "the reader's declaration was over")
    _demand("agreement", reader.agreed, "the reader had signed no agreement")
    _demand("in-office", *_in_office(reader, on))


def taken(record: Record) -> int:
    """Return what a case takes of its envelope: what was confirmed for it, and still stands.

    Of a grant that was terminated, what had been paid.
    """
    if record.place is Place.TERMINATED:
        return sum(record.tranches[ordinal - 1] for ordinal in record.paid)
    return record.amount if record.outcome is Outcome.CONFIRMED else 0


def envelope_kept(records: Iterable[Record], envelope: int) -> None:
    """Raise `Broken` where the cases of an envelope together take more than it holds."""
    given = sum(taken(record) for record in records)
    _demand("envelope", given <= envelope, f"{given} was given out of {envelope}")


def list_told(records: Iterable[Record], role: Role) -> None:
    """Note that somebody released a list; raises `Broken` where it is not theirs or too early."""
    _demand("told", role is Role.EXECUTIVE, f"the {role} released the list".replace("_", " "))
    decided = all(record.place is Place.DECIDED for record in records)
    _demand("told", decided, "a case of the list had no final decision")


def _demand(promise: str, kept: bool, fact: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not kept:
        raise Broken(promise, fact)


def _years_after(day: date, years: int) -> date:
    """Return the same day so many years on; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _in_office(person: Person, on: date) -> tuple[bool, str]:
    """Say whether somebody is in office on a day, and what would be wrong."""
    if person.body is Body.COMMITTEE and on >= _years_after(person.began, 2):
        return False, "the expert had served two years on this committee"
    over = person.until is not None and on >= person.until
    return on >= person.began and not over, "the member was not in office on that day"


def _declared(person: Person, on: date) -> bool:
    return person.declared is not None and on < _years_after(person.declared, 1)


def _acts(record: Record, event: Any, body: Body, people: Mapping[str, Person]) -> str:
    """Return the seat that acts, after what must be true of anybody who acts in a body."""
    person = people[event.by.seat]
    own = person.body is body
    _demand("own-body", own, f"a seat of {_BODIES[person.body]} acted in {_BODIES[body]}")
    _demand("in-office", *_in_office(person, event.on))
    _demand("agreement", person.agreed, "the member had signed no agreement")
    _demand("declaration", _declared(person, event.on), "the member's declaration was over")
    _demand("conflict", person.seat not in record.conflicted, "the member's conflict was known")
    return person.seat


def _judges(
    record: Record, event: Any, people: Mapping[str, Person], demands: Demands, place: Place
) -> str:
    """Return the seat that judges, after what must be true of any expert who does."""
    _demand("turn", record.place is place, f"the case was not with the committee: {record.place}")
    seat = _acts(record, event, Body.COMMITTEE, people)
    _demand("own-body", seat in record.line, "this expert has no seat on the case")
    _demand("reserve", seat in called(record, demands), "the reserve had not been called")
    return seat


def _demand_committee(counted: int, demands: Demands) -> None:
    """Demand that as many ballots are counted as there are judges, and never fewer than three."""
    _demand("committee", counted >= max(demands.judges, LEAST), f"ballots counted: {counted}")


def _demand_complete(record: Record, demands: Demands) -> tuple[str, ...]:
    """Demand that nobody votes before the committee has all its judges; return them."""
    judging = called(record, demands)
    _demand("committee", len(judging) >= demands.judges, f"able to judge: {len(judging)}")
    return judging


def _opened(record: Record, event: Opened, *_: object) -> Record:
    _demand("turn", record.place is Place.NOWHERE, "the case had been opened")
    _demand("sums", event.asked > 0, "the case asks for nothing")
    line = event.experts + event.reserves
    _demand("once", len(set(line)) == len(line), "somebody was to judge it twice")
    place = Place.APPEAL if event.failed else Place.COMMITTEE
    return Record(place=place, ceiling=event.asked, line=line)


def _recused(
    record: Record, event: Recused, people: Mapping[str, Person], _demands: Demands
) -> Record:
    _demand("once", event.seat not in record.conflicted, "the conflict was known")
    conflicted = record.conflicted | {event.seat}
    trustee = people[event.seat].body is Body.BOARD
    after = replace(
        record, conflicted=conflicted, trustee_conflict=record.trustee_conflict or trustee
    )
    # What a conflicted member helped to decide is decided anew.
    if event.seat in record.judged and record.outcome is Outcome.INELIGIBLE:
        return replace(after, place=Place.APPEAL, outcome=None, judged=frozenset())
    if event.seat in record.judged:
        reopened = record.place in (Place.BOARD, Place.FOUNDER) or record.outcome in _JUDGED
        return _before_committee(after) if reopened else after
    if not trustee:
        return after
    after = replace(after, votes=frozenset())
    if record.place is Place.FOUNDER or record.outcome in _BY_BOARD:
        return _before_board(after)
    return after


def _before_committee(record: Record) -> Record:
    first = replace(record, ballots=frozenset(), judged=frozenset(), committee=(0, 0), amount=0)
    return replace(_before_board(first), place=Place.COMMITTEE)


def _before_board(record: Record) -> Record:
    return replace(
        record,
        place=Place.BOARD,
        outcome=None,
        ground=None,
        votes=frozenset(),
        voted=frozenset(),
        board=(0, 0),
        founder_spoke=False,
    )


def _joined(
    record: Record, event: Joined, people: Mapping[str, Person], demands: Demands
) -> Record:
    person = people[event.member.seat]
    _demand("own-body", person.body is Body.COMMITTEE, "only an expert joins a committee")
    _demand("in-office", *_in_office(person, event.on))
    _demand("agreement", person.agreed, "the expert had signed no agreement")
    _demand("declaration", _declared(person, event.on), "the expert had no valid declaration")
    _demand("once", person.seat not in record.line, "the expert was there already")
    short = len(called(record, demands)) < demands.judges
    _demand("turn", short and record.place in _JUDGING, "nobody was missing")
    return replace(record, line=(*record.line, person.seat))


def _left(record: Record, event: Left, people: Mapping[str, Person], _demands: Demands) -> Record:
    person = people[event.member.seat]
    _demand("own-body", person.seat in record.line, "the expert was not on the case")
    _demand("in-office", not _in_office(person, event.on)[0], "the expert was still in office")
    _demand("turn", record.place in _JUDGING, "the committee was not judging")
    balloted = {seat for seat, _ in (*record.ballots, *record.appeals)} - record.conflicted
    _demand("committee", person.seat not in balloted, "a ballot cast in term was taken away")
    line = tuple(seat for seat in record.line if seat != person.seat)
    return replace(record, line=line, sheets=record.sheets - {person.seat})


def _appeal_vote(
    record: Record, event: AppealVoteCast, people: Mapping[str, Person], demands: Demands
) -> Record:
    seat = _judges(record, event, people, demands, Place.APPEAL)
    _demand_complete(record, demands)
    _demand("once", seat not in {voter for voter, _ in record.appeals}, "a second vote")
    return replace(record, appeals=record.appeals | {(seat, event.admit)})


def _appeal_decided(
    record: Record, event: AppealDecided, people: Mapping[str, Person], demands: Demands
) -> Record:
    _judges(record, event, people, demands, Place.APPEAL)
    counted = {(seat, admit) for seat, admit in record.appeals if seat not in record.conflicted}
    admit = sum(admit for _, admit in counted)
    _demand_committee(len(counted), demands)
    _demand("reasons", bool(event.reasons), "the committee gave no reasons")
    judged = frozenset(seat for seat, _ in counted)
    if event.outcome is Outcome.ADMITTED:
        _demand("appeal", 2 * admit > len(counted), f"{admit} of {len(counted)} admitted it")
        return replace(record, place=Place.COMMITTEE, appeals=frozenset())
    _demand("appeal", event.outcome is Outcome.INELIGIBLE, "an appeal has two outcomes")
    _demand("appeal", admit < len(counted), "all had admitted it")
    return replace(
        record,
        place=Place.DECIDED,
        outcome=Outcome.INELIGIBLE,
        appeals=frozenset(),
        judged=judged,
    )


def _sheet(
    record: Record, event: SheetHandedIn, people: Mapping[str, Person], demands: Demands
) -> Record:
    seat = _judges(record, event, people, demands, Place.COMMITTEE)
    _demand("once", seat not in record.sheets, "a second sheet")
    return replace(record, sheets=record.sheets | {seat})


def _ballot(
    record: Record, event: BallotCast, people: Mapping[str, Person], demands: Demands
) -> Record:
    seat = _judges(record, event, people, demands, Place.COMMITTEE)
    judging = _demand_complete(record, demands)
    _demand("turn", record.sheets.issuperset(judging), "sheets were still missing")
    _demand("once", seat not in {voter for voter, _ in record.ballots}, "a second ballot")
    recommends = event.judgement is Judgement.RECOMMEND
    if recommends:
        _demand("sums", 0 < event.amount <= record.ceiling, f"{event.amount} was recommended")
    return replace(record, ballots=record.ballots | {(seat, event.amount if recommends else 0)})


def _committee_decided(
    record: Record, event: CommitteeDecided, people: Mapping[str, Person], demands: Demands
) -> Record:
    _judges(record, event, people, demands, Place.COMMITTEE)
    counted = {(seat, amount) for seat, amount in record.ballots if seat not in record.conflicted}
    sums = [amount for _, amount in counted if amount]
    _demand_committee(len(counted), demands)
    _demand("reasons", bool(event.reasons), "the committee gave no reasons")
    after = replace(
        record,
        ballots=frozenset(),
        judged=frozenset(seat for seat, _ in counted),
        voted=frozenset(),
        committee=(len(sums), len(counted) - len(sums)),
    )
    if event.outcome is Outcome.RECOMMENDED:
        majority = 2 * len(sums) > len(counted)
        _demand("committee", majority, f"{len(sums)} of {len(counted)} recommended it")
        at_least_half_agree = 2 * sum(event.amount <= amount for amount in sums) >= len(sums)
        _demand("sums", event.amount in sums and at_least_half_agree, "another sum than theirs")
        return replace(after, place=Place.BOARD, amount=event.amount)
    _demand("committee", event.outcome is Outcome.DECLINED, "a committee has two outcomes")
    _demand("committee", len(sums) < len(counted), "all had recommended it")
    return replace(after, place=Place.DECIDED, outcome=Outcome.DECLINED, amount=0)


def _demand_before_board(record: Record) -> None:
    declined = record.outcome is Outcome.DECLINED
    _demand("two-bodies", not declined, "the committee had declined it")
    _demand("turn", record.place is Place.BOARD, f"the case was not with the Board: {record.place}")


def _vote(
    record: Record, event: VoteCast, people: Mapping[str, Person], demands: Demands
) -> Record:
    _demand_before_board(record)
    seat = _acts(record, event, Body.BOARD, people)
    _demand("once", seat not in {voter for voter, _, _ in record.votes}, "a second vote")
    if event.choice is Choice.CONFIRM:
        _demand("grounds", event.ground is None, "a vote to confirm named a ground")
    elif event.choice is Choice.RETURN:
        _demand("grounds", event.ground is Ground.BUDGET, "a return on another ground than budget")
        _demand("sums", record.returned < demands.returns, "it had been returned already")
    else:
        _demand("grounds", event.ground in (Ground.FIT, Ground.BUDGET), "no ground of the Board's")
    return replace(record, votes=record.votes | {(seat, event.choice, event.ground)})


def _board_decided(
    record: Record, event: BoardDecided, people: Mapping[str, Person], demands: Demands
) -> Record:
    _demand_before_board(record)
    _acts(record, event, Body.BOARD, people)
    counted = {vote for vote in record.votes if vote[0] not in record.conflicted}
    confirm = sum(choice is Choice.CONFIRM for _, choice, _ in counted)
    _demand("board", 2 * len(counted) > event.seated, f"{len(counted)} of {event.seated} voted")
    _demand("reasons", bool(event.reasons), "the Board gave no reasons")
    after = replace(
        record,
        votes=frozenset(),
        voted=frozenset(seat for seat, _, _ in counted),
        board=(confirm, len(counted) - confirm),
        outcome=event.outcome,
        ground=event.ground,
    )
    if event.outcome is Outcome.RETURNED:
        return _sent_back(after, counted, demands)
    _demand_grounded(event, counted)
    if event.outcome is not Outcome.NOT_CONFIRMED:
        majority = 2 * confirm > len(counted)
        _demand("board", majority, f"{confirm} of {len(counted)} confirmed it")
        fits = record.amount <= event.left
        _demand("envelope", fits is (event.outcome is Outcome.CONFIRMED), f"{event.left} was left")
    asked = demands.founder and record.trustee_conflict and not record.founder_spoke
    waits = asked and event.outcome is not Outcome.UNFUNDED
    return replace(after, place=Place.FOUNDER if waits else Place.DECIDED)


def _demand_grounded(
    event: BoardDecided, counted: Collection[tuple[str, Choice, Ground | None]]
) -> None:
    """Demand that a refusal stands on a ground that a trustee named, and nothing else on one."""
    if event.outcome is Outcome.NOT_CONFIRMED:
        named = {ground for _, choice, ground in counted if choice is Choice.DECLINE}
        _demand("grounds", event.ground in (Ground.FIT, Ground.BUDGET), "no ground of the Board's")
        _demand("grounds", event.ground in named, "nobody had named that ground")
        return
    known = event.outcome in (Outcome.CONFIRMED, Outcome.UNFUNDED)
    _demand("board", known, f"the Board cannot decide this: {event.outcome}")
    _demand("grounds", event.ground is None, "a confirmation named a ground")


def _sent_back(
    record: Record, counted: Collection[tuple[str, Choice, Ground | None]], demands: Demands
) -> Record:
    asked = any(choice is Choice.RETURN for _, choice, _ in counted)
    _demand("board", asked, "nobody had asked for a return")
    _demand("sums", record.returned < demands.returns, "it had been returned already")
    return replace(
        record,
        place=Place.COMMITTEE,
        outcome=None,
        ground=None,
        returned=record.returned + 1,
        ceiling=record.amount - 1,
    )


def _founder_spoke(
    record: Record, event: FounderSpoke, people: Mapping[str, Person], demands: Demands
) -> Record:
    _demand("founder", demands.founder and record.trustee_conflict, "no trustee had a conflict")
    _demand("founder", record.place is Place.FOUNDER, "nothing lay before the founder's office")
    _acts(record, event, Body.FOUNDER, people)
    after = replace(record, founder_spoke=True)
    if event.choice is Choice.CONFIRM:
        _demand("grounds", event.ground is None, "a confirmation named a ground")
        return replace(after, place=Place.DECIDED)
    _demand("founder", event.choice is Choice.DECLINE, "the office confirms or declines")
    _demand("grounds", event.ground is Ground.IMPARTIALITY, "the office has one ground")
    _demand("reasons", bool(event.fact), "the office named no fact")
    if record.outcome is Outcome.CONFIRMED:
        return replace(
            after, place=Place.DECIDED, outcome=Outcome.NOT_CONFIRMED, ground=event.ground
        )
    return replace(_before_board(after), founder_spoke=True)


def _withdrawn(record: Record, *_: object) -> Record:
    _demand("turn", record.outcome is not Outcome.WITHDRAWN, "it had been withdrawn")
    return replace(record, place=Place.DECIDED, outcome=Outcome.WITHDRAWN, ground=None)


def _released(
    record: Record, event: Released, _people: Mapping[str, Person], _demands: Demands
) -> Record:
    waits = record.place is Place.FOUNDER
    _demand("founder", not waits, "the founder's office had not spoken")
    if event.outcome is Outcome.CONFIRMED:
        confirmed = record.outcome is Outcome.CONFIRMED
        _demand("two-bodies", confirmed, "the Board had not confirmed it")
    _demand("told", record.place is Place.DECIDED, f"the case was not decided: {record.place}")
    told = (event.outcome, event.ground, event.committee, event.board)
    truth = (record.outcome, record.ground, record.committee, record.board)
    _demand("told", told == truth, f"it was decided otherwise: {record.outcome}")
    if record.outcome is not Outcome.WITHDRAWN:
        partial = (record.judged | record.voted) & record.conflicted
        _demand("conflict", not partial, "a member with a known conflict had helped to decide")
    # What was judged is judged no more: only what a grant depends on is kept.
    return Record(
        place=Place.TOLD, amount=record.amount, outcome=record.outcome, conflicted=record.conflicted
    )


def _awarded(record: Record, event: Awarded, *_: object) -> Record:
    confirmed = record.outcome is Outcome.CONFIRMED
    _demand("two-bodies", confirmed, f"the outcome was: {record.outcome}")
    _demand("told", record.place is Place.TOLD, "the decision had not been told, or was a grant")
    _demand("sums", event.amount == record.amount, f"{record.amount} had been confirmed")
    return replace(record, place=Place.AWARDED)


def _agreement(record: Record, event: AgreementSigned, *_: object) -> Record:
    _demand("payments", record.place is Place.AWARDED, f"the grant was not new: {record.place}")
    _demand("payments", all(sum_ > 0 for sum_ in event.tranches), "a tranche of nothing")
    _demand("payments", sum(event.tranches) == record.amount, "another sum than the award")
    return replace(record, place=Place.IN_FORCE, tranches=event.tranches)


def _tranche(record: Record, event: TranchePaid, *_: object) -> Record:
    _demand(
        "payments", record.place is Place.IN_FORCE, f"the grant was not in force: {record.place}"
    )
    agreed = dict(enumerate(record.tranches, start=1))
    _demand("payments", event.ordinal in agreed, "there was no such tranche")
    _demand("payments", event.ordinal not in record.paid, "the tranche had been paid")
    _demand("payments", event.amount == agreed[event.ordinal], "another sum than agreed")
    return replace(record, paid=record.paid | {event.ordinal})


def _amended(record: Record, event: Amended, *_: object) -> Record:
    _demand(
        "payments", record.place is Place.IN_FORCE, f"the grant was not in force: {record.place}"
    )
    _demand("payments", all(sum_ > 0 for sum_ in event.tranches), "a tranche of nothing")
    _demand("payments", sum(event.tranches) <= record.amount, "more than the award")
    was, now = (dict(enumerate(sums, 1)) for sums in (record.tranches, event.tranches))
    kept = all(now.get(ordinal) == was[ordinal] for ordinal in record.paid)
    _demand("payments", kept, "what was paid was changed")
    return replace(record, tranches=event.tranches)


def _motion_vote(
    record: Record, event: MotionVoteCast, people: Mapping[str, Person], _demands: Demands
) -> Record:
    _demand("motions", record.place in _MOTIONS[event.motion][0], f"the grant was {record.place}")
    seat = _acts(record, event, Body.BOARD, people)
    # One motion at a time: a vote on another begins that one.
    current = frozenset(vote for vote in record.motions if vote[1] is event.motion)
    _demand("once", seat not in {voter for voter, _, _ in current}, "a second vote")
    return replace(record, motions=current | {(seat, event.motion, event.favour)})


def _motion_carried(
    record: Record, event: MotionCarried, people: Mapping[str, Person], _demands: Demands
) -> Record:
    places, becomes = _MOTIONS[event.motion]
    _demand("motions", record.place in places, f"the grant was {record.place}")
    _acts(record, event, Body.BOARD, people)
    votes = [
        favour
        for seat, motion, favour in record.motions
        if motion is event.motion and seat not in record.conflicted
    ]
    _demand("board", 2 * len(votes) > event.seated, f"{len(votes)} of {event.seated} voted")
    _demand("motions", 2 * sum(votes) > len(votes), f"{sum(votes)} of {len(votes)} were for it")
    _demand("reasons", bool(event.reasons), "the Board gave no reasons")
    return replace(record, place=becomes, motions=frozenset())


def _report(record: Record, _event: ReportAccepted, *_: object) -> Record:
    _demand("closing", record.place is Place.IN_FORCE, f"the grant was {record.place}")
    _demand("closing", len(record.paid) == len(record.tranches), "tranches were still to be paid")
    return replace(record, place=Place.CLOSING)


def _closed(record: Record, event: Closed, *_: object) -> Record:
    _demand("closing", record.place is Place.CLOSING, f"the grant was {record.place}")
    _demand("closing", bool(event.moved), "nothing was written on what it moved")
    return replace(record, place=Place.CLOSED)


_BODIES = {
    Body.COMMITTEE: "the committee",
    Body.BOARD: "the Board",
    Body.FOUNDER: "the founder's office",
    Body.STAFF: "the staff",
}
_JUDGING = (Place.COMMITTEE, Place.APPEAL)
_BY_BOARD = (Outcome.CONFIRMED, Outcome.NOT_CONFIRMED, Outcome.UNFUNDED)
_JUDGED = (*_BY_BOARD, Outcome.DECLINED)
_AFTER_RELEASE = frozenset(
    {
        Place.TOLD,
        Place.AWARDED,
        Place.IN_FORCE,
        Place.SUSPENDED,
        Place.TERMINATED,
        Place.CLOSING,
        Place.CLOSED,
    }
)
_MOTIONS: Mapping[Motion, tuple[tuple[Place, ...], Place]] = {
    Motion.SUSPEND: ((Place.IN_FORCE,), Place.SUSPENDED),
    Motion.RESUME: ((Place.SUSPENDED,), Place.IN_FORCE),
    Motion.TERMINATE: ((Place.IN_FORCE, Place.SUSPENDED), Place.TERMINATED),
}
_OF_A_GRANT = frozenset(
    {
        Awarded,
        AgreementSigned,
        TranchePaid,
        Amended,
        MotionVoteCast,
        MotionCarried,
        ReportAccepted,
        Closed,
    }
)
_Note = Callable[[Record, Any, Mapping[str, Person], Demands], Record]
_NOTES: Mapping[type[CaseEvent], _Note] = {
    Opened: _opened,
    Recused: _recused,
    Joined: _joined,
    Left: _left,
    AppealVoteCast: _appeal_vote,
    AppealDecided: _appeal_decided,
    SheetHandedIn: _sheet,
    BallotCast: _ballot,
    CommitteeDecided: _committee_decided,
    VoteCast: _vote,
    BoardDecided: _board_decided,
    FounderSpoke: _founder_spoke,
    Withdrawn: _withdrawn,
    Released: _released,
    Awarded: _awarded,
    AgreementSigned: _agreement,
    TranchePaid: _tranche,
    Amended: _amended,
    MotionVoteCast: _motion_vote,
    MotionCarried: _motion_carried,
    ReportAccepted: _report,
    Closed: _closed,
}
