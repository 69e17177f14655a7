"""What a seat may know of sheets, ballots and decisions. Every query names its reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tarazy.cases.models import BlindCopy
from tarazy.cases.queries import charter, copy_for
from tarazy.charter.case import Stage, panel
from tarazy.charter.events import Body
from tarazy.charter.rules import may_read_sheet
from tarazy.decisions.models import Minute, Sheet
from tarazy.governance.models import Seat


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A score sheet as its reader sees it; `own` says whether the reader wrote it."""

    own: bool
    marks: Mapping[str, int]
    strengths: str
    weaknesses: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a case is: sheets and ballots handed in of those needed, votes cast."""

    sheets: int
    ballots: int
    needed: int
    votes: int


@dataclass(frozen=True, slots=True)
class Words:
    """What a body decided and said."""

    body: str
    outcome: str
    words: str


def sheets_for(seat: Seat, number: str, *, on: date) -> list[OpenSheet]:
    """Return the sheets of a case that are open to a seat: its own first (7.2).

    An expert's: one's own always, the others' when the panel has handed in. A trustee's: all,
    since the committee has decided. Sheets of recused experts do not count and are not shown.
    """
    copy = copy_for(seat, number, on=on)
    if copy is None or seat.body.type == Body.FOUNDER:
        return []
    now = copy.case.now
    in_force = charter(copy.case.docket)
    judging = panel(in_force, now)
    found = Sheet.objects.filter(case=copy.case, seat__code__in=now.sheets)
    open_to_all = seat.body.type == Body.BOARD and now.stage is not Stage.IN_COMMITTEE
    shown = [
        sheet
        for sheet in found.select_related("seat").order_by("pk")
        if open_to_all
        or not may_read_sheet(
            in_force, seat.code, sheet.seat.code, panel=judging, handed_in=now.sheets
        )
    ]
    sheets = [
        OpenSheet(sheet.seat_id == seat.pk, sheet.marks, sheet.strengths, sheet.weaknesses)
        for sheet in shown
    ]
    # By content, so that neither the order of handing in nor a seat's place tells an author.
    return sorted(sheets, key=lambda sheet: (not sheet.own, sheet.strengths, sheet.weaknesses))


def progress(seat: Seat, number: str, *, on: date) -> Progress | None:
    """Return how far a case is, without saying who; None where it does not exist for the seat."""
    copy = copy_for(seat, number, on=on)
    if copy is None:
        return None
    now = copy.case.now
    needed = charter(copy.case.docket).committee_size
    return Progress(len(now.sheets), len(now.ballots), needed, len(now.votes))


def words_for(seat: Seat, number: str, *, on: date) -> list[Words]:
    """Return what the bodies decided and said on a case, in order."""
    copy = copy_for(seat, number, on=on)
    return minutes(copy) if copy else []


def minutes(copy: BlindCopy) -> list[Words]:
    """Return the decisions on a case in their order. Not for a page: it asks no reader."""
    found = Minute.objects.filter(case=copy.case_id).order_by("ordinal")
    return [Words(minute.body, minute.outcome, minute.words) for minute in found]
