"""Judging: every verb of an expert, a trustee and the founder's office."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import cast

from django.db.models import QuerySet

from tarazy.cases.models import Case, Docket
from tarazy.cases.queries import charter, envelope_left
from tarazy.cases.steps import append, judged_by
from tarazy.charter.case import appeal_outcome, board_outcome, committee_outcome
from tarazy.charter.events import (
    AppealDecided,
    AppealVoteCast,
    BallotCast,
    BoardDecided,
    Body,
    Choice,
    CommitteeDecided,
    FounderSpoke,
    Ground,
    Judgement,
    Motion,
    MotionCarried,
    MotionVoteCast,
    Outcome,
    SheetHandedIn,
    VoteCast,
)
from tarazy.charter.refusals import demand
from tarazy.charter.rules import may_hand_in_marks
from tarazy.decisions.models import Minute, Sheet
from tarazy.governance.models import Seat
from tarazy.governance.queries import member, seated
from tarazy.ledger.canonical import canonical
from tarazy.ledger.steps import action
from tarazy.people.models import Person


@action
def vote_on_appeal(number: str, *, admit: bool, by: Seat | Person, at: datetime) -> AppealVoteCast:
    """Vote in the committee on an appeal: admit the case, or leave it ineligible (3.7)."""
    case = judged_by(number, by)
    event = AppealVoteCast(case=number, on=at.date(), by=member(by, on=at.date()), admit=admit)
    append(case, event)
    return event


@action
def decide_appeal(number: str, *, reasons: str, by: Seat | Person, at: datetime) -> AppealDecided:
    """Count the votes on an appeal and put the reasons on record (3.7, 7.4, 7.6)."""
    case = judged_by(number, by)
    outcome = appeal_outcome(charter(case.docket), case.now)
    event = AppealDecided(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        outcome=outcome,
        reasons=_digest(reasons) if reasons.strip() else "",
    )
    append(case, event)
    _minute(case, Body.COMMITTEE, outcome.value, reasons, at=at)
    return event


@action
def hand_in_sheet(
    number: str,
    *,
    marks: Mapping[str, int],
    strengths: str,
    weaknesses: str,
    by: Seat | Person,
    at: datetime,
) -> SheetHandedIn:
    """Hand in one's score sheet for a case; it stays sealed until all have (7.1, 7.2)."""
    case = judged_by(number, by)
    call = case.docket.call
    event = SheetHandedIn(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        sheet=_digest({"marks": dict(marks), "strengths": strengths, "weaknesses": weaknesses}),
    )
    append(case, event)
    demand(
        may_hand_in_marks(
            dict(marks),
            criteria=[criterion["code"] for criterion in call.criteria],
            highest=charter(case.docket).highest_mark,
        )
    )
    Sheet.objects.create(
        case=case,
        seat=cast(Seat, by),  # somebody without a seat was refused above
        marks=dict(marks),
        strengths=strengths,
        weaknesses=weaknesses,
        handed_in_on=at.date(),
    )
    return event


@action
def cast_ballot(
    number: str, *, judgement: Judgement, amount: int, by: Seat | Person, at: datetime
) -> BallotCast:
    """Vote in the committee: decline, or recommend a sum in minor units (7.3 to 7.5)."""
    case = judged_by(number, by)
    event = BallotCast(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        judgement=judgement,
        amount=amount if judgement is Judgement.RECOMMEND else 0,
    )
    append(case, event)
    return event


@action
def decide_in_committee(
    number: str, *, reasons: str, by: Seat | Person, at: datetime
) -> CommitteeDecided:
    """Count the ballots and put the reasons on record (7.4, 7.6)."""
    case = judged_by(number, by)
    outcome, amount = committee_outcome(charter(case.docket), case.now)
    event = CommitteeDecided(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        outcome=outcome,
        amount=amount,
        reasons=_digest(reasons) if reasons.strip() else "",
    )
    append(case, event)
    _minute(case, Body.COMMITTEE, outcome.value, reasons, at=at)
    return event


@action
def vote(
    number: str, *, choice: Choice, ground: Ground | None, by: Seat | Person, at: datetime
) -> VoteCast:
    """Vote in the Board on a recommended case (8.1 to 8.3, 8.6)."""
    case = judged_by(number, by)
    event = VoteCast(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        choice=choice,
        ground=ground,
    )
    append(case, event)
    return event


@action
def decide_in_board(number: str, *, reasons: str, by: Seat | Person, at: datetime) -> BoardDecided:
    """Count the Board's votes and put its words on record (8.2, 8.4, 8.5, 10.3)."""
    # Two cases must not both find the last of the envelope: the list is locked while we count,
    # before the case, as release does it.
    Docket.objects.select_for_update().filter(pk__in=_docket_of(number)).first()
    case = judged_by(number, by)
    left = envelope_left(case.docket.call)
    now = case.now
    outcome, ground = board_outcome(charter(case.docket), now)
    if outcome is Outcome.CONFIRMED and now.amount > left:
        outcome = Outcome.UNFUNDED
    event = BoardDecided(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        seated=len(seated(case.docket.call.programme.board, on=at.date())),
        left=left,
        outcome=outcome,
        ground=ground,
        reasons=_digest(reasons) if reasons.strip() else "",
    )
    append(case, event)
    _minute(case, Body.BOARD, outcome.value, reasons, at=at)
    return event


@action
def speak(
    number: str,
    *,
    choice: Choice,
    ground: Ground | None,
    fact: str,
    by: Seat | Person,
    at: datetime,
) -> FounderSpoke:
    """Confirm or decline, for the founder's office, what the trustees decided (9.1, 9.2)."""
    case = judged_by(number, by)
    event = FounderSpoke(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        choice=choice,
        ground=ground,
        fact=_digest(fact) if fact.strip() else "",
    )
    append(case, event)
    _minute(case, Body.FOUNDER, choice.value, fact, at=at)
    return event


@action
def vote_on_motion(
    number: str, *, motion: Motion, favour: bool, by: Seat | Person, at: datetime
) -> MotionVoteCast:
    """Vote in the Board on a motion about a grant in force (11.5)."""
    case = judged_by(number, by)
    event = MotionVoteCast(
        case=number, on=at.date(), by=member(by, on=at.date()), motion=motion, favour=favour
    )
    append(case, event)
    return event


@action
def carry_motion(
    number: str, *, motion: Motion, reasons: str, by: Seat | Person, at: datetime
) -> MotionCarried:
    """Count the votes on a motion and put the Board's words on record (8.2, 8.4, 11.5).

    A motion that has no quorum or no majority is refused, and more trustees may vote on it.
    """
    case = judged_by(number, by)
    event = MotionCarried(
        case=number,
        on=at.date(),
        by=member(by, on=at.date()),
        motion=motion,
        seated=len(seated(case.docket.call.programme.board, on=at.date())),
        reasons=_digest(reasons) if reasons.strip() else "",
    )
    append(case, event)
    _minute(case, Body.BOARD, motion.value, reasons, at=at)
    return event


def _docket_of(number: str) -> QuerySet[Case, int]:
    return Case.objects.filter(number=number).values_list("docket_id", flat=True)


def _minute(case: Case, body: Body, outcome: str, words: str, *, at: datetime) -> None:
    ordinal = Minute.objects.filter(case=case).count() + 1
    Minute.objects.create(
        case=case,
        body=body.value,
        ordinal=ordinal,
        outcome=outcome,
        words=words,
        decided_on=at.date(),
    )


def _digest(words: object) -> str:
    return sha256(canonical(words)).hexdigest()
