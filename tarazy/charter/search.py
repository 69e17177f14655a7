"""Breadth-first search of everything that can happen in a small world, with shortest paths.

Knows nothing of cases: a world says what can be tried, what comes of it, and which states are
the same but for names. No clock: who calls measures.
"""

from array import array
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

State = TypeVar("State")
Move = TypeVar("Move")

WATCH_EVERY = 512  # states between two calls of `watch`


class Broken(Exception):
    """A promise was broken; raised by a world at the attempt that broke it."""

    def __init__(self, promise: str, fact: str) -> None:
        super().__init__(promise, fact)
        self.promise = promise
        self.fact = fact


@dataclass(frozen=True, slots=True)
class Followed(Generic[State, Move]):
    """What came of every attempt from one state; `broken` ends the list."""

    attempts: int
    accepted: list[tuple[Move, State]]
    broken: tuple[Move, Broken] | None = None


class World(Protocol[State, Move]):
    """Something to search.

    `key` is equal for states that differ only in names. `settled` states are where everything
    should be able to arrive. `help_of` says what a move costs on the way there: "" nothing, a
    word where help must come from outside, None where nobody may count on it.
    """

    def starts(self) -> Iterable[State]:
        """Return the states in which the world may begin."""

    def follow(self, state: State) -> Followed[State, Move]:
        """Try everything."""

    def key(self, state: State) -> Hashable:
        """Return what tells this state from others."""

    def settled(self, state: State) -> bool:
        """Say whether a state is one where everything should be able to arrive."""

    def help_of(self, move: Move) -> str | None:
        """Say what a move costs on the way to a settled state."""

    def tell(self, move: Move) -> str:
        """Say a move in plain words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: the promise, what broke it, and the shortest way there in plain words."""

    promise: str
    fact: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found.

    `states` are counted modulo names, `attempts` all, `accepted` those that led on. `complete`:
    every reachable state was followed. `waits`: how many states need which help from outside
    before they can settle.
    """

    states: int
    attempts: int
    accepted: int
    complete: bool
    fault: Fault | None
    waits: Counter[tuple[str, ...]]


def nobody_watches(_states: int, _waiting: int) -> bool:
    """Let a search go on."""
    return True


def explore(
    world: World[State, Move],
    *,
    most: int,
    watch: Callable[[int, int], bool] = nobody_watches,
    stuck: str = "",
) -> Searched:
    """Search a world breadth first, up to `most` states.

    `watch` is told the number of states found and of those not yet followed, now and then; the
    search ends unfinished where it answers False. `stuck` is the promise that every state can
    settle, with help if need be; "" does not ask.
    """
    search = _Search(world, stuck)
    complete = search.run(most, watch)
    waits: Counter[tuple[str, ...]] = Counter()
    if complete and stuck and search.fault is None:
        waits = search.look_back()
    return Searched(
        states=len(search.parents),
        attempts=search.attempts,
        accepted=search.accepted,
        complete=complete,
        fault=search.fault,
        waits=waits,
    )


class _Search(Generic[State, Move]):
    """The graph as far as it is known: numbers for states, compact lists for steps."""

    def __init__(self, world: World[State, Move], stuck: str) -> None:
        self.world = world
        self.stuck = stuck
        self.known: dict[Hashable, int] = {}
        self.parents = array("q")
        self.moves: list[Move | None] = []
        self.settled = bytearray()
        self.helps: dict[str, int] = {"": 0}
        # One entry for each step between two states: from, to, and by what help.
        self.sources = array("q")
        self.targets = array("q")
        self.costs = array("b")
        self.waiting: deque[tuple[int, State]] = deque()
        self.attempts = 0
        self.accepted = 0
        self.fault: Fault | None = None

    def run(self, most: int, watch: Callable[[int, int], bool]) -> bool:
        """Follow every state; say whether all were."""
        for state in self.world.starts():
            self._meet(state, -1, None)
        followed = 0
        while self.waiting:
            if len(self.parents) > most:
                return False
            if followed % WATCH_EVERY == 0 and not watch(len(self.parents), len(self.waiting)):
                return False
            followed += 1
            number, state = self.waiting.popleft()
            found = self.world.follow(state)
            self.attempts += found.attempts
            self.accepted += len(found.accepted)
            for move, after in found.accepted:
                self._step(number, move, self._meet(after, number, move))
            if found.broken is not None:
                move, broken = found.broken
                self.fault = Fault(
                    broken.promise, broken.fact, (*self._path(number), self.world.tell(move))
                )
                return False
        return True

    def _meet(self, state: State, parent: int, move: Move | None) -> int:
        """Return a state's number; a new state waits to be followed."""
        key = self.world.key(state)
        number = self.known.setdefault(key, len(self.parents))
        if number == len(self.parents):
            self.parents.append(parent)
            self.moves.append(move)
            self.settled.append(self.world.settled(state))
            self.waiting.append((number, state))
        return number

    def _step(self, source: int, move: Move, target: int) -> None:
        help_needed = self.world.help_of(move)
        if not self.stuck or source == target or help_needed is None:
            return
        self.sources.append(source)
        self.targets.append(target)
        self.costs.append(self.helps.setdefault(help_needed, len(self.helps)))

    def _path(self, number: int) -> tuple[str, ...]:
        """Return the shortest way to a state in words."""
        steps = []
        while number >= 0:
            move = self.moves[number]
            if move is not None:
                steps.append(self.world.tell(move))
            number = self.parents[number]
        return tuple(reversed(steps))

    def look_back(self) -> Counter[tuple[str, ...]]:
        """Go back from the settled states; count what others wait for, note one that never can."""
        came_from = self._backwards()
        needs: dict[int, tuple[str, ...]] = {
            number: () for number, is_settled in enumerate(self.settled) if is_settled
        }
        # Without help first, then with one help, then with two: each state gets the fewest.
        layer = list(needs)
        while layer:
            layer = self._helped(_closure(layer, needs, came_from), needs, came_from)
        stuck = next((number for number in range(len(self.parents)) if number not in needs), None)
        if stuck is not None:
            self.fault = Fault(self.stuck, "", self._path(stuck))
        return Counter(words for words in needs.values() if words)

    def _helped(
        self,
        reached: list[int],
        needs: dict[int, tuple[str, ...]],
        came_from: Callable[[int], Iterator[tuple[int, int]]],
    ) -> list[int]:
        """Return the states that need one help more than these, having noted which."""
        names = list(self.helps)
        layer = []
        for number in reached:
            for source, cost in came_from(number):
                if cost and source not in needs:
                    needs[source] = tuple(sorted({*needs[number], names[cost]}))
                    layer.append(source)
        return layer

    def _backwards(self) -> Callable[[int], Iterator[tuple[int, int]]]:
        """Return a function from a state to the steps into it."""
        starts = array("q", bytes(8 * (len(self.parents) + 1)))
        for target in self.targets:
            starts[target + 1] += 1
        for number in range(len(self.parents)):
            starts[number + 1] += starts[number]
        places = array("q", starts)
        order = array("q", bytes(8 * len(self.targets)))
        for step, target in enumerate(self.targets):
            order[places[target]] = step
            places[target] += 1

        def into(number: int) -> Iterator[tuple[int, int]]:
            for place in range(starts[number], starts[number + 1]):
                yield self.sources[order[place]], self.costs[order[place]]

        return into


def _closure(
    layer: list[int],
    needs: dict[int, tuple[str, ...]],
    came_from: Callable[[int], Iterator[tuple[int, int]]],
) -> list[int]:
    """Add to a layer all states from which it is reached without help; return the whole."""
    whole = list(layer)
    waiting = deque(layer)
    while waiting:
        number = waiting.popleft()
        for source, cost in came_from(number):
            if not cost and source not in needs:
                needs[source] = needs[number]
                whole.append(source)
                waiting.append(source)
    return whole
