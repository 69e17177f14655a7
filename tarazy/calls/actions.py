"""Beginning programmes, announcing calls."""

from datetime import UTC, datetime
from hashlib import sha256

from tarazy.calls.events import Announced, ProgrammeBegun
from tarazy.calls.models import Call, Programme
from tarazy.charter.refusals import demand
from tarazy.charter.rules import may_manage_calls
from tarazy.ledger.canonical import canonical
from tarazy.ledger.events import Program
from tarazy.ledger.steps import action
from tarazy.people.models import Person
from tarazy.people.queries import roles


@action
def begin(programme: Programme, *, by: Program, at: datetime) -> ProgrammeBegun:
    """Begin a programme."""
    programme.save(force_insert=True)
    return ProgrammeBegun(programme=programme.code, committee=programme.committee.code)


@action
def announce(call: Call, *, by: Person, at: datetime) -> Announced:
    """Announce a call (12.3); from here on its window and money are what was said."""
    demand(may_manage_calls(roles(by, on=at.date())))
    call.save(force_insert=True)
    terms = canonical([call.title, call.about, call.criteria, call.conditions])
    return Announced(
        call=call.code,
        programme=call.programme.code,
        opens=_instant(call.opens),
        closes=_instant(call.closes) if call.closes else None,
        currency=call.currency,
        envelope=call.envelope,
        ceiling=call.ceiling,
        terms=sha256(terms).hexdigest(),
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
