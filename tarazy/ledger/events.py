"""What the log writes down, and who did it."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Protocol

from tarazy.charter.events import Event


class Actor(Protocol):
    """Whoever acts: `ref` names an account or a seat by a code that says nothing about it."""

    @property
    def ref(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Program:
    """What the program does of itself, with no person behind it: setting up, publishing."""

    ref: str


@dataclass(frozen=True, slots=True)
class DecoyAppended(Event):
    """Nothing happened: a line that looks as every other quiet line does."""

    kind: ClassVar[str] = "ledger.decoy_appended"
    quiet: ClassVar[bool] = True

    on: date


Happened = Event | tuple[Event, ...]
