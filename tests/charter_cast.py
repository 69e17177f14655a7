"""The charter's cast: seats, what they do, and a case at every stage. No database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from tarazy.charter.book import LANGUAGES, Charter, read
from tarazy.charter.case import Case, Stage, apply, fold
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
from tarazy.charter.refusals import Refusal, Why

Verdict: TypeAlias = tuple[str, Why] | None
History: TypeAlias = tuple[CaseEvent, ...]

CASE = "K7TXAE"
ASKED = 1_000
DAY = date(2026, 5, 4)
BEGINS = date(2026, 3, 1)
ENDS = date(2028, 3, 1)
DECLARED_UNTIL = date(2028, 6, 1)  # past every term, so that a test of terms tests terms
CHARTER = read().on(DAY)


def seat(name: str, body: Body) -> Member:
    """Return somebody in office who may do all that the body does."""
    return Member(name, body, BEGINS, ENDS, agreed=True, declared_until=DECLARED_UNTIL)


AIDA, BOLAT, DINA = (seat(f"expert-{n}", Body.COMMITTEE) for n in (1, 2, 3))
FIRST_RESERVE, SECOND_RESERVE = (seat(f"reserve-{n}", Body.COMMITTEE) for n in (1, 2))
OUTSIDER = seat("expert-of-another-committee", Body.COMMITTEE)
GULNAR, ERLAN, ZHANAR, INKAR, KAIRAT = (seat(f"trustee-{n}", Body.BOARD) for n in range(1, 6))
FOUNDER = seat("founder", Body.FOUNDER)
STAFF = seat("", Body.STAFF)


def opened(
    *, asked: int = ASKED, reserves: Sequence[Member] = (FIRST_RESERVE,), failed: str = ""
) -> Opened:
    """Open the case for Aida, Bolat and Dina; on appeal where a condition `failed`."""
    experts = tuple(expert.seat for expert in (AIDA, BOLAT, DINA))
    spare = tuple(reserve.seat for reserve in reserves)
    return Opened(CASE, DAY, asked, experts, spare, failed)


def joined(member: Member, *, on: date = DAY) -> Joined:
    """Let a newly appointed expert join."""
    return Joined(CASE, on, member)


def left(member: Member, *, on: date = DAY) -> Left:
    """Let go an expert whose term has ended."""
    return Left(CASE, on, member)


def appeal_vote(by: Member, *, admit: bool = True, on: date = DAY) -> AppealVoteCast:
    """Vote on an appeal."""
    return AppealVoteCast(CASE, on, by, admit)


def appeal(
    outcome: Outcome = Outcome.ADMITTED,
    *,
    by: Member = AIDA,
    on: date = DAY,
    reasons: str = "digest",
) -> AppealDecided:
    """Count the votes on an appeal."""
    return AppealDecided(CASE, on, by, outcome, reasons)


def motion_vote(
    by: Member, motion: Motion = Motion.SUSPEND, *, favour: bool = True, on: date = DAY
) -> MotionVoteCast:
    """Vote on a motion about a grant."""
    return MotionVoteCast(CASE, on, by, motion, favour)


def carried(
    motion: Motion = Motion.SUSPEND,
    *,
    by: Member = GULNAR,
    on: date = DAY,
    seated: int = 3,
    reasons: str = "digest",
) -> MotionCarried:
    """Count the votes on a motion."""
    return MotionCarried(CASE, on, motion, by, seated, reasons)


def amended(*tranches: int) -> Amended:
    """Amend the grant agreement."""
    return Amended(CASE, DAY, tranches)


def report() -> ReportAccepted:
    """Accept the final report."""
    return ReportAccepted(CASE, DAY)


def closed(moved: str = "digest") -> Closed:
    """Close the grant."""
    return Closed(CASE, DAY, moved)


def recused(who: Member, *, body: Body | None = None) -> Recused:
    """Let a member stand aside; `body` where it is claimed to be another."""
    return Recused(CASE, DAY, who.seat, body or who.body, Found.DECLARED)


def sheet(by: Member, *, on: date = DAY) -> SheetHandedIn:
    """Hand in a score sheet."""
    return SheetHandedIn(CASE, on, by, "digest")


def ballot(by: Member, amount: int = 600, *, on: date = DAY) -> BallotCast:
    """Recommend a sum."""
    return BallotCast(CASE, on, by, Judgement.RECOMMEND, amount)


def against(by: Member) -> BallotCast:
    """Cast a ballot against."""
    return BallotCast(CASE, DAY, by, Judgement.DECLINE, 0)


def committee(
    outcome: Outcome = Outcome.RECOMMENDED,
    amount: int = 600,
    *,
    by: Member = AIDA,
    on: date = DAY,
    reasons: str = "digest",
) -> CommitteeDecided:
    """Count the ballots."""
    return CommitteeDecided(CASE, on, by, outcome, amount, reasons)


def vote(
    by: Member, choice: Choice = Choice.CONFIRM, ground: Ground | None = None, *, on: date = DAY
) -> VoteCast:
    """Vote in the Board."""
    return VoteCast(CASE, on, by, choice, ground)


def unfit(by: Member) -> VoteCast:
    """Vote against, because the project does not fit the purpose."""
    return vote(by, Choice.DECLINE, Ground.FIT)


def inflated(by: Member) -> VoteCast:
    """Vote against, because the budget is inflated."""
    return vote(by, Choice.DECLINE, Ground.BUDGET)


def smaller(by: Member) -> VoteCast:
    """Vote to send the case back for a smaller sum."""
    return vote(by, Choice.RETURN, Ground.BUDGET)


def board(
    outcome: Outcome = Outcome.CONFIRMED,
    ground: Ground | None = None,
    *,
    by: Member = GULNAR,
    on: date = DAY,
    seated: int = 3,
    left: int = 10_000,
    reasons: str = "digest",
) -> BoardDecided:
    """Count the Board's votes."""
    return BoardDecided(CASE, on, by, seated, left, outcome, ground, reasons)


