"""Commands that ask further: what stands beneath a party, what would follow if, which days were covered."""

from datetime import date, datetime
from pathlib import Path

import rich_click as click

from assessments import tables_asked, what_follows
from assessments.cli.door import DAY, as_json, as_of_option, asked_of, known_on_option, main, print_json, run
from assessments.coverage import Coverage
from assessments.coverage import coverage as coverage_of
from assessments.radius import Radius
from assessments.radius import radius as radius_of
from registry import database, law
from registry.errors import Misused
from registry.law import Instrument, LawError, Pack
from registry.law.supposing import read_instrument


@main.command()
@click.argument("party")
@as_of_option
@known_on_option
@as_json
def radius(party: str, as_of: date | None, known_on: datetime | None, as_json: bool) -> None:
    """What stands beneath PARTY (its key, or a vendor's): flows to it or through it, activities, people's categories."""

    async def read() -> Radius:
        async with database.opened():
            return await radius_of(party, await asked_of(as_of, known_on))

    found = run(read())
    if as_json:
        print_json(found)
    else:
        tables_asked.radius(found)


@main.command("what-if")
@click.option("--annul", multiple=True, metavar="INSTRUMENT", help="A court declares it invalid, at once.")
@click.option("--end", multiple=True, metavar="INSTRUMENT", help="It ends by its own terms, or is taken back.")
@click.option("--lapse", multiple=True, metavar="LISTING|FRAMEWORK", help="A listing lapses, or every one in a framework.")
@click.option("--move", multiple=True, metavar="VENDOR=COUNTRY", help="All that a vendor receives goes to that country.")
@click.option("--sub", multiple=True, metavar="VENDOR=COUNTRY", help="A vendor passes data on to a new company there.")
@click.option(
    "--adopt", multiple=True, metavar="FILE|COUNTRY", help="An instrument as in registry/law/README.md, or BR, or BR=UK_GDPR."
)
@click.option("--from", "since", type=DAY, default=None, help="The day from which all of that holds (that of --as-of).")
@as_of_option
@known_on_option
@as_json
def what_if(
    annul: tuple[str, ...],
    end: tuple[str, ...],
    lapse: tuple[str, ...],
    move: tuple[str, ...],
    sub: tuple[str, ...],
    adopt: tuple[str, ...],
    since: date | None,
    as_of: date | None,
    known_on: datetime | None,
    as_json: bool,
) -> None:
    """What would follow, if: flows that fall, flows that something else catches, whose data, what to do. Writes nothing."""
    if not any((annul, end, lapse, move, sub, adopt)):
        raise Misused("say what to suppose: --annul, --end, --lapse, --move, --sub or --adopt, one or several")
    annul, end, lapse, move, sub, adopt = (tuple(dict.fromkeys(given)) for given in (annul, end, lapse, move, sub, adopt))
    files, decisions = _to_adopt(adopt)
    moves, subs = (tuple(_parted(name, one) for one in given) for name, given in (("--move", move), ("--sub", sub)))
    asked = what_follows.Asked(annul, end, lapse, moves, subs, files, decisions, since)

    async def read() -> what_follows.Answer:
        async with database.opened():
            _in_countries(law.load(), (*moves, *subs))
            return await what_follows.answer(law.load(), await asked_of(as_of, known_on), asked)

    found = run(read())
    if as_json:
        print_json(found)
    else:
        tables_asked.what_if(found)


def _parted(name: str, given: str) -> tuple[str, str]:
    vendor, equals, country = given.rpartition("=")
    if not equals or not vendor or not country:
        raise Misused(f"{name}: {given!r} is not VENDOR=COUNTRY, such as mailer=IN")
    return vendor, country.upper()


def _in_countries(pack: Pack, given: tuple[tuple[str, str], ...]) -> None:
    """Raises Misused for a country that is none: it was asked wrongly, no file of the law is unsound."""
    for _, country in given:
        try:
            pack.country(country)
        except LawError as error:
            raise Misused(str(error)) from error


def _to_adopt(given: tuple[str, ...]) -> tuple[tuple[Instrument, ...], tuple[tuple[str, str], ...]]:
    """The instruments of files, and the countries for which the simplest decision is to be adopted, each with its law."""
    if "" in given:
        raise Misused("--adopt: name a file, or a country such as BR")
    decisions = {one: what_follows.to_adopt(one) for one in given}
    files = tuple(read_instrument(Path(one)) for one in given if decisions[one] is None)
    return files, tuple(found for one in given if (found := decisions[one]) is not None)


@main.command()
@click.argument("transfer")
@click.option("--from", "since", type=DAY, default=None, help="The first day (that of the transfer).")
@click.option("--to", "last", type=DAY, default=None, help="The last day (today).")
@known_on_option
@as_json
def coverage(transfer: str, since: date | None, last: date | None, known_on: datetime | None, as_json: bool) -> None:
    """Covered and bare days of TRANSFER between two days, and by which safeguard."""

    async def read() -> list[Coverage]:
        async with database.opened():
            return await coverage_of(law.load(), await asked_of(last, known_on), transfer, since, last)

    found = run(read())
    if as_json:
        print_json(found)
    else:
        tables_asked.coverage(found)
