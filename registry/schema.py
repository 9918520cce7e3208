"""What follows from a table's columns: the Struct that checks a row, and the triggers and views that guard and fold it.

A column is described once, in `tables.py`. Nothing here knows what day it is or opens a connection.
"""

import datetime
import hashlib
import re
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from piccolo.columns import Array, Boolean, Bytea, Column, Date, ForeignKey
from piccolo.columns.column_types import BigInt, Integer, Text, Varchar
from piccolo.conf.apps import Finder
from piccolo.table import Table, sort_table_classes

from registry import door, past
from registry.errors import Refused
from registry.tables import Fact, Register, is_moment, is_personal
from registry.vocabulary import EntryKind

OWN = ("id", "thing", "version")  # columns that the journal fills, never a person
OWN_SCHEMAS = {"known": "[0-9a-f]{64}", "past": past.OURS}  # and what each says of itself
WHY = "(why)"  # the name of a reason among the values of an entry, which no column can have
LONGEST_NAME = 500  # signs: names stand in an index, which holds no more than 2,700 bytes of one
LINE = r"^[^\x00-\x1f\x7f-\x9f]*\Z"  # no control signs: PostgreSQL cannot hold NUL, and a terminal does as the others say
LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*\Z"  # of a longer text: tabs and ends of lines may stand in it
UNREADABLE = "holds a sign that cannot be read, such as NUL or ESC, or the end of a line where none may stand: take it out"
MOMENT = r"^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\dZ$"


class EntryNote(msgspec.Struct, forbid_unknown_fields=True):
    """What a row of a file says about its entry: which kind of change it is, of which row, and why.

    `since` names the period that is corrected or voided, where a thing has several; `who` is heeded in a demo alone.
    """

    kind: EntryKind = EntryKind.RECORDED
    why: Annotated[str, msgspec.Meta(pattern=LINES)] | None = None
    who: Annotated[str, msgspec.Meta(max_length=200, pattern=LINE)] | None = None
    since: datetime.date | None = None


def tables() -> list[type[Table]]:
    """Every journaled table of both apps, a table after those it refers to."""
    found = [table for table in Finder().get_table_classes() if issubclass(table, Fact)]
    return sort_table_classes(sorted(found, key=name))


@cache
def by_name() -> dict[str, type[Table]]:
    return {name(table): table for table in tables()}


def name(table: type[Table]) -> str:
    return str(table._meta.tablename)


@cache
def columns(table: type[Table]) -> dict[str, Column]:
    return {column._meta.name: column for column in table._meta.columns}


@cache
def personal(table: type[Table]) -> tuple[str, ...]:
    return tuple(key for key, column in columns(table).items() if is_personal(column))


@cache
def contents(table: type[Table]) -> tuple[str, ...]:
    """Columns whose bytes stay out of the entry, which holds their SHA-256 in another column."""
    return tuple(key for key, column in columns(table).items() if isinstance(column, Bytea))


def image(table: type[Table], alias: str | None = None) -> str:
    """The row as an entry holds it; bytes stay out, their SHA-256 is in another column."""
    bytes_out = "".join(f" - '{key}'" for key in contents(table))
    return f'(to_jsonb("{alias or name(table)}".*){bytes_out})'


@cache
def links(table: type[Table]) -> dict[str, str]:
    """The foreign keys of a table, and the tables whose things they name."""
    return {
        key: name(column._foreign_key_meta.resolved_references)
        for key, column in columns(table).items()
        if isinstance(column, ForeignKey)
    }


@cache
def struct(table: type[Table]) -> type[msgspec.Struct]:
    """The Struct of a table's row as a person, a file or the API gives it: references by key, unknown fields refused."""
    fields: list[tuple[str, Any, Any]] = []
    for key, column in columns(table).items():
        if key in OWN:
            continue
        kind = _type(column)
        if column._meta.required:
            fields.append((key, kind, msgspec.NODEFAULT))
        elif column._meta.null:
            fields.append((key, kind | None, None))
        else:
            fields.append((key, kind, column.get_default_value()))
    fields.append(("entry", EntryNote | None, None))
    return msgspec.defstruct(table.__name__, fields, kw_only=True, forbid_unknown_fields=True)


@cache
def altering(table: type[Table]) -> type[msgspec.Struct]:
    """The same, of a row that alters what is recorded: only the key must be named."""
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(struct(table)):
        default = field.default if field.name in {"key", "entry"} else msgspec.UNSET
        fields.append((field.name, field.type if field.name in {"key", "entry"} else field.type | msgspec.UnsetType, default))
    return msgspec.defstruct(table.__name__, fields, kw_only=True, forbid_unknown_fields=True)


