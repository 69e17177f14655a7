"""Run the tests on SQLite and on PostgreSQL, and the sabotage: `python -m tests.run`.

With words of pytest's, these tests only, on both engines. Two parts run at a time, the longest
first. Ends with one line, `tests: N passed, N failed, N skipped`, over all; 1 if any failed.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

PROJECT = Path(__file__).resolve().parent.parent
ENGINES = ("sqlite", "postgresql")
PROCESSES = ("commands", "kills", "archive", "import")  # they start whole programs, on SQLite


@dataclass(frozen=True, slots=True)
class Part:
    """Something to run: a module and its words."""

    name: str
    engine: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How many tests ended how, and whether pytest was content."""

    passed: int
    failed: int
    skipped: int
    content: bool


def find_data() -> None:
    """Set TARAZY_DATA to the data beside the project where it is not set, and say which."""
    beside = PROJECT.parent / "shared" / "data"
    if not os.environ.get("TARAZY_DATA") and beside.is_dir():
        os.environ["TARAZY_DATA"] = str(beside)
    print("TARAZY_DATA:", os.environ.get("TARAZY_DATA") or "not set", flush=True)


def run(part: Part, folder: Path) -> Result:
    """Run one part, telling line by line."""
    report = folder / f"{part.name}.xml"
    command = [sys.executable, "-m", *part.words]
    if part.words[0] == "pytest":
        command += ["-p", "tests.databases", f"--junit-xml={report}"]
    begun = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, "TARAZY_TEST_ENGINE": part.engine},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(f"{part.name:>10} | {line.rstrip()}", flush=True)
    well = process.returncode == 0
    seconds = time.monotonic() - begun
    print(f"{part.name:>10} | ended with {process.returncode} after {seconds:.0f} s", flush=True)
    if part.words[0] != "pytest":
        return Result(passed=int(well), failed=int(not well), skipped=0, content=well)
    if not report.exists():
        return Result(passed=0, failed=0, skipped=0, content=False)
    return read(report, content=well)


def read(report: Path, *, content: bool) -> Result:
    """Count what a JUnit report tells; an error is a failure."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314  # our own file
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return Result(total - failed - skipped, failed, skipped, content)


def parts(words: list[str]) -> list[Part]:
    """Return what is to be run: all of it, or these tests on each engine."""
    if words:
        return [Part(engine, engine, ("pytest", *words)) for engine in ENGINES]
    processes = [f"tests/test_{name}.py" for name in PROCESSES]
    without = [f"--ignore={path}" for path in processes]
    return [
        Part("sqlite", "sqlite", ("pytest", *without)),
        Part("processes", "sqlite", ("pytest", *processes)),
        Part("postgresql", "postgresql", ("pytest",)),
        Part("sabotage", "sqlite", ("tests.sabotage",)),
    ]


def main(words: list[str]) -> int:
    """Run all parts, two at a time; return 1 if any failed."""
    find_data()
    chosen = parts(words)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda part: run(part, Path(folder)), chosen))
    for part, result in zip(chosen, results, strict=True):
        if not result.content:
            print(f"{part.name} failed")
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    skipped = sum(result.skipped for result in results)
    print(f"tests: {passed} passed, {failed} failed, {skipped} skipped")
    return 0 if all(result.content for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
