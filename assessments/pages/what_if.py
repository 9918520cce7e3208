"""What if: a question in everyday words, asked by its address alone, and what would follow. Nothing is written."""

import re
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import QueryParameter
from litestar.response import Template

from assessments import what_follows
from assessments.clockbar import Bar, day_of
from assessments.pages.vendors import ends_of
from assessments.show import country
from assessments.what_follows import USUAL_LAW, Answer, Asked, groups, to_adopt
from assessments.what_if import Fate
from registry import database, forms, law
from registry.access import Permission, Visitor
from registry.errors import Misused, Refused
from registry.law import Pack
from registry.vocabulary import GOES_AHEAD
from registry.web import page

MOST = 50  # flows of each fate
NOTHING = "Nothing is supposed: choose what falls or lapses, who moves or brings in whom, or what is adopted"
LISTINGS = 300
_LISTED = """select distinct on (c.key) c.key, c.framework, coalesce(p.name, c.key) as name from certification c
left join party p on p.thing = c.party where c.since <= $1 and (c.until is null or c.until > $1)
    and c.framework = any($2) order by c.key, p.since desc limit $3"""
WORDS = {  # of each fate, and whether it is so only with measures beside: in the count, and above the flows
    (Fate.FALLS, False): ("would fall", "These would fall: they may go ahead as it is, and then may not"),
    (Fate.CAUGHT, True): (
        "would be caught, with measures beside it",
        "These would be caught, with measures beside it: something else carries them, but only together with "
        "supplementary measures",
    ),
    (Fate.CAUGHT, False): ("would be caught", "These would be caught: something else carries them"),
    (Fate.WORSE, False): (
        "in doubt now, would not be permitted",
        "These are in doubt, and would not be permitted",
    ),
    (Fate.BETTER, False): ("would be better off", "These would be better off"),
}


class Given(msgspec.Struct, frozen=True):
    """What stands in the address, as it was typed."""

    annul: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    lapse: tuple[str, ...] = ()
    move: tuple[str, ...] = ()
    move_to: str = ""
    sub: tuple[str, ...] = ()
    sub_in: str = ""
    adopt: tuple[str, ...] = ()
    adopt_law: str = ""
    since: str = ""

    @property
    def moves(self) -> tuple[tuple[str, str], ...]:
        """Each vendor that moves with its country; "" for what is not said."""
        return _pairs(self.move, self.move_to)

    @property
    def subs(self) -> tuple[tuple[str, str], ...]:
        """Each vendor that passes data on, with the country of the new company."""
        return _pairs(self.sub, self.sub_in)

    @property
    def adopted(self) -> tuple[tuple[str, str], ...]:
        """Each country with the law it is found adequate under; what cannot be read stays as it is, to be refused by name."""
        return tuple(to_adopt(one, self.adopt_law) or (one, self.adopt_law or USUAL_LAW) for one in self.adopt)

    @property
    def asks(self) -> bool:
        """Whether anything is asked: a vendor alone only fills in the form."""
        return bool(self.annul or self.end or self.lapse or self.adopt or any(where for _, where in (*self.moves, *self.subs)))

    def asked(self) -> Asked:
        """Raises Misused for a vendor without a country, or a day that is none."""
        for pairs, what in ((self.moves, "moves"), (self.subs, "passes data on")):
            if not all(vendor and where for vendor, where in pairs):
                raise Misused(f"A vendor {what}: choose both the vendor and the country, or leave both out")
        return Asked(self.annul, self.end, self.lapse, self.moves, self.subs, (), self.adopted, day_of("from", self.since))


def _several(given: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in given or () if one))


def _pairs(given: tuple[str, ...], where: str) -> tuple[tuple[str, str], ...]:
    """Vendors and countries: each written as one, mailer=IN, as for the command, or the vendor alone and the country apart.

    Where one of the two is not said, "" stands for it; such a pair comes first: the form shows it.
    """
    whole, apart = [], []
    for one in given:
        vendor, equals, country = one.rpartition("=")
        if equals and vendor and re.fullmatch("[A-Za-z]{2}", country):
            whole.append((vendor, country.upper()))
        else:
            apart.append((one, where))
    return (*(apart or ([("", where)] if where else [])), *whole)


@get("/what-if", opt={"needs": Permission.LOOK})
async def what_if(
    request: Request[Any, Any, Any],
    visitor: Visitor,
    bar: Bar,
    annul: list[str] | None = None,
    end: list[str] | None = None,
    lapse: list[str] | None = None,
    move: list[str] | None = None,
    move_to: str = "",
    sub: list[str] | None = None,
    sub_in: str = "",
    adopt: list[str] | None = None,
    adopt_law: str = "",
    since: Annotated[str, QueryParameter(name="from")] = "",
) -> Template:
    """The question as the address asks it, and its answer; without one, the form alone. What cannot be asked is said."""
    ends = (_several(annul), _several(end), _several(lapse))
    given = Given(*ends, _several(move), move_to, _several(sub), sub_in, _several(adopt), adopt_law, since)
    pack = law.load()
    found: Answer | None = None
    wrong = ""
    sent = {"annul", "move_to", "sub_in"} <= request.query_params.keys()  # all that the form asks; a link asks some of it
    try:
        if sent and not given.asks:
            given.asked()  # says what lacks, where something does
            raise Misused(NOTHING)
        if given.asks:
            found = await what_follows.answer(pack, bar.clocks, given.asked(), MOST)
    except Refused as error:
        wrong = str(error)
    return page(
        "what-if",
        422 if wrong else 200,
        visitor=visitor,
        bar=bar,
        given=given,
        found=found,
        wrong=wrong,
        going=GOES_AHEAD,
        groups=[(one, *WORDS[one.fate, one.with_measures]) for one in groups(found)] if found else [],
        **await _beside(pack, bar, found),
    )


async def _beside(pack: Pack, bar: Bar, found: Answer | None) -> dict[str, Any]:
    """What tells the flows apart, and what the form offers: what is in force, listings, vendors, countries, laws."""
    view = pack.on(bar.clocks.as_of, bar.clocks.known_on)
    standing = [
        one
        for one in pack.instruments.values()
        if one.kind != "regime" and (stands := view.standing(one.key)) and not stands.code
    ]
    frameworks = [one.key for one in pack.instruments.values() if one.kind == "framework"]
    async with database.as_known(bar.clocks.instant) as at:
        ends = await ends_of(at, [one.transfer for one in found.flows] if found else [], bar.clocks.as_of)
        vendors = await forms.named(at, "vendor")
        listings = await at.fetch(_LISTED, bar.clocks.as_of, frameworks, LISTINGS)
    return {
        "instruments": sorted(standing, key=lambda one: one.title),
        "frameworks": [one for one in standing if one.kind == "framework"],
        "listings": listings,
        "ends": ends,
        "vendors": vendors,
        "countries": sorted(((code, country(code)) for code in pack.codes), key=lambda pair: pair[1]),
        "laws": sorted({key for one in pack.instruments.values() if one.kind == "regime" for key in one.regimes}),
    }


ROUTES = [what_if]
