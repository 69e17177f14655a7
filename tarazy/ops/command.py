"""The `tarazy` command: sets Django up, then hands over to `commands`."""

import os
import sys

INTERRUPTED = "\nInterrupted. What was finished is kept; run it again to go on."


def main() -> None:
    """Run the command; what goes wrong is said in one sentence, with exit status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tarazy.settings")
    try:
        import django  # noqa: PLC0415 - after the settings are named

        django.setup()
        from tarazy.ops.commands import tarazy  # noqa: PLC0415 - models need Django set up

        tarazy(prog_name="tarazy")
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)  # noqa: T201 - what prints otherwise is not loaded yet
        sys.exit(130)
    except Exception as fault:
        if os.environ.get("TARAZY_DEBUG"):
            raise
        sys.exit(f"tarazy: {_words(fault)}")


def _words(fault: Exception) -> str:
    if isinstance(fault, OSError):
        return f"{fault}. Mend this, or set TARAZY_HOME to another folder, and run it again."
    return (
        f"something unforeseen: {type(fault).__name__}: {fault}. What was finished is kept;"
        " TARAZY_DEBUG=1 shows where it happened."
    )


if __name__ == "__main__":
    main()
