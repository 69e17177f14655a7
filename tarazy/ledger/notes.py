"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), and the key that signs.

A note is a text, an empty line, and a line for each signature. A checkpoint is a note whose text
is an origin, a tree size, and the tree's root.
"""

import base64
import binascii
import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

ED25519 = b"\x01"  # the signature type of the specification
SEED_LENGTH = 32
NAME = re.compile(r"[^\s+\x00-\x1f]+")
SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
VKEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")


class BadNote(ValueError):
    """A note, key or checkpoint is malformed, or nobody we know has signed it."""


def decoded(text: str) -> bytes:
    """Read base64 in its one spelling, so that no other bytes pass for the same."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("holds malformed base64") from None
    if base64.b64encode(content).decode() != text:
        raise BadNote("holds base64 in another than its one spelling")
    return content


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key: the signer's name and 32 bytes. `str` gives its vkey."""

    name: str
    public: bytes

    @classmethod
    def of(cls, key: Ed25519PrivateKey, name: str) -> "Verifier":
        """Return the public half of a key that signs under this name."""
        if not NAME.fullmatch(name):
            raise BadNote(f"{name!r} names no signer: no spaces, no plus sign.")
        return cls(name, key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read `name+id+base64`. BadNote: it is not that, or not Ed25519, or its id is wrong."""
        match = VKEY.fullmatch(text.strip())
        if not match:
            raise BadNote("is not a vkey, name+id+key")
        content = decoded(match["key"])
        if len(content) != 1 + SEED_LENGTH or content[:1] != ED25519:
            raise BadNote("is not an Ed25519 vkey")
        verifier = cls(match["name"], content[1:])
        if verifier.key_id.hex() != match["id"]:
            raise BadNote("carries an id that is not its key's")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        key = base64.b64encode(ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Say whether the signature (64 bytes) over the text is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart: its text, and (name, key id, signature) of each signature."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, content: bytes) -> "Note":
        """Take a note apart without trusting it. BadNote: it is malformed."""
        try:
            whole = content.decode()
        except UnicodeDecodeError:
            raise BadNote("is not UTF-8") from None
        text, gap, tail = whole.rpartition("\n\n")
        if not gap or not text or not tail.endswith("\n"):
            raise BadNote("is not a signed note")
        if any(sign < " " and sign != "\n" for sign in whole):
            raise BadNote("holds control characters")
        return cls(text + "\n", tuple(_signature(line) for line in tail[:-1].split("\n")))

    def demand(self, verifier: Verifier) -> None:
        """Pass if this key has signed. BadNote: it has not, or one of its signatures is wrong."""
        ours = [
            signature
            for name, key_id, signature in self.signatures
            if name == verifier.name and key_id == verifier.key_id
        ]
        if not ours:
            raise BadNote(f"is not signed by {verifier}")
        if not all(verifier.has_signed(self.text, signature) for signature in ours):
            raise BadNote(f"carries a signature that is not {verifier.name}'s")


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = SIGNATURE.fullmatch(line)
    if not match:
        raise BadNote("holds a malformed signature line")
    content = decoded(match["signature"])
    return match["name"], content[:4], content[4:]


def sign(text: str, *, key: Ed25519PrivateKey, name: str) -> bytes:
    """Return the text as a note signed under a name. The same input gives the same bytes."""
    if not text.endswith("\n") or any(sign < " " and sign != "\n" for sign in text):
        raise BadNote("A note ends its last line and holds no control characters.")
    signature = Verifier.of(key, name).key_id + key.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a checkpoint. BadNote: it is not exactly three such lines."""
        origin, _, rest = text.partition("\n")
        size, _, rest = rest.partition("\n")
        root, end, rest = rest.partition("\n")
        if not origin or not SIZE.fullmatch(size) or not end or rest:
            raise BadNote("is not a checkpoint of three lines: origin, size, root")
        content = decoded(root)
        if len(content) != hashlib.sha256().digest_size:
            raise BadNote("gives a root that is not 32 bytes long")
        return cls(origin, int(size), content)

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """Return the checkpoint as a note, signed under its origin."""
        return sign(self.text, key=key, name=self.origin)


def make_key(path: Path) -> Ed25519PrivateKey:
    """Make a new key and keep it at `path`, readable by its owner only.

    FileExistsError: a key is there already; it is left alone.
    """
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp gives mode 0600; a link, unlike a rename, does not replace what is there.
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    finally:
        Path(fresh).unlink()
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a key: PEM (PKCS#8), or its 32 bytes.

    PermissionError: others may read the file. ValueError: it holds no Ed25519 key.
    """
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise PermissionError(f"{path} is open to others: chmod 600 it, or make a new key.")
        content = file.read()
    if len(content) == SEED_LENGTH:
        return Ed25519PrivateKey.from_private_bytes(content)
    key = load_pem_private_key(content, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key.")
    return key
