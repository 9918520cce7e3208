"""People: who may act, how they prove it, and how a person is erased so that the proof still holds."""

import asyncio
import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from argon2 import PasswordHasher
from piccolo.table import Table

from registry import journal, once, schema
from registry.errors import Misused, Refused
from registry.journal import Book, Row
from registry.tables import Contact, Credential, Erased, Person
from registry.vocabulary import PersonRole

HASHER = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1)  # OWASP's profile: 19 MiB, 37 ms measured
ERASED = "[erased]"
ADDRESS = r"[^@\s]+@[^@\s]+"
SHORTEST = 12  # characters of a password


def of_no_password() -> str:
    """A hash that no password has, as dear to check as any other: its salt and its digest are random."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}${salt}${digest}"


async def add_person(
    name: str,
    email: str | None,
    role: PersonRole,
    since: date,
    password: str,
    who: str,
    *,
    given: bool = False,
    sent: str = "",
    ends: str | None = None,
) -> str:
    """Records a person who may act, and the hash of the password apart; returns the key, which says nothing of the name.

    From `ends` on (a moment, see `tables.moment`) the person signs in no more. A password that is `given` must be changed at
    the first signing in. Raises Refused, naming the field, where somebody
    who may act has the address already: people sign in by it; SentBefore where the form was taken already.
    """
    key = f"person-{secrets.token_hex(4)}"
    hashed = await asyncio.to_thread(HASHER.hash, password)
    async with journal.writing(who, f"may act as {role}") as book:
        await once.take(book.at, sent, f"/people/{key}")
        await one_at_a_time(book)
        if email is not None and not re.fullmatch(ADDRESS, email):
            raise Refused(f"email: {email[:80]!r} is no address: write it such as ann@house.example, or leave it out")
        if await signs_in_with(book, email, since):
            raise Refused("email: somebody who may act signs in with this address already: use another one")
        row = {"key": key, "since": since.isoformat(), "name": name, "email": email, "role": role, "ends": ends}
        await book.record(Person, row)
        await Credential.insert(Credential(person=key, password_hash=hashed, given=given))
    return key


async def one_at_a_time(book: Book) -> None:
    """Until the transaction ends nobody else changes who may act: what is found out about people stays so."""
    await book.at.execute("select pg_advisory_xact_lock(hashtextextended('people', 0))")


async def signs_in_with(book: Book, email: str | None, today: date) -> bool:
    """Whether somebody who may act, or is to, has the address already."""
    return bool(
        email
        and await book.at.fetchval(
            "select exists (select from person where lower(email) = lower($1) and (until is null or until > $2))", email, today
        )
    )


class Erasure(msgspec.Struct):
    """What an erasure did: the rows emptied, the texts in which the person was named, and places it may not touch.

    `alone`: with the person went the last administrator who could sign in; an erasure is not refused for that.
    """

    rows: list[str]
    texts: list[str]
    left: list[str]
    alone: bool = False


async def erase_person(person: str, why: str, who: str) -> Erasure:
    """Erases a natural person: PERSON is a key of `person` or `contact`, `table:key`, or an e-mail address.

    Empties the rows about that person and deletes every value that an entry is a commitment to; takes the name, the
    addresses and the number out of every text in which somebody may be named. Raises Misused for a key nobody has.
    """
    async with journal.writing(who, why) as book:
        return await erase(book, await rows_about(book, person))


async def erase(book: Book, about: Sequence[tuple[type[Table], Row]]) -> Erasure:
    """Empties the rows and takes the person out of every other text, within the book's transaction."""
    await book.enter()
    about = [(table, row) for table, row in about if any(row[key] for key in schema.personal(table))] or await _erased(
        book, about
    )
    names: set[str] = set()
    for table, row in about:
        names |= {str(row[key]) for key in schema.personal(table) if row.get(key)}
        names |= {value["value"] for value in await _values_of(book, table, row)}
    shared = await _of_others(book, {(schema.name(table), row["id"]) for table, row in about})
    done = Erasure([], [], sorted(f"what somebody else has too: {name}" for name in names if name.casefold() in shared))
    named = Named({name.strip() for name in names if len(name.strip()) > 1 and name.casefold() not in shared})
    if named.found_in(book.why):
        raise Refused("why: the reason names the person who is to be erased: say it without the name")
    gone: list[tuple[int, str]] = []
    for table, row in about:
        await book.erase(table, row, **dict.fromkeys(schema.personal(table)))
        gone += await book.at.fetch(
            """delete from journal_value v using journal_entry e
            where e.sequence = v.sequence and e."table" = $1 and e."row" = $2 and v.name <> '(why)'
            returning v.sequence, v.name""",
            schema.name(table),
            row["id"],
        )
        done.rows.append(f"{schema.name(table)} {row['key']}")
        if table is Person:
            await Credential.delete().where(Credential.person == row["key"])
    done.texts, more = await _take_out(book, named, {(schema.name(table), row["id"]) for table, row in about})
    values = sorted((*gone, *more))
    sequence = await journal.newest(book.at)
    await book.record(
        Erased,
        {
            "key": f"erased-{sequence}",
            "since": (await journal.today(book.at)).isoformat(),
            "values": [f"{number}:{name}" for number, name in values],
        },
    )
    done.left += await _still_named(book, named)
    done.alone = any(table is Person and row["role"] == PersonRole.ADMIN for table, row in about) and not await _administered(
        book
    )
    return done


