"""The search of a charter: it finds what is broken, by the shortest way, and counts alike."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from tarazy.charter import promises
from tarazy.charter.book import CHARTER, Charter, FounderWord, Needed, Stages, Tie, read
from tarazy.charter.check import FULL, SMALL, TINY, AnyBounds, search
from tarazy.charter.danger import DANGEROUS, Danger, differences, random_charters
from tarazy.charter.events import Ground
from tarazy.charter.mutants import (
    CASE,
    Verdict,
    judge,
    mutants,
    reviewed,
    rules,
    tampered,
)
from tarazy.charter.promises import PROMISES, STUCK
from tarazy.charter.search import Broken, Fault, Followed, explore
from tarazy.charter.worlds import KERNEL, Bounds, Kernel
from tarazy.ops.check_command import check

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


OURS = read().on(date(2026, 5, 4))
MOST = 60_000
SMALL_BY_NAME = {bounds.name: bounds for bounds in SMALL}


def first_fault(
    charter: Charter, worlds: Iterable[AnyBounds] = SMALL, kernel: Kernel = KERNEL
) -> Fault | None:
    """Return the first fault that a search of these worlds finds."""
    for bounds in worlds:
        found = search(charter, bounds, most=MOST, kernel=kernel)
        assert found.fault or found.complete
        if found.fault:
            return found.fault
    return None


# The search itself, in a world of a few numbers


@dataclass(frozen=True)
class Numbers:
    """From 1, double or add one, up to a limit; 13 breaks a promise; `ends` are settled."""

    limit: int
    forbidden: int = 0
    ends: frozenset[int] = frozenset()
    helped: frozenset[str] = frozenset()

    def starts(self) -> list[int]:
        return [1]

    def follow(self, state: int) -> Followed[int, str]:
        ways = [(f"{state} + 1", state + 1), (f"{state} * 2", state * 2)]
        accepted = [(move, after) for move, after in ways if after <= self.limit]
        for move, after in accepted:
            if after == self.forbidden:
                return Followed(2, accepted[:0], (move, Broken("small", f"{after} was reached")))
        return Followed(2, accepted)

    def key(self, state: int) -> int:
        return state

    def settled(self, state: int) -> bool:
        return state in self.ends

    def help_of(self, move: str) -> str | None:
        return "help" if move in self.helped else ""

    def tell(self, move: str) -> str:
        return move


def test_every_state_is_found_once_and_every_attempt_counted() -> None:
    found = explore(Numbers(limit=20), most=100)
    assert (found.states, found.attempts, found.complete, found.fault) == (20, 40, True, None)
    assert found.accepted == 19 + 10


def test_the_way_to_a_fault_is_the_shortest() -> None:
    found = explore(Numbers(limit=20, forbidden=13), most=100)
    assert found.fault is not None
    assert found.fault.promise == "small"
    assert len(found.fault.path) == 5  # 1 2 3 6 12 13
    assert found.fault.path[-1] == "12 + 1"
    assert not found.complete


def test_a_search_stops_at_its_limit_and_says_so() -> None:
    assert not explore(Numbers(limit=1000), most=50).complete
    assert not explore(Numbers(limit=1000), most=5000, watch=lambda *_: False).complete


def test_a_state_from_which_nothing_settles_is_stuck() -> None:
    assert explore(Numbers(9, ends=frozenset({9})), most=99, stuck=STUCK).fault is None
    found = explore(Numbers(9, ends=frozenset({8})), most=99, stuck=STUCK)
    assert found.fault is not None
    assert (found.fault.promise, found.fault.path[-1]) == (STUCK, "8 + 1")


def test_states_that_settle_only_with_help_are_counted_with_the_fewest_helps() -> None:
    helped = frozenset({"7 + 1", "8 + 1"})
    world = Numbers(9, ends=frozenset({9}), helped=helped)
    found = explore(world, most=99, stuck=STUCK)
    assert found.fault is None
    assert found.waits == {("help",): 8}  # 8 and 4 and 2 and 1 double their way up to 8


# Our charter


COUNTS = {
    "case": (3113, 2514502),
    "grant": (825, 725647),
    "return": (1566, 1428948),
    "appointments": (1587, 1278339),
    "envelope": (10166, 386308),
    "calendar": (2804, 2253411),
    "papers": (3250, 2621893),
    "Board": (888, 651561),
}
WAITS = {
    "appointments": {("an expert is appointed",): 90},
    "papers": {("an expert signs the agreement",): 34},
    "Board": {("a trustee is appointed",): 13},
}


@pytest.mark.parametrize("name", COUNTS)
def test_our_charter_holds_in_every_state_of_the_small_worlds(name: str) -> None:
    found = search(OURS, SMALL_BY_NAME[name], most=MOST)
    assert found.fault is None
    assert found.complete
    assert (found.states, found.attempts) == COUNTS[name]
    assert found.waits == WAITS.get(name, {})


def test_the_small_worlds_are_all_counted_and_the_full_ones_hold_all_that_is_asked() -> None:
    assert SMALL_BY_NAME.keys() == COUNTS.keys()
    everything = FULL[0]
    assert "experts' conflicts: 1; trustees' conflicts: 1" in everything.words()
    assert "term ends" in everything.words()
    assert "declaration runs out" in everything.words()


def test_members_who_differ_in_nothing_are_counted_once() -> None:
    alike = Bounds("alike", reserves=0, appointed=0, asked=1, conflicts=(0, 0))
    apart = replace(alike, undeclared=True)
    assert search(OURS, alike, most=MOST).states < search(OURS, apart, most=MOST).states


# Promises


def test_promises_do_not_know_the_rules() -> None:
    tree = ast.parse(Path(promises.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & {"tarazy.charter.rules", "tarazy.charter.case"}
    assert "tarazy.charter" not in imported


def mutant(name: str) -> Kernel:
    """Return the kernel without the rule of this name."""
    [found] = mutants({name})
    return found.kernel


PANEL = "return tuple(able[: charter.committee_size])"
SPENT = "if outcome is Outcome.CONFIRMED and case.amount > event.left:"
REOPENED = "again = replace(after, stage=Stage.IN_COMMITTEE, amount=0, votes=(), pending=None)"
FOUNDER_ASKED = (
    "asked = (conflict or charter.founder_word is FounderWord.ALWAYS) and not case.heard"
)


@pytest.mark.parametrize(
    ("promise", "world", "values", "broken"),
    [
        ("two-bodies", "case", {"stages": Stages.COMMITTEE_ONLY}, None),
        ("committee", "case", {"committee_size": 2}, None),
        ("board", "case", {"board_tie": Tie.CONFIRMS}, None),
        ("founder", "case", {"founder_word": FounderWord.ALWAYS}, None),
        ("founder", "case", {}, (FOUNDER_ASKED, "asked = False and conflict")),
        ("own-body", "case", {}, "may_act: clause not-of-this-body"),
        ("in-office", "calendar", {"expert_term_months": 25}, None),
        ("in-office", "case", {}, "may_act: 2.2 term-not-begun"),
        ("agreement", "papers", {}, "may_act: 2.3 no-agreement"),
        ("declaration", "calendar", {"declaration_months": 13}, None),
        ("conflict", "case", {}, "_of_board: 5.2 recused"),
        ("once", "case", {}, "_vote_cast: 8.6 vote-cast"),
        ("once", "case", {}, "_sheet_handed_in: 7.2 sheet-handed-in"),
        ("reserve", "case", {}, (PANEL, "return tuple(able)")),
        ("turn", "case", {"stages": Stages.BOARD_THEN_COMMITTEE}, None),
        ("turn", "case", {}, "_ballot_cast: without _complete"),
        ("grounds", "case", {"founder_grounds": (Ground.FIT,)}, None),
        ("grounds", "case", {"refusal_grounds": (Ground.IMPARTIALITY,)}, None),
        ("reasons", "case", {}, "_board_decided: 8.2 no-reason"),
        ("blind", "case", {}, "may_know_applicant: 6.1 still-blind"),
        ("sealed", "case", {}, "may_read_sheet: 7.2 scores-sealed"),
        ("sums", "case", {}, "_sum_in_limits: 7.5 amount-too-high"),
        ("envelope", "case", {}, (SPENT, "if False:")),
        ("told", "case", {}, "_withdrawn: 3.6 already-released"),
        ("told", "case", {}, (REOPENED, "again = after")),
        ("payments", "grant", {}, "_tranche_paid: 11.3 tranche-paid"),
        ("motions", "grant", {}, "_motion_carried: 11.5 not-carried"),
        ("closing", "grant", {}, "_report_accepted: 11.6 not-paid-out"),
        ("appeal", "papers", {}, "_appeal_decided: 7.4 outcome-differs"),
        (STUCK, "grant", {"board_quorum": Needed.ALL}, None),
    ],
)
def test_each_promise_is_seen_to_break(
    promise: str, world: str, values: dict[str, Any], broken: str | tuple[str, str] | None
) -> None:
    kernel = KERNEL
    if isinstance(broken, str):
        kernel = mutant(broken)
    elif broken:
        kernel = tampered(CASE, *broken)
    fault = first_fault(replace(OURS, **values), [SMALL_BY_NAME[world]], kernel)
    assert fault is not None
    assert fault.promise == promise
    assert fault.path


def test_the_table_above_breaks_every_promise() -> None:
    marks = vars(test_each_promise_is_seen_to_break)["pytestmark"]
    assert {row[0] for row in marks[0].args[1]} == PROMISES.keys()


# Wrong charters


@pytest.mark.parametrize(
    ("danger", "promise", "last"),
    [
        ("one stage only", "two-bodies", "the decision is told: confirmed"),
        ("a committee of one", "committee", "expert 1 counts the ballots: declined"),
        ("staff as a body that votes", "own-body", "staff member 1 hands in a score sheet"),
        (
            "the Board takes what the committee declined",
            "two-bodies",
            "trustee 1 votes to confirm",
        ),
        ("conflicts of interest are ignored", "conflict", "expert 1 hands in a score sheet"),
        ("no term on the committee", "in-office", "expert 1 hands in a score sheet"),
        (
            "the founder's office decides",
            "own-body",
            "person 1 of the founder's office votes to confirm",
        ),
    ],
)
def test_the_most_dangerous_charters_are_refused_with_a_path(
    danger: str, promise: str, last: str
) -> None:
    [wrong] = [one for one in DANGEROUS if one.words == danger]
    fault = first_fault(wrong.charter(OURS), TINY)
    assert fault is not None
    assert fault.promise == promise
    assert fault.path[-1].endswith(last)


def test_seven_charters_are_dangerous() -> None:
    assert len({danger.words for danger in DANGEROUS}) == 7


def test_the_path_reads_as_a_story() -> None:
    fault = first_fault(Danger("", {"board_may_take_declined": True}).charter(OURS))
    assert fault == Fault(
        "two-bodies",
        "the committee had declined it",
        (
            "day 1: a case that asks for 1 is opened",
            "day 1: expert 1 hands in a score sheet",
            "day 1: expert 2 hands in a score sheet",
            "day 1: expert 3 hands in a score sheet",
            "day 1: expert 1 votes to decline",
            "day 1: expert 2 votes to decline",
            "day 1: expert 3 votes to decline",
            "day 1: expert 1 counts the ballots: declined",
            "day 1: trustee 1 votes to confirm",
        ),
    )


def test_random_charters_are_accepted_or_refused_with_a_path() -> None:
    charters = list(random_charters(OURS, 20, Random(1)))
    faults = [first_fault(charter, TINY) for charter in charters]
    assert all(differences(OURS, charter) for charter in charters)
    assert all(fault is None or fault.path for fault in faults)
    assert 3 <= faults.count(None) <= 17


# Rules taken out


def test_every_reviewed_rule_is_there_and_says_why_it_may_be_missed() -> None:
    assert reviewed().keys() <= set(rules())
    assert len(rules()) == len(set(rules())) > 100


def test_a_sample_of_rules_is_missed_when_taken_out() -> None:
    names = [name for name in rules() if name not in reviewed()]
    tried = judge(OURS, SMALL, mutants(names[::9]), most=MOST, known=reviewed())
    assert [one.name for one in tried if one.verdict is not Verdict.CAUGHT] == []


def test_a_rule_listed_as_harmless_that_is_missed_after_all_is_said() -> None:
    name = "_sheet_handed_in: 7.2 sheet-handed-in"
    [tried] = judge(OURS, TINY, mutants({name}), most=MOST, known={name: "nobody noticed"})
    assert tried.verdict is Verdict.STALE
    [tried] = judge(OURS, TINY[:0], mutants({name}), most=MOST, known={})
    assert tried.verdict is Verdict.MISSED


@pytest.mark.parametrize(
    "entry",
    [
        'name = "a"',
        'name = "a"\nreason = ""',
        'name = "a"\nreason = "b"\n[[harmless]]\nname = "a"\nreason = "c"',
    ],
)
def test_a_reviewed_rule_needs_a_name_once_and_a_reason(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "mutants.toml"
    path.write_text(f"[[harmless]]\n{entry}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="write a name, once, and a reason"):
        reviewed(path)


def test_what_is_exchanged_must_stand_there_once() -> None:
    with pytest.raises(ValueError, match="stands 0 times"):
        tampered(CASE, "no such rule", "")


# The command


def test_the_command_refuses_a_wrong_charter_with_the_way_there(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    text = CHARTER.read_text(encoding="utf-8")
    value = '{ name = "board_may_take_declined", from = 2026-01-01, value = false }'
    assert text.count(value) == 1
    wrong.write_text(text.replace(value, value.replace("false", "true")), encoding="utf-8")
    ended = CliRunner().invoke(check, [str(wrong), "--bound", "small"])
    assert ended.exit_code == 1
    assert "BROKEN  two-bodies" in ended.output
    assert ended.output.endswith(
        "  day 1: trustee 1 votes to confirm\n  But the committee had declined it.\n"
    )


def test_the_command_says_what_is_wrong_in_a_file(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("clause = [\n", encoding="utf-8")
    ended = CliRunner().invoke(check, [str(wrong)])
    assert ended.exit_code == 1
    assert "wrong.toml" in ended.output


def test_the_command_checks_random_charters() -> None:
    ended = CliRunner().invoke(check, ["--random", "1", "--seed", "2"])
    assert ended.exit_code == 0
    assert "1 charters:" in ended.output
