"""Run the tests on SQLite and on PostgreSQL, side by side: `python -m tests.run [pytest's words]`.

Ends with one line, `tests: N passed, N failed, N skipped`, over both; 1 if either failed.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

PROJECT = Path(__file__).resolve().parent.parent
ENGINES = ("sqlite", "postgresql")


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


def run(engine: str, words: list[str], folder: Path) -> Result:
    """Run pytest on one engine, telling line by line."""
    report = folder / f"{engine}.xml"
    command = [sys.executable, "-m", "pytest", "-p", "tests.databases", f"--junit-xml={report}"]
    with subprocess.Popen(
        [*command, *words],
        cwd=PROJECT,
        env={**os.environ, "TARAZY_TEST_ENGINE": engine},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(f"{engine:>10} | {line.rstrip()}", flush=True)
    if not report.exists():
        print(f"{engine:>10} | could not run: pytest ended with {process.returncode}", flush=True)
        return Result(passed=0, failed=0, skipped=0, content=False)
    return read(report, content=process.returncode == 0)


def read(report: Path, *, content: bool) -> Result:
    """Count what a JUnit report tells; an error is a failure."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314  # our own file
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return Result(total - failed - skipped, failed, skipped, content)


def main(words: list[str]) -> int:
    """Run both engines at once; return 1 if either failed."""
    find_data()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda engine: run(engine, words, Path(folder)), ENGINES))
    for engine, result in zip(ENGINES, results, strict=True):
        if not result.content:
            print(f"{engine} failed")
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    skipped = sum(result.skipped for result in results)
    print(f"tests: {passed} passed, {failed} failed, {skipped} skipped")
    return 0 if all(result.content for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
