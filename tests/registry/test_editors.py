"""Two editors of one row: a sample of the interleavings that `make prove` goes through by the thousand."""

from tests.proofs.editors import interleave
from tests.support import Register


def test_no_order_of_two_editors_steps_loses_an_edit(register: Register, seed: int) -> None:
    assert interleave(register.url, seed, 12) >= 12
