"""The house's walls, where a linter cannot see them: each test reads the source or the tables.

The last part works a small round on a database: what the walls promise must be so at work, too.
"""

import ast
import builtins
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from random import Random
from string import Formatter
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.migrations.loader import MigrationLoader

import tarazy
from tarazy.applications.actions import check_eligibility, open_committee, submit
from tarazy.applications.models import Application, Proposal
from tarazy.applications.queries import of_call
from tarazy.applications.steps import blind_copy
from tarazy.applications.submission import Card, Draft, Section
from tarazy.calls.actions import announce, begin
from tarazy.calls.models import Call, Programme
from tarazy.cases.actions import stand_aside
from tarazy.cases.models import BlindCopy, Case, StoredEvent
from tarazy.cases.queries import charter, events, readable_by
from tarazy.charter.book import Clause, read
from tarazy.charter.case import fold
from tarazy.charter.events import (
    CASE_EVENTS,
    CaseEvent,
    Event,
    Judgement,
    Member,
    Role,
    sealed_fields,
)
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.refusals import Refused, Why
from tarazy.decisions.actions import cast_ballot, hand_in_sheet
from tarazy.decisions.models import Sheet
from tarazy.decisions.queries import progress, sheets_for
from tarazy.engine.desk import desk
from tarazy.governance.actions import appoint, establish, found, sign_agreement
from tarazy.governance.models import Body, Foundation, Seat
from tarazy.ledger.events import DecoyAppended
from tarazy.ledger.models import Opening
from tarazy.ledger.queries import opening, size
from tarazy.people.actions import declare, enrol, give_role
from tarazy.people.models import Person

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "tarazy"

# From the ground up; rooms on one floor are strangers. `tarazy.settings` belongs to no room.
LINE: tuple[tuple[str, ...], ...] = (
    ("language",),
    ("papers",),
    ("charter",),
    ("engine",),
    ("ledger",),
    ("people",),
    ("governance",),
    ("calls",),
    ("cases",),
    ("applications", "decisions"),
    ("grants",),
    ("register",),
    ("web",),
    ("ops",),
)
FLOOR = {room: floor for floor, rooms in enumerate(LINE) for room in rooms}
FREE = {"web", "ops"}  # they may read the clock and draw by chance


# Reading the source.


@dataclass(frozen=True, slots=True)
class Source:
    """A module of the product, read but not run."""

    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room it lies in, `settings` for the settings."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def name(self) -> str:
        """Its file below the package: `cases/steps.py`."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def module(self) -> str:
        """Its dotted name."""
        return ".".join(("tarazy", *self.path.relative_to(PACKAGE).with_suffix("").parts))

    def functions(self) -> dict[str, ast.FunctionDef]:
        """Return the functions at its top level by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    def imported(self) -> dict[str, str]:
        """Return what each imported name stands for: `append` → `tarazy.cases.steps.append`."""
        return _imported(self)


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return every node of a tree, itself first."""
    return tuple(ast.walk(tree))


@cache
def sources() -> tuple[Source, ...]:
    """Return every module of the product but its migrations."""
    paths = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "migrations")
    return tuple(Source(path, ast.parse(path.read_text(), path.name)) for path in paths)


def rooms_with(file: str) -> list[Source]:
    """Return this file of every room that has it."""
    return [source for source in sources() if source.path == PACKAGE / source.room / file]


@cache
def _imported(source: Source) -> dict[str, str]:
    plain = {
        item.name.split(".")[0]  # `import a.b` makes `a` known
        for node in nodes(source.tree)
        if isinstance(node, ast.Import)
        for item in node.names
        if not item.asname
    }
    named = {local: full for local, full, _ in _imports(source.tree)}
    return {local: local if local in plain else full for local, full in named.items()}


def _imports(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Yield (local name, full name, line) of every import, also inside functions."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                yield item.asname or item.name.split(".")[0], item.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            for item in node.names:
                yield item.asname or item.name, f"{node.module}.{item.name}", node.lineno


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call below a node with the last word of what is called."""
    for call in nodes(node):
        if isinstance(call, ast.Call):
            if isinstance(call.func, ast.Attribute):
                yield call.func.attr, call
            elif isinstance(call.func, ast.Name):
                yield call.func.id, call


def reached(source: Source, name: str) -> Iterator[ast.FunctionDef]:
    """Yield a function and every function of its own module that it leads to."""
    functions, waiting, seen = source.functions(), [name], {name}
    while waiting:
        function = functions[waiting.pop()]
        yield function
        for word in (node.id for node in ast.walk(function) if isinstance(node, ast.Name)):
            if word in functions and word not in seen:
                seen.add(word)
                waiting.append(word)


