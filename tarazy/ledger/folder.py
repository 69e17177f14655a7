"""The public folder of the log: published, verified, and the receipts taken from it.

checkpoint            the newest signed tree head
checkpoints/<size>    every tree head ever published here
tile/<level>/<n>      hashes of the tree (C2SP tlog-tiles); unfinished ones as <n>.p/<width>
tile/entries/<n>      the entries themselves
key.vkey              the public key
manifest              a signed list of the checkpoints and of the files beside the tree
…                     those files, such as 360giving.json

For given entries, key, checkpoints and files there is exactly one right content, to the byte.
So every change of any file shows, except one to another content that was signed too: a whole
older state, or a history rewritten by whoever holds the key. Those show only against a key or a
checkpoint kept elsewhere.
"""

import base64
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tarazy.ledger.audit import Audit, Enough
from tarazy.ledger.notes import BadNote, Checkpoint, Note, Verifier, decoded
from tarazy.ledger.publication import NotPublished, Publication
from tarazy.ledger.shape import (
    CHECKPOINT,
    NOTE_LIMIT,
    NUMBER,
    Progress,
    Unfit,
    read_plain,
    reason_of,
    tile_limit,
)
from tarazy.ledger.tree import (
    TILE_WIDTH,
    Tile,
    entries_in,
    inclusion_proof,
    leaf_hash,
    nodes_in,
    verify_inclusion,
)

__all__ = [
    "NotPublished",
    "Proven",
    "Unproven",
    "Verdict",
    "publish",
    "receipt",
    "verify",
    "verify_receipt",
]


class Unproven(ValueError):
    """A receipt does not prove what it should; the message says why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    `faults` names files and what is wrong, in words, at most fifty. `checked` says what was
    looked at, and whose key counted.
    """

    ok: bool
    size: int
    root: bytes
    faults: list[str]
    checked: dict[str, int | str]


def publish(
    entries: Iterable[bytes],
    folder: Path,
    *,
    key: Ed25519PrivateKey,
    origin: str,
    files: Mapping[str, bytes],
    progress: Progress | None = None,
) -> Checkpoint:
    """Bring the folder to the state of these entries and files, and return the signed checkpoint.

    `entries` are all entries from the first; `files` maps names to contents. What is there stays
    untouched, so the same input leaves the same bytes. New files are prepared beside the folder
    (in `.<name>.publishing`, on the same file system), read again from disk, and moved in one by
    one, the checkpoint last. A process killed before the moves leaves the older state; one killed
    during them, a state that the next publication completes.

    NotPublished: the entries do not extend what the folder holds, or an entry, a file or the
    folder itself is at fault, or another publication is under way. OSError: the disk is full or
    failing. In both cases the older state stands.
    """
    work = Publication(folder.resolve(), key, origin, files)
    work.folder.mkdir(parents=True, exist_ok=True)
    with _alone(work.folder):
        try:
            return work.run(entries, progress)
        finally:
            work.clean()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock on the folder; the system frees it when the process dies."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPublished(f"Another publication into {folder.name} is under way.") from None
        yield
    finally:
        os.close(handle)


