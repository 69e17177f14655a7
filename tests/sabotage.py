"""Break each wall in a scratch copy, and see the right test turn red: `python -m tests.sabotage`.

A test that cannot fail holds no wall. Each break is an edit of the product; it must turn red the
tests that are named beside it, all of them and no other test of their files. First the copy must
be green unbroken. Words on the command line choose breaks whose name has one of them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from xml.etree import ElementTree

PROJECT = Path(__file__).resolve().parent.parent
HOUSE = "tests/test_house.py"
LINE = "The line of rooms: imports run downward only"
PURE = "The charter is pure: standard library only"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces `old`, which stands exactly once in the file, by `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Break:
    """One way to break the house, and what must turn red.

    `tests` are functions of `file`, `contracts` names of import contracts, `rule` one of ruff's.
    """

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    file: str = HOUSE
    contracts: tuple[str, ...] = ()
    rule: str = ""


BREAKS = (
    Break(
        "a back import: people know grants",
        (
            Edit(
                "tarazy/people/queries.py",
                "from tarazy.charter.events import Role\n",
                "from tarazy.charter.events import Role\nfrom tarazy.grants.models import Grant\n",
            ),
        ),
        ("test_imports_run_down_the_line_also_inside_functions",),
        contracts=(LINE,),
    ),
    Break(
        "decisions import applications, inside a function",
        (
            Edit(
                "tarazy/decisions/queries.py",
                "    copy = copy_for(seat, number, on=on)\n"
                "    return minutes(copy) if copy else []\n",
                "    from tarazy.applications.queries import of_case\n\n"
                "    copy = copy_for(seat, number, on=on)\n"
                "    of_case(copy.case) if copy else None\n"
                "    return minutes(copy) if copy else []\n",
            ),
        ),
        ("test_imports_run_down_the_line_also_inside_functions",),
        contracts=(LINE,),
    ),
    Break(
        "a table points up, by a string",
        (
            Edit(
                "tarazy/decisions/models.py",
                "    ordinal = models.PositiveSmallIntegerField()\n",
                "    ordinal = models.PositiveSmallIntegerField()\n"
                '    grant = models.ForeignKey("grants.Grant", models.PROTECT, null=True,'
                ' related_name="+")\n',
            ),
        ),
        ("test_tables_point_down_the_line_only",),
    ),
    Break(
        "a way back: a case leads to its application",
        (
            Edit(
                "tarazy/applications/models.py",
                'on_delete=models.PROTECT, null=True, related_name="+")',
                "on_delete=models.PROTECT, null=True)",
            ),
        ),
        ("test_no_table_has_a_way_back_to_a_room_above_it",),
    ),
    Break(
        "a verb that is no action",
        (
            Edit(
                "tarazy/grants/actions.py",
                "@action\ndef pay(",
                "def pay(",
            ),
        ),
        (
            "test_every_function_of_actions_is_a_verb_or_ends_in_one",
            "test_every_verb_asks_what_this_table_says",
        ),
    ),
    Break(
        "a verb calls a verb",
        (
            Edit(
                "tarazy/people/actions.py",
                "    return RoleGiven(role=role, person=person.ref)\n",
                "    if not person.pk:\n"
                "        enrol(person, by=by, at=at)\n"
                "    return RoleGiven(role=role, person=person.ref)\n",
            ),
        ),
        ("test_no_verb_calls_a_verb",),
    ),
    Break(
        "a verb returns no event",
        (
            Edit(
                "tarazy/cases/actions.py",
                "    return (opened, *told)\n",
                "    return ()\n",
            ),
        ),
        ("test_every_verb_returns_what_happened",),
    ),
    Break(
        "the log swallows events",
        (
            Edit(
                "tarazy/ledger/steps.py",
                "events = happened if isinstance(happened, tuple)",
                "events = happened[:1] if isinstance(happened, tuple)",
            ),
        ),
        ("test_each_verb_leaves_as_many_lines_as_it_returned_events",),
    ),
    Break(
        "a refusal is swallowed",
        (
            Edit(
                "tarazy/grants/actions.py",
                "    append(grant.case, event)\n    Tranche.objects.filter",
                "    try:\n"
                "        append(grant.case, event)\n"
                "    except Exception:\n"
                "        pass\n"
                "    Tranche.objects.filter",
            ),
        ),
        ("test_no_verb_swallows_a_refusal",),
    ),
    Break(
        "a rule is not asked: anybody may award",
        (
            Edit(
                "tarazy/grants/actions.py",
                "    demand(may_manage_grants(roles(by, on=at.date())))\n"
                "    held = Case.objects.select_for_update()",
                "    held = Case.objects.select_for_update()",
            ),
        ),
        ("test_every_verb_asks_what_this_table_says",),
    ),
    Break(
        "a rule is asked and its answer thrown away",
        (
            Edit(
                "tarazy/calls/actions.py",
                "    demand(may_manage_calls(roles(by, on=at.date())))\n",
                "    may_manage_calls(roles(by, on=at.date()))\n",
            ),
        ),
        ("test_no_answer_of_a_rule_is_thrown_away",),
    ),
    Break(
        "a row is changed without a lock",
        (
            Edit(
                "tarazy/applications/actions.py",
                "    held = Application.objects.select_for_update().get(pk=application.pk)\n"
                "    demand(\n        may_check_eligibility(\n",
                "    held = Application.objects.get(pk=application.pk)\n"
                "    demand(\n        may_check_eligibility(\n",
            ),
        ),
        ("test_whoever_changes_a_row_has_locked_it_or_its_case",),
    ),
    Break(
        "an action refuses by itself",
        (
            Edit(
                "tarazy/people/actions.py",
                '    """Give a member of staff a role from today on."""\n',
                '    """Give a member of staff a role from today on."""\n'
                "    from tarazy.charter.refusals import Why, demand, refuse\n\n"
                '    demand(refuse("1.1", Why.NOT_A_CITIZEN) if not person.citizen else None)\n',
            ),
        ),
        ("test_only_the_charter_refuses",),
    ),
    Break(
        "a query writes",
        (
            Edit(
                "tarazy/applications/queries.py",
                '    """Say whether an application with this token has been received."""\n',
                '    """Say whether an application with this token has been received."""\n'
                '    Application.objects.filter(token="").update(status="withdrawn")\n',
            ),
        ),
        ("test_only_actions_and_steps_write",),
    ),
    Break(
        "an event names a person in the open",
        (
            Edit(
                "tarazy/applications/events.py",
                '    kind: ClassVar[str] = "applications.withdrawn"\n'
                "    quiet: ClassVar[bool] = True\n\n",
                '    kind: ClassVar[str] = "applications.withdrawn"\n'
                "    quiet: ClassVar[bool] = True\n\n"
                "    applicant_name: str\n",
            ),
        ),
        ("test_no_field_of_an_event_smells_of_a_person_unless_sealed",),
    ),
    Break(
        "an event carries something that is no plain value",
        (
            Edit(
                "tarazy/register/events.py",
                "    file: str\n",
                "    file: str | bytes\n",
            ),
        ),
        ("test_an_event_carries_plain_values_only",),
    ),
    Break(
        "the clock is read in cases",
        (
            Edit(
                "tarazy/cases/steps.py",
                "def draw_numbers(chance: Random, count: int) -> list[str]:\n",
                "def _today() -> str:\n"
                "    from datetime import datetime as moment\n\n"
                "    return moment.now().isoformat()\n\n\n"
                "def draw_numbers(chance: Random, count: int) -> list[str]:\n",
            ),
        ),
        ("test_the_clock_is_read_in_web_and_ops_only",),
        rule="TID251",
    ),
    Break(
        "a step draws by chance",
        (
            Edit(
                "tarazy/governance/steps.py",
                "from random import Random\n",
                "from random import Random, choice\n",
            ),
            Edit(
                "tarazy/governance/steps.py",
                '    return "".join(chance.choices(CODE_LETTERS, k=length))\n',
                '    return "".join(choice(CODE_LETTERS) for _ in range(length))\n',
            ),
        ),
        ("test_chance_is_an_argument_but_where_a_secret_is_made",),
    ),
    Break(
        "a judge's query goes to the default connection",
        (
            Edit(
                "tarazy/decisions/queries.py",
                "    found = Sheet.objects.filter(case=copy.case,",
                '    found = Sheet.objects.using("default").filter(case=copy.case,',
            ),
        ),
        (
            "test_below_ops_nobody_chooses_a_connection",
            "test_a_judge_reads_and_writes_on_the_desk_connection_alone",
        ),
    ),
    Break(
        "the desk may read identity cards",
        (
            Edit(
                "tarazy/settings.py",
                '        "cases_blindcopy": "read",\n',
                '        "cases_blindcopy": "read",\n'
                '        "applications_identitycard": "read",\n',
            ),
        ),
        ("test_the_desk_reaches_no_table_with_an_identity",),
    ),
    Break(
        "the desk may rewrite blind copies",
        (
            Edit(
                "tarazy/settings.py",
                '        "cases_blindcopy": "read",\n',
                '        "cases_blindcopy": "read update",\n',
            ),
        ),
        ("test_the_desk_updates_three_tables_and_deletes_from_none",),
    ),
    Break(
        "the charter knows Django",
        (
            Edit(
                "tarazy/charter/book.py",
                "from tarazy.charter.refusals import Refusal, Why\n",
                "from django.conf import settings\n\n"
                "from tarazy.charter.refusals import Refusal, Why\n",
            ),
        ),
        ("test_the_charter_needs_the_standard_library_only",),
        contracts=(PURE,),
    ),
    Break(
        "a clause that no test knows",
        (
            Edit(
                "tests/test_charter_case.py",
                "def test_11_4_an_amendment_keeps",
                "def test_an_amendment_keeps",
            ),
        ),
        ("test_clauses_with_reasons_clauses_enforced_and_clauses_tested_are_the_same",),
    ),
    Break(
        "a refusal without words",
        (
            Edit(
                "tarazy/charter/rules.py",
                'refuse("12.2", Why.WRONG_ROLE,',
                'refuse("12.2", Why.NOT_OF_THIS_BODY,',
            ),
        ),
        (
            "test_every_refusal_has_a_clause_with_words_for_its_reason",
            "test_the_words_of_a_refusal_ask_only_for_facts_that_it_gives",
            "test_every_reason_in_the_charter_is_given_by_its_code",
        ),
    ),
    Break(
        "a case takes events without asking the charter",
        (
            Edit(
                "tarazy/cases/steps.py",
                "    after = apply(read().on(held.docket.charter_day), held.now, event)\n",
                "    after: State | Refusal = held.now\n",
            ),
        ),
        (
            "test_the_state_that_is_kept_is_what_the_events_fold_to",
            "test_what_the_charter_refuses_leaves_nothing_behind",
            "test_a_judge_reads_and_writes_on_the_desk_connection_alone",  # it sees no sheet
        ),
    ),
    Break(
        "the charter's refusal is not heeded",
        (
            Edit(
                "tarazy/cases/steps.py",
                "    after = apply(read().on(held.docket.charter_day), held.now, event)\n"
                "    if isinstance(after, Refusal):\n"
                "        stop(after)\n",
                "    after = apply(read().on(held.docket.charter_day), held.now, event)\n"
                "    if isinstance(after, Refusal):\n"
                "        after = held.now\n",
            ),
        ),
        ("test_what_the_charter_refuses_leaves_nothing_behind",),
    ),
    Break(
        "an event is stored and the state stays behind",
        (
            Edit(
                "tarazy/cases/steps.py",
                '    held.state = to_plain(after)\n    held.save(update_fields=["state"])\n',
                "    held.state = to_plain(after)\n",
            ),
        ),
        (
            "test_the_state_that_is_kept_is_what_the_events_fold_to",
            "test_what_the_charter_refuses_leaves_nothing_behind",
            "test_a_judge_reads_and_writes_on_the_desk_connection_alone",  # it sees no sheet
        ),
    ),
    Break(
        "a blind copy leaks: the redactor does nothing",
        (
            Edit(
                "tarazy/applications/redaction.py",
                "        return self._pattern.sub(lambda found: self._chip(found.group()), text)\n",
                "        return text\n",
            ),
        ),
        ("test_two_worlds_give_a_judge_the_same_bytes",),
    ),
    Break(
        "a blind copy leaks: a heading goes by unread",
        (
            Edit(
                "tarazy/applications/steps.py",
                '{"heading": redactor.clean(item["heading"]),',
                '{"heading": item["heading"],',
            ),
        ),
        ("test_two_worlds_give_a_judge_the_same_bytes",),
    ),
    Break(
        "a blind copy leaks: the title goes by unread",
        (
            Edit(
                "tarazy/applications/steps.py",
                "        title=redactor.clean(proposal.title),\n",
                "        title=proposal.title,\n",
            ),
        ),
        ("test_two_worlds_give_a_judge_the_same_bytes",),
    ),
    Break(
        "a stored event can be changed: its migration forgets the freeze",
        (
            Edit(
                "tarazy/cases/migrations/0002_events_never_change.py",
                '    operations = [freeze("cases_storedevent")]\n',
                "    operations = []\n",
            ),
        ),
        ("test_the_database_refuses_to_change_what_never_changes",),
        file="tests/test_migrations.py",
    ),
    Break(
        "a model changes without a migration",
        (
            Edit(
                "tarazy/cases/models.py",
                "    number = models.CharField(max_length=12, unique=True)\n",
                "    number = models.CharField(max_length=24, unique=True)\n",
            ),
        ),
        ("test_the_models_have_nothing_that_the_migrations_lack",),
        file="tests/test_migrations.py",
    ),
    Break(
        "secrets that all may read",
        (
            Edit(
                "tarazy/settings.py",
                "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)",
                "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)",
            ),
        ),
        ("test_a_secret_is_made_once_and_only_its_owner_may_read_it",),
        file="tests/test_settings.py",
    ),
    Break(
        "two first runs, two secrets",
        (
            Edit(
                "tarazy/settings.py",
                "            os.link(fresh, path)\n",
                "            fresh.replace(path)\n            fresh.touch()\n",
            ),
        ),
        ("test_first_runs_at_once_agree_on_one_secret",),
        file="tests/test_settings.py",
    ),
)


# Copies.


_written = count(int(time.time()))  # a second for each edit


def write(path: Path, text: str) -> None:
    """Write a file at a time of its own: byte code is known by second and length only."""
    path.write_text(text)
    at = next(_written)
    os.utime(path, (at, at))


def copy_project(to: Path) -> None:
    """Copy the project's own files, new ones too, and nothing that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, to / name)


