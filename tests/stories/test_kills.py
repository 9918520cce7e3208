"""kill -9 at any moment, on the embedded server and on one by DATABASE_URL. Large numbers: `make prove`."""

import os
import random
from pathlib import Path

import pytest

from tests.proofs.kills import Kills
from tests.support import Register

ROUNDS = int(os.environ.get("ONWARD_KILLS", "10"))


def test_a_kill_loses_nothing_acknowledged_on_a_server_by_url(register: Register, chance: random.Random) -> None:
    kills = Kills(chance, {"DATABASE_URL": register.url}, None)
    for _ in range(ROUNDS):
        kills.round()


@pytest.mark.parametrize("part", [1, 2])
def test_a_kill_loses_nothing_acknowledged_on_the_embedded_server(folder: Path, chance: random.Random, part: int) -> None:
    home = folder / "home"
    kills = Kills(random.Random(chance.random() + part), {"ONWARD_HOME": str(home)}, home)
    for _ in range(ROUNDS // 2):
        kills.round()
