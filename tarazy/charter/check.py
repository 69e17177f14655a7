"""Check a charter: search its worlds, each as large as the size asks, and say what holds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tarazy.charter.book import Charter
from tarazy.charter.envelope import EnvelopeBounds, EnvelopeWorld
from tarazy.charter.promises import STUCK
from tarazy.charter.search import Searched, explore, nobody_watches
from tarazy.charter.worlds import KERNEL, Bounds, CaseWorld, Kernel

AnyBounds = Bounds | EnvelopeBounds

# A third world, of bodies, terms and appointments, will stand beside these two kinds.
TINY: tuple[AnyBounds, ...] = (
    Bounds("case", reserves=1, appointed=0, asked=1, conflicts=(1, 0)),
    Bounds("grant", reserves=0, appointed=0, asked=1, conflicts=(0, 1), grant=True),
    Bounds("term", reserves=0, asked=1, conflicts=(0, 0), days=2, leaves=True),
    Bounds(
        "declaration",
        reserves=0,
        appointed=0,
        asked=1,
        conflicts=(0, 0),
        days=2,
        undeclared=True,
    ),
)
SMALL: tuple[AnyBounds, ...] = (
    Bounds("case", reserves=1, appointed=0, asked=1),
    Bounds("grant", reserves=0, appointed=0, asked=1, conflicts=(0, 1), grant=True),
    EnvelopeBounds("envelope", sums=(2, 1), envelope=2),
    Bounds(
        "calendar",
        reserves=1,
        appointed=0,
        asked=1,
        conflicts=(0, 0),
        days=2,
        leaves=True,
        undeclared=True,
    ),
    Bounds(
        "papers",
        reserves=1,
        appointed=0,
        asked=1,
        conflicts=(1, 0),
        unsigned=True,
        appeal=True,
    ),
    Bounds("return", reserves=0, appointed=0, conflicts=(0, 0)),
    Bounds("appointments", reserves=0, asked=1, conflicts=(1, 0)),
    Bounds("Board", reserves=0, appointed=0, asked=1, conflicts=(0, 2), new_trustees=2),
)


def world_of(charter: Charter, bounds: AnyBounds, kernel: Kernel = KERNEL) -> CaseWorld | EnvelopeWorld:
    """Return the world that these bounds describe."""
    if isinstance(bounds, Bounds):
        return CaseWorld(charter, bounds, kernel)
    return EnvelopeWorld(charter, bounds, kernel)
