"""Looking after an installation: what is well, what is not, what to do."""

import platform
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from tarazy.applications.models import Application, IdentityCard
from tarazy.applications.steps import original_path
from tarazy.cases.models import Case
from tarazy.cases.queries import charter, events
from tarazy.charter.case import fold
from tarazy.engine.desk import desk
from tarazy.ledger.models import Entry, Head
from tarazy.ops.publishing import KEY

OPTIONAL = {
    "soffice": "office files as pages",
    "tesseract": "text in scanned pages",
    "clamdscan": "viruses in uploads",
}
LOW_DISK = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `ok` is None where it is optional and absent."""

    what: str
    ok: bool | None
    words: str


def examine() -> Iterator[Finding]:
    """Look at everything, one finding after another; changes nothing."""
    yield Finding("Python", ok=True, words=platform.python_version())
    yield from _folders()
    yield from _database()
    yield from _wall()
    yield from _log()
    yield from _cases()
    yield from _originals()
    yield from _tools()


def _folders() -> Iterator[Finding]:
    for folder in (settings.HOME, settings.ORIGINALS, settings.KEYS):
        try:
            with TemporaryFile(dir=folder) as file:
                file.write(b"tarazy")
            yield Finding(f"folder {folder.name}", ok=True, words="writable")
        except OSError as fault:
            yield Finding(f"folder {folder.name}", ok=False, words=f"not writable: {fault}")
    free = shutil.disk_usage(settings.HOME).free
    words = f"{free / (1 << 30):.1f} GiB free"
    yield Finding("disk", ok=free > LOW_DISK, words=words)
    key = settings.KEYS / KEY
    if key.exists():
        private = stat.S_IMODE(key.stat().st_mode) & 0o077 == 0
        words = "only its owner reads it" if private else "others may read it: chmod 600"
        yield Finding("signing key", ok=private, words=words)


def _database() -> Iterator[Finding]:
    connection = connections["default"]
    with connection.cursor() as cursor:
        sqlite = connection.vendor == "sqlite"
        cursor.execute("SELECT sqlite_version()" if sqlite else "SHOW server_version")
        version = cursor.fetchone()[0]
        if sqlite:
            cursor.execute("PRAGMA quick_check")
            sound = cursor.fetchone()[0]
            yield Finding("database file", ok=sound == "ok", words=sound)
    yield Finding("database", ok=True, words=f"{connection.vendor} {version}")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    words = f"{len(waiting)} migrations wait" if waiting else "up to date"
    yield Finding("tables", ok=not waiting, words=words)


def _wall() -> Iterator[Finding]:
    try:
        with desk():
            IdentityCard.objects.first()
    except DatabaseError:
        yield Finding("the wall", ok=True, words="the desk is refused identities by the database")
    else:
        yield Finding("the wall", ok=False, words="THE DESK CAN READ IDENTITIES: stop judging")


def _log() -> Iterator[Finding]:
    size, kept = Head.objects.get().size, Entry.objects.count()
    words = f"{size} lines" if size == kept else f"{size} lines counted, {kept} kept"
    yield Finding("log", ok=size == kept, words=words)


def _cases() -> Iterator[Finding]:
    wrong = [
        case.number
        for case in Case.objects.select_related("docket")
        if not _is_what_its_events_say(case)
    ]
    words = (
        f"differ from their events: {', '.join(wrong)}" if wrong else "each is what its events say"
    )
    yield Finding("cases", ok=not wrong, words=words)


def _is_what_its_events_say(case: Case) -> bool:
    try:
        return fold(charter(case.docket), events(case)) == case.now
    except (ValueError, LookupError, TypeError):  # whatever stands there, it is no case
        return False


def _originals() -> Iterator[Finding]:
    named = dict(Application.objects.values_list("original", "document"))
    lost = {name for name in named if not original_path(name).exists()}
    changed = [
        name
        for name in named.keys() - lost
        if sha256(original_path(name).read_bytes()).hexdigest() != named[name]
    ]
    words = f"{len(named)}, all there and as they were received"
    if lost or changed:
        words = f"{len(lost)} of {len(named)} MISSING, {len(changed)} CHANGED: bring back a backup"
    yield Finding("originals", ok=not (lost or changed), words=words)
    spare = [path for path in _files(settings.ORIGINALS) if path.name not in named]
    if spare:
        words = f"{len(spare)} files belong to no application (interrupted submissions): harmless"
        yield Finding("originals", ok=True, words=words)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*/*") if path.is_file())


def _tools() -> Iterator[Finding]:
    for tool, use in OPTIONAL.items():
        found = shutil.which(tool)
        words = "found" if found else "not found; nothing asks for it yet"
        yield Finding(f"{tool} ({use})", ok=True if found else None, words=words)
