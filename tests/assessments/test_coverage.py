"""Covered and bare days between two days: the command, the page, the picture, the report, and the gaps on the desk."""

import itertools
import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given

from assessments.coverage import lines
from assessments.drawing import drawn
from assessments.rules import Dossier
from assessments.verdicts import Judge
from registry.law import ONE_DAY
from tests.assessments.test_rules import PACK, TODAY, dossiers
from tests.support import Register, a_register
from tests.web import browse

FIRST, LAST = date(2018, 1, 1), date(2027, 1, 1)


@given(dossiers())
def test_each_day_is_in_one_stretch_that_reads_as_the_judge_says(dossier: Dossier) -> None:
    judge = Judge(PACK, TODAY)
    for regime, found in lines([dossier], judge, FIRST, LAST).items():
        for one, later in itertools.pairwise(found):
            assert one.last_day < later.first_day
        assert found[0].first_day >= FIRST
        assert found[-1].last_day <= LAST
        for one in found:
            for day in {one.first_day, one.last_day}:
                reading = judge.read(dossier, regime, day)
                assert reading is not None
                outcomes = reading.outcome, reading.path_outcome
                assert (*outcomes, reading.leg.verdict.judged.basis, reading.flowing) == (
                    one.outcome,
                    one.path_outcome,
                    one.basis,
                    one.flowing,
                )
            assert [one.covered, one.bare, one.in_doubt, one.stopped].count(True) <= 1


@given(dossiers())
def test_the_picture_is_sound_has_a_title_and_no_style(dossier: Dossier) -> None:
    for found in lines([dossier], Judge(PACK, TODAY), FIRST, LAST).values():
        picture = drawn(found, FIRST, LAST, "<Days> & nights", LAST)
        assert picture.count("ow-mark") == 1
        assert all("ow-mark" not in drawn(found, FIRST, LAST, "", day) for day in (None, FIRST - ONE_DAY, LAST + ONE_DAY))
        tree = ElementTree.fromstring(picture)  # noqa: S314
        names = [element.tag.rpartition("}")[2] for element in tree]
        assert names[:2] == ["title", "desc"]
        assert tree[0].text == "<Days> & nights"
        assert names.count("rect") == len(found)
        assert "style" not in picture


@pytest.mark.parametrize(
    ("first", "last", "named"),
    [
        ("2025-02-01", "2025-12-31", ["1 February 2025", "31 December 2025"]),
        ("2025-02-01", "2026-01-01", ["1 February 2025", "1 January 2026"]),  # the year's own name would not fit
        ("2025-02-01", "2026-06-01", ["2026"]),
    ],
)
def test_a_picture_names_its_years_or_its_first_and_last_day(first: str, last: str, named: list[str]) -> None:
    picture = drawn([], date.fromisoformat(first), date.fromisoformat(last), "x")
    assert re.findall("<text[^>]*>([^<]*)</text>", picture) == named


def test_sixty_days_between_a_judgment_and_the_clauses(demo: Register) -> None:
    (found,) = demo.answer("coverage", "salesforce", "--from", "2020-07-01", "--to", "2020-12-31")
    assert (found["covered_days"], found["bare_days"]) == (15, 60)
    bare = [one for one in found["stretches"] if one["bare"]]
    assert [(one["first_day"], one["last_day"], one["basis"]) for one in bare] == [("2020-07-16", "2020-09-13", None)]
    assert found["stretches"][0]["basis"] == "eu-us-privacy-shield"
    assert sum(one["days"] for one in found["stretches"]) == 184
    before = demo.answer("coverage", "salesforce", "--from", "2020-07-01", "--to", "2020-12-31", "--known-on", "2020-07-15")
    assert before[0]["bare_days"] == 0
    assert "no transfer is called" in demo.onward("coverage", "nothing", exit_code=2)
    wrong = ("--from", "2021-01-01", "--to", "2020-01-01")
    assert "lies before" in demo.onward("coverage", "salesforce", *wrong, exit_code=2)


def test_days_on_which_the_flow_was_stopped_are_neither_covered_nor_bare(demo: Register) -> None:
    (found,) = demo.answer("coverage", "jivochat", "--to", "2022-01-01")
    stopped = found["stretches"][-1]
    assert (stopped["flowing"], stopped["covered"], stopped["bare"], stopped["stopped"]) == (False, False, False, True)
    assert found["stopped_days"] == sum(one["days"] for one in found["stretches"] if one["stopped"]) > 0
    assert f", {found['stopped_days']} stopped" in " ".join(demo.onward("coverage", "jivochat", "--to", "2022-01-01").split())


