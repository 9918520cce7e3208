"""The files of the law: what each may hold. How they are read stands in `loader`, what is unsound in them in `unsound`.

Nothing in the three asks what day it is.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from registry.errors import Refused

Grade = Literal["S1", "S2", "S3", "M-h", "M-m", "M-l"]
WEAKEST_FIRST = ("M-l", "M-m", "S3", "M-h", "S2", "S1")
VERIFY_EVERY = {"M-l": 60, "M-m": 90, "S3": 90, "M-h": 180, "S2": 180, "S1": 365}  # days
FOREVER = date.max
OWN, CHOICES = "law/own/", "policy.toml"

# What an event does to its instrument, from the day of its effect on, and the code of relying on it afterwards.
ENDS = {
    "sunset": "EXPIRED",
    "invalidated": "INVALIDATED",
    "delisted": "INVALIDATED",
    "superseded": "EXPIRED",
    "transition_end": "SCC_EXPIRED",
    "contested": "NOT_MODELLED",
}
WITHOUT_A_LAST_DAY = {"superseded", "contested"}  # ends after which something goes on, or may go on


class LawError(Refused):
    """A file of the law is unsound: names file, place and remedy."""


class Cited(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every legal date: where it stands, how well it is known, and when somebody last looked."""

    citation: str
    grade: Grade
    verified_on: date
    note: str | None = None


class Event(Cited, frozen=True, kw_only=True):
    """Something that happens to an instrument: the day it became known, and the first day of its effect.

    Where the day is disputed, `alternative` is the effect by the other reading, and `dispute` says on what each rests.
    """

    what: Literal[
        "opened", "in_force", "repealed", "sunset", "invalidated", "delisted", "superseded", "transition_end", "contested"
    ]
    known: date
    effect: date
    alternative: date | None = None
    dispute: str = ""


class Scope(Cited, frozen=True, kw_only=True):
    """A condition on a fact: `is` this, `is_not` that, none of these, or a number within limits.

    Holds from `since` until `until`. A fact that is not recorded fails `is` and the limits as unknown, and passes `is_not`
    and `none_of` as the ordinary case (law.md 13, 12). `code` is what failing it is called; one that is no stopping code
    only warns, unless the house's policy of that name says "block": then it is `blocks_as`.
    """

    fact: str
    demands: bool | None = msgspec.field(name="is", default=None)
    denies: bool | None = msgspec.field(name="is_not", default=None)
    none_of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    code: Literal[
        "OUT_OF_SCOPE",
        "CONDITION_MISSING",
        "NOT_APPROVED",
        "NOT_OCCASIONAL",
        "PUBLIC_AUTHORITY",
        "THRESHOLD",
        "PROHIBITED",
        "OCCASIONAL_ADVISED",
        "ART3_2_IMPORTER",
    ] = "OUT_OF_SCOPE"
    policy: str | None = None
    blocks_as: (
        Literal[
            "OUT_OF_SCOPE", "CONDITION_MISSING", "NOT_APPROVED", "NOT_OCCASIONAL", "PUBLIC_AUTHORITY", "THRESHOLD", "PROHIBITED"
        ]
        | None
    ) = None
    since: date = date.min
    until: date = FOREVER
    known: date = date.min
    until_known: date = date.min


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which two roles a tool fits, and whether Clauses 14 and 15 apply always or only to combined data."""

    exporter: Literal["controller", "processor", "any"]
    importer: Literal["controller", "processor", "any"]
    impact_assessment: Literal["always", "if_combined"] = "always"


class Territory(Cited, frozen=True, kw_only=True):
    """Where a regime governs exporters who are established there."""

    area: str
    since: date
    until: date = FOREVER


class Instrument(Cited, frozen=True, kw_only=True):
    """One file: a regime, a decision, a list, a set of clauses or another tool, a derogation, a time inside the area, a
    rule that holds by itself, or a duty."""

    key: str
    title: str
    kind: Literal["regime", "inside", "adequacy", "framework", "clauses", "tool", "derogation", "rule", "duty"]
    source: str
    regimes: tuple[str, ...]
    articles: dict[str, str]
    events: tuple[Event, ...]
    mechanism: str = ""
    countries: tuple[str, ...] = ()
    scope: tuple[Scope, ...] = ()
    covers_data: bool = False
    onward_by_contract: bool = False
    fallback_advised: bool = False
    requires: str | None = None
    approved_by: str | None = None
    standards: tuple[str, ...] = ()
    frees: tuple[str, ...] = ()
    policy: str | None = None
    exporters: tuple[str, ...] = ()
    area: str | None = None
    principle: str = ""
    forbids: bool = False
    leads: bool = False
    roles: dict[str, Roles] = {}
    territory: tuple[Territory, ...] = ()
    targets: str | None = None
    as_member: Literal["EU"] | None = None
    own: bool = False


class Membership(Cited, frozen=True, kw_only=True):
    """A country or territory inside an area, since (counts) and until (does not)."""

    country: str
    area: Literal["EU", "EFTA"]
    since: date
    known: date
    until: date = FOREVER
    until_known: date = date.min


class Policy(Cited, frozen=True, kw_only=True):
    """A point on which authorities or lawyers differ, and what this house goes by; `policy.toml` chooses another way."""

    key: str
    question: str
    choices: tuple[str, ...]
    default: str


class Chosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operator's `policy.toml`: the other reading of a disputed day (`key what`), and other ways of a policy."""

    readings: dict[str, Literal["used", "alternative"]] = {}
    policies: dict[str, str] = {}


class Countries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes a register may name, their aliases, names for the codes that CLDR does not know, and what is not modelled."""

    codes: str
    aliases: dict[str, str]
    own: dict[str, str]
    areas: dict[str, str]
    not_modelled: dict[str, str] = {}


class Files(msgspec.Struct, frozen=True):
    """All files as read, the fingerprint of their bytes, and these bytes by name."""

    instruments: Mapping[str, Instrument]
    memberships: tuple[Membership, ...]
    countries: Countries
    version: str
    policies: tuple[Policy, ...]
    chosen: Chosen
    sources: Mapping[str, bytes]

    @property
    def codes(self) -> frozenset[str]:
        """Every country code that may be named."""
        return frozenset(self.countries.codes.split()) | self.countries.own.keys()


def reading(one: Instrument, event: Event) -> str:
    """By which name `policy.toml` speaks of a disputed day."""
    return f"{one.key} {event.what}"


def newest(events: list[Event], what: str) -> Event | None:
    """Of several events of a kind the one known last holds: an extension replaces the end before it."""
    return max((event for event in events if event.what == what), key=lambda event: (event.known, event.effect), default=None)


def begins(one: Instrument) -> date:
    """The first day on which it is in force."""
    return min(event.effect for event in one.events if event.what == "in_force")