def _type(column: Column) -> Any:
    """What a column's value may be; texts without control signs."""
    if column._meta.choices is not None:
        return Literal[tuple(choice.value for choice in column._meta.choices)]
    if isinstance(column, ForeignKey):
        return Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]
    if is_moment(column):
        return Annotated[str, msgspec.Meta(pattern=MOMENT)]
    if isinstance(column, (Varchar, Text)):
        shortest = 1 if column._meta.required else None
        longest = getattr(column, "length", None) or (LONGEST_NAME if column._meta.name == "name" else None)
        return Annotated[str, msgspec.Meta(min_length=shortest, max_length=longest, pattern=_signs(column))]
    if isinstance(column, Array):
        return list[_type(column.base_column)]  # type: ignore[misc]
    if isinstance(column, (BigInt, Integer)):
        return Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1 if isinstance(column, BigInt) else 2**31 - 1)]
    return {Boolean: bool, Date: datetime.date, Bytea: bytes}[type(column)]


def _signs(column: Column | None) -> str:
    """What a text may be made of: that of a column, or (None) a reason."""
    column = column.base_column if isinstance(column, Array) else column
    return LINES if column is None or (isinstance(column, Text) and column._meta.name != "name") else LINE


def legible(table: type[Table], values: dict[str, Any]) -> None:
    """Raises Refused for the first of a row's values, or the reason beside them, with a control sign in it."""
    for key, value in values.items():
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and not text.isprintable() and not re.match(_signs(columns(table).get(key)), text):
                raise Refused(f"{key.strip('()')}: {UNREADABLE}")


def statements() -> list[str]:
    """The SQL that guards the journal and every journaled table, and folds the past; may be run again."""
    return [
        *_FUNCTIONS,
        _in_order(),
        door.ENTER,
        *_JOURNAL,
        *(line for table in tables() for line in [*_guards(table), *_door(table), *past.statements(versioned(table))]),
        *past.keeping([versioned(table) for table in tables()]),
    ]


def guards() -> set[tuple[str, str]]:
    """The triggers that must stand, as (table, trigger)."""
    found = (re.match(r'alter table (?:public|past)\."(\w+)" enable always trigger (\w+)', line) for line in statements())
    return {(match[1], match[2]) for match in found if match}


def fingerprint(migrations: list[str]) -> str:
    """Names the shape of the database: the migrations applied and the statements above."""
    return hashlib.sha256("\n".join([*migrations, *statements()]).encode()).hexdigest()


# A plan is kept for as long as the connection: one made for a journal of a few entries would read all of a long one. So
# these read by index alone, and each query of theirs names a key.
BY_INDEX = "language plpgsql set enable_seqscan = off"
_FUNCTIONS = [
    "create schema if not exists known",
    "create schema if not exists past",
    f"comment on schema past is '{past.OURS}'",
    """create or replace function onward_refuse() returns trigger language plpgsql as $$
begin
    raise exception '% on % is refused: what was written down stays', tg_op, tg_table_name using errcode = 'OW001';
end $$""",
    """create or replace function onward_number() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        new.thing := coalesce(new.thing, new.id);
        if new.version <> 1 then
            raise exception 'a new row of % begins at version 1', tg_table_name using errcode = 'OW002';
        end if;
    elsif new.version <> old.version + 1 or (new.id, new.key, new.thing) is distinct from (old.id, old.key, old.thing) then
        raise exception 'a row of % is changed only through the journal', tg_table_name using errcode = 'OW002';
    end if;
    return new;
end $$""",
    f"""create or replace function onward_has_entry() returns trigger {BY_INDEX} as $$
begin
    if not exists (select from public.journal_entry e
                   where e."table" = tg_table_name::text and e."row" = new.id and e.version = new.version) then
        raise exception 'row % of % was written without a journal entry', new.id, tg_table_name using errcode = 'OW003';
    end if;
    return null;
end $$""",
    """create or replace function onward_advance() returns trigger language plpgsql as $$
begin
    if new.id <> 1 or (tg_op = 'INSERT' and exists (select from public.journal_head)) then
        raise exception 'the journal has one head' using errcode = 'OW004';
    elsif tg_op = 'UPDATE' and (new.sequence < old.sequence or new.at < old.at) then
        raise exception 'the journal does not go back' using errcode = 'OW004';
    elsif new.clock is not null and exists (
        select from public.journal_entry where sequence = 1 and image->>'demo' is distinct from 'true'
    ) then
        raise exception 'only a demo has a clock of its own' using errcode = 'OW004';
    end if;
    return new;
end $$""",
    f"""create or replace function onward_no_gap() returns trigger {BY_INDEX} as $$
begin
    if exists (select from public.journal_head h where h.id = 1 and h.sequence > 0
               and not exists (select from public.journal_entry e where e.sequence = h.sequence)) then
        raise exception 'the journal would have a gap' using errcode = 'OW005';
    end if;
    return null;
end $$""",
]


