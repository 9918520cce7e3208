"""A served demo, and Chromium before it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium

from tests.served import Screens, Site, launched, opened, served, tell
from tests.support import environment, like


@pytest.fixture(scope="module")
def until() -> str | None:
    """The day up to which the demo's history is told; a module says otherwise by a fixture of its own."""
    return "2020-07-14"


@pytest.fixture(scope="module")
def site(server: str, until: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One served demo for the tests of a module, which leave each other's vendors alone."""
    with (
        environment(ONWARD_HOME=None, DATABASE_URL=None, ONWARD_LAW=None, ONWARD_KEY=None),
        like(server, f"demo until {until}", lambda register: tell(register, until)) as register,
        served(register, tmp_path_factory.mktemp("site")) as site,
    ):
        yield site


@pytest.fixture(scope="module")
def chromium(site: Site) -> Iterator[Chromium]:
    with launched() as chromium:
        yield chromium


@pytest.fixture
def browser(site: Site, chromium: Chromium) -> Iterator[Screens]:
    """What each test's people do and complain of is its own."""
    with opened(site, chromium) as screens:
        yield screens
