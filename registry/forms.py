"""Forms out of the tables' own columns: what is asked, what was typed, and what is wrong with it in plain words.

What a person types stays words until it is bound; bound it is a row as a file would bring it, checked by `register`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
from babel import Locale
from piccolo.columns import Array, Boolean, Column, Date, ForeignKey
from piccolo.columns.column_types import BigInt, Integer
from piccolo.table import Table

from registry import journal, law, register, schema
from registry.errors import Refused
from registry.journal import Row
from registry.law import dossiers
from registry.questions import CIRCUMSTANCES, QUESTIONS, STEPS
from registry.tables import is_country, is_personal
from registry.vocabulary import EntryKind

Typed = dict[str, list[str]]  # what stands in each field, as typed: most hold one text
Errors = dict[str, str]
Options = tuple[tuple[str, str], ...]
ANSWERS: Options = (("yes", "Yes"), ("no", "No"), ("", "Not known"))
TOO_LONG = 20_000  # signs of any one text
SPELLED = {
    "crm": "CRM",
    "dpo": "DPO",
    "email": "E-mail address",
    "sha256": "SHA-256",
    "hr": "Human resources data",
    "non_hr": "Other than human resources data",
    "credit_fsc": "Credit data under the Korean FSC",
    "email_marketing": "E-mail marketing",
    "email_validation": "E-mail validation",
    "lei": "LEI",
    "since": "First day",
    "until": "First day on which it is no longer so",
    "pipeda": "PIPEDA",
    "pipa": "PIPA",
    "lgpd": "LGPD",
    "appi_operator": "APPI operator",
    "M1": "Module 1 (controller to controller)",
    "M2": "Module 2 (controller to processor)",
    "M3": "Module 3 (processor to processor)",
    "M4": "Module 4 (processor to controller)",
    "tia": "Transfer impact assessment (EU, Switzerland)",
    "tra": "Transfer risk assessment (United Kingdom, before February 2026)",
    "data_protection_test": "Data protection test (United Kingdom)",
    "EU": "An authority in the European Union",
    "UK": "The authority of the United Kingdom",
    "CH": "The authority of Switzerland",
    "active_recert_review": "Active, its re-certification under review",
    "inactive_lapse": "Inactive since it lapsed",
    "inactive_withdrawn": "Inactive since it withdrew",
    "ok": "Nothing problematic",
    "removed": "Removed from the list",
    "ch_amended": "The Swiss amendments",
    "SCC_EXPIRED": "Ended, for old contracts too",
    "NOT_MODELLED": "Contested: nothing is said about it",
}
NONE = "none"  # ticked among some that are offered, it says that there are none; nothing ticked is not recorded
CERTIFICATES = (("iso-27001", "ISO 27001"), ("iso-27701", "ISO 27701"), ("soc-2", "SOC 2"), ("pci-dss", "PCI DSS"))
HAPPENED = "_on"  # columns that end like this hold the day on which something happened
LONG = ("note", "address", "service", "message", "claim", "description", "measures", "limits", "reason", "taken")


class Field(msgspec.Struct, frozen=True):
    """One question of a form. `hint` stands beneath it, `why` behind "Why do we ask"."""

    name: str
    label: str
    kind: str
    hint: str = ""
    why: str = ""
    required: bool = False
    options: Options = ()
    column: str = ""
    table: str = ""
    section: str = ""  # under which heading it stands, in a form that has some
    latest: str = ""  # the last day that can be written: that of what has happened

    @property
    def id(self) -> str:
        """The name, fit to be an element's id."""
        return "f-" + re.sub(r"[^A-Za-z0-9-]", lambda sign: f"_{ord(sign[0]):x}_", self.name)


def plain(word: str) -> str:
    """A word of the vocabulary or a column's name, as people write it."""
    return SPELLED.get(word) or CIRCUMSTANCES.get(word) or word.replace("_", " ").capitalize()


@cache
def countries() -> Options:
    """Every country by name, under the code it is recorded by."""
    pack, names = law.load(), Locale("en").territories
    named = [(code, str(pack.own_names.get(code) or names.get(code) or code)) for code in pack.codes]
    return tuple(sorted(named, key=lambda pair: pair[1]))


