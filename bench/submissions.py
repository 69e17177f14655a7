"""The last minute before a deadline: 64 clients hand in at once, and every one is durable.

Two processes with 32 threads each call `submit` in a closed loop, on SQLite with
`synchronous=FULL`, originals synchronised before they are acknowledged.

The limit is a bare loop on a copy of the same tables: one process, one connection, Python's
`sqlite3`, the same settings, the same bytes. For each submission it writes and synchronises the
original's file, then makes one transaction of the same six writes: application, card, proposal,
line, opening, head. Everything is prepared but the file's name and the keys: it checks nothing,
asks no rule, encodes no JSON, makes no digest, waits for nobody. It runs before and after, and
the mean counts.
"""

import json
import multiprocessing
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from itertools import count, cycle
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from bench.ground import (
    CONTINUOUS,
    Bound,
    applications,
    call,
    coordinator,
    describe_disk,
    drafts,
    make_foundation,
)
from tarazy.applications.actions import submit
from tarazy.applications.models import Application
from tarazy.applications.steps import original_path
from tarazy.applications.submission import Draft
from tarazy.calls.models import Call
from tarazy.engine.sqlite.base import PRAGMAS
from tarazy.ledger.canonical import seal
from tarazy.ledger.models import Entry, Opening
from tarazy.ops import clock
from tarazy.people.models import Person

PROCESSES, THREADS = 2, 32
P99_MILLISECONDS = 400.0
SHARE_OF_BARE = 0.25
# Where the bare loop is slower than this, a quarter of its rate lets 64 clients wait longer than
# that on average: the machine is too slow, or too busy, to ask for both.
LEAST_BARE = PROCESSES * THREADS / (P99_MILLISECONDS / 1000) / SHARE_OF_BARE  # submissions/s
LONGEST_WAIT = 120.0  # seconds for a process to begin or to tell what it did


@dataclass(slots=True)
class Told:
    """What one process did: (token, digest) of each acknowledged submission, and its costs."""

    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cpu: float = 0.0
    ended: float = 0.0  # by the clock that all processes share


def measure(seconds: float) -> list[Bound]:
    """Let the bare loop run, then the clients, then the bare loop; compare, and look for each."""
    make_foundation()
    describe_disk()
    applications()
    into, by = call(CONTINUOUS), coordinator()
    at = clock.now()
    ready = drafts(into)
    size = sum(len(draft.document()) for draft in ready) / len(ready)
    print(f"{len(ready)} different applications, {size / 1000:.1f} kB each on average")
    bare = Bare(into, ready, by=by, at=at)
    rates = [bare.run(seconds / 4)]
    told, elapsed = _rush(into, ready, by=by, at=at, seconds=seconds)
    rates.append(bare.run(seconds / 4))
    return _compare(told, elapsed, bare_rate=sum(rates) / len(rates), lost=_lost(into, told))


