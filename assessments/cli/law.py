"""Commands that judge: assess, and the law as dated files."""

import sys
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from assessments import cases, tables_shown
from assessments.adoption import Preview, previewed, unread
from assessments.assess import Clocks
from assessments.assess import assess as assess_register
from assessments.cli.door import (
    DAY,
    as_json,
    as_of_option,
    asked_of,
    clocks,
    judging,
    known_on_option,
    law_option,
    main,
    print_json,
    run,
    today,
    who,
)
from assessments.wording import country_name
from registry import adopted, database, journal, law, reverified
from registry.errors import Misused
from registry.law import LawError, Pack, packs, verified
from registry.law import dossiers as law_dossiers
from registry.law import signals as law_signals
from registry.law.unsound import faults


@main.command()
@as_of_option
@known_on_option
@law_option
@as_json
def assess(as_of: date | None, known_on: datetime | None, by_law: str | None, as_json: bool) -> None:
    """Judge every transfer on a day, as known on a day, by the law as published then."""

    async def read() -> tuple[list[Any], Clocks]:
        async with judging(by_law) as pack:
            asked = await asked_of(as_of, known_on)
            return list(await assess_register(pack, asked)), asked

    assessed, asked = run(read())
    if as_json:
        print_json(assessed)
    else:
        tables_shown.verdicts(assessed, asked)


@main.group("law")
def law_group() -> None:
    """The law as dated files: those of this program, or with --law those that the register keeps."""


def _pack(by_law: str | None) -> Pack:
    """The law that this program brings; with a fingerprint the one that the register keeps."""
    if by_law is None:
        return law.brought()

    async def read() -> Pack:
        async with judging(by_law) as pack:
            return pack

    return run(read())


def _since(day: date) -> dict[str, date]:
    """When facts were looked up again by a day, as the register has it; nothing where there is none: files need none."""

    async def read() -> dict[str, date]:
        async with database.opened(), database.as_known(None) as at:
            return await reverified.recorded(at, day)

    try:
        return run(read())
    except Misused:
        return {}


@law_group.command("check")
@as_of_option
@law_option
@as_json
def law_check(as_of: date | None, by_law: str | None, as_json: bool) -> None:
    """Fail on anything unsound; list what is overdue for re-verification, weakest grade first."""
    pack, day = _pack(by_law), as_of or today()
    if fault := next(faults(pack.files), None):
        raise LawError(fault)
    if ahead := verified.ahead(pack, max(day, today())):
        raise LawError(f"{ahead}: `verified_on` lies in the future: nobody has looked it up on that day yet")

    overdue = verified.overdue(pack, day, _since(day))
    if as_json:
        print_json([{name: getattr(one, name) for name in ("fact", "grade", "verified_on", "citation")} for one in overdue])
    else:
        signals, dossiers = law_signals.load(pack, whole=by_law is None), law_dossiers.load(pack)
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
    known = [(one, step) for one in law_signals.load(law.load()) if (step := one.on(day)) is not None]
    found = [(one, step) for one, step in known if step.expected is None or step.expected >= day]
    if as_json:
        print_json([{"signal": one.key, "kind": one.kind, "instruments": one.instruments, "step": step} for one, step in found])
    else:
        tables_shown.law_signals(found)


@law_group.command("dossier")
@click.argument("country", required=False)
@as_of_option
@as_json
def law_dossier(country: str | None, as_of: date | None, as_json: bool) -> None:
    """Print what is on file about a country's law and practice, as known on a day; without COUNTRY, which there are."""
    pack, day = law.load(), as_of or today()
    view, found = pack.on(day, day), law_dossiers.load(pack)
    versions = [version for _, one in sorted(found.items()) if (version := one.version(day))]
    one = found.get(pack.country(country.upper())) if country else None
    if as_json:
        print_json((one.on(day) if one else ()) if country else versions)
    elif one and one.version(day):
        tables_shown.dossier(country_name(one.country, view), one, day)
    else:
        asked = country_name(pack.country(country.upper()), view) if country else ""
        tables_shown.dossiers(versions, f"{asked} was on file by then" if one else asked)