@contextmanager
def broken(copy: Path, edits: Sequence[Edit]) -> Iterator[None]:
    """Edit a copy for a while; raises `ValueError` where `old` does not stand exactly once."""
    before = {edit.file: (copy / edit.file).read_text() for edit in edits}
    try:
        for edit in edits:
            text = (copy / edit.file).read_text()
            if text.count(edit.old) != 1:
                times = text.count(edit.old)
                raise ValueError(f"{edit.file} has this {times} times, not once:\n{edit.old}")
            write(copy / edit.file, text.replace(edit.old, edit.new))
        yield
    finally:
        for file, text in before.items():
            write(copy / file, text)


def stale(copy: Path, breaks: Sequence[Break]) -> Iterator[str]:
    """Yield what cannot be broken, because the code has moved on."""
    for what in breaks:
        try:
            with broken(copy, what.edits):
                pass
        except (ValueError, OSError) as error:
            yield f"{what.name}: {error}"


def environment(copy: Path) -> dict[str, str]:
    """Return an environment in which `tarazy` and `tests` are the copy's."""
    ours = ("TARAZY_", "PYTEST_", "DATABASE_URL", "DESK_DATABASE_URL", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(copy)}


def run(copy: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run Python with these words in a copy."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env=environment(copy),
        capture_output=True,
        text=True,
        check=False,
    )


