"""What happens to the foundation and its bodies."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from tarazy.charter.events import Body, Event, sealed


@dataclass(frozen=True, slots=True)
class Founded(Event):
    """The foundation adopted its charter: the log's first line. `charter` is its digest."""

    kind: ClassVar[str] = "governance.founded"
    charter: str
    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class BodyEstablished(Event):
    """A committee, the Board or the founder's office was set up."""

    kind: ClassVar[str] = "governance.body_established"
    body: str
    type: Body


@dataclass(frozen=True, slots=True)
class Appointed(Event):
    """Somebody was appointed to a body, from a day on and before another."""

    kind: ClassVar[str] = "governance.appointed"
    body: str
    begins: date
    ends: date
    seat: str = sealed()
    person: str = sealed()


@dataclass(frozen=True, slots=True)
class AgreementSigned(Event):
    """A member signed the agreement with the foundation."""

    kind: ClassVar[str] = "governance.agreement_signed"
    on: date
    seat: str = sealed()
