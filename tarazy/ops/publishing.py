"""Putting the register's file and the log where outsiders can check them."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tarazy.ledger import folder
from tarazy.ledger.events import Program
from tarazy.ledger.notes import Checkpoint, load_key, make_key
from tarazy.ledger.queries import lines
from tarazy.ops import clock
from tarazy.register.actions import export
from tarazy.register.giving360 import package
from tarazy.register.queries import entries, funder

REGISTER_FILE = "360giving.json"
KEY = "ledger.key"


def register_file() -> bytes | None:
    """Return the register in the 360Giving format; None while it has no grant."""
    found = entries()
    return package(funder(), found) if found else None


def publish(target: Path, progress: Callable[[int], None] | None = None) -> Checkpoint:
    """Write the log and the register's file into a folder, and sign what it holds.

    The file's digest goes on record first. Raises what `folder.publish` raises.
    """
    content = register_file()
    files = {}
    if content is not None:
        export(REGISTER_FILE, content, by=Program("program:publisher"), at=clock.now())
        files[REGISTER_FILE] = content
    return folder.publish(
        lines(), target, key=signing_key(), origin=origin(), files=files, progress=progress
    )


def origin() -> str:
    """Return the log's name: the foundation's host and what it is."""
    return f"{urlsplit(funder().site).hostname}/ledger"


def signing_key() -> Ed25519PrivateKey:
    """Return the key that signs checkpoints, made on first use."""
    path = settings.KEYS / KEY
    try:
        return load_key(path)
    except FileNotFoundError:
        pass
    try:
        return make_key(path)
    except FileExistsError:
        return load_key(path)
