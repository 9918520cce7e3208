"""CSV: the report's own table for a spreadsheet, in which no cell can be a formula; each row names its clocks and law."""

import csv
import re
from collections.abc import Iterable
from io import StringIO

from assessments.record import Record

MEDIA_TYPE = "text/csv; charset=utf-8"
APART = False
GUARDED = frozenset("=+-@\t\r\n＝＋－＠")  # what a spreadsheet would take for the beginning of a formula

PARTED = re.compile(f'([;|\t\r\n][ "]*)([{re.escape("".join(sorted(GUARDED - set(chr(9) + chr(13) + chr(10)))))}])')


def render(record: Record) -> bytes:
    table, marks = record.tables[0], record.marks()
    own = guarded(marks.values())
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([*guarded(column.heading for column in table.columns), *marks])
    writer.writerows(guarded(row) + own for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def guarded(row: Iterable[str]) -> list[str]:
    """The cells of a row, an apostrophe before what might be run, also behind a sign at which some spreadsheets part cells."""
    return [f"'{cell}" if cell[:1] in GUARDED else cell for cell in (PARTED.sub(r"\1'\2", one) for one in row)]
