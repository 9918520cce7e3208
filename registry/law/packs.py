"""Law packs as a register keeps them: all their files in one piece, by fingerprint, so that what was said can be said again.

A pack that is kept was sound when it was adopted; it is read as strictly, and not asked again whether it is sound: what
later versions of this program find fault with was the law then.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec

from registry.errors import Misused
from registry.law.files import Files, LawError
from registry.law.loader import parsed

SHOWN = 12  # characters of a fingerprint that people are shown


class Kept(msgspec.Struct, frozen=True):
    """A pack in one piece: its fingerprint, and what `packed` made of its files."""

    version: str
    content: bytes


RULING: ContextVar[Kept | None] = ContextVar("ruling", default=None)
"""The pack by which the open register judges; None where that is the one this program brings."""


@contextmanager
def ruling(kept: Kept | None) -> Iterator[None]:
    """Inside, `law.load` is this pack; with None what this program brings."""
    before = RULING.get()
    RULING.set(kept)
    try:
        yield
    finally:
        RULING.set(before)


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files of a pack in one piece, in their order. Raises LawError for one that is no UTF-8, which no pack can hold."""
    try:
        texts = {name: content.decode() for name, content in files.items()}
    except UnicodeDecodeError as error:
        raise LawError(f"a file of the law is no UTF-8 ({error}): write it in UTF-8") from error
    return zlib.compress(msgspec.json.encode(texts), 9)


def digest(content: bytes) -> str:
    """SHA-256 of the bytes, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def opened(kept: Kept) -> Files:
    """The files of a kept pack. Raises LawError where they are not those of its fingerprint, or cannot be read here."""
    try:
        texts = msgspec.json.decode(zlib.decompress(kept.content), type=dict[str, str])
        found = parsed({name: text.encode() for name, text in texts.items()}, sound=False)
    except (zlib.error, msgspec.MsgspecError, LawError) as error:
        raise LawError(
            f"the law {kept.version[:SHOWN]} that the register keeps cannot be read by this program: {error}; "
            "`onward verify` tells whether it was altered, `onward law adopt` makes the law of this program the present one"
        ) from error
    if found.version != kept.version:
        raise LawError(
            f"the law {kept.version[:SHOWN]} that the register keeps was altered: its files have the fingerprint "
            f"{found.version[:SHOWN]}; `onward verify` says more, a backup holds the right ones"
        )
    return found


def named(said: str, versions: Iterable[str]) -> str:
    """The one fingerprint that begins so. Raises Misused, naming those there are, where none does or several do."""
    known = sorted(set(versions))
    found = [one for one in known if said and one.startswith(said.strip().lower())]
    if len(found) != 1:
        fault = f"{said!r} begins {len(found)} of them" if found else f"no law on file begins with {said!r}"
        raise Misused(f"--law: {fault}: there are {', '.join(one[:16] for one in known) or 'none'}")
    return found[0]
