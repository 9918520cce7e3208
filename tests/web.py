"""A browser without a window: the application in the loop of an open register, people signed in, form tokens carried."""

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx

from assessments import app
from registry import access, database, journal
from registry.tables import Person
from tests.support import Register

PEOPLE = ("procurement", "dpo", "auditor", "admin")
PASSWORD = "a long password of tests"
BASE = "http://127.0.0.1:8000"
FORMS = "the secret of the forms of all registers of tests"

app.application = cache(app.application)  # it keeps nothing of a register: each process makes it, and compiles its pages, once


class Browser:
    """One person's browser; `post` takes the form token of the page it was last on, as a browser does."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.token = ""

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path, follow_redirects=False)
        return self._seen(answer)

    async def post(self, path: str, form: dict[str, Any] | None = None, *, token: bool = True) -> Any:
        pairs: list[tuple[str, str]] = [("_csrf_token", self.token)] if token else []
        for name, value in (form or {}).items():
            values: Iterable[str] = [value] if isinstance(value, str) else value
            pairs += [(name, one) for one in values]
        answer = await self.client.post(
            path,
            content=urlencode(pairs),
            headers={"content-type": "application/x-www-form-urlencoded"},
            follow_redirects=False,
        )
        return self._seen(answer)

    def _seen(self, answer: Any) -> Any:
        found = re.search(r'name="_csrf_token" value="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer

    def hidden(self, answer: Any, name: str) -> str:
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', answer.text)
        assert found, answer.text[:2000]
        return found[1]


def browse(register: Register, work: Callable[[Callable[[str], Awaitable[Browser]]], Awaitable[None]]) -> None:
    """Runs work in an open register with the application; it is given what opens a browser for a role."""

    async def inside() -> None:
        await _people()
        served: Any = await app.made(8000)
        clients = []

        async def as_role(role: str) -> Browser:
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url=BASE)
            clients.append(client)
            browser = Browser(client)
            await browser.get("/sign-in")
            answer = await browser.post("/sign-in", {"email": f"{role}@house.example", "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            return browser

        try:
            await work(as_role)
        finally:
            for client in clients:
                await client.aclose()

    register.do(inside)


async def _people() -> None:
    async with database.transaction() as at:
        await at.execute("insert into secret (name, value) values ('forms', $1) on conflict do nothing", FORMS)
    for role in PEOPLE:
        row = {"key": f"a-{role}", "since": "2018-05-25", "name": f"A {role}", "email": f"{role}@house.example", "role": role}
        await journal.record("cli:test", None, Person, row)
        await access.set_password(f"a-{role}", PASSWORD)
