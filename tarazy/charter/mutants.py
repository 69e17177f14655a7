"""Take out each rule in turn, and see that the search notices.

A rule taken out lives in a copy of the rules' modules in memory; no file is written.
"""

import ast
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType

from tarazy.charter.book import Charter
from tarazy.charter.check import AnyBounds, search
from tarazy.charter.search import Fault, Searched
from tarazy.charter.worlds import Kernel, kernel_of

HERE = Path(__file__).parent
REVIEWED = HERE / "mutants.toml"
RULES, CASE = "tarazy.charter.rules", "tarazy.charter.case"
SOURCES: Mapping[str, Path] = {RULES: HERE / "rules.py", CASE: HERE / "case.py"}
# Of `rules`, only what the worlds of cases ask; the rest stands before or beside a case.
SEARCHED_RULES = frozenset(
    {"may_act", "may_read_case", "may_read_sheet", "may_know_applicant", "may_award", "may_release"}
)


class Verdict(StrEnum):
    """What came of taking a rule out."""

    CAUGHT = "caught"
    HARMLESS = "harmless, as reviewed"
    MISSED = "MISSED"
    STALE = "LISTED AS HARMLESS, BUT CAUGHT"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule taken out: its name says where it stood and what it refused."""

    name: str
    kernel: Kernel


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one mutant; `how` is the promise that broke, or why it may be missed."""

    name: str
    verdict: Verdict
    how: str
    path: tuple[str, ...]
    states: int


def reviewed(path: Path = REVIEWED) -> dict[str, str]:
    """Return the rules whose removal is harmless, with the reason, as people have reviewed them.

    Raises `ValueError` where an entry has no name, no reason, or stands twice.
    """
    with path.open("rb") as file:
        entries = tomllib.load(file)["harmless"]
    found: dict[str, str] = {}
    for entry in entries:
        named = entry.keys() == {"name", "reason"} and all(entry.values())
        if not named or entry["name"] in found:
            raise ValueError(f"{path.name}: write a name, once, and a reason: {entry}")
        found[entry["name"]] = entry["reason"]
    return found


def rules() -> list[str]:
    """Return the names of all rules that can be taken out."""
    return [name for _, _, name, _ in _places()]


def mutants(named: Collection[str] | None = None) -> Iterator[Mutant]:
    """Take out one rule after another; all, or those named."""
    for module, tree, name, site in _places():
        if named is not None and name not in named:
            continue
        before = getattr(site.node, site.part)
        setattr(site.node, site.part, ast.copy_location(site.instead, before))
        kernel = kernel_from({module: ast.fix_missing_locations(tree)})
        setattr(site.node, site.part, before)
        yield Mutant(name, kernel)


def _places() -> Iterator[tuple[str, ast.Module, str, "_Site"]]:
    """Return module, tree, name and place of every rule; alike names get a number."""
    seen: Counter[str] = Counter()
    for module, path in SOURCES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for site in _sites(tree, module):
            seen[site.name] += 1
            number = f" ({seen[site.name]})" if seen[site.name] > 1 else ""
            yield module, tree, site.name + number, site


def tampered(module: str, old: str, new: str) -> Kernel:
    """Return the rules with a piece of their source exchanged; `old` must stand there once."""
    source = SOURCES[module].read_text(encoding="utf-8")
    if source.count(old) != 1:
        raise ValueError(f"stands {source.count(old)} times in {module}: {old}")
    return kernel_from({module: ast.parse(source.replace(old, new))})


def kernel_from(changed: Mapping[str, ast.Module]) -> Kernel:
    """Return the rules, some of their modules from these trees instead of their files."""
    rules = _load(RULES, changed.get(RULES), {})
    case = _load(CASE, changed.get(CASE), {"may_act": rules.may_act})
    return kernel_of(case, rules)


def _load(name: str, tree: ast.Module | None, given: Mapping[str, object]) -> ModuleType:
    """Run a module's source in a namespace of its own, `given` names put over its imports."""
    source = tree or ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    module = ModuleType(name)
    exec(compile(source, str(SOURCES[name]), "exec"), module.__dict__)  # noqa: S102 - our own source
    vars(module).update(given)
    return module


@dataclass(frozen=True, slots=True)
class _Site:
    """A place where a rule can be taken out: this part of the node becomes `instead`."""

    name: str
    node: ast.AST
    part: str
    instead: ast.expr


def _sites(tree: ast.Module, module: str) -> Iterator[_Site]:
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        if module == RULES and function.name not in SEARCHED_RULES:
            continue
        for node in ast.walk(function):
            for site in _at(node):
                yield _Site(f"{function.name}: {site.name}", site.node, site.part, site.instead)


