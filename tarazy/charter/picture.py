"""The path of an application through the bodies, drawn from a charter's values as an SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from xml.sax.saxutils import escape

from tarazy.charter.book import Blind, Book, Charter, FounderWord, Stages
from tarazy.charter.reading import newest, plainly, say

WIDTH, EDGE = 390, 16  # a phone's width; a wide page shows the same column, no larger
LINE, SIZE = 22, 15
LETTERS = 34  # that fit into a box

# The light theme's tokens as attributes: a page's policy allows no style inside a file.
PAPER, SURFACE, INK, HINT = "#FAF6EE", "#FFFDF9", "#211C15", "#685E4E"
BORDER, STOP, VEIL, ON_VEIL = "#857960", "#9E2A22", "#211C15", "#FAF6EE"


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on the path: who, what happens, where the path may end there, by which clauses.

    Without a `cite` it is a strip: from here on something is so. `seldom`: not on every path.
    """

    who: str
    what: Sequence[str] = ()
    ends: Sequence[str] = ()
    cite: str = ""
    seldom: bool = False


def picture(book: Book, language: str) -> str:
    """Draw the path by the newest values: text as text, readable at 390 px and wider."""
    charter = book.on(newest(book))
    drawn: list[str] = []
    top = EDGE
    for place, stop in enumerate(_path(charter, language)):
        if place:
            drawn += _arrow(top)
            top += LINE
        lines, top = _draw(stop, top)
        drawn += lines
    title, words = say("picture", language), say("picture words", language)
    high = top + EDGE
    size = f'width="{WIDTH}" height="{high}" viewBox="0 0 {WIDTH} {high}"'
    font = f'font-family="\'Golos Text\', sans-serif" font-size="{SIZE}"'
    told = f'lang="{language}" role="img" aria-labelledby="title words"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {told} {size} {font}>',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="words">{escape(words)}</desc>',
        f'<rect width="{WIDTH}" height="{high}" fill="{PAPER}"/>',
        *drawn,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _path(charter: Charter, language: str) -> Iterator[Stop]:
    yield Stop(say("applicant", language), [say("submits", language)], [], "3.1, 3.6")
    appeal = [say("appeal", language, days=charter.appeal_days)] if charter.appeal_days else []
    checks = [say("checks", language), *appeal]
    yield Stop(say("staff", language), checks, [say("ineligible", language)], "3.4, 3.7")
    yield Stop(say("blind", language))
    yield from _bodies(charter, language)
    if (
        charter.founder_word is not FounderWord.NEVER
        and charter.stages is not Stages.COMMITTEE_ONLY
    ):
        yield _founder(charter, language)
    if charter.blind_until is Blind.MEETING:
        yield Stop(say("named", language))
    yield Stop(say("executive", language), [say("released", language)], [], "10.1")
    if charter.blind_until is Blind.RELEASE:
        yield Stop(say("named", language))
    yield Stop(say("grant", language), [say("granted", language)], [], "10.2–10.4, 11.1–11.6")


def _bodies(charter: Charter, language: str) -> Iterator[Stop]:
    committee, board = _committee(charter, language), _board(charter, language)
    yield from {
        Stages.COMMITTEE_THEN_BOARD: (committee, board),
        Stages.BOARD_THEN_COMMITTEE: (board, committee),
        Stages.COMMITTEE_ONLY: (committee,),
        Stages.BOARD_ONLY: (board,),
    }[charter.stages]


def _committee(charter: Charter, language: str) -> Stop:
    what = [
        say("experts", language, count=charter.committee_size),
        say("sealed", language),
        say("recommends", language, needed=plainly(charter.committee_needs, language)),
    ]
    return Stop(say("committee", language), what, [say("declined", language)], "4.1, 7.1–7.6")


def _board(charter: Charter, language: str) -> Stop:
    what = [
        say("quorum", language, needed=plainly(charter.board_quorum, language)),
        say("confirms", language, needed=plainly(charter.board_needs, language)),
    ]
    if charter.return_times and charter.stages is Stages.COMMITTEE_THEN_BOARD:
        what.append(say("returned", language, times=charter.return_times))
    grounds = plainly(charter.refusal_grounds, language)
    ends = [say("not confirmed", language, grounds=grounds)]
    return Stop(say("board", language), what, ends, "8.1–8.6")


def _founder(charter: Charter, language: str) -> Stop:
    what = [say(f"founder {charter.founder_word}", language)]
    grounds = plainly(charter.founder_grounds, language)
    ends = [say("not confirmed", language, grounds=grounds)]
    seldom = charter.founder_word is FounderWord.AFTER_CONFLICT
    return Stop(say("founder", language), what, ends, "9.1, 9.2", seldom)


def _draw(stop: Stop, top: int) -> tuple[list[str], int]:
    """Draw a stop from this height on; return it and where it ends."""
    if not stop.cite:
        bottom = top + LINE + 10
        strip = _box(top, bottom, fill=VEIL)
        return [strip, _text(top + SIZE + 7, stop.who, fill=ON_VEIL, weight=600)], bottom
    rows = [(row, INK, 600) for row in wrap(stop.who, LETTERS)]
    rows += [(row, INK, 400) for said in stop.what for row in wrap(said, LETTERS)]
    ends = [(row, STOP, 400) for said in stop.ends for row in wrap(said, LETTERS - 3)]
    bottom = top + (len(rows) + len(ends) + 1) * LINE + 14
    drawn = [_box(top, bottom, fill=SURFACE, dashed=stop.seldom)]
    height = top + SIZE + 8
    for row, fill, weight in rows:
        drawn.append(_text(height, row, fill=fill, weight=weight))
        height += LINE
    if ends:
        drawn.append(_end(height))
    for row, fill, weight in ends:
        drawn.append(_text(height, row, fill=fill, weight=weight, indent=24))
        height += LINE
    drawn.append(_text(height, stop.cite, fill=HINT, weight=400))
    return drawn, bottom


def _box(top: int, bottom: int, *, fill: str, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    return (
        f'<rect x="{EDGE}" y="{top}" width="{WIDTH - 2 * EDGE}" height="{bottom - top}" rx="4"'
        f' fill="{fill}" stroke="{BORDER}"{dashes}/>'
    )


def _text(height: int, words: str, *, fill: str, weight: int, indent: int = 0) -> str:
    place = f'x="{EDGE + 14 + indent}" y="{height}"'
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    return f'<text {place} fill="{fill}"{bold}>{escape(words)}</text>'


def _end(height: int) -> str:
    """A short bar across an arrow: the path ends here."""
    left, middle = EDGE + 14, height - 5
    return f'<path d="M{left} {middle}h13m0 -6v12" fill="none" stroke="{STOP}" stroke-width="2"/>'


def _arrow(top: int) -> list[str]:
    centre = WIDTH // 2
    return [
        f'<path d="M{centre} {top}v{LINE - 7}" stroke="{INK}" stroke-width="2"/>',
        f'<path d="M{centre - 5} {top + LINE - 8}h10l-5 8z" fill="{INK}"/>',
    ]