def word(
    choice: Choice = Choice.CONFIRM,
    ground: Ground | None = None,
    fact: str = "",
    *,
    by: Member = FOUNDER,
    on: date = DAY,
) -> FounderSpoke:
    """Speak for the founder's office."""
    return FounderSpoke(CASE, on, by, choice, ground, fact)


PARTIAL = word(Choice.DECLINE, Ground.IMPARTIALITY, "digest")


def withdrawn() -> Withdrawn:
    """Take the application back."""
    return Withdrawn(CASE, DAY)


def released(
    outcome: Outcome = Outcome.CONFIRMED,
    ground: Ground | None = None,
    *,
    experts: tuple[int, int] = (2, 1),
    trustees: tuple[int, int] = (2, 0),
) -> Released:
    """Tell a case's path; the votes are those for and against."""
    return Released(CASE, DAY, outcome, ground, experts, trustees, ())


def awarded(amount: int = 600) -> Awarded:
    """Make the case a grant."""
    return Awarded(CASE, DAY, "2026-000001", amount)


def agreement(*tranches: int) -> AgreementSigned:
    """Sign the grant agreement."""
    return AgreementSigned(CASE, DAY, tranches)


def tranche(ordinal: int, amount: int) -> TranchePaid:
    """Pay a tranche."""
    return TranchePaid(CASE, DAY, ordinal, amount)


OPENED: History = (opened(),)
SHEETS: History = (*OPENED, sheet(AIDA), sheet(BOLAT), sheet(DINA))
BALLOTS: History = (*SHEETS, ballot(AIDA, 600), ballot(BOLAT, 800), against(DINA))
RECOMMENDED: History = (*BALLOTS, committee())
VOTES: History = (*RECOMMENDED, vote(GULNAR), vote(ERLAN))
CONFIRMED: History = (*VOTES, board())
REFUSED: History = (
    *(*RECOMMENDED, unfit(GULNAR), unfit(ERLAN)),
    board(Outcome.NOT_CONFIRMED, Ground.FIT),
)
RETURNED: History = (
    *(*RECOMMENDED, smaller(GULNAR), smaller(ERLAN)),
    board(Outcome.RETURNED, Ground.BUDGET),
)
CONFLICT: History = (*RECOMMENDED, recused(ZHANAR))
AWARD_WITH_FOUNDER: History = (*CONFLICT, vote(GULNAR), vote(ERLAN), board())
REFUSAL_WITH_FOUNDER: History = (
    *(*CONFLICT, unfit(GULNAR), unfit(ERLAN)),
    board(Outcome.NOT_CONFIRMED, Ground.FIT),
)
RELEASED: History = (*CONFIRMED, released())
ACTIVE: History = (*RELEASED, awarded(), agreement(400, 200))
PAID_OUT: History = (*ACTIVE, tranche(1, 400), tranche(2, 200))
ON_APPEAL: History = (opened(failed="applicant"),)
APPEAL: History = (*ON_APPEAL, appeal_vote(AIDA), appeal_vote(BOLAT), appeal_vote(DINA))
UPHELD: History = (
    *(*ON_APPEAL, appeal_vote(AIDA)),
    *(appeal_vote(BOLAT, admit=False), appeal_vote(DINA, admit=False)),
    appeal(Outcome.INELIGIBLE),
)


