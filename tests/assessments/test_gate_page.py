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
    assert "Its one transfer may go ahead on 15 Jul 2020." in page
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
