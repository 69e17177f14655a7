"""What actions on the identity side share: originals, blind copies, conflicts."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from tarazy.applications.models import Application
from tarazy.applications.redaction import Redactor
from tarazy.applications.submission import Card
from tarazy.cases.models import BlindCopy
from tarazy.governance.models import Seat


def keep_original(document: bytes) -> str:
    """Write what was handed in under a random name, on disk before it is acknowledged.

    Returns the name, relative to the root of originals. A full disk raises `OSError` and
    leaves nothing.
    """
    name = secrets.token_hex(16)
    path = original_path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(document)
            file.flush()
            os.fdatasync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return name


def original_path(name: str) -> Path:
    """Return where an original lies: spread over folders by the first two letters."""
    return Path(settings.ORIGINALS) / name[:2] / name


def discard_original(name: str) -> None:
    """Remove an original whose application was refused."""
    original_path(name).unlink(missing_ok=True)


def blind_copy(application: Application, card: Card) -> BlindCopy:
    """Make what judges read, not saved yet: the proposal without its applicant."""
    redactor = Redactor(card)
    proposal = application.proposal
    return BlindCopy(
        language=proposal.language,
        title=redactor.clean(proposal.title),
        duration=redactor.clean(proposal.duration),
        asked=application.requested,
        sections=[
            {"heading": redactor.clean(item["heading"]), "text": redactor.clean(item["text"])}
            for item in proposal.sections
        ],
    )


def conflicts(
    card: Card, seats: Iterable[Seat], declared: Iterable[tuple[int, str]]
) -> list[tuple[Seat, str]]:
    """Return the seats whose declarations name this applicant, with the name declared (5.2).

    Exact but for case and spaces: the language room will know spellings and relatives.
    """
    known = {_folded(text) for text in (card.name, card.legal_name, *card.names, *card.people)}
    known.discard("")
    named: dict[int, str] = {}
    for person, name in declared:
        if _folded(name) in known:
            named.setdefault(person, name)
    return [(seat, named[seat.person_id]) for seat in seats if seat.person_id in named]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