def dotted(node: ast.AST) -> str:
    """Return `datetime.now` for such an expression, the empty string for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and dotted(node.value):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def test_the_code_under_test_lies_beside_these_tests() -> None:
    # `tests.sabotage` breaks copies: it must not be this checkout that is imported there.
    assert Path(tarazy.__file__).parent == PACKAGE


# The line of rooms.


def may_know(room: str, other: str) -> bool:
    """Say whether a room may know another: itself, and those on lower floors."""
    return room == other or FLOOR[other] < FLOOR[room]


def test_every_folder_is_a_room_in_the_line() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders <= FLOOR.keys()


def test_imports_run_down_the_line_also_inside_functions() -> None:
    upward = [
        f"{source.name}:{line} imports {full}"
        for source in sources()
        if source.room in FLOOR
        for _, full, line in _imports(source.tree)
        if full.startswith("tarazy.")
        and full.split(".")[1] != "settings"
        and not may_know(source.room, full.split(".")[1])
    ]
    assert upward == []


def test_below_ops_no_name_in_a_string_leads_around_the_line() -> None:
    ways = [
        f"{source.name}: {full}"
        for source in sources()
        if source.room not in {"ops", "web"}
        for _, full, _ in _imports(source.tree)
        if full.split(".")[0] in {"importlib", "pkgutil", "runpy"}
        or full in {"django.apps.apps", "django.utils.module_loading.import_string"}
    ]
    ways += [
        f"{source.name}: {word}"
        for source in sources()
        for word, _ in calls(source.tree)
        if word in {"__import__", "import_module", "import_string", "get_model", "eval", "exec"}
        and source.room != "ops"
    ]
    # The check runs the charter's own source with a rule taken out.
    assert ways == ["charter/mutants.py: exec"]


def test_the_charter_needs_the_standard_library_only() -> None:
    foreign = [
        f"{source.name}:{line} imports {full}"
        for source in sources()
        if source.room == "charter"
        for _, full, line in _imports(source.tree)
        if full.split(".")[0] in {"django", "click", "rich", "cryptography", "psycopg"}
        or (full.startswith("tarazy.") and not full.startswith("tarazy.charter."))
    ]
    assert foreign == []


def test_what_one_room_is_made_of_imports_no_verbs() -> None:
    calling = [
        f"{source.name}:{line} imports {full}"
        for source in sources()
        if source.path.name in {"events.py", "models.py", "queries.py", "steps.py"}
        for _, full, line in _imports(source.tree)
        if re.match(r"tarazy\.\w+\.actions\b", full)
    ]
    assert calling == []


# Tables.


def tables() -> Iterator[tuple[str, type[models.Model]]]:
    """Yield (room, model) of every table of ours, those between two tables too."""
    for model in apps.get_models(include_auto_created=True):
        if model.__module__.startswith("tarazy."):
            yield model._meta.app_label, model


def test_tables_point_down_the_line_only() -> None:
    upward = [
        f"{model._meta.db_table}.{field.name} → {field.related_model._meta.db_table}"
        for room, model in tables()
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many)
        if field.related_model
        and not may_know(room, field.related_model._meta.app_label)  # a KeyError: not ours
    ]
    assert upward == []


def test_no_table_has_a_way_back_to_a_room_above_it() -> None:
    """A reverse accessor is a way up that no import shows: `related_name="+"` closes it."""
    ways = [
        f"{model._meta.db_table}.{relation.get_accessor_name()}"
        for room, model in tables()
        for relation in model._meta.related_objects
        if relation.related_model._meta.app_label != room
    ]
    assert ways == []


def test_no_table_points_at_just_anything() -> None:
    generic = [model._meta.db_table for _, model in tables() if model._meta.private_fields]
    assert generic == []


FROZEN = {"ledger_entry", "cases_storedevent", "decisions_sheet", "decisions_minute"}


def test_the_desk_reaches_no_table_with_an_identity() -> None:
    ours = {model._meta.db_table for _, model in tables()}
    rooms = {"cases", "decisions", "calls", "governance", "ledger"}
    allowed = {t for t in ours if t.split("_")[0] in rooms} | {"people_disclosure"}
    assert settings.DESK_RIGHTS.keys() - allowed == set()


def test_the_desk_updates_three_tables_and_deletes_from_none() -> None:
    given = settings.DESK_RIGHTS
    updates = {table for table, rights in given.items() if "update" in rights}
    assert updates == {"ledger_head", "cases_case", "cases_docket"}
    assert [table for table, rights in given.items() if "delete" in rights] == []
    assert {right for rights in given.values() for right in rights} <= {"read", "insert", "update"}


def test_the_desk_writes_lines_of_the_log_and_reads_none() -> None:
    assert settings.DESK_RIGHTS["ledger_entry"] == {"insert"}
    assert settings.DESK_RIGHTS["ledger_opening"] == {"insert"}


# Verbs.

NOT_VERBS: dict[str, str] = {}  # a function of actions.py that writes nothing, and why


@cache
def verbs() -> dict[str, tuple[Source, ast.FunctionDef]]:
    """Return every function decorated with `@action`, private ones too: `grants.pay` → it."""
    return {
        f"{source.room}.{name}": (source, function)
        for source in rooms_with("actions.py")
        for name, function in source.functions().items()
        if source.imported().get("action") == "tarazy.ledger.steps.action"
        and any(isinstance(d, ast.Name) and d.id == "action" for d in function.decorator_list)
    }


def _ends_in_a_verb(source: Source, function: ast.FunctionDef) -> bool:
    """Say whether all that it returns is what a verb of its module returned, or nothing."""
    returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    called = [
        f"{source.room}.{value.func.id}"
        for value in returns
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
    ]
    empty = [v for v in returns if v is None or (isinstance(v, ast.Constant) and v.value is None)]
    return bool(called) and set(called) <= verbs().keys() and len(called + empty) == len(returns)


def test_every_function_of_actions_is_a_verb_or_ends_in_one() -> None:
    public = {
        f"{source.room}.{name}": (source, function)
        for source in rooms_with("actions.py")
        for name, function in source.functions().items()
        if not name.startswith("_")
    }
    assert NOT_VERBS.keys() <= public.keys()
    loose = [
        name
        for name, (source, function) in public.items()
        if name not in verbs().keys() | NOT_VERBS.keys() and not _ends_in_a_verb(source, function)
    ]
    assert loose == []


# Steps that write nothing, and may be taken anywhere.
HARMLESS_STEPS = {
    "tarazy.applications.steps.blind_copy": "returns a copy that is not saved",
    "tarazy.applications.steps.conflicts": "compares names",
    "tarazy.applications.steps.original_path": "says where a file lies",
}


def test_only_actions_take_steps_that_write() -> None:
    """Whoever is no verb neither takes a step outside a transaction nor opens a verb's own."""
    taking = [
        f"{source.name}:{line} imports {full}"
        for source in sources()
        if source.path.name not in {"actions.py", "steps.py"}
        for _, full, line in _imports(source.tree)
        if re.match(r"tarazy\.\w+\.steps\b", full) and full not in HARMLESS_STEPS
    ]
    assert taking == []


