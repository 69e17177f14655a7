"""Check a charter: search its worlds, each as large as the size asks, and say what holds."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tarazy.charter.book import Charter
from tarazy.charter.envelope import EnvelopeBounds, EnvelopeWorld
from tarazy.charter.promises import STUCK
from tarazy.charter.search import Searched, explore, nobody_watches
from tarazy.charter.worlds import KERNEL, Bounds, CaseWorld, Kernel

AnyBounds: TypeAlias = Bounds | EnvelopeBounds

# A third world, of bodies, terms and appointments, will stand beside these two kinds.
TINY: tuple[AnyBounds, ...] = (
    Bounds("case", reserves=1, appointed=0, asked=1, conflicts=(1, 0)),
    Bounds("Board", reserves=0, appointed=0, asked=1, conflicts=(0, 1)),
    Bounds(
        "calendar",
        reserves=0,
        asked=1,
        days=2,
        begins=1,
        conflicts=(0, 0),
        leaves=True,
        undeclared=True,
    ),
)
SMALL: tuple[AnyBounds, ...] = (
    Bounds("case", reserves=1, appointed=0, asked=1),
    Bounds("grant", reserves=0, appointed=0, asked=1, conflicts=(0, 1), grant=True),
    Bounds("return", reserves=0, appointed=0, conflicts=(0, 0), grant=True),
    Bounds("appointments", reserves=0, asked=1, conflicts=(1, 0), appeal=True),
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
    Bounds(
        "Board",
        reserves=0,
        appointed=0,
        asked=1,
        trustees=2,
        new_trustees=1,
        conflicts=(0, 1),
    ),
)
FULL: tuple[AnyBounds, ...] = (
    Bounds(
        "everything at once",
        appointed=0,
        asked=1,
        days=2,
        leaves=True,
        unsigned=True,
        undeclared=True,
        appeal=True,
    ),
    Bounds("two rounds and a grant", grant=True),
    Bounds("appointments", reserves=1, asked=1, conflicts=(2, 0), appeal=True),
    Bounds("Board", reserves=0, appointed=0, asked=1, conflicts=(0, 2), new_trustees=2),
    EnvelopeBounds("envelope, sums alike", sums=(2, 2), envelope=3),
    EnvelopeBounds("envelope", sums=(2, 1), envelope=2),
)
SIZES: Mapping[str, tuple[AnyBounds, ...]] = {"small": SMALL, "full": FULL}


def search(
    charter: Charter,
    bounds: AnyBounds,
    *,
    most: int,
    kernel: Kernel = KERNEL,
    watch: Callable[[int, int], bool] = nobody_watches,
) -> Searched:
    """Search one world of a charter, up to `most` states; `watch` as in `explore`."""
    if isinstance(bounds, Bounds):
        return explore(CaseWorld(charter, bounds, kernel), most=most, watch=watch, stuck=STUCK)
    return explore(EnvelopeWorld(charter, bounds, kernel), most=most, watch=watch, stuck=STUCK)
