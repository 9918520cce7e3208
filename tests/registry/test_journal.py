"""The one door for writes: an entry beside every change, in one order, refused by the database without it."""

import asyncio
import hashlib
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from registry import database, journal, schema
from registry.errors import Refused, Stale
from registry.tables import Party
from tests.support import Register, a_register

ACME = {"key": "acme", "name": "Acme", "country": "DE", "since": "2020-01-01"}


async def recorded(**values: object) -> journal.Row:
    async with journal.writing("cli:test", "because") as book:
        return (await book.record(Party, ACME | values))[0]


def test_a_row_is_written_with_its_entry(register: Register) -> None:
    row = register.do(recorded)
    opening, entry = register.answer("journal")
    assert (opening["sequence"], opening["table"], opening["image"]["demo"]) == (1, "register", False)
    assert (entry["sequence"], entry["kind"], entry["who"], entry["table"], entry["row"]) == (
        2,
        "recorded",
        "cli:test",
        "party",
        row["id"],
    )
    assert entry["image"]["name"] == "Acme"
    assert entry["why"] == "because"


def test_a_single_row_is_written_with_the_same_entry_in_one_statement(register: Register) -> None:
    noted = {"note": "Ask Ada Byron", "trading_names": ["A", "B"]}

    async def both() -> list[journal.Row]:
        return [await recorded(**noted), await journal.record("cli:test", "because", Party, ACME | noted | {"key": "other"})]

    rows = register.do(both)
    _, *entries = register.answer("journal")
    own = {"id", "key", "thing"}
    one, two = ({key: value for key, value in row.items() if key not in own} for row in rows)
    assert one == two
    assert [entry["row"] for entry in entries] == [row["id"] for row in rows] == [row["thing"] for row in rows]
    for entry, row in zip(entries, rows, strict=True):
        salt, value = register.ask(
            "select salt, value from journal_value where sequence = $1 and name = 'note'", entry["sequence"]
        )[0]
        assert entry["image"] == row | {"note": journal.commitment(salt, value)}
        assert (entry["kind"], entry["version"], entry["who"], entry["why"]) == ("recorded", 1, "cli:test", "because")
        assert entry["values"] == {"note": "Ask Ada Byron"}
        assert len(entry["why_commitment"]) == 64
    with pytest.raises(Refused, match="recorded in the meantime"):
        register.do(lambda: journal.record("cli:test", None, Party, ACME))
    assert len(register.answer("journal")) == 3


def test_every_journaled_table_has_a_door_of_one_statement(register: Register) -> None:
    """What the row lacks is refused by the table's own rules, not by the door."""

    async def knock() -> None:
        for table in schema.tables():
            with pytest.raises(Refused, match="since: cannot be left empty"):
                await journal.record("cli:test", None, table, {"key": "x"})

    register.do(knock)


def test_the_world_changed_the_old_row_ends_and_a_new_one_begins(register: Register) -> None:
    async def change() -> None:
        row = await recorded()
        async with journal.writing("cli:test", "moved") as book:
            await book.change(Party, row, date(2021, 1, 1), country="FR")

    register.do(change)
    rows = register.ask("select country, since, until, thing, version from party order by since")
    assert [tuple(row[:3]) for row in rows] == [
        ("DE", date(2020, 1, 1), date(2021, 1, 1)),
        ("FR", date(2021, 1, 1), None),
    ]
    assert rows[0]["thing"] == rows[1]["thing"]
    assert [entry["kind"] for entry in register.answer("journal")] == ["recorded", "recorded", "changed", "changed"]


def test_it_was_never_so_columns_change_in_place(register: Register) -> None:
    async def correct() -> None:
        row = await recorded()
        async with journal.writing("cli:test", "misread") as book:
            await book.correct(Party, row, country="AT")

    register.do(correct)
    assert [tuple(row) for row in register.ask("select country, since, version from party")] == [("AT", date(2020, 1, 1), 2)]


