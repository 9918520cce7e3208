"""Signing in: who is at the door, for how long, and what each role may do.

Passwords are argon2id hashes, checked in a thread; a session is a random token of which the database holds the SHA-256
alone; tries are counted in the database, so that several processes count together. Nothing here is a fact.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

import msgspec
from argon2.exceptions import VerificationError

from registry import database, settings
from registry.errors import Refused
from registry.people import HASHER, SHORTEST, of_no_password
from registry.vocabulary import PersonRole

IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=12)
WINDOW = timedelta(minutes=15)
LATEST = 2999  # the last year in which an access may end
MOMENT = "%Y-%m-%dT%H:%MZ"
TRIES_A_PERSON, TRIES_A_PLACE = 5, 30
_AT_ONCE = asyncio.Semaphore(2)  # argon2 takes 19 MiB and a core
_NOBODY = of_no_password()  # checked where there is no such person, so that it takes as long


class Permission(StrEnum):
    """What a route may need."""

    LOOK = "look"
    REGISTER = "register"
    DECIDE = "decide"
    REVIEW = "review"
    REPORT = "report"
    PEOPLE = "people"
    VERIFY = "verify"


GRANTED = {
    PersonRole.PROCUREMENT: {Permission.LOOK, Permission.REGISTER, Permission.REVIEW},
    PersonRole.DPO: {
        *(Permission.LOOK, Permission.REGISTER, Permission.DECIDE),
        *(Permission.REVIEW, Permission.REPORT, Permission.VERIFY),
    },
    PersonRole.AUDITOR: {Permission.LOOK, Permission.REPORT},
    PersonRole.ADMIN: {Permission.LOOK, Permission.PEOPLE, Permission.VERIFY},
}


class Visitor(msgspec.Struct, frozen=True):
    """A person who is signed in."""

    key: str
    name: str
    role: PersonRole
    session: int
    password_due: bool = False
    ends: datetime | None = None

    def may(self, permission: str) -> bool:
        return permission in GRANTED[self.role]


class AccessEnded(Refused):
    """The right pair, and the time until which it opens has passed; `ends` is that time."""

    def __init__(self, ends: datetime) -> None:
        super().__init__("the time until which this person may sign in has passed")
        self.ends = ends


class OpenSession(msgspec.Struct, frozen=True):
    """A session as its owner is shown it."""

    id: int
    began: datetime
    seen: datetime
    agent: str


_PERSON = """
select p.key, coalesce(p.name, p.key), p.role, c.password_hash, p.ends from person p left join credential c on c.person = p.key
where lower(p.email) = lower($1) and p.since <= $2 and (p.until is null or p.until > $2) order by p.id limit 1"""


async def sign_in(email: str, password: str, place: str, agent: str, now: datetime) -> str | None:
    """A new session's token, or None: one answer for no such person, a wrong password and too many tries.

    Raises AccessEnded, to whoever has the right pair alone, once the time has passed until which it opens.
    """
    if not await _allowed(f"person:{email.casefold()}", TRIES_A_PERSON, now) or not await _allowed(
        f"place:{place}", TRIES_A_PLACE, now
    ):
        return None
    async with database.transaction() as at:
        found = await at.fetchrow(_PERSON, email, now.date())
    if not await _verified((found and found[3]) or _NOBODY, password) or found is None or not found[3]:
        return None
    if (ends := time_of(found[4])) is not None and ends <= now:
        raise AccessEnded(ends)
    token = secrets.token_urlsafe(32)
    async with database.transaction() as at:
        await at.execute("delete from attempt where door = $1", _hashed(f"person:{email.casefold()}"))
        await at.execute(  # what counts against a place are the tries that failed
            "delete from attempt where id = (select max(id) from attempt where door = $1)", _hashed(f"place:{place}")
        )
        await at.execute(
            "insert into session (token_hash, person, began, seen, ends, agent) values ($1, $2, $3, $3, $4, $5)",
            _hashed(token),
            found[0],
            now,
            now + ABSOLUTE,
            agent[:200],
        )
    return token


def time_of(text: str | None) -> datetime | None:
    """A moment of the register (`tables.moment`) as a time."""
    return None if text is None else datetime.strptime(text, MOMENT).replace(tzinfo=UTC)


def moment_of(time: datetime) -> str:
    """A time as the register holds it, to the minute."""
    return time.astimezone(UTC).strftime(MOMENT)


def end_of(text: str, endless: str, now: datetime) -> tuple[str | None, str]:
    """The end that a form gives, None where it says that there is none; and what is wrong with it."""
    text = text.strip()
    if endless and text:
        return None, "Either a day and time, or without an end: take one of them out."
    if endless:
        return None, ""
    if not text:
        return None, "Say until which day and time the auditor may sign in, or that it is to be without an end."
    try:
        ends = datetime.fromisoformat(text)
    except ValueError:
        return None, "This is no day and time: write it as YYYY-MM-DDTHH:MM, in UTC."
    ends = ends.replace(tzinfo=ends.tzinfo or UTC)
    if ends <= now:
        return None, "This lies in the past. To end access now, lock the person."
    if ends.year > LATEST:
        return None, f"This lies too far ahead: choose a year up to {LATEST}, or say that it is to be without an end."
    return moment_of(ends), ""


async def nobody() -> bool:
    """Whether nobody has been given a password yet: somebody must begin at the command line."""
    async with database.transaction() as at:
        return not await at.fetchval("select exists (select from credential)")


async def visitor(token: str, now: datetime) -> Visitor | None:
    """Who holds the token: nobody once it is idle too long, at its end or revoked, or the person may not act, or is erased."""
    async with database.transaction() as at:
        row = await at.fetchrow(
            """select p.key, coalesce(p.name, p.key), p.role, s.id, s.seen, c.given, p.ends
            from session s join person p on p.key = s.person join credential c on c.person = p.key
            where s.token_hash = $1 and s.revoked is null and s.ends > $2 and s.seen > $3
            and p.since <= $4 and (p.until is null or p.until > $4)""",
            _hashed(token),
            now,
            now - IDLE,
            now.date(),
        )
        if row is None or ((ends := time_of(row[6])) is not None and ends <= now):
            return None
        if now - row[4] > timedelta(minutes=1) and not settings.no_room():  # reading goes on where nothing can be written
            await at.execute("update session set seen = $2 where id = $1", row[3], now)
    return Visitor(row[0], row[1], PersonRole(row[2]), row[3], row[5], ends)


async def sessions_of(person: str, now: datetime) -> list[OpenSession]:
    """The person's open sessions, the newest first."""
    async with database.transaction() as at:
        rows = await at.fetch(
            """select id, began, seen, agent from session
            where person = $1 and revoked is null and ends > $2 and seen > $3 order by began desc""",
            person,
            now,
            now - IDLE,
        )
    return [OpenSession(*row) for row in rows]