def _at(node: ast.AST) -> Iterator[_Site]:
    """Return the ways to take a rule out at this node."""
    if isinstance(node, ast.If):
        yield from _of_condition(node)
    elif isinstance(node, ast.Assign):
        unable = isinstance(node.targets[0], ast.Name) and node.targets[0].id == "unable"
        for less, dropped in _operands(node.value) if unable else ():
            yield _Site(f"without {dropped}", node, "value", less)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield from _of_answer(node, node.value)
    elif isinstance(node, ast.FunctionDef):
        last = node.body[-1]
        answer = last.value if isinstance(last, ast.Return) else None
        if isinstance(answer, ast.Call) and _refuses(answer):
            yield _Site(_named(answer), last, "value", ast.Constant(value=None))


def _of_condition(node: ast.If) -> Iterator[_Site]:
    """Take out `if …: return refuse(…)`, whole and by its parts, or `if unable: return unable`."""
    never = ast.Constant(value=False)
    match node.test, node.body[-1]:
        case ast.Name(id=asked), ast.Return(value=ast.Name(id=answered)) if asked == answered:
            yield _Site(f"if {asked}", node, "test", never)
        case test, ast.Return(value=ast.expr() as answer):
            if _refuses(answer) and not _spares(answer):
                yield _Site(_named(answer), node, "test", never)
                for less, dropped in _operands(test):
                    yield _Site(f"{_named(answer)}, without {dropped}", node, "test", less)


def _of_answer(node: ast.Return, answer: ast.expr) -> Iterator[_Site]:
    """Take out `return refuse(…) if … else …`, and either part of `return … or …`."""
    if isinstance(answer, ast.IfExp) and _spares(answer):
        spared = answer.orelse if _refuses(answer.body) else answer.body
        yield _Site(_named(answer), node, "value", spared)
    for less, dropped in _operands(answer):
        yield _Site(f"without {dropped}", node, "value", less)


def _operands(test: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """Return an `or` without each of its operands, and what was dropped."""
    if not (isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or)):
        return
    for dropped in test.values:
        rest = [value for value in test.values if value is not dropped]
        less = rest[0] if len(rest) == 1 else ast.BoolOp(op=ast.Or(), values=rest)
        named = _named(dropped) if _refuses(dropped) else ast.unparse(dropped)
        yield less, named.partition("(")[0] if isinstance(dropped, ast.Call) else named


def _refusals(value: ast.AST) -> list[ast.Call]:
    """Return the calls of `refuse` in an expression."""
    return [
        node
        for node in ast.walk(value)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "refuse"
    ]


def _refuses(value: ast.AST) -> bool:
    return bool(_refusals(value))


def _spares(value: ast.expr) -> bool:
    """Say whether an answer refuses on one side only."""
    return isinstance(value, ast.IfExp) and _refuses(value.body) is not _refuses(value.orelse)


def _named(value: ast.AST) -> str:
    """Name a refusal by its clause and reason."""
    clause, why = _refusals(value)[0].args[:2]
    number = ast.unparse(clause).strip("'")
    return f"{number} {ast.unparse(why).removeprefix('Why.').lower().replace('_', '-')}"


def judge(
    charter: Charter,
    worlds: Iterable[AnyBounds],
    found: Iterable[Mutant],
    *,
    most: int,
    known: Mapping[str, str],
    watch: Callable[[str], None] = lambda _name: None,
) -> list[Tried]:
    """Search with each rule taken out, at most so many states a world, up to the first fault."""
    bounds = list(worlds)
    tried = []
    for mutant in found:
        watch(mutant.name)
        tried.append(_judge(charter, bounds, mutant, most, known))
    return tried


def _judge(
    charter: Charter, worlds: list[AnyBounds], mutant: Mutant, most: int, known: Mapping[str, str]
) -> Tried:
    states = 0
    for bounds in worlds:
        try:
            found = search(charter, bounds, most=most, kernel=mutant.kernel)
        except Exception as error:  # whatever stops the kernel shows that the rule is missing
            found = _stopped(error)
        states += found.states
        if found.fault:
            verdict = Verdict.STALE if mutant.name in known else Verdict.CAUGHT
            return Tried(mutant.name, verdict, found.fault.promise, found.fault.path, states)
    if mutant.name in known:
        return Tried(mutant.name, Verdict.HARMLESS, known[mutant.name], (), states)
    return Tried(mutant.name, Verdict.MISSED, "", (), states)


def _stopped(error: Exception) -> Searched:
    fault = Fault(f"the rules stop: {type(error).__name__}", str(error), ())
    return Searched(0, 0, 0, complete=False, fault=fault, waits=Counter())
