"""Commands that ask further: what stands beneath a party, what would follow if, which days were covered."""

from datetime import date, datetime

import rich_click as click

from assessments import tables_asked
from assessments.cli.door import as_json, as_of_option, clocks, known_on_option, main, print_json, run
from assessments.radius import Radius
from assessments.radius import radius as radius_of
from registry import database


@main.command()
@click.argument("party")
@as_of_option
@known_on_option
@as_json
def radius(party: str, as_of: date | None, known_on: datetime | None, as_json: bool) -> None:
    """What stands beneath PARTY (its key, or a vendor's): flows to it or through it, activities, people's categories."""
    asked = clocks(as_of, known_on)

    async def read() -> Radius:
        async with database.opened():
            return await radius_of(party, asked)

    found = run(read())
    if as_json:
        print_json(found)
    else:
        tables_asked.radius(found)