def test_every_verb_is_told_who_and_when_by_name() -> None:
    untold = []
    for source in rooms_with("actions.py"):
        module = import_module(source.module)
        for name in source.functions():
            full = f"{source.room}.{name}"
            if full in NOT_VERBS or (name.startswith("_") and full not in verbs()):
                continue
            given = signature(getattr(module, name)).parameters
            if any(
                word not in given
                or given[word].kind is not Parameter.KEYWORD_ONLY
                or given[word].default is not Parameter.empty
                for word in ("by", "at")
            ):
                untold.append(full)
    assert untold == []


def test_no_verb_calls_a_verb() -> None:
    every = {f"tarazy.{name.replace('.', '.actions.')}" for name in verbs()}
    every |= {
        f"{source.module}.{name}"
        for source in rooms_with("actions.py")
        for name in source.functions()
        if not name.startswith("_") and f"{source.room}.{name}" not in NOT_VERBS
    }
    nested = []
    for name, (source, function) in verbs().items():
        known = source.imported() | {own: f"{source.module}.{own}" for own in source.functions()}
        nested += [
            f"{name} calls {known[word]}"
            for part in reached(source, function.name)
            for word, call in calls(part)
            if isinstance(call.func, ast.Name) and known.get(word) in every
        ]
    assert nested == []


def _kinds(hint: Any) -> Iterator[Any]:
    """Yield the types that a hint is made of, through unions and tuples."""
    if get_origin(hint) in (Union, UnionType, tuple):
        for part in get_args(hint):
            if part is not Ellipsis:
                yield from _kinds(part)
    else:
        yield hint


def test_every_verb_returns_what_happened() -> None:
    silent = []
    for name, (source, function) in verbs().items():
        verb = getattr(import_module(source.module), function.name)
        kinds = list(_kinds(get_type_hints(verb)["return"]))
        if not all(isinstance(kind, type) and issubclass(kind, Event) for kind in kinds):
            silent.append(f"{name} is not said to return events")
        returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        if not returned or any(_is_nothing(value) for value in returned):
            silent.append(f"{name} returns nothing")
    assert silent == []


def _is_nothing(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Tuple):
        return not value.elts
    return value is None or isinstance(value, ast.Constant)


def test_no_verb_swallows_a_refusal() -> None:
    swallowing = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if source.path.name in {"actions.py", "steps.py"}
        for node in nodes(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]
    suppressed = [
        source.name
        for source in sources()
        if source.path.name in {"actions.py", "steps.py"}
        and "contextlib.suppress" in source.imported().values()
    ]
    assert swallowing + suppressed == []


# What the steps of `cases` ask.
KERNEL = {"append": "apply", "open_case": "apply", "recuse": "apply", "judged_by": "may_judge"}

# What each verb asks the charter before it writes; "apply" is the kernel. A rule taken away from
# a verb, or a verb that asks nothing, shows in this table's diff.
ASKS: dict[str, set[str]] = {
    "applications._receive": {"may_submit"},
    "applications.appeal": {"may_appeal"},
    "applications.check_eligibility": {"may_check_eligibility"},
    "applications.open_committee": {"may_open_committee", "apply"},
    "applications.withdraw": {"may_withdraw", "apply"},
    "calls.announce": {"may_manage_calls"},
    "calls.begin": set(),  # set-up: who may begin a programme stands in no clause
    "cases.call_in": {"may_manage_calls", "may_judge", "apply"},
    "cases.let_go": {"may_manage_calls", "may_judge", "apply"},
    "cases.release": {"may_release", "apply"},
    "cases.stand_aside": {"may_act", "may_judge", "apply"},
    "decisions.carry_motion": {"may_judge", "apply"},
    "decisions.cast_ballot": {"may_judge", "apply"},
    "decisions.decide_appeal": {"may_judge", "apply"},
    "decisions.decide_in_board": {"may_judge", "apply"},
    "decisions.decide_in_committee": {"may_judge", "apply"},
    "decisions.hand_in_sheet": {"may_judge", "may_hand_in_marks", "apply"},
    "decisions.speak": {"may_judge", "apply"},
    "decisions.vote": {"may_judge", "apply"},
    "decisions.vote_on_appeal": {"may_judge", "apply"},
    "decisions.vote_on_motion": {"may_judge", "apply"},
    "governance.appoint": {"may_seat"},
    "governance.establish": set(),  # set-up
    "governance.found": set(),  # set-up: the charter itself is adopted here
    "governance.sign_agreement": {"may_sign_agreement"},
    "grants.accept_report": {"may_manage_grants", "apply"},
    "grants.amend": {"may_manage_grants", "apply"},
    "grants.award": {"may_manage_grants", "may_award", "may_know_applicant", "apply"},
    "grants.close": {"may_manage_grants", "apply"},
    "grants.pay": {"may_manage_grants", "apply"},
    "grants.sign_agreement": {"may_manage_grants", "apply"},
    "people.declare": {"may_declare"},
    "people.enrol": set(),  # set-up
    "people.give_role": set(),  # set-up
    "register._record": set(),  # a program's own digest of a public file
}


