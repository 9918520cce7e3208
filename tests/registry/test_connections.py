"""A connection is always given back: whoever is called off as a transaction begins, or as it ends, keeps none."""

import asyncio
import os
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from registry import database
from tests.support import Register, drop_database
from tests.web import browse

STEPS = 25  # of the event loop: more than a transaction takes to begin, to ask and to end


async def _at_work(url: str) -> int:
    """How many connections of others to this database are in a transaction."""
    connection = await asyncpg.connect(url)
    try:
        return int(
            await connection.fetchval(
                "select count(*) from pg_stat_activity where datname = current_database() "
                "and pid <> pg_backend_pid() and state like 'idle in transaction%'"
            )
        )
    finally:
        await connection.close()


def test_whoever_is_called_off_at_any_step_leaves_no_transaction_open(register: Register) -> None:
    async def look() -> None:
        async with database.as_known(None) as at:
            await at.fetchval("select 1")

    async def called_off(steps: int, times: int) -> None:
        """As anyio does: called off again at each further step."""
        task = asyncio.create_task(look())
        for _ in range(steps):
            await asyncio.sleep(0)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(task, return_exceptions=True)

    async def work() -> int:
        async with asyncio.timeout(60):
            for times in (1, 2, 5):
                for steps in range(STEPS):
                    await called_off(steps, times)
            await asyncio.gather(*[look() for _ in range(12)])  # more than the pool holds
        return await _at_work(register.url)

    assert register.do(work) == 0


def test_forms_that_cannot_be_read_take_no_connection_with_them(register: Register) -> None:
    async def work(as_role: Any) -> None:
        browser = await as_role("procurement")
        await browser.get("/records/party/new")
        for number in range(12):
            headers = {"x-csrftoken": browser.token, "content-type": f"multipart/form-data{'; boundary=x' * (number % 2)}"}
            answer = await browser.client.post("/records/party/new", content=b"hello", headers=headers)
            assert answer.status_code == 400, answer.text
        assert (await asyncio.wait_for(browser.get("/vendors"), timeout=20)).status_code == 200
        assert await _at_work(register.url) == 0

    browse(register, work)


def test_what_only_asks_for_options_or_holds_a_strange_sign_is_no_failure(register: Register) -> None:
    async def work(as_role: Any) -> None:
        client = (await as_role("procurement")).client
        for path in ("/", "/sign-in", "/healthz", "/vendors"):
            assert (await client.request("OPTIONS", path)).status_code < 500, path
        for path in ("/static/%00", "/vendors/%00", "/%00"):
            assert (await client.get(path)).status_code == 404, path

    browse(register, work)


def test_what_asks_for_the_head_alone_is_answered_as_if_it_asked_for_the_page(register: Register) -> None:
    async def work(as_role: Any) -> None:
        client = (await as_role("procurement")).client
        for path in ("/", "/healthz", "/vendors", "/static/vendor/none.css"):
            page, head = await client.get(path), await client.head(path)
            assert (head.status_code, head.headers["content-type"]) == (page.status_code, page.headers["content-type"]), path

    browse(register, work)


def test_health_is_that_of_the_database_too(register: Register) -> None:
    async def work(as_role: Any) -> None:
        client = (await as_role("procurement")).client
        assert (await client.get("/healthz")).text == "ok\n"
        name = urlsplit(register.url).path[1:]
        await asyncio.to_thread(drop_database, os.environ["ONWARD_TEST_SERVER"], name)
        answer = await client.get("/healthz")
        assert (answer.status_code, answer.text) == (503, "the register's database does not answer\n")

    browse(register, work)
