"""A record of 1,000 activities in each format, against the bare library writing the same rows; each in a process of its own."""

import csv
import html
import io
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path

import msgspec
import weasyprint
import xlsxwriter

from assessments import reports
from assessments.record import NOT_RECORDED, Record, Table
from assessments.reports import art30_controller, transfers

ACTIVITIES = 1000
GOALS = {"pdf": 1.3}
GOAL = 1.5
WORDS = "customer invoice address newsletter analytics subscriber support payroll archive consent measure vendor".split()


def a_record(activities: int, chance: random.Random) -> Record:
    """Activities with the columns of Art. 30(1), some of them empty, and two flows each."""

    def said(most: int) -> str:
        found = [" ".join(chance.choices(WORDS, k=chance.randint(2, 6))) for _ in range(chance.randint(0, most))]
        return "\n".join(found) or NOT_RECORDED

    def row(number: int, columns: int, most: int) -> tuple[str, ...]:
        return (f"Activity {number:05}", *(said(most) for _ in range(columns - 1)))

    first = tuple(row(number, len(art30_controller.COLUMNS), 3) for number in range(activities))
    flows = [list(row(number // 2, len(transfers.COLUMNS), 2)) for number in range(2 * activities)]
    for flow in flows:
        flow[transfers.VERDICT] = chance.choice(["permitted", "not permitted"])
    tables = (
        Table("Processing activities", "sections", art30_controller.COLUMNS, first),
        Table("Transfers", "grid", transfers.COLUMNS, tuple(map(tuple, flows)), transfers.VERDICT),
    )
    day = date(2026, 11, 23)
    return Record("bench", "Record", "Art. 30(1)", ("House",), day, day.isoformat(), "f" * 64, 1, None, tables)


def bare_json(record: Record) -> bytes:
    return msgspec.json.encode([table.rows for table in record.tables])


def bare_csv(record: Record) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(record.tables[0].rows)
    return out.getvalue().encode()


def bare_xlsx(record: Record) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for table in record.tables:
        sheet = book.add_worksheet()
        for number, row in enumerate(table.rows):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)
    book.close()
    return out.getvalue()


def bare_pdf(record: Record) -> bytes:
    """The same rows in the same tables, set in the same size, and no more."""
    style = "table { table-layout: fixed; width: 100% } body { font-size: 9pt } p { margin: 0 }"
    body = "".join(line for table in record.tables for line in _bare_tables(table))
    content: bytes = weasyprint.HTML(string=f"<style>{style}</style>{body}").write_pdf()
    return content


def _bare_tables(table: Table) -> Iterator[str]:
    for name, rows in groupby(table.rows, key=lambda row: row[0]):
        yield f"<p>{name}</p><table>"
        for row in rows:
            cells = ["".join(f"<p>{html.escape(line)}</p>" for line in cell.split("\n")) for cell in row[1:]]
            if table.layout == "grid":
                yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
            else:
                for column, cell in zip(table.columns[1:], cells, strict=True):
                    yield f"<tr><td>{column.letter}</td><td>{html.escape(column.title)}</td><td>{cell}</td></tr>"
        yield "</table>"


BARE: dict[str, Callable[[Record], bytes]] = {"json": bare_json, "csv": bare_csv, "xlsx": bare_xlsx, "pdf": bare_pdf}


def measured(fmt: str, bare: bool, activities: int, seed: int) -> tuple[float, int]:
    """Seconds, the median of a few where it is quick, and the peak of the process in MB."""
    record = a_record(activities, random.Random(seed))
    taken: list[float] = []
    while len(taken) < (1 if fmt == "pdf" else 7):
        begun = time.perf_counter()
        BARE[fmt](record) if bare else reports.render(record, fmt)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken), peak()


def peak() -> int:
    """The most memory this process has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) // 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1024 * 1024 if sys.platform == "darwin" else 1024)


def printing(seed: int, activities: int = ACTIVITIES) -> None:
    for fmt in reports.formats():
        runs = []
        for bare in (True, False):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
                runs.append(apart.submit(measured, fmt, bare, activities, seed).result())
        (least, at_least), (taken, most) = runs
        print(
            f"printing {activities:,} activities as {fmt}: bare {least:.3f} s, record {taken:.3f} s, ratio "
            f"{taken / least:.2f} (goal {GOALS.get(fmt, GOAL)}); peak {most} MB, bare {at_least} MB"
        )


if __name__ == "__main__":
    printing(1, int(sys.argv[1]) if len(sys.argv) > 1 else ACTIVITIES)
