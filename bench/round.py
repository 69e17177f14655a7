"""A whole round on real applications, from the file to the first tranches: how long it takes."""

import time

from bench.ground import (
    CONTINUOUS,
    Bound,
    applications,
    call,
    coordinator,
    describe_disk,
    make_foundation,
)
from tarazy.cases.models import Case
from tarazy.grants.models import Tranche
from tarazy.ops import clock
from tarazy.ops.importing import import_file
from tarazy.ops.play import Play, Schedule

SECONDS = 60.0


def measure(_seconds: float) -> list[Bound]:
    """Import and play once, as the commands do."""
    make_foundation()
    describe_disk()
    applications()
    begun = time.perf_counter()
    received = take_in()
    imported = time.perf_counter()
    play()
    ended = time.perf_counter()
    print(f"import {imported - begun:.1f} s, play {ended - imported:.1f} s")
    cases = Case.objects.filter(docket__call=call(CONTINUOUS)).count()
    paid = Tranche.objects.exclude(paid_on=None).count()
    print(f"{received} applications received, {cases} cases judged, {paid} first tranches paid")
    return [
        Bound(f"{ended - begun:.1f} s, wanted below {SECONDS:.0f} s", ended - begun < SECONDS),
        Bound("every application became a case", received == cases > 0 < paid),
    ]


def take_in() -> int:
    """Import the file of applications; return how many were received."""
    report = import_file(
        applications(),
        call(CONTINUOUS),
        by=coordinator(),
        clock=clock.now,
        rates={},
        advance=lambda _lines: None,
    )
    return report.received


def play() -> None:
    """Play the simulated round to its end."""
    schedule = Schedule(clock.now(), compressed=True)
    Play(call(CONTINUOUS), 1, schedule, lambda _step, items: items).run()
