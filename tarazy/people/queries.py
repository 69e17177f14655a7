"""Who somebody is to the foundation."""

from datetime import date

from django.db.models import Q

from tarazy.charter.events import Role
from tarazy.people.models import Disclosure, Person, Relation, StaffRole


def roles(person: Person, *, on: date) -> frozenset[Role]:
    """Return the staff roles that a person holds on a day."""
    held = StaffRole.objects.filter(person=person, begins__lte=on).filter(
        Q(ends=None) | Q(ends__gt=on)
    )
    return frozenset(Role(role) for role in held.values_list("role", flat=True))


def declared_until(person_id: int, *, on: date) -> date | None:
    """Return the first day on which the newest declaration made by then no longer holds."""
    found = Disclosure.objects.filter(person_id=person_id, declared_on__lte=on)
    return found.order_by("-valid_until").values_list("valid_until", flat=True).first()


def relations_on_file(*, on: date) -> list[tuple[int, str]]:
    """Return (account's key, declared name) of every declaration that holds on a day."""
    valid = Relation.objects.filter(disclosure__declared_on__lte=on, disclosure__valid_until__gt=on)
    return list(valid.order_by("pk").values_list("disclosure__person_id", "name"))
