"""A served demo, and Chromium before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served import Screens, Site, screens, served, tell
from tests.support import like


@pytest.fixture
def until() -> str | None:
    """The day up to which the demo's history is told; a module says otherwise by a fixture of its own."""
    return "2020-07-14"


@pytest.fixture
def site(server: str, until: str | None, folder: Path) -> Iterator[Site]:
    with (
        like(server, f"demo until {until}", lambda register: tell(register, until)) as register,
        served(register, folder) as site,
    ):
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Screens]:
    with screens(site) as opened:
        yield opened
