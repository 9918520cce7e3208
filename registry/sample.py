"""A sample that can be drawn again: by a seed and a rule that anybody can follow with pencil, paper and SHA-256.

Of the population's keys, each is hashed together with the seed; they are put in the order of those hashes, and the first so
many are the sample. docs/audit.md says it for those who do it at home.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime

import asyncpg
import msgspec
from piccolo.table import Table

from registry import database, journal, schema, told
from registry.errors import Misused
from registry.told import HIDDEN
from registry.web import segment

MOST = 1_000  # drawn at once
LONGEST = 200  # characters of a seed
ENTRIES = "journal_entry"  # the population that is no table of facts: what was written, by its number
PAGES = {"vendor": "/vendors/", "transfer": "/transfers/", "processing_activity": "/activities/"}


class Drawn(msgspec.Struct, frozen=True):
    """One of the sample: its place, key, the hash by which it came there, what it says, and where it is looked at."""

    place: int
    key: str
    hash: str
    says: str
    address: str


class Sample(msgspec.Struct, frozen=True):
    """What was drawn, from how many, as known at which entry."""

    of: str
    size: int
    sequence: int
    drawn: list[Drawn]


def a_seed() -> str:
    """A seed that nobody could have chosen for what it draws."""
    return secrets.token_hex(8)


def hashed(seed: str, key: str) -> str:
    """SHA-256 of seed, a vertical bar and key in UTF-8, hexadecimal."""
    return hashlib.sha256(f"{seed}|{key}".encode()).hexdigest()


def draw(keys: Iterable[str], seed: str, many: int) -> list[tuple[str, str]]:
    """The first `many` keys in the order of their hashes, each with its hash; of one hash the lesser key comes first."""
    return [(key, found) for found, key in sorted((hashed(seed, key), key) for key in keys)[:many]]


def populations() -> list[str]:
    """What can be drawn from: every table that is shown among records, and the journal."""
    return [*sorted(schema.by_name().keys() - HIDDEN), ENTRIES]


async def sample(
    of: str, seed: str, many: int, day: date, instant: datetime | None = None, sequence: int | None = None
) -> Sample:
    """Draws from what stands on a day, as known at an instant or, without one, at an entry (the newest).

    Of the journal every entry up to then is drawn from, whatever the day. Raises Misused, naming the field.
    """
    if of not in populations():
        raise Misused(f"of: {of[:60]!r} is nothing to draw from: choose one of the list")
    if not 1 <= many <= MOST:
        raise Misused(f"size: {many}: draw between 1 and {MOST}")
    if not seed.strip() or len(seed) > LONGEST:
        raise Misused(f"seed: give one of at most {LONGEST} characters, or take the one proposed")
    async with database.as_known(instant) as at:
        newest = int(await at.fetchval("select current_setting('onward.known_on')::bigint")) if instant else None
        if newest is None:
            stands = await journal.newest(at)
            newest = stands if sequence is None else sequence
            if not 0 < newest <= stands:
                raise Misused(f"sequence: the journal has the entries 1 to {stands}: name one of them, or leave it out")
            await database.read_past(at, newest)
        if of == ENTRIES:
            picked = draw(map(str, range(1, newest + 1)), seed, many)
            says = await _entries(at, [int(key) for key, _ in picked])
            count = newest
        else:
            table = schema.by_name()[of]
            keys = await at.fetch(f'select distinct key from "{of}" where since <= $1 and (until is null or until > $1)', day)
            picked, count = draw((key for (key,) in keys), seed, many), len(keys)
            says = await _rows(at, table, [key for key, _ in picked], day)
    drawn = [Drawn(place, key, found, *says[key]) for place, (key, found) in enumerate(picked, start=1)]
    return Sample(of, count, newest, drawn)


async def _rows(at: asyncpg.Connection, table: type[Table], keys: list[str], day: date) -> dict[str, tuple[str, str]]:
    """What rows say on a day, in short, and where they are looked at."""
    title = schema.name(table)
    found = await at.fetch(
        f"""select distinct on (key) {journal.image(table)} from "{title}"
        where key = any($1) and since <= $2 and (until is null or until > $2) order by key, since desc, id desc""",
        keys,
        day,
    )
    rows = [msgspec.json.decode(text) for (text,) in found]
    names = await told.names_in(at, table, rows)
    return {row["key"]: (told.in_short(table, row, names) or row["key"], _address(title, row["key"])) for row in rows}


async def _entries(at: asyncpg.Connection, numbers: list[int]) -> dict[str, tuple[str, str]]:
    """What entries say: which kind of change to which record, by whom and when."""
    rows = await at.fetch(
        """select e.sequence, e.at, e.kind, e."table", e.image->>'key' as key, coalesce((select name from public.person p
            where p.key = e.who and p.name is not null order by p.id desc limit 1), e.who) as by
        from public.journal_entry e where e.sequence = any($1::bigint[])""",
        numbers,
    )
    found = {}
    for row in rows:
        when = row["at"].astimezone(UTC)
        said = f"{row['kind']}: {row['table'].replace('_', ' ')} {row['key']}, by {row['by']}, {when:%Y-%m-%d %H:%M:%S} UTC"
        found[str(row["sequence"])] = (said, "" if row["table"] in HIDDEN else told.address(row["table"], row["key"]))
    return found


def _address(table: str, key: str) -> str:
    return PAGES[table] + segment(key) if table in PAGES else told.address(table, key)
