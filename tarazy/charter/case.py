"""The kernel: a case is its events, folded by one pure function that decides and gives reasons."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import Any

from tarazy.charter.book import Charter, Conflicts, FounderWord, Stages, Tie
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
from tarazy.charter.refusals import Refusal, Why, refuse
from tarazy.charter.rules import may_act


class Stage(StrEnum):
    """Where a case stands."""

    ON_APPEAL = "on_appeal"
    INELIGIBLE = "ineligible"
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
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    CLOSING = "closing"
    CLOSED = "closed"


FINAL: dict[Stage, Outcome] = {
    Stage.INELIGIBLE: Outcome.INELIGIBLE,
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
    appeal: tuple[Ballot, ...] = ()
    sheets: frozenset[str] = frozenset()
    ballots: tuple[Ballot, ...] = ()
    amount: int = 0
    votes: tuple[Vote, ...] = ()
    returns: int = 0
    pending: Outcome | None = None
    ground: Ground | None = None
    heard: bool = False
    committee: tuple[int, ...] = (0, 0)
    board: tuple[int, ...] = (0, 0)
    released: bool = False
    grant: str = ""
    tranches: tuple[int, ...] = ()
    paid: frozenset[int] = frozenset()
    motion: Motion | None = None
    motion_votes: tuple[Vote, ...] = ()


def panel(charter: Charter, case: Case) -> tuple[str, ...]:
    """Return the seats that judge this case: the first of the roster who are not recused.

    Fewer than `charter.committee_size` of them: the case waits for an appointment (4.7).
    """
    able = [seat for seat in case.roster if seat not in case.recused]
    return tuple(able[: charter.committee_size])


def committee_outcome(charter: Charter, case: Case) -> tuple[Outcome, int]:
    """Count the ballots (7.4): recommended by as many as the charter needs, else declined.

    The sum is the lower median of those that recommend, 0 where the case is declined.
    """
    sums = sorted(b.amount for b in case.ballots if b.judgement is Judgement.RECOMMEND)
    if not charter.committee_needs.met(len(sums), len(case.ballots)):
        return Outcome.DECLINED, 0
    return Outcome.RECOMMENDED, sums[(len(sums) - 1) // 2]


def board_outcome(charter: Charter, case: Case) -> tuple[Outcome, Ground | None]:
    """Count the Board's votes (8.5).

    Confirmed by as many of them as the charter needs. Otherwise returned where more ask for a
    smaller sum than refuse; else not confirmed, on the ground named most, `fit` where both are
    named as often.
    """
    confirm = sum(vote.choice is Choice.CONFIRM for vote in case.votes)
    tie = charter.board_tie is Tie.CONFIRMS and 2 * confirm == len(case.votes)
    if tie or charter.board_needs.met(confirm, len(case.votes)):
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
        return _opened(charter, case, event)
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


def _opened(charter: Charter, case: Case | None, event: Opened) -> Case | Refusal:
    if case is not None:
        return refuse("6.3", Why.OPENED_ALREADY)
    if event.asked <= 0:
        return refuse("7.5", Why.AMOUNT_NOT_POSITIVE)
    roster = event.experts + event.reserves
    if len(set(roster)) < len(roster):
        return refuse("4.1", Why.NOT_OF_THIS_BODY)
    opened = Case(Stage.ON_APPEAL, limit=event.asked, roster=roster)
    return opened if event.failed else _enter(charter, opened)


def _enter(charter: Charter, case: Case) -> Case:
    """Bring an eligible case before the body that decides first."""
    if charter.stages in (Stages.COMMITTEE_THEN_BOARD, Stages.COMMITTEE_ONLY):
        return replace(case, stage=Stage.IN_COMMITTEE)
    return replace(case, stage=Stage.BEFORE_BOARD, amount=case.limit)


def _recused(charter: Charter, case: Case, event: Recused) -> Case | Refusal:
    if event.seat in case.recused:
        return refuse("5.2", Why.ALREADY_RECUSED)
    if case.released:
        return refuse("5.2", Why.ALREADY_RELEASED)
    if charter.conflicts is Conflicts.IGNORED:
        return case
    recused = case.recused | {event.seat}
    if event.body is charter.board_of and event.seat not in case.roster:
        return _trustee_recused(case, recused)
    if event.body is not charter.committee_of or event.seat not in case.roster:
        return refuse("5.2", Why.NOT_OF_THIS_BODY)
    return _expert_recused(charter, case, event.seat)


def _without(case: Case, seat: str) -> Case:
    """Take out what an expert has handed in and not yet seen counted."""
    return replace(
        case,
        appeal=tuple(ballot for ballot in case.appeal if ballot.seat != seat),
        sheets=case.sheets - {seat},
        ballots=tuple(ballot for ballot in case.ballots if ballot.seat != seat),
    )


def _expert_recused(charter: Charter, case: Case, seat: str) -> Case:
    """Let the next of the roster step in; after the committee's decision it decides anew.

    What a conflicted expert has helped to decide does not stand, until release.
    """
    judged = seat in panel(charter, case)
    after = replace(_without(case, seat), recused=case.recused | {seat})
    if judged and case.stage is Stage.INELIGIBLE:
        return replace(after, stage=Stage.ON_APPEAL)
    if not judged or case.stage not in _BY_COMMITTEE or case.committee == (0, 0):
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


def _joined(charter: Charter, case: Case, event: Joined) -> Case | Refusal:
    unable = may_act(event.member, charter.committee_of, on=event.on)
    if unable:
        return unable
    if event.member.seat in case.roster:
        return refuse("4.7", Why.ON_ROSTER)
    if case.stage not in (Stage.IN_COMMITTEE, Stage.ON_APPEAL):
        return refuse("7.1", Why.NOT_IN_COMMITTEE)
    if len(panel(charter, case)) == charter.committee_size:
        return refuse("4.7", Why.COMMITTEE_COMPLETE)
    return replace(case, roster=(*case.roster, event.member.seat))


def _left(charter: Charter, case: Case, event: Left) -> Case | Refusal:
    seat = event.member.seat
    if seat not in case.roster:
        return refuse("4.7", Why.NOT_ON_ROSTER)
    if event.on < event.member.ends:
        return refuse("4.7", Why.STILL_IN_OFFICE, ends=event.member.ends.isoformat())
    if case.stage not in (Stage.IN_COMMITTEE, Stage.ON_APPEAL):
        return refuse("7.1", Why.NOT_IN_COMMITTEE)
    if any(ballot.seat == seat for ballot in (*case.ballots, *case.appeal)):
        return refuse("2.2", Why.BALLOT_CAST)  # cast in term, it stays counted
    roster = tuple(code for code in case.roster if code != seat)
    return replace(_without(case, seat), roster=roster)


def _of_panel(
    charter: Charter, case: Case, by: Member, event: CaseEvent, stage: Stage = Stage.IN_COMMITTEE
) -> Refusal | None:
    """Ask what every act of an expert on a case must meet."""
    if case.stage is not stage:
        appeal = stage is Stage.ON_APPEAL
        return refuse("3.7", Why.NOT_ON_APPEAL) if appeal else refuse("7.1", Why.NOT_IN_COMMITTEE)
    unable = may_act(by, charter.committee_of, on=event.on)
    if unable:
        return unable
    if by.seat in case.recused:
        return refuse("5.2", Why.RECUSED)
    if by.seat in panel(charter, case):
        return None
    if by.seat in case.roster:
        return refuse("4.7", Why.RESERVE_NOT_CALLED)
    return refuse("4.1", Why.NOT_OF_THIS_BODY)


def _short(charter: Charter, case: Case) -> Refusal | None:
    able = len(panel(charter, case))
    if able < charter.committee_size:
        return refuse("4.7", Why.COMMITTEE_INCOMPLETE, able=able)
    return None


def _appeal_vote_cast(charter: Charter, case: Case, event: AppealVoteCast) -> Case | Refusal:
    unable = _of_panel(charter, case, event.by, event, Stage.ON_APPEAL) or _short(charter, case)
    if unable:
        return unable
    if any(ballot.seat == event.by.seat for ballot in case.appeal):
        return refuse("7.4", Why.BALLOT_CAST)
    judgement = Judgement.RECOMMEND if event.admit else Judgement.DECLINE
    return replace(case, appeal=(*case.appeal, Ballot(event.by.seat, judgement, 0)))


def appeal_outcome(charter: Charter, case: Case) -> Outcome:
    """Count the votes on an appeal (3.7): admitted by as many as a recommendation needs."""
    admit = sum(ballot.judgement is Judgement.RECOMMEND for ballot in case.appeal)
    carried = charter.committee_needs.met(admit, len(case.appeal))
    return Outcome.ADMITTED if carried else Outcome.INELIGIBLE


def _appeal_decided(charter: Charter, case: Case, event: AppealDecided) -> Case | Refusal:
    unable = _of_panel(charter, case, event.by, event, Stage.ON_APPEAL) or _short(charter, case)
    if unable:
        return unable
    missing = charter.committee_size - len(case.appeal)
    if missing:
        return refuse("7.4", Why.BALLOTS_MISSING, missing=missing)
    if not event.reasons:
        return refuse("7.6", Why.NO_REASON)
    outcome = appeal_outcome(charter, case)
    if event.outcome is not outcome:
        return refuse("7.4", Why.OUTCOME_DIFFERS, counted=outcome, amount=0)
    counted = replace(case, appeal=())
    if outcome is Outcome.ADMITTED:
        return _enter(charter, counted)
    return replace(counted, stage=Stage.INELIGIBLE)


def _complete(charter: Charter, case: Case) -> Refusal | None:
    missing = sum(seat not in case.sheets for seat in panel(charter, case))
    short = _short(charter, case)
    return short or (refuse("7.3", Why.SHEETS_MISSING, missing=missing) if missing else None)


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
    if case.returns:
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
    outcome, amount = committee_outcome(charter, case)
    if (event.outcome, event.amount) != (outcome, amount):
        return refuse("7.4", Why.OUTCOME_DIFFERS, counted=outcome, amount=amount)
    recommend = sum(ballot.judgement is Judgement.RECOMMEND for ballot in case.ballots)
    counted = replace(
        case,
        amount=amount,
        ballots=(),
        votes=(),
        committee=(recommend, len(case.ballots) - recommend),
    )
    return _after_committee(charter, counted, outcome)


def _after_committee(charter: Charter, case: Case, outcome: Outcome) -> Case:
    last = charter.stages in (Stages.COMMITTEE_ONLY, Stages.BOARD_THEN_COMMITTEE)
    if outcome is Outcome.RECOMMENDED:
        return replace(case, stage=Stage.CONFIRMED if last else Stage.BEFORE_BOARD)
    if charter.board_may_take_declined and not last:
        return replace(case, stage=Stage.BEFORE_BOARD, amount=case.limit)
    return replace(case, stage=Stage.DECLINED)


def _of_board(charter: Charter, case: Case, by: Member, event: CaseEvent) -> Refusal | None:
    """Ask what every act of a trustee on a case must meet."""
    if case.stage is not Stage.BEFORE_BOARD:
        return refuse("8.1", Why.NOT_BEFORE_BOARD, stage=case.stage)
    unable = may_act(by, charter.board_of, on=event.on)
    if unable:
        return unable
    return refuse("5.2", Why.RECUSED) if by.seat in case.recused else None


def _vote_cast(charter: Charter, case: Case, event: VoteCast) -> Case | Refusal:
    unable = _of_board(charter, case, event.by, event) or _grounded(charter, case, event)
    if unable:
        return unable
    if any(vote.seat == event.by.seat for vote in case.votes):
        return refuse("8.6", Why.VOTE_CAST)
    return replace(case, votes=(*case.votes, Vote(event.by.seat, event.choice, event.ground)))


def _grounded(charter: Charter, case: Case, event: VoteCast) -> Refusal | None:
    if event.choice is Choice.CONFIRM:
        return refuse("8.2", Why.GROUND_WITHOUT_REFUSAL) if event.ground else None
    returning = event.choice is Choice.RETURN
    if event.ground not in ((Ground.BUDGET,) if returning else charter.refusal_grounds):
        return refuse("8.2", Why.NO_GROUND)
    if returning and case.returns >= charter.return_times:
        return refuse("8.3", Why.RETURNED_ALREADY)
    return None


def _board_decided(charter: Charter, case: Case, event: BoardDecided) -> Case | Refusal:
    unable = _of_board(charter, case, event.by, event)
    if unable:
        return unable
    # Conflicted trustees stay in the number: a board short of its quorum waits for appointments.
    seated = max(event.seated, len(case.votes))  # no fewer than have voted
    if not charter.board_quorum.met(len(case.votes), seated):
        return refuse("8.4", Why.NO_QUORUM, votes=len(case.votes), seated=event.seated)
    if not event.reasons:
        return refuse("8.2", Why.NO_REASON)
    outcome, ground = board_outcome(charter, case)
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
            returns=case.returns + 1,
            limit=case.amount - 1,
        )
    return _after_board(charter, counted, outcome, ground)


def _after_board(charter: Charter, case: Case, outcome: Outcome, ground: Ground | None) -> Case:
    """Give the founder's office its word where the charter does, once a way."""
    conflict = charter.founder_word is FounderWord.AFTER_CONFLICT and case.trustee_recused
    asked = (conflict or charter.founder_word is FounderWord.ALWAYS) and not case.heard
    if asked and outcome is not Outcome.UNFUNDED:
        return replace(case, stage=Stage.WITH_FOUNDER, pending=outcome, ground=ground)
    return _settle(charter, replace(case, pending=None, ground=ground), outcome)


