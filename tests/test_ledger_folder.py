"""The published log: every edit is found, and neither death nor a full disk breaks it."""

import errno
import fcntl
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tarazy.ledger.canonical import canonical
from tarazy.ledger.folder import (
    NotPublished,
    Unproven,
    Verdict,
    publish,
    receipt,
    verify,
    verify_receipt,
)
from tarazy.ledger.notes import Checkpoint, Note, Verifier, sign
from tarazy.ledger.shape import Manifest
from tarazy.ledger.tree import Tiler, Tree, bundle, entries_in, leaf_hash

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


ORIGIN = "tarazy.example/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
VKEY = str(Verifier.of(KEY, ORIGIN))
SIZES = (100, 256, 300, 600)
OPEN_DATA = "360giving.json"


def seeded(number: int) -> random.Random:
    return random.Random(number)


def grants(number: int) -> bytes:
    """Return the open-data file that entry `number` records."""
    return json.dumps({"grants": [{"amount": number, "note": "Орал"}] * 5}).encode()


def is_export(number: int) -> bool:
    return number % 100 == 90


def entry(number: int, *, world: str = "") -> bytes:
    value: dict[str, Any] = {"kind": "applications.submitted", "seq": number}
    value |= {"at": "2026-03-01T10:00:00Z", "call": "C-2026-01", "world": world}
    value["seal"] = hashlib.sha256(f"{world}{number}".encode()).hexdigest()
    if is_export(number):
        value |= {"kind": "register.exported", "file": OPEN_DATA}
        value["sha256"] = hashlib.sha256(grants(number)).hexdigest()
    return canonical(value)


def log(size: int, *, world: str = "", since: int = 0) -> Iterator[bytes]:
    """Yield entries; another world differs from number `since` on."""
    return (entry(number, world=world if number >= since else "") for number in range(size))


def files(size: int) -> dict[str, bytes]:
    newest = max((number for number in range(size) if is_export(number)), default=0)
    return {OPEN_DATA: grants(newest), "charter/2026.toml": b"# The charter in force.\n"}


def publish_sizes(folder: Path, *sizes: int, key: Ed25519PrivateKey = KEY, **other: Any) -> None:
    for size in sizes:
        publish(log(size, **other), folder, key=key, origin=ORIGIN, files=files(size))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass(frozen=True)
class Scene:
    """A folder after each of its publications."""

    states: dict[int, Path]

    @property
    def now(self) -> Path:
        return self.states[SIZES[-1]]

    def copy(self, to: Path) -> Path:
        """Copy by hard links: an edit writes a new file and leaves the others'."""
        if to.exists():
            shutil.rmtree(to)
        return Path(shutil.copytree(self.now, to, copy_function=os.link))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    place = tmp_path_factory.mktemp("scene")
    states = {}
    for size in SIZES:
        publish_sizes(place / "log", size)
        states[size] = Path(shutil.copytree(place / "log", place / f"at-{size}"))
    return Scene(states)


def put(folder: Path, name: str, content: bytes) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.parent / "fresh"
    fresh.write_bytes(content)
    fresh.replace(target)


# The whole and unharmed folder


def test_what_was_published_verifies(scene: Scene) -> None:
    for size, state in scene.states.items():
        verdict = verify(state, vkey=VKEY)
        assert verdict.faults == []
        assert verdict.ok
        assert verdict.size == size
        assert verdict.checked["key"] == "as expected"


def test_without_an_expected_key_the_verdict_says_whose_key_counted(scene: Scene) -> None:
    verdict = verify(scene.now)
    assert verdict.ok
    assert "would pass" in str(verdict.checked["key"])


def test_it_grew_out_of_every_older_checkpoint(scene: Scene) -> None:
    for state in scene.states.values():
        kept = state / "checkpoint"
        assert verify(scene.now, older=kept, vkey=VKEY).ok
        assert verify(scene.now, older=str(kept)).ok
        assert verify(scene.now, older=kept.read_text()).ok


