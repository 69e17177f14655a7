"""The log's entries, tree and signatures, against the standards and against plain versions."""

import json
import random
from hashlib import sha256
from pathlib import Path
from string import ascii_letters, digits
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tarazy.ledger.canonical import canonical, entry_faults, seal
from tarazy.ledger.notes import (
    BadNote,
    Checkpoint,
    Note,
    Verifier,
    load_key,
    make_key,
    sign,
)
from tarazy.ledger.tree import (
    EMPTY_ROOT,
    Tile,
    Tiler,
    Tree,
    bundle,
    consistency_proof,
    entries_in,
    inclusion_proof,
    leaf_hash,
    nodes_in,
    nodes_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


# The leaves and roots by which Certificate Transparency's own libraries are tested.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def seeded(number: int) -> random.Random:
    return random.Random(number)


# RFC 6962 as it is written there, slow and recursive.


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = naive_split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_split(width: int) -> int:
    k = 1
    while k * 2 < width:
        k *= 2
    return k


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = naive_split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], *, known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = naive_split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], known=known), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], known=False), naive_root(leaves[:k])]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root_of(leaf_hash(leaf) for leaf in CT_LEAVES[:size]).hex() == CT_ROOTS[size]


def test_two_thousand_trees_agree_with_the_recursive_definition() -> None:
    chance = seeded(6962)
    for _ in range(2000):
        size = chance.randrange(1, 140)
        leaves = [chance.randbytes(32) for _ in range(size)]
        root = naive_root(leaves)
        assert root_of(leaves) == root

        index = chance.randrange(size)
        node = nodes_of(leaves)
        path = inclusion_proof(index, size, node)
        assert path == naive_path(index, leaves)
        assert verify_inclusion(leaves[index], index, size, path, root)

        older = chance.randrange(1, size + 1)
        growth = consistency_proof(older, size, node)
        assert growth == naive_subproof(older, leaves, known=True)
        assert verify_consistency(older, size, growth, naive_root(leaves[:older]), root)


def test_no_other_proof_passes() -> None:
    chance = seeded(9162)
    for _ in range(400):
        size = chance.randrange(2, 70)
        leaves = [chance.randbytes(32) for _ in range(size)]
        root = root_of(leaves)
        index = chance.randrange(size)
        path = inclusion_proof(index, size, nodes_of(leaves))
        wrong = chance.choice([other for other in range(size) if other != index])
        assert not verify_inclusion(leaves[index], wrong, size, path, root)
        assert not verify_inclusion(leaves[wrong], index, size, path, root)
        assert not verify_inclusion(leaves[index], index, size, path[:-1], root)
        assert not verify_inclusion(leaves[index], index, size, [*path, root], root)
        assert not verify_inclusion(leaves[index], index, size, [*path[::-1], b""], root)

        older = chance.randrange(1, size)
        before = root_of(leaves[:older])
        growth = consistency_proof(older, size, nodes_of(leaves))
        forked = root_of([*leaves[: older - 1], chance.randbytes(32)])
        assert not verify_consistency(older, size, growth, forked, root)
        assert not verify_consistency(older, size, growth, before, before)
        assert not verify_consistency(older, size, growth[:-1], before, root)
        assert not verify_consistency(older, size, [*growth, root], before, root)


def test_every_tree_grows_out_of_the_empty_one_and_out_of_itself() -> None:
    root = root_of([b"\x01" * 32])
    assert verify_consistency(0, 1, [], EMPTY_ROOT, root)
    assert verify_consistency(1, 1, [], root, root)
    assert not verify_consistency(0, 1, [], root, root)
    assert not verify_consistency(1, 1, [], EMPTY_ROOT, root)
    assert not verify_inclusion(root, 0, 0, [], EMPTY_ROOT)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(2, 1234067, 256), "tile/2/x001/x234/067"),
        (Tile(None, 1000, 17), "tile/entries/x001/000.p/17"),
        (Tile(63, 999, 1), "tile/63/999.p/1"),
    ],
)
def test_tiles_lie_where_the_specification_puts_them(tile: Tile, path: str) -> None:
    assert tile.path == path


def tiles_of(size: int) -> tuple[dict[str, bytes], Tree]:
    tiler = Tiler()
    files: dict[str, bytes] = {}
    for number in range(size):
        entry = b"%d" % number
        files |= {tile.path: content for tile, content in tiler.add(entry, leaf_hash(entry))}
    files |= {tile.path: content for tile, content in tiler.partials()}
    return files, tiler.tree