@law_group.command("show")
@click.argument("key")
@as_of_option
@known_on_option
@law_option
def law_show(key: str, as_of: date | None, known_on: datetime | None, by_law: str | None) -> None:
    """Print an instrument's life, and how it stands on a day."""
    pack = _pack(by_law)
    one, asked = pack.named(key), clocks(as_of, known_on, today())
    view = pack.on(asked.as_of, asked.known_on)
    tables_shown.instrument(one, view.standing(key), view.scope(one), asked, verified.looked_up(pack, _since(asked.known_on)))


@law_group.command("cases")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--through-register", is_flag=True, help="Write each case into an empty register first.")
@law_option
@as_json
def law_cases(file: Path, through_register: bool, by_law: str | None, as_json: bool) -> None:
    """Put worked cases to the judge; print those that differ."""
    pack = _pack(by_law)
    named = None if by_law is None else packs.Kept(pack.version, packs.packed(pack.sources))
    with packs.ruling(named):
        read = cases.read_cases(file)

    async def answer() -> list[cases.Result]:
        async with database.scratch() if through_register else nullcontext():
            with packs.ruling(named):
                return await cases.answer_cases(read, pack, today(), through_register=through_register)

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


@law_group.command("adopt")
@law_option
@click.option("--dry-run", is_flag=True, help="Show what would change, adopt nothing.")
@click.option("--yes", is_flag=True, help="Adopt without asking.")
@click.option("--why", default=None, help="The reason that its entry gives.")
@as_json
def law_adopt(by_law: str | None, dry_run: bool, yes: bool, why: str | None, as_json: bool) -> None:
    """Make the law of this program (or with --law one on file) the law by which the register judges.

    First it shows which verdicts change, from when; the next look of the watch records them.
    """
    if as_json and not (dry_run or yes):
        raise Misused("--json: say --dry-run or --yes with it: nobody can be asked")
    rules, preview, pack = run(_previewed(by_law))
    if preview is None:
        said = "The register judges by this law already: there is nothing to adopt."
        print_json({"from": rules, "to": pack.version, "adopted": False}) if as_json else click.echo(said)
        return
    if not as_json:
        tables_shown.adoption(preview)
    adopting = not dry_run and (yes or click.confirm("Make it the law by which this register judges?", err=True))
    made = run(_adopted(pack, why, rules)) if adopting else None
    if as_json:
        print_json(msgspec.to_builtins(preview) | {"adopted": made is not None})
    elif made is not None:
        click.echo(f"Adopted: since {made.since} this register judges by {made.version[:12]} (entry {made.sequence}).")
        click.echo("The next look of the watch records what changed, and tells whom it concerns: onward watch")
    elif adopting:
        click.echo("Somebody else adopted it in the meantime: the register judges by it already.")


async def _previewed(by_law: str | None) -> tuple[str | None, Preview | None, Pack]:
    """The law that rules, what would change, and the law to adopt; no preview where that rules already."""
    async with database.opened():
        async with database.as_known(None) as at:
            chosen = await adopted.chosen(at, by_law) if by_law else None
            rules, day = await adopted.rules(at), await journal.today(at)
        new = law.brought() if chosen is None else law.kept_pack(chosen)
        if rules == new.version:
            return rules, None, new
        if rules is None:
            return rules, unread(rules, new, day, "no law was adopted here yet"), new
        try:
            old = law.load()
        except LawError as error:
            return rules, unread(rules, new, day, str(error)), new
        return rules, await previewed(old, new, day), new


async def _adopted(pack: Pack, why: str | None, instead: str | None) -> adopted.Adopted | None:
    async with database.opened():
        return await adopted.adopt(pack, who(), why or f"adopted the law {pack.version[:12]}", instead)