def test_a_voided_row_counts_on_no_day(register: Register) -> None:
    async def void() -> None:
        row = await recorded()
        async with journal.writing("cli:test", "recorded by mistake") as book:
            await book.void(Party, row)

    register.do(void)
    assert register.ask("select since = until from party")[0][0] is True


@pytest.mark.parametrize(
    ("on", "said"), [(date(2019, 12, 31), "name a day between"), (date(2020, 1, 1), "cannot change on its first day")]
)
def test_nothing_changes_before_it_began(register: Register, on: date, said: str) -> None:
    async def change() -> None:
        row = await recorded()
        async with journal.writing("cli:test") as book:
            await book.change(Party, row, on, country="FR")

    with pytest.raises(Refused, match=said):
        register.do(change)


def test_the_second_of_two_editors_is_told_and_nothing_is_lost(register: Register) -> None:
    async def edit() -> None:
        row = await recorded()
        async with journal.writing("cli:first", "one") as book:
            await book.correct(Party, row, country="AT")
        with pytest.raises(Stale, match="changed by somebody else") as told:
            async with journal.writing("cli:second", "two") as book:
                await book.correct(Party, row, country="BE")
        assert told.value.version == 2

    register.do(edit)
    assert register.ask("select country from party")[0][0] == "AT"
    assert len(register.answer("journal")) == 3


def test_a_personal_value_enters_an_entry_only_as_its_commitment(register: Register) -> None:
    register.do(lambda: recorded(note="Ask Ada Byron"))
    entry = register.answer("journal")[1]
    salt, value = register.ask("select salt, value from journal_value where name = 'note'")[0]
    assert entry["image"]["note"] == hashlib.sha256(salt + value.encode()).hexdigest()
    assert entry["values"] == {"note": "Ask Ada Byron"}
    assert "Ada" not in str(register.ask("select image::text from journal_entry"))


def test_every_entry_has_16_random_bytes_of_its_own(register: Register) -> None:
    register.do(recorded)
    nonces = [row[0] for row in register.ask("select nonce from journal_entry")]
    assert {len(nonce) for nonce in nonces} == {16}
    assert len(set(nonces)) == len(nonces)


REFUSED = [
    "update journal_entry set who = 'nobody'",
    "delete from journal_entry",
    "truncate journal_entry",
    "truncate journal_entry cascade",
    "update journal_value set value = 'x'",
    "truncate journal_value",
    "update journal_head set sequence = 0",
    "update journal_head set at = at - interval '1 second'",
    "delete from journal_head",
    "truncate journal_head",
    "delete from party",
    "truncate party cascade",
    "update party set name = 'Other'",
    "update party set name = 'Other', version = version + 1",
    "update party set key = 'other', version = version + 1",
    "update past.party set name = 'Other'",
    "delete from past.party",
    "truncate past.party",
    "insert into past.party select id, sequence + 9, ended from past.party",
    "insert into journal_head (id, sequence) values (2, 0)",
    "update journal_head set sequence = sequence + 5",
    "update journal_head set clock = now() + interval '5 years'",
    'insert into journal_entry (sequence, at, kind, who, "table", "row", version, image, nonce) '
    "values (500, now(), 'changed', 'x', 'party', 1, 2, '{}', '')",
    'insert into journal_entry (sequence, at, kind, who, "table", "row", version, image, nonce) '
    "values (3, '1990-01-01', 'changed', 'x', 'party', 1, 2, '{}', '')",
    "with head as (update journal_head set sequence = 3, at = clock_timestamp() returning at) "
    'insert into journal_entry (sequence, at, kind, who, "table", "row", version, image, nonce) '
    "select 3, at, 'changed', 'x', 'party', 1, 2, '{}', '' from head",
    "insert into party (key, name, country, since, ours) values ('x', 'X', 'DE', '2020-01-01', false)",
]


