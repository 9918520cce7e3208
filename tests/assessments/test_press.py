"""The press: few at a time, the pages go on meanwhile, what is too much is said in words, and it can reach nothing."""

import asyncio
import io
import socket
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import psutil
import pypdf
import pytest
import uvicorn

from assessments import app, press
from assessments.record import Column, Record, Table
from registry.errors import Busy, Refused
from tests.support import Register, a_register, environment
from tests.web import PASSWORD, Browser, _people, browse

PDF = "/download/art30_controller/pdf"
AsRole = Callable[[str], Awaitable[Browser]]


def a_record(*cells: str) -> Record:
    table = Table("T", "sections", tuple(Column(f"C{place}") for place in range(len(cells))), (cells,))
    return Record("x", "X", "Art. 30(1)", ("House",), date(2020, 1, 1), "2020-01-01", "f" * 64, 1, None, (table,))


def at_work() -> list[psutil.Process]:
    """The presses that this process has running, none of them a mere shell of one that ended."""
    found = []
    for child in psutil.Process().children():
        try:
            if "assessments.press" in child.cmdline():
                found.append(child)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def test_many_downloads_at_once_share_few_presses_and_pages_are_answered_meanwhile(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    most, pages = [0], [0]

    async def work(as_role: AsRole) -> None:
        auditor = await as_role("auditor")
        downloads = [asyncio.create_task(auditor.client.get(PDF)) for _ in range(2 * press.PRESSES)]
        while not all(one.done() for one in downloads):
            most[0] = max(most[0], len(at_work()))
            answer = await auditor.get("/records")
            assert answer.status_code == 200
            pages[0] += not all(one.done() for one in downloads)
            await asyncio.sleep(0.1)
        for one in downloads:
            answer = one.result()
            assert answer.status_code == 200, answer.text
            assert "Newsletter" in pypdf.PdfReader(io.BytesIO(answer.content)).pages[2].extract_text()

    browse(register, work)
    assert most == [press.PRESSES]
    assert pages[0] > 3
    assert at_work() == []


@pytest.mark.parametrize(
    ("name", "seconds", "said"), [("WAIT", 0.1, "All 2 presses are at work"), ("LIMIT", 0.01, "was given up")]
)
def test_what_is_too_much_is_said_in_words_and_leaves_nothing_running(
    register: Register, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, seconds: float, said: str
) -> None:
    register.load(a_register(), folder)
    monkeypatch.setattr(press, name, seconds)

    async def work(as_role: AsRole) -> None:
        auditor = await as_role("auditor")
        if name == "WAIT":
            async with press.a_press(None), press.a_press(None):
                answer = await auditor.get(PDF)
        else:
            answer = await auditor.get(PDF)
        assert answer.status_code == 503
        assert said in answer.text
        assert (await auditor.get("/download/art30_controller/csv")).status_code == 200

    browse(register, work)
    assert at_work() == []
    looks = register.ask("select count(*) as n from look where what like '%.pdf%'")
    assert looks[0]["n"] == 0, "what was not handed over is not written down as taken"


def test_whoever_goes_away_takes_the_press_along() -> None:
    async def work() -> None:
        task = asyncio.create_task(press.pressed(a_record("a", "b"), "pdf", None))
        await asyncio.sleep(0.5)  # it takes longer than that to begin
        assert at_work()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert at_work() == []

    asyncio.run(work())


async def _soon(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def test_a_browser_that_closes_its_socket_ends_the_press(register: Register, folder: Path) -> None:
    """Through a real server: the socket is closed while the press is at work."""
    register.load(a_register(), folder)

    async def work() -> None:
        await _people()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            server = uvicorn.Server(uvicorn.Config(await app.made(port), lifespan="off", log_level="error"))
            serving = asyncio.create_task(server.serve([listening]))
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                browser = Browser(client)
                await browser.get("/sign-in")
                await browser.post("/sign-in", {"email": "auditor@house.example", "password": PASSWORD})
                cookies = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {PDF} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: {cookies}\r\n\r\n".encode())
            await _soon(lambda: bool(at_work()))
            at_work()[0].suspend()  # it will not be done by itself
            writer.close()
            try:
                await _soon(lambda: not at_work())
                async with press.a_press(1), press.a_press(1):
                    pass  # both are free again
            finally:
                for one in at_work():
                    one.kill()
                server.should_exit = True
                await serving

    register.do(work)
    assert not register.ask("select from look where what like '%.pdf%'")


def test_the_press_knows_neither_the_register_nor_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, str]] = []

    async def instead(*_: Any, env: dict[str, str], **__: Any) -> Any:
        told.append(env)
        raise Busy("enough")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", instead)
    with environment(DATABASE_URL="postgresql:///x", ONWARD_SMTP="smtp://u:p@h", PGPASSWORD="p"), pytest.raises(Busy):
        asyncio.run(press.pressed(a_record("a", "b"), "pdf", None))
    assert told
    assert not [name for name in told[0] if name.startswith(("DATABASE", "ONWARD", "PG"))]


def test_what_stands_in_a_record_is_fetched_by_no_press() -> None:
    paths: list[bytes] = []

    async def work() -> bytes:
        async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            paths.append(await reader.readline())
            writer.close()

        server = await asyncio.start_server(asked, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            evil = (
                f"<img src={address}/a>",
                f"</style><style>@import url({address}/b)</style>",
                "<embed src=file:///etc/passwd>",
            )
            return await press.pressed(a_record(*evil), "pdf", None)

    content = asyncio.run(work())
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "<img src=" in text
    assert "root:x:" not in text
    assert paths == []


def test_a_press_that_fails_says_so() -> None:
    with pytest.raises(Refused, match=r"NOSUCH could not be set .*nosuch"):
        asyncio.run(press.pressed(a_record("a", "b"), "nosuch", None))
