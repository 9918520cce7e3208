"""The bundle: what an auditor takes away and checks at home, offline, with one short program that lies in it.

Everything in it is as valid on one day and as known at one instant. Its manifest names each file by SHA-256, and is a note
signed with the register's key, as its checkpoint is. The same register, clocks and key make the same bytes.
"""

import asyncio
import hashlib
import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from assessments import reports
from assessments.assess import Clocks, assess
from assessments.facts import Facts, gather
from registry import checkpoints, keys, notes, register, verify_bundle
from registry.database import as_known
from registry.errors import Misused, Refused
from registry.extract import HIDDEN, Cut, Extract, Redaction, cut, extract
from registry.journal import is_demo
from registry.law import Pack
from registry.schema import by_name, personal
from registry.vocabulary import DEMO_NOTICE

WITHHELD = "withheld"
RECORDS = ("art30_controller", "transfers")
FORMATS = ("csv", "json")
NOBODY_ELSE = "the register was written to, or its key changed, while the bundle was made: make it again"
README = """{title}

Valid on {day}, as known on {known}. {notice}

Check it with Python 3.9 or newer, offline, and with something that you have from elsewhere:

    python3 -I -S verify.py --key FINGERPRINT        as a record prints it that you took away before, or were told
    python3 -I -S verify.py --checkpoint FILE        the checkpoint of an earlier visit

Who fears that verify.py itself was altered reads it, or takes one from an earlier bundle: `verify.py F.zip` checks any.

manifest.note     every file's SHA-256, signed        checkpoint.note   size and root of the journal, signed
journal/          entries, leaves of those withheld, values behind commitments
register.json     the rows                            records/          the records, verdicts.json the verdicts
law/              the law's files, by which was judged
"""


async def bundled(
    pack: Pack, clocks: Clocks, redaction: Redaction | None = None, vendor: str | None = None
) -> tuple[bytes, int]:
    """The bundle as a zip, and how many of the entries in it name who acted by a login.

    Raises Misused where there is no key to sign with, nothing was known by then, or the vendor is not there; Refused where
    somebody wrote meanwhile.
    """
    await _signed()
    clocks = await _fixed(clocks)
    head, note = await _signed()
    async with as_known(clocks.instant) as at:
        last = int(await at.fetchval("select current_setting('onward.known_on')::bigint"))
        if last == 0:
            raise Misused(f"--known-on: nothing was recorded by {clocks.shown}")
        shown = await cut(at, redaction, vendor)
        taken = await extract(at, last, head.size, shown)
        handed = await keys.handings(at, head.size)
        former = [one.vkey for one in await keys.stood(at)][:-1]
        demo = await is_demo(at)
    facts = await gather(pack, clocks)
    if facts.sequence != last:
        raise Refused(NOBODY_ELSE)
    files = taken.files | dict(pack.sources) | {"checkpoint.note": note.encode()}
    files |= {f"handed/{number}.note": one.encode() for number, one in enumerate(handed, 1)}
    files |= await _records(withheld(facts, shown))
    files["register.json"] = rows = await register.export_register(clocks.as_of, clocks.instant, shown.row)
    transfers = {row["key"] for row in msgspec.json.decode(rows).get("transfer", ())}
    files["verdicts.json"] = await _verdicts(pack, clocks, transfers)
    files["verify.py"] = _program()
    files["README.txt"] = _readme(clocks, demo=demo)
    said = _said(clocks, pack, shown, taken, last, head, demo=demo)
    said |= {"former-keys": " ".join(former)} if former else {}
    files[verify_bundle.MANIFEST] = (await _manifest(said, files, note)).encode()
    return await asyncio.to_thread(zipped, files), taken.logins


async def _signed() -> tuple[notes.Checkpoint, str]:
    """The newest checkpoint, which covers everything up to here."""
    note = await checkpoints.take()
    if note is None:
        raise Misused(await keys.none_at_hand())
    return notes.checkpoint(note.rpartition("\n\n")[0] + "\n"), note