# Checks: each returns the names of what is red.


def red_tests(copy: Path, files: Sequence[str]) -> set[str]:
    """Run test files; a file that cannot even be read is red under its own name."""
    report = copy / "report.xml"
    report.unlink(missing_ok=True)
    without = [f"-pno:{plugin}" for plugin in ("cacheprovider", "xdist", "hypothesispytest")]
    words = ["-m", "pytest", "-p", "tests.databases", *without, f"--junit-xml={report}"]
    ended = run(copy, [*words, *files])
    if not report.exists():
        raise SystemExit(f"pytest could not run in the copy:\n{ended.stdout}{ended.stderr}")
    cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314  # our own file
    return {
        str(case.get("name")).split("[")[0]
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    }


def red_contracts(copy: Path) -> set[str]:
    """Return the import contracts that are broken."""
    run_it = "from importlinter.cli import lint_imports_command as lint; lint()"
    ended = run(copy, ["-c", run_it, "--no-cache"])
    ends = " BROKEN"
    return {line.removesuffix(ends) for line in ended.stdout.splitlines() if line.endswith(ends)}


def red_rules(copy: Path) -> set[str]:
    """Return the rules of ruff that the product breaks."""
    words = ["-m", "ruff", "check", "--no-cache", "--output-format", "concise", "tarazy"]
    found = [line.split(": ", 1) for line in run(copy, words).stdout.splitlines()]
    return {parts[1].split()[0] for parts in found if len(parts) == 2 and ".py:" in parts[0]}


