"""The gate's page: beside what stands against a vendor stands how many of its transfers may not go ahead."""

from pathlib import Path
from typing import Any

from tests.assessments.test_gate import a_vendor
from tests.support import Register
from tests.web import browse


def shown(register: Register, *asked: str) -> list[str]:
    """What stands against a vendor, and what is said beside it."""
    pages: list[str] = []

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        for one in asked:
            page = (await dpo.get(f"/vendors/mailer/gate{one}")).text
            pages.append(page.partition("What stands against it")[2].partition("</section>")[0])

    browse(register, work)
    return pages


def several(**more: Any) -> dict[str, Any]:
    tables = a_vendor()
    leg = tables["transfer"][0]
    tables["transfer"] += [leg | {"key": "seen", "country": "IN", "how": "accessed"}]
    return tables | more


def test_a_vendor_whose_gate_is_clear_says_which_transfers_may_not_go_ahead(register: Register, folder: Path) -> None:
    register.load(several(), folder)
    page, today = shown(register, "?on=2020-07-15", "")
    assert '<span data-outcome="permitted">Nothing</span>' in page
    assert "1 of its 2 transfers may not go ahead on 15 Jul 2020." in page
    assert 'href="/transfers/seen?' in page
    assert 'href="/transfers/news' not in page
    assert "None of its 2 transfers may go ahead today." in today
    assert 'href="/transfers/news"' in today


def test_a_transfer_under_two_laws_counts_once(register: Register, folder: Path) -> None:
    tables = a_vendor()
    tables["regime_scope"].append(
        {"key": "swiss", "party": "house", "basis": "established", "territory": "CH", "since": "2018-05-25"}
    )
    register.load(tables, folder)
    (page,) = shown(register, "")
    assert "Its one transfer may not go ahead today." in page
    assert page.count('href="/transfers/news"') == 2


def test_where_all_may_go_ahead_it_says_so(register: Register, folder: Path) -> None:
    register.load(a_vendor(), folder)
    page, before = shown(register, "?on=2020-07-15", "?on=2018-01-01")
    assert "By the law its one transfer may go ahead on 15 Jul 2020." in page
    assert "It has no transfers on 1 Jan 2018." in before


def test_of_many_the_first_are_named_and_the_others_counted(register: Register, folder: Path) -> None:
    tables = a_vendor()
    leg = tables["transfer"][0]
    tables["transfer"] = [leg | {"key": f"leg-{n}", "country": "IN"} for n in range(7)]
    register.load(tables, folder)
    (page,) = shown(register, "")
    assert "None of its 7 transfers may go ahead today." in page
    assert page.count('href="/transfers/') == 5
    assert "and 2 more, below" in page


SINCE = "2018-05-25"


def mixed() -> dict[str, Any]:
    """Four transfers to one vendor: two may go ahead, one may not, and one is in doubt: which law it is under is not known."""
    tables = several()
    leg = tables["transfer"][0]
    tables["party"].append({"key": "aunt", "name": "Aunt Ltd", "ours": True, "country": "IN", "since": SINCE})
    tables["transfer"] += [leg | {"key": "a-doubt", "exporter": "aunt"}, leg | {"key": "b-near", "country": "FR"}]
    return tables


def test_of_transfers_that_differ_the_worst_come_first_and_those_stopped_are_counted(register: Register, folder: Path) -> None:
    register.load(mixed(), folder)
    pages: list[str] = []

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        for key in ("a-doubt", "b-near", "news", "seen"):
            once = dpo.hidden(await dpo.get(f"/transfers/{key}"), "_once")
            stop = {"day": SINCE, "why": "They asked for it", "_once": once}
            assert (await dpo.post(f"/transfers/{key}/stop", stop)).status_code == 303
            pages.append((await dpo.get("/vendors/mailer/gate?on=2020-07-15")).text)

    browse(register, work)
    one, two, _, four = pages
    shown = [word.partition("?")[0] for word in one.split('href="/transfers/')[1:]]
    assert shown == ["seen", "a-doubt", "news", "b-near"]
    assert "2 of its 4 transfers may not go ahead on 15 Jul 2020; 1 of the 4 is stopped." in one
    assert "2 of the 4 are stopped." in two
    assert "all of the 4 are stopped." in four


def test_a_stopped_transfer_that_may_go_ahead_is_said_to_be_stopped(register: Register, folder: Path) -> None:
    tables = a_vendor()
    tables["transfer"].append(tables["transfer"][0] | {"key": "near", "country": "FR"})
    register.load(tables, folder)
    pages: list[str] = []

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        once = dpo.hidden(await dpo.get("/transfers/news"), "_once")
        await dpo.post("/transfers/news/stop", {"day": SINCE, "why": "They asked for it", "_once": once})
        pages.extend([(await dpo.get(f"/vendors/mailer/gate?on={day}")).text for day in ("2020-07-15", "2018-05-24")])

    browse(register, work)
    assert "By the law all its 2 transfers may go ahead on 15 Jul 2020; 1 of them is stopped." in pages[0]
    assert "stopped" not in pages[1].partition('id="held"')[2].partition("</section>")[0]