def areas() -> Options:
    return (*sorted(law.load().area_names.items()), *countries())


def instruments(*kinds: str) -> Options:
    """The law's instruments of these kinds, by title; of those that several laws take as one text, the first."""
    every = sorted(law.load().instruments.values(), key=lambda one: (law.begins(one), -len(one.regimes), one.key))
    first: dict[str, law.Instrument] = {}
    for one in every:
        if one.kind in kinds:
            first.setdefault(one.mechanism, one)
    found = [(one.key, one.title) for one in first.values()]
    return tuple(sorted(found, key=lambda pair: pair[1]))


def dossier_versions(today: date) -> Options:
    """The versions of the country dossiers known by today, the newest of each country first."""
    names = dict(countries())
    found = [(code, day) for code, one in dossiers.load(law.load()).items() for day in reversed(one.versions) if day <= today]
    return tuple((f"{code} {day}", f"{names[code]}, as known on {day}") for code, day in found)


def of_country(fields: Iterable[Field], country: str) -> list[Field]:
    """The fields of a form in which a country is named: of dossiers, the versions of its own are to choose from."""
    if not country:
        return list(fields)
    none, found = f"No dossier on {dict(countries()).get(country, country)} is on file", []
    for one in fields:
        if one.column == "dossier_version":
            own = tuple([pair for pair in one.options if pair[0].startswith(f"{country} ")])
            one = msgspec.structs.replace(one, options=own, hint=one.hint if own else none)
        found.append(one)
    return found


def holding(fields: Iterable[Field], row: Mapping[str, Any]) -> list[Field]:
    """The fields of a form for a row: a list from which one chooses holds what stands in the row already, too."""
    found = []
    for one in fields:
        stands = row.get(one.column)
        gone = one.kind == "select" and one.options and stands and stands not in dict(one.options)
        found.append(msgspec.structs.replace(one, options=(*one.options, (stands, stands))) if gone else one)
    return found


def in_steps(fields: Sequence[Field]) -> list[Field]:
    """The fields of an impact assessment in the order of its six steps, each step under its heading."""
    by_name = {one.name: one for one in fields}
    steps = [(heading, [by_name.pop(name) for name in names if name in by_name]) for heading, names in STEPS]
    placed = [msgspec.structs.replace(one, section=heading) for heading, found in steps for one in found]
    return [*placed, *by_name.values()]


def field(table: type[Table], key: str, options: Options = (), **more: Any) -> Field:
    """The field of a column; `more` says otherwise what the column's own words do not say well."""
    column = schema.columns(table)[key]
    kind, own = _kind(key, column)
    about = str(column._meta.help_text or "")
    asked = QUESTIONS.get(schema.name(table), {}).get(key)
    label, hint = asked or (plain(key), about)
    given: dict[str, Any] = {
        "name": key,
        "label": label,
        "kind": kind,
        "hint": hint,
        "why": about if asked else "",
        "required": bool(column._meta.required),
        "options": options or own,
        "column": key,
        "table": schema.name(table),
    }
    return Field(**given | more)


def _kind(key: str, column: Column) -> tuple[str, Options]:
    if isinstance(column, Array):
        among = column.base_column._meta.choices
        return ("checks", (*_among(among), (NONE, "None of these"))) if among is not None else ("lines", ())
    if column._meta.choices is not None:
        return "select", _among(column._meta.choices)
    if is_country(column):
        return "select", areas() if key == "territory" else countries()
    if isinstance(column, ForeignKey):
        return "reference", ()
    if isinstance(column, Boolean):
        return ("answer", ANSWERS) if column._meta.null else ("answer", ANSWERS[:2])
    if isinstance(column, Date):
        return "date", ()
    if isinstance(column, (Integer, BigInt)):
        return "number", ()
    if key in {"email", "phone", "website"}:
        return {"email": "email", "phone": "tel", "website": "url"}[key], ()
    long = (is_personal(column) and key != "name") or key.endswith(LONG)
    return ("textarea" if long else "text"), ()


