"""The tree of the log: RFC 6962 hashes and proofs, and where C2SP tlog-tiles keeps them.

A node is a hash of 32 bytes, named by its height (0 is a leaf) and its index at that height.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

HASH_LENGTH = 32  # bytes
TILE_HEIGHT = 8  # levels of the tree
TILE_WIDTH = 1 << TILE_HEIGHT  # hashes in a full tile, entries in a full bundle
EMPTY_ROOT = sha256(b"").digest()

Node: TypeAlias = Callable[[int, int], bytes]
"""Gives the hash of leaves [index << height, (index + 1) << height) for a height and an index."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbouring nodes."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows by one leaf at a time and knows its root at every size.

    It keeps one hash for every 1 in the binary form of its size, so a million leaves cost
    twenty hashes.
    """

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # roots of the perfect subtrees, the largest first

    def add(self, leaf: bytes) -> list[bytes]:
        """Append a leaf hash; return the subtrees it completed, of heights 1, 2, 3 and so on."""
        completed = []
        node = leaf
        rest = self.size
        while rest & 1:
            node = sha256(b"\x01" + self._peaks.pop() + node).digest()
            completed.append(node)
            rest >>= 1
        self._peaks.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root of the leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def copy(self) -> "Tree":
        """Return a tree that grows on its own from here."""
        twin = Tree()
        twin.size = self.size
        twin._peaks = list(self._peaks)
        return twin


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """Let proofs be made from leaf hashes held in memory; every node is hashed once."""
    rows = [list(leaves)]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=False)])
    return lambda height, index: rows[height][index]


def _split(width: int) -> int:
    """Return the largest power of two below a width of at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _span(start: int, end: int, node: Node) -> bytes:
    """Return the root of leaves start to end, a span that RFC 6962's splitting produces."""
    width = end - start
    if width & (width - 1) == 0:
        return node(width.bit_length() - 1, start // width)
    middle = start + _split(width)
    return node_hash(_span(start, middle, node), _span(middle, end, node))


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return the hashes that lead from leaf `index` to the root of `size`, the leaf's first."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_span(middle, end, node))
            end = middle
        else:
            path.append(_span(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(older: int, newer: int, node: Node) -> list[bytes]:
    """Return the hashes that show the first `older` leaves of `newer` to be the older tree."""
    if not 0 <= older <= newer:
        raise ValueError(f"a tree of {newer} leaves does not grow out of one of {older}")
    if older in (0, newer):
        return []
    path = []
    start, end = 0, newer
    while end != older:
        middle = start + _split(end - start)
        if older <= middle:
            path.append(_span(middle, end, node))
            end = middle
        else:
            path.append(_span(start, middle, node))
            start = middle
    if start:
        path.append(_span(start, end, node))
    return path[::-1]


def _shift(left: int, right: int) -> tuple[int, int]:
    """Leave the levels at which the node at `left` has no sibling inside the tree."""
    while left and not left & 1:
        left >>= 1
        right >>= 1
    return left, right


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Say whether the proof leads from a leaf hash at `index` to the root of `size` (RFC 9162)."""
    if not 0 <= index < size or any(len(item) != HASH_LENGTH for item in proof):
        return False
    place, last = index, size - 1
    node = leaf
    for item in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(item, node)
            place, last = _shift(place, last)
        else:
            node = node_hash(node, item)
        place >>= 1
        last >>= 1
    return last == 0 and node == root


def verify_consistency(
    older: int, newer: int, proof: Sequence[bytes], older_root: bytes, newer_root: bytes
) -> bool:
    """Say whether the proof shows that the newer tree only added to the older one (RFC 9162)."""
    if not 0 <= older <= newer or any(len(item) != HASH_LENGTH for item in proof):
        return False
    if older == 0:
        return not proof and older_root == EMPTY_ROOT
    if older == newer:
        return not proof and older_root == newer_root
    if not proof:
        return False
    first, *rest = [older_root, *proof] if older & (older - 1) == 0 else proof
    place, last = older - 1, newer - 1
    while place & 1:
        place >>= 1
        last >>= 1
    return _grown(place, last, first, rest) == (older_root, newer_root)


def _grown(place: int, last: int, first: bytes, rest: list[bytes]) -> tuple[bytes, bytes] | None:
    """Climb a consistency proof; return the two roots it leads to, or None if it ends wrongly."""
    old = new = first
    for item in rest:
        if last == 0:
            return None
        if place & 1 or place == last:
            old = node_hash(item, old)
            new = node_hash(item, new)
            place, last = _shift(place, last)
        else:
            new = node_hash(new, item)
        place >>= 1
        last >>= 1
    return (old, new) if last == 0 else None


@dataclass(frozen=True, slots=True)
class Tile:
    """A file of the tree: hashes of one level, or (level None) a bundle of entries."""

    level: int | None
    index: int
    width: int

    @property
    def base(self) -> str:
        """The path of the tile once it is full."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        level = "entries" if self.level is None else str(self.level)
        return "/".join(["tile", level, *(f"x{group}" for group in groups[:-1]), groups[-1]])

    @property
    def path(self) -> str:
        """The path of the tile as it is."""
        return self.base if self.width == TILE_WIDTH else f"{self.base}.p/{self.width}"


def bundles_of(size: int) -> Iterator[Tile]:
    """Yield the bundles of a tree, the last one partial unless it is full."""
    for start in range(0, size, TILE_WIDTH):
        yield Tile(None, start // TILE_WIDTH, min(TILE_WIDTH, size - start))


def partials_of(size: int) -> Iterator[Tile]:
    """Yield the partial tiles of a tree: its last bundle, and the last hashes of each level."""
    if size % TILE_WIDTH:
        yield Tile(None, size // TILE_WIDTH, size % TILE_WIDTH)
    level, hashes = 0, size
    while hashes:
        if hashes % TILE_WIDTH:
            yield Tile(level, hashes // TILE_WIDTH, hashes % TILE_WIDTH)
        level, hashes = level + 1, hashes // TILE_WIDTH


def is_full(tile: Tile, size: int) -> bool:
    """Say whether a tree of this size has the tile at this place in full."""
    return (tile.index + 1) << (TILE_HEIGHT * ((tile.level or 0) + 1)) <= size


def bundle(entries: Iterable[bytes]) -> bytes:
    """Join entries, each behind its length in two bytes, big-endian."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_in(content: bytes, width: int) -> list[bytes]:
    """Take a bundle of `width` entries apart. ValueError: it is not exactly that."""
    entries: list[bytes] = []
    at = 0
    for _ in range(width):
        start = at + 2
        at = start + int.from_bytes(content[at:start], "big")
        if start > len(content) or at > len(content):
            raise ValueError(f"ends inside entry {len(entries)} of the {width} it should hold")
        entries.append(content[start:at])
    if at != len(content):
        raise ValueError(f"goes on after the {width} entries it should hold")
    return entries


def hashes_in(content: bytes) -> list[bytes]:
    """Take a tile apart into its hashes."""
    return [content[at : at + HASH_LENGTH] for at in range(0, len(content), HASH_LENGTH)]


class Tiler:
    """Turns entries, given one by one, into the files of the tree."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._bundle: list[bytes] = []
        self._rows: list[list[bytes]] = [[]]  # by level, the hashes of the tile being filled

    def add(self, entry: bytes, leaf: bytes) -> list[tuple[Tile, bytes]]:
        """Append an entry and its leaf hash; return the files that this makes full."""
        completed = self.tree.add(leaf)
        self._bundle.append(entry)
        self._rows[0].append(leaf)
        if len(self._bundle) < TILE_WIDTH:
            return []
        index = self.tree.size // TILE_WIDTH - 1
        files = [(Tile(None, index, TILE_WIDTH), bundle(self._bundle))]
        self._bundle = []
        level = 0
        while len(self._rows[level]) == TILE_WIDTH:
            index = (self.tree.size >> (TILE_HEIGHT * (level + 1))) - 1
            files.append((Tile(level, index, TILE_WIDTH), b"".join(self._rows[level])))
            self._rows[level] = []
            level += 1
            if level == len(self._rows):
                self._rows.append([])
            self._rows[level].append(completed[TILE_HEIGHT * level - 1])
        return files

    def partials(self) -> list[tuple[Tile, bytes]]:
        """Return the files that are not full yet, as they are at this size."""
        return [
            (tile, bundle(self._bundle) if tile.level is None else b"".join(self._rows[tile.level]))
            for tile in partials_of(self.tree.size)
        ]


def nodes_in(read: Callable[[Tile], bytes], size: int) -> Node:
    """Let proofs be made from the tiles of a tree; `read` gives a tile's bytes."""

    def node(height: int, index: int) -> bytes:
        level, inner = divmod(height, TILE_HEIGHT)
        tile_index, offset = divmod(index << inner, TILE_WIDTH)
        hashes = size >> (TILE_HEIGHT * level)
        width = min(TILE_WIDTH, hashes - tile_index * TILE_WIDTH)
        row = hashes_in(read(Tile(level, tile_index, width)))
        return root_of(row[offset : offset + (1 << inner)])

    return node
