"""One vendor with its history: the latest of all that was written about it and what hangs on it, and the rest by a link."""

from pathlib import Path
from typing import Any

from tests.support import Register, a_register
from tests.web import browse


def test_a_vendor_shows_the_latest_of_its_history_and_leads_to_the_rest(register: Register, folder: Path) -> None:
    contracts = [{"key": f"paper-{number}", "engagement": "news", "since": "2018-05-25"} for number in range(12)]
    elsewhere = {"key": "other", "party": "house", "category": "crm", "since": "2018-05-25"}
    register.load(a_register(contract=contracts, vendor=[*a_register()["vendor"], elsewhere]), folder)
    entry = {"kind": "corrected", "why": "They <b>moved</b> the notice"}
    register.load({"contract": [{"key": "paper-3", "notice_days": 30, "entry": entry}]}, folder)

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        page = (await auditor.get("/vendors/mailer")).text
        shown = page[page.index('id="history"') :]
        assert shown.count("<li") == 10
        assert shown.index("They &lt;b&gt;moved&lt;/b&gt; the notice") < shown.index("Recorded")
        assert "All 16 entries" in shown
        assert 'href="/records/contract/paper-3"' in shown
        page = (await auditor.get("/vendors/mailer?history=all")).text
        shown = page[page.index('id="history"') :]
        assert shown.count("<li") == 16
        for said in ("vendor/mailer", "engagement/news", "transfer/news"):
            assert f'href="/records/{said}"' in shown, said
        assert "vendor/other" not in shown
        page = (await auditor.get("/vendors/other")).text
        assert page[page.index('id="history"') :].count("<li") == 1

    browse(register, work)


def test_a_vendor_shows_signed_clauses_and_impact_assessments_and_where_a_framework_has_ended(
    register: Register, folder: Path
) -> None:
    between = {"exporter": "house", "importer": "mailer"}
    clauses = {"instrument": "eu-scc-2021", "module": "M2", "rank": "primary", "state": "signed"} | between
    assessment = {"country": "US", "outcome": "ok"} | between
    tables = a_register(
        safeguard=[
            {"key": "scc", "since": "2021-09-01", "concluded_on": "2021-08-30"} | clauses,
            {"key": "idle", "since": "2021-09-02", "until": "2021-10-02"} | clauses | {"state": "drafted", "rank": "fallback"},
            {"key": "else", "since": "2021-09-01"} | clauses | {"importer": "other"},
        ],
        impact_assessment=[
            {"key": "first", "since": "2021-07-01"} | assessment,
            {"key": "next", "since": "2022-07-01"} | assessment,
        ],
    )
    tables["party"].append({"key": "other", "name": "Other, Inc.", "country": "US", "since": "2018-05-25"})
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        page = (await auditor.get("/vendors/mailer?on=2022-07-01")).text
        shown = page[page.index('id="safeguards"') : page.index("<h2>Security")]
        assert "(module 2): signed, primary, concluded 30 Aug 2021, since 1 Sep 2021 ·" in shown
        assert "(module 2): drafted, fallback, since 2 Sep 2021, last day 1 Oct 2021 ·" in shown
        assert "House GmbH → Mailer, Inc." in shown
        assert "United States, completed 1 Jul 2022: nothing problematic found ·" in shown
        assert "completed 1 Jul 2021: nothing problematic found, another one took its place" in shown
        for said in ("safeguard/scc", "safeguard/idle", "impact_assessment/first", "impact_assessment/next"):
            assert f'href="/records/{said}"' in shown, said
        assert "safeguard/else" not in shown, "of no transfer of this vendor"
        for path in ("/vendors/mailer", "/transfers/news"):
            gone = "but the framework itself ended in law: its last day was 15 Jul 2020"
            assert gone in (await auditor.get(f"{path}?on=2020-07-16")).text
            assert gone not in (await auditor.get(f"{path}?on=2020-07-15")).text

    browse(register, work)
