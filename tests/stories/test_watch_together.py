"""Three processes look at once, one of them is killed: each cause is there exactly once."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date, timedelta

from tests.support import Register

ROUNDS = int(os.environ.get("ONWARD_WATCHES", "2"))
WATCH = [sys.executable, "-c", "from assessments.cli import main; main()", "watch", "--on"]


def test_three_at_once_one_killed_hold_each_cause_once(register: Register, chance: random.Random) -> None:
    register.onward("demo", "--until", "2020-07-14")
    environment = os.environ | {"DATABASE_URL": register.url}
    begun = time.monotonic()
    assert subprocess.run([*WATCH, "2020-07-15"], env=environment, stdout=subprocess.DEVNULL).returncode == 0
    alone = time.monotonic() - begun  # three at once take longer
    for number in range(ROUNDS):
        day = date(2020, 7, 16) + timedelta(days=number)
        command = [*WATCH, day.isoformat()]
        three = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(3)]
        time.sleep(chance.uniform(0.3, 0.95) * alone)
        three[0].kill()
        assert [one.wait() for one in three] == [-signal.SIGKILL, 0, 0], "one was killed while it looked"
        assert register.ask("select day from watched")[0][0] == day
        found = register.answer("alerts")
        assert len({one["cause"] for one in found}) == len(found)
        fall = [one for one in found if one["cause"] == "law:eu-us-privacy-shield:invalidated:2020-07-16"]
        assert len(fall) == 1
        assert fall[0]["transfers"] > 1
        assert "C-311/18" in fall[0]["what"]