def _settle(charter: Charter, case: Case, outcome: Outcome) -> Case:
    """Make the Board's outcome final, or pass a confirmed case on to a committee after it."""
    if outcome is Outcome.CONFIRMED and charter.stages is Stages.BOARD_THEN_COMMITTEE:
        return replace(case, stage=Stage.IN_COMMITTEE)
    return replace(case, stage=Stage(outcome.value))


def _founder_spoke(charter: Charter, case: Case, event: FounderSpoke) -> Case | Refusal:
    if case.stage is not Stage.WITH_FOUNDER or case.pending is None:
        return refuse("9.1", Why.NOT_WITH_FOUNDER)
    unable = may_act(event.by, Body.FOUNDER, on=event.on)
    if unable:
        return unable
    if event.choice is Choice.CONFIRM and event.ground is None:
        return _settle(charter, replace(case, pending=None, heard=True), case.pending)
    if event.choice is not Choice.DECLINE or event.ground not in charter.founder_grounds:
        return refuse("9.2", Why.NOT_ITS_GROUND)
    if not event.fact:
        return refuse("9.2", Why.NO_REASON)
    after = replace(case, pending=None, heard=True)
    if case.pending is Outcome.CONFIRMED:
        return replace(after, stage=Stage.NOT_CONFIRMED, ground=event.ground)
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