async def _administered(book: Book) -> bool:
    """Whether an administrator may act today, and can sign in."""
    return bool(
        await book.at.fetchval(
            """select exists (select from person p join credential c on c.person = p.key
            where p.role = $1 and p.since <= $2 and (p.until is null or p.until > $2))""",
            PersonRole.ADMIN.value,
            await journal.today(book.at),
        )
    )


async def _of_others(book: Book, about: set[tuple[str, int]]) -> set[str]:
    """The addresses and numbers that other people of another name have as well, capitals aside: theirs to keep."""
    values: set[str] = set()
    for table in (Person, Contact):
        columns = [column for column in schema.personal(table) if column != "name"]
        for (text,) in await book.at.fetch(f'select to_jsonb(t.*)::text from "{schema.name(table)}" t'):
            row: Row = msgspec.json.decode(text)
            if (schema.name(table), row["id"]) not in about:
                values |= {str(row[column]).casefold() for column in columns if row[column]}
    return values


async def _erased(book: Book, about: Sequence[tuple[type[Table], Row]]) -> list[tuple[type[Table], Row]]:
    """Rows that are empty already, where older entries still hold values of theirs. Raises Refused where none does."""
    left = [(table, row) for table, row in about if await _values_of(book, table, row)]
    if not left:
        raise Refused(f"{schema.name(about[0][0])} {about[0][1]['key']!r} has been erased already")
    return left


class Named:
    """The names, addresses and numbers of a person, to be found in texts as wholes: no letter or digit goes on from them.

    A sign of a script without capitals (Chinese, Japanese, Thai …) beside a name ends it: such scripts set no spaces.
    """

    def __init__(self, names: set[str]) -> None:
        longest_first = sorted(names, key=lambda name: (-len(name), name))
        self.pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if names else None

    def found_in(self, text: str | None) -> bool:
        return bool(text) and self.taken_out_of(str(text)) != text

    def taken_out_of(self, text: str) -> str:
        def whole(match: re.Match[str]) -> str:
            before, after = text[: match.start()][-1:], text[match.end() :][:1]
            return match[0] if _goes_on(before, match[0][0]) or _goes_on(after, match[0][-1]) else ERASED

        return self.pattern.sub(whole, text) if self.pattern else text


def _goes_on(beside: str, edge: str) -> bool:
    """Whether a sign beside a name makes it part of a longer word or number."""
    return _joins(beside) and _joins(edge)


def _joins(sign: str) -> bool:
    return sign.isdigit() or (sign.isalpha() and sign.lower() != sign.upper())