def by_motion(before: History, motion: Motion) -> History:
    """Return a history at whose end the Board carried a motion."""
    return (*before, motion_vote(GULNAR, motion), motion_vote(ERLAN, motion), carried(motion))


SUSPENDED = by_motion(ACTIVE, Motion.SUSPEND)

AT: Mapping[Stage, History] = {
    Stage.IN_COMMITTEE: OPENED,
    Stage.BEFORE_BOARD: RECOMMENDED,
    Stage.WITH_FOUNDER: AWARD_WITH_FOUNDER,
    Stage.DECLINED: (
        *(*SHEETS, against(AIDA), against(BOLAT), ballot(DINA)),
        committee(Outcome.DECLINED, 0),
    ),
    Stage.CONFIRMED: CONFIRMED,
    Stage.NOT_CONFIRMED: REFUSED,
    Stage.UNFUNDED: (*VOTES, board(Outcome.UNFUNDED, left=599)),
    Stage.WITHDRAWN: (*OPENED, withdrawn()),
    Stage.AWARDED: (*RELEASED, awarded()),
    Stage.ACTIVE: ACTIVE,
    Stage.ON_APPEAL: ON_APPEAL,
    Stage.INELIGIBLE: UPHELD,
    Stage.SUSPENDED: SUSPENDED,
    Stage.TERMINATED: by_motion(ACTIVE, Motion.TERMINATE),
    Stage.CLOSING: (*PAID_OUT, report()),
    Stage.CLOSED: (*PAID_OUT, report(), closed()),
}


@dataclass(frozen=True, slots=True)
class Act:
    """Something that only a member may do: when, who may, and how; `on` is the day of the act."""

    before: History
    by: Member
    make: Callable[[Member, date], CaseEvent]


ACTS: Mapping[str, Act] = {
    "hand in a sheet": Act(OPENED, AIDA, lambda by, on: sheet(by, on=on)),
    "cast a ballot": Act(SHEETS, AIDA, lambda by, on: ballot(by, on=on)),
    "count the ballots": Act(BALLOTS, AIDA, lambda by, on: committee(by=by, on=on)),
    "vote": Act(RECOMMENDED, GULNAR, lambda by, on: vote(by, on=on)),
    "count the votes": Act(VOTES, GULNAR, lambda by, on: board(by=by, on=on)),
    "vote on an appeal": Act(ON_APPEAL, AIDA, lambda by, on: appeal_vote(by, on=on)),
    "count an appeal": Act(APPEAL, AIDA, lambda by, on: appeal(by=by, on=on)),
    "vote on a motion": Act(ACTIVE, GULNAR, lambda by, on: motion_vote(by, on=on)),
    "carry a motion": Act(
        (*ACTIVE, motion_vote(GULNAR), motion_vote(ERLAN)),
        GULNAR,
        lambda by, on: carried(by=by, on=on),
    ),
    "speak for the founder": Act(AWARD_WITH_FOUNDER, FOUNDER, lambda by, on: word(by=by, on=on)),
}


def after(*events: CaseEvent, charter: Charter = CHARTER) -> Case:
    """Return the case to which these events lead; each must be allowed."""
    return fold(charter, list(events))


def attempt(before: History, event: CaseEvent, *, charter: Charter = CHARTER) -> Verdict:
    """Try an event on a case with this history."""
    case = after(*before, charter=charter) if before else None
    return verdict(apply(charter, case, event))


def verdict(answer: Case | Refusal | None) -> Verdict:
    """Return nothing where the charter allowed, else clause and reason.

    Every refusal that a test meets must have words in each language, with no place left open.
    """
    if not isinstance(answer, Refusal):
        return None
    for language in LANGUAGES:
        words = read().explain(answer, language)
        assert words, (answer, language)
        assert "{" not in words, (answer, language)
    return answer.clause, answer.why
