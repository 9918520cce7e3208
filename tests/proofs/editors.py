"""Two editors of one row, their steps in any order: what was acknowledged is never lost, and a stale edit is always refused."""

import asyncio

from hypothesis import core, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from registry import database, journal
from registry.errors import Stale
from registry.journal import Row
from registry.tables import Party
from registry.verify import verify

EDITORS = strategies.sampled_from(["anna", "bert"])
COLUMNS = strategies.sampled_from(["name", "country", "registration_number"])
COUNTRIES = ["DE", "FR", "US", "JP"]


class Editors(RuleBasedStateMachine):
    """Each looks at the row and corrects a column of it as it was when they looked; `stands` is what must be there."""

    loop: asyncio.AbstractEventLoop
    interleavings = 0

    @initialize()
    def begin(self) -> None:
        type(self).interleavings += 1
        key = f"party-{type(self).interleavings}"

        async def made() -> Row:
            async with journal.writing("cli:test") as book:
                row = {"key": key, "name": "a", "country": "DE", "since": "2020-01-01"}
                return (await book.record(Party, row))[0]

        self.stands: Row = self.loop.run_until_complete(made())
        self.seen: dict[str, Row] = {}
        self.edits = 0

    @rule(who=EDITORS)
    def looks(self, who: str) -> None:
        self.seen[who] = self.loop.run_until_complete(self._current())

    @rule(who=EDITORS, column=COLUMNS, number=strategies.integers(0, 10**6))
    def edits_what_was_seen(self, who: str, column: str, number: int) -> None:
        if who not in self.seen:
            return
        value = COUNTRIES[number % len(COUNTRIES)] if column == "country" else str(number)
        stale = self.seen[who]["version"] != self.stands["version"]
        written = self.loop.run_until_complete(self._corrected([(who, column, value)]))[0]
        assert (written is None) == stale, "a stale edit was taken, or one that was not stale refused"
        if written is not None:
            self.stands = written

    @rule(columns=strategies.tuples(COLUMNS, COLUMNS))
    def both_edit_at_once(self, columns: tuple[str, str]) -> None:
        if len(self.seen) < 2:
            return
        fresh = [who for who in sorted(self.seen) if self.seen[who]["version"] == self.stands["version"]]
        self.edits += 1
        given = [
            (who, column, COUNTRIES[self.edits % 4] if column == "country" else f"{who} {self.edits}")
            for who, column in zip(sorted(self.seen), columns, strict=True)
        ]
        written = [row for row in self.loop.run_until_complete(self._corrected(given)) if row is not None]
        assert len(written) == min(1, len(fresh)), "one of two may win, where one of them has seen what stands"
        if written:
            self.stands = written[0]

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "stands"):
            assert self.loop.run_until_complete(self._current()) == self.stands

    async def _current(self) -> Row:
        async with database.transaction() as at:
            return await journal.current(at, Party, self.stands["key"])

    async def _corrected(self, given: list[tuple[str, str, str]]) -> list[Row | None]:
        async def one(who: str, column: str, value: str) -> Row | None:
            try:
                async with journal.writing(f"cli:{who}", "better known") as book:
                    return await book.correct(Party, self.seen[who], **{column: value})
            except Stale:
                return None

        return list(await asyncio.gather(*(one(*each) for each in given)))


def interleave(url: str, seed: int, count: int) -> int:
    """So many interleavings on an empty register; how many there were. The journal verifies afterwards."""
    loop, before = asyncio.new_event_loop(), core.global_force_seed
    opened = database.opened(create=True, url=url)
    loop.run_until_complete(opened.__aenter__())
    try:
        loop.run_until_complete(journal.open_register("cli:test"))

        Editors.loop, Editors.interleavings = loop, 0
        core.global_force_seed = seed
        chosen = settings(max_examples=count, stateful_step_count=12, deadline=None, database=None)
        run_state_machine_as_test(Editors, settings=chosen)  # type: ignore[no-untyped-call]
        loop.run_until_complete(_sound())
        return Editors.interleavings
    finally:
        core.global_force_seed = before
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.close()


async def _sound() -> None:
    async with database.as_known(None) as at:
        done = await verify(at)
    assert not done.faults, done.faults[:3]
