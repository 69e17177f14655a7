"""Reading calls."""

from tarazy.calls.models import Call


def announced() -> list[Call]:
    """Return every call with its programme, by code."""
    return list(Call.objects.select_related("programme").order_by("code"))


def call(code: str) -> Call | None:
    """Return a call by its code, with its programme and bodies; None where there is none."""
    found = Call.objects.select_related("programme__committee", "programme__board")
    return found.filter(code=code).first()
