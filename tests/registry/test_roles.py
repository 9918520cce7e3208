"""People and roles: added, given another role, locked and let in again; passwords told once; one administrator stays."""

import asyncio
import re
from typing import Any

import pytest

from registry import access
from registry.web import now
from tests.support import Register
from tests.web import PASSWORD, Browser, browse

GRACE = {"name": "Grace <b>Hopper</b>", "email": "grace@house.example", "role": "auditor", "endless": "yes"}


async def added(browser: Browser, **more: str) -> tuple[str, str]:
    """Adds a person; their key and the password that is told once."""
    page = await browser.get("/people/new")
    answer = await browser.post("/people/new", GRACE | more | {"_once": browser.hidden(page, "_once")})
    assert answer.status_code == 201, answer.text
    password = re.search(r"ow-told\">([^<]+)<", answer.text)
    key = re.search(r'href="/people/(person-[0-9a-f]+)"', answer.text)
    assert password
    assert key
    return key[1], password[1]


async def form(browser: Browser, key: str, **more: str) -> dict[str, str]:
    page = await browser.get(f"/people/{key}")
    return {name: browser.hidden(page, name) for name in ("row", "version", "_once")} | {"why": "A test"} | more


async def signs_in(browser: Browser, email: str, password: str) -> Any:
    await browser.post("/sign-out")
    await browser.get("/sign-in")
    return await browser.post("/sign-in", {"email": email, "password": password})


def test_a_person_is_added_and_nothing_opens_before_the_password_is_their_own(register: Register) -> None:
    async def work(as_role: Any) -> None:
        admin, grace = await as_role("admin"), await as_role("auditor")
        key, password = await added(admin)
        answer = await admin.get("/people")
        assert "Grace &lt;b&gt;Hopper" in answer.text
        assert "once they have changed the password" in answer.text
        assert password not in answer.text + (await admin.get(f"/people/{key}")).text
        assert (await signs_in(grace, "grace@house.example", password)).status_code == 303
        for path in ("/", "/vendors", "/records", "/sessions"):
            answer = await grace.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/me"), path
        assert "given" not in (await grace.get("/me")).text.replace("gave you", "")
        mine = "words that only she would put together"
        for wrong, said in (
            ({"old": "not it", "new": mine, "again": mine}, "not the password until now"),
            ({"old": password, "new": "short", "again": "short"}, "At least 12 characters"),
            ({"old": password, "new": mine, "again": mine + "!"}, "do not read alike"),
            ({"old": password, "new": password, "again": password}, "choose another"),
        ):
            answer = await grace.post("/me", wrong)
            assert answer.status_code == 422
            assert said in answer.text, said
        other = await as_role("auditor")
        assert (await signs_in(other, "grace@house.example", password)).status_code == 303
        answer = await grace.post("/me", {"old": password, "new": mine, "again": mine})
        assert (answer.status_code, (await grace.get("/")).status_code) == (303, 200)
        assert (await other.get("/me")).status_code == 303, "everywhere else it ends"
        assert "their own" in (await admin.get(f"/people/{key}")).text

    browse(register, work)
    (row,) = register.ask("select * from person where email = 'grace@house.example'")
    assert (row["role"], row["name"]) == ("auditor", GRACE["name"])
    entries = register.ask("""select e.who, e.image::text, v.value from journal_entry e
        left join journal_value v using (sequence) where "table" = 'person'""")
    hashed = register.ask("select password_hash from credential where person = $1", row["key"])[0][0]
    assert not [one for one in entries if hashed in str(one) or "argon2" in str(one)], "no secret in the journal"
    assert "a-admin" in {one["who"] for one in entries}


def test_roles_change_people_are_locked_and_let_in_again(register: Register) -> None:
    async def work(as_role: Any) -> None:
        admin, auditor = await as_role("admin"), await as_role("auditor")
        key, _ = await added(admin)
        answer = await admin.post(f"/people/{key}/role", await form(admin, key, role="dpo"))
        assert answer.status_code == 303, answer.text
        assert "DPO: decides" in (await admin.get(f"/people/{key}")).text
        for less in ({"why": " "}, {"role": "king"}, {"role": "dpo"}, {"endless": ""}):
            answer = await admin.post(
                f"/people/{key}/role", await form(admin, key, **({"role": "auditor", "endless": "yes"} | less))
            )
            assert answer.status_code == 422, less
        sent = await form(admin, "a-auditor")
        answer = await admin.post("/people/a-auditor/lock", sent)
        assert answer.status_code == 303, answer.text
        assert (await auditor.get("/")).status_code == 303, "every session ends"
        assert await access.sign_in("auditor@house.example", PASSWORD, "", "", now()) is None
        again = await admin.post("/people/a-auditor/lock", sent)
        assert (again.status_code, again.headers["location"]) == (303, "/people/a-auditor"), "a double click does no harm"
        late = await admin.post("/people/a-auditor/role", sent | {"role": "dpo", "_once": "another"})
        assert late.status_code == 409
        assert "Nothing was changed" in late.text
        answer = await admin.post("/people/a-auditor/unlock", await form(admin, "a-auditor"))
        assert answer.status_code == 303, answer.text
        assert await access.sign_in("auditor@house.example", PASSWORD, "", "", now())
        page = (await admin.get("/people/a-auditor")).text
        for said in ("A admin", "A test", "Changed"):
            assert said in page

    browse(register, work)
    periods = register.ask("select since, until, role from person where key = 'a-auditor' order by id")
    assert len(periods) == 2
    assert periods[0]["until"] == periods[1]["since"]
    kinds = register.ask("""select kind from journal_entry e join person p on p.id = e."row" where "table" = 'person'
        and p.key like 'person-%' order by sequence""")
    assert [one[0] for one in kinds] == ["recorded", "corrected"], "a day has one answer"


