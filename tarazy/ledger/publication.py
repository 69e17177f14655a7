"""Publishing: one run of `folder.publish`."""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tarazy.ledger.canonical import entry_faults
from tarazy.ledger.notes import BadNote, Checkpoint, Note, Verifier, sign
from tarazy.ledger.shape import (
    CHECKPOINT,
    CHECKPOINTS,
    MANIFEST,
    MANIFEST_LIMIT,
    NOTE_LIMIT,
    NUMBER,
    OURS,
    VKEY_FILE,
    Exported,
    Manifest,
    Partials,
    Progress,
    Unfit,
    exported_by,
    exported_faults,
    may_be_file,
    partial_paths,
    printable,
    read_plain,
    tile_limit,
    tree_paths,
)
from tarazy.ledger.tree import TILE_WIDTH, Tiler, Tree, bundles_of, entries_in, leaf_hash


class NotPublished(Exception):
    """Nothing was published and nothing was changed; the message says why."""


class Publication:
    """One run of `publish`."""

    def __init__(
        self, folder: Path, key: Ed25519PrivateKey, origin: str, files: Mapping[str, bytes]
    ) -> None:
        for name in files:
            if not may_be_file(name):
                raise NotPublished(f"{printable(name)!r} cannot be the name of a public file.")
        for name in files:
            if any(other.startswith(f"{name}/") for other in files):
                raise NotPublished(f"{name!r} cannot be a file and a folder.")
        self.folder = folder
        self.key = key
        self.origin = origin
        self.verifier = Verifier.of(key, origin)
        self.files = files
        self.area = folder.parent / f".{folder.name}.publishing"
        self.fresh = self.area / "new"
        self.journal = self.area / "journal"
        self.staged: list[str] = []  # in the order in which they are moved in
        self.held: Checkpoint | None = None
        self.sizes: set[int] = set()
        self.before: set[str] = set()  # what may have to go: old files and tiles, leftovers
        self.damage: list[str] = []
        self.roots: dict[int, bytes] = {}
        self.exported: dict[str, Exported] = {}

    def run(self, entries: Iterable[bytes], progress: Progress | None) -> Checkpoint:
        self._recall_moves()
        self._recall()
        tree = self._stage_tree(entries, progress)
        head = Checkpoint(self.origin, tree.size, tree.root())
        self._demand_undamaged()
        self._demand_exported()
        self._read_again(head)
        self._stage_rest(head)
        self._demand_undamaged()
        self._install(self._obsolete(head))
        return head

    # What is there

    def _recall_moves(self) -> None:
        """Find out what a dead publication may have moved in, and drop what it prepared."""
        self.clean()
        if self.journal.exists():
            self.before |= set(self.journal.read_text().split("\n")) - {""}

    def _recall(self) -> None:
        """Find out what the folder holds: the newest checkpoint, the sizes and files published."""
        listed = self.folder / CHECKPOINTS
        names = [item.name for item in listed.iterdir()] if listed.is_dir() else []
        self.sizes = {int(name) for name in names if NUMBER.fullmatch(name)}
        heads = [self._manifest_head(), self._head(CHECKPOINT)]
        if self.sizes:
            heads.append(self._head(f"{CHECKPOINTS}/{max(self.sizes)}"))
        self.held = max((head for head in heads if head), key=lambda head: head.size, default=None)
        if self.held:
            self.sizes.add(self.held.size)
            if max(self.sizes) > self.held.size:
                raise NotPublished(f"{CHECKPOINTS}/{max(self.sizes)} is not that checkpoint.")
            self.before |= partial_paths(self.held.size, self.sizes)

    def _manifest_head(self) -> Checkpoint | None:
        """Take sizes and files from the manifest; return the tree head that it names."""
        note = self._note(MANIFEST, MANIFEST_LIMIT)
        if note is None:
            return None
        try:
            manifest = Manifest.parse(note.text)
        except BadNote as error:
            raise NotPublished(f"{MANIFEST} {error}: it was changed.") from None
        self.sizes |= set(manifest.sizes)
        self.before |= set(manifest.files)
        return manifest.head

    def _head(self, name: str) -> Checkpoint | None:
        note = self._note(name, NOTE_LIMIT)
        try:
            return Checkpoint.parse(note.text) if note else None
        except BadNote as error:
            raise NotPublished(f"{name} {error}: it was changed.") from None

    def _note(self, name: str, limit: int) -> Note | None:
        """Read a note that this key signed; None where there is none."""
        path = self.folder / name
        if not os.path.lexists(path):
            return None
        try:
            note = Note.parse(read_plain(path, limit))
            note.demand(self.verifier)
        except (Unfit, BadNote) as error:
            raise NotPublished(
                f"{name} {error}: it was changed, or the folder is another log's."
            ) from None
        if note.text.partition("\n")[0] != self.origin:
            raise NotPublished(f"{name} is not of the log {self.origin}.")
        return note

    # What shall be there

    def _stage_tree(self, entries: Iterable[bytes], progress: Progress | None) -> Tree:
        """Write the tiles that are missing. NotPublished: the entries are another history."""
        tiler = Tiler()
        partials = Partials()
        self._mark(tiler, partials)
        for seq, entry in enumerate(entries):
            self._demand_form(entry, seq)
            for tile, content in tiler.add(entry, leaf_hash(entry)):
                partials.drop(tile)
                self._put(tile.path, content, size=tiler.tree.size)
            self._mark(tiler, partials)
            if progress and not tiler.tree.size % TILE_WIDTH:
                progress(tiler.tree.size)
        size = tiler.tree.size
        if self.held and size < self.held.size:
            raise NotPublished(
                f"There are {size} entries; the folder already holds {self.held.size}."
            )
        partials.keep(tiler)
        for tile, content, seen in partials.remaining():
            self._put(tile.path, content, size=seen)
        if progress:
            progress(size)
        return tiler.tree

    def _mark(self, tiler: Tiler, partials: Partials) -> None:
        """At a published size, keep what readers of it need, and compare the root."""
        size = tiler.tree.size
        if size not in self.sizes:
            return
        self.roots[size] = tiler.tree.root()
        partials.keep(tiler)
        if self.held and size == self.held.size and self.roots[size] != self.held.root:
            raise NotPublished(
                f"The first {size} entries are not those that the folder holds: history differs."
            )

    def _demand_form(self, entry: bytes, seq: int) -> None:
        """Refuse a new entry at fault: once published it could not be taken back."""
        if not self.held or seq >= self.held.size:
            for fault in entry_faults(entry, seq=seq):
                raise NotPublished(f"Entry {seq} {fault}.")
        said = exported_by(entry, seq)
        if said:
            self.exported[said.file] = said

    def _demand_undamaged(self) -> None:
        """Refuse damage only now: where the entries are another history, that is what to say."""
        if self.damage:
            raise NotPublished(self.damage[0])

    def _demand_exported(self) -> None:
        digests = {
            name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()
        }
        for fault in exported_faults(self.exported, digests):
            raise NotPublished(fault)

    def _put(self, name: str, content: bytes, *, size: int | None = None) -> None:
        """Prepare a file unless it is there as it should be.

        `size` is that of the tree it completes: within what the folder holds, a file of another
        content is damage, which is reported and never painted over.
        """
        try:
            if read_plain(self.folder / name, len(content)) == content:
                return
            fault = "is not what was published"
        except Unfit as unfit:
            fault = str(unfit)
        there = os.path.lexists(self.folder / name)
        if there and size is not None and self.held and size <= self.held.size:
            self.damage.append(f"{name} {fault}: restore it, or delete it to have it rebuilt.")
            return
        target = self.fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.staged.append(name)

    def _read_again(self, head: Checkpoint) -> None:
        """Rebuild the root from what the disks hold: a flipped bit must not be signed."""
        staged = set(self.staged)
        tree = Tree()
        for tile in bundles_of(head.size):
            place = self.fresh if tile.path in staged else self.folder
            try:
                content = read_plain(place / tile.path, tile_limit(tile))
                for entry in entries_in(content, tile.width):
                    tree.add(leaf_hash(entry))
            except (Unfit, ValueError) as error:
                raise NotPublished(f"{tile.path} {error}.") from None
        if tree.root() != head.root:
            raise NotPublished("What was written reads back differently: the disk or memory fails.")

    def _stage_rest(self, head: Checkpoint) -> None:
        """Sign, and prepare all that is not the tree; the checkpoint comes last."""
        self.sizes.add(head.size)
        self.roots[head.size] = head.root
        for name, content in self.files.items():
            self._put(name, content)
        self._put(VKEY_FILE, f"{self.verifier}\n".encode(), size=0)
        for size in sorted(self.sizes):
            checkpoint = Checkpoint(self.origin, size, self.roots[size])
            self._put(f"{CHECKPOINTS}/{size}", checkpoint.signed(self.key), size=size)
        listed = {
            name: (hashlib.sha256(content).hexdigest(), len(content))
            for name, content in self.files.items()
        }
        manifest = Manifest(head, tuple(sorted(self.sizes)), listed)
        self._put(MANIFEST, sign(manifest.text, key=self.key, name=self.origin))
        self._put(CHECKPOINT, head.signed(self.key))

    def _obsolete(self, head: Checkpoint) -> list[str]:
        """Return what earlier publications left, or may have left, and belongs there no longer."""
        stays = tree_paths(head.size, self.sizes) | set(self.files) | OURS
        stays |= {f"{CHECKPOINTS}/{size}" for size in self.sizes}
        return sorted(self.before - stays)

    # The change itself

    def _install(self, obsolete: list[str]) -> None:
        """Move the prepared files in, the checkpoint last, then remove what it overtakes."""
        if not self.staged and not obsolete:
            self.journal.unlink(missing_ok=True)
            return
        self._write_journal([*self.staged, *obsolete, *self.before])
        for name in self.staged:
            sync(self.fresh / name)
        done: list[str] = []
        try:
            for name in self.staged:
                if name == CHECKPOINT:
                    self._sync_folders(done)
                self._move(name)
                done.append(name)
        except BaseException:
            self._undo(done)
            raise
        self._sync_folders(done)
        for name in obsolete:
            (self.folder / name).unlink(missing_ok=True)
            self._prune(name)
        self._sync_folders([])
        self.journal.unlink()

    def clean(self) -> None:
        """Remove what was prepared; a journal of moves that were begun and not ended stays."""
        for name in ("new", "old"):
            shutil.rmtree(self.area / name, ignore_errors=True)
        with suppress(OSError):
            self.area.rmdir()

    def _write_journal(self, names: Collection[str]) -> None:
        self.area.mkdir(exist_ok=True)
        draft = self.area / "journal.new"
        draft.write_text("\n".join(sorted(set(names))) + "\n")
        sync(draft)
        draft.replace(self.journal)
        sync(self.area)
        sync(self.area.parent)

    def _move(self, name: str) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            backup = self.area / "old" / name
            backup.parent.mkdir(parents=True, exist_ok=True)
            backup.hardlink_to(target)
        (self.fresh / name).replace(target)

    def _undo(self, done: list[str]) -> None:
        """Bring the older state back after a failing disk; what was new goes."""
        for name in reversed(done):
            backup = self.area / "old" / name
            if os.path.lexists(backup):
                backup.replace(self.folder / name)
            else:
                (self.folder / name).unlink()
        for name in self.staged:
            self._prune(name)

    def _prune(self, name: str) -> None:
        """Remove the folders that a removed file leaves empty."""
        for parent in list(Path(name).parents)[:-1]:
            try:
                (self.folder / parent).rmdir()
            except OSError:
                return  # not empty, or not there

    def _sync_folders(self, names: Iterable[str]) -> None:
        parents = {parent for name in names for parent in Path(name).parents}
        for parent in sorted(parents | {Path()}):
            sync(self.folder / parent)


def sync(path: Path) -> None:
    """Have a file or a folder on the disk itself before going on."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
