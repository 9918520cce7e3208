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
