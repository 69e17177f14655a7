"""Verifying: one run of `folder.verify`."""

import errno
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tarazy.ledger.canonical import entry_faults
from tarazy.ledger.notes import BadNote, Checkpoint, Note, Verifier
from tarazy.ledger.shape import (
    CHECKPOINT,
    CHECKPOINTS,
    MANIFEST,
    MANIFEST_LIMIT,
    NOTE_LIMIT,
    VKEY_FILE,
    Exported,
    Manifest,
    Partials,
    Progress,
    Unfit,
    digest_of,
    exported_by,
    exported_faults,
    printable,
    read_plain,
    reason_of,
    tile_limit,
)
from tarazy.ledger.tree import (
    TILE_WIDTH,
    Tile,
    Tiler,
    Tree,
    bundles_of,
    entries_in,
    hashes_in,
    leaf_hash,
    root_of,
)

FAULT_LIMIT = 50


class Enough(Exception):
    """As many faults as anyone reads have been found."""


class Audit:
    """One run of `verify`."""

    def __init__(self, folder: Path, progress: Progress | None) -> None:
        self.folder = folder
        self.progress = progress or (lambda done: None)
        self.faults: list[str] = []
        self.checked: dict[str, int | str] = {}
        self.verifier: Verifier | None = None
        self.head: Checkpoint | None = None
        self.signed: dict[int, Checkpoint] = {}  # the published checkpoints, by size
        self.published: set[int] = set()  # every size that has, or should have, a checkpoint
        self.files: Mapping[str, tuple[str, int]] = {}
        self.older: Checkpoint | None = None
        self.known: set[str] = set()  # every file that belongs here
        self.blamed: set[str] = set()  # bases of tiles at fault: one cause, one fault
        self.wrong: list[int] = []  # published sizes whose root is not that of the entries
        self.exported: dict[str, Exported] = {}

    def run(self, older: Path | str | None, vkey: str | None) -> None:
        self._key(vkey)
        manifest = self._manifest()
        heads = {MANIFEST: manifest.head if manifest else None}
        heads[CHECKPOINT] = self._checkpoint(CHECKPOINT)
        self.head = max(
            (head for head in heads.values() if head), key=lambda head: head.size, default=None
        )
        if self.head is None:
            self._fault(CHECKPOINT, "without it nothing else can be checked")
            return
        for name, head in heads.items():
            if head and head != self.head:
                self._fault(
                    name, f"is of a tree of {head.size}; elsewhere {self.head.size} is signed"
                )
        self._listed_beside(manifest, self.head)
        self._published()
        if older is not None:
            self._older(older, self.head)
        whole = self._tree(self.head)
        self._side_files()
        self._listing(tree_known=whole)

    def _fault(self, name: str, what: str) -> None:
        self.faults.append(f"{printable(name)}: {what}")
        if len(self.faults) >= FAULT_LIMIT - 1:
            raise Enough

    def _content(self, name: str, limit: int) -> bytes | None:
        """Return a file of the folder; what keeps it from being read is a fault."""
        self.known.add(name)
        try:
            return read_plain(self.folder / name, limit)
        except Unfit as unfit:
            self._fault(name, str(unfit))
            return None

    # What is signed

    def _key(self, pinned: str | None) -> None:
        own = self._own_key()
        self.checked["key"] = "the folder's own: a log signed anew with another key would pass"
        if pinned is None:
            self.verifier = own
            return
        try:
            self.verifier = Verifier.parse(pinned)
        except BadNote as error:
            self._fault("the expected key", str(error))
            return
        self.checked["key"] = "as expected"
        if own and own != self.verifier:
            self._fault(VKEY_FILE, f"is {own}, not the expected key")

    def _own_key(self) -> Verifier | None:
        content = self._content(VKEY_FILE, NOTE_LIMIT)
        if content is None:
            return None
        try:
            verifier = Verifier.parse(content.decode(errors="replace"))
        except BadNote as error:
            self._fault(VKEY_FILE, str(error))
            return None
        if f"{verifier}\n".encode() != content:
            self._fault(VKEY_FILE, "is not in its one spelling")
        return verifier

    def _note(self, name: str, limit: int) -> Note | None:
        """Read a note and check its signature; return it even if that is wrong, for the rest."""
        content = self._content(name, limit)
        if content is None:
            return None
        try:
            note = Note.parse(content)
        except BadNote as error:
            self._fault(name, str(error))
            return None
        if len(note.signatures) != 1:
            self._fault(name, "carries more signatures than the log's own")
        try:
            if self.verifier:
                note.demand(self.verifier)
        except BadNote as error:
            self._fault(name, str(error))
        return note

    def _checkpoint(self, name: str) -> Checkpoint | None:
        note = self._note(name, NOTE_LIMIT)
        try:
            head = Checkpoint.parse(note.text) if note else None
        except BadNote as error:
            self._fault(name, str(error))
            return None
        if head and self.verifier and head.origin != self.verifier.name:
            self._fault(name, f"is of the log {head.origin}, not {self.verifier.name}")
        return head

    def _manifest(self) -> Manifest | None:
        note = self._note(MANIFEST, MANIFEST_LIMIT)
        try:
            return Manifest.parse(note.text) if note else None
        except BadNote as error:
            self._fault(MANIFEST, str(error))
            return None

    def _listed_beside(self, manifest: Manifest | None, head: Checkpoint) -> None:
        """Take over what the manifest lists, as far as it fits this tree."""
        self.published = {head.size}
        if manifest is None:
            return
        if head.size not in manifest.sizes or max(manifest.sizes) > head.size:
            self._fault(MANIFEST, f"lists checkpoints that do not end with {head.size}")
        self.files = manifest.files
        self.published |= {size for size in manifest.sizes if size < head.size}

    def _published(self) -> None:
        for size in sorted(self.published):
            name = f"{CHECKPOINTS}/{size}"
            checkpoint = self._checkpoint(name)
            if checkpoint is None:
                continue
            self.signed[size] = checkpoint
            if checkpoint.size != size:
                self._fault(name, f"is the checkpoint of {checkpoint.size} entries")
                del self.signed[size]
        self.checked["checkpoints"] = len(self.signed)

    def _older(self, older: Path | str, head: Checkpoint) -> None:
        """Read the checkpoint kept elsewhere; the tree is compared with it when it gets there."""
        try:
            content = (
                older.encode()
                if isinstance(older, str) and "\n" in older
                else read_plain(Path(os.path.realpath(older)), NOTE_LIMIT)
            )
            note = Note.parse(content)
            if self.verifier:
                note.demand(self.verifier)
            kept = Checkpoint.parse(note.text)
        except (Unfit, BadNote, OSError, ValueError) as error:
            self._fault("the older checkpoint", str(error))
            return
        self.checked["older"] = kept.size
        if kept.origin != head.origin:
            self._fault("the older checkpoint", f"is of the log {kept.origin}")
        elif kept.size > head.size:
            lost = kept.size - head.size
            self._fault("the older checkpoint", f"has {lost} entries more: the log was cut back")
        else:
            self.older = kept

    # The tree

    def _tree(self, head: Checkpoint) -> bool:
        """Recompute the tree from its entries, and compare every file; False: it broke off."""
        tiler = Tiler()
        partials = Partials()
        self._mark(tiler, partials)
        for tile in bundles_of(head.size):
            leaves = self._leaves(tile, tiler.tree, head)
            if leaves is None:
                self._fault(tile.path, "from here on the tree could not be checked")
                return False
            for entry, leaf in leaves:
                for full, content in tiler.add(entry, leaf):
                    partials.drop(full)
                    self._expect(full, content)
                self._mark(tiler, partials)
            self.progress(tiler.tree.size)
        partials.keep(tiler)
        for tile, content, _ in partials.remaining():
            self._expect(tile, content)
        if tiler.tree.root() != head.root:
            self._fault(
                CHECKPOINT, "signs another root than that of the entries: they were changed"
            )
        elif self.wrong:
            size = self.wrong[0]
            self._fault(f"{CHECKPOINTS}/{size}", "signs another root than that of the entries")
        self.checked["entries"] = head.size
        return True

    def _mark(self, tiler: Tiler, partials: Partials) -> None:
        """At a size that was signed, compare the root."""
        size = tiler.tree.size
        if size in self.signed or (self.older and size == self.older.size):
            root = tiler.tree.root()
            if size in self.signed and self.signed[size].root != root:
                self.wrong.append(size)
            if self.older and size == self.older.size and root != self.older.root:
                self._fault(
                    "the older checkpoint",
                    f"signs another root for the first {size} entries: history was rewritten",
                )
        if size in self.published:
            partials.keep(tiler)

    def _leaves(self, tile: Tile, tree: Tree, head: Checkpoint) -> list[tuple[bytes, bytes]] | None:
        """Return (entry, leaf hash) of a bundle, deciding which file is wrong if two disagree.

        None: neither the bundle nor its hashes can be read.
        """
        entries = self._entries(tile)
        hashes = self._hashes(tile)
        if entries is None:
            self.blamed.add(tile.base)
            return None if hashes is None else [(b"", leaf) for leaf in hashes]
        leaves = [leaf_hash(entry) for entry in entries]
        self._entry_forms(tile, entries)
        if hashes is not None and hashes != leaves:
            level = replace(tile, level=0)
            first = next(at for at, leaf in enumerate(leaves) if leaf != hashes[at])
            seq = tile.index * TILE_WIDTH + first
            if self._is_signed(level, hashes, tree, head):
                self._fault(tile.path, f"entry {seq} is not the one that was logged")
                self.blamed.add(tile.base)
                leaves = hashes
            else:
                self._fault(level.path, f"the hash of entry {seq} is not that of the entry")
                self.blamed.add(level.base)
        return list(zip(entries, leaves, strict=True))

    def _entries(self, tile: Tile) -> list[bytes] | None:
        content = self._content(tile.path, tile_limit(tile))
        if content is None:
            return None
        try:
            return entries_in(content, tile.width)
        except ValueError as error:
            self._fault(tile.path, str(error))
            return None

    def _hashes(self, bundle: Tile) -> list[bytes] | None:
        tile = replace(bundle, level=0)
        content = self._content(tile.path, tile_limit(tile))
        if content is not None and len(content) == tile_limit(tile):
            return hashes_in(content)
        if content is not None:
            self._fault(tile.path, f"is {len(content)} bytes long, not {tile_limit(tile)}")
        self.blamed.add(tile.base)
        return None

    def _is_signed(self, tile: Tile, hashes: list[bytes], tree: Tree, head: Checkpoint) -> bool:
        """Say whether hashes of level 0 lead to the signed root, or to the level above."""
        if tile.width < TILE_WIDTH or head.size == (tile.index + 1) * TILE_WIDTH:
            grown = tree.copy()
            for leaf in hashes:
                grown.add(leaf)
            return grown.root() == head.root
        index, offset = divmod(tile.index, TILE_WIDTH)
        width = min(TILE_WIDTH, head.size // TILE_WIDTH - index * TILE_WIDTH)
        above = Tile(1, index, width)
        try:
            row = hashes_in(read_plain(self.folder / above.path, tile_limit(above)))
        except Unfit:
            return False
        return offset < len(row) and row[offset] == root_of(hashes)

    def _entry_forms(self, tile: Tile, entries: list[bytes]) -> None:
        for seq, entry in enumerate(entries, start=tile.index * TILE_WIDTH):
            for fault in entry_faults(entry, seq=seq):
                self._fault(tile.path, f"entry {seq} {fault}")
            said = exported_by(entry, seq)
            if said:
                self.exported[said.file] = said

    def _expect(self, tile: Tile, content: bytes) -> None:
        """Compare a file of the tree with what the entries make of it."""
        seen = tile.path in self.known
        self.known.add(tile.path)
        if seen or tile.base in self.blamed:
            return
        try:
            if read_plain(self.folder / tile.path, len(content)) != content:
                self._fault(tile.path, "is not what the entries make of it")
        except Unfit as unfit:
            self._fault(tile.path, str(unfit))

    # What lies beside the tree

    def _side_files(self) -> None:
        digests = {}
        for name, (sha256, length) in self.files.items():
            self.known.add(name)
            try:
                digests[name] = digest_of(self.folder / name, length)
            except Unfit as unfit:
                self._fault(name, str(unfit))
                continue
            if digests[name] != sha256:
                self._fault(name, "is not the file that the manifest lists")
        self.checked["files"] = len(digests)
        for fault in exported_faults(self.exported, digests):
            self._fault(*fault.split(": ", 1))

    def _listing(self, *, tree_known: bool) -> None:
        """Find what does not belong: only the folders of known files are looked into."""
        folders = {str(parent) for name in self.known for parent in Path(name).parents}
        for folder in sorted(folders):
            if not tree_known and folder.partition("/")[0] == "tile":
                continue
            try:
                with os.scandir(self.folder / folder) as items:
                    for item in items:
                        self._listed(os.path.normpath(f"{folder}/{item.name}"), item, folders)
            except OSError as error:
                if error.errno != errno.ENOENT:
                    self._fault(folder, reason_of(error))
        self.checked["paths"] = len(self.known)

    def _listed(self, name: str, item: "os.DirEntry[str]", folders: set[str]) -> None:
        if name in folders:
            if not item.is_dir(follow_symlinks=False):
                self._fault(name, "should be a folder")
        elif name not in self.known:
            self._fault(name, "does not belong here")
