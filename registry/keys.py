"""The key that signs checkpoints: the files of ONWARD_KEY, or one of our own under `private`; the register says which stands.

A register without a key of its own machine (DATABASE_URL without ONWARD_KEY) signs nothing, and says so.
"""

import logging
import os
from datetime import date
from itertools import pairwise
from pathlib import Path

import asyncpg
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry import database, journal, notes, settings
from registry.errors import Misused, Refused
from registry.journal import Row
from registry.notes import Verifier
from registry.tables import SigningKey

ELSEWHERE = (
    "the key of this register, {}…, is not among those at hand: bring its file (ONWARD_KEY), or, where it is lost, let another "
    "one follow: `onward key follow FILE --why lost`"
)
NONE = "no key to sign with: name one in ONWARD_KEY (`onward key new FILE` makes one)"
ASK = "`onward verify` says what else is not as it was written"
WHO = "system:key"
LOG = logging.getLogger("onward")
SIGNING = 0x6F6E7761726B  # the advisory lock of those who sign


async def origin(at: asyncpg.Connection) -> str:
    """What names this register's tree among all others: drawn from the random bytes of its first entry.

    Raises Misused where that entry is gone.
    """
    nonce = await at.fetchval("select nonce from public.journal_entry where sequence = 1")
    if nonce is None:
        raise Misused(f"entry 1 is missing, after which this register is named: {ASK}")
    return f"onward/{nonce.hex()}"


def make(path: Path) -> Ed25519PrivateKey:
    """A new key in a file that its owner alone may read. Raises Misused where the file is there already."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Misused(f"{path}: cannot be written: {error.strerror}; name a new file in a folder of yours") from error
    return key


def read(path: Path) -> Ed25519PrivateKey:
    """Raises Misused, naming the file, for what is no Ed25519 key or may be read by others."""
    try:
        if path.stat().st_mode & 0o077:
            raise Misused(f"{path}: others may read this key: `chmod 600 {path.name}`, and change it if somebody did")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misused(f"{path}: is no key that can be read: an Ed25519 key as PEM (PKCS 8), without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Misused(f"{path}: is a key of another kind: an Ed25519 key is needed")
    return key


def files() -> list[Path]:
    """The files in which keys may lie: those of ONWARD_KEY (parted by colons) first, then our own under `private`."""
    given = [Path(path).expanduser() for path in os.environ.get("ONWARD_KEY", "").split(os.pathsep) if path]
    own = [] if settings.database_url() is not None else sorted((settings.home() / "private").glob("*.pem"))
    return list(dict.fromkeys([*given, *own]))


def verifier(name: str, key: Ed25519PrivateKey) -> Verifier:
    return Verifier(name, key.public_key().public_bytes_raw())


async def stood(at: asyncpg.Connection) -> list[Verifier]:
    """Every key that signed for this register, the one that stands last; of one that cannot be read it is said in the log."""
    found = []
    for key, vkey in await at.fetch(
        "select key, vkey from public.signing_key where until is null or until >= since order by id"
    ):
        try:
            found.append(notes.verifier(vkey))
        except Refused as error:
            LOG.warning("the register's key %s…: %s; %s", key[:16], error, ASK)
    return found


async def standing() -> tuple[Verifier, Ed25519PrivateKey] | None:
    """The key that stands, the first one recorded where there is none yet; None where this machine has none to sign with.

    Raises Misused where the register's key is another one than those at hand: it is lost, or kept elsewhere.
    """
    async with journal.writing(WHO, "the register's first key") as book:
        await book.at.execute("select pg_advisory_xact_lock($1)", SIGNING)
        name = await origin(book.at)
        row = await book.at.fetchrow("select key, vkey from signing_key where until is null order by id desc limit 1")
        if row is None and not files() and settings.database_url() is None and (settings.home() / "private").is_dir():
            make(settings.home() / "private" / "signing.pem")
        held = {one.fingerprint: (one, key) for key in map(read, files()) for one in [verifier(name, key)]}
        if not held:
            return None
        if row is None:
            first = next(iter(held.values()))
            await book.record(SigningKey, await _row(book.at, first[0]))
            return first
    if row["key"] not in held:
        raise Misused(ELSEWHERE.format(row["key"][:16]))
    if held[row["key"]][0].vkey != row["vkey"]:
        raise Misused(f"what the register says of its key {row['key'][:16]}… was altered, and nothing is signed: {ASK}")
    return held[row["key"]]


async def none_at_hand() -> str:
    """What to do where this machine has no key at all: bring the register's, or make one where none has signed yet."""
    async with database.as_known(None) as at:
        stands = await at.fetchval("select key from public.signing_key where until is null order by id desc limit 1")
    return ELSEWHERE.format(stands[:16]) if stands else NONE