def _compare(told: Told, elapsed: float, *, bare_rate: float, lost: list[str]) -> list[Bound]:
    times = sorted(told.seconds)
    if not times:
        raise SystemExit(f"Nothing was acknowledged: {told.refused[:3]}")
    p50, p99 = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
    rate = len(times) / elapsed
    print(f"bare loop: {bare_rate:.0f} submissions/s")
    print(
        f"{PROCESSES} x {THREADS} clients: {rate:.0f} submissions/s, {rate / bare_rate:.2f} of it"
    )
    print(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {1000 * times[-1]:.0f} ms")
    print(f"CPU {1000 * told.cpu / len(times):.2f} ms a submission")
    print(f"{len(times)} acknowledged, {len(told.refused)} refused, {len(lost)} lost")
    for words in [*told.refused[:3], *lost[:3]]:
        print(f"  {words}")
    return [
        Bound("none refused", not told.refused),
        Bound("none lost", not lost),
        Bound(
            f"{rate / bare_rate:.2f} of the bare loop, wanted at least {SHARE_OF_BARE}",
            rate / bare_rate >= SHARE_OF_BARE,
        ),
        _waiting(p99, bare_rate),
    ]


def _waiting(p99: float, bare_rate: float) -> Bound:
    words = f"p99 {p99:.0f} ms, wanted at most {P99_MILLISECONDS:.0f} ms"
    if p99 <= P99_MILLISECONDS:
        return Bound(words, holds=True)
    if bare_rate >= LEAST_BARE:
        return Bound(words, holds=False)
    words += f"; the bare loop makes {bare_rate:.0f}/s of the {LEAST_BARE:.0f}/s that this takes"
    return Bound(f"{words}: the machine is too slow, or busy", holds=None)


def _rush(
    into: Call, ready: list[Draft], *, by: Person, at: datetime, seconds: float
) -> tuple[Told, float]:
    """Let all clients hand in for so long; return what they did and how long it lasted."""
    connections.close_all()  # a child opens its own
    context = multiprocessing.get_context("fork")
    together = context.Barrier(PROCESSES * THREADS + 1)
    answers: Any = context.Queue()

    def work(process: int) -> None:
        answers.put(_clients(process, together, into, ready, by=by, at=at, seconds=seconds))

    children = [context.Process(target=work, args=(n,)) for n in range(PROCESSES)]
    for child in children:
        child.start()
    together.wait(LONGEST_WAIT)
    begun = time.perf_counter()
    whole = Told()
    for _ in children:
        part: Told = answers.get(timeout=seconds + LONGEST_WAIT)
        whole.acknowledged += part.acknowledged
        whole.seconds += part.seconds
        whole.refused += part.refused
        whole.cpu += part.cpu
        whole.ended = max(whole.ended, part.ended)
    for child in children:
        child.join()
    return whole, whole.ended - begun


def _clients(
    process: int,
    together: Barrier,
    into: Call,
    ready: list[Draft],
    *,
    by: Person,
    at: datetime,
    seconds: float,
) -> Told:
    told = Told()

    def client(number: int) -> None:
        connections["default"].ensure_connection()
        together.wait(LONGEST_WAIT)
        until = time.perf_counter() + seconds
        for draft in _own(ready, f"{process}:{number}", first=process * THREADS + number):
            begun = time.perf_counter()
            if begun >= until:
                break
            try:
                submitted = submit(into, draft, by=by, at=at)
            except Exception as fault:  # whatever it is, the client was refused
                told.refused.append(f"{type(fault).__name__}: {fault}")
                continue
            told.seconds.append(time.perf_counter() - begun)
            told.acknowledged.append((draft.token, submitted.document))
        connections.close_all()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.cpu, told.ended = time.process_time(), time.perf_counter()
    return told


def _own(ready: list[Draft], client: str, *, first: int) -> Iterator[Draft]:
    """Yield drafts without end, each with a token that no other client has."""
    for number in count(first):
        yield replace(ready[number % len(ready)], token=f"bench:{client}:{number}")


def _lost(into: Call, told: Told) -> list[str]:
    """Look for every acknowledged submission: its row, its original, its line; name the lost."""
    rows = {
        token: (document, original)
        for token, document, original in Application.objects.filter(call=into).values_list(
            "token", "document", "original"
        )
    }
    lines = _sealed_documents()
    lost = []
    for token, document in told.acknowledged:
        kept, original = rows.get(token, ("", ""))
        if kept != document:
            lost.append(f"{token}: no row")
        elif not _is_on_disk(original, document):
            lost.append(f"{token}: its original is not on disk")
        elif document not in lines:
            lost.append(f"{token}: no line in the log")
    return lost


def _is_on_disk(original: str, document: str) -> bool:
    path = original_path(original)
    return path.exists() and sha256(path.read_bytes()).hexdigest() == document


def _sealed_documents() -> set[str]:
    """Return the digests to which the lines commit, each checked against its line's seal."""
    found = set()
    bodies = dict(Entry.objects.values_list("seq", "body"))
    for seq, salt, value in Opening.objects.values_list("seq", "salt", "value"):
        hidden = json.loads(value)
        if json.loads(bodies[seq])["seal"] == seal(hidden, salt=bytes(salt)):
            found.add(hidden.get("document"))
    return found


class Bare:
    """The limit: see the module's words."""

    def __init__(self, into: Call, ready: list[Draft], *, by: Person, at: datetime) -> None:
        """Copy the tables, and prepare what every submission writes."""
        self._file = settings.HOME / "bare.sqlite3"
        self._originals = settings.HOME / "bare-originals"
        with connections["default"].cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(self._file)])
        for number in range(256):
            (self._originals / f"{number:02x}").mkdir(parents=True)
        self._ready = cycle([_prepared(draft, into, by, at) for draft in ready])
        self._number = count(1_000_000)

    def run(self, seconds: float) -> float:
        """Hand in for so long; return submissions a second."""
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            for pragma in ("PRAGMA journal_mode = WAL", "PRAGMA foreign_keys = ON", *PRAGMAS):
                connection.execute(pragma)
            begun = time.perf_counter()
            done = 0
            while time.perf_counter() - begun < seconds:
                self._submit(connection)
                done += 1
            return done / (time.perf_counter() - begun)

    def _submit(self, connection: sqlite3.Connection) -> None:
        document, application, card, proposal, body, salt, value = next(self._ready)
        number = next(self._number)
        name = secrets.token_hex(16)
        _write_durably(self._originals / name[:2] / name, document)
        execute = connection.execute
        execute("BEGIN IMMEDIATE")
        execute(APPLICATION, (number, f"bare:{number}", name, *application))
        execute(CARD, (number, *card))
        execute(PROPOSAL, (number, *proposal))
        execute("INSERT INTO ledger_entry (seq, body) VALUES (?, ?)", (number, body))
        execute(
            "INSERT INTO ledger_opening (seq, salt, value) VALUES (?, ?, ?)", (number, salt, value)
        )
        execute("UPDATE ledger_head SET size = size + 1 WHERE id = 1")
        execute("COMMIT")


