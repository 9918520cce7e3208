"""kill -9 of a watch at any moment leaves nothing half told. Large numbers: `make prove`."""

import os
import random

from tests.proofs.watches import Watches

ROUNDS = int(os.environ.get("ONWARD_WATCH_KILLS", "3"))


def test_after_a_kill_one_more_look_tells_the_same(server: str, chance: random.Random) -> None:
    watches = Watches(chance, server)
    for _ in range(ROUNDS):
        watches.round()
