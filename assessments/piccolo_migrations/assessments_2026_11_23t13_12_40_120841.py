from enum import Enum

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Timestamptz, Varchar
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-23T13:12:40:120841"
VERSION = "1.38.0"
DESCRIPTION = "Alerts of hops that moved or that nothing binds any more; when a look failed"

NEW = {
    "VERDICT_CHANGED": "verdict_changed",
    "ONWARD_TRANSFER": "onward_transfer",
    "ONWARD_MOVED": "onward_moved",
    "ONWARD_UNCOVERED": "onward_uncovered",
    "LISTING_ENDING": "listing_ending",
    "SAFEGUARD_ENDING": "safeguard_ending",
    "REVIEW_DUE": "review_due",
    "REVIEW_OVERDUE": "review_overdue",
    "NOTICE_RECEIVED": "notice_received",
    "PAST_CHANGED": "past_changed",
    "LAW_PACK_CHANGED": "law_pack_changed",
}
OLD = {name: value for name, value in NEW.items() if name not in {"ONWARD_MOVED", "ONWARD_UNCOVERED"}}


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="assessments", description=DESCRIPTION)
    manager.alter_column(
        table_class_name="Alert",
        tablename="alert",
        column_name="kind",
        db_column_name="kind",
        params={"choices": Enum("AlertKind", NEW)},
        old_params={"choices": Enum("AlertKind", OLD)},
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )
    for name, column, params in (
        ("failed", Timestamptz, {"default": None, "null": True}),
        ("error", Varchar, {"length": 400, "default": "", "null": False}),
    ):
        manager.add_column(
            table_class_name="Watched",
            tablename="watched",
            column_name=name,
            db_column_name=name,
            column_class_name=column.__name__,
            column_class=column,
            params=params
            | {
                "primary_key": False,
                "unique": False,
                "index": False,
                "index_method": IndexMethod.btree,
                "choices": None,
                "db_column_name": None,
                "secret": False,
            },
            schema=None,
        )
    return manager