def check(copy: Path, what: Break) -> str:
    """Break a copy and return what is wrong with its being caught, empty where nothing is."""
    with broken(copy, what.edits):
        red = red_tests(copy, [what.file])
        wrong = [f"{name} stays green" for name in sorted(set(what.tests) - red)]
        wrong += [f"{name} turns red too" for name in sorted(red - set(what.tests))]
        if what.contracts:
            kept = set(what.contracts) - red_contracts(copy)
            wrong += [f"lint-imports keeps: {name}" for name in sorted(kept)]
        if what.rule and what.rule not in red_rules(copy):
            wrong.append(f"ruff lets it pass: {what.rule}")
    return "; ".join(wrong)


def main(words: Sequence[str]) -> int:
    """Try every chosen break; return 1 when one was not caught, or the copy is red by itself."""
    chosen = [b for b in BREAKS if not words or any(word in b.name for word in words)]
    places = min(4, os.cpu_count() or 1)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tarazy-sabotage-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for place in range(places):
            copy_project(Path(folder) / str(place))
            copies.put(Path(folder) / str(place))
        first = Path(folder) / "0"
        gone = list(stale(first, chosen))
        if gone:
            print("Breaks that no longer fit the code:", *gone, sep="\n\n")
            return 1
        red = red_tests(first, sorted({b.file for b in chosen}))
        red |= red_contracts(first) | (red_rules(first) & {b.rule for b in chosen})
        if red:
            print(f"Unbroken, the copy is red: {', '.join(sorted(red))}")
            return 1
        print(f"Unbroken, the copy is green ({time.monotonic() - began:.1f} s).\n")

        def attempt(what: Break) -> tuple[str, float]:
            copy, start = copies.get(), time.monotonic()
            try:
                return check(copy, what), time.monotonic() - start
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(places) as pool:
            results = pool.map(attempt, chosen)
            missed = sum(tell(b, *result) for b, result in zip(chosen, results, strict=True))
    print(f"\n{len(chosen) - missed} of {len(chosen)} breaks caught,", end=" ")
    print(f"{time.monotonic() - began:.0f} s.")
    return 1 if missed else 0


def tell(what: Break, wrong: str, seconds: float) -> bool:
    """Print a break's line: what it was, what caught it, how long it took; say if it was missed."""
    caught = [*what.tests, *(f"lint-imports: {name}" for name in what.contracts)]
    caught += [f"ruff: {what.rule}"] if what.rule else []
    print(f"{'MISSED' if wrong else 'caught'}  {what.name}  ({seconds:.1f} s)", flush=True)
    for line in [wrong] if wrong else caught:
        print(f"        {line}", flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
