"""Sub-processors: may those beneath a vendor have our data, by what the contract says of them (Art. 28(2), Clause 9)?

Whether the law lets the data cross the border at each hop is not asked here: that is chapter V.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import msgspec

from assessments.rules import Finding, Period
from assessments.rules.failings import STILL_LISTED
from registry.law import ONE_DAY, Law
from registry.vocabulary import Authorisation

TO_KNOW = {"OBJECTION_OPEN"}  # nothing is wrong: a day is named by which something may be done


class SubProcessor(Period, frozen=True):
    """One hop as it is recorded; `first_day` is that on which this sub-processor began to work in this country."""

    key: str
    processor: int
    sub_processor: int
    engagement: str | None
    country: str
    authorisation: str | None
    notified_on: date | None
    bound_alike: bool | None
    first_day: date

    def announced(self, day: date) -> bool:
        """Whether we were told of it by the day, on which it has not begun yet."""
        return self.notified_on is not None and self.notified_on <= day < self.first_day == self.since


class Reached(Period, frozen=True):
    """A party into whose hands an engagement's data come straight from us."""

    engagement: str
    party: int


class OnList(Period, frozen=True):
    """A party's place on the list of a framework."""

    party: int
    framework: str
    status: str


class Agreed(msgspec.Struct, frozen=True):
    """What the contract of an engagement says of sub-processors; all None where no contract stands."""

    engagement: str
    authorisation: str | None = None
    notice_days: int | None = None
    signed_on: date | None = None

    def knew(self, hop: SubProcessor) -> bool:
        """Whether we had been told of the hop, and it was at work, by the day of signing: we agreed to it with the contract."""
        told, signed = hop.notified_on, self.signed_on
        return told is not None and signed is not None and max(told, hop.first_day) <= signed


class Passing(Finding, frozen=True, gc=False):
    """A finding about a hop (`fact` is its key), for which engagement, and the days that its sentence names."""

    engagement: str | None = None
    told: date | None = None
    begins: date | None = None
    last_day: date | None = None
    days: int | None = None


def below(parties: Iterable[int], hops: Sequence[SubProcessor], engagement: str, day: date) -> Iterator[SubProcessor]:
    """Every hop beneath some parties for an engagement on the day, the nearest first; each party is walked from once."""
    of: dict[int, list[SubProcessor]] = {}
    for hop in hops:
        if hop.engagement is None or hop.engagement == engagement:
            of.setdefault(hop.processor, []).append(hop)
    waiting = list(dict.fromkeys(parties))
    seen = set(waiting)
    for party in waiting:
        for hop in of.get(party, ()):
            if hop.holds(day) and hop.sub_processor not in seen:
                seen.add(hop.sub_processor)
                waiting.append(hop.sub_processor)
            if hop.holds(day) or hop.announced(day):
                yield hop


def authorised(hop: SubProcessor, agreed: Agreed, day: date) -> Iterator[Passing]:
    """Art. 28(2), Clause 9(a): agreed to one by one (Option 1), or we were told in time to object (Option 2)."""
    if hop.authorisation == Authorisation.SPECIFIC:
        return
    if agreed.authorisation == Authorisation.SPECIFIC:
        if hop.holds(day):
            unknown = hop.authorisation is None
            yield Passing("SUB_NOT_AUTHORISED", "28(2)", fact=hop.key, open=unknown, engagement=agreed.engagement)
        return
    if hop.authorisation is None:
        yield Passing("SUB_AUTHORISATION_MISSING", "28(2)", fact=hop.key, open=True, engagement=agreed.engagement)
    else:
        yield from told_in_time(hop, agreed)
    if Authorisation.GENERAL in {hop.authorisation, agreed.authorisation}:
        yield from may_object(hop, agreed, day)


def told_in_time(hop: SubProcessor, agreed: Agreed) -> Iterator[Passing]:
    """Clause 9(a) Option 2: told at least as many days before its first day as were agreed; that many are in time."""
    told, engagement = hop.notified_on, agreed.engagement
    if told is None:
        yield Passing("SUB_NOT_TOLD", "28(2)", fact=hop.key, open=True, engagement=engagement)
    elif agreed.knew(hop):
        return
    elif (hop.first_day - told).days < (agreed.notice_days or 0):
        finding = Passing("OBJECTION_CUT_SHORT", "28(2)", fact=hop.key, engagement=engagement, told=told, begins=hop.first_day)
        yield msgspec.structs.replace(finding, days=agreed.notice_days)
    elif agreed.notice_days is None:
        yield Passing("NOTICE_DAYS_MISSING", "28(2)", fact=hop.key, open=True, engagement=engagement)


def may_object(hop: SubProcessor, agreed: Agreed, day: date) -> Iterator[Passing]:
    """Art. 28(2): until when we may object. The day we were told counts as the first, which is the careful reading."""
    told, days = hop.notified_on, agreed.notice_days
    if told is None or not days or agreed.knew(hop) or not 0 <= (day - told).days < days:
        return
    last = told + timedelta(min(days, (date.max - told).days)) - ONE_DAY
    yield Passing("OBJECTION_OPEN", "28(2)", fact=hop.key, engagement=agreed.engagement, told=told, last_day=last)


def bound_abroad(hop: SubProcessor, lists: Sequence[OnList], law: Law) -> Iterator[Passing]:
    """Principle 3 (Accountability for Onward Transfer): a listed party binds whoever it passes data on to abroad."""
    if hop.bound_alike or not hop.holds(law.day):
        return
    for one in lists:
        if one.party != hop.processor or not one.holds(law.day) or one.status not in STILL_LISTED:
            continue
        standing = law.standing(one.framework) if law.instrument(one.framework) else None
        if standing is None or standing.code is not None or not standing.instrument.onward_by_contract:
            continue
        if not law.covers(standing.instrument, hop.country):
            yield Passing("SUB_NOT_BOUND", "44", one.framework, fact=hop.key, open=hop.bound_alike is None)
            return
