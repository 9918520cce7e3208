"""The verdict against a second evaluator: other hands, other tables, the same law."""

import random
from datetime import date

from registry import law
from tests.grid import READINGS, both, cells, explained

TODAY = date(2026, 11, 23)


def test_a_second_evaluator_agrees_on_the_grid(chance: random.Random) -> None:
    pack, agreed, differed = law.load(), 0, dict.fromkeys(READINGS, 0)
    for case in cells(chance, 1_500):
        ours, theirs = both(case, pack, TODAY)
        if ours == theirs:
            agreed += 1
            continue
        why = explained(case)
        assert why, f"{case}: ours {ours}, the second {theirs}"
        differed[why] += 1
    assert agreed > 0.9 * (agreed + sum(differed.values())), differed
