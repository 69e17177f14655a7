"""Running `tarazy` as somebody at a terminal does: a program of its own, in a home of its own."""

import os
import shutil
import sqlite3
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.databases import ROOT, WORKER

PROJECT = Path(__file__).parent.parent
ENTRY = (sys.executable, "-m", "tarazy.ops.command")
LONG = 120.0  # seconds: a wait that ends only in a fault


def environment(home: Path) -> dict[str, str]:
    """Return the surroundings of a program whose home is this folder, on SQLite."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TARAZY_", "PYTEST_")) and "DATABASE_URL" not in name
    }
    return {**kept, "TARAZY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tarazy.settings"}


def tarazy(home: Path, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and return what it said."""
    return run([*ENTRY, *map(str, words)], home)


def run(command: list[str], home: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end in the surroundings of a home."""
    return subprocess.run(
        command,
        cwd=PROJECT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )


def begin(home: Path, *words: str | Path) -> "subprocess.Popen[str]":
    """Start a command; whoever does so waits for it or ends it."""
    return subprocess.Popen(
        [*ENTRY, *map(str, words)],
        cwd=PROJECT,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def limited(home: Path, size: int, *words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command that cannot make any file longer than `size` bytes, as on a full disk."""
    program = (
        f"import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}));"
        " runpy.run_module('tarazy.ops.command', run_name='__main__')"
    )
    return run([sys.executable, "-c", program, *map(str, words)], home)


NURSERY = """
import os, signal, sys, time
import django
django.setup()
import tarazy.ops.commands
from tarazy.ops.command import main
for line in sys.stdin:
    moment, *words = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        for handle, end in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{sys.argv[1]}.{end}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
        sys.argv = ["tarazy", *words]
        main()
    if moment:
        time.sleep(float(moment))
        os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Nursery:
    """A program that has loaded everything, and runs each command in a process forked off.

    A command is there at once, and one that is killed dies at its work and not while it loads.
    """

    def __init__(self, home: Path) -> None:
        self._said = home.with_name(f"{home.name}.said")
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(self._said)],
            cwd=PROJECT,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=LONG)

    def run(
        self, *words: str | Path, kill_after: float | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command, killed after so many seconds: then its status is -9, as the system's."""
        assert self._process.stdin
        assert self._process.stdout
        moment = "" if kill_after is None else f"{kill_after:.4f}"
        self._process.stdin.write("\t".join([moment, *map(str, words)]) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        said = [Path(f"{self._said}.{end}") for end in ("out", "err")]
        out, err = [file.read_text(encoding="utf-8") if file.exists() else "" for file in said]
        return subprocess.CompletedProcess(words, status, out, err)


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Read a home's database from outside."""
    with sqlite3.connect(f"file:{home}/tarazy.sqlite3?mode=ro", uri=True, timeout=LONG) as database:
        found = list(database.execute(query))
    database.close()
    return found


def is_well(home: Path, nursery: Nursery | None = None) -> bool:
    """Say whether the doctor finds nothing wrong and the log counts what it keeps."""
    seen = nursery.run("doctor") if nursery else tarazy(home, "doctor")
    (size,), (kept,) = (
        rows(home, "SELECT size FROM ledger_head")[0],
        rows(home, "SELECT count(*) FROM ledger_entry")[0],
    )
    well = seen.returncode == 0 and "WRONG" not in seen.stdout and size == kept
    if not well:
        print(seen.stdout, seen.stderr, size, kept)
    return bool(well)


def one_sentence(text: str) -> bool:
    """Say whether somebody was told what is wrong in one line, and shown no traceback."""
    return text.count("\n") == 1 and text.startswith("tarazy: ") and "Traceback" not in text


@cache
def _made(name: str, *words: str) -> Path:
    home = ROOT / WORKER / f"home-{name}"
    done = tarazy(home, *words)
    assert done.returncode == 0, done.stderr
    return home


def demo_home(target: Path) -> Path:
    """Copy a home in which the demo foundation stands."""
    return Path(shutil.copytree(_made("demo", "demo"), target))


def played_home(target: Path) -> Path:
    """Copy a home in which the demo's round has been played."""
    return Path(shutil.copytree(_made("played", "demo", "--play"), target))
