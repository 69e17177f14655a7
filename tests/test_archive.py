"""Backup and restore: the same digests on either engine, or nothing at all."""

import gzip
import io
import json
import signal
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from pytest_django import Settings

from tarazy.applications.actions import submit
from tarazy.applications.models import Application
from tarazy.charter.events import Role
from tarazy.ledger.models import Entry, Head
from tarazy.ops.archive import DATA, MANIFEST, BadArchive, NotEmpty, backup, restore
from tarazy.people.models import Person
from tests import cast as small
from tests import databases, terminal
from tests.terminal import Nursery, is_well, one_sentence, played_home, rows, tarazy

Members = dict[str, bytes]


@pytest.fixture
def home(database: None, settings: Settings, tmp_path: Path) -> Path:
    """Make a foundation with three applications in a home of its own."""
    move_in(settings, tmp_path / "home")
    (settings.KEYS / "ledger.key").write_bytes(b"a key")
    trial = small.small_foundation()
    call = small.small_call(trial)
    small.submit_all(call, small.cards(3), at=small.OPENS)
    return tmp_path


def move_in(settings: Settings, home: Path) -> None:
    """Let originals and keys lie in this folder."""
    settings.ORIGINALS, settings.KEYS = home / "originals", home / "keys"
    settings.ORIGINALS.mkdir(parents=True)
    settings.KEYS.mkdir()


@contextmanager
def another_home(settings: Settings, home: Path) -> Iterator[None]:
    """Go on in an empty home, with an empty database of the same engine."""
    with databases.fresh(databases.migrated()):
        move_in(settings, home)
        yield


def files(settings: Settings) -> dict[str, str]:
    """Return the digest of every file in the home, by its path."""
    found = [*settings.ORIGINALS.rglob("*"), *settings.KEYS.rglob("*")]
    return {
        f"{path.parent.name}/{path.name}": sha256(path.read_bytes()).hexdigest()
        for path in found
        if path.is_file()
    }


def counts() -> dict[str, int]:
    """Return how many rows each of our tables has."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("tarazy.")]
    found = {}
    for model in ours:
        table: models.QuerySet[models.Model] = models.QuerySet(model)
        found[model._meta.db_table] = table.count()
    return found


def members(archive: Path) -> Members:
    """Unpack an archive into memory."""
    with tarfile.open(archive) as packed:
        return {item.name: packed.extractfile(item).read() for item in packed}  # type: ignore[union-attr]  # files only


def pack(archive: Path, content: Members, *more: tarfile.TarInfo) -> Path:
    """Make an archive of these members, its manifest's digests made right for them."""
    manifest = json.loads(content[MANIFEST])
    manifest["digests"] = {
        name: sha256(data).hexdigest() for name, data in content.items() if name != MANIFEST
    }
    return pack_as_it_is(archive, content | {MANIFEST: json.dumps(manifest).encode()}, *more)


def pack_as_it_is(archive: Path, content: Members, *more: tarfile.TarInfo) -> Path:
    """Make an archive of these members, whatever its manifest says."""
    with tarfile.open(archive, "w:gz") as packed:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
        for entry in more:
            packed.addfile(entry)
    return archive


def changed_manifest(content: Members, **change: Any) -> Members:
    """Return the members with another manifest."""
    manifest = json.loads(content[MANIFEST]) | change
    return content | {MANIFEST: json.dumps(manifest).encode()}


def without(content: Members, name: str) -> Members:
    """Return the members without one."""
    return {other: data for other, data in content.items() if other != name}


