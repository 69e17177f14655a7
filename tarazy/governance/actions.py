"""Founding, bodies, appointments, agreements.

Only set-up does the first three, a `Program`: who may propose and appoint is not in the charter
yet, so that no person can.
"""

from datetime import date, datetime
from hashlib import sha256
from random import Random

from django.db.models import Max

from tarazy.charter.book import CHARTER, read
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.refusals import demand
from tarazy.charter.rules import Term, may_seat, may_sign_agreement
from tarazy.governance.events import AgreementSigned, Appointed, BodyEstablished, Founded
from tarazy.governance.models import Body, Foundation, Seat, SeatAgreement
from tarazy.governance.queries import terms
from tarazy.governance.steps import random_code
from tarazy.ledger.events import Program
from tarazy.ledger.steps import action
from tarazy.people.models import Person
from tarazy.people.queries import roles


@action
def found(foundation: Foundation, *, by: Program, at: datetime) -> Founded:
    """Found the foundation: adopt the charter; the log's first line."""
    foundation.pk = 1
    foundation.founded_at = at
    foundation.save(force_insert=True)
    charter = sha256(CHARTER.read_bytes()).hexdigest()
    return Founded(charter=charter, zone=foundation.zone, currency=foundation.currency)


@action
def establish(body: Body, *, by: Program, at: datetime) -> BodyEstablished:
    """Set up a body."""
    body.save(force_insert=True)
    return BodyEstablished(body=body.code, type=BodyKind(body.type))


@action
def appoint(
    person: Person,
    body: Body,
    *,
    begins: date,
    ends: date,
    reserve: bool,
    chance: Random,
    by: Program,
    at: datetime,
) -> Appointed:
    """Appoint somebody to a body for a term (1.1, 1.2, 4.2)."""
    held = Body.objects.select_for_update().get(pk=body.pk)
    # Nobody in two bodies is a rule over people: their rows are locked, not only the body's.
    person = Person.objects.select_for_update().get(pk=person.pk)
    elsewhere = Seat.objects.filter(person=person, ends__gt=begins, begins__lt=ends)
    others = elsewhere.exclude(body=held).values_list("body__type", flat=True)
    staff = [BodyKind.STAFF] if roles(person, on=begins) else []
    demand(
        may_seat(
            read().on(at.date()),
            citizen=person.citizen,
            others=[BodyKind(other) for other in others] + staff,
            terms=terms(held.pk, person.pk),
            body=BodyKind(held.type),
            term=Term(begins, ends),
        )
    )
    last = Seat.objects.filter(body=held).aggregate(last=Max("place"))["last"]
    seat = Seat.objects.create(
        body=held,
        person=person,
        code=random_code(chance, 8),
        place=(last or 0) + 1,
        reserve=reserve,
        begins=begins,
        ends=ends,
    )
    return Appointed(body=held.code, begins=begins, ends=ends, seat=seat.code, person=person.ref)


@action
def sign_agreement(seat: Seat, *, by: Person, at: datetime) -> AgreementSigned:
    """Sign one's own agreement with the foundation (2.3)."""
    held = Seat.objects.select_for_update().get(pk=seat.pk)
    signed = SeatAgreement.objects.filter(seat=held).exists()
    demand(may_sign_agreement(own=held.person_id == by.pk, signed=signed))
    SeatAgreement.objects.create(seat=seat, signed_on=at.date())
    return AgreementSigned(on=at.date(), seat=seat.code)
