"""What a person at a terminal sees: bars on standard error, tables and sentences on output."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

WIDE = 120  # where nobody watches, a line is not folded at eighty

out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False)


@contextmanager
def bar() -> Iterator[Progress]:
    """Show a progress bar while something long runs; nothing where there is no terminal."""
    columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err, disable=not err.is_terminal) as shown:
        yield shown


class Watcher:
    """Shows each step of a long work as a bar of its own."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, step: str, items: list[Any]) -> Iterable[Any]:
        """Yield the items of a step, its bar moving."""
        if items:
            yield from self._progress.track(items, description=step)


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns of numbers are right-aligned."""
    texts = [[str(cell) for cell in row] for row in rows]
    shown = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for place, head in enumerate(heads):
        cells = [row[place] for row in texts]
        numbers = all(cell[:1].isdigit() or cell in ("", "–") for cell in cells)
        shown.add_column(head, justify="right" if numbers else "left", overflow="fold")
    for row in texts:
        shown.add_row(*row)
    out.print(shown)


def money(amount: int | None, currency: str) -> str:
    """Show a sum of minor units: 4 800 000 KZT, with no-break spaces."""
    if amount is None:
        return "–"
    whole, rest = divmod(amount, 100)
    cents = f".{rest:02d}" if rest else ""
    return f"{whole:,}".replace(",", "\u00a0") + f"{cents}\u00a0{currency}"