def _among(words: Any) -> Options:
    return tuple((word.value, plain(word.value)) for word in words)


async def fields(at: asyncpg.Connection, table: type[Table], leaving_out: Iterable[str] = ()) -> list[Field]:
    """Every column a person may fill, references with what they may name."""
    left = {*schema.OWN, *schema.contents(table), "key", "since", "until", *leaving_out}
    targets = schema.links(table)
    today = (await journal.today(at)).isoformat()
    made: list[Field] = []
    for key in schema.columns(table):
        if key not in left:
            options = await named(at, targets[key]) if key in targets else ()
            kind = "select" if key in targets else _shown_kind(table, key)
            made.append(field(table, key, options, kind=kind, latest=today if key.endswith(HAPPENED) else ""))
            if key == "framework":
                made[-1] = field(table, key, kind="select", options=(*instruments("framework"), *CERTIFICATES))
            if key == "instrument":
                made[-1] = field(table, key, kind="select", options=instruments("clauses", "tool", "derogation"))
            if key == "dossier_version":
                made[-1] = field(table, key, kind="select", options=dossier_versions(date.fromisoformat(today)))
    return in_steps(made) if schema.name(table) == "impact_assessment" else made


def _shown_kind(table: type[Table], key: str) -> str:
    return _kind(key, schema.columns(table)[key])[0]


async def named(at: asyncpg.Connection, title: str, where: str = "true") -> Options:
    """What a reference may name: the keys of a table, each with the words it is known by."""
    table = schema.by_name()[title]
    columns = schema.columns(table)
    words = next((f"t.{key}" for key in ("name", "title", "service") if key in columns and title != "vendor"), "null")
    join = ""
    if title == "vendor":
        words, join = "p.name", "left join party p on p.thing = t.party"
    elif title == "engagement":
        words = "concat(p.name, ': ', a.name)"
        join = """left join vendor v on v.thing = t.vendor left join party p on p.thing = v.party
            left join processing_activity a on a.thing = t.activity"""
    elif title == "contract":
        words = "concat(p.name, ': ', a.name)"
        join = """left join engagement e on e.id = t.engagement left join vendor v on v.id = e.vendor
            left join party p on p.thing = v.party left join processing_activity a on a.thing = e.activity"""
    elif title == "transfer":
        words = "concat(x.name, ' → ', p.name, ', ', t.country)"
        join = "left join party x on x.thing = t.exporter left join party p on p.thing = t.importer"
    rows = await at.fetch(
        f"""select distinct on (t.key) t.key, {words} from "{title}" t {join}
        where (t.until is null or t.until > t.since) and {where} order by t.key, t.since desc"""
    )
    pairs = [
        (key, f"{name} ({key})" if name and title in {"engagement", "contract", "transfer"} else name or key)
        for key, name in rows
    ]
    return tuple(sorted(pairs, key=lambda pair: str(pair[1]).casefold()))


def typed(form: Any, names: Iterable[str]) -> Typed:
    """What was typed into the fields of those names, signs that no database holds taken out."""
    found: Typed = {}
    for name in names:
        texts = [one.replace("\x00", "") for one in form.getall(name, []) if isinstance(one, str)]
        found[name] = [one.encode("utf-8", "replace").decode() for one in texts]
    return found


def shown(fields: Iterable[Field], row: Mapping[str, Any]) -> Typed:
    """A row's values as they would have been typed."""
    return {one.name: _words(row.get(one.column), one.kind) for one in fields}


