"""The kernel: a case is its events, folded by one pure function that decides and gives reasons."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import Any

from tarazy.charter.book import Charter
from tarazy.charter.events import (
    AgreementSigned,
    Awarded,
    BallotCast,
    BoardDecided,
    Body,
    CaseEvent,
    Choice,
    CommitteeDecided,
    FounderSpoke,
    Ground,
    Judgement,
    Member,
    Opened,
    Outcome,
    Recused,
    Released,
    SheetHandedIn,
    TranchePaid,
    VoteCast,
    Withdrawn,
)
from tarazy.charter.refusals import Refusal, Why, refuse
from tarazy.charter.rules import may_act


class Stage(StrEnum):
    """Where a case stands."""

    IN_COMMITTEE = "in_committee"
    BEFORE_BOARD = "before_board"
    WITH_FOUNDER = "with_founder"
    DECLINED = "declined"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    UNFUNDED = "unfunded"
    WITHDRAWN = "withdrawn"
    AWARDED = "awarded"
    ACTIVE = "active"


FINAL: dict[Stage, Outcome] = {
    Stage.DECLINED: Outcome.DECLINED,
    Stage.CONFIRMED: Outcome.CONFIRMED,
    Stage.NOT_CONFIRMED: Outcome.NOT_CONFIRMED,
    Stage.UNFUNDED: Outcome.UNFUNDED,
    Stage.WITHDRAWN: Outcome.WITHDRAWN,
}


# What the Board decided, and what a trustee's late conflict therefore reopens.
_BY_BOARD = {Stage.WITH_FOUNDER, Stage.CONFIRMED, Stage.NOT_CONFIRMED, Stage.UNFUNDED}


# What the committee decided, or what rests on it: an expert's late conflict reopens it.
_BY_COMMITTEE = {*_BY_BOARD, Stage.BEFORE_BOARD, Stage.DECLINED}


@dataclass(frozen=True, slots=True)
class Ballot:
    """An expert's counted ballot."""

    seat: str
    judgement: Judgement
    amount: int


@dataclass(frozen=True, slots=True)
class Vote:
    """A trustee's counted vote."""

    seat: str
    choice: Choice
    ground: Ground | None


@dataclass(frozen=True, slots=True)
class Case:
    """The state of a case. Sums are minor units; `roster` is experts, then reserves.

    `limit` is the highest sum a ballot may name: the sum asked, or after a return one unit less
    than what was recommended. `amount` is the sum recommended, 0 before. `pending` is what the
    Board decided while the founder's office has the word.
    """

    stage: Stage
    limit: int
    roster: tuple[str, ...]
    recused: frozenset[str] = frozenset()
    trustee_recused: bool = False
    sheets: frozenset[str] = frozenset()
    ballots: tuple[Ballot, ...] = ()
    amount: int = 0
    votes: tuple[Vote, ...] = ()
    returned: bool = False
    pending: Outcome | None = None
    ground: Ground | None = None
    heard: bool = False
    committee: tuple[int, ...] = (0, 0)
    board: tuple[int, ...] = (0, 0)
    released: bool = False
    grant: str = ""
    tranches: tuple[int, ...] = ()
    paid: frozenset[int] = frozenset()


def panel(charter: Charter, case: Case) -> tuple[str, ...]:
    """Return the seats that judge this case: the first of the roster who are not recused.

    Fewer than `charter.committee_size` of them: the case waits for an appointment (4.7).
    """
    able = [seat for seat in case.roster if seat not in case.recused]
    return tuple(able[: charter.committee_size])


