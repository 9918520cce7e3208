"""kill -9 of a watch at any moment: what one more look then tells is what a look tells that nobody disturbed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from assessments.watch import look
from registry import database, law
from tests.support import drop_database, new_database
from tests.told import ERAS, FACTS, LENGTH, Told, tell, told

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from assessments.cli import main; main()", "watch", "--on"]


class Watches:
    """Rounds of kills, each on two new registers with one tale; `hit` counts those that fell upon a look under way."""

    def __init__(self, chance: random.Random, server: str) -> None:
        self.chance = chance
        self.server = server
        self.longest = 2.0  # seconds that a whole look has taken, starting included

    def round(self) -> str:
        """Returns whether the kill hit a look, came before it or too late."""
        era = self.chance.choice(ERAS)
        tale = sorted((self.chance.randrange(LENGTH - 2), self.chance.choice(FACTS)) for _ in range(6))
        names = [f"watch_{self.chance.getrandbits(40):x}" for _ in range(2)]
        urls = [new_database(self.server, name) for name in names]
        try:
            last = date.fromisoformat(era) + timedelta(days=LENGTH)
            for url in urls:
                asyncio.run(_tale(url, tale, era))
            begun = time.monotonic()
            subprocess.run([*COMMAND, last.isoformat()], env=self._at(urls[0]), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            self.longest = time.monotonic() - begun
            said = self._killed(urls[1], last)
            undisturbed, disturbed = (asyncio.run(_looked(url, last)) for url in urls)
            assert disturbed == undisturbed, f"{tale} from {era}"
            return said
        finally:
            for name in names:
                drop_database(self.server, name)

    def _killed(self, url: str, day: date) -> str:
        watch = subprocess.Popen([*COMMAND, day.isoformat()], env=self._at(url), cwd=ROOT, stdout=subprocess.DEVNULL)
        time.sleep(self.chance.uniform(0.4, 1.05) * self.longest)
        watch.send_signal(signal.SIGKILL)
        return "too late" if watch.wait() == 0 else "killed"

    def _at(self, url: str) -> dict[str, str]:
        return os.environ | {"DATABASE_URL": url}


async def _tale(url: str, tale: list[tuple[int, str]], era: str) -> None:
    """A register looked at before the tale and never since."""

    async def first_only(day: date, _: bool) -> None:
        if day < date.fromisoformat(era):
            await look(day, law.load())

    async with database.opened(create=True, url=url):
        await tell(tale, era, first_only)


async def _looked(url: str, day: date) -> Told:
    async with database.opened(url=url):
        await look(day, law.load())
        return await told()
