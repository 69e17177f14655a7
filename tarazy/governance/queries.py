"""Who sits where, and what the charter must know of them."""

from datetime import date
from zoneinfo import ZoneInfo

from tarazy.charter.book import read
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.events import Member
from tarazy.charter.rules import Term, term_ends
from tarazy.governance.models import Body, Foundation, Seat, SeatAgreement
from tarazy.people.models import Person
from tarazy.people.queries import declared_until


class NotFounded(LookupError):
    """There is no foundation yet."""


def foundation() -> Foundation:
    """Return the foundation; raises `NotFounded` before there is one."""
    found = Foundation.objects.first()
    if found is None:
        raise NotFounded("there is no foundation here yet")
    return found


def zone() -> ZoneInfo:
    """Return the zone in which the foundation counts its days; raises `NotFounded`."""
    return ZoneInfo(foundation().zone)


def seated(body: Body, *, on: date) -> list[Seat]:
    """Return the seats in office on a day: regular ones in their order, then reserves."""
    found = Seat.objects.filter(body=body, begins__lte=on, ends__gt=on)
    return list(found.order_by("reserve", "place"))


def terms(body_id: int, person_id: int) -> list[Term]:
    """Return all terms of a person in a body, in their order."""
    found = Seat.objects.filter(body_id=body_id, person_id=person_id).order_by("begins")
    return [Term(begins, ends) for begins, ends in found.values_list("begins", "ends")]


def member(by: Seat | Person, *, on: date) -> Member:
    """Return what the charter must know of whoever acts.

    Somebody without a seat is `STAFF`, who decides nothing. A committee's term ends where the
    charter ends it, whatever the row says.
    """
    if isinstance(by, Person):
        return Member("", BodyKind.STAFF, on, on, agreed=False, declared_until=None)
    ends = by.ends
    if by.body.type == BodyKind.COMMITTEE:
        earlier = [term for term in terms(by.body_id, by.person_id) if term.begins < by.begins]
        ends = min(ends, term_ends(read().on(on), earlier, begins=by.begins))
    return Member(
        seat=by.code,
        body=BodyKind(by.body.type),
        begins=by.begins,
        ends=ends,
        agreed=SeatAgreement.objects.filter(seat=by, signed_on__lte=on).exists(),
        declared_until=declared_until(by.person_id, on=on),
    )
