"""The `tarazy` command: sets Django up, then hands over to `commands`."""

import os
import sys


def main() -> None:
    """Run the command; what goes wrong is said in one sentence, with exit status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tarazy.settings")
    import django  # noqa: PLC0415 - after the settings are named

    django.setup()
    from tarazy.ops.commands import tarazy  # noqa: PLC0415 - models need Django set up

    sys.exit(tarazy())


if __name__ == "__main__":
    main()
