"""Applications from a file: what is sound comes in once, what is not is named by its line."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.conf import settings
from pytest_django import Settings

from tarazy.applications.models import Application, IdentityCard, Proposal
from tarazy.applications.steps import original_path
from tarazy.calls.models import Call
from tarazy.charter.events import Role
from tarazy.ledger.models import Entry, Head
from tarazy.ops.importing import LONGEST_LINE, Report, import_file
from tarazy.people.models import Person
from tests import cast, terminal

COUNT = 295
REAL = Path(os.environ.get("TARAZY_DATA", ""), "applications", "real-applications.jsonl")
RATES = {"USD": Decimal(500), "BTC": Decimal(15_000_000)}
needs_data = pytest.mark.skipif(
    "TARAZY_DATA" not in os.environ, reason="TARAZY_DATA is not set: no real applications"
)


def line(number: int = 0, **other: Any) -> bytes:
    """Return one sound line, or one that differs; a field that is None is left out."""
    fields: dict[str, Any] = {
        "id": f"line-{number}",
        "language": "en",
        "title": f"Title {number}",
        "organisation": f"Organisation {number}",
        "sections": [{"heading": "The need", "text": "A room to read in."}],
        **other,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


@pytest.fixture
def call(database: None, settings: Settings, tmp_path: Path) -> Call:
    """Announce a call that is always open, with originals of its own."""
    settings.ORIGINALS = tmp_path / "originals"
    return cast.small_call(cast.small_foundation(), closes=None)


def take_in(call: Call, file: Path, rates: Mapping[str, Decimal] = RATES) -> Report:
    """Import a file as the command does."""
    by = Person.objects.get(name=Role.COORDINATOR.value)
    moved: list[int] = []
    at = cast.JUDGING
    report = import_file(file, call, by=by, clock=lambda: at, rates=rates, advance=moved.append)
    lines = [line for line in file.read_bytes().split(b"\n") if line.strip()]
    if not any(words == "all lines after it: not read" for words in report.skipped):
        assert sum(moved) == len(lines)
    assert Head.objects.get().size == Entry.objects.count()
    return report


def take_in_lines(call: Call, tmp_path: Path, *lines: bytes, end: bytes = b"\n") -> Report:
    """Import these lines."""
    file = tmp_path / "lines.jsonl"
    file.write_bytes(end.join(lines))
    return take_in(call, file)


def stored() -> dict[str, str]:
    """Return each original's name with its digest as the table has it."""
    return dict(Application.objects.values_list("original", "document"))


def all_originals_are_what_was_received() -> bool:
    """Say whether every row has its file, unchanged, and every file its row."""
    files = {path.name: path.read_bytes() for path in settings.ORIGINALS.glob("*/*")}
    return stored() == {name: sha256(content).hexdigest() for name, content in files.items()}


BAD: dict[str, tuple[bytes, str]] = {
    "a half-written line": (line(1)[:70], r"not JSON \(.*\); is the line complete\?"),
    "no JSON": (b"title: a", r"not JSON"),
    "a list": (b'["a", "b"]', r"not a JSON object"),
    "a text": (b'"a"', r"not a JSON object"),
    "nothing": (b"null", r"not a JSON object"),
    "a heap of brackets": (b"[" * 100_000, r"not JSON"),
    "a number without end": (b'{"id": ' + b"9" * 5_000 + b"}", r"not JSON"),
    "other bytes": (b'{"id": "\xff\xfe"}', r"not JSON"),
    "a NUL among the bytes": (line(1).replace(b"need", b"ne\x00d"), r"not JSON"),
    "five megabytes": (line(1, title="a" * 5_000_000), r"longer than 4,000,000 bytes"),
    "a title of a number": (line(1, title=5), r"title: write a text, not int"),
    "an id of a number": (line(1, id=5), r"id: write a text, not int"),
    "an id without end": (line(1, id="a" * 100), r"id: shorten it"),
    "a requested number": (line(1, requested=5000), r"requested: write a text, not int"),
    "people as a text": (line(1, people="Aigul"), r"people: write a list of texts, not str"),
    "people as numbers": (line(1, people=[7]), r"people: write a text, not int"),
    "emails as an object": (line(1, emails={"a": 1}), r"emails: write a list of texts, not dict"),
    "sections missing": (line(1, sections=None), r"sections: write a list"),
    "sections empty": (line(1, sections=[]), r"sections: write at least one"),
    "sections of texts": (line(1, sections=["a"]), r"sections: write a list"),
    "a section of spaces": (
        line(1, sections=[{"heading": "a", "text": " \n"}]),
        r"sections: write at least one",
    ),
    "a heading of a list": (
        line(1, sections=[{"heading": [], "text": "a"}]),
        r"heading: write a text, not list",
    ),
    "a text without end": (
        line(1, sections=[{"heading": "a", "text": "a" * 200_001}]),
        r"sections\[0\]: shorten it",
    ),
    "no title": (line(1, title=None), r"title: fill it in"),
    "nobody": (line(1, organisation=None), r"organisation: say who applies"),
    "an unknown language": (line(1, language="english"), r"language: write kk, ru or en"),
    "a wrong BIN": (line(1, bin="12345"), r"bin: write twelve digits"),
    "a BIN that is too long": (line(1, bin="1" * 13), r"bin: write twelve digits"),
    "a region in words": (line(1, region="Almaty city"), r"region: write it as KZ-75"),
}


