"""What if: nothing supposed turns nothing, the quick way and the whole way agree, the demo's story, and nothing is written."""

from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assessments.picture import Picture
from assessments.radius import Concerned
from assessments.rules import Between, Dossier, Listing, Part, Route, Scope, Traited, Traits
from assessments.supposed import Moved, Supposed
from assessments.verdicts import Judge
from assessments.what_if import Already, Fate, Turned, compared, covered_again, what_if
from assessments.what_to_do import to_do
from registry.law import FOLDER, Pack
from registry.law.loader import read
from registry.law.supposing import decision
from tests.assessments.test_rules import DAYS, LONG_AGO, PACK, TODAY, dossiers
from tests.law_files import DECISION as decided
from tests.support import Register, a_register
from tests.web import browse

DPF_LISTED = Listing(LONG_AGO, None, "listed", "eu-us-dpf", "active", True, True, None)
FLOWS = st.lists(dossiers(), min_size=1, max_size=4)


def registered(found: list[Dossier]) -> list[Dossier]:
    """Dossiers of one register: the same hops beneath all, each with a key of its own."""
    hops = found[0].hops
    return [
        msgspec.structs.replace(one, key=f"t{number}", thing=number, hops=hops, limited=False)
        for number, one in enumerate(found)
    ]


def said(turned: Any) -> set[tuple[str, str | None, str, str]]:
    return {(one.flow.dossier.key, one.flow.reading.regime, one.fate, one.after) for one in turned}


def in_force(day: date, *kinds: str) -> list[str]:
    view = PACK.on(day, TODAY)
    return [
        one.key
        for one in PACK.instruments.values()
        if one.kind in kinds and (stands := view.standing(one.key)) and stands.code is None
    ]


@given(FLOWS, DAYS)
def test_what_if_with_nothing_supposed_equals_today(found: list[Dossier], day: date) -> None:
    flows = registered(found)
    picture = Picture(flows, Judge(PACK, TODAY), day)
    assert what_if(picture, Supposed(day)).turned == ()
    read_again = Judge(Pack(read(FOLDER, None)), TODAY)
    assert list(compared(flows, picture, Supposed(day), read_again)) == []


@given(FLOWS, DAYS, st.data())
def test_judging_what_can_be_touched_says_the_same_as_judging_all(found: list[Dossier], day: date, data: st.DataObject) -> None:
    flows = registered(found)
    carrying = in_force(day, "adequacy", "framework", "clauses", "inside", "duty")
    assume(carrying)
    ends = tuple(data.draw(st.lists(st.sampled_from(carrying), max_size=2, unique=True)))
    kinds: list[Callable[[], Supposed]] = [
        lambda: Supposed(day, annul=ends),
        lambda: Supposed(day, end=ends),
        lambda: Supposed(day, annul=ends[:1], lapse=("eu-us-dpf",), frameworks=True),
        lambda: Supposed(day, lapse=("eu-us-dpf",), frameworks=True),
        lambda: Supposed(day, adopt=(decision(PACK, "IN", "EU_GDPR", day),), end=ends),
        lambda: Supposed(day, lapse=("l",)),
        lambda: Supposed(day, moves=(Moved(data.draw(st.sampled_from([2, 3])), "IN"),)),
        lambda: Supposed(day, subs=(Moved(data.draw(st.sampled_from([2, 3])), "IN"),), annul=ends),
    ]
    supposed = data.draw(st.sampled_from(kinds))()
    picture = Picture(flows, Judge(PACK, TODAY), day)
    quick = what_if(picture, supposed)
    whole = compared(flows, picture, supposed, Judge(quick.judge.pack, TODAY))
    assert said(quick.turned) == said(whole)


HOMES, PLACES = ("DE", "GB", "CH", "NO", "BR", "JP"), ("FR", "NO", "HU", "GB", "CH", "US", "JP", "KR", "GI", "IN", "CA", "BR")