def _words(value: Any, kind: str) -> list[str]:
    if value is None:
        return []
    if value == [] and kind == "checks":
        return [NONE]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def bound(one: Field, words: list[str]) -> Any:
    """What was typed as a row would hold it; empty is not recorded. Raises ValueError in plain words."""
    if one.kind == "lines":
        listed = [line.strip() for text in words for line in text.splitlines() if line.strip()]
        return listed or None
    if one.kind in {"checks", "countries"}:
        ticked = [word for word in dict.fromkeys(words) if word]
        if one.kind == "checks" and NONE in ticked:
            if len(ticked) > 1:
                raise ValueError("Choose either those that are among them, or that none of these is.")
            return []
        return ticked or None
    text = next((word.strip() for word in words if word.strip()), "")
    if not text:
        return None
    if len(text) > TOO_LONG:
        raise ValueError(f"This is longer than the {TOO_LONG} signs that are kept: put the text into a document.")
    if one.kind == "answer":
        if text not in {"yes", "no"}:
            raise ValueError("Choose yes, no or not known.")
        return text == "yes"
    if one.kind == "url":
        return _address(text)
    if one.kind == "number":
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ValueError("Write a whole number, such as 30, or leave it empty.")
        return int(text)
    return text.replace("\r\n", "\n")


def _address(text: str) -> str:
    """The address of a site, its scheme added where it is missing. Raises ValueError for what is none."""
    whole = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(whole)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[^\s/@<>\"'.]+(\.[^\s/@<>\"'.]+)+", host):
        raise ValueError("This is no website: write it such as https://vendor.example, or leave it empty.")
    return whole


def bind(asked: Iterable[Field], words: Typed) -> tuple[dict[str, Any], Errors]:
    """The values by field name, and what is wrong, field by field."""
    values: dict[str, Any] = {}
    errors: Errors = {}
    for one in asked:
        try:
            value = bound(one, words.get(one.name, []))
            _check(one, value)
            values[one.name] = value
        except ValueError as error:
            errors[one.name] = str(error)
    return values, errors


def _check(one: Field, value: Any) -> None:
    """Whether the value may stand in its column: the words are for people, the check is the one that files meet."""
    if value is None:
        if one.required:
            raise ValueError("This cannot be left empty.")
        return
    if one.kind == "date" and not register.is_day(value):
        raise ValueError("This is no day that can be recorded: write it as YYYY-MM-DD, or leave it empty where none is known.")
    if one.latest and value > one.latest:
        raise ValueError("This day has not come yet: write the day on which it happened, or leave it empty until it has.")
    if one.kind == "select" and one.options and value not in dict(one.options):
        raise ValueError("Choose one of the list.")
    if one.kind == "checks" and not set(value) <= dict(one.options).keys():
        raise ValueError("Choose among those listed.")
    if one.kind == "countries" and not set(value) <= dict(countries()).keys():
        raise ValueError("Choose countries of the list.")
    if one.table and one.column and one.kind != "countries":
        row = {"key": "x", one.column: value, "entry": {"kind": EntryKind.CORRECTED, "why": "x"}}
        try:
            register.checked({one.table: [row]})
        except Refused as error:
            raise ValueError(_plainly(one, str(error))) from error


def _plainly(one: Field, told: str) -> str:
    if "length <=" in told:
        return f"This is too long: at most {told.rpartition('<=')[2].strip()} signs are kept."
    if "length >=" in told:
        return "This cannot be left empty."
    return f"This cannot be recorded: {told.rpartition(f' {one.column}: ')[2]}."


def slug(text: str, taken: Iterable[str] = ()) -> str:
    """A key out of a name: letters, digits and hyphens, unlike all that are taken."""
    folded = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:60].strip("-") or "record"
    others, number, key = {*taken, "new"}, 2, folded
    while key in others:
        key, number = f"{folded}-{number}", number + 1
    return key


async def fresh(at: asyncpg.Connection, title: str, text: str) -> str:
    """A key that nothing of the table has."""
    folded = slug(text)
    if await at.fetchval(f'select thing from "{title}" where thing = id and key = $1', folded) is None:
        return folded
    taken = await at.fetch(f'select distinct key from "{title}" where key like $1', f"{folded}%")
    return slug(text, [key for (key,) in taken])


def row(values: Mapping[str, Any], asked: Iterable[Field], title: str) -> Row:
    """The row of one table among the values of a form that fills several; what is empty is left out."""
    return {one.column: values[one.name] for one in asked if one.table == title and values.get(one.name) is not None}