def test_every_bad_line_is_named_with_its_field_and_the_others_come_in(
    call: Call, tmp_path: Path
) -> None:
    lines: list[bytes] = []
    for number, (bad, _) in enumerate(BAD.values()):
        lines += [bad, line(number)]
    report = take_in_lines(call, tmp_path, *lines)
    assert report.received == len(BAD) == Application.objects.count()
    assert len(report.skipped) == len(BAD)
    for place, (name, (_, words)) in enumerate(BAD.items()):
        assert re.match(rf"line {2 * place + 1}: {words}", report.skipped[place]), name
        assert len(report.skipped[place]) < 300, name
    assert all_originals_are_what_was_received()


def test_a_file_that_breaks_off_loses_its_last_line_only(call: Call, tmp_path: Path) -> None:
    report = take_in_lines(call, tmp_path, line(1), line(2), line(3)[:-20])
    assert (report.received, len(report.skipped)) == (2, 1)
    assert report.skipped[0].startswith("line 3: not JSON")
    whole = take_in_lines(call, tmp_path, line(1), line(2), line(3))
    assert (whole.received, whole.there_already, whole.skipped) == (1, 2, [])


def test_a_line_that_stands_twice_is_received_once(call: Call, tmp_path: Path) -> None:
    nameless = line(2, id=None)
    spaces = [line(3, id=" "), line(4, id=" ")]
    report = take_in_lines(call, tmp_path, line(1), nameless, line(1), nameless, *spaces, *spaces)
    assert (report.received, report.there_already, report.skipped) == (4, 4, [])
    assert all_originals_are_what_was_received()


def test_a_byte_order_mark_empty_lines_and_windows_line_ends_do_no_harm(
    call: Call, tmp_path: Path
) -> None:
    lines = [b"\xef\xbb\xbf" + line(1), b"", b"   ", line(2), b""]
    report = take_in_lines(call, tmp_path, *lines, end=b"\r\n")
    assert (report.received, report.skipped) == (2, [])
    again = take_in_lines(call, tmp_path, *lines, line(3)[:50], end=b"\r\n")
    assert (again.received, again.there_already) == (0, 2)
    assert again.skipped[0].startswith("line 6: ")  # empty ones are counted, as an editor does


def test_what_no_database_takes_is_taken_out_of_texts(call: Call, tmp_path: Path) -> None:
    odd = line(1, title="Ti\x00tle\ud800", people=["Ai\x00gul"], short_names=["\udfff"])
    report = take_in_lines(call, tmp_path, odd)
    assert (report.received, report.skipped) == (1, [])
    assert Proposal.objects.get().title == "Title?"
    card = IdentityCard.objects.get()
    assert (card.people, card.names) == (["Aigul"], ["?"])
    assert all_originals_are_what_was_received()


def test_unknown_fields_are_counted_by_name(call: Call, tmp_path: Path) -> None:
    report = take_in_lines(
        call, tmp_path, line(1, colour="blue"), line(2, colour="red", size=3), line(3)
    )
    assert report.received == 3
    assert report.unknown_fields == {"colour": 2, "size": 1}


def test_a_sum_that_cannot_be_read_leaves_the_ceiling_and_is_counted(
    call: Call, tmp_path: Path
) -> None:
    sums = ["5 000 000 тг", "", "some money", "99999999999999999999 KZT", "100 USD", "2 BTC"]
    lines = [line(number, requested=text) for number, text in enumerate(sums)]
    report = take_in_lines(call, tmp_path, *lines)
    assert (report.received, report.without_sum) == (6, 3)
    found = Application.objects.order_by("token").values_list("requested", flat=True)
    assert list(found) == [500_000_000, None, None, None, 5_000_000, 3_000_000_000]


def test_a_closed_call_ends_the_reading_by_its_clause(database: None, tmp_path: Path) -> None:
    closed = cast.small_call(cast.small_foundation())
    report = take_in_lines(closed, tmp_path, line(1), line(2))
    assert report.received == 0
    first, rest = report.skipped
    assert first.startswith("line 1: clause 3.1")
    assert rest == "all lines after it: not read"
    assert not Application.objects.exists()


def test_an_empty_file_is_no_fault(call: Call, tmp_path: Path) -> None:
    assert take_in_lines(call, tmp_path, b"") == Report()


def test_the_longest_line_is_read_and_one_byte_more_is_not(call: Call, tmp_path: Path) -> None:
    room = LONGEST_LINE - len(line(1, colour=""))
    longest, longer = line(1, colour="a" * room), line(2, colour="a" * (room + 1))
    assert len(longest) == LONGEST_LINE
    report = take_in_lines(call, tmp_path, longest, longer, line(3))
    assert (report.received, len(report.skipped)) == (2, 1)
    assert report.skipped[0].startswith("line 2: longer than")


