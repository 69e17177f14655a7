"""What appointments and awards share."""

from random import Random

CODE_LETTERS = "ACDEFHJKLMNPRTUVWXY3479"  # none that is read for another


def random_code(chance: Random, length: int) -> str:
    """Draw a code that says nothing; `chance` is the system's own outside a demo."""
    return "".join(chance.choices(CODE_LETTERS, k=length))