def test_seventy_thousand_entries_make_the_tiles_of_the_specification_s_example() -> None:
    files, tree = tiles_of(70_000)
    widths = {path: len(content) // 32 for path, content in files.items() if "entries" not in path}
    assert sum(path.startswith("tile/0/") for path in widths) == 274
    assert widths["tile/0/272"] == 256
    assert widths["tile/0/273.p/112"] == 112
    assert {path: width for path, width in widths.items() if not path.startswith("tile/0/")} == {
        "tile/1/000": 256,
        "tile/1/001.p/17": 17,
        "tile/2/000.p/1": 1,
    }
    leaves = [leaf_hash(b"%d" % number) for number in range(70_000)]
    assert tree.root() == root_of(leaves)

    node = nodes_in(lambda tile: files[tile.path], 70_000)
    for index in (0, 255, 256, 65_535, 65_536, 69_887, 69_999):
        path = inclusion_proof(index, 70_000, node)
        assert path == inclusion_proof(index, 70_000, nodes_of(leaves))
        assert verify_inclusion(leaves[index], index, 70_000, path, tree.root())


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above_it() -> None:
    files, _ = tiles_of(256)
    assert sorted(files) == ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]
    assert files["tile/1/000.p/1"] == root_of(
        files["tile/0/000"][at : at + 32] for at in range(0, 8192, 32)
    )


@given(st.lists(st.binary(max_size=300), max_size=20), st.binary(min_size=1, max_size=3))
def test_a_bundle_comes_apart_in_one_way_only(entries: list[bytes], more: bytes) -> None:
    content = bundle(entries)
    assert entries_in(content, len(entries)) == entries
    with pytest.raises(ValueError, match="goes on after"):
        entries_in(content + more, len(entries))
    if entries:
        with pytest.raises(ValueError, match="ends inside"):
            entries_in(content[:-1], len(entries))


# Canonical JSON


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (None, "null"),
        (True, "true"),
        (-0, "0"),
        (9007199254740991, "9007199254740991"),
        ([], "[]"),
        ({"b": [1, {}], "a": ""}, '{"a":"","b":[1,{}]}'),
        # RFC 8785, 3.2.2 and 3.2.3: escapes, and keys by UTF-16 code units.
        ('€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\x7f\u2028", '"\x7f\u2028"'),
        (
            {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
            '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}',
        ),
    ],
)
def test_a_value_has_the_spelling_of_rfc_8785(value: object, spelling: str) -> None:
    assert canonical(value) == spelling.encode()


@pytest.mark.parametrize("value", [1.0, float("nan"), (1,), {1: 2}, b"", {"a": [0.5]}, {None: 1}])
def test_what_is_not_plain_has_no_spelling(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", {"\udfff": 1}])
def test_what_readers_would_misread_has_no_spelling(value: object) -> None:
    with pytest.raises(ValueError, match=r"2\*\*53|surrogate"):
        canonical(value)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


@given(PLAIN)
def test_reading_a_spelling_gives_the_value_back(value: object) -> None:
    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_a_seal_is_rfc_2104_over_the_spelling() -> None:
    # RFC 4231's first case has another key length; this value was computed with openssl.
    assert seal({"by": "x"}, salt=bytes(32)) == (
        "fafbdf25278bf600bcf09690d9451bf5d4f55b26532ef81332f0274f38d0acc0"
    )
    assert seal({"by": "x"}, salt=bytes(31) + b"\x01") != seal({"by": "x"}, salt=bytes(32))
    for length in (0, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            seal("x", salt=bytes(length))


# What an entry may say

GOOD: dict[str, Any] = {
    "kind": "applications.submitted",
    "seq": 7,
    "at": "2026-02-28T23:59:00Z",
    "amount": 77_012_345_678,  # tenge, and no telephone number
    "call": "C-2026-01",
    "period": "2026-03-01 2026-04-01",
    "seal": "0123456789" * 6 + "abcd",
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"at": "2026-02-28T23:59Z"},
        {"at": "2026-02-28T23:59:00.5Z"},
        {"on": "2028-02-29"},
        {"nested": {"list": [1, None, True, "x"]}},
        {"hash": "a" * 26 + "012345678901" + "b" * 26},
        {"amount": 100_000_000_000},  # a thousand million tenge, in tiyn
        {"title": "Café, ﬁve 漢字"},
    ],
)
def test_an_entry_in_form_has_no_fault(change: dict[str, Any]) -> None:
    assert entry_faults(canonical(GOOD | change), seq=7) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "Submitted"}, "kind"),
        ({"kind": "submitted"}, "kind"),
        ({"kind": "a.b\n"}, "kind"),
        ({"seq": 8}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": "7"}, "seq"),
        ({"on": "2026-02-29"}, "`on`"),
        ({"on": "2026-1-1"}, "`on`"),
        ({"at": "2026-02-28T23:59:00+05:00"}, "`at`"),
        ({"at": "2026-02-28T24:01:00Z"}, "`at`"),
        ({"at": None}, "`at`"),
        ({"seal": "0" * 63}, "seal"),
        ({"seal": "A" * 64}, "seal"),
        ({"note": "Асель"}, "Cyrillic"),
        ({"note": "қ"}, "Cyrillic"),
        ({"ключ": 1}, "Cyrillic"),
        ({"note": "write to aigerim@example.org"}, "e-mail"),
        ({"note": "IIN 900101300123"}, "twelve digits"),
        ({"note": "+7 701 234 56 78"}, "telephone"),
        ({"note": "+77012345678"}, "telephone"),
        ({"note": "8 (701) 234-56-78"}, "telephone"),
        ({"note": ["87012345678"]}, "telephone"),
    ],
)
def test_an_entry_out_of_form_is_named(change: dict[str, Any], fault: str) -> None:
    faults = entry_faults(canonical(GOOD | change), seq=7)
    assert len(faults) == 1
    assert fault in faults[0]


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"\xff",
        b"{}x",
        b"null",
        b"[" * 60_000,
        b'{"a":1.0}',
        b'{"a":NaN}',
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b" " * 70_000,
    ],
)
def test_bytes_that_are_no_entry_are_a_fault_and_no_crash(entry: bytes) -> None:
    assert entry_faults(entry, seq=0)


