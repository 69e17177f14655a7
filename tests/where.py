"""Where is the rule that…? `make where CLAUSE=4.2`: its words, its guards, who asks, its tests."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tarazy.charter.book import CHARTER, read

PROJECT = Path(__file__).resolve().parent.parent
GUARDS = ("tarazy/charter/rules.py", "tarazy/charter/case.py")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the product, and where it stands."""

    file: str
    node: ast.FunctionDef
    names: frozenset[str]  # that it uses

    def __str__(self) -> str:
        return f"{self.file}:{self.node.lineno} {self.node.name}"


@cache
def functions() -> tuple[Function, ...]:
    """Return every function at the top of a module of the product."""
    paths = [
        path for path in (PROJECT / "tarazy").rglob("*.py") if path.parent.name != "migrations"
    ]
    return tuple(
        Function(path.relative_to(PROJECT).as_posix(), node, _names(node))
        for path in sorted(paths)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    )


def _names(function: ast.FunctionDef) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(function) if isinstance(node, ast.Name))


def citing(clause: str) -> list[tuple[Function, int]]:
    """Return the functions that refuse by a clause, with the line of each refusal."""
    return [
        (function, node.lineno)
        for function in functions()
        if function.file in GUARDS and "refuse" in function.names
        for node in ast.walk(function.node)
        if isinstance(node, ast.Constant) and node.value == clause
    ]


def asking(guard: Function) -> Iterator[Function]:
    """Yield the functions that ask a guard, the charter's own first, then whoever asks those."""
    waiting, seen = [guard.node.name], {guard.node.name}
    if guard.file == GUARDS[1]:
        waiting.append("apply")  # the kernel's table leads from there to each of its guards
    while waiting:
        name = waiting.pop(0)
        for function in functions():
            if name not in function.names or function.node.name in seen:
                continue
            inside = function.file in GUARDS
            if inside or not function.file.startswith("tarazy/charter/"):
                seen.add(function.node.name)
                yield function
            if inside:
                waiting.append(function.node.name)


def events(guard: Function) -> list[str]:
    """Return the names of the events at which the kernel comes to a guard, if it does."""
    if guard.node.name in {"apply", "_opened"}:
        return ["any event" if guard.node.name == "apply" else "Opened"]
    reached = {guard.node.name, *(one.node.name for one in asking(guard))}
    tree = ast.parse((PROJECT / GUARDS[1]).read_text(encoding="utf-8"))
    tables = [node for node in tree.body if isinstance(node, ast.AnnAssign)]
    table = next(node.value for node in tables if ast.unparse(node.target) == "_STEPS")
    assert isinstance(table, ast.Dict)
    return [
        ast.unparse(key)
        for key, step in zip(table.keys, table.values, strict=True)
        if key is not None and ast.unparse(step) in reached
    ]


def tests(clause: str) -> list[str]:
    """Return the tests that are named for a clause."""
    pattern = re.compile(rf"def (test_{clause.replace('.', '_')}_\w+)")
    return [
        f"{path.relative_to(PROJECT)}:{number} {found[1]}"
        for path in sorted((PROJECT / "tests").glob("test_charter_*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := pattern.match(line))
    ]


def tell(clause: str) -> Iterator[str]:
    """Yield the lines that say where a clause is; raises `KeyError` where there is none."""
    known = read().clauses[clause]
    text = CHARTER.read_text(encoding="utf-8").splitlines()
    line = text.index(f'id = "{clause}"') + 1
    yield f"{clause} {known.title['en']}"
    yield f"  {known.text['en']}"
    yield f"  {CHARTER.relative_to(PROJECT)}:{line}, {len(known.examples)} examples"
    yield "refused by"
    guards = dict.fromkeys(function for function, _ in citing(clause))
    for guard in guards:
        lines = ", ".join(str(at) for function, at in citing(clause) if function is guard)
        yield f"  {guard}, at {lines}"
        if events(guard):
            yield f"    on {', '.join(events(guard))}"
    yield "asked by"
    asked = {str(one) for guard in guards for one in asking(guard) if one.file not in GUARDS}
    yield from (f"  {one}" for one in sorted(asked) or ["nobody outside the charter"])
    yield "tested by"
    yield from (f"  {test}" for test in tests(clause) or ["no test"])


def main() -> None:
    """Tell of the clause that is named on the command line."""
    clause = sys.argv[1] if len(sys.argv) > 1 else ""
    if clause not in read().clauses:
        sys.exit(f"make where CLAUSE=4.2: one of {', '.join(read().clauses)}")
    print("\n".join(tell(clause)))


if __name__ == "__main__":
    main()