def verify(
    folder: Path,
    *,
    older: Path | str | None = None,
    vkey: str | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Check every byte of a published folder, and that it grew out of an older checkpoint.

    `older` is a checkpoint kept elsewhere, as a file or as its text. `vkey` is the public key
    the reader expects; without it the folder's own key counts, and a log signed anew with
    another key passes. Bad content of the folder never raises: it is a fault.
    """
    audit = Audit(folder, progress)
    try:
        with _unchanging(folder):
            audit.run(older, vkey)
    except Unfit as unfit:
        audit.faults.append(str(unfit))
    except Enough:
        audit.faults.append("… and more: the rest was not checked")
    head = audit.head
    return Verdict(
        ok=not audit.faults,
        size=head.size if head else 0,
        root=head.root if head else b"",
        faults=audit.faults,
        checked=audit.checked,
    )


@contextmanager
def _unchanging(folder: Path) -> Iterator[None]:
    """Keep publications out meanwhile, where the file system can."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Unfit(f"the folder {reason_of(error)}") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unfit("a publication is under way: verify again after it") from None
        except OSError:
            pass  # no locks here, for example on a copy over a network: then nobody publishes
        yield
    finally:
        os.close(handle)


# Receipts

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
RECEIPT_LIMIT = 1 << 18  # characters: the largest entry, the deepest tree, sixteen signatures


@dataclass(frozen=True, slots=True)
class Proven:
    """What a receipt proves: this entry is number `index` of the log that signed `checkpoint`."""

    index: int
    entry: bytes
    checkpoint: Checkpoint


def receipt(folder: Path, index: int) -> str:
    """Return the proof that entry `index` is in the published log, to be checked offline.

    The form is C2SP tlog-proof; the entry itself travels in its `extra` line.
    Unproven: there is no such entry, or the folder does not prove it.
    """
    try:
        note = read_plain(folder / CHECKPOINT, NOTE_LIMIT)
        head = Checkpoint.parse(Note.parse(note).text)
        entry, proof = _entry_and_proof(folder, index, head.size)
    except Unfit as unfit:
        raise Unproven(f"The folder proves nothing: a file {unfit}.") from None
    except ValueError as error:
        raise Unproven(f"The folder proves nothing: {error}.") from None
    if not verify_inclusion(leaf_hash(entry), index, head.size, proof, head.root):
        raise Unproven(f"The folder does not prove entry {index}: verify it.")
    lines = [
        PROOF_HEADER,
        f"extra {base64.b64encode(entry).decode()}",
        f"index {index}",
        *(base64.b64encode(item).decode() for item in proof),
    ]
    return "\n".join(lines) + "\n\n" + note.decode()


def _entry_and_proof(folder: Path, index: int, size: int) -> tuple[bytes, list[bytes]]:
    """Read entry `index` and the hashes that lead from it to the root of `size`."""

    def content(tile: Tile) -> bytes:
        return read_plain(folder / tile.path, tile_limit(tile))

    proof = inclusion_proof(index, size, nodes_in(content, size))
    number, offset = divmod(index, TILE_WIDTH)
    tile = Tile(None, number, min(TILE_WIDTH, size - number * TILE_WIDTH))
    return entries_in(content(tile), tile.width)[offset], proof


def verify_receipt(text: str, *, vkey: str, entry: bytes | None = None) -> Proven:
    """Return what a receipt proves to one who trusts the key, or raise Unproven with the reason.

    `entry` is what the reader holds; without it the entry that the receipt carries counts.
    """
    if len(text) > RECEIPT_LIMIT:
        raise Unproven("The receipt is too long to be one.")
    try:
        verifier = Verifier.parse(vkey)
        lines, _, signed = text.partition("\n\n")
        note = Note.parse(signed.encode())
        note.demand(verifier)
        head = Checkpoint.parse(note.text)
        index, carried, proof = _proof_lines(lines.split("\n"))
    except ValueError as error:
        raise Unproven(f"The receipt {error}.") from None
    proven = carried if entry is None else entry
    if proven is None:
        raise Unproven("The receipt carries no entry: hold yours against it.")
    if head.origin != verifier.name:
        raise Unproven(f"The receipt is of the log {head.origin}.")
    if not verify_inclusion(leaf_hash(proven), index, head.size, proof, head.root):
        raise Unproven("The entry is not in the log that the receipt is about.")
    return Proven(index, proven, head)


def _proof_lines(lines: list[str]) -> tuple[int, bytes | None, list[bytes]]:
    """Read the part of a receipt above its checkpoint: index, extra, proof."""
    if lines[0] != PROOF_HEADER:
        raise BadNote(f"does not begin with {PROOF_HEADER}")
    rest = lines[1:]
    extra = None
    if rest and rest[0].startswith("extra "):
        extra = decoded(rest.pop(0).removeprefix("extra "))
    number = rest.pop(0).removeprefix("index ") if rest and rest[0].startswith("index ") else ""
    if not NUMBER.fullmatch(number):
        raise BadNote("gives no index")
    return int(number), extra, [decoded(line) for line in rest]