# Notes, checkpoints, keys

# The example of c2sp.org/signed-note's Go package documentation.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501 a signature is one line
)


def test_a_note_signed_by_others_opens_and_a_changed_one_does_not() -> None:
    verifier = Verifier.parse(PETER)
    assert str(verifier) == PETER
    Note.parse(PETER_NOTE.encode()).demand(verifier)
    with pytest.raises(BadNote, match="not PeterNeumann's"):
        Note.parse(PETER_NOTE.replace("know", "knew").encode()).demand(verifier)
    with pytest.raises(BadNote, match="not signed by"):
        Note.parse(PETER_NOTE.encode()).demand(Verifier.of(KEY, "PeterNeumann"))


def test_a_checkpoint_has_one_form_and_reads_back() -> None:
    checkpoint = Checkpoint("example.org/log", 3, root_of([b"\x02" * 32]))
    signed = checkpoint.signed(KEY)
    assert signed == checkpoint.signed(KEY)
    note = Note.parse(signed)
    note.demand(Verifier.of(KEY, "example.org/log"))
    assert Checkpoint.parse(note.text) == checkpoint
    for text in ("", "x\n3\n", "x\n03\nAAAA\n", "x\n-1\nAAAA\n", checkpoint.text + "more\n"):
        with pytest.raises(BadNote):
            Checkpoint.parse(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note[:-1],
        lambda note: note + b"\n",
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: note.replace("—".encode(), b"-"),
        lambda note: b"\xff" + note,
        lambda note: note.replace(b"=\n", b"\n"),
        lambda note: b"",
    ],
)
def test_a_malformed_note_is_refused(change: Any) -> None:
    signed = sign("text\nof three\nlines\n", key=KEY, name="log")
    with pytest.raises(BadNote):
        Note.parse(change(signed)).demand(Verifier.of(KEY, "log"))


@pytest.mark.parametrize("flip", range(100))
def test_no_bit_of_a_note_can_change(flip: int) -> None:
    signed = bytearray(Checkpoint("log", 9, EMPTY_ROOT).signed(KEY))
    place = seeded(flip).randrange(len(signed) * 8)
    signed[place // 8] ^= 1 << place % 8
    with pytest.raises(BadNote):
        Note.parse(bytes(signed)).demand(Verifier.of(KEY, "log"))


def test_a_signature_has_one_spelling() -> None:
    signed = Checkpoint("log", 9, EMPTY_ROOT).signed(KEY).decode()
    last = signed[-3]  # of its six bits base64 leaves two unused
    others = [signed[:-3] + letter + "=\n" for letter in ascii_letters + digits if letter != last]
    for other in others:
        with pytest.raises(BadNote):
            Note.parse(other.encode()).demand(Verifier.of(KEY, "log"))


@pytest.mark.parametrize(
    "text", ["", "a+b", PETER.replace("c7", "c8"), PETER.replace("+ARpc", "+BBpc"), PETER + "A"]
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Verifier.parse(text)


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.pem"
    key = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path).private_bytes_raw() == key.private_bytes_raw()
    with pytest.raises(FileExistsError):
        make_key(path)
    assert load_key(path).private_bytes_raw() == key.private_bytes_raw()
    assert [item.name for item in path.parent.iterdir()] == ["ledger.pem"]


def test_a_key_may_be_a_seed_but_not_open_to_others_nor_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "seed"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o640)
    with pytest.raises(PermissionError):
        load_key(path)
    path.chmod(0o600)
    assert load_key(path).private_bytes_raw() == bytes(range(32))
    path.write_bytes(b"no key")
    with pytest.raises(ValueError, match="PEM"):
        load_key(path)
