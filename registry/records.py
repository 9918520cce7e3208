"""One record of any table of facts: its periods, its history, and the one editor that all of them share."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template
from piccolo.table import Table

from registry import access, database, forms, journal, register, schema, tables
from registry.access import Permission, Visitor
from registry.errors import Refused, Stale
from registry.forms import Errors, Field, Typed
from registry.journal import Row
from registry.vocabulary import EntryKind
from registry.web import page, see_other

LOOK, EDIT = {"needs": Permission.LOOK}, {"needs": Permission.REGISTER}
Asking = Request[Any, Any, Any]
HIDDEN = {"register", "person"}  # not shown here: a person is an administrator's affair
FIXED = {*HIDDEN, "document"}  # nor edited: bytes are what they are
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


class Told(msgspec.Struct, frozen=True):
    """One entry of a record's history, in words: each change as column, before, after."""

    at: Any
    who: str
    kind: str
    why: str
    changes: list[tuple[str, str, str]]


@get("/records/{table:str}/{key:str}", opt=LOOK)
async def record(visitor: Visitor, bar: Any, table: str, key: str) -> Template:
    """All periods of a thing, and everything that was ever written about it."""
    kind = _table(table, HIDDEN)
    async with database.as_known(None) as at:
        rows = await _periods(at, kind, key)
        if not rows:
            raise NotFoundException
        names = await _names(at, kind, rows)
        told = await _history(at, kind, rows[0]["thing"], names)
        periods = [(row, _standing(row), _in_words(kind, row, names)) for row in rows]
        refers = await _references(at, kind, rows[0])
    await access.look(visitor.key, "opened", f"{table}/{key}")
    return page(
        "record",
        visitor=visitor,
        bar=bar,
        here="/records",
        table=table,
        key=key,
        periods=periods,
        told=told,
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
async def edit(request: Asking, visitor: Visitor, bar: Any, table: str, key: str) -> Template | Redirect:
    """Writes what became of a record. An edit that another came before is kept, and shown beside the other."""
    kind = _table(table, FIXED)
    form = await request.form()
    given = forms.typed(form, ["row", "version"])
    number, version = (_number(given[name]) for name in ("row", "version"))
    async with database.as_known(None) as at:
        row, keyed, fields = await _opened(at, kind, key, None, number)
    words = forms.typed(form, [field.name for field in (*fields, *OWN)])
    if (row["id"], row["version"]) != (number, version):
        return await _stale(visitor, bar, kind, key, number, version, fields, words)
    values, errors = forms.bind(_bound(fields, words), words)
    own, more = forms.bind(OWN, words)
    errors |= more
    if not errors:
        errors |= _wrong(own, {name: value for name, value in values.items() if value != keyed.get(name)})
    if errors:
        return _edit(visitor, bar, kind, row, fields, words, errors)
    given_row = _altered(key, row, keyed, values, own)
    try:
        async with journal.writing(visitor.key, own["why"]) as book:
            await _still(book.at, kind, row["id"], version)
            await register.write(book, register.checked({table: [given_row]}), demo=await journal.is_demo(book.at))
    except Stale:
        return await _stale(visitor, bar, kind, key, number, version, fields, words)
    except Refused as error:
        return _edit(visitor, bar, kind, row, fields, words, {"": _reason(str(error))})
    return see_other(_address(table, key))


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
async def new(request: Asking, visitor: Visitor, bar: Any, table: str) -> Template | Redirect:
    kind = _table(table, FIXED)
    fields, _ = await _empty(kind)
    words = forms.typed(await request.form(), [field.name for field in fields])
    values, errors = forms.bind(fields, words)
    if errors:
        return _new(visitor, bar, kind, fields, words, errors)
    row = {name: value for name, value in values.items() if value is not None}
    try:
        async with journal.writing(visitor.key) as book:
            row["key"] = await forms.fresh(book.at, table, _name(table, row, fields))
            await register.write(book, register.checked({table: [row]}), demo=await journal.is_demo(book.at))
    except Refused as error:
        return _new(visitor, bar, kind, fields, words, {"": _reason(str(error))})
    return see_other(_address(table, row["key"]))


def _address(table: str, key: str) -> str:
    return f"/records/{quote(table, safe='')}/{quote(key, safe='')}"


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


async def _periods(at: asyncpg.Connection, table: type[Table], key: str) -> list[Row]:
    rows = await at.fetch(
        f'select {journal.image(table)} from "{schema.name(table)}" where key = $1 order by since desc, id desc', key
    )
    return [msgspec.json.decode(text) for (text,) in rows]


async def _names(at: asyncpg.Connection, table: type[Table], rows: list[Row]) -> dict[tuple[str, int], tuple[str, str]]:
    """For each thing that a table's rows may name: its key, and what it is called."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for target in set(schema.links(table).values()):
        called = dict(await forms.named(at, target))
        things = await at.fetch(f'select thing, key from "{target}" where thing = id')
        found |= {(target, thing): (key, called.get(key, key)) for thing, key in things}
    return found


def _keyed(table: type[Table], row: Row, names: dict[tuple[str, int], tuple[str, str]]) -> Row:
    """The row as a file has it: keys in the place of ids."""
    links = schema.links(table)
    return {name: names[links[name], value][0] if name in links and value is not None else value for name, value in row.items()}


def _in_words(table: type[Table], row: Row, names: dict[tuple[str, int], tuple[str, str]]) -> list[tuple[str, str, str]]:
    """What a row says, as label, words and the address of what it names; what is not recorded is left to the end."""
    said = []
    for name in schema.columns(table):
        if name in {*schema.OWN, *schema.contents(table), "key", "since", "until"}:
            continue
        target = schema.links(table).get(name)
        value = row.get(name)
        link = _address(target, names[target, value][0]) if target and value is not None and target not in HIDDEN else ""
        said.append((name, _said(table, name, value, names), link))
    return sorted(said, key=lambda one: not one[1])


def _said(table: type[Table], name: str, value: Any, names: dict[tuple[str, int], tuple[str, str]]) -> str:
    target = schema.links(table).get(name)
    if value is None or value == []:
        return ""
    if target:
        return names.get((target, value), ("", str(value)))[1]
    if isinstance(value, bool):
        return "yes" if value else "no"
    column = schema.columns(table).get(name)
    offered = dict(forms.field(table, name).options) if column is not None else {}
    listed = value if isinstance(value, list) else [value]
    return ", ".join(offered.get(str(one), str(one)) for one in listed)


def _standing(row: Row) -> tuple[date, date | None, bool]:
    """First day, last day, and whether the row is voided."""
    since, until = date.fromisoformat(row["since"]), row["until"] and date.fromisoformat(row["until"])
    return since, until and until - timedelta(days=1), since == until


async def _history(
    at: asyncpg.Connection, table: type[Table], thing: int, names: dict[tuple[str, int], tuple[str, str]]
) -> list[Told]:
    """Who wrote what about a thing, the newest first; what has been erased stays so."""
    title = schema.name(table)
    rows = await at.fetch(
        f"""select e.at, e.who, e.kind, e."row", e.image::text, coalesce(p.name, e.who), coalesce(
            (select jsonb_object_agg(v.name, v.value) from journal_value v where v.sequence = e.sequence), '{{}}')::text
        from journal_entry e left join lateral
            (select name from person p where p.key = e.who and p.name is not null order by p.id desc limit 1) p on true
        where e."table" = $1 and e."row" in (select id from "{title}" where thing = $2) order by e.sequence""",
        title,
        thing,
    )
    told: list[Told] = []
    before: dict[int, Row] = {}
    for when, _, kind, number, image, person, behind in rows:
        values = msgspec.json.decode(behind)
        after: Row = msgspec.json.decode(image)
        for name in schema.personal(table):
            if after.get(name) is not None:
                after[name] = values.get(name, "(erased)")
        was = before.get(number, {})
        changes = [
            (name, _said(table, name, was.get(name), names), _said(table, name, after.get(name), names))
            for name in schema.columns(table)
            if name not in {*schema.OWN, *schema.contents(table), "key"} and was.get(name) != after.get(name)
        ]
        before[number] = after
        told.append(Told(when, person, kind, values.get(schema.WHY, ""), changes))
    return told[::-1]


async def _references(at: asyncpg.Connection, table: type[Table], row: Row) -> list[tuple[str, str]]:
    """The records of facts that name this one, at most twenty of a table."""
    title = schema.name(table)
    found: list[tuple[str, str]] = []
    for other in schema.tables():
        columns = [name for name, target in schema.links(other).items() if target == title]
        if columns and schema.name(other) not in HIDDEN:
            where = " or ".join(f'"{name}" = $1' for name in columns)
            keys = await at.fetch(
                f'select distinct key from "{schema.name(other)}" where ({where}) order by key limit 20', row["thing"]
            )
            found += [(schema.name(other), key) for (key,) in keys]
    return found


async def _opened(
    at: asyncpg.Connection, table: type[Table], key: str, since: date | None, number: int = 0
) -> tuple[Row, Row, list[Field]]:
    """The period to edit (of that number, of that day, or the last), the same with keys, and the fields."""
    rows = await _periods(at, table, key)
    if not rows:
        raise NotFoundException
    row = next((one for one in rows if one["id"] == number), None)
    row = row or next((one for one in rows if since and one["since"] == since.isoformat()), None)
    if row is None and since:
        raise NotFoundException
    row = row or next((one for one in rows if one["until"] != one["since"]), rows[0])
    return row, _keyed(table, row, await _names(at, table, [row])), await forms.fields(at, table)


def _bound(fields: list[Field], words: Typed) -> list[Field]:
    """The fields to look at: what ended or was a mistake says nothing else."""
    return fields if words.get("kind", [])[:1] in ([], ["changed"], ["corrected"]) else []


def _wrong(own: dict[str, Any], differing: Row) -> Errors:
    kind = own["kind"]
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
        rows = await _periods(at, table, key)
        row, keyed, _ = await _opened(at, table, key, None)
        names = await _names(at, table, rows)
        then = await at.fetchval(
            'select image::text from journal_entry where "table" = $1 and "row" = $2 and version = $3',
            schema.name(table),
            number,
            version,
        )
        told = await _history(at, table, row["thing"], names)
    before = _keyed(table, msgspec.json.decode(then), names) if then and number in {one["id"] for one in rows} else {}
    was, stands = forms.shown(fields, before), forms.shown(fields, keyed)
    secret = set(schema.personal(table))
    beside = []
    for field in fields:
        typed, now = _lines(words.get(field.name, [])), _lines(stands[field.name])
        then_stood = now if field.name in secret else _lines(was[field.name])
        if typed != now or then_stood != now:
            beside.append((field, [] if field.name in secret else then_stood, now, typed))
    return _edit(visitor, bar, table, row, fields, words, {}, 409, beside=beside, other=told[0] if told else None)


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
        since=_standing(row)[0],
        fields=fields,
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
        fields=fields,
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


ROUTES = [record, edit_page, edit, new_page, new]
