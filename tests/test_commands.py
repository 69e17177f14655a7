"""The `tarazy` command as somebody at a terminal meets it: sentences, never a traceback."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests import terminal
from tests.terminal import (
    Nursery,
    begin,
    demo_home,
    is_well,
    one_sentence,
    played_home,
    rows,
    tarazy,
)

pytestmark = pytest.mark.engine("sqlite")

COMMANDS = {
    "demo": (),
    "calls": (),
    "import applications": ("--call", "AUYL-2026", "{file}"),
    "round play": ("--call", "AUYL-2026", "--seed", "1"),
    "export 360giving": (),
    "ledger publish": ("{folder}",),
    "ledger verify": ("{folder}",),
    "charter show": (),
    "charter diff": ("{file}", "{file}"),
    "charter check": (),
    "backup": ("{folder}/backup.tar.gz",),
    "restore": ("{file}",),
    "doctor": (),
}
GROUPS = ("", "import", "round", "export", "ledger", "charter")
WITHOUT_A_FOUNDATION = {
    *("demo", "ledger verify", "backup", "restore", "doctor"),
    *("charter show", "charter diff", "charter check"),
}


def words_of(name: str, folder: Path) -> list[str]:
    """Return a command with arguments that exist."""
    (folder / "file.jsonl").touch()
    given = [word.format(file=folder / "file.jsonl", folder=folder) for word in COMMANDS[name]]
    return [*name.split(), *given]


def test_every_page_of_help_says_what_the_command_is_for(tmp_path: Path) -> None:
    listed = set()
    with Nursery(tmp_path / "home") as nursery:
        for group in GROUPS:
            shown = nursery.run(*group.split(), "--help")
            assert (shown.returncode, shown.stderr) == (0, "")
            assert shown.stdout.startswith(f"Usage: tarazy {group} ".replace("  ", " "))
            block = shown.stdout.split("Commands:\n")[1].split("\n\n")[0]
            for command, words in re.findall(r"^  (\S+) +(\S.*)$", block, re.MULTILINE):
                assert words.rstrip(".").count(" ") >= 2, f"{group} {command}: {words}"
                listed.add(f"{group} {command}".strip())
        assert listed - set(GROUPS) == set(COMMANDS)
        for name in COMMANDS:
            shown = nursery.run(*name.split(), "--help")
            assert (shown.returncode, shown.stderr) == (0, ""), name
            assert shown.stdout.startswith(f"Usage: tarazy {name} "), name
    assert not (tmp_path / "home" / "tarazy.sqlite3").exists()


def test_without_a_foundation_a_command_says_so_in_one_sentence(tmp_path: Path) -> None:
    with Nursery(tmp_path / "home") as nursery:
        for name in sorted(COMMANDS.keys() - WITHOUT_A_FOUNDATION):
            done = nursery.run(*words_of(name, tmp_path))
            assert (done.returncode, done.stdout) == (1, ""), name
            assert one_sentence(done.stderr), done.stderr
            assert "no foundation" in done.stderr, name
            assert "tarazy demo" in done.stderr, name


def test_run_as_a_program_it_ends_as_it_does_here(tmp_path: Path) -> None:
    asked = tarazy(tmp_path / "home", "--help")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.startswith("Usage: tarazy ")
    failed = tarazy(tmp_path / "home", "calls")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert one_sentence(failed.stderr)
    wrong = tarazy(tmp_path / "home", "dance")
    assert wrong.returncode == 2
    assert "No such command 'dance'" in wrong.stderr


def test_the_doctor_finds_an_empty_home_well(tmp_path: Path) -> None:
    assert is_well(demo_home(tmp_path / "home"))
    empty = tarazy(tmp_path / "empty", "doctor")
    assert (empty.returncode, empty.stderr) == (0, "")


def test_calls_are_listed_a_line_each_and_as_json(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    shown = tarazy(home, "calls")
    lines = shown.stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["AUYL-2026", "closed"],
        ["EDU-2026-1", "open"],
        ["OPEN-2026", "open"],
    ]
    found = json.loads(tarazy(home, "calls", "--json").stdout)
    assert [call["code"] for call in found] == [line.split()[0] for line in lines]
    assert [call["state"] for call in found] == [line.split()[1] for line in lines]
    assert {*found[0]["title"]} == {"kk", "ru", "en"}


def test_the_demo_made_twice_is_made_once(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    before = rows(home, "SELECT seq, body FROM ledger_entry ORDER BY seq")
    again = tarazy(home, "demo")
    assert again.returncode == 0
    assert rows(home, "SELECT seq, body FROM ledger_entry ORDER BY seq") == before


def test_the_demo_keeps_away_from_a_real_foundation(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    change(home, "UPDATE governance_foundation SET invented = 0")
    for words in (("demo",), ("round", "play", "--call", "AUYL-2026", "--seed", "1")):
        done = tarazy(home, *words)
        assert done.returncode == 1
        assert one_sentence(done.stderr)
        assert "real foundation" in done.stderr


def test_two_who_make_the_demo_at_once_make_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    both = [begin(home, "demo") for _ in range(2)]
    for process in both:
        _, said = process.communicate(timeout=terminal.LONG)
        assert process.returncode == 0, said
    assert rows(home, "SELECT count(*) FROM applications_application") == [(30,)]
    assert rows(home, "SELECT count(*) FROM governance_foundation") == [(1,)]
    assert is_well(home)


def test_two_who_play_one_round_at_once_play_it_once(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    both = [begin(home, "round", "play", "--call", "AUYL-2026", "--seed", "1") for _ in range(2)]
    said = [process.communicate(timeout=terminal.LONG) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert is_well(home)


def test_the_register_is_written_to_a_file_and_to_a_pipe_alike(tmp_path: Path) -> None:
    home = played_home(tmp_path / "home")
    file = tmp_path / "new" / "register.json"
    written = tarazy(home, "export", "360giving", "-o", file)
    assert written.returncode == 0
    piped = tarazy(home, "export", "360giving", "-o", "-")
    assert piped.stdout == file.read_text(encoding="utf-8")
    assert len(json.loads(piped.stdout)["grants"]) > 0
    assert [path.name for path in file.parent.iterdir()] == ["register.json"]


def test_a_register_without_a_grant_is_no_file(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    done = tarazy(home, "export", "360giving", "-o", tmp_path / "register.json")
    assert done.returncode == 1
    assert one_sentence(done.stderr)
    assert not (tmp_path / "register.json").exists()


def test_a_published_log_holds_until_a_byte_is_changed(tmp_path: Path) -> None:
    home, public = played_home(tmp_path / "home"), tmp_path / "public"
    published = tarazy(home, "ledger", "publish", public)
    assert published.returncode == 0, published.stderr
    good = tarazy(tmp_path / "elsewhere", "ledger", "verify", public)
    assert (good.returncode, good.stderr) == (0, "")
    assert "The log holds" in good.stdout
    files = sorted(path for path in public.rglob("*") if path.is_file() and path.name[0] != ".")
    assert len(files) > 3
    with Nursery(tmp_path / "elsewhere") as nursery:
        for file in files:
            kept = file.read_bytes()
            changed = bytearray(kept)
            changed[len(kept) // 2] ^= 1
            file.write_bytes(bytes(changed))
            bad = nursery.run("ledger", "verify", public)
            assert (bad.returncode, bad.stderr) == (1, ""), file
            assert "FAULT" in bad.stdout, file
            assert "THE LOG DOES NOT HOLD" in bad.stdout
            file.write_bytes(kept)
    assert tarazy(tmp_path / "elsewhere", "ledger", "verify", public).returncode == 0


def test_a_folder_without_a_log_does_not_hold(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        done = tarazy(tmp_path / "home", "ledger", "verify", folder)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "FAULT" in done.stdout or one_sentence(done.stderr)


def test_an_unknown_call_is_named_beside_those_there_are(tmp_path: Path) -> None:
    home, file = demo_home(tmp_path / "home"), tmp_path / "empty.jsonl"
    file.touch()
    with Nursery(home) as nursery:
        for words in (("round", "play", "--seed", "1"), ("import", "applications", file)):
            done = nursery.run(*words, "--call", "NONE-1")
            assert done.returncode == 1
            assert one_sentence(done.stderr), done.stderr
            assert all(code in done.stderr for code in ("NONE-1", "AUYL-2026", "OPEN-2026"))


def test_a_bad_rate_is_refused_with_an_example(tmp_path: Path) -> None:
    home, file = demo_home(tmp_path / "home"), tmp_path / "empty.jsonl"
    file.touch()
    words = ("import", "applications", "--call", "OPEN-2026", file, "--rate")
    with Nursery(home) as nursery:
        for rate in ("BTC", "BTC=", "=5", "BTC=a", "BTC=-1", "BTC=NaN", "BTC=Infinity", "5=5"):
            done = nursery.run(*words, rate)
            assert done.returncode == 2, rate
            assert "write CUR=RATE, as in BTC=30000" in done.stderr, rate
            assert "Traceback" not in done.stderr
        assert nursery.run(*words, "btc=30000.5").returncode == 0


def test_interrupted_in_the_middle_it_says_so_and_goes_on_when_run_again(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    words = ("round", "play", "--call", "AUYL-2026", "--seed", "1")
    for more in (40, 60, 60):
        process = begin(home, *words)
        until_it_has_done(more, home, process)
        process.send_signal(signal.SIGINT)
        said, told = process.communicate(timeout=terminal.LONG)
        assert process.returncode == 130, told
        assert told.strip() == "Interrupted. What was finished is kept; run it again to go on."
        assert said == ""
        assert is_well(home)
    assert rows(home, "SELECT count(*) FROM cases_docket WHERE released_on IS NULL") == [(1,)]
    done = tarazy(home, *words)
    assert done.returncode == 0
    assert re.search(r"^still open +0$", done.stdout, re.MULTILINE)
    assert is_well(home)


def until_it_has_done(more: int, home: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until the log has grown by so many lines."""
    wanted = rows(home, "SELECT size FROM ledger_head")[0][0] + more
    last = time.monotonic() + terminal.LONG
    while rows(home, "SELECT size FROM ledger_head")[0][0] < wanted:
        assert process.poll() is None
        assert time.monotonic() < last
        time.sleep(0.005)