async def rows_about(book: Book, person: str) -> list[tuple[type[Table], Row]]:
    """The rows about a person: all periods of the key, and of every other key with the same name and one same address.

    An e-mail address names whoever has or had it. Raises Misused where nobody, or several people, are meant.
    """
    title_given, colon, rest = person.partition(":")
    tables = [table for table in (Person, Contact) if colon and schema.name(table) == title_given] or [Person, Contact]
    key = rest if len(tables) == 1 else person
    everybody = [pair for table in (Person, Contact) for pair in await _everybody(book, table)]
    meant = [one for one in everybody if one.table in tables and one.key == key]
    if len({one.table for one in meant}) > 1:
        raise Misused(f"{key!r} is the key of a person and of a contact: say person:{key} or contact:{key}")
    if not meant:
        meant = [one for one in everybody if person.casefold() in one.addresses]
        if len({frozenset(one.names) for one in meant}) > 1:
            keys = ", ".join(f"{schema.name(one.table)}:{one.key}" for one in meant)
            raise Misused(f"{person!r} is shared by several people: name one of {keys}")
    if not meant:
        raise Misused(f"nobody is recorded as {person!r}: give the key of a person or contact, or an e-mail address")
    names, addresses = (set().union(*(getattr(one, what) for one in meant)) for what in ("names", "addresses"))
    same = [one for one in everybody if one in meant or (one.names & names and one.addresses & addresses)]
    return [(one.table, row) for one in same for row in one.rows]


class Somebody(msgspec.Struct):
    """A person or contact of one key: its rows, and the names and e-mail addresses it ever had, capitals aside."""

    table: type[Table]
    key: str
    rows: list[Row]
    names: set[str]
    addresses: set[str]


async def _everybody(book: Book, table: type[Table]) -> list[Somebody]:
    title = schema.name(table)
    found: dict[int, Somebody] = {}
    for (text,) in await book.at.fetch(f'select to_jsonb(t.*)::text from "{title}" t order by id for update'):
        row: Row = msgspec.json.decode(text)
        somebody = found.setdefault(row["thing"], Somebody(table, row["key"], [], set(), set()))
        somebody.rows.append(row)
        for value in await _values_of(book, table, row):
            if value["name"] in {"name", "email"}:
                (somebody.names if value["name"] == "name" else somebody.addresses).add(value["value"].casefold())
    return list(found.values())


async def _values_of(book: Book, table: type[Table], row: Row) -> list[Any]:
    return list(
        await book.at.fetch(
            """select v.name, v.value from journal_value v join journal_entry e using (sequence)
            where e."table" = $1 and e."row" = $2 and v.name <> '(why)'""",
            schema.name(table),
            row["id"],
        )
    )


async def _take_out(book: Book, named: Named, emptied: set[tuple[str, int]]) -> tuple[list[str], list[Any]]:
    """Takes the person out of every personal text of other rows, and out of the values and reasons behind old entries.

    Returns the columns of rows, and the values by entry and name.
    """
    texts: list[str] = []
    for table in schema.tables():
        title, columns = schema.name(table), schema.personal(table)
        if not columns:
            continue
        filled = " or ".join(f'"{column}" is not null' for column in columns)
        for (text,) in await book.at.fetch(f'select {journal.image(table)} from "{title}" where {filled}'):
            row: Row = msgspec.json.decode(text)
            taken = {column: named.taken_out_of(row[column]) for column in columns if named.found_in(row[column])}
            if taken and (title, row["id"]) not in emptied:
                await book.erase(table, row, **taken)
                texts += [f"{title} {row['key']} {column}" for column in taken]
    gone = [row["id"] async for row in book.at.cursor("select id, value from journal_value") if named.found_in(row["value"])]
    return texts, await book.at.fetch("delete from journal_value where id = any($1) returning sequence, name", gone)


async def _still_named(book: Book, named: Named) -> list[str]:
    """What holds the person for good: columns that are not personal, whose entries are proved, and lines of the access log."""
    left: dict[str, None] = {}
    async for title, text in book.at.cursor('select "table", image::text from journal_entry order by sequence'):
        if named.found_in(text):
            row = msgspec.json.decode(text)
            left |= {f"{title} {row['key']} {key}": None for key, value in row.items() if named.found_in(str(value))}
    async for day, number, of in book.at.cursor("select at::date, id, of from look order by id"):
        if named.found_in(unquote_plus(of)):  # older lines, from before it left out what was searched for
            left[f"the access log of {day}, line {number}"] = None
    return list(left)
