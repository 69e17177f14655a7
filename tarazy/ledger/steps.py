"""Appending to the log: inside the transaction of whatever happened, or not at all."""

import functools
import secrets
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from django.db import connections, transaction

from tarazy.charter.events import Event, is_sealed
from tarazy.charter.plain import to_plain
from tarazy.engine.desk import alias
from tarazy.ledger.canonical import canonical, seal
from tarazy.ledger.events import Happened
from tarazy.ledger.models import Entry, Head, Opening

SEALED = "cases.sealed"  # the kind of every line that shows only a day and a seal

P = ParamSpec("P")
H = TypeVar("H", bound=Happened)


def action(verb: Callable[P, H]) -> Callable[P, H]:
    """Make a verb of it: one durable transaction, whose events become lines of the log.

    The verb takes `by` (an `Actor`) and `at` by name and returns what happened: one event, or
    for a list the list's event and one for each case. `at` is an aware instant in the
    foundation's zone, so that `at.date()` is the foundation's day. A refusal or a fault rolls
    everything back, the lines included. An action that calls an action fails.
    """

    @functools.wraps(verb)
    def act(*args: P.args, **kwargs: P.kwargs) -> H:
        by: Any = kwargs["by"]
        at: Any = kwargs["at"]
        if at.utcoffset() is None:
            raise ValueError("`at` needs a time zone")
        with transaction.atomic(using=alias(), durable=True):
            happened = verb(*args, **kwargs)
            append(happened if isinstance(happened, tuple) else (happened,), by=by.ref, at=at)
        return happened

    return act


def append(events: tuple[Event, ...], *, by: str, at: datetime) -> None:
    """Append one line for each event; `by` and sealed fields only as a salted commitment.

    Raises `RuntimeError` outside a transaction.
    """
    using = alias()
    if not connections[using].in_atomic_block:
        raise RuntimeError("a line is appended inside the transaction of what happened")
    # The head is locked last, after the work, so that writers wait for each other shortly.
    head = Head.objects.select_for_update().get(pk=1)
    entries, openings = [], []
    for seq, event in enumerate(events, start=head.size):
        salt = secrets.token_bytes(32)
        public, hidden = _parts(event)
        hidden["by"] = by
        if "on" not in public:
            public["at"] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = canonical({**public, "seq": seq, "seal": seal(hidden, salt=salt)})
        entries.append(Entry(seq=seq, body=body.decode()))
        openings.append(Opening(seq=seq, salt=salt, value=canonical(hidden).decode()))
    Entry.objects.bulk_create(entries)
    Opening.objects.bulk_create(openings)
    head.size += len(events)
    head.save(update_fields=["size"])


def _parts(event: Event) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the line shows and what its seal commits to."""
    if event.quiet:
        hidden = to_plain(event) | {"kind": event.kind}
        return {"kind": SEALED, "on": hidden["on"]}, hidden
    public: dict[str, Any] = {"kind": event.kind}
    hidden = {}
    for item in fields(event):
        side = hidden if is_sealed(item) else public
        side[item.name] = to_plain(getattr(event, item.name))
    return public, hidden
