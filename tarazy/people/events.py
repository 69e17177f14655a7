"""What happens to accounts, roles and declarations."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from tarazy.charter.events import Event, Role, sealed


@dataclass(frozen=True, slots=True)
class Enrolled(Event):
    """Somebody got an account."""

    kind: ClassVar[str] = "people.enrolled"
    person: str = sealed()


@dataclass(frozen=True, slots=True)
class RoleGiven(Event):
    """A member of staff took up a role."""

    kind: ClassVar[str] = "people.role_given"
    role: Role
    person: str = sealed()


@dataclass(frozen=True, slots=True)
class Declared(Event):
    """A yearly declaration was filed; it holds before `until`. Its content stays with people."""

    kind: ClassVar[str] = "people.declared"
    on: date
    until: date
    digest: str = sealed()