def test_every_verb_asks_what_this_table_says() -> None:
    asked = {
        name: {
            KERNEL.get(word, word)
            for part in reached(source, function.name)
            for word, call in calls(part)
            if isinstance(call.func, ast.Name)
            and (word.startswith("may_") or _is_kernel(source, word))
        }
        for name, (source, function) in verbs().items()
    }
    assert asked == ASKS


def _is_kernel(source: Source, word: str) -> bool:
    return source.imported().get(word) == f"tarazy.cases.steps.{word}" and word in KERNEL


def test_every_rule_is_asked_outside_the_charter_or_by_the_kernel() -> None:
    rules = {name for name in _charter("rules.py").functions() if name.startswith("may_")}
    asked = {
        word
        for source in sources()
        if source.path != PACKAGE / "charter" / "rules.py"
        for word, _ in calls(source.tree)
    }
    assert rules - asked == set()


def test_no_answer_of_a_rule_is_thrown_away() -> None:
    lost = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        for node in nodes(source.tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and re.fullmatch(r"(.*\.)?(may_\w+|apply|refuse)", dotted(node.value.func))
    ]
    assert lost == []


def test_whoever_changes_a_row_has_locked_it_or_its_case() -> None:
    """The lock comes first in the text: `select_for_update`, or the kernel, which takes it."""
    unlocked = []
    for name, (source, function) in verbs().items():
        changes, locks = [], []
        for word, call in calls(function):
            by_field = word == "save" and any(key.arg == "update_fields" for key in call.keywords)
            if by_field or (word == "update" and not call.args):
                changes.append(call.lineno)
            elif word == "select_for_update" or _is_kernel(source, word):
                locks.append(call.lineno)
        if changes and (not locks or min(locks) > min(changes)):
            unlocked.append(name)
    assert unlocked == []


# Events.

VERB_FORMS = re.compile(r"(^|_)([a-z]+ed|begun|cast|given|left|paid|spoke|withdrawn)($|_)")
SMELLS = {
    "account", "address", "applicant", "application", "author", "bin", "card", "email", "emails",
    "expert", "iin", "legal", "mail", "name", "names", "note", "organisation", "owner", "people",
    "person", "phone", "phones", "recipient", "surname", "text", "title", "url", "who", "words",
}  # fmt: skip
# A commitment can be opened by whoever has the salt: even there only codes and digests stand.
SEALED = {
    "applications.submitted.document": "digest",
    "decisions.motion_carried.by": "code",
    "decisions.motion_carried.reasons": "digest",
    "decisions.motion_carried.seated": "number",
    "governance.agreement_signed.seat": "code",
    "governance.appointed.person": "code",
    "governance.appointed.seat": "code",
    "grants.closed.moved": "digest",
    "people.declared.digest": "digest",
    "people.enrolled.person": "code",
    "people.role_given.person": "code",
}


@cache
def happenings() -> tuple[type[Event], ...]:
    """Return every kind of event of the product."""
    modules = [import_module(source.module) for source in rooms_with("events.py")]
    kinds = {
        kind: None
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == module.__name__
    }
    return tuple(kind for kind in kinds if kind not in {Event, CaseEvent})


def test_every_event_is_written_where_its_room_keeps_events() -> None:
    elsewhere = [
        f"{source.name}: {node.name}"
        for source in sources()
        if source.path.name != "events.py"
        for node in nodes(source.tree)
        if isinstance(node, ast.ClassDef)
        and any(dotted(base).split(".")[-1] in {"Event", "CaseEvent"} for base in node.bases)
    ]
    # An event that the charter does not know, attempted in every state of the search.
    assert elsewhere == ["charter/worlds.py: Unforeseen"]


def test_every_event_is_frozen_and_slotted() -> None:
    loose = [
        kind.__name__
        for kind in (Event, CaseEvent, *happenings())
        if not vars(kind)["__dataclass_params__"].frozen or "__slots__" not in vars(kind)
    ]
    assert loose == []


