"""What can happen, in the past tense: frozen, plain values, naming nobody."""

from dataclasses import Field, dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

Plain: TypeAlias = "bool | int | str | list[Plain] | dict[str, Plain] | None"


def sealed(**options: Any) -> Any:
    """Mark a field that the public log shows only as part of a salted commitment."""
    return field(metadata={"sealed": True}, **options)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `kind` is its name in the log: room and past participle.

    The log shows a `quiet` event as a day and a seal only: not even of what kind it was.
    """

    kind: ClassVar[str]
    quiet: ClassVar[bool] = False


def is_sealed(item: Field[Any]) -> bool:
    """Say whether a field is shown as a commitment only."""
    return bool(item.metadata.get("sealed"))


def sealed_fields(event: type[Event]) -> tuple[str, ...]:
    """Return the names of the fields that the public log shows as a commitment only."""
    return tuple(item.name for item in fields(event) if is_sealed(item))


class Body(StrEnum):
    """Where a person decides; `STAFF` decides nothing."""

    COMMITTEE = "committee"
    BOARD = "board"
    FOUNDER = "founder"
    STAFF = "staff"


class Role(StrEnum):
    """What a member of staff does."""

    COORDINATOR = "coordinator"
    GRANTS_MANAGER = "grants_manager"
    EXECUTIVE = "executive"
    AUDITOR = "auditor"


class Judgement(StrEnum):
    """An expert's ballot."""

    RECOMMEND = "recommend"
    DECLINE = "decline"


class Choice(StrEnum):
    """A trustee's vote, and the founder's office's word (`CONFIRM` or `DECLINE`)."""

    CONFIRM = "confirm"
    DECLINE = "decline"
    RETURN = "return"


class Ground(StrEnum):
    """Why an award is not confirmed: the Board has two grounds, the founder's office one."""

    FIT = "fit"
    BUDGET = "budget"
    IMPARTIALITY = "impartiality"


class Motion(StrEnum):
    """What the Board may decide on a grant in force."""

    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"


class Outcome(StrEnum):
    """What a body decided on a case."""

    ADMITTED = "admitted"
    INELIGIBLE = "ineligible"
    RECOMMENDED = "recommended"
    DECLINED = "declined"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    RETURNED = "returned"
    UNFUNDED = "unfunded"
    WITHDRAWN = "withdrawn"


class Found(StrEnum):
    """How a conflict of interest came to light."""

    DECLARED = "declared"  # the member said so
    MATCHED = "matched"  # the software compared declarations with applicants


@dataclass(frozen=True, slots=True)
class Member:
    """What the charter must know of whoever acts on a case: a snapshot, no name.

    `begins` is the first day in office, `ends` the first day no longer in it; the declaration
    holds before `declared_until`.
    """

    seat: str
    body: Body
    begins: date
    ends: date
    agreed: bool
    declared_until: date | None


@dataclass(frozen=True, slots=True)
class CaseEvent(Event):
    """Something that happened to one case, on a day in the foundation's zone.

    A day and not an instant: the order of clicks must not tell whose they were. Quiet until
    release: whoever could count cases in the log would see that some do not exist for them,
    and so that somebody they declared has applied.
    """

    quiet: ClassVar[bool] = True

    case: str
    on: date


@dataclass(frozen=True, slots=True)
class Opened(CaseEvent):
    """An eligible application became a blind case.

    `asked` is the sum asked for, or the call's ceiling where none was; minor units. `experts`
    are the committee's seats, `reserves` those who step in, in their order. `failed` is the
    published condition that staff found not met: then the committee hears the appeal first.
    """

    kind: ClassVar[str] = "cases.opened"
    asked: int
    experts: tuple[str, ...]
    reserves: tuple[str, ...]
    failed: str


@dataclass(frozen=True, slots=True)
class Recused(CaseEvent):
    """A member stands aside from the case, for good."""

    kind: ClassVar[str] = "cases.recused"
    seat: str
    body: Body
    found: Found


@dataclass(frozen=True, slots=True)
class Joined(CaseEvent):
    """A newly appointed expert joined the roster of a case that waits for one."""

    kind: ClassVar[str] = "cases.joined"
    member: Member


@dataclass(frozen=True, slots=True)
class Left(CaseEvent):
    """An expert whose term has ended left the roster; what was voted in term stays counted."""

    kind: ClassVar[str] = "cases.left"
    member: Member


@dataclass(frozen=True, slots=True)
class AppealVoteCast(CaseEvent):
    """An expert voted on an appeal: `admit`, or leave it ineligible."""

    kind: ClassVar[str] = "decisions.appeal_vote_cast"
    by: Member
    admit: bool


@dataclass(frozen=True, slots=True)
class AppealDecided(CaseEvent):
    """The votes on an appeal were counted; `reasons` is the digest of the committee's words."""

    kind: ClassVar[str] = "decisions.appeal_decided"
    by: Member
    outcome: Outcome
    reasons: str


@dataclass(frozen=True, slots=True)
class SheetHandedIn(CaseEvent):
    """An expert handed in the score sheet; `sheet` is the digest of its marks and words."""

    kind: ClassVar[str] = "decisions.sheet_handed_in"
    by: Member
    sheet: str


