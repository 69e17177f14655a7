"""A rule's answer: nothing, or the reason, with the clause that gives it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn


class Why(StrEnum):
    """The reasons for which the charter refuses; their words stand in `charter.toml`."""

    # 1 bodies and people
    NOT_A_CITIZEN = "not-a-citizen"
    IN_TWO_BODIES = "in-two-bodies"
    WRONG_ROLE = "wrong-role"
    # 3 calls and applications
    CALL_NOT_OPEN = "call-not-open"
    CALL_STILL_OPEN = "call-still-open"
    ALREADY_SUBMITTED = "already-submitted"
    NOTHING_TO_OPEN = "nothing-to-open"
    ELIGIBILITY_UNCHECKED = "eligibility-unchecked"
    ELIGIBILITY_CHECKED = "eligibility-checked"
    CONDITION_UNKNOWN = "condition-unknown"
    DOCKET_STILL_OPEN = "docket-still-open"
    ALREADY_RELEASED = "already-released"
    NOT_YOURS = "not-yours"
    NOT_ON_APPEAL = "not-on-appeal"
    TOO_LATE = "too-late"
    NO_APPEAL = "no-appeal"
    # 4 the committee
    NOT_OF_THIS_BODY = "not-of-this-body"
    TERM_TOO_LONG = "term-too-long"
    NO_RETURN = "no-return"
    TERM_NOT_BEGUN = "term-not-begun"
    TERM_ENDED = "term-ended"
    NO_AGREEMENT = "no-agreement"
    ALREADY_SIGNED = "already-signed"
    RESERVE_NOT_CALLED = "reserve-not-called"
    COMMITTEE_INCOMPLETE = "committee-incomplete"
    COMMITTEE_COMPLETE = "committee-complete"
    ON_ROSTER = "on-roster"
    NOT_ON_ROSTER = "not-on-roster"
    STILL_IN_OFFICE = "still-in-office"
    # 5 declarations and conflicts
    NO_DECLARATION = "no-declaration"
    DECLARED_TODAY = "declared-today"
    RECUSED = "recused"
    ALREADY_RECUSED = "already-recused"
    # 6 blindness
    STILL_BLIND = "still-blind"
    # 7 the first stage
    NOT_IN_COMMITTEE = "not-in-committee"
    SCORES_SEALED = "scores-sealed"
    MARKS_INCOMPLETE = "marks-incomplete"
    SHEET_HANDED_IN = "sheet-handed-in"
    SHEETS_MISSING = "sheets-missing"
    BALLOT_CAST = "ballot-cast"
    BALLOTS_MISSING = "ballots-missing"
    AMOUNT_TOO_HIGH = "amount-too-high"
    AMOUNT_NOT_POSITIVE = "amount-not-positive"
    NOT_SMALLER = "not-smaller"
    OUTCOME_DIFFERS = "outcome-differs"
    NO_REASON = "no-reason"
    # 8 the second stage
    NOT_BEFORE_BOARD = "not-before-board"
    NO_GROUND = "no-ground"
    GROUND_WITHOUT_REFUSAL = "ground-without-refusal"
    RETURNED_ALREADY = "returned-already"
    VOTE_CAST = "vote-cast"
    NO_QUORUM = "no-quorum"
    # 9 the founder's office
    NOT_WITH_FOUNDER = "not-with-founder"
    NOT_ITS_GROUND = "not-its-ground"
    # 10 envelope, release, award
    ENVELOPE_SPENT = "envelope-spent"
    NOT_FINAL = "not-final"
    NOT_RELEASED = "not-released"
    NOT_CONFIRMED = "not-confirmed"
    NOT_THE_SUM_DECIDED = "not-the-sum-decided"
    # 11 the grant
    NOT_AWARDED = "not-awarded"
    NO_AGREEMENT_YET = "no-agreement-yet"
    NOT_THE_SUM_COMMITTED = "not-the-sum-committed"
    NO_SUCH_TRANCHE = "no-such-tranche"
    TRANCHE_PAID = "tranche-paid"
    NOT_IN_FORCE = "not-in-force"
    MOTION_OUT_OF_PLACE = "motion-out-of-place"
    NOT_CARRIED = "not-carried"
    NOT_PAID_OUT = "not-paid-out"
    NOT_CLOSING = "not-closing"
    # 13 the kernel itself
    NOT_OPENED = "not-opened"
    OPENED_ALREADY = "opened-already"
    UNKNOWN_EVENT = "unknown-event"


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, because of this clause. `facts` fill the places in the reason's words."""

    clause: str
    why: Why
    facts: tuple[tuple[str, str | int], ...] = ()


class Refused(Exception):
    """What an action raises when the charter says no: nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal

    def __str__(self) -> str:
        facts = "".join(f", {name} {value}" for name, value in self.refusal.facts)
        return f"clause {self.refusal.clause}: {self.refusal.why}{facts}"


def refuse(clause: str, why: Why, **facts: str | int) -> Refusal:
    """Make a refusal, its facts by name."""
    return Refusal(clause, why, tuple(facts.items()))


def demand(answer: Refusal | None) -> None:
    """Raise `Refused` where a rule gave a reason; go on where it gave none."""
    if answer is not None:
        stop(answer)


def stop(refusal: Refusal) -> NoReturn:
    """Raise a refusal."""
    raise Refused(refusal)