def test_every_event_is_named_for_its_room_in_the_past_tense() -> None:
    wrong = []
    for event in happenings():
        kind = str(vars(event).get("kind", ""))
        room, _, happened = kind.partition(".")
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()
        home = event.__module__.split(".")[1]
        if home not in {room, "charter"} or happened != snake or not VERB_FORMS.search(happened):
            wrong.append(f"{event.__module__}.{event.__name__}: {kind!r}")
    assert wrong == []


def test_no_two_events_have_one_kind() -> None:
    kinds = [event.kind for event in happenings()]
    assert sorted(set(kinds)) == sorted(kinds)
    of_cases = {event.kind: event for event in happenings() if issubclass(event, CaseEvent)}
    assert of_cases == CASE_EVENTS


def test_a_case_event_is_named_for_the_room_whose_verbs_make_it() -> None:
    """The identity side opens and withdraws cases: those lines say `cases`, and name no side."""
    makers: dict[str, set[str]] = {event.kind: set() for event in CASE_EVENTS.values()}
    known = {f"tarazy.charter.events.{event.__name__}": event for event in CASE_EVENTS.values()}
    for source in rooms_with("actions.py"):
        for word, _ in calls(source.tree):
            event = known.get(source.imported().get(word, ""))
            if event:
                makers[event.kind].add(source.room)
    allowed = {kind: {kind.split(".")[0]} for kind in makers}
    for kind, rooms in allowed.items():
        if rooms == {"cases"}:
            allowed[kind] = {"cases", "applications"}
    assert {kind for kind, rooms in makers.items() if not rooms or rooms - allowed[kind]} == set()


def _is_plain(hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType, tuple):
        return all(part is Ellipsis or _is_plain(part) for part in get_args(hint))
    if hint in (type(None), bool, int, str, date, Member):
        return True
    return isinstance(hint, type) and issubclass(hint, StrEnum)


def test_an_event_carries_plain_values_only() -> None:
    live = [
        f"{event.__name__}.{name}: {hint}"
        for event in (*happenings(), Member)
        for name, hint in get_type_hints(event).items()
        if name not in {"kind", "quiet"} and not _is_plain(hint)
    ]
    assert live == []


def test_no_field_of_an_event_smells_of_a_person_unless_sealed() -> None:
    smelling = [
        f"{event.kind}.{item.name}"
        for event in happenings()
        for item in fields(event)
        if SMELLS & set(item.name.split("_")) and item.name not in sealed_fields(event)
    ]
    assert smelling == []


def test_even_a_sealed_field_holds_a_code_or_a_digest() -> None:
    sealed = {f"{event.kind}.{name}" for event in happenings() for name in sealed_fields(event)}
    assert sealed == SEALED.keys()


# Rules.


def _charter(file: str) -> Source:
    return next(source for source in sources() if source.path == PACKAGE / "charter" / file)


@dataclass(frozen=True, slots=True)
class Cited:
    """One `refuse(…)` in the charter's code: a clause, a reason, the names of its facts."""

    clause: str
    why: Why
    facts: frozenset[str]
    place: str


