"""JSON: the record as it is."""

import msgspec

from assessments.record import Record

MEDIA_TYPE = "application/json"
APART = False


def render(record: Record) -> bytes:
    return msgspec.json.encode(record)
