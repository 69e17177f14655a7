"""The blind copy: the identity's own strings, exactly as written, give way to dashed words."""

import re
from collections.abc import Iterable

from tarazy.applications.submission import Card

SHORTEST = 3  # one or two letters are found in every second word

CHIPS = {
    "organisation": "⟦ұйым · организация · organisation⟧",
    "person": "⟦адам · человек · person⟧",
    "contact": "⟦байланыс · контакт · contact⟧",
    "number": "⟦нөмір · номер · number⟧",
}


class Redactor:
    """Takes the strings of one identity card out of texts; the chips tell only their kind."""

    def __init__(self, card: Card) -> None:
        self._chips = {text.casefold(): CHIPS[kind] for kind, text in _strings(card)}
        longest_first = sorted(self._chips, key=lambda text: (-len(text), text))
        words = "|".join(re.escape(text) for text in longest_first)
        # Not inside a word: «Дос» must not eat «Достық»; endings are for the language room.
        self._pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    def clean(self, text: str) -> str:
        """Return the text with every exact mention replaced, whatever its case."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._chip(found.group()), text)

    def _chip(self, found: str) -> str:
        return self._chips.get(found.casefold(), CHIPS["organisation"])


def _strings(card: Card) -> Iterable[tuple[str, str]]:
    """Yield (kind, string): the last of two kinds for one string counts, the commonest last."""
    kinds = {
        "number": (*card.numbers, card.bin),
        "contact": (*card.emails, *card.urls, *card.phones),
        "person": card.people,
        "organisation": (card.name, card.legal_name, *card.names),
    }
    for kind, texts in kinds.items():
        for text in texts:
            if len(text.strip()) >= SHORTEST:
                yield kind, text.strip()
