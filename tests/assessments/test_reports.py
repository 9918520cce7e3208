"""Reports: every fact under its letter in every format, "not recorded" where there is none, and nothing in them runs."""

import asyncio
import csv
import http.server
import io
import json
import random
import string
import threading
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from piccolo.columns import Array, Text, Varchar
from piccolo.table import Table as PiccoloTable
from python_calamine import CalamineWorkbook
from weasyprint.urls import URLFetcher

from assessments import press, reports
from assessments.assess import Clocks
from assessments.record import NOT_RECORDED, Column, Record, Table, lines
from assessments.reports import art30_controller
from assessments.reports.formats import csv as csv_format
from assessments.reports.formats import pdf
from registry import database, law
from registry.tables import Fact, is_country
from registry.vocabulary import DEMO_NOTICE
from tests.support import Register, a_register

SINCE = "2018-05-25"
TITLES = [column.title for column in art30_controller.COLUMNS]
FORMATS = sorted(reports.formats())
Cells = dict[str, str]


def report(register: Register, folder: Path, name: str, fmt: str, *clocks: str) -> bytes:
    out = folder / f"{name}.{fmt}"
    register.onward("report", name, "--format", fmt, "--out", str(out), *clocks)
    return out.read_bytes()


def cells(fmt: str, content: bytes) -> Cells:
    """What the one activity of a record says under each title, read back as a person would."""
    return {"json": from_json, "csv": from_csv, "xlsx": from_xlsx, "pdf": from_pdf}[fmt](content)


def from_json(content: bytes) -> Cells:
    table = json.loads(content)["tables"][0]
    (row,) = table["rows"]
    return dict(zip((column["title"] for column in table["columns"]), row, strict=True))


def from_csv(content: bytes) -> Cells:
    assert content.startswith(b"\xef\xbb\xbf")
    headings, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return {without_letter(heading): cell for heading, cell in zip(headings, row, strict=True)}


def from_xlsx(content: bytes) -> Cells:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    first = next(number for number, row in enumerate(rows) if row[0] == TITLES[0])
    return {without_letter(str(heading)): str(cell) for heading, cell in zip(rows[first], rows[first + 1], strict=True)}


def from_pdf(content: bytes) -> Cells:
    """The text between a title and the next, from where the activity begins."""
    text = pdf_text(content)
    text = text[text.index("Controller") :]
    places = [text.index(f"{title} ") for title in TITLES[1:]]
    assert places == sorted(places)
    ends = [*places[1:], len(text)]
    return {title: text[at + len(title) : end].strip() for title, at, end in zip(TITLES[1:], places, ends, strict=True)} | {
        TITLES[0]: ""
    }


def pdf_text(content: bytes) -> str:
    """All text of a PDF; pypdf reads a font that lacks a glyph two bytes at a time, with a NUL before each letter."""
    pages = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return " ".join(" ".join(pages).replace("\x00", "").replace("\u200b", "").split())


def without_letter(heading: str) -> str:
    return heading[4:] if heading.startswith("(") else heading


