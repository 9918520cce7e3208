"""The command that writes a report to a file."""

from datetime import date, datetime
from pathlib import Path

import rich_click as click

from assessments import reports
from assessments.assess import Clocks
from assessments.cli.door import as_of_option, asked_of, judging, known_on_option, law_option, main, run, write_whole
from registry.errors import Misused


@main.command()
@click.argument("name", required=False)
@click.option("--format", "fmt", default=None, help="The format of the file.")
@as_of_option
@known_on_option
@law_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="The file to write.")
def report(
    name: str | None, fmt: str | None, as_of: date | None, known_on: datetime | None, by_law: str | None, out: Path | None
) -> None:
    """Write a report as it stands on a day, as known on a day; without a name: list reports and formats."""
    if name is None:
        for key, title in reports.names().items():
            click.echo(f"{key}: {title} ({', '.join(reports.formats())})")
        return
    if fmt is None or out is None:
        raise Misused(f"report {name}: say --format ({', '.join(reports.formats())}) and --out FILE")
    reports.checked(name, fmt)

    async def read() -> tuple[bytes, Clocks]:
        async with judging(by_law) as pack:
            asked = await asked_of(as_of, known_on)
            return await reports.printed(name, fmt, pack, asked), asked

    content, asked = run(read())
    write_whole(out, content)
    click.echo(f"Wrote {name} to {out}: valid on {asked.as_of}, known on {asked.shown}.", err=True)