@pytest.mark.parametrize(
    "day", [date(2003, 1, 1), date(2018, 6, 1), date(2020, 6, 1), date(2021, 3, 1), date(2026, 6, 1)], ids=str
)
def test_whatever_is_annulled_the_flows_it_touches_are_found_by_country_area_and_law(day: date) -> None:
    """An instrument may name an area where a flow names a country in it, and may decide who is under a law at all."""
    part = Part(LONG_AGO, None, "controller", "processor", None, None)
    traits = (Traited(LONG_AGO, None, Traits(*[True] * len(Traits.__struct_fields__))),)
    bare, listed = Between(traits=traits), Between(listings=(DPF_LISTED,), traits=traits)
    flows = [
        Dossier(f"{home}-{place}-{between is bare}", number, route, (part,), scopes, (), {}, limited=False)
        for number, (home, place, between) in enumerate(product(HOMES, PLACES, (bare, listed)))
        for route in [Route(LONG_AGO, None, 1, 2, place, None, None, None, between)]
        for scopes in [(Scope(LONG_AGO, None, "established", home),)]
    ]
    picture, turning = Picture(flows, Judge(PACK, TODAY), day), 0
    for key in in_force(day, "adequacy", "framework", "clauses", "inside", "duty", "rule"):
        supposed = Supposed(day, annul=(key,))
        quick = what_if(picture, supposed)
        whole = said(compared(flows, picture, supposed, Judge(quick.judge.pack, TODAY)))
        assert said(quick.turned) == whole, key
        turning += bool(whole)
    assert turning


@given(FLOWS, DAYS, st.booleans())
def test_what_only_joins_catches_nothing(found: list[Dossier], day: date, adopts: bool) -> None:
    flows = registered(found)
    joins = {"adopt": (decision(PACK, "IN", "EU_GDPR", day),)} if adopts else {"subs": (Moved(2, "JP"), Moved(3, "FR"))}
    turned = what_if(Picture(flows, Judge(PACK, TODAY), day), Supposed(day, **joins)).turned
    assert not {one.fate for one in turned} & ({"caught", "falls", "worse"} if adopts else {"caught"})


@given(FLOWS, DAYS)
def test_a_flow_that_falls_is_covered_again_on_the_first_such_day_and_not_before(found: list[Dossier], day: date) -> None:
    flows = registered(found)
    assume(in_force(day, "framework"))
    picture = Picture(flows, Judge(PACK, TODAY), day)
    quick = what_if(picture, Supposed(day, annul=tuple(in_force(day, "framework"))))
    other = Judge(quick.judge.pack, TODAY)
    for one in quick.turned:
        if one.fate == "falls":
            again = _again(one, other, day)
            assert again is None or again > day


def _again(one: Turned, other: Judge, day: date) -> date | None:
    dossier = one.flow.dossier
    after = other.read(dossier, one.flow.reading.regime, day)
    assert after is not None
    again = covered_again(other, dossier, after, day)
    if again is not None:
        then, before = (other.read(dossier, after.regime, on) for on in (again, date.fromordinal(again.toordinal() - 1)))
        assert then is not None
        assert then.path_outcome in {"permitted", "no_transfer", "measures_required"}
        assert before is not None
        assert before.path_outcome not in {"permitted", "no_transfer", "measures_required"}
    return again


def everything(register: Register) -> dict[str, Any]:
    """Each table's rows, counted and summed up, and the journal's head."""
    names = [row[0] for row in register.ask("select table_name from information_schema.tables where table_schema = 'public'")]
    quiet = set(names) - {"look", "session", "attempt", "credential", "secret", "sent"}
    summed = 'select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from "{}" t'
    return {name: tuple(register.ask(summed.format(name))[0]) for name in sorted(quiet)}


def test_the_framework_annulled_what_falls_what_catches_and_nothing_is_written(demo: Register) -> None:
    before = everything(demo)
    found = demo.answer("what-if", "--annul", "eu-us-dpf", "--as-of", "2026-06-30")
    fates = {one["transfer"]: (one["fate"], one["after"], one["rests_on"]) for one in found["flows"]}
    assert fates == {
        "tallyport": ("falls", "not_permitted", None),
        "salesforce": ("caught", "measures_required", "eu-scc-2021"),
        "mailchimp": ("caught", "permitted", "eu-scc-2021"),
    }
    assert found["counts"] == {"falls": 1, "worse": 0, "caught": 2, "better": 0}
    assert found["caught_with_measures"] == 1
    assert [one["transfer"] for one in found["flows"] if one["with_measures"]] == ["salesforce"]
    assert found["concerned"]["people"] == ["Customers and their staff"]
    assert any("Tallyport" in line for line in found["to_do"])
    text = demo.onward("what-if", "--annul", "eu-us-dpf", "--as-of", "2026-06-30")
    assert "EU-U.S. Data Privacy Framework: declared invalid from 30 June 2026." in text
    beside, alone = text.partition("Would be caught by something else, with measures beside it: 1")[2].split(
        "Would be caught by something else: 1"
    )
    assert "salesforce" in beside
    assert "mailchimp" not in beside
    assert "mailchimp" in alone
    assert "salesforce" not in alone
    assert everything(demo) == before


