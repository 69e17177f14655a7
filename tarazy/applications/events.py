"""What happens to an application on the identity side. No line names an applicant or a case."""

from dataclasses import dataclass
from typing import ClassVar

from tarazy.charter.events import Event, sealed


@dataclass(frozen=True, slots=True)
class Submitted(Event):
    """An application entered its call, and was frozen.

    The line's seal commits to `document`, the digest of what was handed in: with the salt from
    the receipt the applicant can show that it was received.
    """

    kind: ClassVar[str] = "applications.submitted"
    call: str
    document: str = sealed()


@dataclass(frozen=True, slots=True)
class EligibilityChecked(Event):
    """A coordinator checked an application; `failed` is the condition not met, None if all are."""

    kind: ClassVar[str] = "applications.eligibility_checked"
    call: str
    failed: str | None = sealed()
    document: str = sealed()


@dataclass(frozen=True, slots=True)
class Withdrawn(Event):
    """An applicant took back an application that was not a case yet."""

    kind: ClassVar[str] = "applications.withdrawn"
    call: str
    document: str = sealed()
