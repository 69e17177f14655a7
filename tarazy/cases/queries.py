"""What a seat may know of cases. Every query names its reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from tarazy.calls.models import Call
from tarazy.cases.models import BlindCopy, Case, Docket, Recusal, StoredEvent
from tarazy.charter.book import Charter, read
from tarazy.charter.case import FINAL, Stage, panel
from tarazy.charter.events import CASE_EVENTS, Body, CaseEvent, Outcome
from tarazy.charter.plain import from_plain
from tarazy.charter.rules import may_read_case
from tarazy.governance.models import Seat
from tarazy.governance.queries import member

# Where a case's sum is taken out of its call's envelope.
GIVEN = (
    *(Stage.CONFIRMED, Stage.AWARDED, Stage.ACTIVE),
    *(Stage.SUSPENDED, Stage.CLOSING, Stage.CLOSED),
)


class CallState(StrEnum):
    """Where a call stands, as anybody may know."""

    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    JUDGING = "judging"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Readable:
    """A case as a judge finds it in a list."""

    number: str
    call: str
    stage: Stage
    title: str
    asked: int | None
    currency: str
    language: str


def readable_by(seat: Seat, *, on: date) -> list[Readable]:
    """Return the cases that exist for a seat on a day, by number.

    An expert's: those of the committee's open lists on whose panel the seat is; a trustee's:
    those that the committee recommended; the founder's office's: those sent to it by a
    trustee's conflict. Nothing without a valid declaration, nothing from which one is recused.
    """
    copies = _within_reach(seat, on=on).defer("sections").order_by("case__number")
    return [_readable(copy) for copy in copies if _exists_for(seat, copy.case)]


def copy_for(seat: Seat, number: str, *, on: date) -> BlindCopy | None:
    """Return a case's blind copy; None where it does not exist for this seat."""
    copy = _within_reach(seat, on=on).filter(case__number=number).first()
    return copy if copy and _exists_for(seat, copy.case) else None


def case(number: str, *, lock: bool = False) -> Case | None:
    """Return a case by its number with its list and call. Not for a page."""
    found = Case.objects.select_for_update(of=("self",)) if lock else Case.objects.all()
    return found.select_related("docket__call__programme").filter(number=number).first()


def events(case: Case) -> list[CaseEvent]:
    """Return all that happened to a case, in order."""
    stored = StoredEvent.objects.filter(case=case).order_by("ordinal")
    return [from_plain(CASE_EVENTS[event.kind], event.data) for event in stored]


def call_state(call: Call, *, at: datetime) -> CallState:
    """Return where a call stands; a continuous one is open whatever its lists do."""
    if at < call.opens:
        return CallState.ANNOUNCED
    if call.closes is None or at < call.closes:
        return CallState.OPEN
    docket = Docket.objects.filter(call=call).order_by("-ordinal").first()
    if docket is None:
        return CallState.CLOSED
    return CallState.JUDGING if docket.released_on is None else CallState.RELEASED


def charter(docket: Docket) -> Charter:
    """Return the charter to which a list's cases are pinned."""
    return read().on(docket.charter_day)


def envelope_left(call: Call) -> int:
    """Return what a call's envelope has left, minor units.

    Taken up by every case that the Board confirmed, also while the founder's office has the word.
    Not for a page of a judge: it counts cases that do not exist for some of them.
    """
    taken = 0
    for stored in Case.objects.filter(docket__call=call).values_list("state", flat=True):
        taken += _taken(stored)
    return call.envelope - taken


def open_cases(docket: Docket) -> int:
    """Return how many cases of a list have no final decision."""
    return sum(Stage(case.state["stage"]) not in FINAL for case in cases_of(docket))


def cases_of(docket: Docket) -> Iterable[Case]:
    """Return all cases of a list, by number. Not for a page."""
    return Case.objects.filter(docket=docket).order_by("number")


def _taken(stored: dict[str, Any]) -> int:
    amount: int = stored["amount"]
    if stored["stage"] == Stage.TERMINATED:
        # What was not paid any more is the envelope's again.
        return sum(stored["tranches"][ordinal - 1] for ordinal in stored["paid"])
    waiting = stored["stage"] == Stage.WITH_FOUNDER and stored["pending"] == Outcome.CONFIRMED
    return amount if waiting or stored["stage"] in GIVEN else 0


def _within_reach(seat: Seat, *, on: date) -> QuerySet[BlindCopy]:
    if may_read_case(member(seat, on=on), recused=False, on=on):
        return BlindCopy.objects.none()
    found = BlindCopy.objects.filter(case__docket__released_on=None)
    found = found.exclude(case__in=Recusal.objects.filter(seat=seat).values("case"))
    if seat.body.type == Body.COMMITTEE:
        found = found.filter(case__docket__call__programme__committee=seat.body_id)
    elif seat.body.type == Body.BOARD:
        found = found.filter(case__docket__call__programme__board=seat.body_id)
    return found.select_related("case__docket__call")


def _exists_for(seat: Seat, case: Case) -> bool:
    now = case.now
    if seat.body.type == Body.COMMITTEE:
        return seat.code in panel(charter(case.docket), now)
    if seat.body.type == Body.FOUNDER:
        return now.stage is Stage.WITH_FOUNDER
    return now.amount > 0 and now.stage is not Stage.WITHDRAWN


def _readable(copy: BlindCopy) -> Readable:
    call = copy.case.docket.call
    return Readable(
        number=copy.case.number,
        call=call.code,
        stage=copy.case.now.stage,
        title=copy.title,
        asked=copy.asked,
        currency=call.currency,
        language=copy.language,
    )
