"""What an applicant hands in, before it is an application: plain values, checked and bounded."""

from dataclasses import dataclass, fields
from typing import Any

from tarazy.charter.plain import to_plain
from tarazy.ledger.canonical import canonical

LONGEST_TEXT = 200_000
MOST_ITEMS = 500
LARGEST_SUM = 2**53 - 1  # minor units; more is not kept exactly by every reader of JSON


@dataclass(frozen=True, slots=True)
class Card:
    """Who applies; every field but `name` may be empty."""

    name: str
    legal_name: str = ""
    individual: bool = False
    bin: str = ""
    region: str = ""
    names: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One topic of a proposal."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An application as it stands before it is handed in. `requested`: minor units or None."""

    token: str
    language: str
    title: str
    duration: str
    requested: int | None
    card: Card
    sections: tuple[Section, ...]

    def faults(self) -> list[str]:
        """Return what is wrong, one sentence each, naming the field; empty where all is well."""
        found = [
            f"{name}: fill it in"
            for name, text in (("token", self.token), ("title", self.title))
            if not text.strip()
        ]
        if not any(section.text.strip() for section in self.sections):
            found.append("sections: write at least one section")
        if self.requested is not None and not 0 < self.requested <= LARGEST_SUM:
            found.append("requested: name a sum above zero, or none")
        if len(self.card.bin) > 12:
            found.append("bin: write the twelve digits of the organisation")
        if len(self.card.region) > 8:
            found.append("region: write its ISO code, as in KZ-31")
        if len(self.language) != 2:
            found.append(f"language: write kk, ru or en, not {self.language!r}")
        found += [f"{name}: shorten it" for name in self._oversized()]
        return found

    def document(self) -> bytes:
        """Return the bytes that are kept as the original and to which the log commits."""
        return canonical(to_plain(self))

    def _oversized(self) -> list[str]:
        texts = {"title": self.title, "duration": self.duration, "token": self.token * 3125}
        texts |= {f"sections[{n}]": item.text for n, item in enumerate(self.sections)}
        texts |= {f"sections[{n}].heading": item.heading for n, item in enumerate(self.sections)}
        card = {item.name: getattr(self.card, item.name) for item in fields(self.card)}
        texts |= {name: value for name, value in card.items() if isinstance(value, str)}
        lists: dict[str, tuple[Any, ...]] = {"sections": self.sections}
        lists |= {name: value for name, value in card.items() if isinstance(value, tuple)}
        long = [name for name, value in texts.items() if len(value) > LONGEST_TEXT]
        return long + [name for name, value in lists.items() if len(value) > MOST_ITEMS]