def test_what_is_brought_back_is_what_was_saved_to_the_byte(home: Path, settings: Settings) -> None:
    saved = backup(home / "one.tar.gz")
    known, rows_before = files(settings), counts()
    with another_home(settings, home / "other"):
        brought = restore(home / "one.tar.gz")
        assert brought == saved
        assert files(settings) == known
        assert counts() == rows_before
        again = backup(home / "two.tar.gz")
        assert (again["log"], again["digests"][DATA]) == (saved["log"], saved["digests"][DATA])
        assert (home / "two.tar.gz").read_bytes() == (home / "one.tar.gz").read_bytes()
        # and the foundation goes on: keys of new rows do not meet old ones
        call = Application.objects.order_by("pk")[0].call
        coordinator = Person.objects.get(name=Role.COORDINATOR.value)
        draft = small.draft(small.cards(5)[4], 4)
        submit(call, draft, by=coordinator, at=small.OPENS + timedelta(days=1))
        assert Application.objects.count() == 4
        assert Head.objects.get().size == Entry.objects.count() == saved["log"]["size"] + 1


def test_two_backups_of_one_state_are_the_same_and_only_the_owner_reads_them(home: Path) -> None:
    backup(home / "one.tar.gz")
    backup(home / "two.tar.gz")
    assert (home / "one.tar.gz").read_bytes() == (home / "two.tar.gz").read_bytes()
    assert (home / "one.tar.gz").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in home.glob("*begun*")) == []


def test_a_foundation_is_not_written_over(home: Path, settings: Settings) -> None:
    backup(home / "one.tar.gz")
    known, rows_before = files(settings), counts()
    with pytest.raises(NotEmpty, match="a foundation in this home already"):
        restore(home / "one.tar.gz")
    assert (files(settings), counts()) == (known, rows_before)


DAMAGE: dict[str, Callable[[Path, Members], Path]] = {
    "another text in the tables": lambda file, content: pack_as_it_is(
        file, content | {DATA: content[DATA].replace(b"Trial", b"Trick")}
    ),
    "tables that are no rows": lambda file, content: pack(file, content | {DATA: b"{}\nno"}),
    "tables without a line of the log": lambda file, content: pack(
        file,
        content
        | {
            DATA: b"\n".join(
                row for row in content[DATA].splitlines() if b'"ledger.entry","pk": 5}' not in row
            )
        },
    ),
    "no tables": lambda file, content: pack(file, without(content, DATA)),
    "no manifest": lambda file, content: pack_as_it_is(file, without(content, MANIFEST)),
    "a manifest that is a list": lambda file, content: pack_as_it_is(
        file, content | {MANIFEST: b"[]"}
    ),
    "a manifest without digests": lambda file, content: pack_as_it_is(
        file, changed_manifest(content, digests=None)
    ),
    "another format": lambda file, content: pack_as_it_is(
        file, changed_manifest(content, format=2)
    ),
    "another root": lambda file, content: pack(
        file, changed_manifest(content, log={"size": 1, "root": "0" * 64})
    ),
    "a missing original": lambda file, content: pack_as_it_is(
        file, without(content, next(name for name in content if name.startswith("originals/")))
    ),
    "one file too many": lambda file, content: pack_as_it_is(
        file, content | {"originals/" + "a" * 32: b"extra"}
    ),
    "a file twice": lambda file, content: pack_as_it_is(file, content, tarfile.TarInfo(DATA)),
    "no gzip": lambda file, content: _write(file, b"no gzip"),
    "an empty file": lambda file, content: _write(file, b""),
    "gzip of something else": lambda file, content: _write(file, gzip.compress(b"something" * 99)),
}
STRANGE_NAMES = (
    "../outside",
    "originals/../../outside",
    "originals/../outside",
    "originals/" + "a" * 31 + "/",
    "originals/",
    "keys/..",
    "keys/../outside",
    "keys/deep/file",
    "/tmp/outside",  # noqa: S108 - a name in an archive
    "other/file",
)


def _write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def is_refused(archive: Path) -> bool:
    """Say whether the archive is refused as a bad one."""
    try:
        restore(archive)
    except BadArchive:
        return True
    return False