def test_the_last_administrator_is_neither_locked_nor_given_another_role(register: Register) -> None:
    async def work(as_role: Any) -> None:
        admin = await as_role("admin")
        for what, more in (("lock", {}), ("role", {"role": "dpo"})):
            answer = await admin.post(f"/people/a-admin/{what}", await form(admin, "a-admin", **more))
            assert answer.status_code == 422
            assert "last administrator" in answer.text
        assert (await admin.get("/people")).status_code == 200
        await added(admin, role="admin")
        answer = await admin.post("/people/a-admin/role", await form(admin, "a-admin", role="dpo"))
        assert answer.status_code == 303, "there is another one"
        assert (await admin.get("/people")).status_code == 403

    browse(register, work)


def test_of_two_administrators_who_lock_each_other_at_once_one_stays(register: Register) -> None:
    async def work(as_role: Any) -> None:
        admin = await as_role("admin")
        key, _ = await added(admin, role="admin")
        sent = [(one, await form(admin, one)) for one in (key, "a-admin")]
        answers = await asyncio.gather(*(admin.post(f"/people/{one}/lock", words) for one, words in sent))
        assert sorted(one.status_code for one in answers) == [303, 422]

    browse(register, work)
    assert register.ask("select count(*) from person where role = 'admin' and until is null")[0][0] == 1


@pytest.mark.parametrize("wrong", [{"name": ""}, {"email": "nobody"}, {"role": ""}, {"email": "DPO@house.example"}])
def test_what_is_wrong_with_a_new_person_is_said_and_kept(register: Register, wrong: dict[str, str]) -> None:
    async def work(as_role: Any) -> None:
        admin = await as_role("admin")
        await admin.get("/people/new")
        answer = await admin.post("/people/new", GRACE | wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert next(iter((GRACE | wrong)[name] for name in ("email", "name") if name not in wrong)) in (
            answer.text.replace("&lt;", "<").replace("&gt;", ">")
        )

    browse(register, work)
    assert not register.ask("select from person where key like 'person-%'")


def test_a_person_sent_twice_is_added_once(register: Register) -> None:
    async def work(as_role: Any) -> None:
        admin = await as_role("admin")
        page = await admin.get("/people/new")
        sent = GRACE | {"_once": admin.hidden(page, "_once")}
        answers = await asyncio.gather(*(admin.post("/people/new", sent) for _ in range(3)))
        assert sorted(one.status_code for one in answers) == [201, 303, 303]
        assert len({one.headers["location"] for one in answers if one.status_code == 303}) == 1

    browse(register, work)
    assert register.ask("select count(*) from person where email = $1", GRACE["email"])[0][0] == 1


def test_a_new_password_ends_every_session_and_an_administrator_sees_none(register: Register) -> None:
    async def work(as_role: Any) -> None:
        admin, dpo, other = await as_role("admin"), await as_role("dpo"), await as_role("dpo")
        page = await admin.get("/people/a-dpo")
        assert page.text.count("last seen") == 2
        assert (await admin.post("/people/a-dpo/sessions")).status_code == 303
        assert {(await one.get("/")).status_code for one in (dpo, other)} == {303}
        answer = await admin.post("/people/a-dpo/password")
        assert "shown this once" in answer.text
        assert await access.sign_in("dpo@house.example", PASSWORD, "", "", now()) is None
        assert (await admin.post("/people/a-admin/password")).headers["location"] == "/me"
        assert (await admin.post("/people/a-admin/sessions")).status_code == 303
        assert (await admin.get("/")).status_code == 200, "one's own goes on"

    browse(register, work)
    looks = register.ask("select what, of from look where person = 'a-admin'")
    assert ("gave a password", "person/a-dpo") in {tuple(one) for one in looks}