class Tokens:
    """A register in which every fact is a word of its own, and the words by the title under which each must stand."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.of: dict[str, list[str]] = {}

    def token(self, title: str) -> str:
        word = "q" + "".join(self.chance.choices(string.ascii_lowercase, k=9))
        self.of.setdefault(title, []).append(word)
        return word

    def register(self) -> dict[str, list[dict[str, Any]]]:
        token = self.token
        tables = a_register()
        house, vendor = tables["party"]
        house |= {"name": token("Controller"), "address": token("Controller's address")}
        vendor["name"] = token("Recipients")
        below = {"key": "below", "name": token("Recipients"), "country": "IN", "since": SINCE}
        near = {
            "key": "near",
            "name": token("Recipients"),
            "address": token("Joint controller"),
            "country": "FR",
            "since": SINCE,
        }
        for title in ("Transfers to third countries", "Safeguards for the transfers"):
            self.of[title] = [vendor["name"], below["name"]]
        self.of["Joint controller"].append(near["name"])
        tables["vendor"].append({"key": "near", "party": "near", "category": "other", "since": SINCE})
        tables["engagement"].append(
            {"key": "near", "vendor": "near", "activity": "news", "role": "joint_controller", "since": SINCE}
        )
        tables["transfer"].append(
            {"key": "near", "engagement": "near", "exporter": "house", "importer": "near", "country": "FR"}
            | {"how": "stored", "since": SINCE}
        )
        self.near = near["name"]
        tables["measure"] = [
            {"key": f"m{number}", "since": SINCE} | {field: token("Security measures") for field in ("name", "description")}
            for number in range(2)
        ]
        joint = {"name": token("Joint controller"), "address": token("Joint controller")}
        tables["party"].append({"key": "joint", "ours": True, "country": "FR", "since": SINCE} | joint)
        tables["party"] += [below, near]
        tables["sub_processing"] = [
            {"key": "below", "processor": "mailer", "sub_processor": "below", "country": "IN", "since": SINCE}
        ]
        capacities = {
            "contact": "Controller's contact details",
            "representative": "Representative",
            "data_protection_officer": "Data protection officer",
        }
        tables["contact"] = [
            {"key": capacity, "party": "house", "capacity": capacity, "since": SINCE}
            | {field: token(title) for field in ("name", "email", "phone", "address")}
            for capacity, title in capacities.items()
        ]
        tables["processing_activity"][0] |= {
            "name": token("Processing activity"),
            "our_role": "joint_controller",
            "joint_controller": "joint",
            "purposes": [token("Purposes of the processing") for _ in range(3)],
            "data_subjects": [token("Categories of data subjects") for _ in range(2)],
            "data_categories": [token("Categories of personal data") for _ in range(3)],
            "special_categories": ["trade_union_membership"],
            "erasure_time_limits": token("Time limits for erasure"),
            "security_measures": token("Security measures"),
        }
        self.of["Special categories"] = ["trade union membership"]
        return tables


@pytest.mark.parametrize(
    ("recorded", "passed_on", "said"),
    [
        (None, None, NOT_RECORDED),
        (None, [], NOT_RECORDED),
        ([], None, "none"),
        ([], [], "none"),
        (["health"], [], "health"),
        (["health"], ["genetic", "health"], "health\ngenetic"),
        ([], ["health"], "health"),
        (None, ["health"], "health"),
    ],
)
def test_special_categories_are_those_of_the_activity_and_of_what_is_passed_on_and_none_is_not_unknown(
    register: Register, folder: Path, recorded: list[str] | None, passed_on: list[str] | None, said: str
) -> None:
    tables = a_register()
    tables["processing_activity"][0] |= {"special_categories": recorded, "data_categories": ["name"]}
    tables["engagement"][0] |= {
        "special_categories": passed_on, "data_categories": ["diagnoses", "name"], "data_subjects": ["patients"],
    }  # fmt: skip
    register.load(tables, folder)
    found = cells("json", report(register, folder, "art30_controller", "json"))
    assert found["Special categories"] == said
    assert (found["Categories of personal data"], found["Categories of data subjects"]) == ("name\ndiagnoses", "patients")


def test_every_fact_stands_under_its_letter_in_every_format(register: Register, folder: Path, chance: random.Random) -> None:
    tokens = Tokens(chance)
    register.load(tokens.register(), folder)
    for fmt in FORMATS:
        found = cells(fmt, report(register, folder, "art30_controller", fmt, "--as-of", "2020-07-15"))
        assert set(tokens.of) == set(TITLES)
        for title, words in tokens.of.items():
            if (fmt, title) != ("pdf", TITLES[0]):  # which heads its section
                assert [word for word in words if word not in found[title]] == [], (fmt, title)
        for title, cell in found.items():
            assert NOT_RECORDED not in cell.replace("role not recorded", ""), (fmt, title)
        assert "United States" in found["Transfers to third countries"]
        assert "permitted, EU-U.S. Privacy Shield, last day 2020-07-15" in found["Safeguards for the transfers"]
        assert "processor" in found["Recipients"]
        assert "India" in found["Recipients"]
        assert f"{tokens.near} (France), joint controller; France: no transfer" in found["Recipients"]
        for title in ("Transfers to third countries", "Safeguards for the transfers"):
            assert tokens.near not in found[title], "Art. 30(1)(e) is about third countries alone"


@pytest.mark.parametrize("fmt", FORMATS)
def test_what_is_empty_is_not_recorded_and_nothing_else_is(register: Register, folder: Path, fmt: str) -> None:
    register.load(a_register(transfer=[], engagement=[]), folder)
    found = cells(fmt, report(register, folder, "art30_controller", fmt))
    own = {"Processing activity": "Newsletter", "Controller": "House GmbH"}
    for title in TITLES[1 if fmt == "pdf" else 0 :]:
        said = found[title]
        if fmt == "pdf":  # what stands between two titles is the cell and the next letter, or the foot of the page
            assert said.startswith(own.get(title, NOT_RECORDED)), title
        else:
            assert said == own.get(title, NOT_RECORDED), title


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what has been asked of it."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()


def hostile(address: str) -> list[str]:
    return [
        "<script>app.alert(1)</script>",
        f"<img src={address}/image>",
        f'"><link rel=stylesheet href={address}/style>',
        "<link rel=attachment href=file:///etc/passwd>",
        f"</style><style>@import url({address}/import)</style>",
        f'=HYPERLINK("{address}")',
        "+1+1",
        "-1+1",
        "@SUM(1)",
        "\t=1+1",
        "\r=1+1",
        "＝1+1",
        "＠SUM(1)",
        address,
        "{{ 7 * 7 }}{% raw %}",
        "\x01\x1b[31m",
        "long" * 500,
    ]


ODD = [
    "\u202egpj.exe \u2066turned",
    "\u2400 \u200b\ufeff\ufffe\u2028 next",
    "\U0001f469\U0001f3fd\u200d\U0001f680 \U0001f1ea\U0001f1fa",
    "سجل أنشطة المعالجة",
    "处理活动记录",
    "url(file:///etc/passwd)",
]


def free_text(table: type[PiccoloTable]) -> list[tuple[str, bool]]:
    """The columns of a table in which people write what they like, and whether they write a list of it."""
    named = {"key", "framework", "instrument", "sha256", "lei", "website", "media_type"}
    found = []
    for column in table._meta.columns:
        inner = column.base_column if isinstance(column, Array) else column
        if isinstance(inner, (Text, Varchar)) and not inner._meta.choices and column._meta.name not in named:
            if not is_country(column):
                found.append((column._meta.name, isinstance(column, Array)))
    return found


def an_evil_register(evil: list[str]) -> dict[str, list[dict[str, Any]]]:
    """As many registers in one as there are evil words: over them each column in which one may write holds each of them."""
    whole: dict[str, list[dict[str, Any]]] = {}
    for turn in range(len(evil)):
        tables = Tokens(random.Random(turn)).register()
        mine = {(table, row["key"]) for table, rows in tables.items() for row in rows}
        for name, rows in tables.items():
            kind = next(one for one in Fact.__subclasses__() if one._meta.tablename == name)
            links = {
                one._meta.name: one._foreign_key_meta.resolved_references._meta.tablename
                for one in kind._meta.foreign_key_columns
            }
            for row in rows:
                for place, (column, many) in enumerate(free_text(kind)):
                    said = evil[(turn + place) % len(evil)]
                    said = said.strip() if column == "name" else said  # which holds no end of a line
                    row[column] = [said] if many else said
                row["key"] = f"{row['key']}-{turn}"
                row |= {
                    column: f"{row[column]}-{turn}"
                    for column, to in links.items()
                    if column in row and (to, row[column]) in mine
                }
        for name, rows in tables.items():
            whole.setdefault(name, []).extend(rows)
    return whole


def test_whatever_is_written_into_the_register_never_runs(
    register: Register, folder: Path, asked: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, paths = asked
    evil = [one for one in hostile(address)[1::2] if "\x01" not in one] + [
        *ODD,
        "<script>alert(1)</script>",
        "=1+1",
        "long" * 100,
    ]
    register.load(an_evil_register(evil), folder)
    opened: list[str] = []

    class Counting(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            opened.append(url)
            return super().fetch(url, headers)

    monkeypatch.setattr(pdf, "fetcher", lambda: Counting(allowed_protocols={"data"}))
    for name in reports.names():
        content = {fmt: report(register, folder, name, fmt, "--as-of", "2020-07-15") for fmt in FORMATS if fmt != "pdf"}
        rows = list(csv.reader(io.StringIO(content["csv"].decode("utf-8-sig"), newline="")))
        assert len(rows) > len(evil)
        assert not [cell for row in rows for cell in row if cell[:1] in csv_format.GUARDED]
        nothing_runs_in_xlsx(content["xlsx"])
    record = asyncio.run(the_record(register))
    for place, title in enumerate(TITLES):
        found = "\n".join(row[place] for row in record.tables[0].rows)
        assert [one for one in evil if one.strip() not in found and title != "Special categories"] == [], title
    document = pdf.document(record)  # both tables, as the press sets them
    fits_the_page(document)
    printed = document.write_pdf(pdf_variant=pdf.VARIANT)
    nothing_runs_in_pdf(printed)
    assert "<script>alert(1)</script>" in pdf_text(printed)
    assert opened == []
    assert paths == []


async def the_record(register: Register) -> Record:
    async with database.opened(url=register.url):
        day = date(2020, 7, 15)
        return await reports.composed("art30_controller", law.load(), Clocks(day, None, date(2026, 11, 23), "2026-11-23"))


def fits_the_page(document: Any) -> None:
    """No line of text begins or ends outside the paper's margins."""
    for number, page in enumerate(document.pages, start=1):
        box = page._page_box
        left, right = box.content_box_x(), box.content_box_x() + box.width
        for line in box.children[0].descendants():
            if type(line).__name__ == "TextBox":
                assert left - 1 <= line.position_x, (number, line.text[:40])
                assert line.position_x + line.width <= right + 1, (number, line.text[:40])
        for margin in box.children[1:]:
            for line in margin.descendants() if hasattr(margin, "descendants") else ():
                if type(line).__name__ == "TextBox":
                    assert 0 <= line.position_x <= line.position_x + line.width <= box.margin_width(), (number, line.text[:40])


