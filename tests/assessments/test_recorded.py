"""What was recorded about a transfer over time, and the history on the page of every kind of record; lists name things."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments.watch import look
from registry import law
from tests.support import Register, a_register
from tests.web import browse

CHANGED = {"kind": "changed", "why": "It moved"}


@pytest.fixture
def turned(register: Register, folder: Path) -> Register:
    """A transfer whose verdict was recorded before the Privacy Shield fell, and again when it had."""
    register.load(a_register(), folder)
    for day in ("2020-07-15", "2020-07-16"):
        register.do(lambda day=day: look(date.fromisoformat(day), law.load()))
    return register


def test_each_verdict_as_it_was_recorded_with_its_law_in_order(turned: Register) -> None:
    first, second = turned.answer("verdicts", "news")
    assert (first["outcome"], second["outcome"]) == ("permitted", "not_permitted")
    assert (first["since"], first["until"], second["since"], second["until"]) == (
        "2020-07-15",
        "2020-07-16",
        "2020-07-16",
        None,
    )
    assert first["sequence"] < second["sequence"]
    assert second["rests_on"] < second["sequence"]
    assert {first["law_version"], second["law_version"]} == {law.load().version}
    entries = {one["sequence"]: one for one in turned.answer("journal")}
    for one in (first, second):
        entry = entries[one["sequence"]]
        assert (entry["table"], entry["image"]["key"]) == ("assessment", one["key"])
    assert turned.answer("verdicts") == [first, second]
    assert turned.answer("verdicts", "--known-on", "2020-07-16") == [], "what was recorded now was not known then"
    assert "not permitted" in turned.onward("verdicts", "news")
    assert "onward assess" in turned.onward("verdicts", "nothing", exit_code=2)

    async def work(as_role: Any) -> None:
        browser = await as_role("auditor")
        page = (await browser.get("/transfers/news")).text
        table = page[page.index('aria-label="Recorded verdicts"') :].split("</table>")[0]
        found = re.findall(r'data-outcome="(\w+)".*?>(\d+)</a>', table, re.S)
        assert found == [("not_permitted", str(second["sequence"])), ("permitted", str(first["sequence"]))]
        assert law.load().version[:12] in table
        assert "Privacy Shield" in table
        page = (await browser.get("/transfers/news?on=2020-07-16")).text
        assert 'aria-label="Recorded verdicts"' in page
        link = re.search(r'href="(/records/assessment/[^"]+)"', table)
        assert link
        assert (await browser.get(link[1])).status_code == 200

    browse(turned, work)


def test_every_page_of_a_record_tells_its_history(turned: Register, folder: Path) -> None:
    edit = {"kind": "corrected", "why": "We had misread it"}
    more = {
        "transfer": [{"key": "news", "country": "IN", "entry": edit}],
        "processing_activity": [{"key": "news", "name": "Newsletters", "entry": edit}],
    }
    turned.load(more, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("auditor")
        for page, before, after in (
            ("/transfers/news", "United States", "India"),
            ("/activities/news", "Newsletter", "Newsletters"),
        ):
            told = (await browser.get(page)).text
            told = told[told.index('id="history"') :]
            for said in ("Put right", "by cli:", "We had misread it", f"<td>{before}</td><td>{after}</td>", "Recorded"):
                assert said in told, (page, said)
            early = (await browser.get(f"{page}?on=2020-07-16")).text
            assert "We had misread it" in early, "the other clock alone leaves history as it is"
        pages = {"/alerts": "alert", "/vendors/mailer": "vendor", "/transfers/news": "safeguard|certification"}
        for page, table in pages.items():
            links = re.findall(rf'href="(/records/(?:{table})/[^"]+)"', (await browser.get(page)).text)
            assert links, page
            answer = await browser.get(links[0])
            assert "History" in answer.text

    browse(turned, work)


def test_lists_of_records_say_names_and_not_hashes(turned: Register) -> None:
    async def work(as_role: Any) -> None:
        browser = await as_role("auditor")
        for table, said in {
            "certification": "Privacy Shield",
            "assessment": "House GmbH \u2192 Mailer, Inc., US (news)",
            "alert": "Privacy Shield",
            "transfer": "Mailer, Inc.",
            "regime_scope": "House GmbH",
        }.items():
            page = (await browser.get(f"/records/{table}")).text
            links = re.findall(rf'<a href="/records/{table}/[^"]+">([^<]+)</a>', page)
            assert any(said in one for one in links), (table, links)
            assert not [one for one in links if re.search(r"[0-9a-f]{20}", one)], (table, links)

    browse(turned, work)


def test_a_change_is_told_with_what_stood_before_it(turned: Register, folder: Path) -> None:
    """The period that a change begins is compared with the one before it; the end of that one is told by its own entry."""
    turned.load({"transfer": [{"key": "news", "country": "IN", "since": "2021-03-01", "entry": CHANGED}]}, folder)
    turned.load({"transfer": [{"key": "news", "country": "GB", "since": "2022-03-01", "entry": CHANGED}]}, folder)
    turned.load({"transfer": [{"key": "news", "entry": CHANGED | {"kind": "voided"}}]}, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        for page in ("/transfers/news", "/records/transfer/news"):
            told = (await browser.get(page)).text
            entries = re.split(r"<li\b", told[told.index("<h2>History") :].split("</section>")[0])[1:]
            kinds = [re.search("<strong>(.*?)</strong>", one)[1] for one in entries]  # type: ignore[index]
            assert kinds == ["Taken back", "Changed", "Changed", "Changed", "Changed", "Recorded"], page
            found = [re.findall(r'row">(.*?)</th><td>(.*?)</td><td>(.*?)</td>', one) for one in entries]
            assert ("Country", "India", "United Kingdom") in found[1]
            assert ("First day", "1 Mar 2021", "1 Mar 2022") in found[1]
            assert len(found[1]) == 2, "what did not change is not told again"
            assert found[2] == [("No longer so from", "–", "1 Mar 2022")]
            assert sorted(found[3]) == [("Country", "United States", "India"), ("First day", "25 May 2018", "1 Mar 2021")]

    browse(turned, work)
