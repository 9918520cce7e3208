"""Every table is of one kind, every column says what it is and why, nothing is deleted by a link."""

import pytest
from piccolo.columns import Column, ForeignKey, OnDelete
from piccolo.conf.apps import Finder
from piccolo.table import Table

from registry import schema
from registry.tables import Fact, Journal, Operation
from tests.support import Register

TABLES = Finder().get_table_classes()
KINDS = (Fact, Operation, Journal)


@pytest.mark.parametrize("table", TABLES, ids=schema.name)
def test_a_table_is_of_exactly_one_kind(table: type[Table]) -> None:
    assert len([kind for kind in KINDS if issubclass(table, kind)]) == 1


def test_the_database_holds_these_tables_and_no_other(register: Register) -> None:
    found = {row[0] for row in register.ask("select tablename from pg_tables where schemaname = 'public'")}
    assert found == {schema.name(table) for table in TABLES} | {"migration"}


@pytest.mark.parametrize("column", [column for table in schema.tables() for column in schema.columns(table).values()], ids=str)
def test_a_column_is_described_once_and_well(column: Column) -> None:
    if not column._meta.primary_key:
        assert column._meta.help_text, "say which article or clause asks for it"
    if isinstance(column, ForeignKey):
        assert column._foreign_key_meta.on_delete is OnDelete.restrict


def test_what_can_be_erased_can_be_empty() -> None:
    for table in schema.tables():
        for key in schema.personal(table):
            assert schema.columns(table)[key]._meta.null, f"{schema.name(table)}.{key} is personal: it must be erasable"


def test_free_text_and_persons_are_marked_personal() -> None:
    for table in schema.tables():
        for key in schema.columns(table).keys() & {"note", "email", "phone", "message", "claim", "reason", "file_name"}:
            assert key in schema.personal(table), f"{schema.name(table)}.{key}"
    assert set(schema.personal(schema.by_name()["contact"])) == {"name", "email", "phone", "address"}


def test_no_secret_stands_in_a_journaled_table() -> None:
    for table in schema.tables():
        for key in schema.columns(table):
            assert not {"password", "secret", "token", "hash", "seed"} & set(key.split("_")), f"{schema.name(table)}.{key}"


def test_the_row_that_a_person_gives_is_the_tables_own_columns() -> None:
    for table in schema.tables():
        fields = set(schema.struct(table).__struct_fields__)
        assert fields == schema.columns(table).keys() - set(schema.OWN) | {"entry"}
