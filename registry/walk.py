"""Registering a vendor, in five steps of everyday words and a last look: what is asked, and which rows the answers make."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
from piccolo.table import Table
from rapidfuzz import fuzz, utils

from registry import forms, journal, register, schema
from registry.forms import Errors, Field, Options, Typed
from registry.journal import Row
from registry.tables import (
    Certification,
    Contract,
    Engagement,
    Party,
    ProcessingActivity,
    Safeguard,
    Transfer,
    Vendor,
)

TITLES = {
    "who": "Who is it?",
    "what": "What is it for?",
    "data": "Which data does it get?",
    "where": "Where do the data go?",
    "contract": "Contract and security",
}
STEPS = tuple(TITLES)
BESIDE, LISTS, CLAUSES = "Its security beside ours", "Lists such as the Data Privacy Framework", "Standard clauses"
SECTIONS = {
    BESIDE: "For each of our own measures: whether the vendor's is as strong. What is not known is asked for again later.",
    LISTS: "Needed only where data leave for another country, and the vendor relies on such a list. Empty: not recorded.",
    CLAUSES: "Needed only where data leave for another country, and clauses were signed for it. Empty: not recorded.",
}
NEW = "+new"  # an activity or a company that is not on file yet
CHOSEN = "An activity of the list is chosen: leave this empty, or choose “Another one” there."
ALIKE = 82  # of 100: names from here on are shown as look-alikes
ROLES: Options = (
    ("processor", "For us, on our instructions: it does with the data what we say"),
    ("sub_processor", "For a customer of ours, on instructions that we pass on"),
    ("controller", "For its own purposes: it decides itself what it does with the data"),
    ("joint_controller", "Together with us: we both decide what the data are used for"),
    ("recipient", "It only receives the data, such as an authority or a bank"),
)
TERMS = (
    "documented_instructions",
    "confidentiality",
    "security",
    "sub_processors",
    "assists_rights",
    "assists_duties",
    "deletes_or_returns",
    "audits",
    "only_our_purpose",
    "stays_in_framework",
    "tells_us",
)
KINDS_OF_DATA: Options = (
    ("non_hr", "No: data of customers, visitors and other people"),
    ("hr", "Yes: data of our own staff, past or present"),
    ("", "Not known yet"),
)
STATUSES: Options = (
    ("active", "Active"),
    ("active_recert_review", "Active, its renewal under review"),
    ("inactive_lapse", "Inactive: lapsed"),
    ("inactive_withdrawn", "Inactive: withdrawn"),
    ("removed", "Removed"),
    ("none", "Not on the list"),
)
REACHES = {"established": "Established in", "stored": "Stored in", "accessed": "Accessed from"}
LISTED = ("framework", "status", "since", "next_due", "covers_non_hr", "covers_hr", "looked_up_on")
ABOUT_DATA = ("data_subjects", "data_categories", "special_categories")  # a new activity is about what the vendor gets


class Alike(msgspec.Struct, frozen=True):
    """A company on file that looks like the one being registered."""

    key: str
    name: str
    country: str
    vendor: str | None
    why: str


class Known(msgspec.Struct, frozen=True):
    """What the questions choose among."""

    ours: Options
    activities: Options
    measures: Options
    parties: dict[str, str]
    today: str


async def known(at: asyncpg.Connection) -> Known:
    standing = "t.until is null"
    return Known(
        await forms.named(at, "party", f"t.ours and {standing}"),
        await forms.named(at, "processing_activity", standing),
        await forms.named(at, "measure", standing),
        dict(await forms.named(at, "party")),
        (await journal.today(at)).isoformat(),
    )


def asked(step: str, known: Known) -> list[Field]:
    """The questions of a step."""
    return _ASKED[step](known)


def _ask(table: type[Table], key: str, **more: Any) -> Field:
    return forms.field(table, key, name=f"{schema.name(table)}.{key}", **more)


def _who(_: Known) -> list[Field]:
    return [
        _ask(Party, "name"),
        _ask(Party, "website"),
        _ask(Party, "country"),
        _ask(Party, "trading_names"),
    ]


def _what(known: Known) -> list[Field]:
    new = "Only where the activity is not on the list"
    return [
        _ask(Vendor, "category"),
        _ask(Vendor, "service"),
        Field(
            "activity",
            "Which of our activities is it for?",
            "select",
            why=str(schema.columns(Engagement)["activity"]._meta.help_text),
            required=True,
            options=((NEW, "Another one: described below"), *known.activities),
        ),
        _ask(ProcessingActivity, "name", label="What is the new activity called?", hint=new, required=False),
        _ask(ProcessingActivity, "controller", hint=new, kind="select", options=known.ours, required=False),
        _ask(ProcessingActivity, "purposes", hint=f"{new}. One purpose a line"),
        _ask(ProcessingActivity, "legal_basis", hint=new),
        _ask(Engagement, "role", kind="radio", options=(*ROLES, ("", "Not known yet"))),
        _ask(Vendor, "since", label="Since when does it work for us?", hint="Left empty: from today", required=False),
    ]


def _data(_: Known) -> list[Field]:
    return [
        _ask(Engagement, "data_subjects"),
        _ask(Engagement, "data_categories"),
        _ask(Engagement, "special_categories"),
        _ask(
            Engagement,
            "data_kind",
            kind="radio",
            options=KINDS_OF_DATA,
            hint="Where it gets both, register the part about our staff on the vendor's page afterwards",
        ),
        _ask(Engagement, "only_our_purposes"),
    ]


def _where(known: Known) -> list[Field]:
    country = {"kind": "countries", "required": False, "options": forms.countries()}
    stored = _ask(
        Transfer, "country", label="In which countries does it store the data?", hint="Servers and back-ups", **country
    )
    seen = _ask(
        Transfer, "country", label="From which countries can its people see the data?", hint="Support, development", **country
    )
    sent = _ask(Transfer, "exporter", label="Which company of ours hands the data over?", kind="select", options=known.ours)
    return [sent, msgspec.structs.replace(stored, name="where.stored"), msgspec.structs.replace(seen, name="where.accessed")]


def _contract(known: Known) -> list[Field]:
    """Under four headings; lists and clauses are for data that leave their legal area."""
    clauses = {"instrument": {"kind": "select", "options": forms.instruments("clauses"), "required": False}}
    listed = {
        "framework": {"kind": "select", "options": forms.instruments("framework"), "required": False},
        "status": {"options": STATUSES, "required": False},
        "since": {"label": "Since when is it on the list?", "hint": "", "required": False},
    }
    measures = [
        Field(
            f"assurance.{key}",
            f"{name}: is its own as strong as ours?",
            "answer",
            why="Art. 28(1): whether the vendor's measure is as strong as ours",
            options=forms.ANSWERS,
            section=BESIDE,
        )
        for key, name in known.measures
    ]

    def under(section: str, table: type[Table], keys: Iterable[str], more: dict[str, Any]) -> list[Field]:
        return [
            _ask(table, key, section=section, latest=known.today if key.endswith(forms.HAPPENED) else "", **more.get(key, {}))
            for key in keys
        ]

    return [
        *under("The contract", Contract, ("signed_on",), {}),
        *under("What the contract says", Contract, (*TERMS, "authorisation", "notice_days"), {}),
        *measures,
        *under(LISTS, Certification, LISTED, listed),
        *under(CLAUSES, Safeguard, ("instrument", "module", "concluded_on"), clauses),
    ]


_ASKED: dict[str, Callable[[Known], list[Field]]] = {
    "who": _who,
    "what": _what,
    "data": _data,
    "where": _where,
    "contract": _contract,
}


def bind(step: str, known: Known, typed: Typed) -> tuple[dict[str, Any], Errors]:
    """A step's answers, and what is wrong: in a single field, or between two."""
    values, errors = forms.bind(asked(step, known), typed)
    for name, wrong in _between(step, values):
        errors.setdefault(name, wrong)
    return values, errors


