"""Accounts, roles, declarations: one verb, one transaction, one event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tarazy.charter.book import read
from tarazy.charter.events import Role
from tarazy.charter.refusals import demand
from tarazy.charter.rules import declaration_ends, may_declare
from tarazy.ledger.canonical import canonical
from tarazy.ledger.events import Program
from tarazy.ledger.steps import action
from tarazy.people.events import Declared, Enrolled, RoleGiven
from tarazy.people.models import Disclosure, Person, Relation, StaffRole


@dataclass(frozen=True, slots=True)
class Declaration:
    """One line of a declaration: what kind of relation, its name, a note."""

    kind: str
    name: str
    note: str = ""


@action
def enrol(person: Person, *, by: Program, at: datetime) -> Enrolled:
    """Give somebody an account; no password yet, so nobody can sign in with it."""
    person.set_unusable_password()
    person.save(force_insert=True)
    return Enrolled(person=person.ref)


@action
def give_role(person: Person, role: Role, *, by: Program, at: datetime) -> RoleGiven:
    """Give a member of staff a role from today on."""
    StaffRole.objects.create(person=person, role=role.value, begins=at.date())
    return RoleGiven(role=role, person=person.ref)


@action
def declare(relations: Sequence[Declaration], *, by: Person, at: datetime) -> Declared:
    """File one's yearly declaration (5.1); an empty one says that there is nobody to name."""
    day = at.date()
    held = Person.objects.select_for_update().get(pk=by.pk)
    today = Disclosure.objects.filter(person=held, declared_on=day).exists()
    demand(may_declare(declared_today=today))
    until = declaration_ends(read().on(day), day)
    disclosure = Disclosure.objects.create(person=by, declared_on=day, valid_until=until)
    Relation.objects.bulk_create(
        Relation(disclosure=disclosure, kind=line.kind, name=line.name, note=line.note)
        for line in relations
    )
    content = canonical([[line.kind, line.name, line.note] for line in relations])
    return Declared(on=day, until=until, digest=sha256(content).hexdigest())
