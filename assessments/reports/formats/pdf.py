"""PDF: the record on paper, from the templates in `templates/reports`; nothing is fetched but what stands in it."""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint import CSS, HTML
from weasyprint.urls import URLFetcher

from assessments.drawing import drawn
from assessments.record import NOT_RECORDED, OUTCOMES, Record, Table

MEDIA_TYPE = "application/pdf"
APART = True
TEMPLATES = Path(__file__).parents[3] / "templates"
VARIANT = "pdf/ua-1"
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
STYLE = (TEMPLATES / "static" / "tokens.css", TEMPLATES / "reports" / "print.css")


def render(record: Record) -> bytes:
    """The bytes of a PDF/UA-1 (ISO 14289-1): with tags, a title and a language, for whoever reads it by ear.

    The tags take about a fifth more time and an eighth more memory; a table an activity keeps both in step with the rows.
    """
    content: bytes = document(record).write_pdf(pdf_variant=VARIANT)
    return content


def document(record: Record) -> Any:
    """The record laid out in pages, not yet bytes."""
    style = CSS(string="\n".join(path.read_text(encoding="utf-8") for path in STYLE), url_fetcher=fetcher())
    return HTML(string=page(record), url_fetcher=fetcher()).render(stylesheets=[style], pdf_variant=VARIANT)


def fetcher() -> Any:
    """Opens what a page carries in itself; no file and no address."""
    return URLFetcher(allowed_protocols={"data"})


def page(record: Record) -> str:
    """The record as one HTML page, every value escaped.

    What has no shape on paper, or would turn round what stands beside it, is shown as a character that has none.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"outcomes": OUTCOMES, "not_recorded": NOT_RECORDED, "groups": groups, "drawn": drawn}
    whole = environment.get_template("reports/record.html").render(record=record, marks=record.marks())
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", whole)


def groups(table: Table) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """The rows of a table by their first cell: a section each."""
    for first, rows in groupby(table.rows, key=lambda row: row[0]):
        yield first, [row[1:] for row in rows]
