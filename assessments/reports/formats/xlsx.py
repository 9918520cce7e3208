"""XLSX: a sheet a table, all of it text, beneath the lines that say what the record is."""

from datetime import UTC, datetime, time
from io import BytesIO
from typing import Any

import xlsxwriter

from assessments.record import Record, Table

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
APART = False
TEXT_ALONE = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
MOST = 32_767  # characters a cell can hold
CUT = " … (cut here: a cell holds no more; the other formats have all of it)"


def render(record: Record) -> bytes:
    out = BytesIO()
    book = xlsxwriter.Workbook(out, TEXT_ALONE)
    day = datetime.combine(record.valid_on, time(tzinfo=UTC)).replace(tzinfo=None)
    book.set_properties({"title": record.title, "created": day})
    styles = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "mark": book.add_format({"font_color": "#5b6470"}),
        "heading": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#e8ecf1", "bottom": 1}),
        "cell": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for table in record.tables:
        _sheet(book.add_worksheet(table.title[:31]), record, table, styles)
    book.close()
    return out.getvalue()


def _sheet(sheet: Any, record: Record, table: Table, styles: dict[str, Any]) -> None:
    sheet.write_string(0, 0, f"{record.title}, {table.title.lower()}", styles["title"])
    said = {"Legal basis": record.legal_basis, "Of": ", ".join(record.houses)} | record.marks()
    for line, (name, mark) in enumerate(said.items(), start=1):
        sheet.write_string(line, 0, f"{name}: {mark}"[:MOST], styles["mark"])
    first = len(said) + 2
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(first, place, column.heading, styles["heading"])
    sheet.freeze_panes(first + 1, 1)
    sheet.set_landscape()
    sheet.repeat_rows(first)
    write, style = sheet.write_string, styles["cell"]
    for number, row in enumerate(table.rows, start=first + 1):
        for place, cell in enumerate(row):
            write(number, place, cell if len(cell) <= MOST else cell[: MOST - len(CUT)] + CUT, style)
