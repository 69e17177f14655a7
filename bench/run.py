"""Measure: `python -m bench.run [part …]`; without a part, all of them.

Each part runs in a process and a home of its own, under `var/` of the project, removed at the
end. Numbers are ratios to a limit taken in the same run where there is one. The exit status is 1
when a wanted bound is missed.
"""

import argparse
import importlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
PARTS = {
    "charter": "what one question to the charter costs",
    "desk": "a judge's list of 3 and of 295 cases",
    "round": "295 real applications from import to the first tranches",
    "profile": "the same round under cProfile",
    "submissions": "64 clients hand in at once, durably",
}
VERDICTS = {True: "holds", False: "MISSED", None: "NOT JUDGED"}
UNJUDGED = 3  # a part's exit status where no bound is missed, but one cannot be judged
HERE = "--here"  # said to the child: this is the process that measures


def main() -> int:
    """Run the parts that were named, or one of them here; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure Tarazy.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of: {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=20, help="of submissions (20)")
    parser.add_argument(HERE, action="store_true", help=argparse.SUPPRESS)
    words = parser.parse_args()
    unknown = [part for part in words.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]!r}; there are: {', '.join(PARTS)}")
    if words.here:
        return _measure(words.parts[0], words.seconds)
    _describe_machine()
    ended = {part: _in_own_home(part, words.seconds) for part in words.parts or PARTS}
    unjudged = [part for part, status in ended.items() if status == UNJUDGED]
    missed = [part for part, status in ended.items() if status not in (0, UNJUDGED)]
    print()
    if unjudged:
        print(f"bench: this machine cannot judge every bound of: {', '.join(unjudged)}")
    print(f"bench: {'bounds missed in: ' + ', '.join(missed) if missed else 'no bound missed'}")
    return 1 if missed else 0


def _in_own_home(part: str, seconds: float) -> int:
    print(f"\n== {part}: {PARTS[part]}", flush=True)
    (PROJECT / "var").mkdir(exist_ok=True)
    home = tempfile.mkdtemp(prefix="bench-", dir=PROJECT / "var")
    outside = {name: text for name, text in os.environ.items() if "DATABASE_URL" not in name}
    env = {**outside, "TARAZY_HOME": home, "DJANGO_SETTINGS_MODULE": "tarazy.settings"}
    command = [sys.executable, "-m", "bench.run", HERE, f"--seconds={seconds}", part]
    try:
        return subprocess.run(command, cwd=PROJECT, env=env, check=False).returncode
    finally:
        shutil.rmtree(home)


def _measure(part: str, seconds: float) -> int:
    import django  # noqa: PLC0415  # only the child has settings

    django.setup()
    bounds: list[Any] = importlib.import_module(f"bench.{part}").measure(seconds)
    for bound in bounds:
        print(f"{VERDICTS[bound.holds]}: {bound.words}")
    found = {bound.holds for bound in bounds}
    return 1 if False in found else UNJUDGED if None in found else 0


def _describe_machine() -> None:
    cores = os.cpu_count()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {cores} cores, load {load:.1f} before; Python", end=" ")
    print(platform.python_version(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
