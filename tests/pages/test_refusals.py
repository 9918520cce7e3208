"""What a page cannot take is refused in words: no day, no sign, no file is too strange to be answered."""

import asyncio
import contextlib
import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assessments.pages import gate
from registry import access, once
from registry.web import now
from tests.support import Register, a_register
from tests.web import BASE, PASSWORD, Browser, browse

NUL = "a\0b"


@pytest.mark.parametrize("last_day", ["9999-12-31", "garbage", "0001-01-01", "2024-02-30"])
def test_a_day_that_cannot_be_is_refused_at_the_gate_and_in_an_edit(register: Register, folder: Path, last_day: str) -> None:
    register.load(a_register(), folder)

    async def asked(as_role: Any) -> None:
        dpo: Browser = await as_role("dpo")
        await dpo.get("/vendors/mailer/gate")
        decided = {"standing": "approved_with_conditions", "conditions": "C", "why": "W", "last_day": last_day}
        answer = await dpo.post("/vendors/mailer/gate", decided)
        assert answer.status_code == 422
        assert "last_day" in answer.text
        assert "C</textarea>" in answer.text, "what was typed stays"
        page = await dpo.get("/records/vendor/mailer/edit")
        form = {"row": dpo.hidden(page, "row"), "version": dpo.hidden(page, "version"), "kind": "ended", "last_day": last_day}
        answer = await dpo.post("/records/vendor/mailer/edit", form | {"why": "Over"})
        assert answer.status_code == 422
        assert "This is no day that can be recorded" in answer.text

    browse(register, asked)


