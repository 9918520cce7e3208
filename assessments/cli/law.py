"""Commands that judge: assess, and the law as dated files."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from assessments import cases, tables_shown
from assessments.assess import assess as assess_register
from assessments.cli.door import as_json, as_of_option, clocks, known_on_option, main, print_json, run, today
from registry import database, law
from registry.errors import Misused


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
    pack = law.load()
    overdue = [
        {"fact": fact, "grade": cited.grade, "verified_on": cited.verified_on, "citation": cited.citation}
        for fact, cited in pack.overdue(as_of or today())
    ]
    if as_json:
        print_json(overdue)
    else:
        tables_shown.law_check(pack, overdue)


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
