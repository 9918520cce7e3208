"""One record of any table of facts: its periods, its history, and the one editor that all of them share."""

from datetime import date, timedelta
from typing import Any

import asyncpg
import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template
from piccolo.table import Table

from registry import access, database, documents, filing, forms, journal, once, register, schema, tables, told
from registry.access import Permission, Visitor
from registry.errors import Refused, Stale
from registry.forms import Errors, Field, Typed
from registry.journal import Row
from registry.told import HIDDEN
from registry.vocabulary import EntryKind
from registry.web import page, see_other, segment

LOOK, EDIT = {"needs": Permission.LOOK}, {"needs": Permission.REGISTER}
Asking = Request[Any, Any, Any]
A_PAGE = 50
FIXED = {*HIDDEN, "document", "signing_key", "erased", "law_pack", "reverification"}  # nor edited: they have doors of their own
KINDS = {
    "changed": "It changed on a day, and reads like this from then on",
    "ended": "It ended: it is no longer so",
    "corrected": "We had it wrong: it always was like this",
    "voided": "It was recorded by mistake: it counts on no day",
}
OWN = (
    Field("kind", "What happened?", "radio", required=True, options=tuple(KINDS.items())),
    Field("on", "On which day did it change?", "date", "The first day on which it reads like this"),
    Field("last_day", "Which was the last day?", "date", "The last day on which it was still so"),
    Field("why", "Why?", "textarea", "Kept in the history. Say it where we had it wrong, or where it was a mistake"),
    Field("first_day", "First day, where we had it wrong", "date", "Only where the day above was wrong as well"),
)