def test_a_gap_ends_on_the_day_on_which_what_is_adopted_begins(demo: Register, folder: Path) -> None:
    file = folder / "eu-adequacy-new.toml"
    file.write_text(DECISION)
    words = ("what-if", "--annul", "eu-us-dpf", "--from", "2026-07-01", "--as-of", "2026-07-01", "--adopt", str(file))
    (fallen,) = [one for one in demo.answer(*words)["flows"] if one["fate"] == "falls"]
    assert (fallen["transfer"], fallen["again_on"], fallen["gap_days"]) == ("tallyport", "2026-08-30", 60)
    assert not fallen["again_with_measures"], "a decision carries it alone"
    alone = demo.answer("what-if", "--adopt", str(file), "--as-of", "2026-07-01")
    assert alone["as_of"] == "2026-08-30"  # nothing else is supposed: the day on which it begins
    assert {one["transfer"] for one in alone["flows"] if one["fate"] == "better"} == {"jivochat"}


def test_what_falls_by_what_is_supposed_is_told_before_what_had_ended_anyhow(demo: Register) -> None:
    found = demo.answer("what-if", "--annul", "eu-us-dpf", "--end", "eu-scc-2021", "--as-of", "2026-12-01")
    (flow,) = [one for one in found["flows"] if one["transfer"] == "mailchimp"]
    codes = [(reason["code"], "2027" in reason["text"] or "2026" in reason["text"]) for reason in flow["reasons"]]
    assert codes == [("INVALIDATED", True), ("SCC_EXPIRED", True), ("INVALIDATED", False), ("SCC_EXPIRED", False)]


def test_a_vendor_moves_and_another_brings_in_a_company(demo: Register) -> None:
    found = demo.answer("what-if", "--move", "mailchimp=IN", "--sub", "tallyport=ru", "--as-of", "2026-06-30")
    flows = {one["transfer"]: one for one in found["flows"]}
    assert flows["mailchimp"]["country"] == "IN"
    assert flows["mailchimp"]["after"] == "not_permitted"
    assert flows["tallyport"]["decides"] == "the new company"
    assert flows["tallyport"]["after"] == "undetermined"
    assert "No impact assessment of India is on file" in demo.onward(
        "what-if", "--move", "mailchimp=IN", "--as-of", "2026-06-30"
    )
    two = demo.answer("what-if", "--sub", "mailchimp=IN", "--sub", "tallyport=IN", "--as-of", "2026-06-30")
    assert {one["decides"] for one in two["flows"]} == {
        "the new company beneath MailChimp", "the new company beneath Tallyport Payments, Inc.",
    }  # fmt: skip
    home = ("what-if", "--move", "mailchimp=DE", "--as-of", "2026-06-30")  # it crosses no border any more
    assert not [said for said in demo.answer(*home)["to_do"] if "privacy notices" in said]
    assert "because of" not in demo.onward(*home)
    one = demo.answer("what-if", "--lapse", "eu-us-dpf", "--as-of", "2026-06-30")
    other = demo.answer("what-if", "--annul", "eu-us-dpf", "--as-of", "2026-06-30")
    assert [flow["after"] for flow in one["flows"]] == [flow["after"] for flow in other["flows"]]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "say what to suppose: --annul, "),
        (["--from", "2027-01-01", "--json"], "say what to suppose: --annul, "),
        (["--annul", "nothing"], "no instrument is called 'nothing'"),
        (["--annul", "eu-gdpr"], "a law as a whole"),
        (["--annul", "eu-us-privacy-shield"], "had ended by"),
        (["--annul", "eu-us-dpf", "--from", "2020-01-01", "--as-of", "2020-01-01"], "is not in force yet"),
        (["--move", "mailchimp"], "VENDOR=COUNTRY"),
        (["--move", "nobody=IN"], "no vendor is called 'nobody'"),
        (["--move", "mailchimp=IN", "--move", "mailchimp=BR"], "cannot move to IN and to BR at once"),
        (["--move", "mailchimp=Mars"], "'MARS' is no country code"),
        (["--sub", "mailchimp=ZZ"], "is no country code"),
        (["--lapse", "nothing"], "no listing and no framework"),
        (["--adopt", "absent.toml"], "cannot be read"),
        (["--adopt", "JP"], "there is one already"),
        (["--adopt", "DE"], "DE needs no decision under EU_GDPR"),
        (["--annul", "eu-us-dpf", "--known-on", "2021-01-01"], "nobody knew of"),
        (["--adopt", "BR=NOWHERE"], "no law is called"),
    ],
)
def test_what_cannot_be_supposed_is_refused_with_the_way_out(demo: Register, words: list[str], named: str) -> None:
    assert named in demo.onward("what-if", *words, exit_code=2)


