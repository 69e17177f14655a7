"""The questions that stand before or beside a case: each answers nothing, or the reason."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from tarazy.charter.book import Blind, Charter
from tarazy.charter.events import Body, Member, Role
from tarazy.charter.refusals import Refusal, Why, refuse


@dataclass(frozen=True, slots=True)
class Window:
    """When a call takes applications: from `opens` up to, not with, `closes` (None: always)."""

    opens: datetime
    closes: datetime | None


@dataclass(frozen=True, slots=True)
class Term:
    """A time in a seat: from `begins` up to, not with, `ends`."""

    begins: date
    ends: date


def add_months(day: date, months: int) -> date:
    """Return the same day so many months on; a day that month lacks becomes its last (4.2)."""
    years, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + years, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError  # every month has 28 days


def may_submit(window: Window, *, received: bool, at: datetime) -> Refusal | None:
    """3.1, 3.2: into an open call, once. The deadline itself is late."""
    if received:
        return refuse("3.2", Why.ALREADY_SUBMITTED)
    if at < window.opens:
        return refuse("3.1", Why.CALL_NOT_OPEN, opens=window.opens.isoformat())
    if window.closes is not None and at >= window.closes:
        return refuse("3.1", Why.CALL_NOT_OPEN, closed=window.closes.isoformat())
    return None


def may_withdraw(*, own: bool, withdrawn: bool) -> Refusal | None:
    """3.6: whoever handed it in may take it back, once."""
    if not own:
        return refuse("3.6", Why.NOT_YOURS)
    return refuse("3.6", Why.NOT_IN_COMMITTEE) if withdrawn else None


def may_check_eligibility(
    roles: Collection[Role], *, checked: bool, conditions: Collection[str], failed: str | None
) -> Refusal | None:
    """3.4: a coordinator, once, against the call's published conditions, naming the failed one."""
    if Role.COORDINATOR not in roles:
        return refuse("3.4", Why.WRONG_ROLE, needed=Role.COORDINATOR)
    if checked:
        return refuse("3.4", Why.ELIGIBILITY_CHECKED)
    if failed is not None and failed not in conditions:
        return refuse("3.4", Why.CONDITION_UNKNOWN, condition=failed)
    return None


def may_open_committee(
    roles: Collection[Role],
    window: Window,
    *,
    unchecked: int,
    eligible: int,
    unreleased: bool,
    at: datetime,
) -> Refusal | None:
    """3.5: a coordinator, after the window has closed and every application has been checked.

    A continuous call opens a list whenever the one before is released.
    """
    if Role.COORDINATOR not in roles:
        return refuse("3.5", Why.WRONG_ROLE, needed=Role.COORDINATOR)
    if window.closes is not None and at < window.closes:
        return refuse("3.5", Why.CALL_STILL_OPEN, closes=window.closes.isoformat())
    if unchecked:
        return refuse("3.5", Why.ELIGIBILITY_UNCHECKED, unchecked=unchecked)
    if unreleased:
        return refuse("3.5", Why.DOCKET_STILL_OPEN)
    return None if eligible else refuse("3.5", Why.NOTHING_TO_OPEN)


def may_seat(
    charter: Charter,
    *,
    citizen: bool,
    others: Iterable[Body],
    terms: Sequence[Term],
    body: Body,
    term: Term,
) -> Refusal | None:
    """1.1, 1.2, 4.2: a citizen, in one body only, on one committee no longer than the term.

    `others` are the bodies in which the person sits, `terms` all others on this same body.
    """
    if not citizen and body is not Body.FOUNDER:
        return refuse("1.1", Why.NOT_A_CITIZEN)
    if any(True for _ in others):
        return refuse("1.2", Why.IN_TWO_BODIES)
    if body is not Body.COMMITTEE:
        return None
    if _left_between([*terms, term]) and not charter.expert_return:
        return refuse("4.2", Why.NO_RETURN)
    before = [served for served in terms if served.begins < term.begins]
    last = term_ends(charter, before, begins=term.begins)
    ends = max([term.ends, *(served.ends for served in terms)])
    return refuse("4.2", Why.TERM_TOO_LONG, ends=last.isoformat()) if ends > last else None


def _left_between(terms: Iterable[Term]) -> bool:
    """Say whether somebody left and came back: two terms with days between them."""
    inside = sorted(terms, key=lambda term: term.begins)
    return any(one.ends < other.begins for one, other in pairwise(inside))


def term_ends(charter: Charter, earlier: Sequence[Term], *, begins: date) -> date:
    """Return the first day on which an expert may no longer sit (4.2), over all terms.

    Terms that follow each other count as one, in calendar months from its first day; what was
    served before a gap is taken off in days.
    """
    if not charter.expert_term_months:
        return date.max
    gone = timedelta()
    for served in sorted(earlier, key=lambda term: term.begins, reverse=True):
        if served.ends >= begins:
            begins = min(begins, served.begins)
        else:
            gone += served.ends - served.begins
    return add_months(begins, charter.expert_term_months) - gone


def declaration_ends(charter: Charter, declared: date) -> date:
    """Return the first day on which a declaration no longer holds (5.1)."""
    if not charter.declaration_months:
        return date.max
    return add_months(declared, charter.declaration_months)


