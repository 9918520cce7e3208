"""An auditor's access: until when, said in words, never longer by omission; and every look of his in the access log."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from registry import access, journal, people
from registry.tables import Person
from registry.web import now
from tests.registry.test_roles import added, form, signs_in
from tests.support import Register, a_register
from tests.web import browse

AHEAD = timedelta(days=3)


def typed(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M")


async def passed(person: str) -> None:
    """The time has come: written past the page, which takes no time that lies behind us."""
    async with journal.writing("cli:test", "a test") as book:
        row = await journal.current(book.at, Person, person)
        await book.correct(Person, row, ends=access.moment_of(now() - timedelta(minutes=2)))


def test_an_auditor_signs_in_until_the_end_and_is_told_so_afterwards(register: Register) -> None:
    ends = now() + AHEAD

    async def work(as_role: Any) -> None:
        admin, ada = await as_role("admin"), await as_role("auditor")
        key, password = await added(admin, endless="", ends=typed(ends))
        assert "may sign in until" in (await admin.get(f"/people/{key}")).text
        assert (await signs_in(ada, "grace@house.example", password)).status_code == 303
        await passed(key)
        answer = await ada.get("/me")
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), "the session ends too"
        await ada.get("/sign-in")
        answer = await ada.post("/sign-in", {"email": "grace@house.example", "password": password})
        assert answer.status_code == 422
        assert "Your access ended on" in answer.text
        answer = await ada.post("/sign-in", {"email": "grace@house.example", "password": "a wrong password"})
        assert "Your access ended" not in answer.text, "only whoever has the right pair is told"
        assert "the access has ended" in (await admin.get(f"/people/{key}")).text
        assert "the access ended" in (await admin.get("/people")).text
        for what in ("lock", "unlock"):
            assert (await admin.post(f"/people/{key}/{what}", await form(admin, key))).status_code == 303
        assert (await ada.post("/sign-in", {"email": "grace@house.example", "password": password})).status_code == 422
        later = await form(admin, key, ends=typed(ends))
        assert (await admin.post(f"/people/{key}/end", later)).status_code == 303
        assert (await ada.post("/sign-in", {"email": "grace@house.example", "password": password})).status_code == 303

    browse(register, work)
    stands = register.ask("select ends from person where email = 'grace@house.example' order by id desc limit 1")
    assert stands[0][0] == access.moment_of(ends)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "Say until which day and time"),
        ({"ends": "soon"}, "This is no day and time"),
        ({"ends": "2020-01-01T10:00"}, "lies in the past"),
        ({"ends": "9999-12-31T23:59"}, "too far ahead"),
        ({"ends": "2999-01-01T10:00", "endless": "yes"}, "take one of them out"),
    ],
)
def test_an_end_is_never_left_to_an_empty_field(register: Register, words: dict[str, str], said: str) -> None:
    ends = now() + AHEAD

    async def work(as_role: Any) -> None:
        admin = await as_role("admin")
        page = await admin.get("/people/new")
        new = {"name": "Ada", "email": "ada@house.example", "role": "auditor", "_once": admin.hidden(page, "_once")}
        answer = await admin.post("/people/new", new | words)
        assert (answer.status_code, said in answer.text) == (422, True), answer.text
        key, _ = await added(admin, endless="", ends=typed(ends))
        answer = await admin.post(f"/people/{key}/end", await form(admin, key, **words))
        assert (answer.status_code, said in answer.text) == (422, True), answer.text

    browse(register, work)
    assert [row[0] for row in register.ask("select ends from person where ends is not null")] == [access.moment_of(ends)]


def test_another_role_keeps_the_end_and_no_last_administrator_has_one(register: Register) -> None:
    async def work(as_role: Any) -> None:
        admin = await as_role("admin")
        key, _ = await added(admin, endless="", ends=typed(now() + AHEAD))
        assert (await admin.post(f"/people/{key}/role", await form(admin, key, role="admin"))).status_code == 303
        answer = await admin.post("/people/a-admin/role", await form(admin, "a-admin", role="dpo"))
        assert (answer.status_code, "last administrator" in answer.text) == (422, True)
        answer = await admin.post("/people/a-dpo/end", await form(admin, "a-dpo", ends=typed(now() + AHEAD)))
        assert (answer.status_code, "lock the person instead" in answer.text) == (422, True)
        assert (await admin.post(f"/people/{key}/end", await form(admin, key, endless="yes"))).status_code == 303
        answer = await admin.post("/people/a-admin/role", await form(admin, "a-admin", role="dpo"))
        assert answer.status_code == 303, "without an end she stays"

    browse(register, work)


def test_every_page_an_auditor_opens_is_in_the_access_log(register: Register, folder: Any) -> None:
    register.load(a_register(), folder)
    pages = ["/", "/vendors?q=dpo%40larkfield.example&standing=approved", "/records/vendor?q=Ada+Quill&number=1"]
    pages += ["/vendors/mailer", "/transfers", "/law", "/alerts", "/records/vendor/mailer", "/nowhere"]

    async def work(as_role: Any) -> None:
        auditor, dpo = await as_role("auditor"), await as_role("dpo")
        for page in pages:
            await auditor.get(page)
            await dpo.get(page)

    browse(register, work)
    kept = [page.replace("q=dpo%40larkfield.example&", "").replace("q=Ada+Quill&", "") for page in pages[:-1]]
    looked = register.ask("select person, of from look order by id")
    assert [of for person, of in looked if person == "a-auditor"] == kept, "each once, in their order"
    assert [of for person, of in looked if person == "a-dpo"] == ["/vendors/mailer", "vendor/mailer"]


@pytest.mark.parametrize(
    "ends", ["soon", "2026-02-30T10:00Z", "2026-11-30 17:00", "2026-11-30T17:00+01:00", "1850-01-01T10:00Z"]
)
def test_a_file_cannot_bring_an_end_that_is_no_time(register: Register, folder: Any, ends: str) -> None:
    person = {"key": "ada", "name": "Ada", "role": "auditor", "since": "2020-01-01", "ends": ends}
    said = register.load({"person": [person]}, folder, exit_code=1)
    assert "person[0] 'ada' ends" in said
    assert "YYYY-MM-DDTHH:MMZ" in said


def test_who_is_erased_is_signed_out_everywhere(register: Register) -> None:
    async def work(as_role: Any) -> None:
        dpo = await as_role("dpo")
        assert (await dpo.get("/me")).status_code == 200
        await people.erase_person("person:a-dpo", "left", "cli:test")
        answer = await dpo.get("/me")
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")

    browse(register, work)


def test_an_auditor_who_comes_by_file_has_an_end_or_is_said_to_have_none(register: Register, folder: Any) -> None:
    """Left out, access would be longer by omission; what is exported says it, and imports as the same bytes."""
    person = {"key": "ada", "name": "Ada", "role": "auditor", "since": "2020-01-01"}
    said = register.load({"person": [person]}, folder, exit_code=1)
    assert "person[0] 'ada' ends: say until when" in said
    assert "null" in said
    dora = {"key": "dora", "name": "Dora", "role": "dpo", "since": "2020-01-01"}
    register.load({"person": [person | {"ends": None}, dora]}, folder)
    exported = json.loads(register.export(folder))["person"]
    assert [(row["key"], row.get("ends", "nothing")) for row in exported] == [("ada", None), ("dora", "nothing")]
    promoted = {"key": "dora", "role": "auditor", "since": "2021-01-01", "entry": {"kind": "changed", "why": "another task"}}
    assert "person[0] 'dora' ends" in register.load({"person": [promoted]}, folder, exit_code=1)
    register.load({"person": [promoted | {"ends": "2999-01-01T10:00Z"}]}, folder)


def test_an_end_that_is_none_is_exported_and_imported_as_the_same_bytes(
    register: Register, another: Register, folder: Any
) -> None:
    people = [{"key": key, "role": "auditor", "since": "2020-01-01"} for key in ("ada", "bea")]
    register.load({"person": [people[0] | {"ends": None}, people[1] | {"ends": "2030-01-01T10:00Z"}]}, folder)
    first = register.export(folder)
    another.load(json.loads(first), folder)
    assert another.export(folder) == first
