"""What happens to the list of cases that a committee judges together."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from tarazy.charter.events import Event


@dataclass(frozen=True, slots=True)
class DocketOpened(Event):
    """A call's list was opened; each of its cases has a quiet line of its own."""

    kind: ClassVar[str] = "cases.docket_opened"
    call: str
    docket: int
    on: date


@dataclass(frozen=True, slots=True)
class DocketReleased(Event):
    """A list was released: decisions, names and letters come out together."""

    kind: ClassVar[str] = "cases.docket_released"
    call: str
    docket: int
    on: date
    cases: int