async def revoke(person: str, session: int, now: datetime) -> bool:
    """Ends one of the person's own sessions; False where there is none such."""
    async with database.transaction() as at:
        ended = await at.fetchval(
            "update session set revoked = $3 where id = $1 and person = $2 and revoked is null returning id",
            session,
            person,
            now,
        )
    return ended is not None


async def revoke_all(person: str, now: datetime, but: int = 0) -> int:
    """Ends every session of a person but one; returns how many there were."""
    async with database.transaction() as at:
        ended = await at.fetch(
            "update session set revoked = $2 where person = $1 and revoked is null and id <> $3 and ends > $2 returning id",
            person,
            now,
            but,
        )
    return len(ended)


async def secret(name: str) -> str:
    """A secret that all processes of this register share; made at the first asking."""
    async with database.transaction() as at:
        await at.execute(
            "insert into secret (name, value) values ($1, $2) on conflict (name) do nothing", name, secrets.token_hex(32)
        )
        return str(await at.fetchval("select value from secret where name = $1", name))


OPENED = "opened"
KEPT = {  # what an address may ask for that is no text of a person's: clocks, filters, pages, the parameters of a sample
    *("on", "known", "standing", "category", "country", "outcome", "regime", "sort", "number", "history", "since", "run"),
    *("of", "size", "seed", "sequence", "table", "everything", "format", "redact", "vendor", "importer", "engagement"),
}
PLAIN = re.compile(r"[\w.:+-]{1,80}", re.ASCII)
ENTERED: ContextVar[bool] = ContextVar("entered", default=False)  # whether that this page is opened is written down already


