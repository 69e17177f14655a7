"""Reading grants."""

from django.db.models import QuerySet

from tarazy.calls.models import Call
from tarazy.cases.models import Case
from tarazy.charter.case import Stage
from tarazy.grants.models import Grant


def awarded() -> QuerySet[Grant]:
    """Return every grant with its call and tranches, by number."""
    found = Grant.objects.select_related("case__docket__call__programme")
    return found.prefetch_related("tranches").order_by("number")


def of_call(call: Call) -> QuerySet[Grant]:
    """Return a call's grants, by number."""
    return awarded().filter(case__docket__call=call)


def awaiting_award(call: Call) -> list[Case]:
    """Return the released and confirmed cases of a call that are no grants yet, by number."""
    found = Case.objects.filter(docket__call=call, docket__released_on__isnull=False)
    return [case for case in found.order_by("number") if case.now.stage is Stage.CONFIRMED]