def committee_outcome(case: Case) -> tuple[Outcome, int]:
    """Count the ballots: recommended by more than half of them, else declined.

    The sum is the lower median of those that recommend, 0 where the case is declined.
    """
    sums = sorted(b.amount for b in case.ballots if b.judgement is Judgement.RECOMMEND)
    if 2 * len(sums) <= len(case.ballots):
        return Outcome.DECLINED, 0
    return Outcome.RECOMMENDED, sums[(len(sums) - 1) // 2]


def board_outcome(case: Case) -> tuple[Outcome, Ground | None]:
    """Count the Board's votes (8.5).

    Confirmed by more than half of them. Otherwise returned where more ask for a smaller sum than
    refuse; else not confirmed, on the ground named most, `fit` where both are named as often.
    """
    confirm = sum(vote.choice is Choice.CONFIRM for vote in case.votes)
    if 2 * confirm > len(case.votes):
        return Outcome.CONFIRMED, None
    smaller = sum(vote.choice is Choice.RETURN for vote in case.votes)
    refuse_votes = [vote for vote in case.votes if vote.choice is Choice.DECLINE]
    if smaller > len(refuse_votes):
        return Outcome.RETURNED, Ground.BUDGET
    fit = sum(vote.ground is Ground.FIT for vote in refuse_votes)
    return Outcome.NOT_CONFIRMED, Ground.FIT if 2 * fit >= len(refuse_votes) else Ground.BUDGET


def apply(charter: Charter, case: Case | None, event: CaseEvent) -> Case | Refusal:
    """Fold one event into a case, or say by which clause it may not happen.

    `case` is None before the first event, which must be `Opened`. An event of an unknown kind
    is refused, never ignored.
    """
    if isinstance(event, Opened):
        return _opened(case, event)
    if case is None:
        return refuse("6.3", Why.NOT_OPENED)
    step = _STEPS.get(type(event))
    if step is None:
        return refuse("13.1", Why.UNKNOWN_EVENT, kind=type(event).__name__)
    return step(charter, case, event)


def fold(charter: Charter, events: list[CaseEvent]) -> Case:
    """Fold all events of a case; raises `ValueError` at the first that the charter refuses."""

    def step(case: Case | None, event: CaseEvent) -> Case:
        after = apply(charter, case, event)
        if isinstance(after, Refusal):
            raise ValueError(f"{event.kind}: {after}")
        return after

    first = step(None, events[0])
    return reduce(step, events[1:], first)


def _opened(case: Case | None, event: Opened) -> Case | Refusal:
    if case is not None:
        return refuse("6.3", Why.OPENED_ALREADY)
    if event.asked <= 0:
        return refuse("7.5", Why.AMOUNT_NOT_POSITIVE)
    roster = event.experts + event.reserves
    if len(set(roster)) < len(roster):
        return refuse("4.1", Why.NOT_OF_THIS_BODY)
    return Case(Stage.IN_COMMITTEE, limit=event.asked, roster=roster)


def _recused(charter: Charter, case: Case, event: Recused) -> Case | Refusal:
    if event.seat in case.recused:
        return refuse("5.2", Why.ALREADY_RECUSED)
    if case.released:
        return refuse("5.2", Why.ALREADY_RELEASED)
    recused = case.recused | {event.seat}
    if event.body is Body.BOARD and event.seat not in case.roster:
        return _trustee_recused(case, recused)
    if event.body is not Body.COMMITTEE or event.seat not in case.roster:
        return refuse("5.2", Why.NOT_OF_THIS_BODY)
    return _expert_recused(charter, case, event.seat)


def _without(case: Case, seat: str) -> Case:
    """Take out what an expert has handed in and not yet seen counted."""
    return replace(
        case,
        sheets=case.sheets - {seat},
        ballots=tuple(ballot for ballot in case.ballots if ballot.seat != seat),
    )


def _expert_recused(charter: Charter, case: Case, seat: str) -> Case:
    """Let the next of the roster step in; after the committee's decision it decides anew.

    What a conflicted expert has helped to decide does not stand, until release.
    """
    judged = seat in panel(charter, case)
    after = replace(_without(case, seat), recused=case.recused | {seat})
    if not judged or case.stage not in _BY_COMMITTEE:
        return after
    again = replace(after, stage=Stage.IN_COMMITTEE, amount=0, votes=(), pending=None)
    return replace(again, ground=None, heard=False, committee=(0, 0), board=(0, 0))


def _trustee_recused(case: Case, recused: frozenset[str]) -> Case:
    """Reopen the vote where the conflict comes late: what was counted with it does not stand."""
    after = replace(case, recused=recused, trustee_recused=True, votes=())
    if case.stage not in _BY_BOARD:
        return after
    again = replace(after, stage=Stage.BEFORE_BOARD, pending=None, ground=None)
    return replace(again, heard=False, board=(0, 0))


def _of_panel(charter: Charter, case: Case, by: Member, event: CaseEvent) -> Refusal | None:
    """Ask what every act of an expert on a case must meet."""
    if case.stage is not Stage.IN_COMMITTEE:
        return refuse("7.1", Why.NOT_IN_COMMITTEE)
    unable = may_act(by, Body.COMMITTEE, on=event.on)
    if unable:
        return unable
    if by.seat in case.recused:
        return refuse("5.2", Why.RECUSED)
    if by.seat in panel(charter, case):
        return None
    if by.seat in case.roster:
        return refuse("4.7", Why.RESERVE_NOT_CALLED)
    return refuse("4.1", Why.NOT_OF_THIS_BODY)


def _complete(charter: Charter, case: Case) -> Refusal | None:
    able = panel(charter, case)
    if len(able) < charter.committee_size:
        return refuse("4.7", Why.COMMITTEE_INCOMPLETE, able=len(able))
    missing = sum(seat not in case.sheets for seat in able)
    return refuse("7.3", Why.SHEETS_MISSING, missing=missing) if missing else None


def _sheet_handed_in(charter: Charter, case: Case, event: SheetHandedIn) -> Case | Refusal:
    unable = _of_panel(charter, case, event.by, event)
    if unable:
        return unable
    if event.by.seat in case.sheets:
        return refuse("7.2", Why.SHEET_HANDED_IN)
    return replace(case, sheets=case.sheets | {event.by.seat})


def _ballot_cast(charter: Charter, case: Case, event: BallotCast) -> Case | Refusal:
    unable = _of_panel(charter, case, event.by, event) or _complete(charter, case)
    if unable:
        return unable
    if any(ballot.seat == event.by.seat for ballot in case.ballots):
        return refuse("7.4", Why.BALLOT_CAST)
    if event.judgement is Judgement.RECOMMEND:
        wrong = _sum_in_limits(case, event.amount)
        if wrong:
            return wrong
    ballot = Ballot(event.by.seat, event.judgement, event.amount)
    return replace(case, ballots=(*case.ballots, ballot))


def _sum_in_limits(case: Case, amount: int) -> Refusal | None:
    if amount <= 0:
        return refuse("7.5", Why.AMOUNT_NOT_POSITIVE)
    if amount <= case.limit:
        return None
    if case.returned:
        return refuse("8.3", Why.NOT_SMALLER, limit=case.limit)
    return refuse("7.5", Why.AMOUNT_TOO_HIGH, limit=case.limit)


def _committee_decided(charter: Charter, case: Case, event: CommitteeDecided) -> Case | Refusal:
    unable = _of_panel(charter, case, event.by, event) or _complete(charter, case)
    if unable:
        return unable
    missing = charter.committee_size - len(case.ballots)
    if missing:
        return refuse("7.4", Why.BALLOTS_MISSING, missing=missing)
    if not event.reasons:
        return refuse("7.6", Why.NO_REASON)
    outcome, amount = committee_outcome(case)
    if (event.outcome, event.amount) != (outcome, amount):
        return refuse("7.4", Why.OUTCOME_DIFFERS, counted=outcome, amount=amount)
    recommend = sum(ballot.judgement is Judgement.RECOMMEND for ballot in case.ballots)
    stage = Stage.BEFORE_BOARD if outcome is Outcome.RECOMMENDED else Stage.DECLINED
    return replace(
        case,
        stage=stage,
        amount=amount,
        ballots=(),
        votes=(),
        committee=(recommend, len(case.ballots) - recommend),
    )


def _of_board(case: Case, by: Member, event: CaseEvent) -> Refusal | None:
    """Ask what every act of a trustee on a case must meet."""
    if case.stage is not Stage.BEFORE_BOARD:
        return refuse("8.1", Why.NOT_BEFORE_BOARD, stage=case.stage)
    unable = may_act(by, Body.BOARD, on=event.on)
    if unable:
        return unable
    return refuse("5.2", Why.RECUSED) if by.seat in case.recused else None


def _vote_cast(charter: Charter, case: Case, event: VoteCast) -> Case | Refusal:
    unable = _of_board(case, event.by, event) or _grounded(case, event)
    if unable:
        return unable
    if any(vote.seat == event.by.seat for vote in case.votes):
        return refuse("8.6", Why.VOTE_CAST)
    return replace(case, votes=(*case.votes, Vote(event.by.seat, event.choice, event.ground)))


def _grounded(case: Case, event: VoteCast) -> Refusal | None:
    if event.choice is Choice.CONFIRM:
        return refuse("8.2", Why.GROUND_WITHOUT_REFUSAL) if event.ground else None
    allowed = {Ground.FIT, Ground.BUDGET} if event.choice is Choice.DECLINE else {Ground.BUDGET}
    if event.ground not in allowed:
        return refuse("8.2", Why.NO_GROUND)
    if event.choice is Choice.RETURN and case.returned:
        return refuse("8.3", Why.RETURNED_ALREADY)
    return None


def _board_decided(charter: Charter, case: Case, event: BoardDecided) -> Case | Refusal:
    unable = _of_board(case, event.by, event)
    if unable:
        return unable
    # Conflicted trustees stay in the number: a board short of its quorum waits for appointments.
    quorum = max(event.seated, len(case.votes)) // 2 + 1
    if len(case.votes) < quorum:
        return refuse("8.4", Why.NO_QUORUM, votes=len(case.votes), quorum=quorum)
    if not event.reasons:
        return refuse("8.2", Why.NO_REASON)
    outcome, ground = board_outcome(case)
    if outcome is Outcome.CONFIRMED and case.amount > event.left:
        outcome = Outcome.UNFUNDED
    if (event.outcome, event.ground) != (outcome, ground):
        if event.outcome is Outcome.CONFIRMED and outcome is Outcome.UNFUNDED:
            return refuse("10.3", Why.ENVELOPE_SPENT, left=event.left, amount=case.amount)
        return refuse("8.5", Why.OUTCOME_DIFFERS, counted=outcome)
    confirm = sum(vote.choice is Choice.CONFIRM for vote in case.votes)
    counted = replace(case, votes=(), board=(confirm, len(case.votes) - confirm))
    if outcome is Outcome.RETURNED:
        return replace(
            counted,
            stage=Stage.IN_COMMITTEE,
            returned=True,
            limit=case.amount - 1,
        )
    return _after_board(charter, counted, outcome, ground)


def _after_board(charter: Charter, case: Case, outcome: Outcome, ground: Ground | None) -> Case:
    """Give the founder's office its word where a trustee reported a conflict, once a way."""
    asked = charter.founder_office and case.trustee_recused and not case.heard
    if asked and outcome is not Outcome.UNFUNDED:
        return replace(case, stage=Stage.WITH_FOUNDER, pending=outcome, ground=ground)
    return replace(case, stage=Stage(outcome.value), pending=None, ground=ground)


def _founder_spoke(charter: Charter, case: Case, event: FounderSpoke) -> Case | Refusal:
    if case.stage is not Stage.WITH_FOUNDER or case.pending is None:
        return refuse("9.1", Why.NOT_WITH_FOUNDER)
    unable = may_act(event.by, Body.FOUNDER, on=event.on)
    if unable:
        return unable
    if event.choice is Choice.CONFIRM and event.ground is None:
        return replace(case, stage=Stage(case.pending.value), pending=None, heard=True)
    if event.choice is not Choice.DECLINE or event.ground is not Ground.IMPARTIALITY:
        return refuse("9.2", Why.NOT_ITS_GROUND)
    if not event.fact:
        return refuse("9.2", Why.NO_REASON)
    after = replace(case, pending=None, heard=True)
    if case.pending is Outcome.CONFIRMED:
        return replace(after, stage=Stage.NOT_CONFIRMED, ground=Ground.IMPARTIALITY)
    return replace(after, stage=Stage.BEFORE_BOARD, ground=None, board=(0, 0))


def _withdrawn(charter: Charter, case: Case, event: Withdrawn) -> Case | Refusal:
    if case.released:
        return refuse("3.6", Why.ALREADY_RELEASED)
    if case.stage is Stage.WITHDRAWN:
        return refuse("3.6", Why.NOT_IN_COMMITTEE)
    return replace(case, stage=Stage.WITHDRAWN, pending=None, ground=None)


def _released(charter: Charter, case: Case, event: Released) -> Case | Refusal:
    if case.released:
        return refuse("10.1", Why.ALREADY_RELEASED)
    outcome = FINAL.get(case.stage)
    if outcome is None:
        return refuse("10.1", Why.NOT_FINAL, stage=case.stage)
    told = (event.outcome, event.ground, event.committee, event.board)
    if told != (outcome, case.ground, case.committee, case.board):
        return refuse("10.1", Why.OUTCOME_DIFFERS, counted=outcome)
    return replace(case, released=True)


def _awarded(charter: Charter, case: Case, event: Awarded) -> Case | Refusal:
    if not case.released:
        return refuse("10.2", Why.NOT_RELEASED)
    if case.stage is not Stage.CONFIRMED:
        return refuse("10.2", Why.NOT_CONFIRMED, stage=case.stage)
    if event.amount != case.amount:
        return refuse("10.4", Why.NOT_THE_SUM_DECIDED, decided=case.amount)
    return replace(case, stage=Stage.AWARDED, grant=event.grant)


def _agreement_signed(charter: Charter, case: Case, event: AgreementSigned) -> Case | Refusal:
    if case.stage is not Stage.AWARDED:
        return refuse("11.1", Why.NOT_AWARDED, stage=case.stage)
    if min(event.tranches, default=0) <= 0 or sum(event.tranches) != case.amount:
        return refuse("11.2", Why.NOT_THE_SUM_COMMITTED, committed=case.amount)
    return replace(case, stage=Stage.ACTIVE, tranches=event.tranches)


def _tranche_paid(charter: Charter, case: Case, event: TranchePaid) -> Case | Refusal:
    if case.stage is not Stage.ACTIVE:
        return refuse("11.1", Why.NO_AGREEMENT_YET, stage=case.stage)
    if not 1 <= event.ordinal <= len(case.tranches):
        return refuse("11.2", Why.NO_SUCH_TRANCHE, tranches=len(case.tranches))
    if event.ordinal in case.paid:
        return refuse("11.3", Why.TRANCHE_PAID, ordinal=event.ordinal)
    if event.amount != case.tranches[event.ordinal - 1]:
        committed = case.tranches[event.ordinal - 1]
        return refuse("11.2", Why.NOT_THE_SUM_COMMITTED, committed=committed)
    return replace(case, paid=case.paid | {event.ordinal})


_STEPS: dict[type[CaseEvent], Callable[[Charter, Case, Any], Case | Refusal]] = {
    Recused: _recused,
    SheetHandedIn: _sheet_handed_in,
    BallotCast: _ballot_cast,
    CommitteeDecided: _committee_decided,
    VoteCast: _vote_cast,
    BoardDecided: _board_decided,
    FounderSpoke: _founder_spoke,
    Withdrawn: _withdrawn,
    Released: _released,
    Awarded: _awarded,
    AgreementSigned: _agreement_signed,
    TranchePaid: _tranche_paid,
}