def _between(step: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if step == "what":
        for key in ("name", "controller"):
            if values.get("activity") == NEW and not values.get(f"processing_activity.{key}"):
                yield (
                    f"processing_activity.{key}",
                    "The new activity needs this: fill it in, or choose an activity of the list.",
                )
        chosen = values.get("activity") not in {None, "", NEW}
        if chosen and values.get("processing_activity.name"):
            yield "processing_activity.name", CHOSEN
    if step == "contract":
        if values.get("certification.framework") and not values.get("certification.status"):
            yield "certification.status", "Say what the list says of it."
        if not values.get("certification.framework") and values.get("certification.status"):
            yield "certification.framework", "Say on which list you looked."
        if not values.get("safeguard.instrument") and (values.get("safeguard.module") or values.get("safeguard.concluded_on")):
            yield "safeguard.instrument", "Say which clauses were signed."


async def tables(at: asyncpg.Connection, known: Known, values: dict[str, Any], party: str, today: date) -> dict[str, list[Row]]:
    """The rows that the answers make, as a file would bring them."""
    since = str(values.get("vendor.since") or today)
    name = str(values["party.name"])
    made: dict[str, list[Row]] = {}

    async def add(table: type[Table], more: Row, key: str = name) -> str:
        title = schema.name(table)
        own = {f.column: values[f.name] for step in STEPS for f in asked(step, known) if _belongs(f, title, values)}
        fresh = await forms.fresh(at, title, key)
        others = [row["key"] for row in made.get(title, [])]
        row = {"since": since, **own, **more, "key": forms.slug(fresh, others)}
        made.setdefault(title, []).append(row)
        return str(row["key"])

    importer = party if party != NEW else await add(Party, {})
    vendor = await add(Vendor, {"party": importer})
    activity = str(values["activity"])
    purposes = values.get("processing_activity.purposes") if activity == NEW else None
    if activity == NEW:
        about = {key: values[f"engagement.{key}"] for key in ABOUT_DATA if values.get(f"engagement.{key}") is not None}
        ours = about | _our_part(values, importer)
        activity = await add(ProcessingActivity, ours, str(values["processing_activity.name"]))
    served = {"vendor": vendor, "activity": activity, "purposes": purposes}
    engagement = await add(Engagement, served, f"{name} {activity}")
    if any(values.get(f.name) is not None for f in asked("contract", known) if f.table == "contract"):
        await add(Contract, {"engagement": engagement, "since": str(values.get("contract.signed_on") or since)})
    for how, country in await legs(at, values, party):
        leg = {"engagement": engagement, "importer": importer, "country": country, "how": how}
        await add(Transfer, leg, f"{name} {how} {country}")
    if values.get("certification.framework"):
        listed = values.get("certification.since") or values.get("certification.looked_up_on") or since
        await add(Certification, {"party": importer, "since": str(listed)}, f"{name} {values['certification.framework']}")
    if values.get("safeguard.instrument"):
        concluded = values.get("safeguard.concluded_on")
        between = {"exporter": values["transfer.exporter"], "importer": importer, "engagement": engagement, "rank": "primary"}
        state = {"state": "signed" if concluded else "drafted", "since": str(concluded or since)}
        await add(Safeguard, between | state, f"{name} {values['safeguard.instrument']}")
    for measure, _ in known.measures:
        strong = values.get(f"assurance.{measure}")
        if strong is not None:
            row = {
                "vendor": vendor,
                "measure": measure,
                "as_strong": strong,
                "evidence": "statement",
                "since": today.isoformat(),
            }
            row["key"] = await forms.fresh(at, "assurance", f"{vendor} {measure}")
            row["key"] = forms.slug(row["key"], [one["key"] for one in made.get("assurance", [])])
            made.setdefault("assurance", []).append(row)
    register.checked(made)
    return made


async def legs(at: asyncpg.Connection, values: dict[str, Any], party: str) -> list[tuple[str, str]]:
    """In which way the data reach which country: each is a transfer of its own."""
    return _places(values, await _seat(at, values, party))


def _our_part(values: dict[str, Any], importer: str) -> Row:
    """As what we carry out a new activity: with a joint controller as one of two (Art. 26, 30(1)(a)), else as controller."""
    if values.get("engagement.role") == "joint_controller":
        return {"our_role": "joint_controller", "joint_controller": importer}
    return {"our_role": "controller"}


def _belongs(field: Field, title: str, values: dict[str, Any]) -> bool:
    return field.table == title and field.name.startswith(f"{title}.") and values.get(field.name) is not None


def _places(values: dict[str, Any], seat: str) -> list[tuple[str, str]]:
    """Each way in which the data reach a country; its seat is always one of them."""
    stored = [("stored", country) for country in values.get("where.stored") or []]
    return [("established", seat), *stored, *(("accessed", country) for country in values.get("where.accessed") or [])]


async def _seat(at: asyncpg.Connection, values: dict[str, Any], party: str) -> str:
    if party == NEW:
        return str(values["party.country"])
    return str(await at.fetchval("select country from party where key = $1 order by since desc, id desc limit 1", party))


async def alike(at: asyncpg.Connection, name: str, website: str) -> list[Alike]:
    """Companies on file with a like name or the same domain, the likest first; at most five."""
    rows = await at.fetch(
        """select distinct on (p.key) p.key, p.name, p.country, p.website, p.trading_names,
            (select v.key from vendor v where v.party = p.thing and v.until is null order by v.id limit 1)
        from party p where p.until is null or p.until > p.since order by p.key, p.since desc"""
    )
    given, host = name.strip(), domain(website)
    found: list[tuple[float, Alike]] = []
    for key, known_as, country, site, others, vendor in rows:
        names = [known_as, *(others or [])]
        score = max((_likeness(given, one) for one in names), default=0.0) if len(given) > 2 else 0.0
        same = bool(host) and host == domain(site or "")
        if same or score >= ALIKE:
            why = "the same website" if same else "a like name"
            found.append((101 if same else score, Alike(key, known_as, country, vendor, why)))
    return [one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].key))[:5]]


_FORMS = {"inc", "llc", "ltd", "limited", "gmbh", "ag", "bv", "b", "v", "sa", "sarl", "srl", "corp", "kk", "plc", "co", "pvt"}


def _likeness(one: str, other: str) -> float:
    """How like two names are, forms of company aside."""
    bare = [" ".join(w for w in utils.default_process(text).split() if w not in _FORMS) for text in (one, other)]
    return float(max(fuzz.ratio(*bare), fuzz.token_sort_ratio(*bare))) if all(bare) else 0.0


def domain(website: str) -> str:
    """The host of an address, its www aside."""
    text = website.strip().casefold()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if "." in host else ""
