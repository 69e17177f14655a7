"""Appending to the log: inside the transaction of whatever happened, or not at all."""

import functools
import secrets
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any, ParamSpec, TypeVar

from django.db import connections, transaction

from tarazy.charter.events import Event, is_sealed
from tarazy.charter.plain import to_plain
from tarazy.engine.desk import alias
from tarazy.ledger.canonical import SALT_LENGTH, canonical, entry_faults, seal
from tarazy.ledger.events import DecoyAppended, Happened

DECOYS = 3  # up to two for one event; for a list, up to half its number and two more
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
            events = happened if isinstance(happened, tuple) else (happened,)
            append(_among_decoys(events, on=at.date()), by=by.ref, at=at)
        return happened

    return act


def append(events: tuple[Event, ...], *, by: str, at: datetime) -> None:
    """Append one line for each event; `by` and sealed fields only as a salted commitment.

    Raises `RuntimeError` outside a transaction.
    """
    connection = connections[alias()]
    if not connection.in_atomic_block:
        raise RuntimeError("a line is appended inside the transaction of what happened")
    drafts = [_draft(event, by=by, at=at) for event in events]
    # SQL by hand, because every verb passes here, and in a rush one after another: through the
    # models it costs four times as much. The first statement locks the head, after all other
    # work, so that writers wait for each other shortly.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_head SET size = size + %s WHERE id = 1 RETURNING size", [len(drafts)]
        )
        first = cursor.fetchone()[0] - len(drafts)
        cursor.executemany(
            "INSERT INTO ledger_entry (seq, body) VALUES (%s, %s)",
            [
                (seq, _in_form(canonical({**public, "seq": seq}), seq))
                for seq, (public, _, _) in enumerate(drafts, start=first)
            ],
        )
        cursor.executemany(
            "INSERT INTO ledger_opening (seq, salt, value) VALUES (%s, %s, %s)",
            [
                (seq, salt, hidden.decode())
                for seq, (_, salt, hidden) in enumerate(drafts, start=first)
            ],
        )


def _among_decoys(events: tuple[Event, ...], *, on: date) -> tuple[Event, ...]:
    """Mix quiet events with as many decoys as chance will have, none where nothing is quiet.

    Whoever could count a day's quiet lines would know how many cases there are, and a judge
    who is shown one fewer would know that somebody they declared has applied.
    """
    quiet = sum(event.quiet for event in events)
    if not quiet:
        return events
    decoys = secrets.randbelow(quiet // 2 + DECOYS)
    mixed = list(events)
    for _ in range(decoys):
        mixed.insert(secrets.randbelow(len(mixed) + 1), DecoyAppended(on))
    return tuple(mixed)


def _draft(event: Event, *, by: str, at: datetime) -> tuple[dict[str, Any], bytes, bytes]:
    """Return a line without its number, the salt of its seal, and what the seal commits to."""
    salt = secrets.token_bytes(SALT_LENGTH)
    public, hidden = _parts(event)
    hidden["actor"] = by
    if "on" not in public:
        public["at"] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    public["seal"] = seal(hidden, salt=salt)
    return public, salt, canonical(hidden)


def _in_form(body: bytes, seq: int) -> str:
    """Return a line as it is kept; one that could not be published must not be kept at all."""
    faults = entry_faults(body, seq=seq)
    if faults:
        raise ValueError(f"line {seq} {'; '.join(faults)}")
    return body.decode()


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
