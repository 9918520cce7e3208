"""The gate in memory: every finding in full, its article, what it is about and whether it is open, on both sides of each day.

One line a finding: code, article, fact, `open`; for a hop, `for` and the engagement, and the days that its sentence names.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import msgspec
import pytest

from assessments.rules import Finding
from assessments.rules.gate import TERMS_OF_ART_28, UNDERTAKINGS, Assured, GateFile, Terms, gate
from assessments.rules.sub_processors import OnList, Passing, Reached, SubProcessor, bound_abroad
from registry import law

TODAY = date(2026, 11, 23)
FIRST, LAST = date(2020, 1, 1), date(2026, 1, 1)
GOOD = Terms(
    "news", FIRST, None, "processor", None, None, True, FIRST, None, FIRST,
    **dict.fromkeys(TERMS_OF_ART_28, True), **dict.fromkeys(UNDERTAKINGS, True),
    authorisation="general", notice_days=30,
)  # fmt: skip
CRM = msgspec.structs.replace(GOOD, engagement="crm")
ASSURED = Assured("https", "Encryption in transit", FIRST, None, FIRST, None, True, "certificate")
HOP = SubProcessor(FIRST, None, "below", 1, 2, None, "IN", "general", date(2019, 12, 2), True, FIRST)
DPF = OnList(FIRST, None, 1, "eu-us-dpf", "active")


def terms(**more: Any) -> Terms:
    return msgspec.structs.replace(GOOD, **more)


def assured(**more: Any) -> Assured:
    return msgspec.structs.replace(ASSURED, **more)


def hop(**more: Any) -> SubProcessor:
    return msgspec.structs.replace(HOP, **more)


def said(*engaged: Terms, day: date = date(2024, 1, 1), measures: tuple[Assured, ...] = (ASSURED,), **more: Any) -> list[str]:
    empty = GateFile("mailer", engaged, measures, party=1, reached=(), hops=(), lists=())
    file = msgspec.structs.replace(empty, **more)
    verdict = gate(file, law.load().on(day, TODAY))
    return [verdict.outcome.value, *(line(finding) for finding in verdict.findings)]


def line(one: Finding) -> str:
    parts = [one.code, one.article, one.instrument, one.fact, "open" if one.open else None]
    if isinstance(one, Passing):
        days = (("told", one.told), ("begins", one.begins), ("until", one.last_day), ("days", one.days))
        parts += [one.engagement and f"for {one.engagement}", *(f"{name} {what}" for name, what in days if what is not None)]
    return " ".join(filter(None, parts))


# Art. 28(3), its letters: on instructions only, in confidence, secure, by whom else, the persons' rights, our own duties,
# deleted or returned at the end, shown to us.
LETTERS = {
    "a": "documented_instructions", "b": "confidentiality", "c": "security", "d": "sub_processors", "e": "assists_rights",
    "f": "assists_duties", "g": "deletes_or_returns", "h": "audits",
}  # fmt: skip
MISSING = [f"TERM_MISSING 28(3)({letter}) news: {term}" for letter, term in LETTERS.items()]
NO_PROMISE = [f"UNDERTAKING_MISSING 44 news: {one} open" for one in UNDERTAKINGS]
NO_CONTRACT = ["not_permitted", "CONTRACT_MISSING 28(3) news", *NO_PROMISE]


def asked(*engaged: Terms, **more: Any) -> Callable[[], list[str]]:
    return partial(said, *engaged, **more)


SAID: dict[str, tuple[Callable[[], list[str]], list[str]]] = {
    "all is well": (asked(GOOD), ["permitted"]),
    "nothing on file": (
        asked(measures=()),
        ["undetermined", "NO_ENGAGEMENT 28(3) mailer open", "NO_MEASURES 32(1) open"],
    ),
    "before the first day": (
        asked(GOOD, day=date(2019, 12, 31)),
        ["undetermined", "NO_ENGAGEMENT 28(3) mailer open", "NO_MEASURES 32(1) open"],
    ),
    "the last day of an engagement": (asked(terms(until=LAST), day=date(2025, 12, 31)), ["permitted"]),
    "the day after it": (
        asked(terms(until=LAST), day=LAST),
        ["undetermined", "NO_ENGAGEMENT 28(3) mailer open"],
    ),
    "a processor without a contract": (
        asked(terms(contract_since=None)),
        NO_CONTRACT,
    ),
    "a contract that begins today": (asked(terms(contract_since=date(2024, 1, 1))), ["permitted"]),
    "a contract that begins tomorrow": (asked(terms(contract_since=date(2024, 1, 2))), NO_CONTRACT),
    "a contract on its last day": (asked(terms(contract_until=date(2024, 1, 2))), ["permitted"]),
    "a contract that has ended": (asked(terms(contract_until=date(2024, 1, 1))), NO_CONTRACT),
    "a contract signed today": (asked(terms(signed_on=date(2024, 1, 1))), ["permitted"]),
    "a contract signed tomorrow": (asked(terms(signed_on=date(2024, 1, 2))), NO_CONTRACT),
    "a contract that nobody signed": (asked(terms(signed_on=None)), NO_CONTRACT),
    "no term of Art. 28": (asked(terms(**dict.fromkeys(TERMS_OF_ART_28, False))), ["not_permitted", *MISSING]),
    "terms that nobody has looked for": (
        asked(terms(**dict.fromkeys(TERMS_OF_ART_28))),
        ["undetermined", *(f"{one} open" for one in MISSING)],
    ),
    "one term is missing, another not known": (
        asked(terms(security=False, audits=None)),
        ["not_permitted", "TERM_MISSING 28(3)(c) news: security", "TERM_MISSING 28(3)(h) news: audits open"],
    ),
    "nothing agreed on sub-processors": (
        asked(terms(authorisation=None)),
        ["undetermined", "AUTHORISATION_MISSING 28(2) news open"],
    ),
    "no undertaking": (
        asked(terms(**dict.fromkeys(UNDERTAKINGS, False))),
        ["not_permitted", *(one.removesuffix(" open") for one in NO_PROMISE)],
    ),
    "a sub-processor of ours is asked as a processor is": (
        asked(terms(role="sub_processor", security=False)),
        ["not_permitted", "TERM_MISSING 28(3)(c) news: security"],
    ),
    "a second contract takes the place of the first": (
        asked(terms(contract_until=date(2023, 1, 1), security=False), terms(contract_since=date(2023, 1, 1))),
        ["permitted"],
    ),
    "two engagements, each by its own contract": (
        asked(GOOD, msgspec.structs.replace(CRM, security=False), terms(security=False)),
        ["not_permitted", "TERM_MISSING 28(3)(c) crm: security"],
    ),
    "a role that nobody recorded": (asked(terms(role=None)), ["undetermined", "ROLE_MISSING 4 news open"]),
    "joint controllers": (asked(terms(role="joint_controller", arrangement=True, security=False)), ["permitted"]),
    "joint controllers without an arrangement": (
        asked(terms(role="joint_controller", arrangement=False)),
        ["not_permitted", "ARRANGEMENT_MISSING 26(1) news"],
    ),
    "joint controllers, the arrangement not known": (
        asked(terms(role="joint_controller")),
        ["undetermined", "ARRANGEMENT_MISSING 26(1) news open"],
    ),
    "a controller": (asked(terms(role="controller", disclosure_basis="consent")), ["permitted"]),
    "a controller without a basis": (
        asked(terms(role="controller")),
        ["undetermined", "DISCLOSURE_BASIS_MISSING 6(1) news open"],
    ),
    "a recipient without a basis": (
        asked(terms(role="recipient")),
        ["undetermined", "DISCLOSURE_BASIS_MISSING 6(1) news open"],
    ),
    "purposes of their own": (asked(terms(only_our_purposes=False)), ["not_permitted", "OTHER_PURPOSES 5(1)(b) news"]),
    "purposes not known": (asked(terms(only_our_purposes=None)), ["undetermined", "OTHER_PURPOSES 5(1)(b) news open"]),
    "all that is asked of one, in its order": (
        asked(terms(role=None, only_our_purposes=False, tells_us=False), measures=()),
        [
            "not_permitted",
            "ROLE_MISSING 4 news open",
            "OTHER_PURPOSES 5(1)(b) news",
            "UNDERTAKING_MISSING 44 news: tells_us",
            "NO_MEASURES 32(1) open",
        ],
    ),
    "weaker security": (asked(GOOD, measures=(assured(as_strong=False),)), ["not_permitted", "WEAKER_SECURITY 28(1) https"]),
    "security that nobody compared": (
        asked(GOOD, measures=(assured(as_strong=None),)),
        ["undetermined", "WEAKER_SECURITY 28(1) https open"],
    ),
    "security without an assurance": (
        asked(GOOD, measures=(assured(assured_since=None),)),
        ["undetermined", "WEAKER_SECURITY 28(1) https open"],
    ),
    "an assurance of today": (asked(GOOD, measures=(assured(assured_since=date(2024, 1, 1)),)), ["permitted"]),
    "an assurance of tomorrow": (
        asked(GOOD, measures=(assured(assured_since=date(2024, 1, 2)),)),
        ["undetermined", "WEAKER_SECURITY 28(1) https open"],
    ),
    "an assurance on its last day": (asked(GOOD, measures=(assured(assured_until=date(2024, 1, 2)),)), ["permitted"]),
    "an assurance that has ended": (
        asked(GOOD, measures=(assured(assured_until=date(2024, 1, 1)),)),
        ["undetermined", "WEAKER_SECURITY 28(1) https open"],
    ),
    "the first day of all": (asked(GOOD, day=FIRST), ["permitted"]),
    "of two assurances the newer one counts, wherever it stands": (
        asked(GOOD, measures=(ASSURED, assured(as_strong=False, assured_since=date(2021, 1, 1)))),
        ["not_permitted", "WEAKER_SECURITY 28(1) https"],
    ),
    "of two assurances the newer one counts": (
        asked(GOOD, measures=(assured(as_strong=False, assured_since=date(2021, 1, 1)), ASSURED)),
        ["not_permitted", "WEAKER_SECURITY 28(1) https"],
    ),
    "an assurance is of one measure": (
        asked(GOOD, measures=(ASSURED, assured(measure="backups", as_strong=False))),
        ["not_permitted", "WEAKER_SECURITY 28(1) backups"],
    ),
    "a measure that begins today": (
        asked(GOOD, measures=(ASSURED, assured(measure="backups", since=date(2024, 1, 1), as_strong=False))),
        ["not_permitted", "WEAKER_SECURITY 28(1) backups"],
    ),
    "a measure of tomorrow": (
        asked(GOOD, measures=(ASSURED, assured(measure="backups", since=date(2024, 1, 2), as_strong=False))),
        ["permitted"],
    ),
    "a measure on its last day": (
        asked(GOOD, measures=(ASSURED, assured(measure="backups", until=date(2024, 1, 2), as_strong=False))),
        ["not_permitted", "WEAKER_SECURITY 28(1) backups"],
    ),
    "a measure that has ended": (
        asked(GOOD, measures=(ASSURED, assured(measure="backups", until=date(2024, 1, 1), as_strong=False))),
        ["permitted"],
    ),
    "a sub-processor in order": (asked(GOOD, hops=(HOP,)), ["permitted"]),
    "a sub-processor that may be objected to": (
        asked(GOOD, hops=(hop(notified_on=date(2024, 1, 1), first_day=date(2024, 1, 31), since=date(2024, 1, 31)),)),
        ["permitted", "OBJECTION_OPEN 28(2) below for news told 2024-01-01 until 2024-01-30"],
    ),
    "one that was told of too late": (
        asked(GOOD, hops=(hop(notified_on=date(2023, 12, 31), first_day=date(2024, 1, 1), since=date(2024, 1, 1)),)),
        [
            "not_permitted",
            "OBJECTION_CUT_SHORT 28(2) below for news told 2023-12-31 begins 2024-01-01 days 30",
            "OBJECTION_OPEN 28(2) below for news told 2023-12-31 until 2024-01-29",
        ],
    ),
    "one that was at work when the contract was signed": (
        asked(
            terms(signed_on=date(2024, 1, 1)),
            hops=(hop(notified_on=date(2023, 12, 31), first_day=date(2024, 1, 1), since=date(2024, 1, 1)),),
        ),
        ["permitted"],
    ),
    "one that nobody told of": (
        asked(GOOD, hops=(hop(notified_on=None),)),
        ["undetermined", "SUB_NOT_TOLD 28(2) below open for news"],
    ),
    "days of notice not known": (
        asked(terms(notice_days=None, signed_on=date(2019, 12, 1)), hops=(HOP,)),
        ["undetermined", "NOTICE_DAYS_MISSING 28(2) below open for news"],
    ),
    "one by one, and this one not": (
        asked(terms(authorisation="specific"), hops=(HOP,)),
        ["not_permitted", "SUB_NOT_AUTHORISED 28(2) below for news"],
    ),
    "one by one, and of this one nothing is known": (
        asked(terms(authorisation="specific"), hops=(hop(authorisation=None),)),
        ["undetermined", "SUB_NOT_AUTHORISED 28(2) below open for news"],
    ),
    "nothing known of how it was agreed to": (
        asked(GOOD, hops=(hop(authorisation=None),)),
        ["undetermined", "SUB_AUTHORISATION_MISSING 28(2) below open for news"],
    ),
    "without a contract nothing was agreed": (
        asked(terms(contract_since=None), hops=(HOP,)),
        [*NO_CONTRACT, "NOTICE_DAYS_MISSING 28(2) below open for news"],
    ),
    "a sub-processor of one engagement alone": (
        asked(GOOD, CRM, hops=(hop(engagement="crm", notified_on=None),)),
        [
            "undetermined",
            "SUB_NOT_TOLD 28(2) below open for crm",
        ],
    ),
    "a sub-processor of two engagements": (
        asked(GOOD, CRM, hops=(hop(notified_on=None),)),
        [
            "undetermined",
            "SUB_NOT_TOLD 28(2) below open for news",
            "SUB_NOT_TOLD 28(2) below open for crm",
        ],
    ),
    "nobody asks beneath a controller": (
        asked(terms(role="controller", disclosure_basis="consent"), CRM, hops=(hop(engagement="news", notified_on=None),)),
        ["permitted"],
    ),
    "a controller, and then a processor": (
        asked(terms(role="controller", disclosure_basis="consent"), CRM, hops=(hop(notified_on=None),)),
        ["undetermined", "SUB_NOT_TOLD 28(2) below open for crm"],
    ),
    "beneath whom an engagement's data reach straight from us": (
        asked(GOOD, CRM, hops=(hop(processor=7, notified_on=None),), reached=(Reached(FIRST, LAST, "crm", 7),)),
        ["undetermined", "SUB_NOT_TOLD 28(2) below open for crm"],
    ),
    "beneath whom they reach no more": (
        asked(GOOD, hops=(hop(processor=7, notified_on=None),), reached=(Reached(FIRST, date(2024, 1, 1), "news", 7),)),
        ["permitted"],
    ),
    "a listed party that binds nobody abroad": (
        asked(GOOD, hops=(hop(bound_alike=False),), lists=(DPF,)),
        ["not_permitted", "SUB_NOT_BOUND 44 eu-us-dpf below"],
    ),
    "a listed party, not known whether it binds": (
        asked(GOOD, hops=(hop(bound_alike=None),), lists=(OnList(FIRST, None, 1, "swiss-us-dpf", "none"), DPF)),
        ["undetermined", "SUB_NOT_BOUND 44 eu-us-dpf below open"],
    ),
    "of two lists one is told": (
        asked(GOOD, hops=(hop(bound_alike=None),), lists=(DPF, OnList(FIRST, None, 1, "uk-us-dpf-extension", "active"))),
        ["undetermined", "SUB_NOT_BOUND 44 eu-us-dpf below open"],
    ),
    "bound alike": (asked(GOOD, hops=(HOP,), lists=(DPF,)), ["permitted"]),
    "in the country of the list": (asked(GOOD, hops=(hop(bound_alike=False, country="US"),), lists=(DPF,)), ["permitted"]),
    "another party's list": (
        asked(GOOD, hops=(hop(bound_alike=False),), lists=(OnList(FIRST, None, 2, "eu-us-dpf", "active"),)),
        ["permitted"],
    ),
    "a place on the list that has ended": (
        asked(GOOD, hops=(hop(bound_alike=False),), lists=(OnList(FIRST, date(2024, 1, 1), 1, "eu-us-dpf", "active"),)),
        ["permitted"],
    ),
    "no list that anybody knows, then one": (
        asked(GOOD, hops=(hop(bound_alike=False),), lists=(OnList(FIRST, None, 1, "no-such-list", "active"), DPF)),
        ["not_permitted", "SUB_NOT_BOUND 44 eu-us-dpf below"],
    ),
    "a list that fell": (
        asked(GOOD, hops=(hop(bound_alike=False),), lists=(OnList(FIRST, None, 1, "eu-us-privacy-shield", "active"),)),
        ["permitted"],
    ),
    "a list that fell, then one that stands": (
        asked(GOOD, hops=(hop(bound_alike=False),), lists=(OnList(FIRST, None, 1, "eu-us-privacy-shield", "active"), DPF)),
        ["not_permitted", "SUB_NOT_BOUND 44 eu-us-dpf below"],
    ),
    "a hop that has ended": (asked(GOOD, hops=(hop(bound_alike=False, until=date(2024, 1, 1)),), lists=(DPF,)), ["permitted"]),
}


@pytest.mark.parametrize("case", SAID)
def test_each_answer_in_full(case: str) -> None:
    answer, expected = SAID[case]
    assert answer() == expected


def test_that_a_hop_is_not_bound_is_said_of_every_engagement() -> None:
    (found,) = bound_abroad(hop(bound_alike=False), (DPF,), law.load().on(date(2024, 1, 1), TODAY))
    assert (found.fact, found.engagement) == ("below", None)
