"""What a person has typed and not yet recorded: theirs alone, and gone once it is recorded."""

import secrets
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from registry import database

KEPT = timedelta(days=60)
Content = dict[str, list[str]]


class Draft(msgspec.Struct, frozen=True):
    key: str
    at: datetime
    content: Content


async def begin(person: str, content: Content) -> str:
    """Keeps a new draft; the person's forgotten ones go."""
    key, now = secrets.token_urlsafe(18), datetime.now(UTC)
    async with database.transaction() as at:
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
    """Puts what was typed beside what is kept already; False where there is no such draft."""
    async with database.transaction() as at:
        kept = await at.fetchval(
            "update draft set content = content || $3::jsonb, at = $4 where key = $1 and person = $2 returning id",
            key,
            person,
            _written(content),
            datetime.now(UTC),
        )
    return kept is not None


async def drop(key: str, person: str) -> bool:
    async with database.transaction() as at:
        return await take(at, key, person) is not None


async def take(at: asyncpg.Connection, key: str, person: str) -> Content | None:
    """Ends a draft inside the transaction that records it: of two submits one gets it, the other nothing."""
    content = await at.fetchval("delete from draft where key = $1 and person = $2 returning content::text", key, person)
    return _read(content) if content is not None else None


async def open_ones(person: str) -> list[Draft]:
    """The person's drafts, the newest first."""
    async with database.transaction() as at:
        rows = await at.fetch("select key, at, content::text from draft where person = $1 order by at desc", person)
    return [Draft(key, when, _read(content)) for key, when, content in rows]


def _written(content: Content) -> str:
    return msgspec.json.encode(content).decode()


def _read(text: str) -> Content:
    return msgspec.json.decode(text, type=Content)
