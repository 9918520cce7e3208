from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from enum import Enum
from piccolo.columns.column_types import Varchar

ID = "2026-12-01T00:50:48:989515"
VERSION = "1.38.0"
DESCRIPTION = ""


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="assessments", description=DESCRIPTION
    )

    manager.alter_column(
        table_class_name="Alert",
        tablename="alert",
        column_name="kind",
        db_column_name="kind",
        params={
            "choices": Enum(
                "AlertKind",
                {
                    "VERDICT_CHANGED": "verdict_changed",
                    "ONWARD_TRANSFER": "onward_transfer",
                    "ONWARD_MOVED": "onward_moved",
                    "ONWARD_UNCOVERED": "onward_uncovered",
                    "LISTING_ENDING": "listing_ending",
                    "SAFEGUARD_ENDING": "safeguard_ending",
                    "APPROVAL_ENDING": "approval_ending",
                    "REVIEW_DUE": "review_due",
                    "REVIEW_OVERDUE": "review_overdue",
                    "NOTICE_RECEIVED": "notice_received",
                    "PAST_CHANGED": "past_changed",
                    "LAW_PACK_CHANGED": "law_pack_changed",
                    "SIGNAL_KNOWN": "signal_known",
                    "SIGNAL_AHEAD": "signal_ahead",
                    "DOSSIER_MOVED": "dossier_moved",
                    "IMPACT_REVIEW_DUE": "impact_review_due",
                    "IMPACT_REVIEW_OVERDUE": "impact_review_overdue",
                    "LAW_UNVERIFIED": "law_unverified",
                },
            )
        },
        old_params={
            "choices": Enum(
                "AlertKind",
                {
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
                    "SIGNAL_KNOWN": "signal_known",
                    "SIGNAL_AHEAD": "signal_ahead",
                    "DOSSIER_MOVED": "dossier_moved",
                    "IMPACT_REVIEW_DUE": "impact_review_due",
                    "IMPACT_REVIEW_OVERDUE": "impact_review_overdue",
                    "LAW_UNVERIFIED": "law_unverified",
                },
            )
        },
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    return manager
