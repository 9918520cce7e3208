"""Three processes look at once, one of them is killed: each cause is there exactly once."""

import os
import random
import subprocess
import sys
import time

from tests.support import Register

ROUNDS = int(os.environ.get("ONWARD_WATCHES", "2"))


def test_three_at_once_one_killed_hold_each_cause_once(register: Register, chance: random.Random) -> None:
    register.onward("demo", "--until", "2020-07-14")
    register.onward("watch", "--on", "2020-07-15")
    command = [sys.executable, "-c", "from assessments.cli import main; main()", "watch", "--on", "2020-07-16"]
    environment = os.environ | {"DATABASE_URL": register.url}
    for _ in range(ROUNDS):
        three = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(3)]
        time.sleep(chance.uniform(0.5, 3))
        three[0].kill()
        assert [one.wait() for one in three][1:] == [0, 0]
        found = register.answer("alerts")
        assert len({one["cause"] for one in found}) == len(found)
        fall = [one for one in found if one["cause"] == "law:eu-us-privacy-shield:invalidated:2020-07-16"]
        assert len(fall) == 1
        assert fall[0]["transfers"] > 1
        assert "C-311/18" in fall[0]["what"]
