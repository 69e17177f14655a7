"""What lies in the folder of the log, and reading it without trusting it."""

import base64
import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tarazy.ledger.canonical import LARGEST_ENTRY
from tarazy.ledger.notes import BadNote, Checkpoint
from tarazy.ledger.tree import (
    HASH_LENGTH,
    TILE_WIDTH,
    Tile,
    Tiler,
    bundles_of,
    is_full,
    partials_of,
)

CHECKPOINT = "checkpoint"
CHECKPOINTS = "checkpoints"
MANIFEST = "manifest"
VKEY_FILE = "key.vkey"
OURS = frozenset({CHECKPOINT, CHECKPOINTS, MANIFEST, VKEY_FILE, "tile"})

NOTE_LIMIT = 1 << 16  # bytes of a checkpoint or key: sixteen large signatures fit
MANIFEST_LIMIT = 1 << 24  # bytes: a million checkpoints
EXPORTED = "register.exported"

FILE_NAME = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,7}"
)
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
FILE_LINE = re.compile(r"file ([0-9a-f]{64}) (0|[1-9][0-9]{0,17}) (\S+)")

Progress: TypeAlias = Callable[[int], None]
"""Called with the number of entries done so far."""


class Unfit(Exception):
    """A file cannot be what it should be; the message says why, without its name."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an entry says of a file that the register gave out."""

    seq: int
    file: str
    sha256: str


def exported_by(entry: bytes, seq: int) -> Exported | None:
    """Read the digest of an exported file from an entry; None for every other entry."""
    if EXPORTED.encode() not in entry:
        return None
    try:
        value = json.loads(entry)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("kind") != EXPORTED:
        return None
    return Exported(seq, str(value.get("file")), str(value.get("sha256")))


def exported_faults(newest: Mapping[str, Exported], digests: Mapping[str, str]) -> list[str]:
    """Compare files with what the log says: each with its own newest entry, the last one there."""
    faults = [
        f"{said.file}: is not the file whose digest entry {said.seq} records"
        for said in newest.values()
        if said.file in digests and digests[said.file] != said.sha256
    ]
    last = max(newest.values(), key=lambda said: said.seq, default=None)
    if last and last.file not in digests:
        faults.append(f"{last.file}: is missing, though entry {last.seq} records its digest")
    return faults


# Reading what may be anything


