"""Commands that judge: assess, and the law as dated files."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from assessments import cases, tables_shown
from assessments.assess import assess as assess_register
from assessments.cli.door import DAY, as_json, as_of_option, clocks, known_on_option, main, print_json, run, today, who
from assessments.wording import country_name
from registry import database, law, reverified
from registry.errors import Misused
from registry.law import dossiers as law_dossiers
from registry.law import signals as law_signals
from registry.law import verified


@main.command()
@as_of_option
@known_on_option
@as_json
def assess(as_of: date | None, known_on: datetime | None, as_json: bool) -> None:
    """Judge every transfer on a day, as known on a day, by the law as published then."""
    asked = clocks(as_of, known_on)

    async def read() -> list[Any]:
        async with database.opened():
            return list(await assess_register(law.load(), asked))

    assessed = run(read())
    if as_json:
        print_json(assessed)
    else:
        tables_shown.verdicts(assessed, asked)


@main.group("law")
def law_group() -> None:
    """The law as dated files."""


@law_group.command("check")
@as_of_option
@as_json
def law_check(as_of: date | None, as_json: bool) -> None:
    """Fail on anything unsound; list what is overdue for re-verification, weakest grade first."""
    pack, day = law.load(), as_of or today()

    async def later() -> dict[str, date]:
        async with database.opened(), database.as_known(None) as at:
            return await reverified.recorded(at, day)

    try:
        since = run(later())
    except Misused:  # the files are sound or not, whether or not there is a register
        since = {}
    overdue = verified.overdue(pack, day, since)
    if as_json:
        print_json([{name: getattr(one, name) for name in ("fact", "grade", "verified_on", "citation")} for one in overdue])
    else:
        signals, dossiers = law_signals.load(pack), law_dossiers.load(pack)
        tables_shown.law_check(pack, overdue, sum(one.kind != "sunset" for one in signals), len(dossiers))


@law_group.command("verified")
@click.argument("fact")
@click.option("--on", type=DAY, required=True, help="The day on which it was looked up.")
@click.option("--seen", required=True, help="What was seen: the page or the text.")
@click.option("--note", default="", help="Anything else worth knowing.")
def law_verified(fact: str, on: date, seen: str, note: str) -> None:
    """Record that a legal fact was looked up again; FACT as `law check` names it."""

    async def write() -> None:
        async with database.opened():
            await reverified.record(who(), law.load(), fact, on, seen, note)

    run(write())
    click.echo(f"Recorded: {fact} was looked up on {on}.")


@law_group.command("signals")
@as_of_option
@as_json
def law_signals_of(as_of: date | None, as_json: bool) -> None:
    """List litigation, reviews and sunsets as known on a day, and the day that is expected."""
    day = as_of or today()
    found = [(one, step) for one in law_signals.load(law.load()) if (step := one.on(day)) is not None]
    if as_json:
        print_json([{"signal": one.key, "kind": one.kind, "instruments": one.instruments, "step": step} for one, step in found])
    else:
        tables_shown.law_signals(found)


@law_group.command("dossier")
@click.argument("country")
@as_of_option
@as_json
def law_dossier(country: str, as_of: date | None, as_json: bool) -> None:
    """Print what is on file about a country's law and practice, as known on a day."""
    pack, day = law.load(), as_of or today()
    one = law_dossiers.load(pack).get(pack.country(country.upper()))
    paragraphs = one.on(day) if one else ()
    if as_json:
        print_json(paragraphs)
    else:
        tables_shown.dossier(country_name(pack.country(country.upper()), pack.on(day, day)), one, paragraphs, day)


@law_group.command("show")
@click.argument("key")
@as_of_option
@known_on_option
def law_show(key: str, as_of: date | None, known_on: datetime | None) -> None:
    """Print an instrument's life, and how it stands on a day."""
    pack = law.load()
    if key not in pack.instruments:
        raise Misused(f"no instrument is called {key!r}: there are {', '.join(pack.instruments)}")
    asked = clocks(as_of, known_on)
    tables_shown.instrument(pack.instruments[key], pack.on(asked.as_of, asked.known_on).standing(key), asked)


@law_group.command("cases")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--through-register", is_flag=True, help="Write each case into an empty register first.")
@as_json
def law_cases(file: Path, through_register: bool, as_json: bool) -> None:
    """Put worked cases to the judge; print those that differ."""
    read = cases.read_cases(file)

    async def answer() -> list[cases.Result]:
        if not through_register:
            return await cases.answer_cases(read, law.load(), today(), through_register=False)
        async with database.scratch():
            return await cases.answer_cases(read, law.load(), today(), through_register=True)

    results = run(answer())
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json(results)
    else:
        for result in failed:
            click.echo(result.line())
        click.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        sys.exit(1)
