"""What alerts name by table and key, as people call it: vendors, activities, countries and instruments by their names."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec

from assessments.wording import country_name, way
from registry.law import Law

PARTY = "(select p.name from party p where p.thing = {} order by p.since desc limit 1)"
ACTIVITY = "(select p.name from processing_activity p where p.thing = {} order by p.since desc limit 1)"
VENDOR = "(select p.name from vendor v join party p on p.thing = v.party where v.thing = {} order by p.since desc limit 1)"
ENGAGED = "(select {} from engagement e where e.thing = {} order by e.since desc limit 1)"

# How a row of each table is called: the columns that it takes, and the sentence they go into.
CALLED: dict[str, tuple[dict[str, str], str]] = {
    "party": ({"name": "t.name"}, "{name}"),
    "certification": ({"party": PARTY.format("t.party"), "instrument": "t.framework"}, "the {instrument} listing of {party}"),
    "safeguard": (
        {"instrument": "t.instrument", "one": PARTY.format("t.exporter"), "other": PARTY.format("t.importer")},
        "{instrument} between {one} and {other}",
    ),
    "impact_assessment": (
        {"party": PARTY.format("t.importer"), "country": "t.country"},
        "the impact assessment of {party} in {country}",
    ),
    "sub_processing": (
        {"one": PARTY.format("t.processor"), "other": PARTY.format("t.sub_processor"), "country": "t.country"},
        "{other} in {country}, to whom {one} passes data on",
    ),
    "regime_scope": ({"party": PARTY.format("t.party")}, "the law that {party} is under"),
    "engagement": (
        {"vendor": VENDOR.format("t.vendor"), "activity": ACTIVITY.format("t.activity")},
        "the part of {vendor} in {activity}",
    ),
    "contract": (
        {
            "vendor": ENGAGED.format(VENDOR.format("e.vendor"), "t.engagement"),
            "activity": ENGAGED.format(ACTIVITY.format("e.activity"), "t.engagement"),
        },
        "the contract with {vendor} for {activity}",
    ),
    "processing_activity": ({"name": "t.name"}, "{name}"),
    "transfer": (
        {
            "one": PARTY.format("t.exporter"),
            "other": PARTY.format("t.importer"),
            "country": "t.country",
            "activity": ENGAGED.format(ACTIVITY.format("e.activity"), "t.engagement"),
            "how": "t.how",
        },
        "{one} to {other} in {country} ({how})",
    ),
    "notice": ({"vendor": VENDOR.format("t.vendor"), "about": "replace(t.kind, '_', ' ')"}, "the notice of {vendor}: {about}"),
    "decision": ({"vendor": VENDOR.format("t.vendor")}, "the approval of {vendor}"),
    "review": ({"vendor": VENDOR.format("t.vendor")}, "the review of {vendor}"),
    "vendor": ({"vendor": VENDOR.format("t.thing")}, "{vendor}"),
}
HAPPENED = {
    "recorded": "{} was recorded",
    "changed": "{} changed",
    "corrected": "{} was corrected",
    "voided": "{} was taken back, recorded by mistake",
    "erased": "personal data in {} were erased",
    "ended": "{} ended",
    "reached": "a day of {} came",
    "ends": "{}",
    "due": "{}",
}
SAID = re.compile(rf"({'|'.join(CALLED)}) (.+) ({'|'.join(HAPPENED)})")


class Named(msgspec.Struct, frozen=True):
    """How the things that some alerts speak of are called, by table and key."""

    called: dict[tuple[str, str], str]

    def said(self, subject: str) -> str:
        """A subject in words; what speaks of no row is in words already."""
        return "; ".join(self._one(part) for part in subject.split("; "))

    def _one(self, part: str) -> str:
        found = SAID.fullmatch(part)
        if found is None:
            return part
        table, key, happened = found.groups()
        return HAPPENED[happened].format(self.called.get((table, key), key))


async def named(at: asyncpg.Connection, subjects: Iterable[str], law: Law) -> Named:
    """Looks up what these subjects name, in a query a table."""
    asked: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        for part in subject.split("; "):
            if found := SAID.fullmatch(part):
                asked[found[1]].add(found[2])
    called: dict[tuple[str, str], str] = {}
    for table, keys in asked.items():
        called |= {(table, key): name for key, name in (await names(at, table, sorted(keys), law)).items()}
    return Named(called)


async def names(at: asyncpg.Connection, table: str, keys: list[str], law: Law) -> dict[str, str]:
    """What rows of a table are called, by key: as they were last recorded."""
    columns, sentence = CALLED[table]
    picked = ", ".join(f"{query} as {name}" for name, query in columns.items())
    source = f'"{table}" t'
    if table == "review":  # named by its vendor, whose key stands in the subject
        source, picked = "vendor t", f"{VENDOR.format('t.thing')} as vendor"
    rows = await at.fetch(
        f"select distinct on (t.key) t.key, {picked} from {source} where t.key = any($1) order by t.key, t.since desc", keys
    )
    return {row["key"]: sentence.format_map(_in_words(dict(row), law)) for row in rows}


def _in_words(row: dict[str, Any], law: Law) -> dict[str, str]:
    said = {name: value or "not recorded" for name, value in row.items()}
    if "how" in said:
        said["how"] = way(said["how"], row["activity"])
    if "country" in said:
        said["country"] = country_name(said["country"], law)
    if "instrument" in said and (one := law.instrument(said["instrument"])) is not None:
        said["instrument"] = one.title
    return said
