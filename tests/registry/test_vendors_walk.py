"""The walk of registering a vendor: from the first question to its verdict."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from registry import drafts
from tests.support import Register, a_register
from tests.web import Browser, browse

WHO = {"party.name": "Postbird Mail, Inc.", "party.website": "https://www.postbird.example/", "party.country": "US"}
WHAT = {
    "vendor.category": "email_marketing",
    "vendor.service": "Sends our newsletters",
    "activity": "+new",
    "processing_activity.name": "Newsletters",
    "processing_activity.controller": "house",
    "processing_activity.purposes": "Tell customers what is new\r\nMeasure\r\n",
    "engagement.role": "processor",
    "vendor.since": "2026-01-05",
}
DATA = {
    "engagement.data_subjects": "Customers",
    "engagement.data_categories": "Name\nE-mail address",
    "engagement.special_categories": ["health", "genetic"],
    "engagement.data_kind": "non_hr",
    "engagement.only_our_purposes": "yes",
}
WHERE = {"transfer.exporter": "house", "where.stored": ["US", "", ""], "where.accessed": ["IN", "", ""]}
CONTRACT = {
    "contract.signed_on": "2026-01-05",
    "contract.audits": "yes",
    "contract.tells_us": "no",
    "contract.notice_days": "30",
    "assurance.tls": "yes",
    "certification.framework": "eu-us-dpf",
    "certification.status": "active",
    "certification.since": "2025-06-01",
    "certification.covers_non_hr": "yes",
    "safeguard.instrument": "eu-scc-2021",
    "safeguard.module": "M2",
    "safeguard.concluded_on": "2026-01-05",
}


def house(register: Register, folder: Path) -> None:
    since = "2018-05-25"
    register.load(a_register(measure=[{"key": "tls", "name": "Encryption in transit", "since": since}]), folder)


async def first(browser: Browser) -> str:
    """The first step of a new draft: where its form is."""
    where = str((await browser.get("/vendors/new")).headers["location"])
    assert (await browser.get(where)).status_code == 200
    return where


async def walked(browser: Browser, **more: dict[str, Any]) -> str:
    """Goes through all five steps; returns where the summary is."""
    answer = await browser.post(await first(browser), WHO | more.get("who", {}))
    for following, form in (("what", WHAT), ("data", DATA), ("where", WHERE), ("contract", CONTRACT)):
        assert answer.status_code == 303, answer.text
        where = answer.headers["location"]
        assert where.endswith(f"/{following}")
        assert (await browser.get(where)).status_code == 200
        answer = await browser.post(where, form | more.get(following, {}))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_the_desk_leads_to_the_first_vendor_and_says_what_is_done(register: Register, folder: Path) -> None:
    begun = {"regime_scope", "processing_activity", "party"}
    alone = {table: [row for row in rows if row["key"] != "mailer"] for table, rows in a_register().items() if table in begun}
    register.load(alone | {"measure": [{"key": "tls", "name": "Encryption in transit", "since": "2018-05-25"}]}, folder)
    said: list[str] = []

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        said.append((await browser.get("/")).text)
        where = await walked(browser)
        await browser.get(where)
        await browser.post(where)
        said.append((await browser.get("/")).text)

    browse(register, work)
    assert "No vendor is on file yet" in said[0]
    assert said[0].count("(done)") == 4
    assert 'href="/vendors/new">Register a vendor</a>: six' in said[0], "the beginning is shown until there is one"
    assert "on file yet" not in said[1]


def test_the_desk_of_an_empty_register_has_nothing_done(register: Register) -> None:
    async def work(as_role: Any) -> None:
        shown = (await (await as_role("procurement")).get("/")).text
        assert "This register is empty" in shown
        assert "(done)" not in shown

    browse(register, work)


def test_the_walk_registers_a_vendor_and_its_verdict_is_there(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await walked(browser)
        shown = await browser.get(where)
        assert "Postbird Mail, Inc." in shown.text
        assert "For us, on our instructions" in shown.text
        assert "5 Jan 2026" in shown.text, "a day as the other pages write it"
        assert "2026-01-05" not in shown.text
        answer = await browser.post(where)
        assert (answer.status_code, answer.headers["location"]) == (303, "/vendors/postbird-mail-inc")
        for again in (
            await browser.post(where),
            await browser.get(where),
            await browser.post(where.replace("check", "who"), WHO),
        ):
            assert (again.status_code, again.headers["location"]) == (303, "/vendors/postbird-mail-inc"), "registered once"
        assert "Postbird" not in (await browser.get(await first(browser))).text, "it is no draft any more"

    browse(register, work)
    found = [one for one in register.answer("assess") if one["importer"] == "postbird-mail-inc"]
    assert {one["country"] for one in found} == {"US", "IN"}
    assert len(found) == 3
    entries = register.ask("select who, at from journal_entry where who = 'a-procurement'")
    assert len(entries) == 11
    engagement = register.ask("select * from engagement where key like 'postbird%'")[0]
    assert (engagement["data_categories"], engagement["special_categories"]) == (
        ["Name", "E-mail address"],
        ["health", "genetic"],
    )
    contract = register.ask("select * from contract where key like 'postbird%'")[0]
    assert (contract["audits"], contract["tells_us"], contract["confidentiality"], contract["notice_days"]) == (
        True,
        False,
        None,
        30,
    )
    (left,) = register.ask("select content::text from draft")[0]
    assert left == '{"+became": ["postbird-mail-inc"]}', "nothing of what was typed stays in the draft"


def test_a_new_activity_with_a_joint_controller_is_joint(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await walked(browser, what={"engagement.role": "joint_controller"})
        await browser.get(where)
        assert (await browser.post(where)).status_code == 303

    browse(register, work)
    (row,) = register.ask("""select a.our_role, p.key from processing_activity a left join party p on p.id = a.joint_controller
        where a.name = 'Newsletters'""")
    assert tuple(row) == ("joint_controller", "postbird-mail-inc")


def test_a_new_activity_is_about_what_the_vendor_gets_and_serves_its_purposes(register: Register, folder: Path) -> None:
    """What was answered once stands wherever the record asks for it (Art. 30(1)(b), (c))."""
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await walked(browser)
        await browser.get(where)
        assert (await browser.post(where)).status_code == 303

    browse(register, work)
    (row,) = register.ask("""select a.data_subjects, a.data_categories, a.special_categories, a.purposes, e.purposes
        from engagement e join processing_activity a on a.thing = e.activity where a.name = 'Newsletters'""")
    purposes = ["Tell customers what is new", "Measure"]
    assert tuple(row) == (["Customers"], ["Name", "E-mail address"], ["health", "genetic"], purposes, purposes)


def test_each_step_leads_back_and_keeps_what_was_typed(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await first(browser)
        page = (await browser.get(where)).text
        assert '<a class="btn" href="/vendors">Back to the vendors</a>' in page
        where = (await browser.post(where, WHO)).headers["location"]
        for before, title, form in (
            ("who", "Who is it?", WHAT | {"vendor.since": "some day", "vendor.category": "", "activity": ""}),
            ("what", "What is it for?", DATA),
            ("data", "Which data does it get?", WHERE),
            ("where", "Where do the data go?", CONTRACT),
        ):
            assert f'name="way" value="{before}">Back: {title}</button>' in (await browser.get(where)).text
            answer = await browser.post(where, form | {"way": before})
            assert (answer.status_code, answer.headers["location"].rpartition("/")[2]) == (303, before)
            assert (await browser.get(answer.headers["location"])).status_code == 200
            kept = (await browser.get(where)).text
            if before == "who":
                assert 'value="some day"' in kept, "as it stood, though it is no day"
                assert (await browser.post(where, form)).status_code == 422, "on the way on it is told"
                form = WHAT
            where = (await browser.post(where, form)).headers["location"]
        page = (await browser.get(where)).text
        assert f'href="{where.replace("check", "contract")}">Back: Contract and security</a>' in page

    browse(register, work)


def test_the_steps_above_a_form_keep_what_was_typed_into_it(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        begun = await first(browser)
        assert 'form="step" name="way"' not in (await browser.get(begun)).text, "a draft begins with its first step"
        what = (await browser.post(begun, WHO)).headers["location"]
        page = (await browser.get(what)).text
        for step in ("who", "what", "data", "where", "contract"):
            assert f'<button type="submit" form="step" name="way" value="{step}">' in page
            assert f'href="{what.replace("what", step)}"' not in page, "a link would lose what is typed"
        assert page.index('form="step" tabindex="-1"') < page.index('form="step" name="way"'), "Enter goes on, and not back"
        answer = await browser.post(what, {"vendor.service": "Half a service", "way": "contract"})
        assert (answer.status_code, answer.headers["location"]) == (303, what.replace("what", "contract"))
        assert "Half a service" in (await browser.get(what)).text
        await browser.get(begun)
        answer = await browser.post(begun, WHO | {"party.name": "", "way": "data"})
        assert answer.status_code == 422, "who it is, and whether it is on file, is answered before anything else"

    browse(register, work)


def test_without_a_company_of_ours_it_is_said_from_the_first_step_on_and_the_draft_waits(register: Register) -> None:
    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        said = 'No company of ours is on file yet, and a vendor is registered for one: <a href="/records/party/new?ours=true">'
        begun = await first(browser)
        assert said in (await browser.get(begun)).text
        what = (await browser.post(begun, WHO)).headers["location"]
        for step in ("who", "what", "where"):
            page = (await browser.get(what.replace("what", step))).text
            assert said in page, step
            assert 'What you have kept waits among <a href="/vendors">' in page
        assert f'href="{what.replace("what", "check")}">Postbird Mail, Inc.</a>' in (await browser.get("/vendors")).text
        other = await as_role("dpo")
        assert "Postbird" not in (await other.get("/vendors")).text, "a draft is its writer's alone"

    browse(register, work)


def test_what_is_too_long_is_not_kept_on_the_way_back_either(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = (await browser.post(await first(browser), WHO)).headers["location"]
        await browser.get(where)
        answer = await browser.post(where, WHAT | {"vendor.service": "x" * 30_000, "way": "who"})
        assert answer.status_code == 422
        assert "longer" in answer.text

    browse(register, work)


def test_the_last_page_says_which_transfers_will_be_recorded(register: Register, folder: Path) -> None:
    """Before anything is recorded, and just those that are."""
    house(register, folder)
    pages: list[str] = []

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        alone = {"where.stored": [""], "where.accessed": [""]}
        where = await walked(browser, where=alone)
        pages.append((await browser.get(where)).text)
        await browser.get(where.replace("check", "where"))
        await browser.post(where.replace("check", "where"), WHERE | {"where.stored": ["IE", "US"]})
        pages.append((await browser.get(where)).text)
        await browser.get(where.replace("check", "where"))
        await browser.post(where.replace("check", "where"), {"transfer.exporter": "", "way": "data"})
        pages.append((await browser.get(where)).text)
        await browser.post(where.replace("check", "where"), WHERE | {"where.stored": ["IE", "US"]})
        assert (await browser.post(where)).status_code == 303

    browse(register, work)
    one, four, unsure = pages
    assert "<strong>1 transfer</strong> from House GmbH to Postbird Mail, Inc.:" in one
    assert "<ul><li>Established in United States</li></ul>" in one
    assert "<strong>4 transfers</strong> from House GmbH to Postbird Mail, Inc.:" in four
    told = ["Established in United States", "Stored in Ireland", "Stored in United States", "Accessed from India"]
    assert "<ul>" + "".join(f"<li>{leg}</li>" for leg in told) + "</ul>" in four
    assert "Transfers that will be recorded" not in unsure
    rows = register.ask("select how, country from transfer where key like 'postbird%'")
    assert {tuple(row) for row in rows} == {("established", "US"), ("stored", "IE"), ("stored", "US"), ("accessed", "IN")}
    assert len(rows) == 4


def test_the_transfers_of_a_company_on_file_go_to_its_own_seat(register: Register, folder: Path) -> None:
    tables = a_register(measure=[{"key": "tls", "name": "Encryption in transit", "since": "2018-05-25"}])
    tables["party"].append({"key": "postbird", "name": "Postbird Mail, Inc.", "country": "BR", "since": "2018-05-25"})
    register.load(tables, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        page = (await browser.get(await walked(browser, who={"same": "postbird"}))).text
        assert "<li>Established in Brazil</li><li>Stored in United States</li><li>Accessed from India</li>" in page

    browse(register, work)


@pytest.mark.parametrize(
    ("ticked", "recorded", "said"),
    [([], None, "not recorded"), (["none"], [], "none"), (["health"], ["health"], "Health")],
    ids=["unknown", "none", "some"],
)
def test_none_of_the_special_categories_is_not_the_same_as_not_known(
    register: Register, folder: Path, ticked: list[str], recorded: list[str] | None, said: str
) -> None:
    house(register, folder)
    pages: list[str] = []

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await walked(browser, data={"engagement.special_categories": ticked})
        assert ("None of these" in (await browser.get(where)).text) is (ticked == ["none"])
        again = (await browser.get(where.replace("check", "data"))).text
        assert ('value="none" checked' in again) is (ticked == ["none"])
        await browser.post(where)
        pages.append((await browser.get("/vendors/postbird-mail-inc")).text)
        pages.append((await browser.get("/activities/newsletters")).text)

    browse(register, work)
    rows = register.ask("""select e.special_categories as own, a.special_categories as all from engagement e
        join processing_activity a on a.thing = e.activity where a.name = 'Newsletters'""")
    assert [tuple(row) for row in rows] == [(recorded, recorded)]
    for page in pages:
        assert page.partition("pecial categories</dt><dd>")[2].partition("</dd>")[0] == said
    exported = [row for row in json.loads(register.export(folder))["engagement"] if row["key"].startswith("postbird")]
    assert [row.get("special_categories") for row in exported] == [recorded]


def test_none_and_some_at_once_are_refused(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await walked(browser)
        await browser.get(where.replace("check", "data"))
        answer = await browser.post(
            where.replace("check", "data"), DATA | {"engagement.special_categories": ["health", "none"]}
        )
        assert answer.status_code == 422
        assert "Choose either those that are among them, or that none of these is." in answer.text

    browse(register, work)


def test_an_edit_of_something_else_leaves_none_as_it_is(register: Register, folder: Path) -> None:
    """And the history says none, where before it said nothing."""
    tables = a_register()
    register.load(tables, folder)
    none = {"key": "news", "special_categories": [], "entry": {"kind": "corrected", "why": "asked"}}
    register.load({"engagement": [none]}, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        page = await browser.get("/records/engagement/news/edit")
        assert 'value="none" checked' in page.text
        form = {name: browser.hidden(page, name) for name in ("row", "version")}
        form |= {"vendor": "mailer", "activity": "news", "role": "controller", "special_categories": "none"}
        form |= {"kind": "corrected", "why": "its role"}
        assert (await browser.post("/records/engagement/news/edit", form)).status_code == 303
        assert "<td>none</td>" in (await browser.get("/records/engagement/news")).text

    browse(register, work)
    assert [tuple(row) for row in register.ask("select role, special_categories from engagement")] == [("controller", [])]


def test_the_first_step_sent_twice_begins_one_draft(register: Register, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house(register, folder)
    all_read, read, late = asyncio.Barrier(3), drafts.read, iter(range(3))

    async def read_before_any_keeps(key: str, person: str) -> Any:
        found = await read(key, person)
        await all_read.wait()
        await asyncio.sleep(next(late) / 5)
        return found

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await first(browser)
        with monkeypatch.context() as reading:
            reading.setattr(drafts, "read", read_before_any_keeps)
            answers = await asyncio.gather(*(browser.post(where, WHO) for _ in range(3)))
        assert {one.headers.get("location") for one in answers} == {where.replace("who", "what")}
        assert "Postbird Mail, Inc." in (await browser.get(where)).text, "who goes back finds what was typed"
        assert (await browser.post(where, WHO | {"party.name": "Another name"})).status_code == 303

    browse(register, work)
    assert register.ask("select count(*) from draft")[0][0] == 1


def test_a_double_submit_registers_once(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await walked(browser)
        await browser.get(where)
        answers = await asyncio.gather(*(browser.post(where) for _ in range(3)))
        assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, "/vendors/postbird-mail-inc")}

    browse(register, work)
    assert register.ask("select count(*) from vendor where key like 'postbird%'")[0][0] == 1


def test_a_draft_is_its_owner_s_alone(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        mine, other, auditor = await as_role("procurement"), await as_role("dpo"), await as_role("auditor")
        where = await walked(mine)
        await first(other)
        for step in ("who", "contract", "check", "drop"):
            at = where.replace("check", step)
            assert (await other.get(at)).status_code == 404
            assert (await other.post(at, WHO)).status_code == 404
        assert (await mine.get("/vendors/new/absent/who")).status_code == 404
        assert (await mine.get(where.replace("check", "other"))).status_code == 404
        assert (await auditor.get("/vendors/new")).status_code == 403
        assert (await mine.post(where, token=False)).status_code == 403, "a form without its token"
        mine.token = "made up"
        assert (await mine.post(where)).status_code == 403
        assert (await mine.get(where)).status_code == 200

    browse(register, work)
    assert not register.ask("select from vendor where key like 'postbird%'")


def test_what_is_wrong_is_told_and_what_was_typed_is_kept(register: Register, folder: Path) -> None:
    house(register, folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        begun = await first(browser)
        answer = await browser.post(begun, {"party.website": "kept example", "party.country": "XX"})
        assert answer.status_code == 422
        assert "kept example" in answer.text
        assert "This is no website" in answer.text
        assert answer.text.count('role="alert"') == 4
        answer = await browser.post(begun, WHO)
        where = answer.headers["location"]
        wrong = {"processing_activity.name": "", "vendor.since": "5.1.2026", "vendor.category": "none"}
        answer = await browser.post(where, WHAT | wrong)
        assert answer.status_code == 422
        assert "write it as YYYY-MM-DD" in answer.text
        assert "5.1.2026" in answer.text
        assert "The new activity needs this" in answer.text
        assert "5.1.2026" in (await browser.get(where)).text, "refused is not forgotten"
        answer = await browser.post(where, WHAT | {"activity": "news", "processing_activity.name": "Stray"})
        assert (answer.status_code, "An activity of the list is chosen: leave this empty" in answer.text) == (422, True)
        answer = await browser.post(where.replace("what", "contract"), {"contract.notice_days": "soon"})
        assert "a whole number" in answer.text
        answer = await browser.post(where.replace("what", "contract"), {"contract.signed_on": "2999-01-01"})
        assert "This day has not come yet" in answer.text
        answer = await browser.get(where.replace("what", "check"))
        assert "Something is still missing here" in answer.text
        answer = await browser.post(where.replace("what", "check"))
        assert answer.status_code == 422
        assert "Something is missing" in answer.text

    browse(register, work)


def test_look_alikes_are_shown_and_must_be_answered(register: Register, folder: Path) -> None:
    parties = a_register()["party"]
    since = "2018-05-25"
    known = {"key": "bird", "name": "Postbird Mail Ltd.", "country": "US", "website": "postbird.example", "since": since}
    register.load(a_register(party=[*parties, known]), folder)

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        shown = await browser.get("/vendors/new/alike?party.name=Postbird%20Mial")
        assert "Postbird Mail Ltd." in shown.text
        assert "vendor of ours already" in (await browser.get("/vendors/new/alike?party.name=mailer")).text
        assert "Postbird" not in (await browser.get("/vendors/new/alike?party.name=Zebra")).text
        begun = await first(browser)
        answer = await browser.post(begun, WHO)
        assert answer.status_code == 422
        assert "the same website" in answer.text
        answer = await browser.post(begun, WHO | {"same": "mailer"})
        assert answer.status_code == 422
        where = await walked(browser, who={"same": "bird"})
        await browser.get(where)
        answer = await browser.post(where)
        assert answer.status_code == 303

    browse(register, work)
    vendor = register.ask("select p.key from vendor v join party p on p.thing = v.party where v.key like 'postbird%'")
    assert [one["key"] for one in vendor] == ["bird"]
    assert not register.ask("select from party where key like 'postbird%'")


def test_hostile_words_come_out_escaped(register: Register, folder: Path) -> None:
    house(register, folder)
    hostile = "\"><script>alert(1)</script>{{ 98765*43210 }}'\x00‮"

    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        where = await walked(browser)
        shown = [await browser.get(begun := await first(browser))]
        fields = {"who": WHO, "what": WHAT, "data": DATA, "where": WHERE, "contract": CONTRACT}
        for step, form in fields.items():
            answer = await browser.post(where.replace("check", step), dict.fromkeys(form, hostile) | {"same": hostile})
            assert answer.status_code in {303, 422}
            shown += [answer, await browser.get(where.replace("check", step))]
        shown.append(await browser.get(where))
        shown.append(await browser.post(begun, dict.fromkeys(WHO, hostile)))
        for page in shown:
            assert "<script>alert" not in page.text
            assert '">"><' not in page.text
            assert "4267635650" not in page.text, "a template in what was typed is not run"
        free = {"vendor.service": hostile, "processing_activity.purposes": hostile, "processing_activity.name": hostile}
        for step, form in fields.items():
            await browser.post(where.replace("check", step), form | (free if step == "what" else {}))
        await browser.get(where)
        answer = await browser.post(where)
        assert answer.status_code == 303, answer.text
        for path in ("/records/vendor/postbird-mail-inc", "/records/vendor/postbird-mail-inc/edit"):
            page = await browser.get(path)
            assert page.status_code == 200
            assert "<script>alert" not in page.text

    browse(register, work)
