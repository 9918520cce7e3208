"""Every table is of one kind, every column says what it is and why, nothing is deleted by a link."""

import pytest
from piccolo.columns import Column, ForeignKey, OnDelete, Text
from piccolo.conf.apps import Finder
from piccolo.table import Table

from registry import schema
from registry.tables import Fact, Journal, Looked, Operation
from tests.support import Register

TABLES = Finder().get_table_classes()
KINDS = (Fact, Operation, Looked, Journal)


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


# Texts that are no prose and name no natural person; every other text is personal.
PLAIN = {
    "party": {"name", "registration_number", "website"},  # what a legal person is known by in public
    "document": {"media_type"},
    "processing_activity": {"name"},  # titles, chosen by us
    "measure": {"name"},
    "certification": {"looked_up_at"},  # the address of a public list
    "impact_assessment": {"dossier_version", "sector", "volume"},
}


@pytest.mark.parametrize("table", schema.tables(), ids=schema.name)
def test_every_text_in_which_somebody_may_be_named_is_personal(table: type[Table]) -> None:
    texts = {key for key, column in schema.columns(table).items() if isinstance(column, Text)}
    assert texts - PLAIN.get(schema.name(table), set()) == set(schema.personal(table))


def test_no_secret_stands_in_a_journaled_table() -> None:
    for table in schema.tables():
        for key in schema.columns(table):
            assert not {"password", "secret", "token", "hash", "seed"} & set(key.split("_")), f"{schema.name(table)}.{key}"


def test_the_row_that_a_person_gives_is_the_tables_own_columns() -> None:
    for table in schema.tables():
        fields = set(schema.struct(table).__struct_fields__)
        assert fields == schema.columns(table).keys() - set(schema.OWN) | {"entry"}
