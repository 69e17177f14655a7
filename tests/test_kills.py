"""A round that is killed a hundred times is the round that nobody killed."""

import re
import shutil
import signal
import subprocess
from pathlib import Path
from random import Random

import pytest

from tarazy.ledger.events import DecoyAppended
from tests import terminal
from tests.databases import ROOT, WORKER
from tests.terminal import Nursery, demo_home, is_well, limited, one_sentence, rows

pytestmark = pytest.mark.engine("sqlite")

KILLS = 100
PLAY = ("round", "play", "--call", "AUYL-2026", "--seed", "5")
LINE = re.compile(r'(?<=")\d+ (?=[a-z]+\.)')  # in the path of a released case
OUTCOME = {
    "cases": "SELECT number, state FROM cases_case ORDER BY number",
    "events": "SELECT c.number, e.ordinal, e.kind, e.data FROM cases_storedevent e"
    " JOIN cases_case c ON c.id = e.case_id ORDER BY c.number, e.ordinal",
    "sheets": "SELECT c.number, s.seat_id, s.marks FROM decisions_sheet s"
    " JOIN cases_case c ON c.id = s.case_id ORDER BY c.number, s.seat_id",
    "minutes": "SELECT c.number, m.ordinal, m.body, m.outcome, m.words FROM decisions_minute m"
    " JOIN cases_case c ON c.id = m.case_id ORDER BY c.number, m.ordinal",
    "grants": "SELECT number, recipient, recipient_id, amount FROM grants_grant ORDER BY number",
    "tranches": "SELECT g.number, t.ordinal, t.amount, t.paid_on FROM grants_tranche t"
    " JOIN grants_grant g ON g.id = t.grant_id ORDER BY g.number, t.ordinal",
    "lines": "SELECT count(*) FROM ledger_opening WHERE value NOT LIKE"
    f" '%\"{DecoyAppended.kind}\"%'",
}


def outcome(home: Path) -> dict[str, list[object]]:
    """Return what a round came to, but for the lines' numbers: decoys shift them by chance."""
    return {
        name: [
            tuple(LINE.sub("", cell) if isinstance(cell, str) else cell for cell in row)
            for row in rows(home, query)
        ]
        for name, query in OUTCOME.items()
    }


def fresh_home(number: int) -> Path:
    """Copy the demo into the run's folder, in memory where there is room: only `kill` counts."""
    return demo_home(ROOT / WORKER / f"kills-{number}")


def finish(nursery: Nursery, home: Path, undisturbed: dict[str, list[object]]) -> None:
    """Play to the end and compare with the round that nobody disturbed."""
    assert nursery.run(*PLAY).returncode == 0
    assert is_well(home, nursery)
    found = outcome(home)
    for name, expected in undisturbed.items():
        assert found[name] == expected, name


def test_a_round_killed_a_hundred_times_ends_as_if_nobody_had_touched_it(tmp_path: Path) -> None:
    untouched = fresh_home(0)
    assert terminal.tarazy(untouched, *PLAY).returncode == 0
    undisturbed = outcome(untouched)
    assert len(undisturbed["grants"]) > 2
    chance = Random(2026)
    killed = rounds = 0
    sizes: set[int] = set()
    while killed < KILLS:
        rounds += 1
        home = fresh_home(rounds)
        with Nursery(home) as nursery:
            done: subprocess.CompletedProcess[str] | None = None
            while killed < KILLS and (done is None or done.returncode):
                done = nursery.run(*PLAY, kill_after=chance.uniform(0.01, 0.3))
                assert done.returncode in (0, -signal.SIGKILL), done.stderr
                killed += done.returncode != 0
                sizes.add(rows(home, "SELECT size FROM ledger_head")[0][0])
                if killed % 10 == 0:
                    assert is_well(home, nursery)
            finish(nursery, home, undisturbed)
        shutil.rmtree(home)
    shutil.rmtree(untouched)
    assert len(sizes) > KILLS / 4  # they hit many moments of the round, not one


def test_on_a_full_disk_the_round_stops_in_one_sentence_and_ends_when_there_is_room(
    tmp_path: Path,
) -> None:
    untouched, home = demo_home(tmp_path / "untouched"), demo_home(tmp_path / "home")
    assert terminal.tarazy(untouched, *PLAY).returncode == 0
    begun = rows(home, "SELECT size FROM ledger_head")[0][0]
    stopped = set()
    for room in (300_000, 1_000_000, 2_500_000):
        full = limited(home, (home / "tarazy.sqlite3").stat().st_size + room, *PLAY)
        assert full.returncode == 1, full.stderr
        sentence = full.stderr.splitlines()[-1] + "\n"
        assert one_sentence(sentence), full.stderr
        assert "What was finished is kept" in sentence
        assert "Traceback" not in full.stderr
        stopped.add(rows(home, "SELECT size FROM ledger_head")[0][0])
        assert is_well(home)
    assert max(stopped) > begun
    with Nursery(home) as nursery:
        finish(nursery, home, outcome(untouched))