def _amended(charter: Charter, case: Case, event: Amended) -> Case | Refusal:
    if case.stage is not Stage.ACTIVE:
        return refuse("11.1", Why.NO_AGREEMENT_YET, stage=case.stage)
    kept = all(
        len(event.tranches) >= ordinal and event.tranches[ordinal - 1] == case.tranches[ordinal - 1]
        for ordinal in case.paid
    )
    if not kept or min(event.tranches, default=0) <= 0 or sum(event.tranches) > case.amount:
        return refuse("11.4", Why.NOT_THE_SUM_COMMITTED, committed=case.amount)
    return replace(case, tranches=event.tranches)


# On which grants a motion makes sense, and what they become.
_MOTIONS = {
    Motion.SUSPEND: ({Stage.ACTIVE}, Stage.SUSPENDED),
    Motion.RESUME: ({Stage.SUSPENDED}, Stage.ACTIVE),
    Motion.TERMINATE: ({Stage.ACTIVE, Stage.SUSPENDED}, Stage.TERMINATED),
}


def _of_motion(
    charter: Charter, case: Case, by: Member, event: MotionVoteCast | MotionCarried
) -> Refusal | None:
    if case.stage not in _MOTIONS[event.motion][0]:
        return refuse("11.5", Why.MOTION_OUT_OF_PLACE, stage=case.stage)
    unable = may_act(by, charter.board_of, on=event.on)
    if unable:
        return unable
    return refuse("5.2", Why.RECUSED) if by.seat in case.recused else None


