"""People and roles: who may act, as what, since when; locked and opened again. One administrator always stays.

A password stands in no fact: it is made here, told once, and changed by the person before anything else is opened.
"""

import re
import secrets
from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect, Template

from registry import access, database, journal, once, people, schema, told
from registry.access import Permission, Visitor
from registry.errors import Refused, Stale
from registry.journal import Book, Row
from registry.tables import Person
from registry.vocabulary import EntryKind, PersonRole
from registry.web import now, page, see_other, segment

NEEDS = {"needs": Permission.PEOPLE}
IN_FORCE = "p.since <= $1 and (p.until is null or p.until > $1)"
LAST = (
    "This is the last administrator who may act: without one nobody could add people or open a lock again. "
    "Make somebody else an administrator first"
)
DOES = {
    PersonRole.PROCUREMENT: "registers vendors and keeps their records, answers reviews",
    PersonRole.DPO: "decides at the gate, stops flows, keeps records, takes reports away",
    PersonRole.AUDITOR: "reads everything, takes reports away, writes nothing",
    PersonRole.ADMIN: "adds people, gives roles and passwords, locks; decides nothing about vendors",
}


class Given(msgspec.Struct):
    """What the forms of this page give, as typed."""

    name: str = ""
    email: str = ""
    role: str = ""
    ends: str = ""
    endless: str = ""
    why: str = ""
    row: str = ""
    version: str = ""


Form = Annotated[Given, Body(media_type=RequestEncodingType.URL_ENCODED)]

_PEOPLE = f"""
select distinct on (p.thing) p.id, p.key, p.name, p.email, p.role, p.since, p.until, p.version, p.ends, {IN_FORCE} as may_act,
    c.person is not null as has_password, coalesce(c.given, false) as password_due,
    (select max(s.began) from session s where s.person = p.key) as signed_in,
    (select count(*) from session s where s.person = p.key and s.revoked is null and s.ends > $2 and s.seen > $3) as sessions
from person p left join credential c on c.person = p.key
where $4 = '' or p.key = $4 order by p.thing, (p.until = p.since) nulls first, p.since desc, p.id desc"""


async def _people(at: Any, today: date, key: str = "") -> list[dict[str, Any]]:
    rows = await at.fetch(_PEOPLE, today, now(), now() - access.IDLE, key)
    found = [dict(row) | {"ends": access.time_of(row["ends"])} for row in rows]
    for row in found:
        row["ended"] = row["ends"] is not None and row["ends"] <= now()
    return sorted(found, key=lambda row: (not row["may_act"], str(row["name"] or "~").casefold()))


@get("/people", opt=NEEDS)
async def people_page(visitor: Visitor, bar: Any) -> Template:
    """Everybody who may act or might once, those who may first."""
    async with database.as_known(None) as at:
        rows = await _people(at, bar.today)
    return page("people", visitor=visitor, bar=bar, rows=rows)


@get("/people/new", opt=NEEDS)
async def new_page(visitor: Visitor, bar: Any) -> Template:
    return _new(visitor, bar, Given(), {})


def _new(visitor: Visitor, bar: Any, typed: Given, errors: dict[str, str]) -> Template:
    return page("person-new", 422 if errors else 200, visitor=visitor, bar=bar, typed=typed, errors=errors, does=DOES)


@post("/people/new", opt=NEEDS)
async def add(visitor: Visitor, bar: Any, data: Form, sent: str) -> Template:
    """Adds a person; the password that was made for them is told in the answer, and never again."""
    data.name, data.email = (text.replace("\x00", "").strip() for text in (data.name, data.email))
    errors = {}
    if not data.name:
        errors["name"] = "Say what the person is called."
    if not re.fullmatch(people.ADDRESS, data.email):
        errors["email"] = "Write the address with which the person signs in, such as ann@house.example."
    if data.role not in set(PersonRole):
        errors["role"] = "Choose what the person may do."
    ends, wrong = access.end_of(data.ends, data.endless, now()) if data.role == PersonRole.AUDITOR else (None, "")
    if wrong:
        errors["ends"] = wrong
    if errors:
        return _new(visitor, bar, data, errors)
    password = secrets.token_urlsafe(12)
    try:
        key = await people.add_person(
            data.name, data.email, PersonRole(data.role), bar.today, password, visitor.key, given=True, sent=sent, ends=ends
        )
    except Refused as error:
        field, _, said = str(error).partition(": ")
        return _new(visitor, bar, data, {field: f"{said}."})
    return page(
        "person-password", 201, visitor=visitor, bar=bar, key=key, person=data.name, email=data.email, password=password
    )


