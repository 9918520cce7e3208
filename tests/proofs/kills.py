"""kill -9 during imports and edits: what was acknowledged is there with its entry, no half of anything, no help needed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psutil

from registry import embedded, schema
from tests.proofs.writer import ROWS

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds until a writer that has said nothing counts as stuck


class Kills:
    """Rounds of kills on one register; `hit` counts those that fell upon a write in flight."""

    def __init__(self, chance: random.Random, environment: dict[str, str], home: Path | None) -> None:
        self.chance = chance
        self.environment = os.environ | environment
        self.home = home
        self.acknowledged: list[tuple[str, str]] = []
        self.rounds = 0
        self.hit = 0

    def round(self) -> None:
        """Starts a writer, which needs no help; kills it, sometimes the server with it; looks at what is there."""
        self.rounds += 1
        said = self._kill_a_writer(f"{self.rounds}")
        self.acknowledged += said
        found = asyncio.run(self._look())
        imported = {name for what, name in self.acknowledged if what == "import"}
        edited = {name for what, name in self.acknowledged if what == "edit"}
        assert imported <= found.imports, f"lost imports: {imported - found.imports}"
        assert edited <= found.edits, f"lost edits: {edited - found.edits}"
        assert not found.halves, f"half an import: {found.halves}"
        assert not found.without_entry, f"rows without their entry: {found.without_entry}"
        assert found.sequences == list(range(1, len(found.sequences) + 1)), "a gap in the journal"
        unsaid = (found.imports - imported) | (found.edits - edited)
        self.hit += any(name.startswith(f"{self.rounds}-") for name in unsaid)

    def _kill_a_writer(self, turn: str) -> list[tuple[str, str]]:
        command = [sys.executable, "-m", "tests.proofs.writer", turn]
        writer = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stderr is not None
        deadline = time.monotonic() + PATIENCE
        first = writer.stdout.readline()
        assert first, f"the start needed help: {writer.stderr.read()}"
        assert time.monotonic() < deadline, "the start took too long"
        time.sleep(self.chance.random() / 8)
        if self.home is not None and self.chance.random() < 0.3:
            _kill_server(self.home)
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read()
        writer.wait()
        lines = [line.split() for line in (first + rest).splitlines()]
        return [(line[0], line[1]) for line in lines if len(line) == 2]

    async def _look(self) -> "Found":
        url = self.environment.get("DATABASE_URL") or embedded.start(self.home)  # type: ignore[arg-type]
        connection = await asyncpg.connect(url)
        try:
            return await _found(connection)
        finally:
            await connection.close()
            if self.home is not None:
                embedded.stop(self.home)


class Found:
    imports: set[str]
    edits: set[str]
    halves: list[str]
    without_entry: list[str]
    sequences: list[int]


async def _found(connection: asyncpg.Connection) -> Found:
    found = Found()
    rows = await connection.fetch("select key, name from party")
    imports: dict[str, int] = {}
    for row in rows:
        name = row["key"].rpartition("-")[0]
        imports[name] = imports.get(name, 0) + 1
    found.imports = set(imports)
    found.halves = [name for name, count in imports.items() if count != ROWS]
    found.edits = {row["name"] for row in rows if row["name"] != "a"}
    found.without_entry = [
        f"{title} {row['id']}"
        for title in map(schema.name, schema.tables())
        for row in await connection.fetch(
            f"""select t.id from "{title}" t where not exists (select from journal_entry e
                where e."table" = '{title}' and e."row" = t.id and e.version = t.version)"""
        )
    ]
    found.sequences = [row[0] for row in await connection.fetch("select sequence from journal_entry order by sequence")]
    return found


def _kill_server(home: Path) -> None:
    pid = int((home / "db" / "postmaster.pid").read_text().split()[0])
    server = psutil.Process(pid)
    for process in [server, *server.children()]:
        process.kill()
