"""The clock: read here and in `web`, nowhere else."""

from datetime import UTC, datetime

from tarazy.governance.queries import zone


def now() -> datetime:
    """Return this moment in the foundation's zone, so that `.date()` is its day."""
    return datetime.now(UTC).astimezone(zone())
