"""What `tarazy` can do."""

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ParamSpec

import click
from django.conf import settings
from django.db import DatabaseError
from rich.progress import Progress

from tarazy.calls.models import Call
from tarazy.calls.queries import announced
from tarazy.calls.queries import call as find_call
from tarazy.cases.queries import call_state
from tarazy.charter.book import read
from tarazy.charter.events import Role
from tarazy.charter.refusals import Refused
from tarazy.governance.models import Foundation
from tarazy.governance.queries import NotFounded, foundation, zone
from tarazy.ledger import folder
from tarazy.ops import archive, clock, doctor, importing, publishing, summary, terminal
from tarazy.ops.charter_commands import charter
from tarazy.ops.check_command import check
from tarazy.ops.command import INTERRUPTED
from tarazy.ops.demo.build import WITH_APPLICATIONS, Demo
from tarazy.ops.home import alone, prepare
from tarazy.ops.play import Opinion, Play, Schedule
from tarazy.people.models import Person, StaffRole

P = ParamSpec("P")
RATE = re.compile(r"[A-Za-z]{3,5}=[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
CALL = click.option("--call", "code", required=True, metavar="CODE", help="The call's code.")


class Failed(click.ClickException):
    """Something cannot be done; the sentence says why and how to mend it."""

    def show(self, file: Any = None) -> None:
        """Print the sentence."""
        click.echo(f"tarazy: {self.message}", err=True)


def spoken(verb: Callable[P, None]) -> Callable[P, None]:
    """Let a command say what went wrong in one sentence."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            prepare()
            verb(*args, **kwargs)
        except Refused as refused:
            words = read().explain(refused.refusal)
            raise Failed(f"refused by clause {refused.refusal.clause}: {words}") from refused
        except NotFounded as fault:
            raise Failed(f"{fault}; make the demo's: tarazy demo") from fault
        except (archive.BadArchive, archive.NotEmpty, folder.NotPublished) as fault:
            raise Failed(str(fault)) from fault
        except (OSError, DatabaseError) as fault:
            raise Failed(
                f"{fault}. What was finished is kept; mend this and run it again."
            ) from fault
        except KeyboardInterrupt:
            click.echo(INTERRUPTED, err=True)
            sys.exit(130)

    return run


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Begin with:
  tarazy demo --play
  tarazy calls
  tarazy import applications --call OPEN-2026 FILE.jsonl
  tarazy round play --call OPEN-2026 --seed 7
  tarazy export 360giving -o register.json
  tarazy ledger publish public
  tarazy ledger verify public

Everything Tarazy writes lies in the folder named by TARAZY_HOME (default: var/ in the
project).""",
)
@click.version_option(package_name="tarazy", message="tarazy %(version)s")
def tarazy() -> None:
    """Tarazy gives a foundation's money away fairly.

    It takes applications, has them judged blind in two stages, awards, pays, publishes every
    grant, and keeps a log that outsiders can check.
    """


charter.add_command(check)
tarazy.add_command(charter)


@tarazy.command()
@click.option("--play", "and_play", is_flag=True, help="Then play its round and say what happened.")
@spoken
def demo(*, and_play: bool) -> None:
    """Make the demo foundation where there is none.

    Invented people, bodies, calls and 30 applications in Kazakh, Russian and English. What is
    there already is left as it is. A home with a real foundation is left alone.
    """
    if Foundation.objects.filter(invented=False).exists():
        raise Failed("there is a real foundation in this home; set TARAZY_HOME to another folder")
    with alone("demo"), terminal.bar() as progress:
        made = Demo(terminal.Watcher(progress), today=datetime.now(UTC).date())
        made.build()
    if and_play:
        call = _call(WITH_APPLICATIONS)
        _play(call, seed=1, opinions=made.opinions())
        _tell(call)
    else:
        terminal.out.print("The demo foundation stands. Its calls:\n")
        _list_calls()
        terminal.out.print("\nNext: tarazy round play --call AUYL-2026 --seed 1")