def nothing_runs_in_xlsx(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            text = book.read(name)
            assert b"<f>" not in text
            assert b"<f " not in text
            assert b"<hyperlink" not in text
            assert "externalLink" not in name


def nothing_runs_in_pdf(content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as document:
        assert not document.attachments
        found = b"".join(
            bytes(one.read_bytes()) for one in document.objects if isinstance(one, pikepdf.Stream) and "/Subtype" not in one
        )
        assert b"root:x:" not in found
        kinds = {str(one["/S"]) for one in document.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one}
        assert not kinds & {"/JavaScript", "/URI", "/Launch", "/GoToR", "/SubmitForm"}


def a_record(rows: list[tuple[str, ...]]) -> Record:
    columns = tuple(Column(f"C{place}") for place in range(len(rows[0])))
    tables = tuple(Table(layout, layout, columns, tuple(rows)) for layout in ("sections", "grid"))
    return Record("x", rows[0][0], rows[0][1], (rows[0][0],), date(2020, 1, 1), "2020-01-01", "f" * 64, 1, rows[0][1], tables)


def test_what_is_recorded_never_runs(asked: tuple[str, list[str]]) -> None:
    address, paths = asked
    evil = hostile(address)
    record = a_record([(one, evil[place - 1], one) for place, one in enumerate(evil)])
    for row in csv.reader(io.StringIO(reports.render(record, "csv").decode("utf-8-sig"), newline="")):
        assert not [cell for cell in row if cell[:1] in csv_format.GUARDED]
    nothing_runs_in_xlsx(reports.render(record, "xlsx"))
    printed = reports.render(record, "pdf")
    nothing_runs_in_pdf(printed)
    text = pdf_text(printed)
    assert "<script>app.alert(1)</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert json.loads(reports.render(record, "json"))["tables"][0]["rows"][0][0] == evil[0]
    assert paths == []


def test_the_press_opens_no_file_and_no_address() -> None:
    for address in ("file:///etc/passwd", "http://127.0.0.1:9/", "ftp://127.0.0.1/"):
        with pytest.raises(ValueError, match="protocol"):
            pdf.fetcher().fetch(address)


def mechanism(content: bytes, transfer: str) -> dict[str, str]:
    table = json.loads(content)["tables"][0]
    (row,) = (row for row in table["rows"] if row[1] == transfer)
    return dict(zip((column["title"] for column in table["columns"]), row, strict=True))


def test_a_report_tells_the_day_asked_about_from_the_day_on_which_it_was_known(register: Register, folder: Path) -> None:
    register.onward("demo", "--until", "2020-08-03")

    def mailchimp(*clocks: str) -> dict[str, str]:
        return mechanism(report(register, folder, "transfers", "json", *clocks), "mailchimp")

    before, after = mailchimp("--as-of", "2020-07-15"), mailchimp("--as-of", "2020-07-17")
    assert (before["Verdict"], after["Verdict"]) == ("permitted", "not permitted")
    assert after["Mechanism by period"].splitlines() == [
        "2018-05-25 to 2020-07-15: covered, permitted, EU-U.S. Privacy Shield",
        "2020-07-16 on: bare, not permitted",
    ]
    assert mailchimp("--as-of", "2020-07-17", "--known-on", "2020-07-15")["Verdict"] == "permitted"
    register.onward("demo")
    stopped = mechanism(report(register, folder, "transfers", "json", "--as-of", "2026-06-30"), "jivochat")
    (last, *_) = reversed(stopped["Mechanism by period"].splitlines())
    assert last == "2021-03-15 on: stopped, not permitted", "days on which a flow is stopped are not bare"
    said = [
        json.loads(report(register, folder, "art30_controller", "json", "--as-of", day)) for day in ("2020-07-15", "2020-07-17")
    ]
    assert said[0]["tables"][0] != said[1]["tables"][0]
    for fmt in FORMATS:
        for name in reports.names():
            content = report(register, folder, name, fmt, "--as-of", "2020-07-17", "--known-on", "2020-08-01")
            text = {
                "pdf": pdf_text,
                "xlsx": lambda whole: zipfile.ZipFile(io.BytesIO(whole)).read("xl/sharedStrings.xml").decode(),
            }.get(fmt, lambda whole: whole.decode())(content)
            for mark in (DEMO_NOTICE, "2020-07-17", "2020-08-01", said[0]["law_version"][:12]):
                assert mark in text, (name, fmt, mark)


def test_a_file_in_the_folder_is_a_report_or_a_format(register: Register) -> None:
    folder = Path(reports.__file__).parent
    assert set(reports.names()) == {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert set(reports.formats()) == {path.stem for path in (folder / "formats").glob("*.py")} - {"__init__"}
    listed = register.onward("report")
    for name, title in reports.names().items():
        assert f"{name}: {title}" in listed
    assert all(fmt in listed for fmt in reports.formats())


def test_misuse_names_what_there_is(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    out = str(folder / "x")
    assert "art30_controller, transfers" in register.onward("report", "x", "--format", "pdf", "--out", out, exit_code=2)
    assert "csv, json, pdf, xlsx" in register.onward("report", "transfers", "--format", "doc", "--out", out, exit_code=2)
    assert "--out FILE" in register.onward("report", "transfers", "--format", "pdf", exit_code=2)
    assert not Path(out).exists()


def test_a_record_printed_twice_is_the_same_bytes() -> None:
    record = a_record([("a", lines("b", None, " ", "c", "b"), lines())])
    assert record.tables[0].rows[0][1:] == ("b\nc", NOT_RECORDED)
    for fmt in FORMATS:
        assert asyncio.run(press.pressed(record, fmt, None)) == reports.render(record, fmt)


def test_the_pdf_reads_aloud_in_order() -> None:
    """PDF/UA-1: a title that is shown, a language, and tags: headings as deep as they are, tables with rows and headings."""
    with pikepdf.open(io.BytesIO(reports.render(a_record([("One", "b", "c"), ("Two", "e", "f")]), "pdf"))) as document:
        assert (str(document.Root.Lang), str(document.docinfo["/Title"])) == ("en", "One")
        assert bool(document.Root.MarkInfo.Marked)
        assert bool(document.Root.ViewerPreferences.DisplayDocTitle)
        assert b"pdfuaid:part" in document.Root.Metadata.read_bytes()
        tags = list(walked(document.Root.StructTreeRoot.K))
        found = [kind for kind in tags if kind in {"/H1", "/H2", "/H3"}]
        assert found == ["/H1", "/H2", "/H2", "/H3", "/H3", "/H2", "/H3", "/H3"]
        assert tags.count("/Table") == 4
        assert tags.count("/TR") == 2 * 2 + 2 * 2
        assert tags.count("/TH") == 2 * 2 + 2 * 2
        with document.open_outline() as outline:
            assert [str(item.title) for item in outline.root] == ["One"]


def walked(node: Any) -> Iterator[str]:
    """The kinds of all elements of a structure tree, in reading order."""
    if isinstance(node, pikepdf.Array):
        for one in node:
            yield from walked(one)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield str(node.S)
        if "/K" in node:
            yield from walked(node.K)