def nothing_was_restored(settings: Settings, home: Path) -> bool:
    """Say whether the home is as empty as before."""
    outside = list(home.parent.rglob("outside*"))
    return not (files(settings) or Head.objects.get().size or any(_ours()) or outside)


def _ours() -> list[int]:
    return [number for table, number in counts().items() if table != "ledger_head"]


def test_a_damaged_archive_is_refused_and_nothing_is_restored(
    home: Path, settings: Settings
) -> None:
    backup(home / "good.tar.gz")
    content = members(home / "good.tar.gz")
    strange = {
        f"the name {name}": lambda file, content, name=name: pack(file, content | {name: b"out"})
        for name in STRANGE_NAMES
    }
    with another_home(settings, home / "other"):
        for what, damage in (DAMAGE | strange).items():
            assert is_refused(damage(home / "bad.tar.gz", content)), what
            assert nothing_was_restored(settings, home / "other"), what
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
            entry = tarfile.TarInfo("originals/" + "b" * 32)
            entry.type, entry.linkname = kind, "../../../outside"
            manifest = json.loads(content[MANIFEST])
            manifest["digests"][entry.name] = sha256(b"").hexdigest()
            linked = content | {MANIFEST: json.dumps(manifest).encode()}
            assert is_refused(pack_as_it_is(home / "bad.tar.gz", linked, entry)), kind
            assert nothing_was_restored(settings, home / "other"), kind
        restore(home / "good.tar.gz")  # and the good one is not


def test_an_archive_with_a_byte_flipped_or_its_end_cut_off_is_refused(
    home: Path, settings: Settings
) -> None:
    backup(home / "good.tar.gz")
    good = (home / "good.tar.gz").read_bytes()
    chance = Random(8)
    # The first ten bytes are gzip's own and carry nothing of ours but that they are gzip's.
    places = [0, 1, 2, *[chance.randrange(10, len(good)) for _ in range(60)], len(good) - 1]
    with another_home(settings, home / "other"):
        for place in places:
            bad = bytearray(good)
            bad[place] ^= 1 << chance.randrange(8)
            assert is_refused(_write(home / "bad.tar.gz", bytes(bad))), place
            assert nothing_was_restored(settings, home / "other"), place
        for length in (1, 10, len(good) // 3, len(good) - 9, len(good) - 1):
            assert is_refused(_write(home / "bad.tar.gz", good[:length])), length
            assert nothing_was_restored(settings, home / "other"), length


def test_a_backup_that_cannot_be_finished_leaves_the_one_before(home: Path) -> None:
    backup(home / "one.tar.gz")
    kept = (home / "one.tar.gz").read_bytes()
    original = next(iter((home / "home" / "originals").glob("*/*")))
    original.unlink()
    with pytest.raises(FileNotFoundError, match=original.name):
        backup(home / "one.tar.gz")
    assert (home / "one.tar.gz").read_bytes() == kept
    assert sorted(path.name for path in home.glob(".*")) == []


@pytest.mark.engine("postgresql")
def test_a_foundation_moves_from_sqlite_to_postgresql_and_keeps_its_digests(
    database: None, settings: Settings, tmp_path: Path
) -> None:
    lived = played_home(tmp_path / "lived")
    assert tarazy(lived, "backup", tmp_path / "one.tar.gz").returncode == 0
    move_in(settings, tmp_path / "home")
    restore(tmp_path / "one.tar.gz")
    backup(tmp_path / "two.tar.gz")
    one, two = members(tmp_path / "one.tar.gz"), members(tmp_path / "two.tar.gz")
    assert one[DATA].splitlines() == two[DATA].splitlines()
    assert (tmp_path / "two.tar.gz").read_bytes() == (tmp_path / "one.tar.gz").read_bytes()


# The commands


@pytest.mark.engine("sqlite")
def test_the_commands_save_bring_back_and_say_the_same_digests(tmp_path: Path) -> None:
    lived, empty, archive = played_home(tmp_path / "lived"), tmp_path / "empty", tmp_path / "b.tgz"
    saved, brought = tarazy(lived, "backup", archive), tarazy(empty, "restore", archive)
    assert (saved.returncode, brought.returncode) == (0, 0), brought.stderr
    assert saved.stdout == brought.stdout
    assert "data sha256" in saved.stdout
    assert is_well(empty)
    second = tarazy(empty, "backup", tmp_path / "c.tgz")
    assert second.stdout.replace("c.tgz", "b.tgz") == saved.stdout
    assert (tmp_path / "c.tgz").read_bytes() == archive.read_bytes()
    over = tarazy(empty, "restore", archive)
    assert over.returncode == 1
    assert one_sentence(over.stderr)
    archive.write_bytes(archive.read_bytes()[:-100])
    bad = tarazy(tmp_path / "third", "restore", archive)
    assert bad.returncode == 1
    assert one_sentence(bad.stderr)


@pytest.mark.engine("sqlite")
def test_a_backup_killed_at_any_moment_leaves_no_half_file(tmp_path: Path) -> None:
    lived, archive = played_home(tmp_path / "lived"), tmp_path / "backup.tar.gz"
    chance = Random(4)
    with Nursery(lived) as nursery:
        assert nursery.run("backup", archive).returncode == 0
        whole = archive.read_bytes()
        ends = set()
        for _ in range(15):
            archive.unlink(missing_ok=True)
            killed = nursery.run("backup", archive, kill_after=chance.uniform(0.005, 0.15))
            ends.add(killed.returncode)
            assert not archive.exists() or archive.read_bytes() == whole
        assert -signal.SIGKILL in ends
        assert nursery.run("backup", archive).returncode == 0
    assert archive.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.glob("*.tar.gz*")) == ["backup.tar.gz"]