@get("/records/{table:str}", opt={"needs": Permission.REPORT})
async def listed(visitor: Visitor, bar: Any, table: str, q: str = "", number: int = 1) -> Template:
    """Every record of a table, a page at a time; q is looked for in its key and in what it is called."""
    kind = _table(table, HIDDEN)
    q, number = q.strip().replace("\x00", "")[:200], max(1, min(number, 10**6))
    async with database.as_known(None) as at:
        count, rows = await told.listed(at, kind, q, A_PAGE, (number - 1) * A_PAGE)
        names = await told.names_in(at, kind, rows)
    shown = [(row, told.in_short(kind, row, names), told.standing(row)) for row in rows]
    pages = max(1, -(-count // A_PAGE))
    context: dict[str, Any] = {
        "table": table,
        "q": q,
        "number": number,
        "pages": pages,
        "count": count,
        "rows": shown,
    }
    return page("record-list", visitor=visitor, bar=bar, here="/records", **context)


@get("/records/{table:str}/{key:str}", opt=LOOK)
async def record(visitor: Visitor, bar: Any, table: str, key: str) -> Template:
    """All periods of a thing, and everything that was ever written about it."""
    kind = _table(table, HIDDEN)
    async with database.as_known(None) as at:
        rows = await told.periods(at, kind, key)
        if not rows:
            raise NotFoundException
        names = await told.names_of(at, kind, rows)
        history = await told.history(at, kind, rows[0]["thing"], names)
        periods = [(row, told.standing(row), told.in_words(kind, row, names)) for row in rows]
        refers = await told.references(at, kind, rows[0])
    await access.look(visitor.key, "opened", f"{table}/{key}")
    return page(
        "record",
        visitor=visitor,
        bar=bar,
        here="/records",
        table=table,
        key=key,
        periods=periods,
        told=history,
        refers=refers,
        editable=visitor.may(Permission.REGISTER) and _editable(kind),
    )


@get("/records/{table:str}/{key:str}/edit", opt=EDIT)
async def edit_page(visitor: Visitor, bar: Any, table: str, key: str, since: str | None = None) -> Template:
    kind = _table(table, FIXED)
    async with database.as_known(None) as at:
        row, keyed, fields = await _opened(at, kind, key, _day(since))
        today = await journal.today(at)
    words = forms.shown(fields, keyed) | {"on": [today.isoformat()], "kind": []}
    return _edit(visitor, bar, kind, row, fields, words, {})


@post("/records/{table:str}/{key:str}/edit", opt=EDIT)
async def edit(request: Asking, visitor: Visitor, bar: Any, table: str, key: str, sent: str) -> Template | Redirect:
    """Writes what became of a record. An edit that another came before is kept, and shown beside the other."""
    kind = _table(table, FIXED)
    form = await request.form()
    given = forms.typed(form, ["row", "version"])
    number, version = (_number(given[name]) for name in ("row", "version"))
    async with database.as_known(None) as at:
        row, keyed, fields = await _opened(at, kind, key, None, number)
    words = forms.typed(form, [field.name for field in (*fields, *OWN)])
    if (row["id"], row["version"]) != (number, version):
        await once.seen(sent)
        return await _stale(visitor, bar, kind, key, number, version, fields, words)
    values, errors = forms.bind(_bound(fields, words), words)
    own, more = forms.bind(OWN, words)
    file, wrong = await filing.brought(form)
    errors |= more | wrong
    if file and "document" in values:
        values["document"] = file.key
    if not errors:
        errors |= _wrong(own, {name: value for name, value in values.items() if value != keyed.get(name)}, file)
    if errors:
        return _edit(visitor, bar, kind, row, fields, words, errors)
    given_row = _altered(key, row, keyed, values, own)
    try:
        async with journal.writing(visitor.key, own["why"]) as book:
            await once.take(book.at, sent, told.address(table, key))
            await _still(book.at, kind, row["id"], version)
            if file:
                given_row["document"] = (await documents.file(book, file))["key"]
            await register.write(book, register.checked({table: [given_row]}), demo=await journal.is_demo(book.at))
    except Stale:
        return await _stale(visitor, bar, kind, key, number, version, fields, words)
    except Refused as error:
        return _edit(visitor, bar, kind, row, fields, words, {"": _reason(str(error))})
    return see_other(told.address(table, key))


@get("/records/{table:str}/new", opt=EDIT)
async def new_page(request: Asking, visitor: Visitor, bar: Any, table: str) -> Template:
    """An empty record; what the address says already stands in it."""
    kind = _table(table, FIXED)
    fields, today = await _empty(kind)
    names = [field.name for field in fields]
    words = {name: request.query_params.getall(name, []) for name in names}
    words["since"] = words["since"] or [today.isoformat()]
    return _new(visitor, bar, kind, fields, words, {})


@post("/records/{table:str}/new", opt=EDIT)
async def new(request: Asking, visitor: Visitor, bar: Any, table: str, sent: str) -> Template | Redirect:
    kind = _table(table, FIXED)
    fields, _ = await _empty(kind)
    form = await request.form()
    words = forms.typed(form, [field.name for field in fields])
    values, errors = forms.bind(fields, words)
    file, wrong = await filing.brought(form)
    if file and "document" in values:
        values["document"] = file.key
    if errors := errors | wrong:
        return _new(visitor, bar, kind, fields, words, errors)
    row = {name: value for name, value in values.items() if value is not None}
    try:
        async with database.single() as at:
            row["key"] = await forms.fresh(at, table, _name(table, row, fields))
        leads_to = _afterwards(table, row)
        if file is None:
            await register.record_new(visitor.key, table, row, sent, leads_to)
            return see_other(leads_to)
        async with journal.writing(visitor.key) as book:
            await once.take(book.at, sent, leads_to)
            row["document"] = (await documents.file(book, file))["key"]
            await register.write(book, register.checked({table: [row]}), demo=await journal.is_demo(book.at))
    except Refused as error:
        return _new(visitor, bar, kind, fields, words, {"": _reason(str(error))})
    return see_other(leads_to)


def _afterwards(table: str, row: Row) -> str:
    """Where a new record is looked at: what a vendor told us, on the vendor's own page."""
    return f"/vendors/{segment(row['vendor'])}#notices" if table == "notice" else told.address(table, row["key"])


def _table(title: str, hidden: set[str]) -> type[Table]:
    """The table of a name in an address; one of another app is shown, and edited nowhere."""
    found = schema.by_name().get(title)
    if found is None or title in hidden or (hidden is FIXED and not _editable(found)):
        raise NotFoundException
    return found


def _editable(table: type[Table]) -> bool:
    return table.__module__ == tables.__name__ and schema.name(table) not in FIXED


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NotFoundException from error


def _number(words: list[str]) -> int:
    text = next(iter(words), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


async def _opened(
    at: asyncpg.Connection, table: type[Table], key: str, since: date | None, number: int = 0
) -> tuple[Row, Row, list[Field]]:
    """The period to edit (of that number, of that day, or the last), the same with keys, and the fields."""
    rows = await told.periods(at, table, key)
    if not rows:
        raise NotFoundException
    row = next((one for one in rows if one["id"] == number), None)
    row = row or next((one for one in rows if since and one["since"] == since.isoformat()), None)
    if row is None and since:
        raise NotFoundException
    row = row or next((one for one in rows if one["until"] != one["since"]), rows[0])
    keyed = told.keyed(table, row, await told.names_of(at, table, [row]))
    return row, keyed, forms.holding(await forms.fields(at, table), keyed)


def _bound(fields: list[Field], words: Typed) -> list[Field]:
    """The fields to look at: what ended or was a mistake says nothing else."""
    return fields if words.get("kind", [])[:1] in ([], ["changed"], ["corrected"]) else []


def _wrong(own: dict[str, Any], differing: Row, file: documents.File | None) -> Errors:
    kind = own["kind"]
    if file and kind in {"ended", "voided"}:
        return {"document": "A file goes with a change, or with what we had wrong: take it out, or choose one of these above."}
    if kind in {"corrected", "voided"} and not own["why"]:
        return {"why": "Say why: it is kept in the history beside what stood there before."}
    if kind == "changed" and not own["on"]:
        return {"on": "Say on which day it changed."}
    if kind == "ended" and not own["last_day"]:
        return {"last_day": "Say which day was the last."}
    spoken = bool(differing) or (kind == "corrected" and (own["first_day"] or own["last_day"]))
    if kind in {"changed", "corrected"} and not spoken:
        return {"": "Nothing reads otherwise than before: change what is to be changed."}
    return {}


def _altered(key: str, row: Row, keyed: Row, values: Row, own: dict[str, Any]) -> Row:
    """The row as a file would say that it changed, ended, was wrong or a mistake."""
    kind = own["kind"]
    differing = {name: value for name, value in values.items() if value != keyed.get(name)}
    entry = {"kind": EntryKind.CHANGED if kind == "ended" else kind, "why": own["why"], "since": row["since"]}
    if kind == "changed":
        differing["since"] = own["on"]
    elif own["last_day"] and kind in {"ended", "corrected"}:
        differing["until"] = (date.fromisoformat(own["last_day"]) + timedelta(days=1)).isoformat()
    if kind == "corrected" and own["first_day"]:
        differing["since"] = own["first_day"]
    return {"key": key, **(differing if kind != "voided" else {}), "entry": entry}


async def _still(at: asyncpg.Connection, table: type[Table], number: int, version: int) -> None:
    """Holds the row, if it is still the one that was shown. Raises Stale otherwise."""
    title = schema.name(table)
    stands = await at.fetchval(f'select version from "{title}" where id = $1 for update', number)
    if stands != version:
        raise Stale(f"{title}: was changed by somebody else", stands or 0)


async def _stale(
    visitor: Visitor, bar: Any, table: type[Table], key: str, number: int, version: int, fields: list[Field], words: Typed
) -> Template:
    """What was typed, beside what the other wrote and what stood there before; sent again it is a conscious act."""
    async with database.as_known(None) as at:
        rows = await told.periods(at, table, key)
        row, stands_keyed, _ = await _opened(at, table, key, None)
        names = await told.names_of(at, table, rows)
        then = await at.fetchval(
            'select image::text from journal_entry where "table" = $1 and "row" = $2 and version = $3',
            schema.name(table),
            number,
            version,
        )
        history = await told.history(at, table, row["thing"], names)
        was_secret = await _personal_then(at, table, number, version)
    image = msgspec.json.decode(then) | was_secret if then and number in {one["id"] for one in rows} else {}
    was, stands = forms.shown(fields, told.keyed(table, image, names)), forms.shown(fields, stands_keyed)
    beside = []
    for field in fields:
        three = [_lines(found.get(field.name, [])) for found in (was, stands, words)]
        if three[2] != three[1] or three[0] != three[1]:
            beside.append((field, *three))
    return _edit(visitor, bar, table, row, fields, words, {}, 409, beside=beside, other=history[0] if history else None)


async def _personal_then(at: asyncpg.Connection, table: type[Table], number: int, version: int) -> Row:
    """The personal values of an entry, whose image holds commitments alone; what has been erased is empty."""
    rows = await at.fetch(
        """select v.name, v.value from journal_value v join journal_entry e using (sequence)
        where e."table" = $1 and e."row" = $2 and e.version = $3""",
        schema.name(table),
        number,
        version,
    )
    return dict.fromkeys(schema.personal(table)) | {name: value for name, value in rows if name != schema.WHY}


def _lines(words: list[str]) -> list[str]:
    """What was typed, line by line, for comparison."""
    return [line.strip() for word in words for line in word.splitlines() if line.strip()]


def _edit(
    visitor: Visitor,
    bar: Any,
    table: type[Table],
    row: Row,
    fields: list[Field],
    words: Typed,
    errors: Errors,
    status: int = 0,
    **more: Any,
) -> Template:
    context = {"beside": [], "other": None} | more
    own = {field.name: field for field in OWN}
    title = schema.name(table)
    return page(
        "record-edit",
        status or (422 if errors else 200),
        visitor=visitor,
        bar=bar,
        here="/records",
        table=title,
        key=row["key"],
        row=row,
        since=told.standing(row)[0],
        fields=forms.of_country(fields, next(iter(words.get("country", ())), "")),
        own=own,
        words=words,
        errors=errors,
        **context,
    )


def _new(visitor: Visitor, bar: Any, table: type[Table], fields: list[Field], words: Typed, errors: Errors) -> Template:
    return page(
        "record-new",
        422 if errors else 200,
        visitor=visitor,
        bar=bar,
        here="/records",
        table=schema.name(table),
        fields=forms.of_country(fields, next(iter(words.get("country", ())), "")),
        words=words,
        errors=errors,
    )


async def _empty(table: type[Table]) -> tuple[list[Field], date]:
    async with database.as_known(None) as at:
        since = forms.field(table, "since", label="Since when is this so?", hint="The first day on which it is so")
        return [*await forms.fields(at, table), since], await journal.today(at)


def _name(title: str, row: Row, fields: list[Field]) -> str:
    """What a new key is made of: never a natural person's name."""
    if title == "contact":
        return f"{row['party']} {row['capacity']}"
    if "name" in row:
        return str(row["name"])
    naming = "vendor activity engagement party importer processor framework instrument measure sub_processor country kind"
    return " ".join(str(row[name]) for name in naming.split() if name in row) or title


def _reason(told: str) -> str:
    return f"This cannot be recorded. {told}."


ROUTES = [listed, record, edit_page, edit, new_page, new]
