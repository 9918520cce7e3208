"""The pages as people meet them: a demo served by `onward serve`, and a real Chromium in front of it."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support import Register

ONWARD = [sys.executable, "-c", "from assessments.cli import main; main()"]
CHROMIUM = "/usr/bin/chromium"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Site:
    """A served demo: where it is, and how its people sign in."""

    def __init__(self, register: Register, url: str, people: dict[str, tuple[str, str]]) -> None:
        self.register, self.url, self.people = register, url, people

    def onward(self, *words: str) -> str:
        """The command line beside the server, as a process of its own."""
        told = subprocess.run(
            [*ONWARD, *words], env=_environment(self.register), capture_output=True, text=True, check=False, timeout=60
        )
        assert told.returncode == 0, told.stderr
        return told.stdout


def _environment(register: Register, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    return kept | {"DATABASE_URL": register.url, "PYTHONUNBUFFERED": "1"} | more


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def tell(register: Register, until: str | None) -> None:
    """Tells the demo up to a day (all of it with None), where its clock then stands, and lets the watch look."""
    register.onward("demo", *(("--until", until) if until else ()))
    register.onward("watch", *(("--on", until) if until else ()))


@contextmanager
def served(register: Register, folder: Path, port: int = 0, **environment: str) -> Iterator[Site]:
    """A register, such as a demo that was told, served until this ends without a fault."""
    port = port or free_port()
    log = folder / "serve.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*ONWARD, "serve", "--port", str(port)],
            env=_environment(register, **environment),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        late = threading.Timer(30, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            people: dict[str, tuple[str, str]] = {}
            for line in process.stdout:
                found = re.match(r"  (\w+) +(\S+@\S+) +(\S+) +\(", line)
                if found:
                    people[found[1]] = (found[2], found[3])
                if line.startswith("Onward is at"):
                    break
            _wait(port)
            late.cancel()
            assert people, log.read_text()
            yield Site(register, f"http://127.0.0.1:{port}", people)
        finally:
            late.cancel()
            process.terminate()
            process.communicate(timeout=60)
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return
    raise AssertionError("onward serve did not begin to answer")


class Person:
    """Somebody at a screen. What their browser complains of is kept, and what runs over the screen's edge is refused."""

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self._hears(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hears(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {text}")

    def sign_in(self, role: str) -> "Person":
        email, password = self.site.people[role]
        self.page.goto(self.site.url + "/sign-in")
        self.fits()
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.press("Sign in")
        assert self.page.get_by_role("button", name="Sign out").is_visible()
        return self

    def goes(self, path: str) -> Page:
        answer = self.page.goto(self.site.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        self.fits()
        return self.page

    def press(self, name: str) -> None:
        """Sends the form with the button of that name; what it leads to fits the screen too."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()
        self.fits()

    def fits(self) -> None:
        """The document is no wider than the screen."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} runs over the edge by {wide} px"

    def text(self) -> str:
        return self.page.inner_text("main")


class Screens:
    """One Chromium; each person in it has a browser of their own."""

    def __init__(self, site: Site, chromium: Browser) -> None:
        self.site = site
        self.chromium = chromium
        self.opened: list[Person] = []
        self.cookies: dict[str, Any] = {}

    def person(self, role: str, **more: Any) -> Person:
        """Somebody of that role, who signs in once and keeps the session on every screen."""
        settings: dict[str, Any] = {"viewport": WIDE, "accept_downloads": True} | more
        person = Person(self.site, self.chromium.new_context(**settings))
        self.opened.append(person)
        if role in self.cookies:
            person.context.add_cookies(self.cookies[role])
            person.goes("/")
            return person
        person.sign_in(role)
        self.cookies[role] = person.context.cookies()
        return person


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium. While it runs, no loop can run in this thread."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def opened(site: Site, chromium: Browser) -> Iterator[Screens]:
    """People before the site; it ends with nothing in any console."""
    screens = Screens(site, chromium)
    try:
        yield screens
        assert not [said for person in screens.opened for said in person.complaints]
    finally:
        for person in screens.opened:
            person.context.close()


@contextmanager
def screens(site: Site) -> Iterator[Screens]:
    """Chromium before the site, and its people."""
    with launched() as chromium, opened(site, chromium) as people:
        yield people


def walk(person: Person, name: str, *, seat: str = "US", shield: bool = True, activity: str = "demo-requests") -> str:
    """Registers a vendor in five steps, as a person types it; returns its key."""
    page = person.page
    person.goes("/vendors/new")
    page.fill("[name='party.name']", name)
    page.fill("[name='party.website']", f"https://{name.split()[0].lower()}.example/")
    page.select_option("[name='party.country']", seat)
    person.press("Keep and go on")
    page.select_option("[name='vendor.category']", "email_marketing")
    page.fill("[name='vendor.service']", "Sends our newsletters")
    page.select_option("[name='activity']", activity)
    page.check("[name='engagement.role'][value=processor]")
    person.press("Keep and go on")
    page.fill("[name='engagement.data_subjects']", "Customers")
    page.fill("[name='engagement.data_categories']", "Name\nE-mail address")
    page.check("[name='engagement.data_kind'][value=non_hr]")
    page.check("[name='engagement.only_our_purposes'][value=yes]")
    person.press("Keep and go on")
    page.select_option("[name='transfer.exporter']", "larkfield-us")
    person.press("Keep and go on")
    if shield:
        page.fill("[name='contract.signed_on']", "2020-07-01")
        for box in page.locator("[name^='contract.'][value=yes]").all():
            box.check()
        page.select_option("[name='certification.framework']", "eu-us-privacy-shield")
        page.select_option("[name='certification.status']", "active")
        page.fill("[name='certification.since']", "2019-10-01")
        page.check("[name='certification.covers_non_hr'][value=yes]")
    person.press("Keep and go on")
    assert page.url.endswith("/check"), person.text()
    assert name in person.text()
    person.press("Register")
    assert "/vendors/new" not in page.url, person.text()
    return page.url.rsplit("/", 1)[1]


def apart(work: Any) -> Any:
    """Runs work in a thread of its own, where a loop may run while Chromium is open."""
    answer: list[Any] = []
    failed: list[BaseException] = []

    def inside() -> None:
        try:
            answer.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return answer[0]
