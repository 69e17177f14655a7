"""What the log writes down, and who did it."""

from typing import Protocol

from tarazy.charter.events import Event


class Actor(Protocol):
    """Whoever acts: `ref` names an account or a seat by a code that says nothing about it."""

    @property
    def ref(self) -> str: ...


Happened = Event | tuple[Event, ...]