def test_the_same_again_changes_nothing(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    publish_sizes(folder, *SIZES)
    assert contents(folder) == contents(scene.now)
    stamps = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    publish_sizes(folder, SIZES[-1])
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == stamps
    assert os.listdir(tmp_path) == ["log"]  # noqa: PTH208 hidden names too, and only names


def test_a_publication_writes_only_what_is_new(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    publish_sizes(folder, 300)
    before = {path: path.stat().st_ino for path in folder.rglob("*") if path.is_file()}
    publish_sizes(folder, 310)
    after = {path: path.stat().st_ino for path in folder.rglob("*") if path.is_file()}
    assert {str(p.relative_to(folder)) for p in after if before.get(p) != after[p]} == {
        "checkpoint",
        "checkpoints/310",
        "manifest",
        "tile/0/001.p/54",
        "tile/entries/001.p/54",
    }
    assert before.keys() <= after.keys()


def test_unfinished_tiles_stay_for_readers_of_older_checkpoints_until_the_full_one_is_there(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "log"
    publish_sizes(folder, 100, 200)
    assert {path.name for path in (folder / "tile/0/000.p").iterdir()} == {"100", "200"}
    publish_sizes(folder, 256)
    assert not (folder / "tile/0/000.p").exists()
    assert not (folder / "tile/entries/000.p").exists()
    assert verify(folder, vkey=VKEY).ok


def test_an_empty_log_can_be_published_and_grows(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    for size in (0, 1, 2):
        publish(log(size), folder, key=KEY, origin=ORIGIN, files={})
        verdict = verify(folder, vkey=VKEY)
        assert (verdict.faults, verdict.size) == ([], size)


def test_files_can_change_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    for extra in ({"a/b.txt": b"1", "c": b""}, {"a/b.txt": b"2"}, {}):
        publish(log(5), folder, key=KEY, origin=ORIGIN, files=extra)
        assert verify(folder, vkey=VKEY).faults == []
        assert {name for name in contents(folder) if name in {"a/b.txt", "c"}} == set(extra)
    assert not (folder / "a").exists()


def test_progress_ends_with_all_entries(tmp_path: Path) -> None:
    seen: list[int] = []
    publish(
        log(300), tmp_path / "l", key=KEY, origin=ORIGIN, files=files(300), progress=seen.append
    )
    assert seen == [256, 300]
    verify(tmp_path / "l", progress=seen.append)
    assert seen[2:] == [256, 300]


# A thousand edits


Edit = Callable[[Path, random.Random, Scene], str | None]
"""Changes a folder; returns the file that the verdict must name, or None for any."""


def some_file(folder: Path, chance: random.Random) -> tuple[str, bytes]:
    name = chance.choice(sorted(contents(folder)))
    return name, (folder / name).read_bytes()


def flip_a_bit(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, content = some_file(folder, chance)
    changed = bytearray(content)
    place = chance.randrange(len(changed) * 8)
    changed[place // 8] ^= 1 << place % 8
    put(folder, name, bytes(changed))
    return name


def cut_the_end(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, content = some_file(folder, chance)
    put(
        folder,
        name,
        content[: chance.choice([0, len(content) - 1, chance.randrange(len(content))])],
    )
    return name


def append(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, content = some_file(folder, chance)
    more = chance.choice([b"\n", b"\0", chance.randbytes(32), content])
    put(folder, name, content + more)
    return name


def overwrite_some_bytes(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, content = some_file(folder, chance)
    start = chance.randrange(len(content))
    length = min(chance.randrange(1, 40), len(content) - start)
    fresh = chance.randbytes(length)
    if fresh == content[start : start + length]:
        fresh = bytes(byte ^ 1 for byte in fresh)
    put(folder, name, content[:start] + fresh + content[start + length :])
    return name


def delete(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, _ = some_file(folder, chance)
    (folder / name).unlink()
    return name


def rename(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, _ = some_file(folder, chance)
    (folder / name).rename(folder / f"{name}{chance.choice(['~', '.bak', '0'])}")
    return name


def swap(folder: Path, chance: random.Random, scene: Scene) -> str:
    here = contents(folder)
    first = chance.choice(sorted(here))
    second = chance.choice([name for name in sorted(here) if here[name] != here[first]])
    put(folder, first, here[second])
    put(folder, second, here[first])
    return first


def add(folder: Path, chance: random.Random, scene: Scene) -> str:
    places = ["", "checkpoints/", "tile/", "tile/0/", "tile/0/002.p/", "tile/entries/", "charter/"]
    name = chance.choice(places) + chance.choice(["x", "999", ".hidden", "checkpoint2", "Ж", "\n"])
    if chance.random() < 0.3:
        (folder / name).mkdir()
    else:
        put(folder, name, some_file(folder, chance)[1])
    return ""


def replay_an_older_file(folder: Path, chance: random.Random, scene: Scene) -> str:
    here = contents(folder)
    older = contents(scene.states[chance.choice(SIZES[:-1])])
    name = chance.choice([name for name in sorted(older) if here.get(name) != older[name]])
    put(folder, name, older[name])
    return name


def replay_older_signed_files(folder: Path, chance: random.Random, scene: Scene) -> None:
    older = contents(scene.states[chance.choice(SIZES[:-1])])
    for name in ("manifest", "checkpoint", OPEN_DATA)[: chance.randrange(1, 4)]:
        put(folder, name, older[name])


def make_it_something_else(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, _ = some_file(folder, chance)
    path = folder / name
    path.unlink()
    kind = chance.randrange(4)
    if kind == 0:
        path.symlink_to(scene.now / name)
    elif kind == 1:
        path.mkdir()
    elif kind == 2:
        os.mkfifo(path)
    else:
        path.touch()
        os.truncate(path, 1 << 40)  # a terabyte of nothing
    return name


def link_a_folder(folder: Path, chance: random.Random, scene: Scene) -> str:
    name = chance.choice(["tile", "tile/0", "tile/entries", "checkpoints", "charter"])
    shutil.rmtree(folder / name)
    (folder / name).symlink_to(scene.now / name)
    return name


def write_tree(folder: Path, entries: list[bytes]) -> None:
    tiler = Tiler()
    for content in entries:
        for tile, full in tiler.add(content, leaf_hash(content)):
            put(folder, tile.path, full)
    for tile, partial in tiler.partials():
        put(folder, tile.path, partial)


def all_entries(folder: Path) -> list[bytes]:
    parts = [("000", 256), ("001", 256), ("002.p/88", 88)]
    return [
        one
        for name, width in parts
        for one in entries_in((folder / "tile/entries" / name).read_bytes(), width)
    ]


def edit_an_entry_in_its_bundle(folder: Path, chance: random.Random, scene: Scene) -> str:
    name, width = chance.choice([("000", 256), ("001", 256), ("002.p/88", 88)])
    path = f"tile/entries/{name}"
    entries = entries_in((folder / path).read_bytes(), width)
    at = chance.randrange(width)
    entries[at] = canonical(json.loads(entries[at]) | {"call": "C-2026-02"})
    put(folder, path, bundle(entries))
    return path


def edit_an_entry_and_its_whole_tree(folder: Path, chance: random.Random, scene: Scene) -> None:
    entries = all_entries(folder)
    at = chance.randrange(len(entries))
    entries[at] = canonical(json.loads(entries[at]) | {"call": "C-2026-02"})
    write_tree(folder, entries)


def reorder_two_entries(folder: Path, chance: random.Random, scene: Scene) -> None:
    entries = all_entries(folder)
    one, two = chance.sample(range(len(entries)), 2)
    first, second = json.loads(entries[one]), json.loads(entries[two])
    entries[one], entries[two] = (
        canonical(second | {"seq": one}),
        canonical(first | {"seq": two}),
    )
    write_tree(folder, entries)


def drop_the_last_entry(folder: Path, chance: random.Random, scene: Scene) -> None:
    entries = all_entries(folder)[:-1]
    for path in (folder / "tile").rglob("88"):
        path.unlink()
    write_tree(folder, entries)
    if chance.random() < 0.5:  # and say so, without the key
        text = Checkpoint(ORIGIN, 599, bytes(32)).signed(OTHER_KEY)
        put(folder, "checkpoint", text)


def add_an_entry(folder: Path, chance: random.Random, scene: Scene) -> None:
    write_tree(folder, [*all_entries(folder), entry(600)])


EDITS: tuple[tuple[Edit, int], ...] = (
    (flip_a_bit, 280),
    (cut_the_end, 90),
    (append, 80),
    (overwrite_some_bytes, 100),
    (delete, 60),
    (rename, 40),
    (swap, 60),
    (add, 60),
    (replay_an_older_file, 60),
    (replay_older_signed_files, 15),
    (make_it_something_else, 60),
    (link_a_folder, 10),
    (edit_an_entry_in_its_bundle, 40),
    (edit_an_entry_and_its_whole_tree, 20),
    (reorder_two_entries, 15),
    (drop_the_last_entry, 5),
    (add_an_entry, 5),
)


def test_the_edits_are_a_thousand() -> None:
    assert sum(times for _, times in EDITS) == 1000


def is_named(name: str, verdict: Verdict) -> bool:
    """Say whether a fault begins with the file, or with a folder of it."""
    blamed = [fault.partition(": ")[0] for fault in verdict.faults]
    return any(name == one or name.startswith(f"{one}/") for one in blamed)


@pytest.mark.parametrize(("edit", "times"), EDITS, ids=[edit.__name__ for edit, _ in EDITS])
def test_every_edit_is_found(edit: Edit, times: int, scene: Scene, tmp_path: Path) -> None:
    unseen = []
    unnamed = []
    for number in range(times):
        folder = scene.copy(tmp_path / "log")
        name = edit(folder, seeded(number), scene)
        verdict = verify(folder, vkey=VKEY)
        assert verdict.ok == (not verdict.faults)
        if verdict.ok:
            unseen.append((number, name))
        elif name and not is_named(name, verdict):
            unnamed.append((number, name, verdict.faults))
        assert len(verdict.faults) <= 50
    assert unseen == []
    assert unnamed == []


@pytest.mark.parametrize("since", [0, 50, 99, 100, 299, 300, 599])
def test_a_history_rewritten_with_the_true_key_shows_against_an_older_checkpoint(
    since: int, scene: Scene, tmp_path: Path
) -> None:
    publish_sizes(tmp_path / "log", *SIZES, world="another", since=since)
    assert verify(tmp_path / "log", vkey=VKEY).ok  # on its own it is a log like any other
    for size, state in scene.states.items():
        verdict = verify(tmp_path / "log", older=state / "checkpoint", vkey=VKEY)
        assert verdict.ok == (size <= since)
        if not verdict.ok:
            assert "history was rewritten" in verdict.faults[0]


def test_a_log_signed_anew_with_another_key_shows_against_key_or_checkpoint(
    scene: Scene, tmp_path: Path
) -> None:
    publish_sizes(tmp_path / "log", *SIZES, key=OTHER_KEY)
    assert verify(tmp_path / "log").ok
    assert not verify(tmp_path / "log", vkey=VKEY).ok
    assert not verify(tmp_path / "log", older=scene.states[100] / "checkpoint").ok


def test_a_whole_older_state_shows_only_against_a_newer_checkpoint(scene: Scene) -> None:
    assert verify(scene.states[300], vkey=VKEY).ok
    verdict = verify(scene.states[300], older=scene.now / "checkpoint", vkey=VKEY)
    assert verdict.faults == ["the older checkpoint: has 300 entries more: the log was cut back"]


def test_a_key_or_checkpoint_that_is_none_is_a_fault(scene: Scene, tmp_path: Path) -> None:
    assert not verify(scene.now, vkey="nonsense").ok
    assert not verify(scene.now, vkey="").ok
    assert not verify(scene.now, older="nonsense\n").ok
    assert not verify(scene.now, older="").ok
    assert not verify(scene.now, older=tmp_path / "nowhere").ok
    assert not verify(scene.now, older="\0").ok


def test_the_first_wrong_entry_is_named_once(scene: Scene, tmp_path: Path) -> None:
    folder = scene.copy(tmp_path / "log")
    entries = entries_in((folder / "tile/entries/001").read_bytes(), 256)
    entries[10] = canonical(json.loads(entries[10]) | {"call": "C-2026-02"})
    put(folder, "tile/entries/001", bundle(entries))
    assert verify(folder, vkey=VKEY).faults == [
        "tile/entries/001: entry 266 is not the one that was logged"
    ]


def test_entries_out_of_form_are_never_published(tmp_path: Path) -> None:
    bad = canonical(json.loads(entry(3)) | {"call": "Асель"})
    with pytest.raises(NotPublished, match="Entry 3 holds a Cyrillic letter"):
        publish([*log(3), bad], tmp_path / "log", key=KEY, origin=ORIGIN, files={})
    assert contents(tmp_path / "log") == {}


# Folders that only a holder of the key can make, whose software lets everything pass


def forge(
    folder: Path, entries: list[bytes], beside: dict[str, bytes], *, origin: str = ORIGIN
) -> None:
    """Publish and sign without a single check."""
    write_tree(folder, entries)
    tree = Tree()
    for content in entries:
        tree.add(leaf_hash(content))
    head = Checkpoint(origin, tree.size, tree.root())
    listed = {
        name: (hashlib.sha256(content).hexdigest(), len(content))
        for name, content in beside.items()
    }
    manifest = Manifest(head, (head.size,), listed)
    put(folder, "manifest", sign(manifest.text, key=KEY, name=ORIGIN))
    signed = sign(head.text, key=KEY, name=ORIGIN)
    put(folder, "checkpoint", signed)
    put(folder, f"checkpoints/{head.size}", signed)
    put(folder, "key.vkey", f"{VKEY}\n".encode())
    for name, content in beside.items():
        put(folder, name, content)


def test_a_forged_folder_without_fault_verifies(tmp_path: Path) -> None:
    forge(tmp_path / "log", list(log(300)), files(300))
    assert verify(tmp_path / "log", vkey=VKEY).faults == []


def test_a_log_of_another_name_under_the_same_key_is_a_fault(tmp_path: Path) -> None:
    forge(tmp_path / "log", list(log(3)), {}, origin="another")
    assert verify(tmp_path / "log", vkey=VKEY).faults == [
        f"checkpoint: is of the log another, not {ORIGIN}",
        f"checkpoints/3: is of the log another, not {ORIGIN}",
    ]


def test_a_signed_manifest_in_another_order_is_a_fault(scene: Scene, tmp_path: Path) -> None:
    folder = scene.copy(tmp_path / "log")
    text = Note.parse((folder / "manifest").read_bytes()).text
    lines = text.replace("checkpoint 100\ncheckpoint 256\n", "checkpoint 256\ncheckpoint 100\n")
    put(folder, "manifest", sign(lines, key=KEY, name=ORIGIN))
    assert "manifest: is not in its one order" in verify(folder, vkey=VKEY).faults


def test_signed_entries_out_of_form_are_a_fault(tmp_path: Path) -> None:
    bad = canonical(json.loads(entry(3)) | {"call": "Асель"})
    forge(tmp_path / "log", [*log(3), bad], {})
    assert verify(tmp_path / "log", vkey=VKEY).faults == [
        "tile/entries/000.p/4: entry 3 holds a Cyrillic letter"
    ]


@pytest.mark.parametrize(
    ("beside", "fault"),
    [
        ({OPEN_DATA: b"{}"}, f"{OPEN_DATA}: is not the file whose digest entry 290 records"),
        ({OPEN_DATA: grants(190)}, f"{OPEN_DATA}: is not the file whose digest entry 290 records"),
        ({}, f"{OPEN_DATA}: is missing, though entry 290 records its digest"),
    ],
)
def test_signed_open_data_that_the_log_does_not_record_is_a_fault(
    beside: dict[str, bytes], fault: str, tmp_path: Path
) -> None:
    forge(tmp_path / "log", list(log(300)), beside)
    assert verify(tmp_path / "log", vkey=VKEY).faults == [fault]


def test_signed_files_that_contradict_each_other_are_a_fault(scene: Scene, tmp_path: Path) -> None:
    root = Checkpoint.parse(Note.parse((scene.now / "checkpoint").read_bytes()).text).root
    wrong = {
        "checkpoints/300": Checkpoint(ORIGIN, 300, root).signed(KEY),
        "checkpoints/600": Checkpoint(ORIGIN, 600, bytes(32)).signed(KEY),
        "checkpoint": sign(Checkpoint("another", 600, root).text, key=KEY, name=ORIGIN),
        "key.vkey": f"{Verifier.of(OTHER_KEY, ORIGIN)}\n".encode(),
        "manifest": sign(
            Manifest(Checkpoint(ORIGIN, 600, root), (100, 256, 300), {}).text,
            key=KEY,
            name=ORIGIN,
        ),
    }
    for name, content in wrong.items():
        folder = scene.copy(tmp_path / "log")
        put(folder, name, content)
        verdict = verify(folder, vkey=VKEY)
        assert is_named(name, verdict), (name, verdict.faults)


def test_a_signature_more_is_a_byte_more(scene: Scene, tmp_path: Path) -> None:
    for name in ("checkpoint", "checkpoints/300", "manifest"):
        folder = scene.copy(tmp_path / "log")
        signed = (folder / name).read_bytes()
        other = sign(Note.parse(signed).text, key=OTHER_KEY, name="witness.example")
        put(folder, name, signed + other.split(b"\n\n")[-1])
        assert verify(folder, vkey=VKEY).faults == [
            f"{name}: carries more signatures than the log's own"
        ]


def test_an_older_checkpoint_may_carry_witnesses_but_not_another_name(
    scene: Scene, tmp_path: Path
) -> None:
    kept = (scene.states[300] / "checkpoint").read_text()
    text = Note.parse(kept.encode()).text
    witness = sign(text, key=OTHER_KEY, name="witness.example").decode().split("\n\n")[-1]
    assert verify(scene.now, older=kept + witness, vkey=VKEY).ok
    renamed = sign(text.replace(ORIGIN, "another"), key=KEY, name=ORIGIN)
    assert verify(scene.now, older=renamed.decode(), vkey=VKEY).faults == [
        "the older checkpoint: is of the log another"
    ]


# What was never a log


def rubbish(folder: Path, chance: random.Random) -> None:
    """Fill a folder with names that matter and bytes that do not."""
    names = ["checkpoint", "manifest", "key.vkey", "tile/0/000", "tile/entries/000.p/3", "a"]
    for name in names:
        kind = chance.randrange(6)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == 0:
            path.mkdir()
        elif kind == 1:
            os.mkfifo(path)
        elif kind == 2:
            path.symlink_to("/dev/zero")
        elif kind == 3:
            path.write_bytes(chance.randbytes(chance.randrange(3000)))
        elif kind == 4:
            path.write_bytes(f"{ORIGIN}\n{10**17}\n{'A' * 43}=\n\n— {ORIGIN} AAAA\n".encode())


def test_no_content_makes_verify_raise(tmp_path: Path) -> None:
    for number in range(300):
        folder = tmp_path / str(number)
        folder.mkdir()
        rubbish(folder, seeded(number))
        verdict = verify(folder)
        assert not verdict.ok
        assert 0 < len(verdict.faults) <= 50
        "\n".join(verdict.faults).encode()
        shutil.rmtree(folder)


def test_a_checkpoint_that_claims_too_much_ends_soon(tmp_path: Path) -> None:
    publish_sizes(tmp_path / "log", 5)
    for size in (10**17, 10**6):
        put(tmp_path / "log", "checkpoint", Checkpoint(ORIGIN, size, bytes(32)).signed(KEY))
        assert not verify(tmp_path / "log", vkey=VKEY).ok


def test_thousands_of_strange_files_give_at_most_fifty_faults(scene: Scene, tmp_path: Path) -> None:
    folder = scene.copy(tmp_path / "log")
    for number in range(2000):
        (folder / f"tile/0/strange-{number}").touch()
    verdict = verify(folder)
    assert len(verdict.faults) == 50
    assert "more" in verdict.faults[-1]


def test_names_that_are_no_text_are_shown_and_found(scene: Scene, tmp_path: Path) -> None:
    folder = scene.copy(tmp_path / "log")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b[2J")).touch()
    (fault,) = verify(folder, vkey=VKEY).faults
    assert fault.isprintable()
    fault.encode()


@pytest.mark.parametrize("make", [Path.touch, lambda path: None])
def test_what_is_no_folder_is_a_fault(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "log")
    assert not verify(tmp_path / "log").ok


# Publications that must not be


def refused(folder: Path, match: str, entries: Any, **change: Any) -> None:
    """Expect a refusal that leaves every byte as it was."""
    before = contents(folder)
    given: dict[str, Any] = {"key": KEY, "origin": ORIGIN, "files": files(300)} | change
    with pytest.raises(NotPublished, match=match):
        publish(entries, folder, **given)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_what_does_not_extend_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    publish_sizes(folder, 100, 300)
    refused(folder, "299 entries; the folder already holds 300", log(299))
    refused(folder, "history differs", log(400, world="another", since=299))
    refused(folder, "history differs", log(300, world="another"))
    refused(folder, "not signed by", log(300), key=OTHER_KEY)
    refused(folder, "not signed by|not of the log", log(300), origin="tarazy.example/other")
    refused(folder, "is not the file whose digest", log(300), files={OPEN_DATA: b"{}"})
    refused(folder, "is missing, though entry 290", log(300), files={})
    refused(folder, "Entry 300 is not canonical JSON", [*log(300), b"{"])
    refused(folder, "Entry 300 is 65536 bytes", [*log(300), b"x" * 65_536])


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint",
        "checkpoints/9",
        "tile/0/000",
        "manifest",
        "key.vkey",
        "../x",
        "/x",
        "",
        ".x",
        "a//b",
        "a/../b",
        "a b",
        "a\n",
        "ж",
    ],
)
def test_a_public_file_may_not_bear_every_name(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    publish_sizes(folder, 300)
    refused(folder, "cannot be the name", log(300), files={**files(300), name: b""})


def test_damage_is_reported_and_not_painted_over(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    publish_sizes(folder, 100, 300)
    for name in ("tile/0/000", "tile/entries/001.p/44", "checkpoints/100", "key.vkey", "manifest"):
        whole = (folder / name).read_bytes()
        put(folder, name, whole[:-2] + b"A\n")
        refused(folder, name, log(400), files=files(400))
        put(folder, name, whole)
    publish_sizes(folder, 400)
    assert verify(folder, vkey=VKEY).ok


def test_what_is_missing_is_rebuilt_to_the_byte(scene: Scene, tmp_path: Path) -> None:
    for name in contents(scene.now):
        folder = scene.copy(tmp_path / "log")
        (folder / name).unlink()
        publish_sizes(folder, SIZES[-1])
        assert contents(folder) == contents(scene.now)


def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    publish_sizes(folder, 300)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    refused(folder, "under way", log(300))
    assert verify(folder).faults == ["a publication is under way: verify again after it"]
    os.close(handle)
    publish_sizes(folder, 300)
    assert verify(folder).ok


# Death and full disks. The system's own audit hook tells a child where it is, so that it can die
# or fail at any one operation on files, with our code as it is.

WRITES = frozenset({"os.mkdir", "os.link", "os.rename", "os.remove", "os.rmdir", "os.truncate"})


def is_write(event: str, arguments: tuple[Any, ...]) -> bool:
    return event in WRITES or (event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR)))


def in_a_child(work: Callable[[], None]) -> int:
    """Run in a forked process; return its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def count_writes(work: Callable[[], None]) -> int:
    """Count the operations on files that this work does, in a child."""
    source, target = os.pipe()

    def counted() -> None:
        seen = [0]
        sys.addaudithook(lambda event, given: seen.__setitem__(0, seen[0] + is_write(event, given)))
        work()
        os.write(target, str(seen[0]).encode())

    assert in_a_child(counted) == 0
    os.close(target)
    with os.fdopen(source) as report:
        return int(report.read())


def die_at(place: int) -> None:
    """Have this process killed just before its operation number `place` on files."""
    left = [place]

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if is_write(event, given):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def test_a_publisher_killed_anywhere_leaves_what_the_next_one_completes(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    chance = seeded(9)
    size = 100
    publish_sizes(folder, size)
    killed = 0
    for number in range(30):
        grown = size + chance.choice([0, 1, 30, 156, 300])
        trial = Path(shutil.copytree(folder, tmp_path / "trial" / "log"))
        total = count_writes(lambda: publish_sizes(trial, grown))  # noqa: B023 called at once
        shutil.rmtree(tmp_path / "trial")
        place = chance.randrange(total + 1)

        def killed_publication() -> None:
            die_at(place)  # noqa: B023 called at once
            publish_sizes(folder, grown)  # noqa: B023

        status = in_a_child(killed_publication)
        killed += os.WIFSIGNALED(status)
        # Readers meet a checkpoint and all that it signs, at every moment.
        published = verify_receipt(receipt(folder, 0), vkey=VKEY).checkpoint.size
        for index in (0, chance.randrange(published), published - 1):
            assert verify_receipt(receipt(folder, index), vkey=VKEY).entry == entry(index)
        if number % 3:  # else the next one is killed on top
            size = grown + chance.choice([0, 1])
            publish_sizes(folder, size)
            verdict = verify(folder, vkey=VKEY)
            assert (number, place, verdict.faults) == (number, place, [])
            assert [path.name for path in tmp_path.iterdir()] == ["log"]
        else:
            size = grown
    assert killed > 20


def fail_at(place: int) -> Callable[[], None]:
    """Have operation number `place` fail as on a full disk, once; return what switches it off."""
    left = [place]

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event not in {"os.remove", "os.rmdir"} and is_write(event, given):
            left[0] -= 1
            if left[0] == -1:
                raise OSError(errno.ENOSPC, "No space left on device")

    sys.addaudithook(hook)
    return lambda: left.__setitem__(0, sys.maxsize)


def test_a_disk_that_fills_up_at_any_write_leaves_the_older_state(
    scene: Scene, tmp_path: Path
) -> None:
    folder = tmp_path / "log"
    shutil.copytree(scene.states[300], folder)
    total = count_writes(lambda: publish_sizes(folder, 600))
    failed = 0
    for place in range(total):
        shutil.rmtree(folder)
        shutil.copytree(scene.states[300], folder)

        def full() -> None:
            off = fail_at(place)  # noqa: B023 called at once
            try:
                publish_sizes(folder, 600)
            except OSError:
                off()
                assert contents(folder) == contents(scene.states[300])
                assert verify(folder, vkey=VKEY).faults == []
                publish_sizes(folder, 600)
            else:  # a folder was there already, so that it did not matter that it cannot be made
                os._exit(7)

        code = os.waitstatus_to_exitcode(in_a_child(full))
        assert (place, code) in {(place, 0), (place, 7)}
        failed += code == 0
        assert verify(folder, vkey=VKEY).faults == []
        assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert failed > 25


def test_a_limit_on_the_size_of_files_leaves_the_older_state(scene: Scene, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(scene.states[100], tmp_path / "log"))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        with pytest.raises(OSError, match="File too large"):
            publish_sizes(folder, 256)

    assert in_a_child(limited) == 0
    assert contents(folder) == contents(scene.states[100])
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


# Receipts


def test_a_receipt_proves_every_entry_of_every_state(scene: Scene) -> None:
    for size, state in scene.states.items():
        for index in {0, 1, size // 2, size - 1}:
            proven = verify_receipt(receipt(state, index), vkey=VKEY)
            assert (proven.index, proven.entry) == (index, entry(index))
            assert proven.checkpoint.size == size


def test_a_receipt_of_a_log_with_one_entry_has_no_hashes(tmp_path: Path) -> None:
    publish(log(1), tmp_path / "log", key=KEY, origin=ORIGIN, files={})
    assert verify_receipt(receipt(tmp_path / "log", 0), vkey=VKEY).entry == entry(0)


def test_a_receipt_proves_nothing_else(scene: Scene) -> None:
    text = receipt(scene.now, 300)
    assert verify_receipt(text, vkey=VKEY, entry=entry(300)).index == 300
    with pytest.raises(Unproven, match="not in the log"):
        verify_receipt(text, vkey=VKEY, entry=entry(301))
    with pytest.raises(Unproven, match="not signed by"):
        verify_receipt(text, vkey=str(Verifier.of(OTHER_KEY, ORIGIN)))
    with pytest.raises(Unproven, match="no entry"):
        verify_receipt("\n".join(x for x in text.split("\n") if "extra" not in x), vkey=VKEY)
    with pytest.raises(Unproven, match="600 leaves has no leaf 600"):
        receipt(scene.now, 600)


def test_no_letter_of_a_receipt_can_change(scene: Scene) -> None:
    text = receipt(scene.now, 300)
    chance = seeded(3)
    for _ in range(300):
        at = chance.randrange(len(text))
        other = chance.choice([letter for letter in "aZ9+/=\n —" if letter != text[at]])
        with pytest.raises(Unproven):
            verify_receipt(text[:at] + other + text[at + 1 :], vkey=VKEY)


def test_a_damaged_folder_gives_no_receipt(scene: Scene, tmp_path: Path) -> None:
    folder = scene.copy(tmp_path / "log")
    put(folder, "tile/0/001", bytes(8192))
    with pytest.raises(Unproven):
        receipt(folder, 300)
    (folder / "tile/0/001").unlink()
    with pytest.raises(Unproven, match="is missing"):
        receipt(folder, 300)


def test_a_verdict_is_plain(scene: Scene) -> None:
    verdict = verify(scene.now, older=scene.states[100] / "checkpoint", vkey=VKEY)
    assert verdict == Verdict(
        ok=True,
        size=600,
        root=Checkpoint.parse((scene.now / "checkpoint").read_text().split("\n\n")[0] + "\n").root,
        faults=[],
        checked={
            "key": "as expected",
            "checkpoints": 4,
            "older": 100,
            "entries": 600,
            "files": 2,
            "paths": 17,
        },
    )
