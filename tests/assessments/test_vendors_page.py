"""The list of vendors and the desk, as people search and read them."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

from assessments.alerts import sentences
from registry.vocabulary import NoticeKind
from tests.support import Register, a_register
from tests.web import browse

SINCE = "2018-05-25"


def named(page: Any) -> list[str]:
    return re.findall(r'<a href="/vendors/([a-z-]+)[?"]', page.text)


def test_a_vendor_is_found_by_name_by_service_and_by_activity(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        for words in ("mailer", "newslet", ""):
            assert "mailer" in named(await browser.get(f"/vendors?q={words}")), words
        assert not named(await browser.get("/vendors?q=payroll"))

    browse(register, work)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2019-12-31", "Approved with conditions: The clauses are signed (last day 31 Dec 2019)"),
        ("2020-01-01", "The last decision has ended: approved with conditions, last day 31 Dec 2019"),
    ],
)
def test_a_vendor_whose_approval_has_run_out_says_so(register: Register, folder: Path, day: str, said: str) -> None:
    decision = {"key": "d", "vendor": "mailer", "standing": "approved_with_conditions", "conditions": "The clauses are signed"}
    register.load(a_register(decision=[decision | {"since": "2019-01-01", "until": "2020-01-01"}]), folder)

    async def work(as_role: Any) -> None:
        page = (await (await as_role("procurement")).get(f"/vendors/mailer?on={day}")).text
        assert said.lower() in " ".join(re.sub(r"<[^>]+>", "", page).split()).lower()
        assert ("Undecided" in page) is (day == "2020-01-01")

    browse(register, work)


def test_vendors_that_begin_later_or_have_ended_are_counted_and_shown(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["party"] += [
        {"key": key, "name": f"{key} AG", "country": "CH", "since": SINCE} for key in ("later", "over", "never")
    ]
    kind = {"category": "support", "service": "Answers calls"}
    tables["vendor"] += [
        {"key": "later", "party": "later", "since": "2020-03-01"} | kind,
        {"key": "over", "party": "over", "since": "2019-01-01", "until": "2019-07-01"} | kind,
        {"key": "never", "party": "never", "since": "2019-01-01"} | kind,
    ]
    register.load(tables, folder)
    register.load({"vendor": [{"key": "never", "entry": {"kind": "voided", "why": "so"}}]}, folder)
    days = {  # what is in the list, what begins later, what has ended
        "2018-12-31": (["mailer"], ["over", "later"], []),
        "2019-01-01": (["mailer", "over"], ["later"], []),
        "2019-06-30": (["mailer", "over"], ["later"], []),
        "2019-07-01": (["mailer"], ["later"], ["over"]),
        "2020-03-01": (["later", "mailer"], [], ["over"]),
    }

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        for day, (stand, later, over) in days.items():
            page = await browser.get(f"/vendors?on={day}")
            assert named(page) == stand, day
            for when, keys in (("later", later), ("ended", over)):
                link = re.search(rf'<a href="([^"]*when={when}[^"]*)">(\d+) ', page.text)
                assert bool(link) is bool(keys), (day, when)
                if link:
                    assert int(link[2]) == len(keys), (day, when)
                    assert named(await browser.get(html.unescape(link[1]))) == keys, (day, when)
        assert "when=" not in (await browser.get("/vendors?on=2018-12-31&q=nobody")).text
        shown = await browser.get("/vendors?on=2018-12-31&when=later&q=calls")
        assert 'href="/vendors/over?on=2019-01-01"' in shown.text, "it opens on its first day"
        assert "1 has ended by 1 Jul 2019" in (await browser.get("/vendors?on=2019-07-01")).text
        shown = await browser.get("/vendors?on=2019-07-02&when=ended")
        assert 'href="/vendors/over?on=2019-06-30"' in shown.text, "and on its last"

    browse(register, work)


def test_who_can_no_longer_protect_the_data_is_marked_until_the_notice_ends(register: Register, folder: Path) -> None:
    notice = {"key": "n", "vendor": "mailer", "kind": "cannot_protect", "since": "2020-01-01", "until": "2020-02-01"}
    register.load(a_register(notice=[notice]), folder)
    said = "that it can no longer protect the data"

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        for page in ("/vendors", "/vendors/mailer"):
            for day, marked in (("2019-12-31", False), ("2020-01-01", True), ("2020-01-31", True), ("2020-02-01", False)):
                assert (said in (await browser.get(f"{page}?on={day}")).text) is marked, (page, day)

    browse(register, work)


def test_two_flows_of_a_vendor_are_told_apart_wherever_they_are_listed(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["processing_activity"].append(tables["processing_activity"][0] | {"key": "shop", "name": "Web shop"})
    tables["engagement"].append(tables["engagement"][0] | {"key": "shop", "activity": "shop"})
    tables["transfer"] += [
        tables["transfer"][0] | {"key": "stored", "how": "stored"},
        tables["transfer"][0] | {"key": "shop", "engagement": "shop"},
    ]
    tables["regime_scope"][0] |= {"since": "2019-01-01"}
    clauses = {"exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M2", "rank": "primary"}
    clauses |= {"state": "signed", "concluded_on": "2022-01-01", "since": "2022-01-01", "key": "clauses"}
    assessed = {"key": "us", "exporter": "house", "importer": "mailer", "country": "US", "outcome": "ok", "since": "2022-01-01"}
    register.load(tables | {"safeguard": [clauses], "impact_assessment": [assessed]}, folder)
    ways = ("established there, for Newsletter", "stored there, for Newsletter", "established there, for Web shop")
    pages = ("/transfers", "/vendors/mailer", "/vendors/mailer/gate", "/vendors/mailer/stop", "/?on=2020-07-16")
    asked = ("/gaps?on=2022-02-01", "/?on=2022-02-01", "/what-if?on=2022-02-01&end=eu-scc-2021")

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        for path in (*pages, *asked):
            text = (await browser.get(path)).text
            assert [text.count(way) for way in ways] == [1, 1, 1], path

    browse(register, work)


def test_the_desk_keeps_what_is_stopped_apart(register: Register, folder: Path) -> None:
    stop = {"key": "s", "transfer": "news", "since": "2020-07-20", "until": "2020-08-01", "reason": "Shield gone"}
    register.load(a_register(suspension=[stop]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        for day, stopped in (("2020-07-19", False), ("2020-07-20", True), ("2020-07-31", True), ("2020-08-01", False)):
            page = (await browser.get(f"/?on={day}")).text
            assert ("Stopped: no data flow" in page) is stopped, day
            assert ("<article" in page) is not stopped, day

    browse(register, work)


def test_a_day_on_which_something_happened_has_come(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        await browser.get("/records/contract/new")
        form = {"engagement": "news", "since": SINCE, "signed_on": "2999-01-01"}
        answer = await browser.post("/records/contract/new", form)
        assert answer.status_code == 422
        assert "This day has not come yet" in answer.text
        assert (await browser.post("/records/contract/new", form | {"signed_on": SINCE})).status_code == 303

    browse(register, work)


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("cannot_protect", "Mailer, Inc. can no longer protect the data"),
        ("breach", "Data were lost, leaked or changed at Mailer, Inc."),
        ("other", "Mailer, Inc. told us something"),
    ],
)
def test_an_alert_about_a_notice_says_what_the_notice_is_about(register: Register, folder: Path, kind: str, title: str) -> None:
    register.load(a_register(), folder)
    register.onward("watch")
    register.load({"notice": [{"key": "n", "vendor": "mailer", "kind": kind, "since": "2020-01-01"}]}, folder)
    register.onward("watch")
    (one,) = [one for one in register.answer("alerts") if one["title"] == title]
    page: list[str] = []

    async def work(as_role: Any) -> None:
        page.append((await (await as_role("auditor")).get("/alerts?everything=true")).text)

    browse(register, work)
    mine, other = (
        next(part for part in page[0].split("<article")[1:] if said in part) for said in (title, "1 new transfer may")
    )
    assert one["transfers"] == 0
    assert " transfer" not in mine.partition("</h2>")[2].partition("</p>")[0], "of none that is touched no number is named"
    assert "1 transfer ·" in other
    assert {f"notice_{one.value}" for one in NoticeKind} - {"notice_other"} <= sentences().keys()


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        ({"disclosed": True}, True),
        ({"disclosed": True, "agreement": "The treaty of 2003"}, False),
        ({"disclosed": False}, False),
        ({}, False),
        ({"disclosed": True, "kind": "other"}, False),
    ],
)
def test_data_handed_to_an_authority_without_an_agreement_are_warned_of(
    register: Register, folder: Path, said: dict[str, Any], warned: bool
) -> None:
    register.load(a_register(), folder)
    register.onward("watch")
    notice = {"key": "n", "vendor": "mailer", "kind": "authority_request", "since": "2020-01-01"}
    register.load({"notice": [notice | said]}, folder)
    register.onward("watch")
    titles = [one["title"] for one in register.answer("alerts")]
    assert ("Mailer, Inc. handed data over to an authority" in titles) is warned

    async def work(as_role: Any) -> None:
        text = (await (await as_role("procurement")).get("/vendors/mailer")).text
        assert ('data-warning="art-48"' in text) is warned

    browse(register, work)


def test_a_notice_of_an_authoritys_request_is_recorded_on_the_vendors_page(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        page = await browser.get("/vendors/mailer")
        form = {"vendor": "mailer", "kind": "authority_request", "since": "2020-01-01", "message": "", "document.file": ""}
        form |= {"authority_country": "US", "agreement": "", "disclosed": "yes", "challenged": "no"}
        for name in ("authority_country", "agreement", "disclosed", "challenged"):
            assert f'name="{name}"' in page.text, name
        answer = await browser.post("/records/notice/new", form)
        assert answer.status_code == 303, answer.text[:2000]
        assert 'data-warning="art-48"' in (await browser.get("/vendors/mailer")).text

    browse(register, work)
    [row] = register.ask("select authority_country, agreement, disclosed, challenged from notice")
    assert tuple(row) == ("US", None, True, False)


def test_the_desk_names_who_can_no_longer_protect_the_data(register: Register, folder: Path) -> None:
    notice = {"key": "n", "vendor": "mailer", "kind": "cannot_protect", "since": "2020-01-01"}
    register.load(a_register(notice=[notice]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        for page in ("/", "/transfers/news"):
            assert "no longer protect the data" in (await browser.get(page)).text, page
            assert "no longer protect the data" not in (await browser.get(f"{page}?on=2019-12-31")).text, page

    browse(register, work)


def test_the_desk_names_vendors_to_whom_data_flow_and_that_nobody_has_approved(register: Register, folder: Path) -> None:
    decided = {"vendor": "mailer", "rests_on": 1, "law_version": "x"}
    approved = decided | {"key": "yes", "since": "2020-02-01", "until": "2020-07-01", "standing": "approved_with_conditions"}
    refused = decided | {"key": "no", "since": "2020-09-01", "standing": "refused"}
    stop = {"key": "s", "transfer": "news", "since": "2021-01-01"}
    tables = a_register(decision=[approved, refused], suspension=[stop])
    tables["processing_activity"][0] |= {"purposes": ["news"], "data_subjects": ["prospects"]}
    tables["engagement"][0] |= {"purposes": ["our news"]}
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        for day, said in (
            ("2020-01-31", "Mailer, Inc.</a>: no decision yet"),
            ("2020-02-01", None),
            ("2020-06-30", None),
            ("2020-07-01", "Mailer, Inc.</a>: its approval ended on 30 Jun 2020"),
            ("2020-09-01", "Mailer, Inc.</a>: refused"),
            ("2020-12-31", "Mailer, Inc.</a>: refused"),
            ("2021-01-01", None),  # no data flow any more
        ):
            desk = (await browser.get(f"/?on={day}")).text
            assert ("that nobody has approved" in desk) == (said is not None), day
            assert said is None or said in desk, day
            gate = (await browser.get(f"/vendors/mailer/gate?on={day}")).text
            assert ("It is refused, and data flow to it still" in gate) == bool(said and "refused" in said), day
            flow = (await browser.get(f"/transfers/news?on={day}")).text
            assert ("its data may not flow on this day" in flow) == (said is not None or day == "2021-01-01"), day
        vendor = (await browser.get("/vendors/mailer?on=2020-03-01")).text
        assert vendor.count("(as recorded of the activity)") == 1, "whose data they are, alone"
        assert "prospects" in vendor

    browse(register, work)


def test_a_flow_that_does_not_stand_says_why(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["transfer"][0] |= {"since": "2020-01-01", "until": "2021-01-01"}
    tables["transfer"].append(tables["transfer"][0] | {"key": "oops"})
    register.load(tables, folder)
    register.load({"transfer": [{"key": "oops", "entry": {"kind": "voided", "why": "a mistake"}}]}, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("auditor")
        for key, day, said in (
            ("news", "2019-12-31", "It does not stand on this day: its first day is 1 Jan 2020."),
            ("news", "2020-01-01", None),
            ("news", "2020-12-31", None),
            ("news", "2021-01-01", "It does not stand on this day: its last day was 31 Dec 2020."),
            ("oops", "2020-06-01", "It does not stand on this day: it was recorded by mistake."),
        ):
            text = (await browser.get(f"/transfers/{key}?on={day}")).text
            assert said in text if said else "It does not stand" not in text, (key, day)

    browse(register, work)
