"""What the log writes down, and who did it."""

from dataclasses import dataclass
from typing import Protocol

from tarazy.charter.events import Event


class Actor(Protocol):
    """Whoever acts: `ref` names an account or a seat by a code that says nothing about it."""

    @property
    def ref(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Program:
    """What the program does of itself, with no person behind it: setting up, publishing."""

    ref: str


Happened = Event | tuple[Event, ...]