def test_days_on_which_the_chain_beneath_was_not_permitted_are_bare(demo: Register) -> None:
    """Both sides of its last day: what nothing carries further down is no covered day, wherever it is told."""
    last = date(2021, 9, 19)
    for to, bare in ((last, True), (last + ONE_DAY, False)):
        (judged,) = [one for one in demo.answer("assess", "--as-of", str(to)) if one["transfer"] == "mailchimp"]
        assert (judged["outcome"], judged["path_outcome"]) == ("permitted", "not_permitted" if bare else "permitted")
        assert judged["path"][0]["reasons"] == []
        codes = [reason["code"] for step in judged["path"][1:] for reason in step["reasons"]]
        assert codes == (["INVALIDATED", "MODULE_MISMATCH", "TIA_MISSING"] if bare else [])
        (found,) = demo.answer("coverage", "mailchimp", "--from", "2020-08-03", "--to", str(to))
        assert (found["covered_days"], found["bare_days"]) == (0 if bare else 1, 413)
    spans = [(one["outcome"], one["path_outcome"], one["bare"]) for one in found["stretches"]]
    assert spans == [("permitted", "not_permitted", True), ("permitted", "permitted", False)]
    text = " ".join(demo.onward("coverage", "mailchimp", "--from", "2020-08-03", "--to", str(last)).split())
    assert "bare not permitted by the chain beneath eu-scc-2010-c2p" in text

    printed = demo.onward("assess", "--as-of", str(last))

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        page = (await dpo.get("/transfers/mailchimp?on=2021-09-19")).text
        assert " by the chain beneath" in page
        for told in (page, (await dpo.get("/?on=2021-09-19")).text, printed):
            assert "No impact assessment of United States is on file for MailChimp" in " ".join(told.split()), (
                "why the hop decides"
            )
        gaps = (await dpo.get("/gaps")).text
        assert "19 Sep 2021" in gaps

    browse(demo, work)


def test_days_in_doubt_are_summed_up_beside_those_covered_and_bare(register: Register, folder: Path) -> None:
    """Whose law the exporter is under is not known, so that nobody knows whether anything carries the data."""
    register.load(a_register(regime_scope=[]), folder)
    words = ("coverage", "news", "--from", "2019-01-01", "--to", "2019-01-31")
    (found,) = register.answer(*words)
    assert (found["covered_days"], found["bare_days"], found["in_doubt_days"]) == (0, 0, 31)
    assert [one["in_doubt"] for one in found["stretches"]] == [True]
    text = " ".join(register.onward(*words).split())
    assert "0 days covered, 0 days bare, 31 in doubt" in text
    assert "measures" not in text
    pages: list[str] = []

    async def work(as_role: Any) -> None:
        pages.append((await (await as_role("auditor")).get("/transfers/news?on=2018-05-25")).text)

    browse(register, work)
    counted = "0 days covered, 0 days bare, 1 in doubt."
    assert pages[0].count(counted) == 2, "beneath the picture, and in it: up to the day asked about"


def test_days_on_which_measures_were_required_are_told_beside(demo: Register) -> None:
    text = " ".join(demo.onward("coverage", "salesforce", "--from", "2020-07-01", "--to", "2020-12-31").split())
    assert "15 days covered, 60 days bare, 0 in doubt, 109 with measures required" in text


def test_page_json_and_desk_tell_the_same(demo: Register) -> None:
    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        page = (await dpo.get("/transfers/salesforce")).text
        (picture,) = re.findall(r"<svg class=\"ow-days\".*?</svg>", page, re.S)
        assert "<title>Days covered and bare under EU GDPR" in picture
        assert "<td>60</td>" in page
        answer = await dpo.get("/transfers/salesforce/coverage?from=2020-07-01&to=2020-12-31")
        assert json.loads(answer.content)[0]["bare_days"] == 60
        assert (await dpo.get("/transfers/nothing/coverage")).status_code == 404
        early = await dpo.get("/transfers/salesforce?known=2018-05-01")
        assert early.status_code == 404, "nobody knew of it then"
        assert '<a href="/transfers/salesforce">look at it as it is today</a>' in early.text
        assert "look at it as it is today" not in (await dpo.get("/transfers/nothing")).text
        for elsewhere in ("//evil.example/x", "/%5Cevil.example/x", "/%22%3E%3Cb%3E"):
            (led,) = re.findall(r'<a href="([^"]*)">look at it', (await dpo.get(f"{elsewhere}?on=2019-01-01")).text)
            assert re.match(r"/[^/\\]", led), led
        assert (await dpo.get("/transfers/salesforce/coverage?from=never")).status_code == 422
        desk = (await dpo.get("/")).text
        gaps = desk[desk.index("In the past: flows stood on file") :]
        row = next(row for row in gaps.split("<tr>") if "/transfers/salesforce" in row)
        for words in ("16 Jul 2020", "13 Sep 2020", "<td>60</td>", "Prospective customers"):
            assert words in row, words
        said = "Its vendor was not decided on in these days"
        assert said not in row
        assert said in next(row for row in gaps.split("<tr>") if "/transfers/kickbox" in row), "its gate was never decided"
        assert "data flowed, and" not in desk, "which is not on file"
        assert "In the past: flows" not in (await (await as_role("auditor")).get("/")).text
        assert "7 times on record" in (await dpo.get("/gaps")).text

    browse(demo, work)
