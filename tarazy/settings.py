"""Settings, all from the environment; everything Tarazy writes lies in `HOME`."""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url

PROJECT = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    """Return the text of an environment variable, or the default where it is empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Read a switch: 1/0, true/false, yes/no. Anything else is refused by name."""
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    given = text(name).lower()
    if not given:
        return default
    if given not in words:
        raise SystemExit(f"{name}={given!r}: write 1 or 0.")
    return words[given]


def secret(path: Path) -> str:
    """Read a secret from its file; made on first use, readable by its owner only.

    Written beside and linked into place, so that two first runs agree on one secret.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process was first: its secret counts
        finally:
            fresh.unlink()
    return path.read_text().strip()


HOME = Path(text("TARAZY_HOME", str(PROJECT / "var"))).resolve()
KEYS = HOME / "keys"
ORIGINALS = HOME / "originals"  # what applicants handed in; no desk page has a path to it

SECRET_KEY = secret(KEYS / "django.secret")
DEBUG = flag("TARAZY_DEBUG", default=False)
ALLOWED_HOSTS = text("TARAZY_HOSTS", "localhost 127.0.0.1").split()
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "kk"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Person"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "tarazy.ledger",
    "tarazy.people",
    "tarazy.governance",
    "tarazy.calls",
    "tarazy.cases",
    "tarazy.applications",
    "tarazy.decisions",
    "tarazy.grants",
]

# What the desk connection may do: table → rights. A table that is not here does not exist for
# a judge. Opening a door shows in this list's diff; `tests/test_wall.py` holds it to the engine.
DESK_RIGHTS: dict[str, frozenset[str]] = {
    table: frozenset(rights.split())
    for table, rights in {
        "governance_foundation": "read",
        "governance_body": "read",
        "governance_seat": "read",
        "governance_seatagreement": "read",
        "people_disclosure": "read",  # that one exists and until when; whom it names is elsewhere
        "calls_programme": "read",
        "calls_call": "read",
        "cases_docket": "read update",  # locked while the envelope is counted
        "cases_case": "read update",
        "cases_storedevent": "read insert",
        "cases_blindcopy": "read",
        "cases_recusal": "read insert",
        "decisions_sheet": "read insert",
        "decisions_minute": "read insert",
        "ledger_head": "read update",
        "ledger_entry": "insert",
        "ledger_opening": "insert",
    }.items()
}


def databases() -> dict[str, dict[str, Any]]:
    """Return the two connections: `default`, and `desk`, which the engine keeps from identities.

    SQLite (default): one file in `HOME`; the desk is a second connection with an authorizer.
    PostgreSQL: `DATABASE_URL` names the owner's login, `DESK_DATABASE_URL` one without rights.
    """
    url = text("DATABASE_URL")
    if not url or url.startswith("sqlite"):
        base = dj_database_url.parse(url or f"sqlite:///{HOME / 'tarazy.sqlite3'}")
        sqlite: dict[str, Any] = {**base, "ENGINE": "tarazy.engine.sqlite", "CONN_MAX_AGE": None}
        return {
            "default": sqlite,
            "desk": {**sqlite, "OPTIONS": {"desk_rights": DESK_RIGHTS}},
        }
    desk = text("DESK_DATABASE_URL")
    if not desk:
        raise SystemExit("DATABASE_URL is set: set DESK_DATABASE_URL too, a login without rights.")
    return {
        "default": {**dj_database_url.parse(url, conn_max_age=600)},
        "desk": {**dj_database_url.parse(desk, conn_max_age=600)},
    }


DATABASES = databases()
DATABASE_ROUTERS = ["tarazy.engine.desk.Router"]
