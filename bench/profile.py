"""Where the time of a whole round goes, by room and by function, as cProfile sees it.

cProfile makes everything slower, small functions most: read the shares, not the seconds.
"""

from collections import Counter
from cProfile import Profile
from functools import cache
from pathlib import PurePath
from pstats import Stats
from typing import Any

from bench.ground import PROJECT, Bound, applications, make_foundation
from bench.round import play, take_in

SHOWN = 15
DEEPEST = 100  # calls of other code on top of each other
ROOMS = PROJECT / "tarazy"

Place = tuple[str, int, str]  # file, line, function: as pstats names it


def measure(_seconds: float) -> list[Bound]:
    """Import and play once under cProfile; no bound is wanted."""
    make_foundation()
    applications()
    profile = Profile()
    profile.enable()
    take_in()
    play()
    profile.disable()
    _show(Stats(profile))
    return []


def _show(stats: Stats) -> None:
    entries: dict[Place, Any] = stats.stats  # type: ignore[attr-defined]  # typeshed lacks it
    spent = _by_own_function(entries)
    whole = sum(spent.values())
    rooms: Counter[str] = Counter()
    for place, seconds in spent.items():
        rooms[_room(place)] += seconds
    print(f"{whole:.1f} s under cProfile. A function's time is its own and that of Django, SQLite")
    print("and the standard library on its behalf, but not that of other functions of ours.")
    print(
        "by room: "
        + ", ".join(f"{room} {100 * s / whole:.0f} %" for room, s in rooms.most_common())
    )
    print(f"{'share':>6} {'seconds':>8} {'calls':>9}  function")
    for place, seconds in spent.most_common(SHOWN):
        file, _, name = place
        shown = PurePath(file).relative_to(ROOMS).as_posix()
        calls = entries[place][1]
        print(f"{100 * seconds / whole:5.1f}% {seconds:8.2f} {calls:9}  {shown} {name}")


def _by_own_function(entries: dict[Place, Any]) -> Counter[Place]:
    """Return the seconds of each of our functions, with those of other code on its behalf.

    The own time of other code is passed on to who called it, until it comes to functions of
    ours: in proportion to the time of the calls, since a profile keeps no stacks.
    """
    spent: Counter[Place] = Counter()
    waiting: Counter[Place] = Counter()
    for place, (_, _, own, _, _) in entries.items():
        (spent if _room(place) else waiting)[place] += own
    for _ in range(DEEPEST):
        passed: Counter[Place] = Counter()
        for place, seconds in waiting.items():
            callers = {who: told[3] for who, told in entries[place][4].items() if who != place}
            total = sum(callers.values())
            for who, weight in callers.items():
                (spent if _room(who) else passed)[who] += seconds * weight / (total or 1)
        waiting = passed
    return spent


@cache
def _room(place: Place) -> str:
    """Return the room of a function of ours, nothing for another's."""
    path = PurePath(place[0])
    return path.relative_to(ROOMS).parts[0] if path.is_relative_to(ROOMS) else ""
