"""What the law has been found to say: the memory of a law pack, as known on a day, about the signatures it has judged.

Nothing here is of one register. A signature is all that a rule can tell of a leg on a day; there are few of them, and
what was said of one holds for every leg that looks the same, in this round of judging and in the next.
"""

from bisect import bisect_right
from datetime import date
from functools import lru_cache
from itertools import count
from typing import Any
from weakref import proxy

import msgspec

from assessments.readings import alike
from assessments.rules import Judged, Leg, Signature, Sort, Tools, Traits, Verdict
from assessments.rules.chapter_v import judge
from assessments.rules.onward import seen_from
from registry.law import Law, Pack


class Rulings(dict[tuple[int, str, bool | None, date], Verdict]):
    """What is said of a leg between two parties between whom stands what is of one sort.

    By the number of the light, the country, whether automated, and the day since which the law reads so. No row is known here:
    of what rests on one, the last day is the law's alone. What is lacking is found out, by whose memory this is (a weak
    reference: what is remembered makes no cycles).
    """

    def __init__(self, precedents: "Precedents", sort: int) -> None:
        super().__init__()
        self._precedents, self.sort = proxy(precedents), sort

    def __missing__(self, case: tuple[int, str, bool | None, date]) -> Verdict:
        verdict: Verdict = self._precedents.rule(self.sort, *case)
        self[case] = verdict
        return verdict


class Beneath(dict[tuple[int, str | None, bool | None], int]):
    """The light of the next hop under one that lends it a framework, by the light above, the framework, whether bound alike."""

    def __init__(self, precedents: "Precedents") -> None:
        super().__init__()
        self._precedents = proxy(precedents)

    def __missing__(self, hop: tuple[int, str | None, bool | None]) -> int:
        light, framework, bound_alike = hop
        number: int = self._precedents.number(seen_from(self._precedents.light(light), framework, bound_alike))
        self[hop] = number
        return number


class Precedents:
    """Tools, lights and signatures are known by number; between two changes of the law, one is judged alike on every day."""

    def __init__(self, pack: Pack, known_on: date) -> None:
        self.pack = pack
        self.known_on = known_on
        self._numbers: dict[Any, int] = {}
        self._values: dict[int, Any] = {}
        self._count = count()
        self._rulings: dict[int, Rulings] = {}
        self._judged: dict[tuple[int, date], Judged] = {}
        self._alike: dict[Judged, Judged] = {}  # what is said alike is one object
        self._ruled: dict[tuple[int, date], Verdict] = {}
        self.beneath = Beneath(self)
        self._regimes: dict[tuple[str, str, date], tuple[tuple[str, ...], date | None]] = {}

    def law(self, day: date) -> Law:
        return self.pack.on(day, self.known_on)

    def number(self, value: Tools | Sort | Leg | Signature) -> int:
        number = self._numbers.get(value)
        if number is None:  # pages judge in threads: a number is nobody else's, and its value stands before it is told
            fresh = next(self._count)
            self._values[fresh] = value
            number = self._numbers.setdefault(value, fresh)
        return number

    def light(self, number: int) -> Leg:
        """In what light a hop was judged: a leg without what stands between its parties."""
        leg: Leg = self._values[number]
        return leg

    def sort(self, number: int) -> Sort:
        """What stood between two parties."""
        sort: Sort = self._values[number]
        return sort

    def rulings(self, sort: int) -> Rulings:
        """All that was said of legs between parties between whom stands what is of this sort."""
        found = self._rulings.get(sort)
        if found is None:
            found = self._rulings[sort] = Rulings(self, sort)
        return found

    def rule(self, sort: int, light: int, country: str, automated: bool | None, since: date) -> Verdict:
        """What `rulings` hold, found out."""
        signature = self._signature(self._values[sort], light, country, automated)
        return self._rule(signature, since)

    def said(self, sort: Sort, light: int, country: str, automated: bool | None, day: date) -> Judged:
        """The same of what is of any sort, without the day on which something else is said."""
        return self._judge(self._signature(sort, light, country, automated), self.pack.changed_by(day))

    def _signature(self, sort: Sort, light: int, country: str, automated: bool | None) -> int:
        """The number of all that a rule can tell of a leg; of traits, what decisions on its country ask."""
        impacts = tuple([one[1:] for one in sort.impacts if one[0] == country]) if sort.impacts else ()
        asked = self._asked(country)
        answers = tuple([getattr(sort.traits, fact, None) for fact in asked]) if sort.traits is not None and asked else None
        tools = self.number((sort.clauses, sort.listings))
        return self.number((tools, light, country, automated, impacts, answers, sort.facts))

    def _asked(self, country: str) -> tuple[str, ...]:
        return self.pack.asked_of.get(country) or self.pack.asked_of[""]

    def _judge(self, signature: int, since: date) -> Judged:
        """What is said from a change of the law until the next one."""
        key = (signature, since)
        if key not in self._judged:
            said = judge(self._leg(signature), self.law(since))
            self._judged[key] = self._alike.setdefault(said, said)
        return self._judged[key]

    def _rule(self, signature: int, since: date) -> Verdict:
        """The same, the next day on which the law alone, all facts as they are, says otherwise, and whether it lends so too."""
        key = (signature, since)
        if key not in self._ruled:
            now, days = self._judge(*key), self._days(signature)
            turns = (day for day in days[bisect_right(days, since) :] if _otherwise(self._judge(signature, day), now))
            turn = next(turns, None)
            otherwise = turn is not None and self._judge(signature, turn).lends != now.lends
            self._ruled[key] = Verdict(now, now.last_day, turn, otherwise)
        return self._ruled[key]

    def _days(self, signature: int) -> tuple[date, ...]:
        """The days on which the law may say otherwise of a leg, all facts as they are."""
        tools, number, country, *_ = self._values[signature]
        light, (clauses, listings) = self.light(number), self._values[tools]
        named = {one.instrument for one in clauses} | {one.framework for one in listings} | {light.above or ""}
        return self.pack.changes_for(light.regime, frozenset({country, light.territory}), frozenset(named))

    def regimes(self, basis: str, territory: str, day: date) -> tuple[tuple[str, ...], date | None]:
        """The regimes that a scope brings on a day, and the next day on which they are others."""
        key = (basis, territory, day)
        if key not in self._regimes:
            now = self.law(day).regimes(basis, territory)
            later = self.pack.changes_after(day)
            turn = next((change for change in later if self.law(change).regimes(basis, territory) != now), None)
            self._regimes[key] = (tuple(now), turn)
        return self._regimes[key]

    def _leg(self, number: int) -> Leg:
        tools, light, country, automated, impacts, answers, facts = self._values[number]
        given = dict(zip(self._asked(country), answers, strict=True)) if answers else {}
        return msgspec.structs.replace(
            self.light(light),
            country=country,
            automated=automated,
            traits=Traits(**{name: given.get(name) for name in Traits.__struct_fields__}),
            clauses=self._values[tools][0],
            listings=self._values[tools][1],
            impacts=impacts,
            facts=facts,
        )


def _otherwise(one: Judged, other: Judged) -> bool:
    """Whether two sayings about the same tools read otherwise to a person, or lend otherwise to the chain beneath."""
    if one is other:
        return False
    if one.last_day != other.last_day or one.lends != other.lends or not alike(one, other):
        return True
    return [finding.tool for finding in one.findings] != [finding.tool for finding in other.findings]


@lru_cache(maxsize=4)
def precedents(pack: Pack, known_on: date) -> Precedents:
    """Those of the clocks last asked for, so that the watch and the pages do not ask the law the same thing again."""
    return Precedents(pack, known_on)
