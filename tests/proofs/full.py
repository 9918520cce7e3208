"""A full disk under the embedded server: one clear line, reads while PostgreSQL is up, no half file, no help afterwards."""

import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import asyncpg
import httpx

from tests.proofs.disk import MB, Disk
from tests.served import free_port

ROOT = Path(__file__).parents[2]
ONWARD = [sys.executable, "-c", "from assessments.cli import main; main()"]
SIZE = 260  # megabytes of the disk
PATIENCE = 10.0  # seconds from the moment there is room until the register can be written to again
ROWS = 30_000  # of an import: more than fits


class Full:
    """A demo on a small disk, served; rounds fill the disk and make room again."""

    def __init__(self, disk: Disk, chance: random.Random) -> None:
        self.disk, self.chance = disk, chance
        self.home = disk.place / "home"
        self.given = {key: value for key, value in os.environ.items() if not key.startswith("ONWARD_")}
        self.given |= {"ONWARD_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        self.given.pop("DATABASE_URL", None)
        self.longest = 0.0
        self.outside = disk.place.parent
        self.big = self.outside / "big.json"
        rows = [{"key": f"p{n}", "name": "P" * 600, "country": "DE", "since": "2020-01-01"} for n in range(ROWS)]
        self.big.write_text(json.dumps({"party": rows}))

    def onward(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*ONWARD, *words], cwd=ROOT, env=self.given, capture_output=True, text=True, timeout=120)

    def rounds(self) -> Iterator[str | dict[str, int]]:
        made = self.onward("demo", "--until", "2018-06-01")
        assert made.returncode == 0, made.stderr
        port = free_port()
        with (self.outside / "serve.log").open("w") as log:
            serve = subprocess.Popen(
                [*ONWARD, "serve", "--port", str(port)], cwd=ROOT, env=self.given, stdout=subprocess.PIPE, stderr=log, text=True
            )
            try:
                assert serve.stdout is not None
                self.client = self._signed_in(serve.stdout, port)
                while True:
                    yield self.round()
                    assert serve.poll() is None, "it serves no more"
            finally:
                serve.terminate()
                serve.wait(timeout=60)

    def _signed_in(self, said: IO[str], port: int) -> httpx.Client:
        people = {}
        for line in said:
            if found := re.match(r"  (\w+) +(\S+@\S+) +(\S+) +\(", line):
                people[found[1]] = (found[2], found[3])
            if line.startswith("Onward is at"):
                break
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        for _ in range(100):
            try:
                page = client.get("/sign-in")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        token = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
        assert token, page.text
        email, password = people["dpo"]
        answer = client.post("/sign-in", data={"_csrf_token": token[1], "email": email, "password": password, "next": "/"})
        assert answer.status_code == 303, answer.text
        return client

    def round(self) -> dict[str, int]:
        found = {self._import_that_does_not_fit(): 1}
        found |= {"reads on a full disk": self._reads(), "files refused whole": self._files()}
        found[self._log_that_is_full()] = 1
        return found

    def _import_that_does_not_fit(self) -> str:
        """There is room when it begins, and none before it ends."""
        before = self._entries()
        self.disk.fill(leaving=self.chance.randrange(66, 90) * MB)
        done = self.onward("import", "register", str(self.big))
        assert done.returncode == 1, done.stdout
        self._one_line(done.stderr, str(self.home))
        self._room_again()
        assert self._entries() == before, "half of it is there"
        return "import that did not fit refused"

    def _reads(self) -> int:
        """Pages and the command line, with nothing free, for as long as PostgreSQL is up; and writes are refused."""
        self.disk.fill()
        count = 0
        for path in ("/", "/vendors", "/transfers", "/alerts"):
            answer = self.client.get(path)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            count += 1
        refused = self.onward("import", "register", str(self.big))
        assert refused.returncode == 1, refused.stdout
        self._one_line(refused.stderr, str(self.home))
        return count

    def _files(self) -> int:
        """Exports, records, backups and checkpoints into the full disk: none, and no part of one."""
        self.disk.empty()
        self.disk.fill(leaving=4096)
        folder = self.disk.place / "out"
        folder.mkdir(exist_ok=True)
        self.disk.fill()
        there = folder / "there"
        words: list[tuple[str, ...]] = [
            ("export", "register", "--out"),
            ("report", "transfers", "--format", "csv", "--out"),
            ("report", "transfers", "--format", "xlsx", "--out"),
            ("export", "bundle", "--out"),
            ("backup",),
        ]
        refused = 0
        for one in words:
            self.disk.fill()
            done = self.onward(*one, str(there))
            if done.returncode == 0:  # the server gave room back in between: the file is whole
                there.unlink()
                continue
            refused += 1
            self._one_line(done.stderr, str(there) if one[0] == "report" else str(self.disk.place))  # a report was begun with
            assert not list(folder.iterdir()), f"{one} left {list(folder.iterdir())}"
        folder.rmdir()
        assert refused, "the disk was never full"
        return refused

    def _log_that_is_full(self) -> str:
        """Writes past every door until the server's log finds no room and it goes down; room, and it is up by itself."""
        before = self.kept
        down = asyncio.run(self._written_until_it_breaks())
        self._room_again()
        assert self._entries() == before
        done = self.onward("verify")
        assert done.returncode == 0, done.stdout
        return "server down and up again" if down else "server stayed up"

    async def _written_until_it_breaks(self) -> bool:
        connection = await asyncpg.connect(host=str(self._socket()), user="postgres", database="postgres")
        try:
            await connection.execute("create unlogged table if not exists padding (x text)")
            for _ in range(200):
                self.disk.fill()
                await connection.execute(
                    "select pg_logical_emit_message(false, 'onward', repeat('x', 1000000)), pg_switch_wal()"
                )
        except asyncpg.DiskFullError:
            return False
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return True
        finally:
            connection.terminate()
        return False

    def _room_again(self) -> None:
        """Room, and nothing else done: within seconds the served register answers, and takes writes."""
        self.disk.empty()
        begun = time.monotonic()
        while not asyncio.run(self._writable()):
            assert time.monotonic() - begun < PATIENCE, "no recovery in time"
            time.sleep(0.1)
        taken = time.monotonic() - begun
        self.longest = max(self.longest, taken)
        answer = self.client.get("/vendors")
        assert answer.status_code == 200, answer.status_code
        print(f"\nup {taken:.1f} s after there was room", flush=True)

    async def _writable(self) -> bool:
        try:
            connection = await asyncpg.connect(host=str(self._socket()), user="postgres", database="postgres", timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        try:
            await connection.execute("create temp table t (x int); insert into t values (1); drop table t")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False
        finally:
            connection.terminate()
        return True

    def _socket(self) -> Path:
        return Path((self.home / "db" / "postmaster.opts").read_text().split('"-k" "')[1].split('"')[0])

    def _entries(self) -> Any:
        """What the journal says, read by the command line."""
        done = self.onward("journal", "--json")
        assert done.returncode == 0, done.stderr
        self.kept = json.loads(done.stdout)
        return self.kept

    def _one_line(self, stderr: str, place: str) -> None:
        lines = [line for line in stderr.splitlines() if line.strip()]
        assert len(lines) == 1, stderr
        assert place in lines[0], stderr
        assert "make room" in lines[0], stderr