def _in_order() -> str:
    """Refuses an entry out of order, or without its row. A branch a table, so that each has a plan that is kept."""
    branches = "\n".join(
        f"""        when '{name(table)}' then
            found := exists (select from public."{name(table)}" where id = new."row" and version >= new.version);"""
        for table in tables()
    )
    return f"""create or replace function onward_in_order() returns trigger {BY_INDEX} as $$
declare
    found boolean := false;
begin
    if not exists (select from public.journal_head where id = 1 and sequence >= new.sequence and at >= new.at)
        or (new.sequence > 1 and not exists (
            select from public.journal_entry where sequence = new.sequence - 1 and at <= new.at
        ))
    then
        raise exception 'entry % is out of order', new.sequence using errcode = 'OW005';
    end if;
    case new."table"
{branches}
        else
    end case;
    if not found then
        raise exception 'entry % has no row', new.sequence using errcode = 'OW005';
    end if;
    return null;
end $$"""


def _trigger(table: str, trigger: str, when: str, function: str, kind: str = "trigger") -> list[str]:
    return [
        f'drop trigger if exists {trigger} on public."{table}"',
        f"create {kind} {trigger} {when.format(table=table)} execute function {function}()",
        f'alter table public."{table}" enable always trigger {trigger}',
    ]


def _deferred(table: str, trigger: str, function: str) -> list[str]:
    """A trigger that looks when the transaction ends, when all of it is there."""
    when = 'after insert or update on public."{table}" deferrable initially deferred for each row'
    return _trigger(table, trigger, when, function, "constraint trigger")


def _kept(table: str, refused: str) -> list[str]:
    """Triggers that refuse what may never happen to a table's rows."""
    return [
        *_trigger(table, "onward_kept", f'before {refused} on public."{{table}}" for each row', "onward_refuse"),
        *_trigger(table, "onward_whole", 'before truncate on public."{table}" for each statement', "onward_refuse"),
    ]


_JOURNAL = [
    *_kept("journal_entry", "update or delete"),
    *_kept("journal_value", "update"),
    *_kept("journal_head", "delete"),
    *_kept("look", "update or delete"),
    *_kept("checkpoint", "update or delete"),
    *_trigger("journal_head", "onward_advance", 'before insert or update on public."{table}" for each row', "onward_advance"),
    *_deferred("journal_head", "onward_in_order", "onward_no_gap"),
    *_deferred("journal_entry", "onward_in_order", "onward_in_order"),
    'create unique index if not exists journal_entry_row on public.journal_entry ("table", "row", version)',
    'create index if not exists journal_entry_known on public.journal_entry ("table", "row", sequence)',
    "create index if not exists journal_entry_at on public.journal_entry (at)",
    "create unique index if not exists journal_value_entry on public.journal_value (sequence, name)",
    """insert into public.journal_head (id, sequence, at) select 1, 0, '-infinity'
    where not exists (select from public.journal_head)""",
]


def _guards(table: type[Table]) -> list[str]:
    title = name(table)
    lines = [
        *_kept(title, "delete"),
        *_trigger(title, "onward_number", 'before insert or update on public."{table}" for each row', "onward_number"),
        *_deferred(title, "onward_has_entry", "onward_has_entry"),
        f'create unique index if not exists {title}_key on public."{title}" (key) where thing = id',
        f'create index if not exists {title}_thing on public."{title}" (thing)',
        *_constraint(title, "period", "check (until >= since)"),
        *_constraint(
            title,
            "one_at_a_time",
            "exclude using gist (int8range(thing, thing, '[]') with &&, daterange(since, until) with &&)",
        ),
        *(f'create index if not exists {title}_{key} on public."{title}" ({key})' for key in links(table)),
    ]
    if "name" in columns(table):
        lines.append(f'create index if not exists {title}_name on public."{title}" (lower(name))')
    if "content" in columns(table):
        lines += _constraint(title, "content", "check (content is null or encode(sha256(content), 'hex') = sha256)")
    return lines


def _door(table: type[Table]) -> list[str]:
    return door.record(name(table), [key for key in columns(table) if key != "id"], image(table, "t"))


def _constraint(table: str, constraint: str, rule: str) -> list[str]:
    return [
        f'alter table public."{table}" drop constraint if exists {table}_{constraint}',
        f'alter table public."{table}" add constraint {table}_{constraint} {rule}',
    ]


def versioned(table: type[Table]) -> past.Versioned:
    """The table as `past` keeps its versions."""
    types = {key: column.column_type for key, column in columns(table).items()}
    return past.Versioned(name(table), types, personal(table), contents(table))


REGISTER = name(Register)