def test_a_home_that_cannot_be_written_is_named_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for home in (tmp_path / "file", tmp_path / "file" / "home", Path("/proc/tarazy")):
        done = tarazy(home, "calls")
        assert done.returncode == 1
        assert one_sentence(done.stderr), done.stderr
        assert str(home) in done.stderr
        assert "TARAZY_HOME" in done.stderr


def change(home: Path, statement: str) -> None:
    """Change a home's database behind the program's back."""
    with sqlite3.connect(home / "tarazy.sqlite3") as database:
        database.execute(statement)
    database.close()


def test_the_unforeseen_is_said_in_one_sentence_too(tmp_path: Path) -> None:
    home = played_home(tmp_path / "home")
    change(home, "UPDATE cases_case SET state = '{}'")
    words = ("round", "play", "--call", "AUYL-2026", "--seed", "1")
    done = tarazy(home, *words)
    assert done.returncode == 1
    assert one_sentence(done.stderr), done.stderr
    assert "TARAZY_DEBUG=1" in done.stderr


def test_a_database_that_is_none_is_said_in_one_sentence(tmp_path: Path) -> None:
    home = demo_home(tmp_path / "home")
    (home / "tarazy.sqlite3").write_bytes(b"no database at all, but long enough to be looked at")
    done = tarazy(home, "calls")
    assert done.returncode == 1
    assert one_sentence(done.stderr), done.stderr


def test_the_doctor_names_a_lost_original_and_a_case_that_was_tampered_with(
    tmp_path: Path,
) -> None:
    home = played_home(tmp_path / "home")
    next((home / "originals").glob("*/*")).unlink()
    next((home / "originals").glob("*/*")).write_bytes(b"another text")
    change(home, "UPDATE cases_case SET state = replace(state, '\"amount\": ', '\"amount\": 1')")
    seen = tarazy(home, "doctor")
    assert seen.returncode == 1
    assert re.search(r"^cases +WRONG", seen.stdout, re.MULTILINE)
    assert re.search(r"^originals +WRONG +1 of 30 MISSING, 1 CHANGED", seen.stdout, re.MULTILINE)