def _texts(node: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """Yield the texts that an expression can be; a name is looked up in its function."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, function)
        yield from _texts(node.orelse, function)
    elif isinstance(node, ast.Name):
        for found in ast.walk(function):
            if isinstance(found, ast.Assign) and dotted(found.targets[0]) == node.id:
                yield from _texts(found.value, function)
    else:
        pytest.fail(f"{function.name}: write the clause as text: {ast.unparse(node)}")


@cache
def cited() -> tuple[Cited, ...]:
    """Return every refusal that the charter's code can give."""
    found = []
    for file in ("rules.py", "case.py"):
        for function in _charter(file).functions().values():
            for word, call in calls(function):
                if word != "refuse":
                    continue
                clause, why = call.args
                assert dotted(why).startswith("Why."), f"{file}:{call.lineno}: name the reason"
                facts = frozenset(key.arg for key in call.keywords if key.arg)
                assert len(facts) == len(call.keywords), f"{file}:{call.lineno}: facts by name"
                found += [
                    Cited(number, Why[dotted(why)[4:]], facts, f"{file}:{call.lineno}")
                    for number in _texts(clause, function)
                ]
    return tuple(found)


def clauses() -> dict[str, Clause]:
    """Return the charter's clauses by number."""
    return dict(read().clauses)


def test_only_the_charter_refuses() -> None:
    elsewhere = [
        f"{source.name}:{call.lineno}"
        for source in sources()
        if source.room != "charter"
        for word, call in calls(source.tree)
        if word in {"refuse", "Refusal", "Refused", "stop"} and not _is_in_kernel(source, word)
    ]
    elsewhere += [
        source.name
        for source in sources()
        if source.room != "charter"
        and "tarazy.charter.refusals.refuse" in source.imported().values()
    ]
    assert elsewhere == []


def _is_in_kernel(source: Source, word: str) -> bool:
    """`cases.steps` raises the refusal that `apply` gave it."""
    return source.name == "cases/steps.py" and word == "stop"


def test_every_refusal_has_a_clause_with_words_for_its_reason() -> None:
    speechless = [
        f"{one.place}: clause {one.clause} has no words for {one.why}"
        for one in cited()
        if one.clause not in clauses() or one.why not in clauses()[one.clause].reasons
    ]
    assert speechless == []


def test_the_words_of_a_refusal_ask_only_for_facts_that_it_gives() -> None:
    wanting = [
        f"{one.place}: clause {one.clause}, {one.why}, {language}: {{{place}}}"
        for one in cited()
        for language, words in clauses()[one.clause].reasons[one.why].items()
        for _, place, _, _ in Formatter().parse(words)
        if place is not None and place not in one.facts
    ]
    assert wanting == []


def test_every_reason_in_the_charter_is_given_by_its_code() -> None:
    written = {(c.id, why) for c in clauses().values() for why in c.reasons}
    assert written - {(one.clause, one.why) for one in cited()} == set()
    assert set(Why) - {one.why for one in cited()} == set()


# Clauses that the software states and nothing enforces yet: none is left silent.
NOT_ENFORCED: dict[str, str] = {}


def test_clauses_with_reasons_clauses_enforced_and_clauses_tested_are_the_same() -> None:
    with_reasons = {clause.id for clause in clauses().values() if clause.reasons}
    assert clauses().keys() - with_reasons == NOT_ENFORCED.keys()
    assert {one.clause for one in cited()} == with_reasons
    tested = {
        f"{chapter}.{number}"
        for path in (PROJECT / "tests").glob("test_charter_*.py")
        for chapter, number in re.findall(r"^def test_(\d+)_(\d+)_", path.read_text(), re.MULTILINE)
    }
    assert tested == with_reasons


# Who writes, who reads the clock.

WRITES = {
    "abulk_create", "acreate", "adelete", "asave", "aupdate", "bulk_create", "bulk_update",
    "create", "delete", "get_or_create", "save", "save_base", "update_or_create",
}  # fmt: skip
RAW = {"cursor", "execute", "executemany", "extra", "raw", "RawSQL"}
# Files that write, or speak SQL, although they are neither actions nor steps.
WRITERS = {
    "ops/archive.py": "restores the rows of an archive into an empty database",
    "ops/check_command.py": "updates a counter of states, and knows no database",
    "ops/doctor.py": "asks the engine for its version and for damage",
}


def test_only_actions_and_steps_write() -> None:
    writing = {
        f"{source.name}:{call.lineno} {word}"
        for source in sources()
        if source.path.name not in {"actions.py", "steps.py"} and source.room != "engine"
        if source.name not in WRITERS
        for word, call in calls(source.tree)
        # A queryset's `update` takes names only, a set's or a digest's never does.
        if word in WRITES | RAW or (word == "update" and call.keywords and not call.args)
    }
    assert writing == set()


@dataclass(frozen=True, slots=True)
class Allowed:
    """A use of the clock or of chance outside `web` and `ops`, with its reason."""

    file: str
    what: str
    why: str


CHANCE = [
    Allowed("settings.py", "secrets", "makes the installation's own secret"),
    Allowed("ledger/steps.py", "secrets", "a line's salt must not be foreseeable"),
    Allowed("applications/steps.py", "secrets", "an original's name must not be foreseeable"),
    Allowed("people/models.py", "uuid.uuid4", "an account's code says nothing of it"),
]
CLOCK = {
    "datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow",
    "datetime.date.today", "django.utils.timezone.localdate", "django.utils.timezone.localtime",
    "django.utils.timezone.now", "time.gmtime", "time.localtime", "time.time", "time.time_ns",
}  # fmt: skip


def _used(source: Source) -> Iterator[tuple[str, int]]:
    """Yield (full name, line) of every name of another module that is used."""
    known = source.imported()
    for node in nodes(source.tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            first, _, rest = dotted(node).partition(".")
            if first in known:
                yield f"{known[first]}.{rest}".rstrip("."), node.lineno


def test_the_clock_is_read_in_web_and_ops_only() -> None:
    reading = [
        f"{source.name}:{line} {full}"
        for source in sources()
        if source.room not in FREE
        for full, line in _used(source)
        if full in CLOCK
    ]
    assert reading == []


def test_chance_is_an_argument_but_where_a_secret_is_made() -> None:
    drawn = {
        (source.name, re.sub(r"^secrets\..*", "secrets", full))
        for source in sources()
        if source.room not in FREE
        for full, _ in _used(source)
        if full.split(".")[0] in {"secrets", "random"} or full in {"os.urandom", "uuid.uuid4"}
        if full not in {"random", "random.Random"}
    }
    assert drawn == {(one.file, one.what) for one in CHANCE}


CONNECTIONS = {
    "ledger/steps.py": "opens the transaction on the connection in force",
    "settings.py": "describes the connections",
}


def test_below_ops_nobody_chooses_a_connection() -> None:
    """A query that names its connection goes past the hand-over to the desk."""
    choosing = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if source.room not in FREE | {"engine"} and source.name not in CONNECTIONS
        for node in nodes(source.tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"using", "db_manager"})
        or (isinstance(node, ast.keyword) and node.arg == "using")
        or (isinstance(node, ast.Name) and node.id in {"connection", "connections"})
    ]
    assert choosing == []


# Manners.


def test_there_are_no_signals() -> None:
    listening = [
        f"{source.name}:{line} {full}"
        for source in sources()
        for _, full, line in _imports(source.tree)
        if ".signals" in full or full.startswith("django.dispatch")
    ]
    assert listening == []


