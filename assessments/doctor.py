"""A look at whether everything stands as it should: database, journal, rows, guards and law."""

from collections.abc import Sequence
from datetime import date

import asyncpg
import msgspec

from assessments.deliveries import waiting
from assessments.wording import written
from registry import adopted, checkpoints, database, journal, reverified, schema, settings
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
                where t.tgenabled = 'A' and c.relnamespace in ('public'::regnamespace, 'past'::regnamespace)""")
        }
        idle = sorted(f"{trigger} on {table}" for table, trigger in schema.guards() - standing)
        unsigned = await checkpoints.unsigned(at)
        ever = await at.fetchval("select exists (select from signing_key)")
        failing = (await waiting(at)).said()
        watched = await watch_stands(at)
        kept, faults, gone = await adopted.on_file(at), await adopted.unreadable(at), await _not_kept(at)
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
        Check("law kept", not faults, " ".join(faults) or _kept(kept) + gone),
        Check("mail", not failing, " ".join(one for one in (settings.mail_said(), failing) if one)),
        watched,
    ]


def _kept(kept: Sequence[adopted.Adopted]) -> str:
    """Which law rules here, and whether this program brings another."""
    if not kept:
        return "none yet: the first that judges and writes keeps its own"
    rules = kept[-1]
    count = f", {len(kept)} adopted so far" if len(kept) > 1 else ""
    return f"judges by {rules.version[:12]} since {written(rules.since)}{count}" + (
        f"; {differs}" if (differs := database.unlike()) else ""
    )


async def _not_kept(at: asyncpg.Connection) -> str:
    """Which laws were judged by before packs were kept: those verdicts cannot be made again."""
    judged = [schema.name(table) for table in schema.tables() if table.judged]  # type: ignore[attr-defined]
    each = " union ".join(f'select law_version from "{name}"' for name in judged)
    rows = await at.fetch(
        f"select law_version from ({each}) j where law_version not in (select fingerprint from law_pack) order by 1"
    )
    return f"; judged by as well, and not on file: {', '.join(row[0][:12] for row in rows)}" if rows else ""


def _signing(unsigned: str) -> str:
    return f"records and journal go unsigned: {unsigned}" if unsigned else "the key is at hand"


async def watch_stands(at: asyncpg.Connection) -> Check:
    """When the watch looked last, and whether a look has failed since."""
    row = await at.fetchrow("select day, failed, error from watched where id = 1")
    looked = "has not looked yet" if row is None or row["day"] is None else f"looked last on {written(row['day'])}"
    if row is None or row["failed"] is None:
        return Check("watch", True, looked)
    return Check("watch", False, f"{looked}; a look failed at {row['failed']:%Y-%m-%d %H:%M} UTC: {row['error']}")