def may_act(member: Member, body: Body, *, on: date) -> Refusal | None:
    """2.1, 2.2, 2.3, 5.1: of that body, in office, agreed, with a valid declaration.

    12.1: staff are members of no body.
    """
    if member.body is not body:
        clause = "12.1" if member.body is Body.STAFF else "2.1"
        return refuse(clause, Why.NOT_OF_THIS_BODY, body=body)
    if on < member.begins:
        return refuse("2.2", Why.TERM_NOT_BEGUN, begins=member.begins.isoformat())
    if on >= member.ends:
        return refuse("2.2", Why.TERM_ENDED, ended=member.ends.isoformat())
    if not member.agreed:
        return refuse("2.3", Why.NO_AGREEMENT)
    if member.declared_until is None or on >= member.declared_until:
        return refuse("5.1", Why.NO_DECLARATION)
    return None


def may_judge(body: Body, *, responsible: bool, exists: bool) -> Refusal | None:
    """4.1, 6.3, 12.1: a case that exists, of one's own committee or Board, and never as staff.

    `responsible`: whether the body is the one before which the case's programme comes.
    """
    if body is Body.STAFF:
        return refuse("12.1", Why.NOT_OF_THIS_BODY, body=body)
    if not exists:
        return refuse("6.3", Why.NOT_OPENED)
    return None if responsible else refuse("4.1", Why.NOT_OF_THIS_BODY)


def may_sign_agreement(*, own: bool, signed: bool) -> Refusal | None:
    """2.3: one signs for one's own seat, once."""
    if not own:
        return refuse("2.3", Why.NOT_YOURS)
    return refuse("2.3", Why.ALREADY_SIGNED) if signed else None


def may_declare(*, declared_today: bool) -> Refusal | None:
    """5.1: anybody declares at any time; a second declaration of one day is a double click."""
    return refuse("5.1", Why.DECLARED_TODAY) if declared_today else None


def may_read_case(member: Member, *, recused: bool, on: date) -> Refusal | None:
    """5.1, 5.2: who has no valid declaration, or is recused, is given nothing to read."""
    unable = may_act(member, member.body, on=on)
    if unable:
        return unable
    return refuse("5.2", Why.RECUSED) if recused else None


def may_read_sheet(
    charter: Charter,
    reader: str,
    author: str,
    *,
    panel: Collection[str],
    handed_in: Collection[str],
) -> Refusal | None:
    """7.2: one's own sheet always, another's when a whole panel has handed in."""
    if reader == author:
        return None
    missing = charter.committee_size - len(set(panel) & set(handed_in))
    return refuse("7.2", Why.SCORES_SEALED, missing=missing) if missing > 0 else None


def may_know_applicant(charter: Charter, *, met: bool, released: bool) -> Refusal | None:
    """6.1: nobody on a body learns an identity before release, or before it has met.

    `met`: whether the last body has decided on the case.
    """
    open_now = met if charter.blind_until is Blind.MEETING else released
    return None if open_now or released else refuse("6.1", Why.STILL_BLIND)


def may_appeal(
    charter: Charter, *, own: bool, failed: bool, checked: date, on: date
) -> Refusal | None:
    """3.7: whoever was found ineligible may ask the committee, within so many days."""
    if not own:
        return refuse("3.7", Why.NOT_YOURS)
    if not failed or not charter.appeal_days:
        return refuse("3.7", Why.NO_APPEAL)
    last = checked + timedelta(days=charter.appeal_days)
    return refuse("3.7", Why.TOO_LATE, last=last.isoformat()) if on > last else None


def may_hand_in_marks(
    marks: dict[str, int], *, criteria: Collection[str], highest: int
) -> Refusal | None:
    """7.1: a mark from 1 to the highest for every criterion of the call, and no other."""
    if marks.keys() == set(criteria) and all(1 <= mark <= highest for mark in marks.values()):
        return None
    return refuse(
        "7.1", Why.MARKS_INCOMPLETE, criteria=", ".join(sorted(criteria)), highest=highest
    )


def may_release(roles: Collection[Role], *, open_cases: int, released: bool) -> Refusal | None:
    """10.1: the executive head, when every case of the list has its final decision."""
    if Role.EXECUTIVE not in roles:
        return refuse("10.1", Why.WRONG_ROLE, needed=Role.EXECUTIVE)
    if released:
        return refuse("10.1", Why.ALREADY_RELEASED)
    return refuse("10.1", Why.NOT_FINAL, open=open_cases) if open_cases else None


def may_manage_grants(roles: Collection[Role]) -> Refusal | None:
    """12.2: after the decision the grants manager signs, and pays what is due."""
    if Role.GRANTS_MANAGER in roles:
        return None
    return refuse("12.2", Why.WRONG_ROLE, needed=Role.GRANTS_MANAGER)


def may_manage_calls(roles: Collection[Role]) -> Refusal | None:
    """12.3: a coordinator runs the calls of a programme."""
    if Role.COORDINATOR in roles:
        return None
    return refuse("12.3", Why.WRONG_ROLE, needed=Role.COORDINATOR)


def may_award(amount: int, *, left: int) -> Refusal | None:
    """10.3: no award beyond what the envelope has left."""
    if amount <= left:
        return None
    return refuse("10.3", Why.ENVELOPE_SPENT, left=left, amount=amount)
