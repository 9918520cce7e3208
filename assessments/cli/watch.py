"""Commands of the watch: one look, and the alerts it raised."""

from datetime import UTC, date, datetime, time

import rich_click as click

from assessments.alerts import Shown
from assessments.alerts import alerts as all_alerts
from assessments.cli.door import DAY, as_json, main, print_json, run, today
from assessments.doctor import Check, watch_stands
from assessments.watch import Looked, look
from assessments.wording import written
from registry import database, journal, law, settings
from registry.errors import Misused

OFFICE_HOURS = time(9, tzinfo=UTC)


@main.command()
@click.option("--on", type=DAY, default=None, help="A demo: move its clock to this day. Elsewhere: a rehearsal of that day.")
def watch(on: date | None) -> None:
    """Look once: record what reads otherwise now, and raise an alert for each cause."""

    async def work() -> tuple[Looked, bool]:
        async with database.opened():
            async with database.as_known(None) as at:
                demo = await journal.is_demo(at)
                clock = await at.fetchval("select clock from journal_head")
            if not demo:
                return await look(on or today(), law.load(), rehearse=on is not None), on is not None
            stands = clock.astimezone(UTC).date() if clock else today()
            if on is not None and on > today():
                raise Misused("--on lies in the future: a demo's clock is never later than now")
            if on is not None and on < stands:
                raise Misused(f"--on: the demo's clock stands at {stands}: name that day or a later one")
            moved = datetime.combine(on, OFFICE_HOURS) if on is not None and on > stands else None
            return await look(on or stands, law.load(), clock=moved), False

    looked, rehearsal = run(work())
    said = "Would record" if rehearsal else "Recorded"
    changed = looked.assessments - looked.new
    click.echo(
        f"Looked at {_many(looked.transfers, 'transfer')} on {looked.day}. {said} "
        f"{_many(looked.new, 'verdict')} on new transfers, {changed} that changed, "
        f"{_many(len(looked.alerts), 'new alert')}, {_many(looked.reviews, 'review')} opened."
    )
    for row in looked.alerts:
        kind = "new_transfer" if row["key"] in looked.first_seen else row["kind"]
        click.echo(f"  {kind}: {row['cause']}: {row['subject']}")
    mail_told(bool(looked.alerts))


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


@main.command()
@as_json
def alerts(as_json: bool) -> None:
    """List the alerts: what changed, why it matters, what to do."""

    async def read() -> tuple[list[Shown], Check]:
        async with database.opened(), database.as_known(None) as at:
            return await all_alerts(law.load()), await watch_stands(at)

    found, stands = run(read())
    if as_json:
        print_json(found)
        return
    for one in found:
        click.echo(f"{written(one.since)}  {one.title} ({one.state})\n  {one.what}")
        for change in one.changes:
            click.echo(f"  {_many(change.transfers, 'transfer')}: {change.said}")
            for flow in change.flows:
                click.echo(f"  - {flow.said}")
            if change.more_flows:
                click.echo(f"  - and {change.more_flows} more")
        if one.more_changes:
            click.echo(f"  and {_many(one.more_changes, 'other change')}")
        click.echo(f"  {one.why}\n  {one.todo}\n")
    if not stands.sound:
        click.echo(f"The watch {stands.found}.")
    mail_told(True)


def mail_told(asked: bool) -> None:
    """Says in a line that nobody is told by mail, where that is so."""
    if asked and settings.smtp() is None:
        click.echo(settings.mail_said())