def kept_of(path: str, query: Iterable[tuple[str, str]]) -> str:
    """An address as the access log keeps it: which page, of which clocks, filter or sample, and nothing that was typed freely.

    A look is signed and stays for good: a name that somebody searched for could not be erased from it.
    """
    kept = [(name, value) for name, value in query if name in KEPT and PLAIN.fullmatch(value)]
    return path + (f"?{urlencode(kept)}" if kept else "")


async def look(person: str, what: str, of: str) -> None:
    """Writes down who opened or took what; that a page is opened, once."""
    if what == OPENED and ENTERED.get():
        return
    async with database.transaction() as at:
        await at.execute(
            "insert into look (at, person, what, of) values ($1, $2, $3, $4)", datetime.now(UTC), person, what, of[:400]
        )


async def looks_of(person: str, many: int, after: int) -> tuple[int, list[tuple[datetime, str, str]]]:
    """How often a person has looked, and a page of it: when, what was done, and with what; the newest first."""
    async with database.transaction() as at:
        count = await at.fetchval("select count(*) from look where person = $1", person)
        rows = await at.fetch(
            "select at, what, of from look where person = $1 order by at desc, id desc limit $2 offset $3", person, many, after
        )
    return int(count), [(row[0], row[1], row[2]) for row in rows]


async def set_password(person: str, password: str, *, given: bool = False) -> None:
    """Keeps the hash of a password; one that is given by somebody else is changed before anything else is opened."""
    hashed = await asyncio.to_thread(HASHER.hash, password)
    async with database.transaction() as at:
        await at.execute(
            """insert into credential (person, password_hash, given) values ($1, $2, $3)
            on conflict (person) do update set password_hash = excluded.password_hash, given = excluded.given""",
            person,
            hashed,
            given,
        )


async def change_password(person: str, old: str, new: str, session: int, now: datetime) -> None:
    """A person's own password, by the one until now; every other session ends. Raises Refused, in words for the person."""
    if not await _allowed(f"change:{person}", TRIES_A_PERSON, now):
        raise Refused("old: too many tries: wait a quarter of an hour")
    async with database.transaction() as at:
        stands = await at.fetchval("select password_hash from credential where person = $1", person)
    if not await _verified(stands or _NOBODY, old):
        raise Refused("old: this is not the password until now")
    if len(new) < SHORTEST:
        raise Refused(f"new: at least {SHORTEST} characters")
    if new == old:
        raise Refused("new: this is the password until now: choose another")
    await set_password(person, new)
    await revoke_all(person, now, session)


async def _verified(password_hash: str, password: str) -> bool:
    async with _AT_ONCE:
        try:
            return await asyncio.to_thread(HASHER.verify, password_hash, password)
        except VerificationError:
            return False


async def _allowed(door: str, tries: int, now: datetime) -> bool:
    """Counts a try at a door; False once there were too many within the window."""
    hashed = _hashed(door)
    async with database.transaction() as at:
        await at.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", hashed)
        await at.execute("delete from attempt where door = $1 and at <= $2", hashed, now - WINDOW)
        if await at.fetchval("select count(*) from attempt where door = $1", hashed) >= tries:
            return False
        await at.execute("insert into attempt (door, at) values ($1, $2)", hashed, now)
    return True


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