APPLICATION = (
    "INSERT INTO applications_application (id, token, original, call_id, status, failed_condition,"
    " submitted_at, submitted_by_id, requested, document)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
CARD = (
    "INSERT INTO applications_identitycard (application_id, name, legal_name, individual, bin,"
    " region, names, people, emails, urls, phones, numbers)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
PROPOSAL = (
    "INSERT INTO applications_proposal (application_id, language, title, duration, sections)"
    " VALUES (?, ?, ?, ?, ?)"
)


def _write_durably(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, content)
        os.fdatasync(handle)
    finally:
        os.close(handle)


def _prepared(draft: Draft, into: Call, by: Person, at: datetime) -> tuple[Any, ...]:
    """Return the bytes of one submission: of the right length, where they are not the same."""
    document = draft.document()
    digest = sha256(document).hexdigest()
    instant = at.strftime("%Y-%m-%d %H:%M:%S.%f")
    application = (into.pk, "submitted", "", instant, by.pk, draft.requested, digest)
    who = draft.card
    lists = (who.names, who.people, who.emails, who.urls, who.phones, who.numbers)
    card = (who.name, who.legal_name, who.individual, who.bin, who.region, *map(_json, lists))
    sections = [{"heading": part.heading, "text": part.text} for part in draft.sections]
    proposal = (draft.language, draft.title, draft.duration, _json(sections))
    body = _json(
        {
            "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "call": into.code,
            "kind": "applications.submitted",
            "seal": digest,
            "seq": 1_000_000,
        }
    )
    value = _json({"by": by.ref, "document": digest})
    return document, application, card, proposal, body, secrets.token_bytes(32), value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