@tarazy.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, one object a call.")
@spoken
def calls(*, as_json: bool) -> None:
    """List the calls: code, state, title."""
    foundation()
    if not as_json:
        _list_calls()
        return
    at = datetime.now(UTC)
    found = [
        {
            "code": call.code,
            "state": call_state(call, at=at).value,
            "title": call.title,
            "programme": call.programme.code,
            "opens": call.opens.astimezone(UTC).isoformat(),
            "closes": call.closes.astimezone(UTC).isoformat() if call.closes else None,
            "currency": call.currency,
            "envelope": call.envelope,
            "ceiling": call.ceiling,
        }
        for call in announced()
    ]
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


@tarazy.group(name="import")
def import_() -> None:
    """Take in data from files."""


@import_.command(name="applications")
@CALL
@click.option(
    "--rate",
    "rates",
    multiple=True,
    metavar="CUR=RATE",
    help="What one unit of another currency is worth in the call's, e.g. BTC=30000; repeatable."
    " A sum in a currency without a rate counts as not stated.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@spoken
def import_applications(*, code: str, rates: tuple[str, ...], file: Path) -> None:
    """Hand in the applications of FILE (JSON lines) to a call.

    Each line is an object: id, language, title, organisation, legal_entity, people [],
    contact_name, emails [], urls [], requested («4 800 000 KZT»), duration, sections
    [{heading, text}]; also region, bin, kind, short_names [], phones []. Lines that cannot be
    read are named by number and skipped, as are those received before: run it again as often
    as you like. Where no sum can be read the call's ceiling takes its place.
    """
    call = _call(code)
    with terminal.bar() as progress:
        task = progress.add_task("Applications", total=importing.count_lines(file))
        report = importing.import_file(
            file,
            call,
            by=_coordinator(),
            clock=clock.now,
            rates=_rates(rates),
            advance=lambda n: progress.advance(task, n),
        )
    for words in report.skipped:
        click.echo(f"skipped {words}", err=True)
    for name, times in sorted(report.unknown_fields.items()):
        click.echo(f"unknown field {name!r}, in {times} lines: not imported", err=True)
    click.echo(
        f"{code}: {report.received} received, {report.there_already} there already,"
        f" {len(report.skipped)} skipped"
        + (f"; {report.without_sum} without a sum that can be read" if report.without_sum else "")
    )
    if report.skipped and not (report.received or report.there_already):
        sys.exit(1)


@tarazy.group(name="round")
def round_() -> None:
    """Play a round."""


@round_.command()
@CALL
@click.option("--seed", required=True, type=int, help="The same seed plays the same round.")
@spoken
def play(*, code: str, seed: int) -> None:
    """SIMULATE a round: invented members act by their own accounts.

    From eligibility over scoring, committee, Board and founder's office to release, awards,
    agreements and first tranches, through the real actions. Interrupted, it goes on when run
    again. On a call whose deadline has not come, the simulated clock runs ahead.
    """
    if not foundation().invented:
        raise Failed("a simulation has no place in a real foundation")
    call = _call(code)
    _play(call, seed=seed)
    summary.show_round(call)


@tarazy.group()
def export() -> None:
    """Write the public register in open formats."""


@export.command(name="360giving")
@click.option(
    "-o", "target", type=click.Path(path_type=Path), help="The file; - for standard output."
)
@spoken
def export_360giving(*, target: Path | None) -> None:
    """Write every grant in the 360Giving format."""
    foundation()
    content = publishing.register_file()
    if content is None:
        raise Failed("the register has no grant yet, and the format knows no empty file")
    if str(target) == "-":
        sys.stdout.buffer.write(content)
        return
    path = target or settings.HOME / "public" / publishing.REGISTER_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_name(f".{path.name}.begun")
    begun.write_bytes(content)
    begun.rename(path)
    click.echo(f"{path}: {len(content):,} bytes")


@tarazy.group()
def ledger() -> None:
    """The log: publish it, check it."""


@ledger.command(name="publish")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@spoken
def ledger_publish(*, directory: Path) -> None:
    """Write the log and the register's file into DIRECTORY and sign what it holds."""
    with terminal.bar() as progress:
        checkpoint = publishing.publish(directory, _moving(progress, "Publishing"))
    click.echo(f"{directory}: {checkpoint.size} lines, root {checkpoint.root.hex()}")


@ledger.command(name="verify")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--older",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint kept elsewhere: the log must have grown out of it.",
)
@click.option("--key", "vkey", metavar="VKEY", help="The public key you expect.")
def ledger_verify(*, directory: Path, older: Path | None, vkey: str | None) -> None:
    """Check a published DIRECTORY; needs nothing but the folder. Exit status 1 on any fault."""
    with terminal.bar() as progress:
        verdict = folder.verify(
            directory, older=older, vkey=vkey, progress=_moving(progress, "Verifying")
        )
    _show_verdict(verdict)
    sys.exit(0 if verdict.ok else 1)


