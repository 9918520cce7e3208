"""A look at whether everything stands as it should: database, journal, rows, guards and law."""

from datetime import date

import asyncpg
import msgspec

from assessments.deliveries import waiting
from assessments.wording import written
from registry import checkpoints, database, journal, reverified, schema, settings
from registry.law import Pack, verified
from registry.vocabulary import DEMO_NOTICE


class Check(msgspec.Struct, frozen=True):
    """One thing looked at."""

    what: str
    sound: bool
    found: str


async def look(pack: Pack, today: date) -> list[Check]:
    """Everything that can be seen from inside an open register."""
    async with database.as_known(None) as at:
        version = await at.fetchval("show server_version")
        newest = await journal.newest(at)
        count = await at.fetchval("select count(*) from journal_entry")
        backwards = await at.fetchval(
            "select count(*) from (select at, lag(at) over (order by sequence) before from journal_entry) e where at < before"
        )
        without = [
            f"{name} {row[0]}"
            for name in map(schema.name, schema.tables())
            for row in await at.fetch(
                f"""select t.key from "{name}" t where not exists (
                    select from journal_entry e where e."table" = '{name}' and e."row" = t.id and e.version = t.version)"""
            )
        ]
        demo = await journal.is_demo(at)
        standing = {
            (row[0], row[1])
            for row in await at.fetch("""
                select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
                where t.tgenabled = 'A' and c.relnamespace = 'public'::regnamespace""")
        }
        idle = sorted(f"{trigger} on {table}" for table, trigger in schema.guards() - standing)
        unsigned = await checkpoints.unsigned(at)
        ever = await at.fetchval("select exists (select from signing_key)")
        failing = (await waiting(at)).said()
        watched = await watch_stands(at)
        overdue = len(verified.overdue(pack, today, await reverified.recorded(at, today)))
    return [
        Check("database", True, f"PostgreSQL {version}"),
        Check("register", True, f"a demo. {DEMO_NOTICE}" if demo else "no demo"),
        Check("journal", newest == count, f"{count} entries, the newest is {newest}"),
        Check("time", not backwards, f"{backwards} entries earlier than the one before" if backwards else "never goes back"),
        Check("rows", not without, f"without an entry: {', '.join(without[:5])}" if without else "each has its entry"),
        Check("guards", not idle, f"gone or switched off: {', '.join(idle[:5])}" if idle else "all stand"),
        Check("signing", not (unsigned and ever), _signing(unsigned)),
        Check("law", True, f"{len(pack.instruments)} instruments, {overdue} facts overdue, version {pack.version[:12]}"),
        Check("mail", not failing, " ".join(one for one in (settings.mail_said(), failing) if one)),
        watched,
    ]


def _signing(unsigned: str) -> str:
    return f"records and journal go unsigned: {unsigned}" if unsigned else "the key is at hand"


async def watch_stands(at: asyncpg.Connection) -> Check:
    """When the watch looked last, and whether a look has failed since."""
    row = await at.fetchrow("select day, failed, error from watched where id = 1")
    looked = "has not looked yet" if row is None or row["day"] is None else f"looked last on {written(row['day'])}"
    if row is None or row["failed"] is None:
        return Check("watch", True, looked)
    return Check("watch", False, f"{looked}; a look failed at {row['failed']:%Y-%m-%d %H:%M} UTC: {row['error']}")
