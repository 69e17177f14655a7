"""Reading the log."""

import json
from collections.abc import Iterator
from typing import Any

from tarazy.ledger.models import Entry, Head, Opening


def size() -> int:
    """Return how many lines the log has."""
    return Head.objects.values_list("size", flat=True).first() or 0


def lines(since: int = 0) -> Iterator[bytes]:
    """Return the lines from a number on, in their order, as the bytes that are hashed."""
    bodies = Entry.objects.filter(seq__gte=since).order_by("seq").values_list("body", flat=True)
    for body in bodies.iterator(chunk_size=2000):
        yield body.encode()


def last(kind: str) -> dict[str, Any] | None:
    """Return the newest line of a kind as a dict, None where there is none."""
    found = Entry.objects.filter(body__contains=f'"kind":"{kind}"').order_by("-seq").first()
    return json.loads(found.body) if found else None


def opening(seq: int) -> tuple[bytes, Any]:
    """Return the salt and the value that the seal of a line commits to.

    Raises `Opening.DoesNotExist` where it was erased.
    """
    kept = Opening.objects.get(seq=seq)
    return bytes(kept.salt), json.loads(kept.value)


def quiet_lines() -> dict[str, list[str]]:
    """Return for each case its quiet lines, "<line> <kind>", in order. Not for a desk."""
    found: dict[str, list[str]] = {}
    openings = Opening.objects.order_by("seq").values_list("seq", "value")
    for seq, value in openings.iterator(chunk_size=2000):
        hidden = json.loads(value)
        if "case" in hidden:
            found.setdefault(hidden["case"], []).append(f"{seq} {hidden['kind']}")
    return found
