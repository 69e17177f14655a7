"""The settings' typed readers, and what they refuse by name."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tarazy.settings import flag, secret, text

PROJECT = Path(__file__).resolve().parent.parent
NAME = "TARAZY_TEST_SETTING"


def start(code: str, **environment: str) -> subprocess.Popen[str]:
    """Start a program of this project, with these variables and no others of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TARAZY_", "DATABASE_URL", "DESK_DATABASE_URL", "PYTEST_"))
    }
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**kept, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("given", "meant"), [(None, "default"), ("", "default"), ("  ", "default"), (" a b ", "a b")]
)
def test_a_text_is_read_without_its_edges_and_an_empty_one_is_none(
    given: str | None, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if given is not None:
        monkeypatch.setenv(NAME, given)
    assert text(NAME, "default") == meant


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("1", True), ("true", True), ("YES", True), (" True ", True),
        ("0", False), ("false", False), ("No", False),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_a_switch_is_on_off_or_its_default(
    given: str | None, meant: bool | None, default: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if given is not None:
        monkeypatch.setenv(NAME, given)
    assert flag(NAME, default=default) is (default if meant is None else meant)


@pytest.mark.parametrize("given", ["2", "on", "off", "y", "ja", "none"])
def test_a_switch_that_is_neither_is_refused_by_name(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, given)
    with pytest.raises(SystemExit, match=NAME):
        flag(NAME, default=True)


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "one.secret"
    made = secret(path)
    assert len(made) >= 48
    assert secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert secret(tmp_path / "keys" / "two.secret") != made
    assert sorted(p.name for p in path.parent.iterdir()) == ["one.secret", "two.secret"]


# Each program waits at the last moment before it would make the secret, so that all make one.
RACE = """
import os, time
from pathlib import Path
from tarazy import settings
path, gate = Path(os.environ["RACE"]), Path(os.environ["GATE"])
write = os.fsync
def wait(handle):
    write(handle)
    Path(f"{gate}.{os.getpid()}").touch()
    until = time.monotonic() + 20
    while not gate.exists() and time.monotonic() < until:
        time.sleep(0.001)
os.fsync = wait
print(settings.secret(path))
"""


def test_first_runs_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    gate, path = tmp_path / "gate", tmp_path / "keys" / "one.secret"
    secret(tmp_path / "home" / "keys" / "django.secret")  # the settings' own is not the question
    environment = {"RACE": str(path), "GATE": str(gate), "TARAZY_HOME": str(tmp_path / "home")}
    programs = [start(RACE, **environment) for _ in range(3)]
    while len(list(tmp_path.glob("gate.*"))) < len(programs):
        assert all(program.poll() is None for program in programs)
    gate.touch()
    said = [program.communicate(timeout=30) for program in programs]
    assert {out.strip() for out, _ in said} == {path.read_text()}, said
    assert [p.name for p in path.parent.iterdir()] == ["one.secret"]


READ = "from tarazy import settings; print(settings.DATABASES['desk']['USER'])"
POSTGRESQL = "postgresql://owner@localhost/tarazy"


def test_a_server_without_a_login_for_the_desk_is_refused_by_name(tmp_path: Path) -> None:
    program = start(READ, TARAZY_HOME=str(tmp_path), DATABASE_URL=POSTGRESQL)
    _, error = program.communicate(timeout=30)
    assert program.returncode != 0
    assert "DESK_DATABASE_URL" in error
    assert "Traceback" not in error


def test_a_server_with_a_login_for_the_desk_has_two_logins(tmp_path: Path) -> None:
    desk = "postgresql://desk:word@localhost/tarazy"
    program = start(
        READ, TARAZY_HOME=str(tmp_path), DATABASE_URL=POSTGRESQL, DESK_DATABASE_URL=desk
    )
    out, error = program.communicate(timeout=30)
    assert (out.strip(), error) == ("desk", "")


def test_without_a_server_both_connections_open_one_file_in_the_home(tmp_path: Path) -> None:
    code = (
        "from tarazy import settings as s;"
        "d = s.DATABASES;"
        "print(d['default']['NAME'] == d['desk']['NAME'] == str(s.HOME / 'tarazy.sqlite3'),"
        " 'desk_rights' in d['desk']['OPTIONS'], d['default'].get('OPTIONS', {}))"
    )
    out, error = start(code, TARAZY_HOME=str(tmp_path)).communicate(timeout=30)
    assert (out.strip(), error) == ("True True {}", "")


def test_the_settings_make_the_installations_secret_in_the_home(tmp_path: Path) -> None:
    code = "from tarazy import settings; print(settings.SECRET_KEY)"
    first, second = (
        start(code, TARAZY_HOME=str(tmp_path)).communicate(timeout=30)[0] for _ in range(2)
    )
    assert first == second != ""
    assert (tmp_path / "keys" / "django.secret").read_text() == first.strip()
