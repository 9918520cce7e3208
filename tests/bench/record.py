"""A record of 1,000 activities in each format, against the bare library writing the same rows; each in a process of its own."""

import asyncio
import csv
import gc
import html
import io
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import groupby
from multiprocessing import get_context

import msgspec
import weasyprint
import xlsxwriter

from assessments import reports
from assessments.press import pressed
from assessments.record import NOT_RECORDED, Record, Table
from assessments.reports import art30_controller, transfers
from assessments.reports.formats import pdf

ACTIVITIES = 1000
GOALS = {"pdf": 1.3}
GOAL = 1.5
TURNS = 3
QUICK = 9
MINUTES = 7  # for all turns of a format: another is begun only where it is likely to end within them
Turn = tuple[tuple[float, int], tuple[float, int]]
WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
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
    """The same rows in the same tables, set in the same size, tags as in ours (the library's own option), and no more."""
    style = "table { table-layout: fixed; width: 100% } body { font-size: 9pt } p { margin: 0 }"
    body = "".join(line for table in record.tables for line in _bare_tables(table))
    page = f'<html lang="en"><title>Record</title><style>{style}</style>{body}</html>'
    content: bytes = weasyprint.HTML(string=page).write_pdf(pdf_variant=pdf.VARIANT)
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
    """Seconds of processor time for one file, the least of a few where it is quick, and the peak of what made it in MB.

    Processor time and not the clock's: one thread computes, and what else the machine does is not to be measured. The PDF is
    made as a download is, at the press, so its time holds the start of that process and the way to it and back.
    """
    record = a_record(activities, random.Random(seed))
    taken: list[float] = []
    while len(taken) < (1 if fmt == "pdf" else QUICK):
        gc.collect()
        begun = spent()
        if bare:
            BARE[fmt](record)
        elif fmt == "pdf":
            asyncio.run(pressed(record, fmt, None))
        else:
            reports.render(record, fmt)
        taken.append(spent() - begun)
    return min(taken), peak()


def spent() -> float:
    """The processor time of this process and of those it has seen end, in seconds."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, WHOSE))


def peak() -> int:
    """The most memory that this process, or the largest of those it has seen end, has had, in MB."""
    most = max(resource.getrusage(whose).ru_maxrss for whose in WHOSE)
    return most // (1024 * 1024 if sys.platform == "darwin" else 1024)


def printing(seed: int, activities: int = ACTIVITIES, formats: Sequence[str] = ()) -> None:
    """Both side by side, in processes of their own, as many turns as the minutes allow; of each the quickest turn counts."""
    for fmt in formats or reports.formats():
        turns: list[Turn] = []
        begun = time.monotonic()
        while not turns or (len(turns) < TURNS and (time.monotonic() - begun) * (len(turns) + 1) < MINUTES * 60 * len(turns)):
            turns.append(turn(fmt, activities, seed))
        (bare, bare_peak), (record, record_peak) = (tuple(map(min, zip(*of, strict=True))) for of in zip(*turns, strict=True))
        print(
            f"printing {activities:,} activities as {fmt}: bare {bare:.3f} s, record {record:.3f} s, ratio {record / bare:.2f} "
            f"(goal {GOALS.get(fmt, GOAL)}); peak {record_peak} MB, bare {bare_peak} MB; least of {len(turns)} turns",
            flush=True,
        )


def turn(fmt: str, activities: int, seed: int) -> Turn:
    """The bare library and the record at the same time, so that what else the machine does slows both alike."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as first, ProcessPoolExecutor(1, mp_context=spawn) as second:
        bare, record = (pool.submit(measured, fmt, one, activities, seed) for pool, one in ((first, True), (second, False)))
        return bare.result(), record.result()


if __name__ == "__main__":
    printing(1, int(sys.argv[1]) if len(sys.argv) > 1 else ACTIVITIES, sys.argv[2:])