@get("/people/{key:str}", opt=NEEDS)
async def person_page(visitor: Visitor, bar: Any, key: str) -> Template:
    return await _person(visitor, bar, key)


async def _person(
    visitor: Visitor, bar: Any, key: str, status: int = 200, wrong: str = "", typed: Given | None = None
) -> Template:
    async with database.as_known(None) as at:
        found = await _people(at, bar.today, key)
        if not found:
            raise NotFoundException
        rows = await told.periods(at, Person, key)
        history = await told.history(at, Person, rows[0]["thing"], {})
        open_ones = await access.sessions_of(key, now())
    return page(
        "person",
        status,
        visitor=visitor,
        bar=bar,
        one=found[0],
        told=history,
        sessions=open_ones,
        does=DOES,
        wrong=wrong,
        typed=typed or Given(),
    )


@post("/people/{key:str}/role", opt=NEEDS)
async def change_role(visitor: Visitor, bar: Any, key: str, data: Form, sent: str) -> Template | Redirect:
    """From today on the person has another role; of an auditor it must be said until when, or that there is no end."""
    if data.role not in set(PersonRole):
        return await _person(visitor, bar, key, 422, "Choose the role that the person is to have.", data)

    async def other(book: Book, row: Row) -> None:
        if row["role"] == data.role:
            raise Refused(f"The person is {PersonRole(data.role)} already: choose another role")
        ends = row["ends"]
        if data.role == PersonRole.AUDITOR and ends is None:
            ends, wrong = access.end_of(data.ends, data.endless, now())
            if wrong:
                raise Refused(wrong.removesuffix("."))
        await _from_today(book, row, bar.today, role=data.role, ends=ends)

    return await _written(visitor, bar, key, data, sent, other, leaves_admin=data.role != PersonRole.ADMIN)


@post("/people/{key:str}/end", opt=NEEDS)
async def change_end(visitor: Visitor, bar: Any, key: str, data: Form, sent: str) -> Template | Redirect:
    """Until when an auditor may sign in. An empty field says nothing: that there is to be no end must be said."""

    async def other(book: Book, row: Row) -> None:
        if row["role"] != PersonRole.AUDITOR and row["ends"] is None:
            raise Refused("Only an auditor's access has an end: lock the person instead")
        ends, wrong = access.end_of(data.ends, data.endless, now())
        if wrong:
            raise Refused(wrong.removesuffix("."))
        if ends == row["ends"]:
            raise Refused("This is the end that stands already: choose another one")
        await _from_today(book, row, bar.today, ends=ends)

    return await _written(visitor, bar, key, data, sent, other)


@post("/people/{key:str}/lock", opt=NEEDS)
async def lock(visitor: Visitor, bar: Any, key: str, data: Form, sent: str) -> Template | Redirect:
    """From today on the person may not act; every session ends."""

    async def locked(book: Book, row: Row) -> None:
        await book.end(Person, [(row["id"], row["version"])], bar.today)

    answer = await _written(visitor, bar, key, data, sent, locked, leaves_admin=True)
    if isinstance(answer, Redirect):
        await access.revoke_all(key, now())
    return answer


@post("/people/{key:str}/unlock", opt=NEEDS)
async def unlock(visitor: Visitor, bar: Any, key: str, data: Form, sent: str) -> Template | Redirect:
    """From today on the person may act again, as what they were."""

    async def opened(book: Book, row: Row) -> None:
        if not row["name"]:
            raise Refused("This person has been erased: add them anew")
        if await people.signs_in_with(book, row["email"], bar.today):
            raise Refused("Somebody else who may act signs in with this address: lock that person first")
        begun = {name: value for name, value in row.items() if name not in {"id", "version"}}
        begun |= {"since": bar.today.isoformat(), "until": None}
        await book.record(Person, begun, kind=EntryKind.CHANGED)

    return await _written(visitor, bar, key, data, sent, opened, acting=False)


