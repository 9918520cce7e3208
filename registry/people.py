"""People: who may act, how they prove it, and how a person is erased so that the proof still holds."""

import re
import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from argon2 import PasswordHasher
from piccolo.table import Table

from registry import journal, schema
from registry.errors import Misused, Refused
from registry.journal import Book, Row
from registry.tables import Contact, Credential, Person
from registry.vocabulary import PersonRole

HASHER = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1)  # OWASP's profile: 19 MiB, 37 ms measured
ERASED = "[erased]"


async def add_person(name: str, email: str | None, role: PersonRole, since: date, password: str, who: str) -> str:
    """Records a person who may act, and the hash of the password apart; returns the key, which says nothing of the name."""
    key = f"person-{secrets.token_hex(4)}"
    async with journal.writing(who, f"may act as {role}") as book:
        await book.record(Person, {"key": key, "since": since.isoformat(), "name": name, "email": email, "role": role})
        await Credential.insert(Credential(person=key, password_hash=HASHER.hash(password)))
    return key


class Erasure(msgspec.Struct):
    """What an erasure did: the rows emptied, the texts in which the person was named, and places it may not touch."""

    rows: list[str]
    texts: list[str]
    left: list[str]


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
    names: set[str] = set()
    for table, row in about:
        names |= {str(row[key]) for key in schema.personal(table) if row.get(key)}
        names |= {value["value"] for value in await _values_of(book, table, row)}
    named = Named({name.strip() for name in names if len(name.strip()) > 1})
    if named.found_in(book.why):
        raise Refused("why: the reason names the person who is to be erased: say it without the name")
    done = Erasure([], [], [])
    for table, row in about:
        await book.erase(table, row, **dict.fromkeys(schema.personal(table)))
        await book.at.execute(
            """delete from journal_value v using journal_entry e
            where e.sequence = v.sequence and e."table" = $1 and e."row" = $2 and v.name <> 'why'""",
            schema.name(table),
            row["id"],
        )
        done.rows.append(f"{schema.name(table)} {row['key']}")
        if table is Person:
            await Credential.delete().where(Credential.person == row["key"])
    done.texts = await _take_out(book, named, {(schema.name(table), row["id"]) for table, row in about})
    done.left = await _still_named(book, named)
    return done


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
    """The rows about a person: all periods of the key, and of every key that ever had one of the person's addresses."""
    title_given, colon, rest = person.partition(":")
    tables = [table for table in (Person, Contact) if colon and schema.name(table) == title_given] or [Person, Contact]
    key = rest if len(tables) == 1 else person
    about: dict[tuple[str, int], tuple[type[Table], Row]] = {}
    addresses = {key.lower()}
    while True:
        found = [pair for table in tables for pair in await _rows_with(book, table, key, sorted(addresses))]
        about |= {(schema.name(table), row["id"]): (table, row) for table, row in found}
        values = [value for table, row in found for value in await _values_of(book, table, row) if value["name"] == "email"]
        if addresses >= (known := {value["value"].lower() for value in values}):
            break
        addresses |= known
    if not about:
        raise Misused(f"nobody is recorded as {person!r}: give the key of a person or contact, or an e-mail address")
    if len({table for table, row in about.values() if row["key"] == key}) > 1:
        raise Misused(f"{key!r} is the key of a person and of a contact: say person:{key} or contact:{key}")
    return list(about.values())


async def _rows_with(book: Book, table: type[Table], key: str, addresses: list[str]) -> list[tuple[type[Table], Row]]:
    title = schema.name(table)
    rows = await book.at.fetch(
        f"""select to_jsonb(t.*)::text from "{title}" t where thing in (
            select thing from "{title}" where key = $1 or lower(email) = any($2)
            union
            select r.thing from "{title}" r join journal_entry e on e."table" = '{title}' and e."row" = r.id
            join journal_value v using (sequence) where v.name = 'email' and lower(v.value) = any($2)
        ) order by id for update""",
        key,
        addresses,
    )
    return [(table, msgspec.json.decode(row[0])) for row in rows]


async def _values_of(book: Book, table: type[Table], row: Row) -> list[Any]:
    return list(
        await book.at.fetch(
            """select v.name, v.value from journal_value v join journal_entry e using (sequence)
            where e."table" = $1 and e."row" = $2 and v.name <> 'why'""",
            schema.name(table),
            row["id"],
        )
    )


async def _take_out(book: Book, named: Named, emptied: set[tuple[str, int]]) -> list[str]:
    """Takes the person out of every personal text of other rows, and out of the values and reasons behind old entries."""
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
    await book.at.execute("delete from journal_value where id = any($1)", gone)
    return texts


async def _still_named(book: Book, named: Named) -> list[str]:
    """Columns that are not personal and named the person at any time: their entries hold it for good."""
    left: dict[str, None] = {}
    async for title, text in book.at.cursor('select "table", image::text from journal_entry order by sequence'):
        if named.found_in(text):
            row = msgspec.json.decode(text)
            left |= {f"{title} {row['key']} {key}": None for key, value in row.items() if named.found_in(str(value))}
    return list(left)
