"""What happens to the register's files."""

from dataclasses import dataclass
from typing import ClassVar

from tarazy.charter.events import Event


@dataclass(frozen=True, slots=True)
class Exported(Event):
    """A public file was made: its name and its digest, so that outsiders can compare."""

    kind: ClassVar[str] = "register.exported"
    file: str
    sha256: str
