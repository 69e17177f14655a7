"""`tarazy charter check`: search everything that a charter lets happen, and say what holds."""

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from random import Random

import click
from rich.progress import Progress

from tarazy.charter.book import CHARTER, BadCharter, Book, Charter, read
from tarazy.charter.check import SIZES, TINY, AnyBounds, search
from tarazy.charter.danger import differences, random_charters
from tarazy.charter.mutants import Verdict, judge, mutants, reviewed
from tarazy.charter.promises import PROMISES
from tarazy.charter.search import Fault, Searched
from tarazy.ops import terminal

MOST_STATES = 2_000_000
MOST_MEMORY = 2 * 1024**3  # bytes
MUTANT_STATES = 60_000
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE, default=CHARTER)
@click.option("--bound", type=click.Choice(list(SIZES)), default="full", show_default=True)
@click.option("--mutants", "removing", is_flag=True, help="Take out each rule in turn instead.")
@click.option("--random", "number", type=click.IntRange(1), help="Check so many random charters.")
@click.option("--seed", default=1, show_default=True, help="Where chance begins.")
def check(*, file: Path, bound: str, removing: bool, number: int | None, seed: int) -> None:
    """Search everything that FILE lets happen, within bounds; ours where no file is named.

    Everybody tries everything. Ends with 1 where a promise breaks, with the shortest way there.
    """
    try:
        book = read(file)
    except BadCharter as bad:
        click.echo(str(bad), err=True)
        sys.exit(1)
    found = list(versions(book))
    if not found:
        raise click.ClickException(f"{file.name} sets not all values on any day")
    for day, charter in found:
        click.echo(f"{file.name}, as it holds from {day}")
        if removing:
            holds = _check_mutants(charter)
        elif number is not None:
            holds = _check_random(charter, number, seed)
        else:
            holds = _check_charter(charter, SIZES[bound])
        if not holds:
            sys.exit(1)


def versions(book: Book) -> Iterator[tuple[date, Charter]]:
    """Return the charter as it holds from each day on which a value changes."""
    days = {value.since for clause in book.clauses.values() for value in clause.values}
    for day in sorted(days):
        try:
            yield day, book.on(day)
        except LookupError:
            continue  # not all values have begun


def _check_charter(charter: Charter, worlds: Iterable[AnyBounds]) -> bool:
    total: Counter[str] = Counter()
    for bounds in worlds:
        began = time.process_time()
        with terminal.bar() as progress:
            found = search(charter, bounds, most=MOST_STATES, watch=_moving(progress, bounds.name))
        seconds = time.process_time() - began
        click.echo(f"  {bounds.name}: committee of {charter.committee_size}; {bounds.words()}")
        click.echo(f"    {_counted(found, seconds)}")
        for needs, states in sorted(found.waits.items()):
            click.echo(f"    {states:,} states go on only after {' and '.join(needs)}")
        if found.fault is not None:
            _tell(found.fault)
            return False
        if not found.complete:
            click.echo("Not all was searched: the limit of states or of memory was reached.")
            return False
        total.update(states=found.states, attempts=found.attempts, milliseconds=int(seconds * 1000))
    for promise, words in PROMISES.items():
        click.echo(f"holds  {promise:<12} {words}")
    seconds, memory = total["milliseconds"] / 1000, _memory() // 1024**2
    click.echo(
        f"All states within these bounds: {total['states']:,} states, {total['attempts']:,}"
        f" attempts, {seconds:.0f} s of processor time, {memory} MB."
    )
    return True


def _counted(found: Searched, seconds: float) -> str:
    return (
        f"{found.states:,} states, {found.attempts:,} attempts, {found.accepted:,} allowed,"
        f" {seconds:.1f} s"
    )


def _tell(fault: Fault) -> None:
    """Say what is wrong, and the shortest way there."""
    click.echo(f"\nBROKEN  {fault.promise}: {PROMISES.get(fault.promise, '')}")
    for step in fault.path:
        click.echo(f"  {step}")
    if fault.fact:
        click.echo(f"  But {fault.fact}.")
    else:
        click.echo("  From here no decision can be reached any more.")


def _check_mutants(charter: Charter) -> bool:
    known = reviewed()
    began = time.process_time()
    tried = judge(charter, SIZES["small"], mutants(), most=MUTANT_STATES, known=known)
    rows = [(one.verdict, one.name, one.how, one.states) for one in tried]
    terminal.table("Each rule taken out in turn", ["", "rule", "noticed by", "states"], rows)
    counts = Counter(one.verdict for one in tried)
    gone = known.keys() - {one.name for one in tried}
    for name in sorted(gone):
        click.echo(f"LISTED AS HARMLESS, BUT NO SUCH RULE: {name}")
    seconds = time.process_time() - began
    summary = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    click.echo(f"{len(tried)} rules: {summary}; {seconds:.0f} s of processor time.")
    return not (gone or counts[Verdict.MISSED] or counts[Verdict.STALE])


def _check_random(ours: Charter, number: int, seed: int) -> bool:
    accepted, began = 0, time.process_time()
    for charter in random_charters(ours, number, Random(seed)):  # noqa: S311 - no secret
        words = "; ".join(f"{name} = {value}" for name, value in differences(ours, charter).items())
        fault = None
        for bounds in TINY:
            fault = search(charter, bounds, most=MOST_STATES).fault
            if fault is not None:
                break
        accepted += fault is None
        click.echo(f"{'accepted' if fault is None else 'refused '}  {words}")
        if fault is not None:
            click.echo(f"          {fault.promise}, after {len(fault.path)} steps: {fault.fact}")
    seconds = time.process_time() - began
    click.echo(f"{number} charters: {accepted} accepted; {seconds:.0f} s of processor time.")
    return True


def _moving(progress: Progress, name: str) -> Callable[[int, int], bool]:
    task = progress.add_task(name, total=None)

    def watch(states: int, waiting: int) -> bool:
        progress.update(task, completed=states - waiting, total=states)
        return _memory() < MOST_MEMORY

    return watch


def _memory() -> int:
    """Return the most memory that this process has held, bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
