"""What happens to programmes and calls."""

from dataclasses import dataclass
from typing import ClassVar

from tarazy.charter.events import Event


@dataclass(frozen=True, slots=True)
class ProgrammeBegun(Event):
    """A programme began, with its committee."""

    kind: ClassVar[str] = "calls.programme_begun"
    programme: str
    committee: str


@dataclass(frozen=True, slots=True)
class Announced(Event):
    """A call was announced: its window (instants in UTC; no `closes`: continuous), its money.

    `envelope` and `ceiling` are minor units; `terms` is the digest of all that was announced.
    """

    kind: ClassVar[str] = "calls.announced"
    call: str
    programme: str
    opens: str
    closes: str | None
    currency: str
    envelope: int
    ceiling: int
    terms: str
