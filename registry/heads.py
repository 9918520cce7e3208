"""The last signed head of the journal, kept beside the key that signed it: where whoever owns the database cannot reach.

A journal that was cut, or put back to an older state, with its newest checkpoints, is true in itself; only what lies
elsewhere tells. The file is `KEYFILE.<the register's first letters>.signed.txt`, the newest note, written whole.
"""

import glob
import logging
from pathlib import Path

import msgspec

from registry import keys, notes, whole
from registry.errors import Refused

LOG = logging.getLogger("onward")
WAY_OUT = (
    "nothing is signed. `onward verify` says what is not as it was written; where an older backup was put in place on "
    "purpose, a new key goes on from there (Restoring, in docs/backup.md)"
)


class Beside(msgspec.Struct, frozen=True):
    """A note that lies beside a key, how its file is called, and whose key it is: a key signs one register alone."""

    name: str
    note: str
    fingerprint: str

    @property
    def called(self) -> str:
        return f"the head beside the key ({self.name})"

    def head(self) -> notes.Checkpoint:
        """Raises Refused, naming the file, for what is no checkpoint."""
        try:
            return notes.checkpoint(notes.opened(self.note, [])[0])
        except Refused as error:
            raise Refused(f"{self.called}: {error}") from error


def beside() -> list[Beside]:
    """The heads beside the keys at hand, of whatever register each is; of what cannot be read it is said in the log."""
    found = []
    for key in keys.files():
        for path in sorted(key.parent.glob(f"{glob.escape(key.name)}.*.signed.txt")):
            try:
                fingerprint = keys.verifier("", keys.read(key)).fingerprint
                found.append(Beside(path.name, path.read_text(errors="replace"), fingerprint))
            except (OSError, Refused) as error:
                LOG.warning("%s cannot be read: %s", path, error)
    return found


def another(one: Beside, head: notes.Checkpoint, name: str, stood: list[str]) -> str:
    """What is to be said of a head of another register beside a key that stands in the one of this name; else empty.

    Whoever makes a register anew, its first entry too, gives it another name: only that its key signed another one tells.
    """
    if head.origin == name or one.fingerprint not in stood:
        return ""
    return f"{one.called} is of another register, {head.origin}, and a key signs one alone: this one, {name}, was made anew"


def keep(note: str, signed: list[notes.Verifier]) -> None:
    """Writes the note beside each key that signed it; where the folder cannot be written to, that is said and no more."""
    origin = notes.checkpoint(notes.opened(note, [])[0]).origin
    for key in keys.files():
        if any(keys.verifier(one.name, keys.read(key)) == one for one in signed):
            try:
                with whole.written(_path(key, origin), "the head beside the key") as file:
                    file.write(note.encode())
            except Refused as error:
                LOG.warning("%s: a journal that is cut later is found by checkpoints kept elsewhere alone", error)


def _path(key: Path, origin: str) -> Path:
    return key.with_name(f"{key.name}.{origin.rpartition('/')[2][:16]}.signed.txt")
