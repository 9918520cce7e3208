"""A journaled column or table may be added or retired, never renamed, retyped or dropped; old entries must stay readable."""

import ast
import asyncio
from pathlib import Path

import pytest
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.conf.apps import Finder

from registry import schema

ROOT = Path(__file__).parents[2]
MIGRATIONS = sorted(ROOT.glob("*/piccolo_migrations/*_20*.py"))
FORBIDDEN = {"drop_column", "drop_table", "rename_table", "rename_column", "alter_column", "change_table_schema"}


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_takes_nothing_away_from_a_journaled_table(path: Path) -> None:
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr in FORBIDDEN:
            words = {word.arg: getattr(word.value, "value", None) for word in call.keywords}
            named = words.get("tablename") or words.get("old_tablename")
            retyped = call.func.attr != "alter_column" or {"column_class", "old_column_class"} & words.keys()
            assert named not in schema.by_name() or not retyped, f"{path.name}: {call.func.attr} on {named}"


async def _differences(app: str) -> list[str]:
    config = Finder().get_app_config(app)
    differ = await AutoMigrationManager().get_alter_statements(app_config=config)
    return [line for statements in differ for line in statements.statements]


@pytest.mark.parametrize("app", ["registry", "assessments"])
def test_the_migrations_make_the_tables_as_they_are(app: str) -> None:
    assert asyncio.run(_differences(app)) == []