def test_the_page_is_its_address_and_writes_nothing(demo: Register) -> None:
    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        connection = await asyncpg.connect(demo.url)
        head = await connection.fetchval("select sequence from journal_head")
        page = (await auditor.get("/what-if?annul=eu-us-dpf&on=2026-06-30")).text
        for words in ("These would fall", "Tallyport", "These would be caught", "Under EU GDPR: conclude the standard"):
            assert words in page, words
        beside, _, alone = page.partition("These would be caught, with measures beside it")[2].partition(
            "These would be caught:"
        )
        assert "Salesforce" in beside
        assert "MailChimp" not in beside
        assert "MailChimp" in alone
        assert 'style="' not in page
        assert "<script>" not in page
        assert 'option value="eu-us-dpf" selected' in page
        several = (await auditor.get("/what-if?annul=eu-us-dpf&annul=eu-scc-2021")).text
        assert 'name="annul" value="eu-scc-2021" checked' in several
        both = await auditor.get("/what-if?move=mailchimp=IN&move=tallyport=BR&sub=tallyport&sub_in=RU&on=2026-06-30")
        supposed = both.text.split("Compared on")[0].split("<h2>Supposed")[1]
        assert supposed.count("<li>") == 3
        assert 'option value="mailchimp" selected' in both.text
        assert 'name="move" value="tallyport=BR" checked' in both.text
        lone = await auditor.get("/what-if?annul=&move=&move_to=IN&move=tallyport%3DBR&sub_in=")
        assert lone.status_code == 422
        assert "choose both the vendor and the country" in lone.text
        assert 'option value="IN" selected' in lone.text
        assert 'value="tallyport=BR"' in lone.text
        assert 'value="=IN"' not in lone.text
        half = await auditor.get("/what-if?move=mailchimp")
        assert half.status_code == 200
        assert 'option value="mailchimp" selected' in half.text
        two = (await auditor.get("/what-if?move=mailchimp&move=tallyport")).text
        assert 'name="move" value="tallyport" checked' in two
        assert "Tallyport Payments, Inc. → no country chosen" in two
        for typed, said in (("", "Nothing is supposed"), ("mailchimp", "choose both the vendor and the country")):
            sent = await auditor.get(f"/what-if?annul=&end=&lapse=&move={typed}&move_to=&sub=&sub_in=&adopt=&adopt_law=EU_GDPR")
            assert sent.status_code == 422
            assert said in sent.text
        wrong = await auditor.get("/what-if?annul=%3Cb%3E&sub=mailchimp&sub_in=IN")
        assert wrong.status_code == 422
        assert "no instrument is called &#39;&lt;b&gt;&#39;" in wrong.text
        assert 'option value="mailchimp" selected' in wrong.text  # nothing that was chosen is lost
        assert await connection.fetchval("select sequence from journal_head") == head
        await connection.close()
        assert "/what-if?annul=eu-us-dpf" in (await auditor.get("/law/eu-us-dpf")).text
        assert "/what-if?move=mailchimp" in (await auditor.get("/vendors/mailchimp")).text
        assert 'href="/what-if"' in (await auditor.get("/")).text

    browse(demo, work)


def test_what_is_adopted_under_a_law_that_no_flow_is_under_is_said_to_touch_none(demo: Register) -> None:
    for asked, said in (("IN=UK_GDPR", True), ("IN=EU_GDPR", False)):
        found = demo.answer("what-if", "--adopt", asked, "--as-of", "2026-06-30")
        assert ("No flow on file is under UK GDPR: what is adopted there touches none of them." in found["supposed"]) is said


def test_what_is_said_twice_is_supposed_once_and_what_is_no_file_is_not_read(demo: Register) -> None:
    for words in (("--annul", "eu-us-dpf"), ("--adopt", "IN")):
        once, twice = (demo.answer("what-if", *words * many, "--as-of", "2026-06-30") for many in (1, 2))
        assert once == twice
    told = demo.onward("what-if", "--adopt", "/dev/zero", exit_code=2)
    assert "/dev/zero is no file: name one, or a country such as BR" in told


