"""Backup and restore: everything in one file, the same on either engine."""

import gzip
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.management.color import no_style
from django.core.serializers.base import DeserializationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models, transaction

from tarazy.applications.models import Application
from tarazy.applications.steps import original_path
from tarazy.ledger.models import Head
from tarazy.ledger.notes import Checkpoint
from tarazy.ledger.queries import lines
from tarazy.ledger.tree import leaf_hash, root_of

FORMAT = 1
BATCH = 500
DATA, MANIFEST = "data.jsonl", "manifest.json"
KEYS, ORIGINALS = "keys", "originals"
MEMBER = re.compile(
    rf"{re.escape(DATA)}|{ORIGINALS}/[0-9a-f]{{32}}|{KEYS}/\.?[A-Za-z0-9][A-Za-z0-9._-]*"
)
DAMAGE = (
    tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, KeyError, TypeError, AttributeError,
    UnicodeDecodeError, json.JSONDecodeError, DeserializationError,
)  # fmt: skip


class ExactJSON(DjangoJSONEncoder):
    """JSON with every microsecond of an instant: Django's own cuts them off."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


class BadArchive(ValueError):
    """The archive is not what its manifest says; nothing was restored."""


class NotEmpty(ValueError):
    """There is a foundation here already; nothing was restored."""


def backup(target: Path) -> dict[str, Any]:
    """Write tables, originals and keys into one archive, readable by its owner only.

    One snapshot of the tables; writers wait on SQLite meanwhile. The archive appears under its
    name when it is whole. Returns its manifest. Raises `OSError` on a full disk.
    """
    begun = target.with_name(f".{target.name}.begun")
    begun.unlink(missing_ok=True)
    begun.touch(mode=0o600)
    try:
        with begun.open("r+b") as file:
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                manifest = _pack(packed)
            file.flush()
            os.fsync(file.fileno())
        begun.rename(target)
    except BaseException:
        begun.unlink(missing_ok=True)
        raise
    return manifest


def restore(source: Path) -> dict[str, Any]:
    """Bring back what `backup` wrote, into a home without a foundation.

    All digests are compared first. The tables come in one transaction, and the files before it
    ends, so that a process killed on the way can be started again. Returns the manifest. Raises
    `NotEmpty`; `BadArchive`, when nothing was restored; `OSError` on a full disk.
    """
    if Head.objects.filter(size__gt=0).exists():
        raise NotEmpty("there is a foundation in this home already; restore into an empty one")
    try:
        _check_all_of(source)
        with tarfile.open(source) as archive:
            manifest = _check(archive)
            with transaction.atomic():
                _load(_read(archive, DATA).decode())
                log = Checkpoint("", Head.objects.get().size, root_of(map(leaf_hash, lines())))
                if (log.size, log.root.hex()) != (manifest["log"]["size"], manifest["log"]["root"]):
                    raise BadArchive("the log in it has another root than the one that was saved")
                _unpack(archive)
    except DAMAGE as fault:
        raise BadArchive(f"{source.name} is damaged or no backup of Tarazy: {fault}") from fault
    return manifest


def _pack(packed: gzip.GzipFile) -> dict[str, Any]:
    digests: dict[str, str] = {}
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        with transaction.atomic():
            if connections["default"].vendor == "postgresql":
                with connections["default"].cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            data = b"".join(_rows())
            log = {"size": Head.objects.get().size, "root": root_of(map(leaf_hash, lines())).hex()}
            originals = sorted(Application.objects.values_list("original", flat=True))
        _add(archive, digests, DATA, data)
        for name in originals:
            _add(archive, digests, f"{ORIGINALS}/{name}", original_path(name).read_bytes())
        for path in sorted(settings.KEYS.iterdir()):
            _add(archive, digests, f"{KEYS}/{path.name}", path.read_bytes())
        manifest = {"format": FORMAT, "log": log, "digests": digests}
        _add(archive, {}, MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return manifest


def _add(archive: tarfile.TarFile, digests: dict[str, str], name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))
    digests[name] = sha256(content).hexdigest()


def _tables() -> list[type[models.Model]]:
    return [
        model
        for config in apps.get_app_configs()
        if config.name.startswith("tarazy.")
        for model in config.get_models()
    ]


def _rows() -> Iterator[bytes]:
    for model in _tables():
        table: models.QuerySet[models.Model] = models.QuerySet(model)
        rows = table.order_by("pk").iterator(chunk_size=BATCH)
        # Sorted: PostgreSQL keeps the fields of JSON in an order of its own.
        text = serializers.serialize(
            "jsonl", rows, cls=ExactJSON, ensure_ascii=False, sort_keys=True
        )
        yield text.encode()


def _check_all_of(source: Path) -> None:
    """Read to the end, where gzip compares its sum: tarfile stops before it."""
    with gzip.open(source) as packed:
        while packed.read(1 << 20):
            pass


def _check(archive: tarfile.TarFile) -> dict[str, Any]:
    """Read everything once; raises `BadArchive` where a digest differs."""
    manifest: dict[str, Any] = json.loads(_read(archive, MANIFEST))
    if manifest["format"] != FORMAT:
        raise BadArchive(f"this backup has format {manifest['format']}, not {FORMAT}")
    if sorted(item.name for item in archive) != sorted([*manifest["digests"], MANIFEST]):
        raise BadArchive("a file is missing from the backup, or one too many is in it")
    strange = [name for name in manifest["digests"] if not MEMBER.fullmatch(name)]
    if strange:
        raise BadArchive(f"{strange[0]!r} is no name that a backup has")
    for name, digest in manifest["digests"].items():
        if sha256(_read(archive, name)).hexdigest() != digest:
            raise BadArchive(f"{name} is not what was saved")
    return manifest


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise BadArchive(f"{name} is no file")
    return file.read()


def _unpack(archive: tarfile.TarFile) -> None:
    for entry in archive:
        folder, _, name = entry.name.partition("/")
        if folder == ORIGINALS:
            _write(original_path(name), _read(archive, entry.name))
        elif folder == KEYS:
            _write(settings.KEYS / name, _read(archive, entry.name))


def _write(path: Path, content: bytes) -> None:
    """Write a file beside its name and move it there: never half a key, killed or not."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    begun = path.with_name(f"{path.name}.begun")
    begun.unlink(missing_ok=True)
    begun.touch(mode=0o600)
    with begun.open("r+b") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    begun.rename(path)


def _load(data: str) -> None:
    """Put the rows into the tables; only inside a transaction."""
    Head.objects.all().delete()
    batch: list[models.Model] = []
    for item in serializers.deserialize("jsonl", data):
        if batch and (type(batch[0]) is not type(item.object) or len(batch) == BATCH):
            _insert(batch)
            batch = []
        batch.append(item.object)
    if batch:
        _insert(batch)
    # PostgreSQL's sequences do not follow rows that bring their own keys.
    connection = connections["default"]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _tables()):
            cursor.execute(statement)


def _insert(batch: list[models.Model]) -> None:
    # Not `save`: that tries an UPDATE first, which permanent rows refuse even where none is hit.
    table: models.QuerySet[models.Model] = models.QuerySet(type(batch[0]))
    table.bulk_create(batch)
