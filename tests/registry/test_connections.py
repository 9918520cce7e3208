"""A connection is always given back: whoever is called off as a transaction begins, or as it ends, keeps none."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from assessments import app, schedule
from registry import database, web
from tests.support import Register, drop_database
from tests.web import browse

STEPS = 25  # of the event loop: about what a transaction takes to begin, to ask and to end


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
        (answer,) = await asyncio.gather(task, return_exceptions=True)
        assert answer is None or isinstance(answer, asyncio.CancelledError), repr(answer)

    async def work() -> int:
        async with asyncio.timeout(60):
            for times in (1, 2, 5):
                for steps in range(STEPS):
                    await called_off(steps, times)
            await asyncio.gather(*[look() for _ in range(12)])  # more than the pool holds
        return await _at_work(register.url)

    assert register.do(work) == 0


@pytest.mark.parametrize("step", ["start", "commit", "rollback", "release"])
def test_whoever_is_called_off_within_a_step_hears_that_and_nothing_else(
    register: Register, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """At the very moment, not by chance: as the connection is given back, it may be the pool's again already."""

    def calling_off(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def done(*given: Any, **more: Any) -> Any:
            await real(*given, **more)
            raise asyncio.CancelledError

        return done

    async def work() -> int:
        whose = asyncpg.pool.Pool if step == "release" else asyncpg.transaction.Transaction
        with monkeypatch.context() as patched:
            patched.setattr(whose, step, calling_off(getattr(whose, step)))
            with pytest.raises(asyncio.CancelledError):
                async with database.transaction() as at:
                    await at.fetchval("select 1 / $1::int", 0 if step == "rollback" else 1)
        assert database.DB.current_transaction.get() is None
        async with asyncio.timeout(60):
            await asyncio.gather(*[look() for _ in range(12)])
        return await _at_work(register.url)

    async def look() -> None:
        async with database.transaction() as at:
            await at.fetchval("select 1")

    assert register.do(work) == 0


def test_a_look_whose_connection_is_ended_says_that_it_failed(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended(*_: Any) -> None:
        async with database.transaction() as at:
            number = await at.fetchval("select pg_backend_pid()")
            other = await asyncpg.connect(register.url)
            await other.fetchval("select pg_terminate_backend($1, 5000)", number)
            await other.close()
            await at.fetchval("select 1")

    async def work() -> str:
        with monkeypatch.context() as patched:
            patched.setattr(schedule, "look", ended)
            await schedule.watch()
        async with database.as_known(None) as at:
            return str(await at.fetchval("select error from watched"))

    assert "connection" in register.do(work).lower()


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
        assert (answer.status_code, answer.text) == (503, "no answer of the register's database in time\n")
        for path in ("/", "/vendors"):  # what was open was ended, and then there is nothing to open
            page = await client.get(path)
            assert page.status_code == 503, page.text
            assert "The register&#39;s database does not answer now" in page.text

    browse(register, work)


def test_health_waits_for_no_database_that_is_frozen(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is asked neither answers nor hears that it is called off."""

    async def frozen() -> bool:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(2)
        return True

    async def work(as_role: Any) -> None:
        client = (await as_role("procurement")).client
        monkeypatch.setattr(app, "_answers", frozen)
        monkeypatch.setattr(app, "ANSWERS_IN", 0.1)
        async with asyncio.timeout(1.5):
            assert (await client.get("/healthz")).status_code == 503

    browse(register, work)


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (FileNotFoundError(2, "No such file or directory"), True),  # of a socket
        (FileNotFoundError(2, "No such file or directory", "a template"), False),
        (ConnectionRefusedError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("the server expects 0 arguments for this query, 1 was passed"), False),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.QueryCanceledError(), False),
        (ValueError(), False),
    ],
)
def test_a_database_that_is_gone_is_told_from_a_fault_of_ours(error: Exception, gone: bool) -> None:
    assert web.away(error) is gone
