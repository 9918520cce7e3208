"""Who may do what: every route against every role, as committed in `tests/matrix.tsv`; doors, sessions, tries, Hosts."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pytest

from assessments import app
from registry import access, database
from registry.vocabulary import PersonRole
from registry.web import OPEN, now
from tests import objects
from tests.support import Register, a_register
from tests.web import PASSWORD, browse

MATRIX = Path(__file__).parents[1] / "matrix.tsv"


Statuses = dict[tuple[str, str], tuple[str, str, str]]


def matrix(measured: Statuses) -> str:
    """One line a route: method, address, the permission it needs, which roles have it; and what answers a person of such
    a role about an object of their own, about another's, and about one that there is not.
    """
    lines = []
    for route in [*app.routes(), app.healthz]:
        needs = route.opt.get("needs", "nothing stated")
        for path in sorted(route.paths):
            for method in sorted(route.http_methods - {"HEAD", "OPTIONS"}):
                roles = ["everybody"] if needs == OPEN else [role for role in PersonRole if needs in access.GRANTED[role]]
                objects = measured.get((method, path), ("-", "-", "-"))
                lines.append("\t".join((method, path, needs, " ".join(roles), *objects)))
    ordered = sorted(lines, key=lambda line: line.split("\t")[1::-1])
    return "method\taddress\tneeds\troles\town\tother\tabsent\n" + "\n".join(ordered) + "\n"


def test_routes_by_roles_by_objects_are_the_matrix_committed(register: Register, folder: Path) -> None:
    """Every route with an object is asked for one's own, another's and an absent one, by every role.

    After a deliberate change: ONWARD_WRITE_MATRIX=1 make test, and read the difference.
    """
    contract = {"key": "news", "engagement": "news", "since": "2018-05-25"}
    register.load(a_register(contract=[contract]), folder)
    measured: Statuses = {}

    async def every(as_role: Any) -> None:
        roles = {role.value: await as_role(role.value) for role in PersonRole}
        needs = {(m, p): route.opt["needs"] for route in app.routes() for p in route.paths for m in route.http_methods}
        await as_role("procurement")  # a second session, which is the one that is ended
        for one in objects.tried(await objects.on_file()):
            if one.path == "/documents/{key:str}":
                one.other = f"/documents/{hashlib.sha256(objects.PDF).hexdigest()}"
            may = [role for role in PersonRole if needs[one.method, one.path] in access.GRANTED[role]]
            for role in set(PersonRole) - set(may):
                for address in filter(None, (one.own, one.other, one.absent)):
                    browser = roles[role.value]
                    await browser.get("/me")
                    send = browser.get(address) if one.method == "GET" else browser.post(address, {})
                    assert (await send).status_code == 403, (role, one.method, address)
            browser = roles[may[0].value]
            await browser.get("/me")
            statuses = [str(await objects.answer(browser, one, at)) if at else "-" for at in (one.own, one.other, one.absent)]
            measured[one.method, one.path] = (statuses[0], statuses[1], statuses[2])
            if one.method == "GET":
                for role in may[1:]:
                    assert str(await objects.answer(roles[role.value], one, one.absent)) == statuses[2], (role, one.absent)
        assert (await roles["auditor"].get("/")).status_code == 200, "nobody ended another's session"

    browse(register, every)
    with_objects = {(m, p) for r in app.routes() for p in r.paths for m in r.http_methods if "{" in p and m in {"GET", "POST"}}
    assert measured.keys() == with_objects, "a route with an object that is not tried"
    if os.environ.get("ONWARD_WRITE_MATRIX"):
        MATRIX.write_text(matrix(measured))
    print(matrix(measured))
    assert matrix(measured) == MATRIX.read_text()
    assert "nothing stated" not in matrix(measured)
    assert not re.search(r"\t(401|500)\b", matrix(measured))


def _addresses() -> list[tuple[str, str, str]]:
    """Every route with its object put in: method, address, what it needs."""
    rows = [line.split("\t") for line in MATRIX.read_text().splitlines()[1:]]
    objects = {
        "/vendors/{key:str}": "/vendors/mailer",
        "/vendors/{key:str}/gate": "/vendors/mailer/gate",
        "/transfers/{key:str}": "/transfers/news",
        "/activities/{key:str}": "/activities/news",
        "/law/{key:str}": "/law/eu-us-privacy-shield",
        "/records/{table:str}/{key:str}": "/records/vendor/mailer",
        "/records/{table:str}/{key:str}/edit": "/records/vendor/mailer/edit",
        "/records/{table:str}/new": "/records/party/new",
        "/download/{name:str}/{fmt:str}": "/download/art30_controller/json",
    }
    return [(method, objects.get(path, path), needs) for method, path, needs, *_ in rows if "{" not in objects.get(path, path)]


def test_each_role_opens_what_it_may_and_nothing_else(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def every(as_role: Any) -> None:
        for role in PersonRole:
            browser = await as_role(role.value)
            for method, address, needs in _addresses():
                if address in {"/sign-out", "/sign-in", "/healthz"}:
                    continue
                answer = await (browser.get(address) if method == "GET" else browser.post(address, {}))
                if needs in access.GRANTED[role]:
                    assert answer.status_code not in {401, 403, 500}, (role, method, address, answer.text[-400:])
                else:
                    assert answer.status_code == 403, (role, method, address, answer.status_code)

    browse(register, every)


def test_nobody_is_sent_to_the_door(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)

    async def nobody(as_role: Any) -> None:
        browser = await as_role("dpo")
        browser.client.cookies.delete("onward")
        for method, address, needs in _addresses():
            if method == "GET" and needs != OPEN:
                answer = await browser.get(address)
                assert (answer.status_code, answer.headers["location"][:9]) == (303, "/sign-in?"), address

    browse(register, nobody)


@pytest.mark.parametrize(
    "address", ["/vendors/nobody", "/transfers/none", "/activities/none", "/law/none", "/records/vendor/x"]
)
def test_what_is_absent_is_not_found(register: Register, folder: Path, address: str) -> None:
    register.load(a_register(), folder)

    async def absent(as_role: Any) -> None:
        assert (await (await as_role("dpo")).get(address)).status_code == 404

    browse(register, absent)


def test_a_session_ended_by_its_owner_opens_nothing_and_somebody_elses_stays(register: Register) -> None:
    async def ended(as_role: Any) -> None:
        dpo, auditor = await as_role("dpo"), await as_role("auditor")
        rows = await access.sessions_of((await access.visitor(auditor.client.cookies["onward"], now())).key, now())  # type: ignore[union-attr]
        await dpo.get("/sessions")
        await dpo.post(f"/sessions/{rows[0].id}/end")
        assert (await auditor.get("/sessions")).status_code == 200, "only one's own session may be ended"
        await auditor.post(f"/sessions/{rows[0].id}/end")
        assert (await auditor.get("/sessions")).status_code == 303

    browse(register, ended)


def test_sessions_end_idle_and_for_good(register: Register) -> None:
    async def ends(as_role: Any) -> None:
        browser = await as_role("dpo")
        token = browser.client.cookies["onward"]
        assert await access.visitor(token, now() + access.IDLE / 2)
        assert await access.visitor(token, now() + access.IDLE * 2) is None
        day = now()
        while day < now() + access.ABSOLUTE:
            day += access.IDLE / 2
            still = await access.visitor(token, day)
        assert still is None, "however busy, a session ends"

    browse(register, ends)


def test_five_wrong_passwords_shut_the_door_even_for_the_right_one(register: Register) -> None:
    async def tried(as_role: Any) -> None:
        browser = await as_role("dpo")
        for _ in range(access.TRIES_A_PERSON):
            assert await access.sign_in("dpo@house.example", "wrong", "1.2.3.4", "", now()) is None
        assert await access.sign_in("dpo@house.example", PASSWORD, "1.2.3.4", "", now()) is None
        later = now() + access.WINDOW * 2
        assert await access.sign_in("dpo@house.example", PASSWORD, "1.2.3.4", "", later) is not None
        assert (await browser.get("/")).status_code == 200

    browse(register, tried)


def test_a_forged_host_a_missing_token_and_a_strange_address_to_return_to_are_refused(register: Register) -> None:
    async def refused(as_role: Any) -> None:
        browser = await as_role("dpo")
        assert (await browser.client.get("/", headers={"host": "evil.example"})).status_code == 421
        assert (await browser.post("/sign-out", token=False)).status_code == 403
        assert (await browser.get("/")).status_code == 200
        await browser.get("/sign-in")
        for strange in ("//evil.example", "https://evil.example", "/\\evil.example"):
            answer = await browser.post("/sign-in", {"email": "dpo@house.example", "password": PASSWORD, "next": strange})
            assert answer.headers["location"] == "/", strange

    browse(register, refused)


def test_no_secret_stands_in_the_database_and_every_answer_carries_its_headers(register: Register) -> None:
    async def held(as_role: Any) -> None:
        browser = await as_role("dpo")
        answer = await browser.get("/")
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        token = browser.client.cookies["onward"]
        async with database.as_known(None) as at:
            rows = await at.fetch("select to_jsonb(s)::text from session s")
        assert rows
        assert not [row for row in rows if token in row[0]]

    browse(register, held)
