"""`tarazy charter`: read the charter, compare two of them, write the reader's edition."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import click
from rich.markdown import Markdown

from tarazy.charter.book import CHARTER, LANGUAGES, BadCharter, Book, read
from tarazy.charter.picture import picture
from tarazy.charter.reading import difference, edition, one_clause
from tarazy.ops import terminal

P = ParamSpec("P")
LANGUAGE = click.option(
    "--lang", "language", type=click.Choice(LANGUAGES), default="en", show_default=True
)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DOCS = CHARTER.parents[2] / "docs"


def told(verb: Callable[P, None]) -> Callable[P, None]:
    """Let a command say what is wrong in a charter file, a fault a line."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            verb(*args, **kwargs)
        except BadCharter as bad:
            click.echo(str(bad), err=True)
            sys.exit(1)

    return run


@click.group()
def charter() -> None:
    """Read the charter, compare two, check one.

    The charter says who decides what, and by which rule. These commands need no foundation.
    """


@charter.command()
@click.argument("clause", required=False)
@click.option("--file", "path", type=FILE, default=CHARTER, help="Another charter than ours.")
@LANGUAGE
@told
def show(*, clause: str | None, path: Path, language: str) -> None:
    """Show a CLAUSE by its number, with its values, source and examples; or list all."""
    book = read(path)
    if clause is None:
        listed = [(known.id, known.title[language]) for known in book.clauses.values()]
        terminal.table(str(path.name), ["", ""], listed)
        return
    if clause not in book.clauses:
        raise click.ClickException(f"no clause {clause}; list them: tarazy charter show")
    terminal.out.print(Markdown(one_clause(book, clause, language)))


@charter.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@LANGUAGE
@told
def diff(*, old: Path, new: Path, language: str) -> None:
    """Say what differs from OLD to NEW: clauses, words, values and their days."""
    click.echo(difference(read(old), read(new), language), nl=False)


@charter.command(name="edition", hidden=True)
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=DOCS)
@told
def write_edition(*, folder: Path) -> None:
    """Write the reader's edition of our charter, with its picture, in three languages."""
    for name, text in editions(read()).items():
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(folder / name)


def editions(book: Book) -> dict[str, str]:
    """Return the files of the reader's edition by name."""
    return {
        **{f"charter.{language}.md": edition(book, language) for language in LANGUAGES},
        **{f"charter.{language}.svg": picture(book, language) for language in LANGUAGES},
    }