@dataclass(frozen=True, slots=True)
class BallotCast(CaseEvent):
    """An expert voted; `amount` is the sum recommended, 0 with `DECLINE`."""

    kind: ClassVar[str] = "decisions.ballot_cast"
    by: Member
    judgement: Judgement
    amount: int


@dataclass(frozen=True, slots=True)
class CommitteeDecided(CaseEvent):
    """The ballots were counted; `reasons` is the digest of the committee's words."""

    kind: ClassVar[str] = "decisions.committee_decided"
    by: Member
    outcome: Outcome
    amount: int
    reasons: str


@dataclass(frozen=True, slots=True)
class VoteCast(CaseEvent):
    """A trustee voted on a recommended case."""

    kind: ClassVar[str] = "decisions.vote_cast"
    by: Member
    choice: Choice
    ground: Ground | None


@dataclass(frozen=True, slots=True)
class BoardDecided(CaseEvent):
    """The Board's votes were counted.

    `seated` is the number of trustees in office, conflicted ones too; `left` what the envelope
    has left, minor units; `reasons` the digest of the Board's words.
    """

    kind: ClassVar[str] = "decisions.board_decided"
    by: Member
    seated: int
    left: int
    outcome: Outcome
    ground: Ground | None
    reasons: str


@dataclass(frozen=True, slots=True)
class FounderSpoke(CaseEvent):
    """The founder's office confirmed or declined what the trustees decided.

    `fact` is the digest of the fact that endangers impartiality, empty with `CONFIRM`.
    """

    kind: ClassVar[str] = "decisions.founder_spoke"
    by: Member
    choice: Choice
    ground: Ground | None
    fact: str


@dataclass(frozen=True, slots=True)
class Withdrawn(CaseEvent):
    """The applicant took the application back."""

    kind: ClassVar[str] = "cases.withdrawn"


@dataclass(frozen=True, slots=True)
class Released(CaseEvent):
    """Every case of the list has its final decision: this one's path is told.

    `committee` and `board` are votes for and against, (0, 0) where a body did not vote.
    `path` names the quiet lines of this case: "<line> <kind>" each, in their order.
    """

    kind: ClassVar[str] = "cases.released"
    quiet: ClassVar[bool] = False
    outcome: Outcome
    ground: Ground | None
    committee: tuple[int, ...]
    board: tuple[int, ...]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Awarded(CaseEvent):
    """A confirmed case became a grant, in the public register from now on."""

    kind: ClassVar[str] = "grants.awarded"
    quiet: ClassVar[bool] = False
    grant: str
    amount: int


@dataclass(frozen=True, slots=True)
class AgreementSigned(CaseEvent):
    """Both sides signed the grant agreement; `tranches` are its sums in their order."""

    kind: ClassVar[str] = "grants.agreement_signed"
    quiet: ClassVar[bool] = False
    tranches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TranchePaid(CaseEvent):
    """One tranche left the foundation's account; `ordinal` counts from 1."""

    kind: ClassVar[str] = "grants.tranche_paid"
    quiet: ClassVar[bool] = False
    ordinal: int
    amount: int


@dataclass(frozen=True, slots=True)
class Amended(CaseEvent):
    """The agreement was amended: `tranches` are all its sums now, those paid as they were."""

    kind: ClassVar[str] = "grants.amended"
    quiet: ClassVar[bool] = False
    tranches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MotionVoteCast(CaseEvent):
    """A trustee voted on a motion about a grant in force."""

    kind: ClassVar[str] = "decisions.motion_vote_cast"
    by: Member
    motion: Motion
    favour: bool


@dataclass(frozen=True, slots=True)
class MotionCarried(CaseEvent):
    """The Board carried a motion; `seated` as in `BoardDecided`, `reasons` a digest."""

    kind: ClassVar[str] = "decisions.motion_carried"
    quiet: ClassVar[bool] = False
    motion: Motion
    by: Member = sealed()
    seated: int = sealed()
    reasons: str = sealed()


@dataclass(frozen=True, slots=True)
class ReportAccepted(CaseEvent):
    """The final report was accepted: the grant is closing."""

    kind: ClassVar[str] = "grants.report_accepted"
    quiet: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Closed(CaseEvent):
    """The grant is closed; `moved` is the digest of what is written on what it set in motion."""

    kind: ClassVar[str] = "grants.closed"
    quiet: ClassVar[bool] = False
    moved: str = sealed()


CASE_EVENTS: dict[str, type[CaseEvent]] = {
    event.kind: event
    for event in (
        Opened,
        Recused,
        Joined,
        Left,
        AppealVoteCast,
        AppealDecided,
        SheetHandedIn,
        BallotCast,
        CommitteeDecided,
        VoteCast,
        BoardDecided,
        FounderSpoke,
        Withdrawn,
        Released,
        Awarded,
        AgreementSigned,
        TranchePaid,
        Amended,
        MotionVoteCast,
        MotionCarried,
        ReportAccepted,
        Closed,
    )
}
