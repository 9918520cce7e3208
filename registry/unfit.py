"""What does not fit: a row of a file against its table, told by its field, with what may stand there instead."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import msgspec
from piccolo.table import Table

from registry import law, schema
from registry.errors import Refused
from registry.tables import is_country

UNKNOWN = "Object contains unknown field `"


def converted(row: Any, kind: type[Any], place: str, table: type[Table] | None = None) -> Any:
    """The row as its Struct. Raises Refused for the first field that does not fit."""
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `")
        field = where.rstrip("`").removeprefix("$.").removeprefix("$") or "row"
        if what.startswith(UNKNOWN):
            field = what.removeprefix(UNKNOWN).rstrip("`")[:60]
            raise Refused(f"{place} {field}: there is no such field: {_meant(field, kind)}") from error
        given = row.get(field) if isinstance(row, dict) else None
        raise Refused(f"{place} {field}: {_said(what, given, kind, field, table)}") from error


def _meant(field: str, kind: type[Any]) -> str:
    near = get_close_matches(field, kind.__struct_fields__, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(kind.__struct_fields__)}"


def _said(what: str, given: Any, kind: type[Any], field: str, table: type[Table] | None) -> str:
    """What is wrong with what is given in a field, and what may stand there."""
    if "T([01]" in what:  # schema.MOMENT
        return "this is no time: write it as YYYY-MM-DDTHH:MMZ, in UTC"
    column = schema.columns(table).get(field) if table else None
    if isinstance(given, str) and column is not None and is_country(column):
        return law.load().no_country(given[:60])
    if "enum" in what:
        described = msgspec.json.schema(kind)
        words = sorted(word for one in _enums(described, field.partition("[")[0]) for word in one if isinstance(word, str))
        return f"{what}: one of {', '.join(words)}" if words else what
    if found := re.search(r"of length <= (\d+)", what):
        return f"is longer than {found[1]} signs: shorten it"
    if "matching regex '^[^" in what:
        return schema.UNREADABLE
    if "date" in what:
        return f"{given[:60]!r} is no day: write YYYY-MM-DD" if isinstance(given, str) else f"{what}: write it as YYYY-MM-DD"
    return what


def _enums(described: dict[str, Any], field: str) -> Iterator[list[Any]]:
    """The words that a field's schema allows."""
    for one in described.get("$defs", {}).values():
        waiting = [one.get("properties", {}).get(field, {})]
        for part in waiting:
            if "enum" in part:
                yield part["enum"]
            waiting += [*part.get("anyOf", []), *([part["items"]] if isinstance(part.get("items"), dict) else [])]
            if "$ref" in part:
                waiting.append(described["$defs"][part["$ref"].rpartition("/")[2]])