async def missing(at: asyncpg.Connection) -> str:
    """Why nothing can be signed on this machine, in a line that names no path of it; empty where the key is at hand."""
    if settings.no_room():
        return "there is no room to write to the journal"
    row = await at.fetchrow("select key from public.signing_key where until is null order by id desc limit 1")
    try:
        held = {verifier("", key).fingerprint for key in map(read, files())}
    except Misused:
        return "the file of the register's private key cannot be read on this machine"
    if row is None:
        made_when_asked = settings.database_url() is None and not os.environ.get("ONWARD_KEY")
        return "" if held or made_when_asked else NONE
    if row[0] in held:
        return ""
    return f"the register's private key ({row[0][:16]}…) is not on this machine"


async def follow(new: Path, who: str, why: str) -> Verifier:
    """Another key stands from today: the one before ends. The files of both are needed until the next checkpoint is signed."""
    key = read(new)
    async with journal.writing(who, why) as book:
        one = verifier(await origin(book.at), key)
        row = await book.at.fetchrow("select id, version, key from signing_key where until is null order by id desc limit 1")
        if row is None:
            raise Refused("no key stands yet: the first checkpoint records one")
        if row["key"] == one.fingerprint:
            raise Refused(f"{new}: this key stands already")
        await book.end(SigningKey, [(row["id"], row["version"])], await journal.today(book.at))
        await book.record(SigningKey, await _row(book.at, one))
    return one


class Handed(msgspec.Struct, frozen=True):
    """An earlier key, brought by its fingerprint: since when it stood, who followed it when, and whether its own signature says
    so: `signed` where each key up to the standing one signed a checkpoint that covers the entry which names the next."""

    key: str
    since: date
    ended: date
    standing: str
    standing_since: date
    signed: bool

    @property
    def words(self) -> str:
        told = (
            f"the key you brought, {self.key[:16]}…, signed for this register from {self.since} on; on {self.ended} another "
            f"one followed it, and since {self.standing_since} {self.standing} stands"
        )
        if self.signed:
            return f"{told}: the old key itself signed a checkpoint of the journal that says so. Keep the new fingerprint"
        return (
            f"{told}. No checkpoint that the old key signed says so (it was lost, or the new one was not signed with both), so "
            "ask the house why, and have the new fingerprint told to you another way"
        )


async def handed_over(at: asyncpg.Connection, fingerprint: str) -> Handed | None:
    """What became of a key that stood once; None for the one that stands, and for one that never did."""
    rows = await at.fetch(
        """select k.key, k.vkey, k.since, k.until, (select min(e.sequence) from public.journal_entry e
            where e."table" = 'signing_key' and e."row" = k.id) as entry from public.signing_key k
        where k.until is null or k.until >= k.since order by k.id"""
    )
    try:
        keys = [(notes.verifier(row["vkey"]), row) for row in rows]
    except Refused:
        return None  # what was altered here is a fault of the verification
    place = next((at for at, (one, _) in enumerate(keys) if one.fingerprint == fingerprint.strip().lower()), len(keys) - 1)
    if place >= len(keys) - 1:
        return None
    signed = [(size, note) for size, note in await at.fetch("select size, note from public.checkpoint order by id")]
    whole = all(_covering(signed, one, after["entry"]) for (one, _), (_, after) in pairwise(keys[place:]))
    first, last = keys[place], keys[-1]
    return Handed(
        first[0].fingerprint, first[1]["since"], first[1]["until"], last[0].fingerprint, last[1]["since"], signed=whole
    )


async def handings(at: asyncpg.Connection, size: int) -> list[str]:
    """For each earlier key the first checkpoint of at most so many entries that it signed over the entry of the next one."""
    rows = await at.fetch(
        """select k.vkey, (select min(e.sequence) from public.journal_entry e
            where e."table" = 'signing_key' and e."row" = k.id) as entry from public.signing_key k order by k.id"""
    )
    signed = [
        (size, note)
        for size, note in await at.fetch("select size, note from public.checkpoint where size <= $1 order by id", size)
    ]
    found = [_covering(signed, notes.verifier(one["vkey"]), after["entry"]) for one, after in pairwise(rows)]
    return [note for note in found if note]


def _covering(signed: list[tuple[int, str]], one: Verifier, entry: int) -> str:
    """The first of the checkpoints that this key signed and that covers the entry; empty where there is none."""
    return next((note for size, note in signed if size >= entry and notes.signers(note, [one])), "")


async def _row(at: asyncpg.Connection, one: Verifier) -> Row:
    return {"key": one.fingerprint, "since": (await journal.today(at)).isoformat(), "vkey": one.vkey}
