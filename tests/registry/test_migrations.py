"""A journaled column or table may be added or retired, never renamed, retyped or dropped; old entries must stay readable."""

import ast
import asyncio
from pathlib import Path

import pytest
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.conf.apps import Finder

from registry import past, schema
from registry.tables import Party
from tests.support import Register, a_register

ROOT = Path(__file__).parents[2]
MIGRATIONS = sorted(ROOT.glob("*/piccolo_migrations/*_20*.py"))
OPERATIONS = {  # no facts and no judgements: may be changed at will; add with care
    *("journal_head", "journal_entry", "journal_value", "look", "checkpoint", "tile"),
    *("credential", "session", "attempt", "draft", "secret", "sent", "watched", "due", "delivery"),
}
HARMLESS = {"help_text", "index", "index_method", "default", "choices"}  # what of a column may be altered; words are added


def made_by(source: str) -> list[tuple[str, dict[str, object]]]:
    """The calls of a migration on its manager, with their words."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        (call.func.attr, {str(word.arg): _constant(word.value) for word in call.keywords})
        for call in calls
        if isinstance(call.func, ast.Attribute)
    ]


def _constant(node: ast.expr) -> object:
    if isinstance(node, ast.Dict):
        return {key.value for key in node.keys if isinstance(key, ast.Constant)}
    return getattr(node, "value", None)


def takes_away(source: str) -> list[str]:
    """What a migration would take from a journaled table: old entries hold images of its columns."""
    found = []
    for call, words in made_by(source):
        table = words.get("tablename") or words.get("old_tablename")
        if table in OPERATIONS:
            continue
        altered = words.get("params") or set()
        narrowed = call == "alter_column" and (not isinstance(altered, set) or bool(altered - HARMLESS))
        if narrowed or call in {"drop_column", "drop_table", "rename_table", "rename_column", "change_table_schema", "run_sql"}:
            found.append(f"{call} {table}")
        if call == "add_raw":
            found.append("add_raw: what it does cannot be seen: write it in schema.py")
    return found


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_takes_nothing_away_from_a_journaled_table(path: Path) -> None:
    assert takes_away(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        'manager.drop_table(class_name="Gone", tablename="gone")',
        'manager.rename_table(old_class_name="Party", old_tablename="party", new_tablename="legal_person")',
        'manager.drop_column(table_class_name="Party", tablename="party", column_name="lei")',
        'manager.rename_column(tablename="party", old_column_name="lei", new_column_name="id_code")',
        'manager.alter_column(tablename="party", column_name="lei", params={"length": 10}, old_params={"length": 20})',
        'manager.alter_column(tablename="party", column_name="lei", params={"null": False}, old_params={"null": True})',
        "manager.add_raw(something)",
    ],
)
def test_a_migration_that_would_is_found(line: str) -> None:
    assert takes_away(line)


def test_operations_are_the_tables_that_are_no_facts() -> None:
    every = {schema.name(table) for table in Finder().get_table_classes()}
    assert every - schema.by_name().keys() == OPERATIONS


def test_a_table_and_its_view_read_alike(register: Register) -> None:
    """Column by column in one order and of one type: a statement prepared for the present serves the past."""
    columns = """select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a
        where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum"""
    for table in schema.by_name():
        assert register.ask(columns, f'public."{table}"') == register.ask(columns, f'known."{table}"'), table


def test_a_new_column_anywhere_leaves_what_was_known_readable(register: Register, folder: Path) -> None:
    """As a later version would: a column in the midst of a class, absent in old images: not recorded."""
    register.load(a_register(), folder)
    before = register.export(folder)
    instant = register.ask("select at from journal_head")[0][0].isoformat()
    older = schema.versioned(Party)
    newer = older._replace(types={"id": older.types["id"], "later": "text"} | older.types)
    for line in ["alter table party add column later text", *past.statements(newer), *past.keeping([newer])]:
        register.ask(line)
    assert register.export(folder, "--known-on", instant) == before
    register.ask("alter table party alter column later set default 'said since'")
    register.load({"party": [{"key": "newcomer", "since": "2020-01-01", "name": "N", "country": "DE"}]}, folder)
    assert {row[0] for row in register.ask("select later from past.party")} == {None, "said since"}
    assert not register.ask(past.differing(newer))


async def _differences(app: str) -> list[str]:
    config = Finder().get_app_config(app)
    differ = await AutoMigrationManager().get_alter_statements(app_config=config)
    return [line for statements in differ for line in statements.statements]


@pytest.mark.parametrize("app", ["registry", "assessments"])
def test_the_migrations_make_the_tables_as_they_are(app: str) -> None:
    assert asyncio.run(_differences(app)) == []
