"""`make docs`: docs/register.md from the tables themselves; `tests/test_docs.py` holds that it is up to date."""

from pathlib import Path

from piccolo.columns import Array, Column, ForeignKey

from registry import schema
from registry.register import ITSELF

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "register.md"


INTRODUCTION = """# What a register file may hold

Made by `make docs` from `registry/tables.py` and `assessments/tables.py`. A file is `{table: [row, …]}`. Every row has a
`key` of your choice that names the thing for good (never a natural person), `since` (the first day on which it is so)
and may have `until` (the first day on which it is no longer so). Fields in **bold** must be there; what is not known is
left out; an empty list of special categories says that there are none.
A row may say `"entry": {"kind": …, "why": …}`: recorded (new), changed, corrected, voided or erased.
Countries are ISO 3166-1 codes; EL and UK are taken for GR and GB. The row of an auditor must say `ends`: the moment from which
they sign in no more, or `null` for no end. An export writes that `null`; an older one, in which it is left out, is imported
once it is put in.
"""


def reference() -> str:
    """Every table and column that a register file may hold, in the words of the columns themselves."""
    lines = INTRODUCTION.splitlines()
    for table in schema.tables():
        if schema.name(table) not in ITSELF:
            lines += [
                "",
                f"## {schema.name(table)}",
                "",
                (table.__doc__ or "").strip(),
                "",
                "| field | holds | about |",
                "|---|---|---|",
            ]
            lines += [
                _line(key, column)
                for key, column in schema.columns(table).items()
                if key not in {*schema.OWN, "key", "since", "until"}
            ]
    return "\n".join(lines) + "\n"


def _line(key: str, column: Column) -> str:
    name = f"**{key}**" if column._meta.required else key
    return f"| {name} | {_holds(column)} | {str(column._meta.help_text).replace('|', '/')} |"


def _holds(column: Column) -> str:
    if isinstance(column, Array):
        return f"list of {_holds(column.base_column)}"
    if column._meta.choices is not None:
        return ", ".join(choice.value for choice in column._meta.choices)
    if isinstance(column, ForeignKey):
        return f"key of a {schema.name(column._foreign_key_meta.resolved_references)}"
    words = {"Boolean": "true, false", "Date": "YYYY-MM-DD", "Integer": "number", "BigInt": "number", "Bytea": "base64"}
    return words.get(type(column).__name__, "text")


if __name__ == "__main__":
    REFERENCE.write_text(reference())