async def _written(
    visitor: Visitor,
    bar: Any,
    key: str,
    data: Given,
    sent: str,
    change: Any,
    *,
    acting: bool = True,
    leaves_admin: bool = False,
) -> Template | Redirect:
    """Does one change to a person who may act (or may not), with its reason; what stands against it is said on the page."""
    where = f"/people/{segment(key)}"
    why = data.why.replace("\x00", "").strip()
    try:
        await once.seen(sent)
        if not why:
            raise Refused("Say why: it is kept in the history")
        async with journal.writing(visitor.key, why) as book:
            await once.take(book.at, sent, where)
            await people.one_at_a_time(book)
            row = await _standing(book, key, data)
            may_act = row["since"] <= bar.today.isoformat() and (row["until"] is None or row["until"] > bar.today.isoformat())
            if may_act is not acting:
                raise Stale("The person was locked meanwhile" if acting else "The person may act already", row["version"])
            if leaves_admin and row["role"] == PersonRole.ADMIN:
                await _keep_one_admin(book, key, bar.today)
            await change(book, row)
    except Stale as error:
        return await _person(visitor, bar, key, 409, f"{error}. Nothing was changed: see below how it stands now.", data)
    except Refused as error:
        return await _person(visitor, bar, key, 422, f"{error}.", data)
    return see_other(where)


async def _standing(book: Book, key: str, data: Given) -> Row:
    """The person's last period; raises Stale where it is not the one that the page showed."""
    if not await told.periods(book.at, Person, key):
        raise NotFoundException
    row = await journal.current(book.at, Person, key)
    if (str(row["id"]), str(row["version"])) != (data.row, data.version):
        raise Stale("Somebody else changed this person meanwhile", row["version"])
    return row


async def _keep_one_admin(book: Book, key: str, today: date) -> None:
    """Raises Refused where nobody else is an administrator who can sign in."""
    rows = await book.at.fetch(
        f"""select p.key from person p join credential c on c.person = p.key
        where p.role = $2 and p.ends is null and {IN_FORCE}""",
        today,
        PersonRole.ADMIN.value,
    )
    if not {row["key"] for row in rows} - {key}:
        raise Refused(LAST)


async def _from_today(book: Book, row: Row, today: date, **values: Any) -> None:
    """A day has one answer: what began today is corrected, what stands longer changes."""
    if row["since"] == today.isoformat():
        await book.correct(Person, row, **values)
    else:
        await book.change(Person, row, today, **values)


@post("/people/{key:str}/password", opt=NEEDS)
async def give_password(visitor: Visitor, bar: Any, key: str) -> Template | Redirect:
    """A new password, told once; every session of the person ends."""
    async with database.as_known(None) as at:
        found = await _people(at, bar.today, key)
    if not found:
        raise NotFoundException
    if key == visitor.key:
        return see_other("/me")
    password = secrets.token_urlsafe(12)
    await access.set_password(key, password, given=True)
    await access.revoke_all(key, now())
    await access.look(visitor.key, "gave a password", f"{schema.name(Person)}/{key}")
    name, email = found[0]["name"] or key, found[0]["email"] or ""
    return page("person-password", visitor=visitor, bar=bar, key=key, person=name, email=email, password=password)


@post("/people/{key:str}/sessions", opt=NEEDS)
async def end_sessions(visitor: Visitor, bar: Any, key: str) -> Redirect:
    """Ends every session of a person; one's own goes on."""
    async with database.as_known(None) as at:
        if not await _people(at, bar.today, key):
            raise NotFoundException
    await access.revoke_all(key, now(), visitor.session if key == visitor.key else 0)
    await access.look(visitor.key, "ended sessions", f"{schema.name(Person)}/{key}")
    return see_other(f"/people/{segment(key)}")


ROUTES = [people_page, new_page, add, person_page, change_role, change_end, lock, unlock, give_password, end_sessions]