def test_of_two_decisions_at_once_one_is_told_of_the_other(
    register: Register, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.load(a_register(), folder)
    read = gate.open_gate

    async def asked(as_role: Any) -> None:
        second = asyncio.Event()
        coming = itertools.chain([second.wait], itertools.repeat(None))

        async def held(key: str) -> Any:
            """Whoever comes first waits for the other, who comes as far only where one does not decide after the other."""
            if wait := next(coming):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wait(), 0.5)
            second.set()
            return await read(key)

        people: list[Browser] = [await as_role("dpo"), await as_role("dpo")]
        forms = []
        for one, standing in zip(people, ("approved_with_conditions", "refused"), strict=True):
            page = await one.get("/vendors/mailer/gate")
            form = {"standing": standing, "conditions": "C", "why": f"W {standing}", "seen": "", "last_day": ""}
            if standing != "refused":
                form["last_day"] = now().date().isoformat()
            assert 'name="seen" value=""' in page.text
            forms.append(form)
        monkeypatch.setattr(gate, "open_gate", held)
        answers = await asyncio.gather(
            *[one.post("/vendors/mailer/gate", form) for one, form in zip(people, forms, strict=True)]
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        (late,) = [answer for answer in answers if answer.status_code == 409]
        assert "ecided meanwhile: read it below" in late.text
        assert "W refused</textarea>" in late.text or "W approved_with_conditions</textarea>" in late.text, (
            "what was typed stays"
        )
        (seen,) = re.findall('name="seen" value="([^"]+)"', late.text)
        loser = people[answers.index(late)]
        again = await loser.post("/vendors/mailer/gate", forms[answers.index(late)] | {"seen": seen})
        assert again.status_code == 303

    browse(register, asked)
    assert len(register.ask("select from decision")) == 2


@pytest.mark.parametrize(
    ("decided", "said", "where"),
    [
        ({"standing": "approved", "why": "W"}, "Something stands against it", "standing"),
        ({"standing": "approved_with_conditions", "conditions": "C", "why": "W"}, "Say until when", "last_day"),
        ({"standing": "approved_with_conditions", "why": "W"}, "Say what must hold", "conditions"),
        ({"standing": "refused", "why": " "}, "Say on what ground", "why"),
    ],
)
def test_a_refused_decision_is_told_at_the_top_in_focus_and_leads_to_what_it_is_about(
    register: Register, folder: Path, decided: dict[str, str], said: str, where: str
) -> None:
    register.load(a_register(), folder)

    async def asked(as_role: Any) -> None:
        dpo: Browser = await as_role("dpo")
        await dpo.get("/vendors/mailer/gate")
        answer = await dpo.post("/vendors/mailer/gate", decided)
        assert answer.status_code == 422
        told, _, below = answer.text.partition("Back to the vendor")
        [alert] = re.findall(r'<div[^>]*role="alert"[^>]*autofocus.*?</div>', told, re.S)
        assert said in alert
        assert f'href="#{where}"' in alert
        [asks] = re.findall(rf'<(?:fieldset|textarea|input)[^>]* id="{where}"[^>]*>', below)
        assert 'aria-invalid="true"' in asks
        assert below.count("aria-invalid") == 1
        await dpo.get("/transfers/news")
        answer = await dpo.post("/transfers/news/stop", {"day": "soon", "why": "W"})
        assert re.search(r'role="alert"[^>]*autofocus>.*?href="#stop".*<h2>Verdict</h2>', answer.text, re.S)

    browse(register, asked)


def test_conditions_hold_until_a_day(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def asked(as_role: Any) -> None:
        dpo: Browser = await as_role("dpo")
        await dpo.get("/vendors/mailer/gate")
        form = {"standing": "approved_with_conditions", "conditions": "C", "why": "W"}
        assert "until when" in (await dpo.post("/vendors/mailer/gate", form)).text
        tomorrow = (now().date() + timedelta(days=1)).isoformat()
        assert (await dpo.post("/vendors/mailer/gate", form | {"last_day": tomorrow})).status_code == 303
        assert "Record the decision" not in (await dpo.get("/vendors/mailer/gate?on=2020-07-15")).text

    browse(register, asked)


def test_the_one_sign_that_no_database_holds_is_refused_everywhere(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def asked(as_role: Any) -> None:
        dpo: Browser = await as_role("dpo")
        for path in ("/vendors?category=%00", "/vendors?standing=a%00", "/vendors/%00", "/transfers/%00", "/activities/a%00b"):
            assert (await dpo.get(path)).status_code in {404, 422}, path
        await dpo.get("/vendors/mailer/gate")
        form = {"standing": "refused", "why": NUL}
        answer = await dpo.post("/vendors/mailer/gate", form)
        assert answer.status_code == 422
        assert "NUL" in answer.text
        nobody = Browser(dpo.client)
        page = await dpo.client.get("/sign-in", follow_redirects=False)
        assert (await nobody.post("/sign-in", {"email": NUL, "password": "x"}, token=False)).status_code < 500, page.status_code

    browse(register, asked)


def test_what_a_terminal_would_obey_is_refused_wherever_it_is_written(register: Register, folder: Path) -> None:
    """And so what is exported can be imported again."""
    register.load(a_register(), folder)
    esc = "a\x1b[31mb"

    async def asked(as_role: Any) -> None:
        dpo: Browser = await as_role("dpo")
        await dpo.get("/vendors/mailer/gate")
        until = {"last_day": now().date().isoformat()}
        decided = {"standing": "approved_with_conditions", "conditions": "C", "why": "W"} | until
        for field in ("conditions", "why"):
            answer = await dpo.post("/vendors/mailer/gate", decided | {field: esc})
            assert (answer.status_code, "olds a sign that cannot be read" in answer.text) == (422, True), field
        await dpo.get("/transfers/news")
        answer = await dpo.post("/transfers/news/stop", {"day": now().date().isoformat(), "why": esc})
        assert (answer.status_code, "olds a sign that cannot be read" in answer.text) == (422, True)

    browse(register, asked)
    told = register.onward("user", "add", "--role", "dpo", "--name", esc, exit_code=1)
    assert "name: holds a sign that cannot be read" in told
    assert register.ask("select (select count(*) from decision) + (select count(*) from suspension)")[0][0] == 0


def test_good_sign_ins_do_not_count_against_a_place(register: Register) -> None:
    async def asked(as_role: Any) -> None:
        await as_role("dpo")
        for _ in range(access.TRIES_A_PLACE + 5):
            assert await access.sign_in("dpo@house.example", PASSWORD, "10.0.0.1", "test", now())
        for number in range(access.TRIES_A_PLACE):
            await access.sign_in(f"nobody{number}@house.example", "wrong", "10.0.0.1", "test", now())
        assert await access.sign_in("dpo@house.example", PASSWORD, "10.0.0.1", "test", now()) is None
        assert await access.sign_in("dpo@house.example", PASSWORD, "10.0.0.2", "test", now())

    browse(register, asked)


def test_another_file_is_another_sending() -> None:
    names = {once.named("p", "/x", "token", [("file", f"a.pdf {digest}")]) for digest in ("1", "2")}
    assert len(names) == 2


def test_another_file_under_the_same_form_is_not_taken_for_the_first(register: Register, folder: Path) -> None:
    register.load(a_register(contract=[{"key": "c", "engagement": "news", "since": "2020-01-01"}]), folder)

    async def asked(as_role: Any) -> None:
        dpo: Browser = await as_role("dpo")
        page = await dpo.get("/vendors/mailer")
        same = {
            "_csrf_token": dpo.token,
            "_once": dpo.hidden(page, "_once"),
            "evidence_of": "contract/c",
            "document.title": "T",
        }
        answers = []
        for content in (b"%PDF-1.4 one", b"%PDF-1.4 one", b"%PDF-1.4 two"):
            file = {"document.file": ("a.pdf", content, "application/pdf")}
            answers.append(
                await dpo.client.post(f"{BASE}/vendors/mailer/documents", data=same, files=file, follow_redirects=False)
            )
        assert [one.status_code for one in answers] == [303, 303, 409], "once; the same again; another is not lost unsaid"

    browse(register, asked)
    assert register.ask("select count(*) from document")[0][0] == 1
