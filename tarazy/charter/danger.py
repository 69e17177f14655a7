"""Charters that nobody should adopt: the seven most dangerous, and any number at random."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any

from tarazy.charter.book import (
    Blind,
    Charter,
    Conflicts,
    FounderWord,
    Needed,
    Stages,
    Tie,
)
from tarazy.charter.events import Body, Ground

CHANGED = 0.15  # how likely a random charter differs in any one value


@dataclass(frozen=True, slots=True)
class Danger:
    """A wrong charter: what it does, in words, and the values that make it so."""

    words: str
    values: Mapping[str, Any]

    def charter(self, ours: Charter) -> Charter:
        """Return our charter with these values."""
        return replace(ours, **self.values)


DANGEROUS: tuple[Danger, ...] = (
    Danger("one stage only", {"stages": Stages.COMMITTEE_ONLY}),
    Danger("a committee of one", {"committee_size": 1}),
    Danger("staff as a body that votes", {"committee_of": Body.STAFF}),
    Danger("the Board takes what the committee declined", {"board_may_take_declined": True}),
    Danger("conflicts of interest are ignored", {"conflicts": Conflicts.IGNORED}),
    Danger("no term on the committee", {"expert_term_months": 0}),
    Danger("the founder's office decides", {"board_of": Body.FOUNDER}),
)

# What a value may be, each as the file would take it; small enough for a small search.
_CHOICES: Mapping[str, Callable[[Random], Any]] = {
    "stages": lambda chance: chance.choice(list(Stages)),
    "committee_of": lambda chance: chance.choice(list(Body)),
    "board_of": lambda chance: chance.choice(list(Body)),
    "committee_size": lambda chance: chance.randint(1, 5),
    "committee_needs": lambda chance: chance.choice(list(Needed)),
    "expert_term_months": lambda chance: chance.choice([0, 6, 12, 18, 24, 25, 36, 120]),
    "expert_return": lambda chance: chance.choice([True, False]),
    "declaration_months": lambda chance: chance.choice([0, 3, 6, 11, 12, 13, 24]),
    "conflicts": lambda chance: chance.choice(list(Conflicts)),
    "blind_until": lambda chance: chance.choice(list(Blind)),
    "highest_mark": lambda chance: chance.randint(2, 100),
    "appeal_days": lambda chance: chance.randint(0, 365),
    "board_quorum": lambda chance: chance.choice(list(Needed)),
    "board_needs": lambda chance: chance.choice(list(Needed)),
    "board_tie": lambda chance: chance.choice(list(Tie)),
    "board_may_take_declined": lambda chance: chance.choice([True, False]),
    "refusal_grounds": lambda chance: _some(chance, Ground),
    "return_times": lambda chance: chance.randint(0, 3),
    "founder_word": lambda chance: chance.choice(list(FounderWord)),
    "founder_grounds": lambda chance: _some(chance, Ground),
}


def _some(chance: Random, kinds: type[Ground]) -> tuple[Ground, ...]:
    return tuple(kind for kind in kinds if chance.random() < 1 / 2)


def random_charters(ours: Charter, number: int, chance: Random) -> Iterator[Charter]:
    """Return charters that differ from ours at random, each in at least one value."""
    made = 0
    while made < number:
        values = {
            name: draw(chance) for name, draw in _CHOICES.items() if chance.random() < CHANGED
        }
        charter = replace(ours, **values)
        if charter != ours:
            made += 1
            yield charter


def differences(ours: Charter, other: Charter) -> dict[str, str]:
    """Return the values in which a charter differs from ours, as its file would have them."""
    found = {}
    for item in fields(Charter):
        value = getattr(other, item.name)
        if value != getattr(ours, item.name):
            found[item.name] = ", ".join(value) if isinstance(value, tuple) else str(value)
    return found