def _motion_vote_cast(charter: Charter, case: Case, event: MotionVoteCast) -> Case | Refusal:
    unable = _of_motion(charter, case, event.by, event)
    if unable:
        return unable
    votes = case.motion_votes if case.motion is event.motion else ()
    if any(vote.seat == event.by.seat for vote in votes):
        return refuse("8.6", Why.VOTE_CAST)
    choice = Choice.CONFIRM if event.favour else Choice.DECLINE
    votes = (*votes, Vote(event.by.seat, choice, None))
    return replace(case, motion=event.motion, motion_votes=votes)


def _motion_carried(charter: Charter, case: Case, event: MotionCarried) -> Case | Refusal:
    unable = _of_motion(charter, case, event.by, event)
    if unable:
        return unable
    votes = case.motion_votes if case.motion is event.motion else ()
    if not charter.board_quorum.met(len(votes), max(event.seated, len(votes))):
        return refuse("8.4", Why.NO_QUORUM, votes=len(votes), seated=event.seated)
    favour = sum(vote.choice is Choice.CONFIRM for vote in votes)
    if not charter.board_needs.met(favour, len(votes)):
        return refuse("11.5", Why.NOT_CARRIED, favour=favour, votes=len(votes))
    if not event.reasons:
        return refuse("8.2", Why.NO_REASON)
    return replace(case, stage=_MOTIONS[event.motion][1], motion=None, motion_votes=())


def _report_accepted(charter: Charter, case: Case, event: ReportAccepted) -> Case | Refusal:
    if case.stage is not Stage.ACTIVE:
        return refuse("11.6", Why.NOT_IN_FORCE, stage=case.stage)
    unpaid = len(case.tranches) - len(case.paid)
    if unpaid:
        return refuse("11.6", Why.NOT_PAID_OUT, unpaid=unpaid)
    return replace(case, stage=Stage.CLOSING)


def _closed(charter: Charter, case: Case, event: Closed) -> Case | Refusal:
    if case.stage is not Stage.CLOSING:
        return refuse("11.6", Why.NOT_CLOSING, stage=case.stage)
    if not event.moved:
        return refuse("11.6", Why.NO_REASON)
    return replace(case, stage=Stage.CLOSED)


_STEPS: dict[type[CaseEvent], Callable[[Charter, Case, Any], Case | Refusal]] = {
    Recused: _recused,
    Joined: _joined,
    Left: _left,
    AppealVoteCast: _appeal_vote_cast,
    AppealDecided: _appeal_decided,
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
    Amended: _amended,
    MotionVoteCast: _motion_vote_cast,
    MotionCarried: _motion_carried,
    ReportAccepted: _report_accepted,
    Closed: _closed,
}