def test_an_empty_register_answers_too(register: Register, folder: Path) -> None:
    register.load({"party": a_register()["party"][:1]}, folder)
    found = register.answer("what-if", "--annul", "eu-us-dpf")
    assert found["flows"] == []
    assert found["to_do"] == ["Nothing has to be done at once: no flow falls."]


@pytest.mark.parametrize(
    ("more", "also"),
    [
        ([], "1 flow may not go ahead"),
        ([{"key": "seen", "country": "IN"}], "2 flows may not go ahead"),
        ([{"key": "doubt", "exporter": "aunt"}], "1 flow may not go ahead and 1 is in doubt"),
        ([{"key": "doubt", "exporter": "aunt"}, {"key": "news", "exporter": "aunt"}], "2 flows are in doubt"),
    ],
)
def test_what_may_not_go_ahead_as_it_is_is_told_beside_what_follows(
    register: Register, folder: Path, more: list[dict[str, str]], also: str
) -> None:
    """Whose law a company is under is not known: what it sends is in doubt."""
    tables = a_register()
    leg = tables["transfer"][0]
    tables["party"].append({"key": "aunt", "name": "Aunt", "ours": True, "country": "IN", "since": "2018-05-25"})
    tables["transfer"] = list({one["key"]: leg | one for one in [leg, *more]}.values())
    register.load(tables, folder)
    found = register.answer("what-if", "--annul", "eu-us-dpf", "--as-of", "2026-06-30")
    assert found["to_do"] == [
        "Nothing has to be done at once for what is supposed: no flow falls.",
        f"As it is, on 30 June 2026, {also}: that is no consequence of what is supposed.",
    ]
    assert sum(found["already"].values()) == len(tables["transfer"])
    assert also in register.onward("what-if", "--annul", "eu-us-dpf", "--as-of", "2026-06-30")

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        assert also in (await auditor.get("/what-if?annul=eu-us-dpf&on=2026-06-30")).text

    browse(register, work)


def test_where_all_may_go_ahead_as_it_is_nothing_is_told_beside(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    found = register.answer("what-if", "--lapse", "eu-us-dpf", "--as-of", "2020-06-30")
    assert found["to_do"] == ["Nothing has to be done at once: no flow falls."]
    assert found["already"] == {"not_permitted": 0, "undetermined": 0, "stopped": 0}


def test_what_is_stopped_is_told_of_what_may_not_go_ahead_as_it_is(demo: Register) -> None:
    found = demo.answer("what-if", "--annul", "eu-us-dpf", "--as-of", "2026-06-30")
    assert found["already"] == {"not_permitted": 1, "undetermined": 0, "stopped": 1}
    last = "1 flow may not go ahead (it is stopped): that is no consequence of what is supposed."
    assert found["to_do"][-1].endswith(last)


NOBODY = Concerned((), (), (), (), special_unknown=False)


@pytest.mark.parametrize(
    ("stands", "said"),
    [
        (Already(2, 1, 3), "2 flows may not go ahead and 1 is in doubt (all stopped)"),
        (Already(2, 1, 1), "2 flows may not go ahead and 1 is in doubt (1 of these stopped)"),
        (Already(0, 1, 1), "1 flow is in doubt (it is stopped)"),
    ],
)
def test_those_stopped_are_counted_among_what_may_not_go_ahead_as_it_is(stands: Already, said: str) -> None:
    lines = list(to_do([], dict.fromkeys(Fate, 0), stands, [], NOBODY, TODAY, PACK.on(TODAY, TODAY)))
    assert lines[-1].endswith(f", {said}: that is no consequence of what is supposed.")


@pytest.mark.parametrize(
    ("caught_by", "named"),
    [
        (["DE"], None),  # it crosses no border any more
        (["eea", "eu-fr-overseas"], None),
        ([None], "further down the chain"),
        (["DE", None], "further down the chain"),
        (["DE", "eu-scc-2021", None], "Standard contractual clauses of 2021, further down the chain"),
    ],
)
def test_what_catches_a_flow_is_to_be_named_unless_it_stays_at_home(caught_by: list[str | None], named: str | None) -> None:
    numbers = dict.fromkeys(Fate, 0) | {Fate.CAUGHT: 1}
    lines = list(to_do([], numbers, Already(), caught_by, NOBODY, TODAY, PACK.on(TODAY, TODAY)))
    assert [line.partition("(")[2].partition(")")[0] for line in lines if "privacy notices" in line] == (
        [named] if named else []
    )


DECISION = decided.replace("own-us", "eu-adequacy-new").replace(
    "known = 2021-03-01\neffect = 2021-03-01", "known = 2026-08-20\neffect = 2026-08-30"
)
