"""A flow is stopped and taken up again: the verdict follows, the history says who and why, twice is once."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.web import now
from tests.support import Register, a_register
from tests.web import Browser, browse

NEWS = "/transfers/news"
TODAY = now().date()


async def stopping(browser: Browser, **more: str) -> dict[str, str]:
    page = await browser.get(NEWS)
    names = ["_once", "day", *(["stop", "version"] if 'name="stop"' in page.text else [])]
    return {"why": "They asked for it <b>", "day": str(TODAY)} | {
        name: browser.hidden(page, name) for name in names if name != "day"
    } | more  # fmt: skip


def flowing(register: Register, day: str) -> bool:
    (one,) = [one for one in register.answer("assess", "--as-of", day) if one["transfer"] == "news"]
    return bool(one["flowing"])


def test_a_flow_is_stopped_and_taken_up_again_and_the_verdict_follows(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        dpo, auditor = await as_role("dpo"), await as_role("auditor")
        sent = await stopping(dpo, day="2024-03-01")
        answer = await dpo.post(f"{NEWS}/stop", sent)
        assert (answer.status_code, answer.headers["location"]) == (303, NEWS)
        page = await auditor.get(NEWS)
        assert "Stopped: no data flow" in page.text
        assert "They asked for it &lt;b&gt;" in page.text
        assert '<form class="ow-form" method="post" action="/transfers/news/resume"' not in page.text
        answer = await dpo.post(f"{NEWS}/resume", await stopping(dpo, day="2024-06-01", why="It is mended", although="yes"))
        assert answer.status_code == 303, answer.text
        page = await auditor.get(NEWS)
        assert "Taken up again: It is mended" in page.text
        assert "Stopped: no data flow" not in page.text
        key = page.text.split('href="/records/suspension/')[1].split('"')[0]
        told = (await auditor.get(f"/records/suspension/{key}")).text
        for said in ("A dpo", "It is mended", "Recorded", "Changed"):
            assert said in told, said

    browse(register, work)
    assert [flowing(register, day) for day in ("2024-02-29", "2024-03-01", "2024-05-31", "2024-06-01")] == [
        True, False, False, True,
    ]  # fmt: skip
    (row,) = register.ask("select * from suspension")
    assert (row["law_version"] is not None, row["rests_on"] > 0) == (True, True)


def test_a_stop_sent_twice_is_one_and_a_stale_one_is_told(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        dpo, other = await as_role("dpo"), await as_role("dpo")
        first, second = await stopping(dpo), await stopping(other, why="Kept as typed")
        answers = await asyncio.gather(*(dpo.post(f"{NEWS}/stop", first) for _ in range(3)))
        assert {one.status_code for one in answers} == {303}
        late = await other.post(f"{NEWS}/stop", second)
        assert late.status_code == 409
        assert "stopped meanwhile" in late.text
        assert "Kept as typed" in late.text
        one, two = [await stopping(each, why=why, although="yes") for each, why in ((dpo, "First"), (other, "Second"))]
        answers = await asyncio.gather(dpo.post(f"{NEWS}/resume", one), other.post(f"{NEWS}/resume", two))
        assert sorted(one.status_code for one in answers) == [303, 409]
        assert (await dpo.post(f"{NEWS}/stop", await stopping(dpo))).status_code == 303

    browse(register, work)
    assert [one[0] for one in register.ask("select until = since from suspension order by id")] == [True, None]


@pytest.mark.parametrize(
    ("what", "wrong", "said"),
    [
        ("stop", {"why": " "}, "say why"),
        ("stop", {"day": "soon"}, "YYYY-MM-DD"),
        ("stop", {"day": "0001-01-01"}, "outside the law"),
        ("resume", {"day": "2019-01-01"}, "name that day or a later one"),
        ("resume", {"stop": "another"}, "no stop of that key"),
        ("resume", {"version": "x"}, "meanwhile"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    register: Register, folder: Path, what: str, wrong: dict[str, str], said: str
) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        if what == "resume":
            await dpo.post(f"{NEWS}/stop", await stopping(dpo))
        answer = await dpo.post(f"{NEWS}/{what}", await stopping(dpo, **({"why": "Typed and kept"} | wrong)))
        assert answer.status_code in {409, 422}
        assert said in answer.text
        assert "why" in wrong or "Typed and kept" in answer.text

    browse(register, work)
    assert register.ask("select count(*) from suspension where version = 1")[0][0] == (what == "resume")


TICK = 'name="although"'
DPF = {"key": "dpf", "party": "mailer", "framework": "eu-us-dpf", "status": "active", "covers_non_hr": True}
DPF |= {"since": "2023-07-10", "looked_up_on": "2023-07-10"}


@pytest.mark.parametrize(
    ("more", "stopped", "resumed", "told"),
    [
        ({}, "2021-01-01", "2021-02-01", "may not go ahead"),
        ({}, "2019-01-01", "2019-02-01", "may not go ahead"),  # it might that day, and may not today
        ({"certification": [DPF]}, "2021-01-01", "2021-02-01", "may not go ahead"),  # it may today, and might not that day
        ({"regime_scope": []}, "2021-01-01", str(TODAY), "it is not known whether"),
    ],
)
def test_what_may_not_go_ahead_flows_again_only_where_that_is_said(
    register: Register, folder: Path, more: dict[str, Any], stopped: str, resumed: str, told: str
) -> None:
    register.load(a_register(**more), folder)

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        await dpo.post(f"{NEWS}/stop", await stopping(dpo, day=stopped))
        assert (TICK in (await dpo.get(NEWS)).text) is ("certification" not in more), "by the verdict of today"
        sent = await stopping(dpo, day=resumed, why="It is mended")
        answer = await dpo.post(f"{NEWS}/resume", sent)
        assert answer.status_code == 422
        form = answer.text.partition('id="stop"')[2]
        for said in (told, 'id="hindered"', "Art. ", TICK, ">It is mended</textarea>", f'value="{resumed}"', "all the same"):
            assert said in form, said
        assert f'{TICK} value="yes" checked' not in form
        answer = await dpo.post(f"{NEWS}/resume", sent | {"although": "yes", "why": " "})
        assert answer.status_code == 422
        answer = await dpo.post(f"{NEWS}/resume", sent | {"although": "yes"})
        assert answer.status_code == 303, answer.text
        kept = "not permitted" if told == "may not go ahead" else "undetermined"
        assert f"Taken up again: It is mended (let flow although {kept})" in (await dpo.get(NEWS)).text

    browse(register, work)
    assert [str(row["until"]) for row in register.ask("select until from suspension")] == [resumed]


def test_what_may_go_ahead_flows_again_without_a_further_word(register: Register, folder: Path) -> None:
    register.load(a_register(certification=[DPF]), folder)

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        await dpo.post(f"{NEWS}/stop", await stopping(dpo, day="2024-03-01"))
        assert TICK not in (await dpo.get(NEWS)).text
        answer = await dpo.post(f"{NEWS}/resume", await stopping(dpo, day="2024-06-01", why="It is mended"))
        assert answer.status_code == 303, answer.text
        page = (await dpo.get(NEWS)).text
        assert "Taken up again: It is mended" in page
        assert "let flow although" not in page

    browse(register, work)


def test_when_a_vendor_can_no_longer_protect_every_flow_is_stopped_at_once(register: Register, folder: Path) -> None:
    legs = [*a_register()["transfer"], a_register()["transfer"][0] | {"key": "seen", "country": "IN", "how": "accessed"}]
    register.load(a_register(transfer=legs), folder)

    async def work(as_role: Any) -> None:
        procurement, dpo = await as_role("procurement"), await as_role("dpo")
        page = await procurement.get("/vendors/mailer")
        sent = {"vendor": "mailer", "kind": "cannot_protect", "since": str(TODAY - timedelta(days=1))}
        sent |= {"message": "An order forces us", "_once": procurement.hidden(page, "_once")}
        for _ in range(2):
            answer = await procurement.post("/records/notice/new", sent)
            assert (answer.status_code, answer.headers["location"]) == (303, "/vendors/mailer#notices")
        page = await procurement.get("/vendors/mailer")
        assert "It can no longer protect the data</h2>" in page.text
        assert "The data protection officer stops them" in page.text
        page = await dpo.get("/vendors/mailer/stop")
        assert "these 2 flows" in page.text
        once = dpo.hidden(page, "_once")
        assert (await dpo.post("/vendors/mailer/stop", {"day": str(TODAY), "_once": once})).status_code == 422
        words = {"day": str(TODAY), "why": "On their notice", "_once": once}
        for _ in range(2):
            assert (await dpo.post("/vendors/mailer/stop", words)).status_code == 303
        assert (await dpo.post("/vendors/mailer/stop", words | {"_once": "anew"})).status_code == 409
        assert "Every flow to it is stopped" in (await procurement.get("/vendors/mailer")).text
        assert (await dpo.get("/vendors/nobody/stop")).status_code == 404

    browse(register, work)
    assert register.ask("select count(*) from notice")[0][0] == 1
    assert register.ask("select count(*) from suspension")[0][0] == 2


SOON, LATER = TODAY + timedelta(days=10), TODAY + timedelta(days=30)


@pytest.mark.parametrize("at_once", [f"{NEWS}/stop", "/vendors/mailer/stop"])
def test_an_emergency_goes_before_a_planned_stop(register: Register, folder: Path, at_once: str) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        assert (await dpo.post(f"{NEWS}/stop", await stopping(dpo, day=str(LATER)))).status_code == 303
        page = await dpo.get(NEWS)
        assert "Planned from" in page.text
        assert "Stop this flow sooner" in page.text
        assert "a stop is planned" in (await dpo.get("/vendors/mailer/stop")).text
        answer = await dpo.post(at_once, await stopping(dpo, why="At once"))
        assert answer.status_code == 303, answer.text
        assert "Taken back: At once" in (await dpo.get(NEWS)).text

    browse(register, work)
    assert not flowing(register, str(TODAY))
    counted = "select since, until from suspension where until is null or until > since"
    assert [tuple(one) for one in register.ask(counted)] == [(TODAY, None)]
    kinds = """select e.kind from journal_entry e where e."table" = 'suspension' order by sequence"""
    assert [one[0] for one in register.ask(kinds)] == ["recorded", "voided", "recorded"]


def test_a_stop_after_a_resume_dated_ahead_takes_its_place_and_overlaps_nothing(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        await dpo.post(f"{NEWS}/stop", await stopping(dpo, day="2024-03-01"))
        assert (await dpo.post(f"{NEWS}/resume", await stopping(dpo, day=str(LATER), although="yes"))).status_code == 303
        assert "to flow again on" in (await dpo.get("/vendors/mailer/stop")).text
        assert (await dpo.post(f"{NEWS}/stop", await stopping(dpo, day=str(SOON), why="Not mended"))).status_code == 303
        assert "Stopped anew: Not mended" in (await dpo.get(NEWS)).text

    browse(register, work)
    rows = register.ask("select since::text, until from suspension order by since")
    assert [tuple(one) for one in rows] == [("2024-03-01", SOON), (str(SOON), None)]
    assert not flowing(register, str(LATER))


def test_no_stop_is_dated_before_the_transfer_began(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        for path in (f"{NEWS}/stop", "/vendors/mailer/stop"):
            answer = await dpo.post(path, await stopping(dpo, day="1996-01-01", why="Kept as typed"))
            assert answer.status_code == 422
            assert "day: 1996-01-01 will not do, transfer &#39;news&#39; begins on" in answer.text
            assert "Kept as typed" in answer.text

    browse(register, work)
    assert not register.ask("select from suspension")