@tarazy.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@spoken
def backup(*, file: Path) -> None:
    """Save everything into FILE: tables, originals, keys. Keep it as secret as the home."""
    manifest = archive.backup(file)
    _show_manifest(file, manifest)


@tarazy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@spoken
def restore(*, file: Path) -> None:
    """Bring back what `backup` saved, into a home without a foundation."""
    manifest = archive.restore(file)
    _show_manifest(file, manifest)


@tarazy.command(name="doctor")
@spoken
def doctor_() -> None:
    """Look whether all is well; exit status 1 where something is not."""
    found = list(doctor.examine())
    marks = {True: "ok", False: "WRONG", None: "absent"}
    rows = [(finding.what, marks[finding.ok], finding.words) for finding in found]
    terminal.table("", ["what", "", ""], rows)
    sys.exit(any(finding.ok is False for finding in found))


def _call(code: str) -> Call:
    foundation()
    call = find_call(code)
    if call is None:
        known = ", ".join(call.code for call in announced()) or "none; make some: tarazy demo"
        raise Failed(f"there is no call {code!r}; there are: {known}")
    return call


def _coordinator() -> Person:
    found = StaffRole.objects.filter(role=Role.COORDINATOR, ends=None).order_by("pk")
    return found.select_related("person")[0].person


def _rates(given: tuple[str, ...]) -> dict[str, Decimal]:
    rates = {}
    for item in given:
        if not RATE.fullmatch(item):
            raise click.BadParameter(f"write CUR=RATE, as in BTC=30000, not {item!r}")
        currency, _, rate = item.partition("=")
        rates[currency.upper()] = Decimal(rate)
    return rates


def _list_calls() -> None:
    at = datetime.now(UTC)
    for call in announced():
        click.echo(f"{call.code:<12} {call_state(call, at=at).value:<10} {call.title['en']}")


def _play(call: Call, *, seed: int, opinions: Mapping[str, Opinion] | None = None) -> None:
    begins = clock.now()
    if call.closes is not None:
        begins = (call.closes + timedelta(hours=16)).astimezone(zone())
        if call.closes > clock.now():
            click.echo(f"SIMULATION: the clock runs ahead, from {begins:%Y-%m-%d} on.", err=True)
    with alone("play"), terminal.bar() as progress:
        watch = terminal.Watcher(progress)
        schedule = Schedule(begins, compressed=call.closes is None)
        Play(call, seed, schedule, watch, opinions or {}).run()


def _tell(call: Call) -> None:
    """Say what happened: the round, the awards, the register's file, the log's verdict."""
    summary.show_round(call)
    summary.show_awards(call)
    public = settings.HOME / "public"
    checkpoint = publishing.publish(public)
    terminal.out.print(f"\nRegister: {public / publishing.REGISTER_FILE}")
    terminal.out.print(f"Log: {public}, {checkpoint.size} lines")
    _show_verdict(folder.verify(public))
    terminal.out.print("\nAll people, bodies and applications here are invented.")


def _show_verdict(verdict: folder.Verdict) -> None:
    for fault in verdict.faults:
        click.echo(f"FAULT {fault}")
    for what, found in verdict.checked.items():
        click.echo(f"{what}: {found}")
    if verdict.ok:
        click.echo(f"The log holds: {verdict.size} lines, root {verdict.root.hex()}")
    else:
        click.echo(f"THE LOG DOES NOT HOLD: {len(verdict.faults)} faults")


def _show_manifest(file: Path, manifest: dict[str, Any]) -> None:
    log = manifest["log"]
    click.echo(f"{file}: {len(manifest['digests'])} files, log of {log['size']} lines")
    click.echo(f"root {log['root']}")
    click.echo(f"data sha256 {manifest['digests'][archive.DATA]}")


def _moving(progress: Progress, step: str) -> Callable[[int], None]:
    task = progress.add_task(step, total=None)
    return lambda done: progress.update(task, completed=done)
