"""Checkpoints of a register: what they state, what they prove, what they cost, and whose key signs them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import access, checkpoints, database, journal, keys, notes, tiles, tree
from registry.errors import Misused
from registry.tables import Party
from tests.support import Register, environment

COUNTS = [1, 2, 255, 256, 257, 300]


@pytest.fixture
def key(folder: Path) -> Any:
    path = folder / "key.pem"
    keys.make(path)
    with environment(ONWARD_KEY=str(path)):
        yield path


async def parties(count: int) -> None:
    async with journal.writing("cli:test", "many") as book:
        number = await journal.newest(book.at)
        rows = [{"key": f"p{number}-{one}", "since": "2020-01-01", "name": "P", "country": "DE"} for one in range(count)]
        await book.record(Party, *rows)


async def leaves() -> list[bytes]:
    async with database.as_known(None) as at:
        size = await journal.newest(at)
        return [tree.leaf_hash(tiles.canonical(row)) async for batch in tiles.entries(at, 0, size) for row in batch]


def test_a_checkpoint_states_the_tree_of_all_entries_and_proves_each(register: Register, key: Path) -> None:
    async def work() -> None:
        heads: list[notes.Checkpoint] = []
        for count in COUNTS:
            await parties(count)
            note = await checkpoints.take()
            assert note is not None
            async with database.as_known(None) as at:
                text, by = notes.opened(note, await keys.stood(at))
            assert len(by) == 1
            heads.append(notes.checkpoint(text))
            found = await leaves()
            assert (heads[-1].size, heads[-1].root) == (len(found), tree.root(found))
        async with database.as_known(None) as at:
            size, root = heads[-1].size, heads[-1].root
            for index in [0, 1, 254, 255, 256, 511, 512, size - 1]:
                proof = await tiles.prove(at, tree.inclusion(index, size))
                assert tree.includes(found[index], index, size, proof, root)
            for head in heads:
                proof = await tiles.prove(at, tree.consistency(head.size, size))
                assert tree.consistent(head.size, head.root, size, root, proof)

    register.do(work)


def test_nothing_new_no_new_checkpoint(register: Register, key: Path) -> None:
    async def work() -> None:
        first = await checkpoints.take()
        assert await checkpoints.take() == first
        await parties(1)
        assert await checkpoints.take() != first

    register.do(work)


def test_two_sign_at_once_one_checkpoint(register: Register, key: Path) -> None:
    async def work() -> None:
        await parties(300)
        taken = await asyncio.gather(*(checkpoints.take() for _ in range(4)))
        assert len(set(taken)) == 1

    register.do(work)
    assert register.ask("select count(*) from checkpoint")[0][0] == 1


def test_the_access_log_enters_once_the_day_is_over(register: Register, key: Path) -> None:
    async def past() -> None:
        async with database.transaction() as at:
            before = datetime.now(UTC) - timedelta(days=2)
            for moment in (before, before, before - timedelta(days=1)):
                await at.execute("insert into look (at, person, what, of) values ($1, 'mara', 'opened', '/')", moment)

    async def work() -> list[str]:
        await access.look("mara", "opened", "/vendors/x")
        today = await checkpoints.take()
        await access.look("mara", "opened", "/vendors/y")
        again = await checkpoints.take()
        await past()
        later = await checkpoints.take()
        return [note or "" for note in (today, again, later)]

    today, again, later = register.do(work)
    last = checkpoints.over(datetime.now(UTC))
    assert f"looks {last} {checkpoints.NO_LOOKS}" in today, "a day that is not over may still get looks"
    assert today == again == later, "what is put into a day that is over never enters"


def test_looks_of_days_that_are_over_enter(register: Register, key: Path) -> None:
    async def work() -> str:
        async with database.transaction() as at:
            before = datetime.now(UTC) - timedelta(days=2)
            await at.execute("insert into look (at, person, what, of) values ($1, 'mara', 'opened', '/')", before)
        return await checkpoints.take() or ""

    (line,) = [line for line in register.do(work).splitlines() if line.startswith("looks ")]
    assert line.split(" ")[1] == str(checkpoints.over(datetime.now(UTC)))
    assert line.split(" ")[2] != checkpoints.NO_LOOKS


OVER = [("2020-07-16T23:59", "2020-07-15"), ("2020-07-17T00:04", "2020-07-15"), ("2020-07-17T00:05", "2020-07-16")]


@pytest.mark.parametrize(("now", "last"), OVER)
def test_a_day_is_over_once_its_last_looks_are_written(now: str, last: str) -> None:
    assert checkpoints.over(datetime.fromisoformat(f"{now}+00:00")).isoformat() == last


def test_without_a_key_nothing_is_signed(register: Register) -> None:
    assert register.do(checkpoints.take) is None
    assert register.ask("select count(*) from checkpoint")[0][0] == 0


def test_another_key_at_hand_is_not_the_registers(register: Register, key: Path, folder: Path) -> None:
    register.do(checkpoints.take)
    keys.make(folder / "other.pem")
    with environment(ONWARD_KEY=str(folder / "other.pem")), pytest.raises(Misused, match="not among those at hand"):
        register.do(checkpoints.take)


def test_a_key_is_followed_and_both_sign_once(register: Register, key: Path, folder: Path) -> None:
    new = folder / "new.pem"
    keys.make(new)

    async def work() -> list[str]:
        first = await checkpoints.take()
        await keys.follow(new, "cli:test", "each year another")
        with environment(ONWARD_KEY=f"{key}:{new}"):
            both = await checkpoints.take()
            await parties(1)
            one = await checkpoints.take()
        return [note or "" for note in (first, both, one)]

    first, both, one = (note.rpartition("\n\n")[2].count("\u2014") for note in register.do(work))
    assert (first, both, one) == (1, 2, 1)


def test_a_key_that_others_may_read_is_refused(key: Path) -> None:
    key.chmod(0o644)
    with pytest.raises(Misused, match="others may read"):
        keys.read(key)


@pytest.mark.parametrize("content", ["", "-----BEGIN PRIVATE KEY-----\n", "x"])
def test_what_is_no_key_is_refused(folder: Path, content: str) -> None:
    path = folder / "key.pem"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(Misused, match=r"key\.pem"):
        keys.read(path)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)


@settings(max_examples=25)
@given(st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53), 2**53) | st.booleans() | st.none() | st.lists(TEXTS), max_size=6))
def test_an_entry_s_bytes_are_plain_json_sorted(image: dict[str, Any]) -> None:
    import json

    row = (7, datetime(2020, 7, 16, tzinfo=UTC), "recorded", "mara", "party", 3, 1, json.dumps(image), None, b"\1" * 16)
    said = json.loads(tiles.canonical(row))
    assert said["image"] == image
    assert tiles.canonical(row).decode() == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_where_the_register_has_a_key_and_this_machine_none_it_is_asked_for(register: Register, folder: Path) -> None:
    keys.make(held := folder / "held.pem")
    with environment(ONWARD_KEY=str(held)):
        register.do(checkpoints.take)
    with environment(ONWARD_KEY=None):
        for words in (("checkpoint",), ("export", "bundle", "--out", str(folder / "b.zip"))):
            said = register.onward(*words, exit_code=2)
            assert "bring its file (ONWARD_KEY), or, where it is lost, let another one follow" in said
            assert "key new" not in said