def printable(name: str) -> str:
    """Make a name from a disk fit to print, whatever bytes it is made of."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "replace").decode()
        for sign in name.encode("utf-8", "backslashreplace").decode()
    )


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a plain file, and nothing else: no link, no pipe that would keep us waiting."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unfit(reason_of(error)) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unfit("is not a plain file")
        yield handle
    except OSError as error:
        raise Unfit(reason_of(error)) from None
    finally:
        os.close(handle)


def reason_of(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "is missing"
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return "is a symbolic link"
    return f"cannot be read: {error.strerror}"


def read_plain(path: Path, limit: int) -> bytes:
    """Return a plain file of at most `limit` bytes. Unfit: it is none, or longer."""
    with opened(path) as handle:
        size = os.fstat(handle).st_size
        if size > limit:
            raise Unfit(f"is {size} bytes long, more than {limit}")
        content = b""
        while len(content) <= limit and (more := os.read(handle, limit + 1 - len(content))):
            content += more
    if len(content) > limit:
        raise Unfit(f"is longer than {limit} bytes")
    return content


def digest_of(path: Path, length: int) -> str:
    """Return the SHA-256 of a plain file of exactly `length` bytes, in hex."""
    digest = hashlib.sha256()
    with opened(path) as handle:
        size = os.fstat(handle).st_size
        if size != length:
            raise Unfit(f"is {size} bytes long; the manifest says {length}")
        while length > 0 and (more := os.read(handle, min(length, 1 << 20))):
            digest.update(more)
            length -= len(more)
    return digest.hexdigest()


def tile_limit(tile: Tile) -> int:
    """Return the most bytes that a tile or bundle can hold."""
    return tile.width * (HASH_LENGTH if tile.level is not None else 2 + LARGEST_ENTRY)


# The manifest


@dataclass(frozen=True, slots=True)
class Manifest:
    """The signed list of what lies beside the tree."""

    head: Checkpoint
    sizes: tuple[int, ...]  # of every checkpoint published, ascending
    files: Mapping[str, tuple[str, int]]  # name to (sha256 in hex, bytes)

    @property
    def text(self) -> str:
        # The second line is no number, so nobody can take this for a checkpoint.
        lines = [
            self.head.origin,
            "tarazy manifest 1",
            f"tree {self.head.size} {base64.b64encode(self.head.root).decode()}",
            *(f"checkpoint {size}" for size in self.sizes),
            *(f"file {sha} {length} {name}" for name, (sha, length) in sorted(self.files.items())),
        ]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        """Read the text. BadNote: it is not exactly what `text` would give."""
        origin, _, rest = text.partition("\n")
        kind, _, rest = rest.partition("\n")
        tree, *lines = rest[:-1].split("\n")
        if kind != "tarazy manifest 1" or not tree.startswith("tree "):
            raise BadNote("is not a manifest")
        head = Checkpoint.parse(
            f"{origin}\n" + tree.removeprefix("tree ").replace(" ", "\n") + "\n"
        )
        sizes = []
        files = {}
        for line in lines:
            word, _, value = line.partition(" ")
            listed = FILE_LINE.fullmatch(line)
            if word == "checkpoint" and NUMBER.fullmatch(value):
                sizes.append(int(value))
            elif listed and may_be_file(listed[3]):
                files[listed[3]] = (listed[1], int(listed[2]))
            else:
                raise BadNote("holds a line that is neither a checkpoint nor a file")
        manifest = cls(head, tuple(sorted(set(sizes))), files)
        if manifest.text != text:
            raise BadNote("is not in its one order")
        return manifest


def may_be_file(name: str) -> bool:
    return FILE_NAME.fullmatch(name) is not None and name.partition("/")[0] not in OURS


def tree_paths(size: int, sizes: Iterable[int]) -> set[str]:
    """Return the paths of all tiles and bundles of a tree with these published sizes."""
    paths = {tile.path for tile in bundles_of(size)}
    level, hashes = 0, size
    while hashes:
        paths |= {Tile(level, index, TILE_WIDTH).path for index in range(hashes // TILE_WIDTH)}
        level, hashes = level + 1, hashes // TILE_WIDTH
    return paths | partial_paths(size, sizes)


def partial_paths(size: int, sizes: Iterable[int]) -> set[str]:
    """Return the paths of the partial tiles that a tree of `size` still owes its readers.

    Each published size keeps its own until the full tile is there: a reader may be half-way
    through an older tree.
    """
    return {
        tile.path
        for published in {*sizes, size}
        for tile in partials_of(published)
        if not is_full(tile, size)
    }


class Partials:
    """Holds the partial tiles of the published sizes back until it is known which remain."""

    def __init__(self) -> None:
        self._held: dict[str, list[tuple[Tile, bytes, int]]] = {}

    def keep(self, tiler: Tiler) -> None:
        """Hold the partial tiles of the tree as it is."""
        for tile, content in tiler.partials():
            self._held.setdefault(tile.base, []).append((tile, content, tiler.tree.size))

    def drop(self, tile: Tile) -> None:
        """Let go of those that a full tile overtakes."""
        self._held.pop(tile.base, None)

    def remaining(self) -> Iterator[tuple[Tile, bytes, int]]:
        """Yield (tile, content, tree size) of those that no full tile has overtaken."""
        seen = set()
        for group in self._held.values():
            for tile, content, size in group:
                # A tile of a high level stays the same over many sizes.
                if tile.path not in seen:
                    seen.add(tile.path)
                    yield tile, content, size