@pytest.mark.engine("sqlite")
def test_a_restore_killed_at_any_moment_is_finished_by_the_next(tmp_path: Path) -> None:
    lived, archive = played_home(tmp_path / "lived"), tmp_path / "backup.tar.gz"
    assert tarazy(lived, "backup", archive).returncode == 0
    chance = Random(6)
    ends = set()
    for number in range(3):
        home = tmp_path / f"home-{number}"
        with Nursery(home) as nursery:
            done = 0
            for _ in range(6):
                end = nursery.run("restore", archive, kill_after=chance.uniform(0.02, 0.4))
                ends.add(end.returncode)
                if (home / "tarazy.sqlite3").exists() and tables(home):
                    done = rows(home, "SELECT count(*) FROM ledger_entry")[0][0]
                    assert done in (0, rows(lived, "SELECT size FROM ledger_head")[0][0])
            if not done:
                assert nursery.run("restore", archive).returncode == 0
            assert is_well(home, nursery)
            assert nursery.run("backup", tmp_path / f"{number}.tgz").returncode == 0
        assert (tmp_path / f"{number}.tgz").read_bytes() == archive.read_bytes()
    assert -signal.SIGKILL in ends


def tables(home: Path) -> bool:
    """Say whether the tables have been made."""
    return bool(rows(home, "SELECT 1 FROM sqlite_master WHERE name = 'ledger_entry'"))


@pytest.mark.engine("sqlite")
def test_a_restore_onto_a_full_disk_restores_nothing_and_says_so(tmp_path: Path) -> None:
    lived, empty, archive = played_home(tmp_path / "lived"), tmp_path / "empty", tmp_path / "b.tgz"
    assert tarazy(lived, "backup", archive).returncode == 0
    assert tarazy(empty, "doctor").returncode == 0
    full = terminal.limited(empty, 700_000, "restore", archive)
    assert full.returncode == 1
    assert one_sentence(full.stderr), full.stderr
    assert rows(empty, "SELECT count(*) FROM ledger_entry") == [(0,)]
    assert tarazy(empty, "restore", archive).returncode == 0
    assert is_well(empty)