@needs_data
def test_all_real_applications_come_in_once(call: Call) -> None:
    report = take_in(call, REAL)
    assert (report.received, report.there_already, report.skipped) == (COUNT, 0, [])
    again = take_in(call, REAL)
    assert (again.received, again.there_already, again.skipped) == (0, COUNT, [])
    assert Application.objects.count() == COUNT == len(stored())
    assert all_originals_are_what_was_received()
    kept = json.loads(original_path(next(iter(stored()))).read_bytes())
    first = REAL.read_text(encoding="utf-8").splitlines()
    assert kept["title"] in {json.loads(text)["title"].strip() for text in first}


# The command


def command(file: Path, *more: str) -> list[str]:
    """Return the words that import a file into the demo's open call."""
    return ["import", "applications", "--call", "OPEN-2026", *more, str(file)]


@pytest.mark.engine("sqlite")
@needs_data
def test_killed_at_any_moment_and_started_again_it_receives_all_and_none_twice(
    tmp_path: Path,
) -> None:
    home = terminal.demo_home(tmp_path / "home")
    words = command(REAL, "--rate", "USD=500")
    chance = Random(295)
    with terminal.Nursery(home) as nursery:
        moments = [chance.uniform(0.02, 0.6) for _ in range(8)]
        ends = {nursery.run(*words, kill_after=moment).returncode for moment in moments}
        assert -signal.SIGKILL in ends
        assert ends <= {-signal.SIGKILL, 0}
        assert nursery.run(*words).returncode == 0
    of_call = "call_id = (SELECT id FROM calls_call WHERE code = 'OPEN-2026')"
    found = terminal.rows(
        home, f"SELECT token, original, document FROM applications_application WHERE {of_call}"
    )
    assert len(found) == COUNT == len({token for token, _, _ in found})
    for _, name, digest in found:
        kept = (home / "originals" / name[:2] / name).read_bytes()
        assert sha256(kept).hexdigest() == digest
    (lines,) = terminal.rows(
        home,
        "SELECT count(*) FROM ledger_entry WHERE body LIKE '%applications.submitted%OPEN-2026%'"
        " OR body LIKE '%OPEN-2026%applications.submitted%'",
    )
    assert lines == (COUNT,)
    assert terminal.is_well(home)


@pytest.mark.engine("sqlite")
def test_the_command_says_what_became_of_each_line(tmp_path: Path) -> None:
    home = terminal.demo_home(tmp_path / "home")
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"\n".join([line(1, colour="red"), b"[]", line(2), line(1, colour="red")]))
    done = terminal.tarazy(home, *command(file))
    assert done.returncode == 0
    assert done.stdout == (
        "OPEN-2026: 2 received, 1 there already, 1 skipped; 2 without a sum that can be read\n"
    )
    assert done.stderr.splitlines() == [
        "skipped line 2: not a JSON object; write one application a line: {…}",
        "unknown field 'colour', in 2 lines: not imported",
    ]
    file.write_bytes(b"[]\n{}\n")
    nothing = terminal.tarazy(home, *command(file))
    assert nothing.returncode == 1
    assert nothing.stdout.startswith("OPEN-2026: 0 received")


@pytest.mark.engine("sqlite")
def test_progress_is_shown_to_whoever_watches_and_goes_into_no_pipe(tmp_path: Path) -> None:
    home = terminal.demo_home(tmp_path / "home")
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"\n".join(line(number) for number in range(20)))
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [*terminal.ENTRY, *command(file)],
        cwd=terminal.PROJECT,
        env={**terminal.environment(home), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        try:
            while part := os.read(ours, 1 << 16):
                shown += part
        except OSError:  # Linux says so at the end of a terminal
            pass
        said = process.stdout.read() if process.stdout else b""
    os.close(ours)
    assert process.returncode == 0
    assert b"Applications" in shown
    assert b"20/20" in shown
    assert said.count(b"\n") == 1
    assert said.startswith(b"OPEN-2026: 20 received")
    assert b"\x1b" not in said


@pytest.mark.engine("sqlite")
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limit on a file's length")
@needs_data
def test_on_a_full_disk_it_stops_in_one_sentence_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    home = terminal.demo_home(tmp_path / "home")
    room = (home / "tarazy.sqlite3").stat().st_size + 1_500_000
    full = terminal.limited(home, room, *command(REAL))
    assert full.returncode == 1
    assert terminal.one_sentence(full.stderr), full.stderr
    (count,) = terminal.rows(home, "SELECT count(*) FROM applications_application")
    assert 30 < count[0] < 30 + COUNT
    assert terminal.is_well(home)
    rest = terminal.tarazy(home, *command(REAL))
    assert rest.returncode == 0
    assert f"{COUNT + 30 - count[0]} received, {count[0] - 30} there already" in rest.stdout
    assert terminal.is_well(home)
