"""How the files of the law are read: strictly, from a folder and the operator's own one beside it.

An unknown field, a missing citation, a key that is not the file's name are refused, naming the file, the place and the
remedy.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from registry.law.files import CHOICES, OWN, Chosen, Countries, Files, Instrument, LawError, Membership, Policy, reading
from registry.law.unsound import faults

FIXED: dict[str, Any] = {
    "law/countries.toml": Countries,
    "law/memberships.toml": dict[str, tuple[Membership, ...]],
    "law/policies.toml": dict[str, tuple[Policy, ...]],
}


def gathered(folder: Path, own: Path | None) -> dict[str, bytes]:
    """The bytes of a folder's files and of the operator's own, under names that say whose they are, in a fixed order.

    Raises LawError for what cannot be read.
    """
    if own and not own.is_dir():
        raise LawError(f"{own} (ONWARD_LAW) is no folder: name the folder that holds your instruments")
    paths = {name: folder / _called(name) for name in FIXED}
    paths |= {f"law/instruments/{path.name}": path for path in sorted((folder / "instruments").glob("*.toml"))}
    paths |= {f"{OWN}{path.name}": path for path in (sorted(own.glob("*.toml")) if own else ())}
    return {name: _bytes(path) for name, path in paths.items()}


def fingerprint(files: Mapping[str, bytes]) -> str:
    """SHA-256 of the files' names and bytes, in their order."""
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{_called(name)}\0".encode() + content + b"\0")
    return digest.hexdigest()


def read(folder: Path, own: Path | None) -> Files:
    """The files of a folder, and of the operator's own beside it. Raises LawError for the first that is unsound."""
    return parsed(gathered(folder, own))


def _read_as(one: Instrument, chosen: Chosen) -> Instrument:
    """The instrument by the readings that the house chose: its day and the other one change places."""
    events = tuple(
        msgspec.structs.replace(event, effect=event.alternative, alternative=event.effect)
        if event.alternative and chosen.readings.get(reading(one, event)) == "alternative"
        else event
        for event in one.events
    )
    return msgspec.structs.replace(one, events=events) if events != one.events else one


def parsed(files: Mapping[str, bytes], *, sound: bool = True) -> Files:
    """The files as `gathered` names them. Raises LawError for one that may not hold what it holds.

    Where it is not asked whether they are `sound` together, what was law once is read as it was.
    """
    instruments: dict[str, Instrument] = {}
    for name, content in files.items():
        if name in FIXED or name == OWN + CHOICES:
            continue
        one, called = _decode(name, content, Instrument), _called(name)
        if f"{one.key}.toml" != called:
            raise LawError(
                f"{called}: `key` is {one.key!r}, the file is named {called.removesuffix('.toml')!r}: make them the same"
            )
        if one.key in instruments:
            raise LawError(f"{called}: the key {one.key!r} is taken: choose another one")
        instruments[one.key] = msgspec.structs.replace(one, own=name.startswith(OWN))
    countries, members, policies = (_decode(name, files.get(name, b""), kind) for name, kind in FIXED.items())
    chosen = _decode(OWN + CHOICES, files.get(OWN + CHOICES, b""), Chosen)
    membership, policy = members.get("membership", ()), policies.get("policy", ())
    found = Files(instruments, membership, countries, fingerprint(files), policy, chosen, files)
    for fault in faults(found) if sound else ():
        raise LawError(fault)
    return msgspec.structs.replace(found, instruments={key: _read_as(one, chosen) for key, one in instruments.items()})


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LawError(f"{path.name}: cannot be read: {error.strerror}: put a file there, or take it away") from error


def _called(name: str) -> str:
    return name.rpartition("/")[2]


def decoded(path: Path, kind: Any) -> Any:
    """A file as what it is to hold. Raises LawError naming the file, the place in it and where to read what may stand there."""
    return _decode(path.name, _bytes(path), kind)


def _decode(name: str, content: bytes, kind: Any) -> Any:
    try:
        return msgspec.toml.decode(content, type=kind, strict=True)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        raise LawError(f"{_called(name)}: {error}: registry/law/README.md says what a file may hold") from error
