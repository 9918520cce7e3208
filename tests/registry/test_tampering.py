"""A sample of what `make prove` does with every entry of a larger register: each kind of tampering upon one of them."""

import asyncio
import random
from pathlib import Path

from registry import keys
from tests.proofs.lived import live
from tests.proofs.tampering import KINDS, tampered
from tests.support import Register

ENTRIES = 80


def test_each_kind_of_tampering_is_found_and_named(register: Register, folder: Path, chance: random.Random) -> None:
    key = folder / "key.pem"
    keys.make(key)
    asyncio.run(live(register.url, key, chance, ENTRIES))
    drawn = chance.randrange(1, ENTRIES + 1)
    (found,) = asyncio.run(tampered(register.url, key, chance, [drawn]))
    assert set(found) <= {name for line in KINDS for name in line}
    assert len(found) >= 12, "most kinds fit any entry"
