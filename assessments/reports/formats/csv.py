"""CSV: the report's own table for a spreadsheet, in which no cell can be a formula; each row names its clocks and law."""

import csv
from io import StringIO

from assessments.record import Record

MEDIA_TYPE = "text/csv; charset=utf-8"
APART = False
GUARDED = tuple("=+-@\t\r＝＋－＠")  # what a spreadsheet would take for the beginning of a formula


def render(record: Record) -> bytes:
    table, marks = record.tables[0], record.marks()
    own = [guarded(mark) for mark in marks.values()]
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([*(guarded(column.heading) for column in table.columns), *marks])
    writer.writerows([*map(guarded, row), *own] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def guarded(cell: str) -> str:
    """The cell, with an apostrophe before what might be run."""
    return f"'{cell}" if cell.startswith(GUARDED) else cell