def test_nothing_below_ops_prints() -> None:
    printing = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if source.room != "ops"
        for node in nodes(source.tree)
        if isinstance(node, ast.Name) and node.id == builtins.print.__name__
    ]
    assert printing == []


def test_imports_are_absolute() -> None:
    relative = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        for node in nodes(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


@cache
def files() -> tuple[Path, ...]:
    """Return the project's own files: tracked ones and new ones, without what is ignored."""
    if not (PROJECT / ".git").exists():  # a copy without history: all of it is the project
        found: Iterable[str] = (str(path.relative_to(PROJECT)) for path in PROJECT.rglob("*"))
        found = (name for name in found if "__pycache__" not in name)
    else:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        found = listed.stdout.split("\0")
    return tuple(PROJECT / name for name in sorted(found) if name and (PROJECT / name).is_file())


def test_no_file_is_a_drawer_for_odds_and_ends() -> None:
    drawers = [
        str(path.relative_to(PROJECT))
        for path in files()
        if re.fullmatch(r"_?(utils?|helpers?|commons?|misc|shared|tools?)", path.stem)
    ]
    assert drawers == []


FORBIDDEN_TEXT = {
    "a machine's path": re.compile(r"(?<![\w.])/(?:work|root|home|Users)/\w"),
    "a package host": re.compile(
        r"py(?:pi)\.org|python(?:hosted)|arti(?:factory)|/simple/?[\"'\s]"
    ),
    "an e-mail address that could be somebody's": re.compile(
        r"\b[\w.+-]+@(?!(?:[\w-]+\.)*example\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b"
    ),
}


def test_no_file_tells_of_a_machine_a_package_host_or_a_real_address() -> None:
    telling = []
    for path in files():
        if path.name.startswith("requirements"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for what, pattern in FORBIDDEN_TEXT.items():
            telling += [
                f"{path.relative_to(PROJECT)}:{number}: {what}: {found.group()}"
                for number, line in enumerate(text.splitlines(), start=1)
                for found in pattern.finditer(line)
            ]
    assert telling == []


def test_the_newest_migration_of_each_room_is_on_the_list() -> None:
    """Two branches that both add a migration meet in one line of `tests/migrations.txt`."""
    graph = MigrationLoader(None).graph
    ours = {room for room, _ in tables()}
    newest = sorted(f"{room} {name}" for room, name in graph.leaf_nodes() if room in ours)
    assert newest == (PROJECT / "tests" / "migrations.txt").read_text().splitlines()


# At work: a committee of three with a reserve, one trustee, two applications.

BEGAN = datetime(2026, 1, 12, 9, tzinfo=UTC)
OPENS = datetime(2026, 3, 2, tzinfo=UTC)
CLOSES = datetime(2026, 4, 16, tzinfo=UTC)
JUDGING = datetime(2026, 4, 20, 9, tzinfo=UTC)
CRITERIA = ("need", "plan")
WORDS = {"kk": "сөз", "ru": "слово", "en": "word"}


@dataclass(frozen=True, slots=True)
class Setup:
    """Whoever sets the foundation up."""

    ref: str = "setup"


@dataclass(frozen=True, slots=True)
class Round:
    """An open list of two cases, and who judges it; `experts` are three and a reserve."""

    cases: tuple[Case, ...]
    experts: tuple[Seat, ...]
    grew: tuple[tuple[str, int, int], ...]  # verb, events returned, lines but decoys


class Stage:
    """Plays verbs, and counts what each returned and by how many lines the log grew."""

    def __init__(self) -> None:
        self.grew: list[tuple[str, int, int]] = []

    def play(self, verb: Any, *args: Any, **options: Any) -> Any:
        """Do what the verb says."""
        before = size()
        happened = verb(*args, **{"by": Setup(), "at": BEGAN, **options})
        returned = len(happened) if isinstance(happened, tuple) else 1
        told = Opening.objects.filter(seq__gte=before).exclude(value__contains=DecoyAppended.kind)
        self.grew.append((verb.__name__, returned, told.count()))
        return happened

    def person(self, name: str) -> Person:
        """Enrol somebody."""
        person = Person(email=f"{name}@tarazy.example", name=name, citizen=True)
        self.play(enrol, person)
        return person


def draft(who: Card) -> Draft:
    """Return an application whose text names its applicant."""
    told = f"{who.name} and {who.people[0]} read aloud. Write to {who.emails[0]}."
    sections = (Section("Need", told), Section(f"About {who.names[0]}", told.upper()))
    return Draft(who.bin, "en", f"Books from {who.name}", "a year", 500_00, who, sections)


SHORT = Card(
    name="Нұр",
    names=("НҰР қоры",),
    people=("Ли Е.",),
    emails=("a@n.example",),
    bin="111140000010",
)
LONG = Card(
    name="Society of Friends of the Village Library",
    names=("The Friends",),
    people=("Aleksandra Konstantinopolskaya",),
    emails=("friends-of-the-library@society.example",),
    bin="990140000025",
)


@pytest.fixture
def opened(database: None) -> Round:
    """Play from the founding to the opening of the committee's list."""
    stage, chance = Stage(), Random(1)
    foundation = Foundation(
        name=WORDS,
        bin="111140000010",
        zone="UTC",
        currency="KZT",
        prefix="360G-t",
        site="https://tarazy.example",
    )
    stage.play(found, foundation)
    committee = Body(code="committee", type=BodyKind.COMMITTEE.value, name=WORDS)
    board = Body(code="board", type=BodyKind.BOARD.value, name=WORDS)
    for body in (committee, board):
        stage.play(establish, body)
    for place, body in enumerate([committee] * 4 + [board]):
        member = stage.person(f"member{place}")
        first = BEGAN.date()
        term = {"begins": first, "ends": first + timedelta(days=700), "reserve": place == 3}
        stage.play(appoint, member, body, **term, chance=chance)
        stage.play(sign_agreement, Seat.objects.get(person=member), by=member)
        stage.play(declare, [], by=member)
    coordinator = stage.person("coordinator")
    stage.play(give_role, coordinator, Role.COORDINATOR)
    programme = Programme(code="P", name=WORDS, aim=WORDS, committee=committee, board=board)
    stage.play(begin, programme)
    call = Call(
        code="C", programme=programme, title=WORDS, about=WORDS, opens=OPENS, closes=CLOSES,
        currency="KZT", envelope=1000_00, ceiling=900_00,
        criteria=[{"code": code, "weight": 50, "name": WORDS} for code in CRITERIA], conditions=[],
    )  # fmt: skip
    stage.play(announce, call, by=coordinator)
    for who in (SHORT, LONG):
        stage.play(submit, call, draft(who), by=stage.person(who.emails[0][:3]), at=OPENS)
    for application in of_call(call):
        stage.play(check_eligibility, application, failed=None, by=coordinator, at=CLOSES)
    stage.play(open_committee, call, chance=chance, by=coordinator, at=JUDGING)
    cases = tuple(Case.objects.select_related("docket__call__programme").order_by("number"))
    return Round(
        cases, tuple(Seat.objects.filter(body=committee).order_by("place")), tuple(stage.grew)
    )


def hand_in(case: Case, seat: Seat) -> None:
    """Hand in a sheet at the desk."""
    marks = dict.fromkeys(CRITERIA, 4)
    with desk():
        hand_in_sheet(
            case.number, marks=marks, strengths="clear", weaknesses="short", by=seat, at=JUDGING
        )


def test_each_verb_leaves_as_many_lines_as_it_returned_events(opened: Round) -> None:
    assert [grew for grew in opened.grew if grew[1] != grew[2]] == []
    assert {verb for verb, _, _ in opened.grew} >= {"found", "submit", "open_committee"}


def test_a_judges_line_commits_to_the_event_that_was_stored(opened: Round) -> None:
    case = opened.cases[0]
    hand_in(case, opened.experts[0])
    seals = [opening(seq)[1] for seq in range(size() - 3, size())]
    [hidden] = [seal for seal in seals if seal.get("kind") == "decisions.sheet_handed_in"]
    stored = StoredEvent.objects.filter(case=case).order_by("ordinal").last()
    assert stored is not None
    assert hidden == {**stored.data, "kind": stored.kind, "actor": opened.experts[0].ref}


def test_the_state_that_is_kept_is_what_the_events_fold_to(opened: Round) -> None:
    case = opened.cases[0]
    hand_in(case, opened.experts[0])
    stand_aside(case.number, by=opened.experts[1], at=JUDGING)
    for kept in Case.objects.select_related("docket"):
        assert kept.now == fold(charter(kept.docket), events(kept))


def test_what_the_charter_refuses_leaves_nothing_behind(opened: Round) -> None:
    case, seat = opened.cases[0], opened.experts[0]
    hand_in(case, seat)
    before = (size(), StoredEvent.objects.count(), Sheet.objects.count())
    with pytest.raises(Refused) as second:
        hand_in(case, seat)
    assert (second.value.refusal.clause, second.value.refusal.why) == ("7.2", Why.SHEET_HANDED_IN)
    with pytest.raises(Refused) as early, desk():
        cast_ballot(case.number, judgement=Judgement.DECLINE, amount=0, by=seat, at=JUDGING)
    assert early.value.refusal.clause == "7.3"
    assert (size(), StoredEvent.objects.count(), Sheet.objects.count()) == before


def test_a_judge_reads_and_writes_on_the_desk_connection_alone(opened: Round) -> None:
    """Inside `desk()` every query on the other connection fails."""
    case, seat, day = opened.cases[0], opened.experts[0], JUDGING.date()
    hand_in(case, seat)
    with desk():
        assert [found.number for found in readable_by(seat, on=day)] == [
            case.number for case in opened.cases
        ]
        assert [sheet.own for sheet in sheets_for(seat, case.number, on=day)] == [True]
        assert progress(seat, case.number, on=day) is not None


def test_two_worlds_give_a_judge_the_same_bytes() -> None:
    """One proposal of two applicants, of other length and script: nothing tells which it is."""
    worlds = []
    for who in (SHORT, LONG):
        said = draft(who)
        application = Application(requested=said.requested)
        Proposal(
            application=application,
            language=said.language,
            title=said.title,
            duration=said.duration,
            sections=[{"heading": part.heading, "text": part.text} for part in said.sections],
        )
        copy = blind_copy(application, who)
        worlds.append([getattr(copy, item.attname) for item in BlindCopy._meta.local_fields])
    assert worlds[0] == worlds[1]
    assert "read aloud" in str(worlds[0])
