"""The command that writes a bundle."""

from datetime import date, datetime
from pathlib import Path

import rich_click as click

from assessments.assess import Clocks
from assessments.bundle import bundled
from assessments.cli.door import as_of_option, asked_of, known_on_option, run, write_whole
from assessments.cli.register import export_group
from registry import database, law
from registry.extract import Redaction


@export_group.command("bundle")
@as_of_option
@known_on_option
@click.option("--redact", type=click.Choice([one.value for one in Redaction]), default=None, help="For whom less is shown.")
@click.option("--vendor", default=None, help="With --redact client: the key of the one vendor it is about.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The zip to write.")
def export_bundle(as_of: date | None, known_on: datetime | None, redact: str | None, vendor: str | None, out: Path) -> None:
    """Export records, register, verdicts, journal and law, signed, with the program that checks them offline."""

    async def make() -> tuple[bytes, int, Clocks]:
        async with database.opened():
            asked = await asked_of(as_of, known_on)
            return *await bundled(law.load(), asked, Redaction(redact) if redact else None, vendor), asked

    content, logins, asked = run(make())
    write_whole(out, content)
    click.echo(f"Exported a bundle to {out}: valid on {asked.as_of}, known on {asked.shown}.", err=True)
    if redact and logins:
        click.echo(
            f"{logins} of its entries name who acted by a login (cli:…): an entry cannot be shown without that.", err=True
        )
