"""Reading the identity side. Nothing here is for a desk."""

from django.db.models import Count, QuerySet

from tarazy.applications.models import Application
from tarazy.applications.submission import Card
from tarazy.calls.models import Call
from tarazy.cases.models import Case

Status = Application.Status


def of_call(call: Call) -> QuerySet[Application]:
    """Return a call's applications with card and proposal, in the order of receipt."""
    found = Application.objects.filter(call=call).select_related("card", "proposal")
    return found.order_by("submitted_at", "pk")


def waiting(call: Call) -> QuerySet[Application]:
    """Return a call's applications that will be cases: eligible ones, and those on appeal."""
    return of_call(call).filter(status__in=[Status.ELIGIBLE, Status.APPEALED], case=None)


def received(call: Call, token: str) -> bool:
    """Say whether an application with this token has been received."""
    return Application.objects.filter(call=call, token=token).exists()


def counts(call: Call) -> dict[str, int]:
    """Return how many applications stand in each status."""
    found = Application.objects.filter(call=call).values("status").annotate(n=Count("pk"))
    return {row["status"]: row["n"] for row in found.order_by("status")}


def of_case(case: Case) -> Application:
    """Return the application behind a case; whoever asks has asked the charter (6.1)."""
    return Application.objects.select_related("card", "proposal", "call").get(case=case)


def card(application: Application) -> Card:
    """Return who applied, as plain values."""
    kept = application.card
    return Card(
        name=kept.name,
        legal_name=kept.legal_name,
        individual=kept.individual,
        bin=kept.bin,
        region=kept.region,
        names=tuple(kept.names),
        people=tuple(kept.people),
        emails=tuple(kept.emails),
        urls=tuple(kept.urls),
        phones=tuple(kept.phones),
        numbers=tuple(kept.numbers),
    )
