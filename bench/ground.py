"""What the measurements stand on: a disk, a demo foundation, real applications, wanted bounds."""

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import median

from django.conf import settings

from tarazy.applications.submission import Draft
from tarazy.calls.models import Call
from tarazy.charter.events import Role
from tarazy.ops.demo.build import FOLDER, Demo
from tarazy.ops.home import prepare
from tarazy.ops.importing import draft_from
from tarazy.people.models import Person, StaffRole

PROJECT = Path(__file__).resolve().parent.parent
REAL = Path("applications", "real-applications.jsonl")
CONTINUOUS = "OPEN-2026"  # the demo's call that never closes
WITH_DEADLINE = "EDU-2026-1"  # the demo's call that is open whenever the demo is made


@dataclass(frozen=True, slots=True)
class Bound:
    """What was wanted, with what was found; `holds` is None where this run cannot tell."""

    words: str
    holds: bool | None


def make_foundation() -> None:
    """Make the demo foundation in the home, its own thirty applications included."""
    prepare()
    Demo(lambda _step, items: items, today=datetime.now(UTC).date()).build()


def call(code: str) -> Call:
    """Return one of the demo's calls."""
    return Call.objects.select_related("programme").get(code=code)


def coordinator() -> Person:
    """Return a coordinator, who may check applications and open a committee's list."""
    return StaffRole.objects.select_related("person").filter(role=Role.COORDINATOR)[0].person


@cache
def applications() -> Path:
    """Return the file of applications, and print which: the real ones, else the demo's."""
    data = Path(os.environ.get("TARAZY_DATA") or PROJECT.parent / "shared" / "data")
    if (data / REAL).exists():
        print(f"applications: the real ones ({REAL.name})")
        return data / REAL
    print(f"applications: THE DEMO'S INVENTED ONES: no {REAL} in TARAZY_DATA")
    return FOLDER / "applications.jsonl"


def drafts(into: Call) -> list[Draft]:
    """Return the applications as drafts for a call; those that nobody could hand in left out."""
    lines = applications().read_text(encoding="utf-8").splitlines()
    read = [draft_from(json.loads(line), into.currency, rates={}) for line in lines]
    return [draft for draft in read if not draft.faults()]


def describe_disk() -> None:
    """Print what the home lies on, and how long its smallest durable write takes."""
    times = []
    probe = settings.HOME / "probe"
    with probe.open("wb", buffering=0) as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(bytes(8192))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begun)
    probe.unlink()
    print(
        f"disk: {_file_system(settings.HOME)}; 8 KiB written and synchronised in"
        f" {1000 * median(times):.2f} ms (median of {len(times)})"
    )


def _file_system(folder: Path) -> str:
    """Return the kind of file system that a folder lies on; refuse one in memory."""
    device = os.stat(folder).st_dev  # noqa: PTH116  # Path.stat() is the same call
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        place, _, rest = line.partition(" - ")
        if place.split()[2] == wanted:
            kind = rest.split()[0]
            if kind in {"tmpfs", "ramfs"}:
                raise SystemExit(f"{folder} lies in memory ({kind}): nothing durable to measure.")
            return kind
    return "unknown file system"