async def _fixed(clocks: Clocks) -> Clocks:
    """Clocks with an instant: without one given that of the newest entry, so that all parts are of one picture."""
    if clocks.instant is not None:
        return clocks
    async with as_known(None) as at:
        newest = await at.fetchval("select at from public.journal_entry order by sequence desc limit 1")
    return msgspec.structs.replace(clocks, instant=newest)


def withheld(facts: Facts, shown: Cut) -> Facts:
    """The facts that a record is made of, as far as they are shown: a word stands where a value is withheld."""
    if shown.redaction is None:
        return facts
    rows = {
        table: [kept for row in found if (kept := _kept(table, dict(row), shown)) is not None]
        for table, found in facts.rows.items()
    }
    flows = tuple(flow for flow in facts.flows if shown.shows("engagement", flow.engagement))
    return msgspec.structs.replace(facts, rows=rows, flows=flows)


def _kept(table: str, row: dict[str, Any], shown: Cut) -> dict[str, Any] | None:
    """A row of the facts, as far as it is shown. That a party has a contact is said, not whom."""
    if table == "contact" and table in HIDDEN[shown.redaction]:
        return {**row, "name": WITHHELD, "email": None, "phone": None, "address": None}
    if not shown.shows(table, row["thing"]):
        return None
    if shown.personal:
        return row
    return row | {name: WITHHELD for name in personal(by_name()[table]) if row[name] is not None}


async def _records(facts: Facts) -> dict[str, bytes]:
    made = {name: await reports.composed_of(name, facts) for name in RECORDS}
    return {f"records/{name}.{fmt}": reports.render(made[name], fmt) for name in RECORDS for fmt in FORMATS}


async def _verdicts(pack: Pack, clocks: Clocks, transfers: set[str]) -> bytes:
    """What `onward assess --json` prints, of the transfers that are shown."""
    found = [one for one in await assess(pack, clocks) if one.transfer in transfers]
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def _said(
    clocks: Clocks, pack: Pack, shown: Cut, taken: Extract, last: int, head: notes.Checkpoint, *, demo: bool
) -> dict[str, str]:
    """What the manifest says besides the files."""
    said = {
        "as-of": clocks.as_of.isoformat(),
        "known-on": clocks.shown,
        "entries": str(last),
        "size": str(head.size),
        "law": pack.version,
        "redacted": shown.called,
        "withheld-entries": str(taken.withheld_entries),
        "withheld-values": str(taken.withheld_values),
        "erased-values": str(taken.erased_values),
    }
    return said | ({"notice": DEMO_NOTICE} if demo else {})


async def _manifest(said: dict[str, str], files: dict[str, bytes], note: str) -> str:
    """The signed note of what the bundle holds. Its first line is no register's origin: it can be taken for no checkpoint."""
    key = await keys.standing()
    if key is None or key[0] not in notes.opened(note, [key[0]])[1]:
        raise Refused(NOBODY_ELSE)
    for name in files:
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", name, re.ASCII):
            raise Refused(f"{name!r}: a file of the law with this name cannot go into a bundle: use letters, digits and -")
    lines = [verify_bundle.FORMAT, f"origin {key[0].name}", f"key {key[0].vkey}"]
    lines += [f"{name} {value}" for name, value in said.items()]
    lines += [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in sorted(files.items())]
    return notes.sign("".join(f"{line}\n" for line in lines), key)


def _program() -> bytes:
    return Path(verify_bundle.__file__).read_bytes()


def _readme(clocks: Clocks, *, demo: bool) -> bytes:
    notice = f"{DEMO_NOTICE}." if demo else ""
    return README.format(title="A bundle of Onward", day=clocks.as_of, known=clocks.shown, notice=notice).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of which nothing depends on when or where it was made."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(files.items()):
            one = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            one.create_system, one.external_attr, one.compress_type = 3, 0o644 << 16, zipfile.ZIP_DEFLATED
            packed.writestr(one, content)
    return out.getvalue()
