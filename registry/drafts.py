"""What a person has typed and not yet recorded: theirs alone, and gone once it is recorded."""

import secrets
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from registry import database, once

KEPT = timedelta(days=60)
BECAME = "+became"  # stands in the place of everything typed once it is recorded: the key of the vendor
Content = dict[str, list[str]]


class Draft(msgspec.Struct, frozen=True):
    key: str
    at: datetime
    content: Content


async def begin(person: str, content: Content, sent: str = "", leads_to: str = "{}") -> str:
    """Keeps a new draft; the person's forgotten ones go. Raises SentBefore where the form was taken already."""
    key, now = secrets.token_urlsafe(18), datetime.now(UTC)
    async with database.transaction() as at:
        await once.take(at, sent, leads_to.format(key))
        await at.execute("delete from draft where person = $1 and at < $2", person, now - KEPT)
        await at.execute(
            "insert into draft (key, person, content, at) values ($1, $2, $3, $4)", key, person, _written(content), now
        )
    return key


async def read(key: str, person: str) -> Content | None:
    """The person's own draft; somebody else's is as absent as none."""
    async with database.transaction() as at:
        content = await at.fetchval("select content::text from draft where key = $1 and person = $2", key, person)
    return _read(content) if content is not None else None


async def keep(key: str, person: str, content: Content) -> bool:
    """Puts what was typed beside what is kept already; False where there is no such draft, or it is registered."""
    async with database.transaction() as at:
        kept = await at.fetchval(
            "update draft set content = content || $3::jsonb, at = $4 "
            "where key = $1 and person = $2 and not content ? $5 returning id",
            key,
            person,
            _written(content),
            datetime.now(UTC),
            BECAME,
        )
    return kept is not None


async def drop(key: str, person: str) -> bool:
    async with database.transaction() as at:
        dropped = await at.fetchval("delete from draft where key = $1 and person = $2 returning id", key, person)
    return dropped is not None


async def take(at: asyncpg.Connection, key: str, person: str) -> Content | None:
    """Holds a draft inside the transaction that records it: the second of two submits waits, and finds what it became."""
    content = await at.fetchval("select content::text from draft where key = $1 and person = $2 for update", key, person)
    return _read(content) if content is not None else None


async def became(at: asyncpg.Connection, key: str, vendor: str) -> None:
    """What was typed goes, as it is recorded now; that it became the vendor of that key stays for whoever sends it again."""
    await at.execute(
        "update draft set content = $2::jsonb, at = $3 where key = $1", key, _written({BECAME: [vendor]}), datetime.now(UTC)
    )


async def open_ones(person: str) -> list[Draft]:
    """The person's drafts that are not registered yet, the newest first."""
    async with database.transaction() as at:
        rows = await at.fetch("select key, at, content::text from draft where person = $1 order by at desc", person)
    found = [Draft(key, when, _read(content)) for key, when, content in rows]
    return [one for one in found if BECAME not in one.content]


def _written(content: Content) -> str:
    return msgspec.json.encode(content).decode()


def _read(text: str) -> Content:
    return msgspec.json.decode(text, type=Content)