@pytest.mark.parametrize("replica", [False, True], ids=["plainly", "as a replica"])
@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_what_does_not_come_through_the_door(register: Register, statement: str, replica: bool) -> None:
    register.do(lambda: recorded(note="a note"))

    async def past_the_door() -> None:
        connection = await asyncpg.connect(register.url)
        if replica:
            await connection.execute("set session_replication_role = replica")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    before = register.onward("journal", "--json"), register.ask("select * from party")
    with pytest.raises(asyncpg.PostgresError) as refused:
        asyncio.run(past_the_door())
    assert refused.value.sqlstate.startswith("OW")
    assert (register.onward("journal", "--json"), register.ask("select * from party")) == before


@pytest.mark.parametrize("table", schema.tables(), ids=schema.name)
def test_every_journaled_table_is_guarded(register: Register, table: type) -> None:
    found = {
        row[0]: row[1]
        for row in register.ask(
            "select tgname, tgenabled::text from pg_trigger where tgrelid = $1::regclass and not tgisinternal",
            f'"{schema.name(table)}"',
        )
    }
    assert found == dict.fromkeys(["onward_kept", "onward_whole", "onward_number", "onward_has_entry"], "A")


def test_only_a_demo_takes_its_time_from_elsewhere(register: Register) -> None:
    async def set_clock() -> None:
        async with database.transaction() as at:
            await journal.set_clock(at, datetime(2019, 1, 1, tzinfo=UTC))

    with pytest.raises(Refused, match="only a demo"):
        register.do(set_clock)


def test_eight_writers_and_readers_leave_no_gap_and_see_no_entry_before_an_earlier_one(
    register: Register, chance: random.Random
) -> None:
    writers, readers, each = 8, 8, 12
    seen: list[list[int]] = []

    async def write(number: int) -> None:
        for turn in range(each):
            row = ACME | {"key": f"{number}-{turn}"}
            if number % 2:
                await journal.record(f"cli:{number}", None, Party, row)
                continue
            async with journal.writing(f"cli:{number}") as book:
                await book.record(Party, row)
                await asyncio.sleep(chance.random() / 500)

    async def read(done: asyncio.Event) -> None:
        connection = await asyncpg.connect(register.url)
        while not done.is_set():
            rows = await connection.fetch("select sequence, at from journal_entry order by sequence")
            seen.append([row["sequence"] for row in rows])
            assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
            await asyncio.sleep(0.002)
        await connection.close()

    async def together() -> None:
        done = asyncio.Event()
        reading = [asyncio.create_task(read(done)) for _ in range(readers)]
        await asyncio.gather(*(write(number) for number in range(writers)))
        done.set()
        await asyncio.gather(*reading)

    register.do(together)
    assert all(sequences == list(range(1, len(sequences) + 1)) for sequences in seen)
    assert [row[0] for row in register.ask("select sequence from journal_entry order by sequence")] == list(
        range(1, writers * each + 2)
    )


def test_a_batch_of_rows_takes_its_numbers_at_once(register: Register) -> None:
    async def many() -> None:
        async with journal.writing("cli:test") as book:
            await book.record(Party, *(ACME | {"key": f"p{number}"} for number in range(1200)))

    register.do(many)
    assert register.ask("select count(*), max(sequence) from journal_entry")[0][:] == (1201, 1201)


def test_what_was_known_at_an_instant_stays_known(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    before = register.export(folder)
    instant = register.ask("select at from journal_head")[0][0]
    party = {"key": "mailer", "country": "IE", "entry": {"kind": "corrected", "why": "misread"}}
    leg = {"key": "news", "entry": {"kind": "voided", "why": "a mistake"}}
    listing = {"key": "shield", "since": "2020-05-01", "status": "inactive_lapse", "entry": {"kind": "changed"}}
    register.load({"party": [party], "transfer": [leg], "certification": [listing]}, folder)
    assert register.export(folder) != before
    assert register.export(folder, "--known-on", instant.isoformat()) == before
    earlier = register.export(folder, "--known-on", (instant - timedelta(days=1)).isoformat())
    assert earlier == b"{}\n"
