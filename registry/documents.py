"""Documents: evidence as it came, named by the SHA-256 of its bytes; filed once, taken away, never shown in a page."""

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template
from piccolo.table import Table

from registry import access, database, journal, once, schema, tables
from registry.access import Permission, Visitor
from registry.errors import Refused, Stale
from registry.forms import Errors
from registry.journal import Book, Row
from registry.register import LARGEST
from registry.tables import Document
from registry.web import page, see_other, segment

FIELD = "document.file"  # the name of the field in which a form brings one
HAPPENED = {"notice", "impact_assessment", "assurance"}  # their first day is the day on which they came or were made
UNKNOWN = "application/octet-stream"
BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
OPEN_XML = "application/vnd.openxmlformats-officedocument"
ZIPPED = (
    (b"word/document.xml", f"{OPEN_XML}.wordprocessingml.document"),
    (b"xl/workbook.xml", f"{OPEN_XML}.spreadsheetml.sheet"),
    (b"ppt/presentation.xml", f"{OPEN_XML}.presentationml.presentation"),
    (b"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet"),
)


class File(msgspec.Struct, frozen=True):
    """A file as it was brought; `key` is the SHA-256 of its bytes, hexadecimal."""

    key: str
    name: str
    media_type: str
    content: bytes
    title: str = ""


async def brought(form: Any) -> tuple[File | None, Errors]:
    """The file that a form brings, if any, and what is wrong with it: nothing in it, or more than 25 MB."""
    found = next((one for one in form.getall(FIELD, []) if isinstance(one, UploadFile)), None)
    if found is None or not found.filename:
        return None, {}
    content = await found.read(LARGEST + 1)
    if not content:
        return None, {"document": "The file is empty: nothing is in it. Choose another one."}
    if len(content) > LARGEST:
        return None, {"document": f"The file has more than {LARGEST // 2**20} MB: choose a smaller one, or file it in parts."}
    title = next((one.strip() for one in form.getall("document.title", []) if isinstance(one, str)), "").replace("\x00", "")
    name = safe_name(found.filename or "")
    return File(hashlib.sha256(content).hexdigest(), name, media_type(content), content, title[:300] or name), {}


async def file(book: Book, brought: File) -> Row:
    """Files the bytes within the book's transaction; returns the document. The same bytes are one document for good."""
    await book.at.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"document {brought.key}")
    known = await book.at.fetchrow(
        """select key, thing, until is null as stands from document where sha256 = $1
        order by until is null desc, id desc limit 1""",
        brought.key,
    )
    if known is not None and known["stands"]:
        return dict(known)
    row = {"key": known["key"] if known else brought.key, "thing": known["thing"] if known else None}
    row |= {"since": (await journal.today(book.at)).isoformat(), "title": brought.title, "file_name": brought.name}
    row |= {"sha256": brought.key, "media_type": brought.media_type, "size": len(brought.content)}
    return (await book.record(Document, row | {"content": "\\x" + brought.content.hex()}))[0]


def media_type(content: bytes) -> str:
    """What the bytes are, by themselves alone: what the browser or the name says of them is not asked."""
    for beginning, kind in BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"PK\x03\x04"):
        return next((kind for inside, kind in ZIPPED if inside in content), "application/zip")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return UNKNOWN
    return UNKNOWN if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text) else "text/plain"


def safe_name(given: str) -> str:
    """A file's name without folders, without signs that steer (line breaks, changes of direction), at most 150 long."""
    last = PureWindowsPath(PurePosixPath(given).name).name
    plain = "".join(sign for sign in unicodedata.normalize("NFC", last) if unicodedata.category(sign)[0] != "C")
    plain = re.sub(r'[<>:"/\\|?*]', "_", plain).strip(" .")
    stem, dot, kind = plain.rpartition(".")
    return (f"{stem[:140]}.{kind[:9]}" if dot and stem else plain[:150]) or "document"


def to_take_away(name: str) -> str:
    """The header by which a browser saves a file and never shows it (RFC 6266); the name in ASCII, and as it is (RFC 8187)."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    ascii_name = safe_name(folded)  # once more: folding makes signs of their wide likenesses
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"


@get("/documents/{key:str}", opt={"needs": Permission.LOOK})
async def taken(visitor: Visitor, key: str) -> Response[bytes]:
    """The bytes as they came; who took them is written down."""
    async with database.as_known(None) as at:
        row = await at.fetchrow(
            "select content, file_name, media_type from document where key = $1 and content is not null limit 1", key
        )
    if row is None:
        raise NotFoundException
    await access.look(visitor.key, "downloaded", f"document/{key}")
    headers = {"content-disposition": to_take_away(safe_name(row["file_name"] or "")), "x-content-type-options": "nosniff"}
    headers["content-security-policy"] = "sandbox; default-src 'none'"
    return Response(bytes(row["content"]), media_type=row["media_type"], headers=headers)


@post("/vendors/{key:str}/documents", opt={"needs": Permission.REGISTER})
async def brought_to_vendor(
    request: Request[Visitor, Any, Any], visitor: Visitor, bar: Any, key: str, sent: str
) -> Redirect | Template:
    """Files a document and lets a record of the vendor name it; what is missing is said beside what was typed.

    Where another document was named meanwhile, nothing is recorded (409): both are shown, and sent again it is meant.
    """
    form = await request.form()
    given, wrong = await brought(form)
    typed = {name: str(form.get(name) or "").replace("\x00", "") for name in ("document.title", "evidence_of", "so_since")}
    title, _, record = typed["evidence_of"].partition("/")
    evidenced = schema.by_name().get(title)
    seen = next((int(one.partition("/")[0]) for one in _named(form) if one.partition("/")[2] == typed["evidence_of"]), None)
    where = f"/vendors/{segment(key)}#documents"
    try:
        await once.seen(sent)
        if wrong or given is None:
            raise Refused(wrong.get("document") or "Choose the file that is to be filed. Nothing was recorded")
        if evidenced is None or not may_name(evidenced):
            raise Refused("Say what the document is evidence of. Nothing was recorded: choose it, and the file once more")
        async with journal.writing(visitor.key, f"evidence filed: {given.title}") as book:
            await once.take(book.at, sent, where)
            if record not in {one for of, one, _ in await of_vendor(book.at, key) if of == title}:
                raise NotFoundException
            await _evidence(book, evidenced, record, given, seen, first_day=typed["so_since"] == "beginning")
    except Refused as error:
        return await _asked_again(visitor, bar, key, typed, given, error)
    return see_other(where)


def _named(form: Any) -> list[str]:
    """What the form showed of the documents named so far: number of the document / table / key of the record."""
    return [one for one in form.getall("named", []) if isinstance(one, str) and re.match(r"[0-9]{1,17}/", one)]


async def _evidence(book: Book, table: type[Table], key: str, given: File, seen: int | None, *, first_day: bool) -> None:
    """Lets the record name the file: from today on, or, where it was there from the beginning, from its first day.

    Of what happened on a day the document can only ever have been there. Raises Stale where it names another by now.
    """
    row = await journal.current(book.at, table, key)
    if row["document"] != seen:
        raise Stale("Another document was filed for it meanwhile. Nothing was recorded: look at both", row["version"])
    document, today = (await file(book, given))["thing"], await journal.today(book.at)
    if row["document"] == document:
        return
    if first_day or schema.name(table) in HAPPENED or row["since"] >= today.isoformat():
        await book.correct(table, row, document=document)
    else:
        await book.change(table, row, today, document=document)


async def _asked_again(
    visitor: Visitor, bar: Any, key: str, typed: dict[str, str], given: File | None, error: Refused
) -> Template:
    """The form with what was typed, why it was not taken, and the document that another one brought meanwhile."""
    async with database.as_known(None) as at:
        if not await at.fetchval("select exists (select from vendor where key = $1)", key):
            raise NotFoundException
        named = await named_by(at, key)
        evidenced = await of_vendor(at, key)
    stands = next((one for one in named if f"{one['table']}/{one['record']}" == typed["evidence_of"]), None)
    stale = isinstance(error, Stale)
    status = 409 if stale else 422
    other = stands if stale else None
    context = {"visitor": visitor, "bar": bar, "vendor_key": key, "evidenced": evidenced, "documents": named, "typed": typed}
    return page("evidence", status, here="/vendors", wrong=str(error), other=other, given=given, **context)


def may_name(table: type[Table]) -> bool:
    """Whether a record of the table is a fact that names a document."""
    return table.__module__ == tables.__name__ and schema.links(table).get("document") == "document"


async def of_vendor(at: Any, vendor: str) -> list[tuple[str, str, str]]:
    """The vendor's records that may name a document: table, key, and what it is called."""
    rows = await at.fetch(
        """with v as (select thing, party from vendor where key = $1 and (until is null or until > since))
        select 'contract', c.key, c.key from contract c join engagement e on e.thing = c.engagement
            where e.vendor in (select thing from v) and c.until is null
        union select 'safeguard', key, instrument from safeguard where importer in (select party from v) and until is null
        union select 'certification', key, framework from certification
            where party in (select party from v) and until is null
        union select 'impact_assessment', key, country from impact_assessment
            where importer in (select party from v) and until is null
        union select 'assurance', a.key, m.name from assurance a join measure m on m.id = a.measure
            where a.vendor in (select thing from v) and a.until is null
        union select 'notice', key, kind from notice where vendor in (select thing from v) and until is null
        order by 1, 2""",
        vendor,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def named_by(at: Any, vendor: str) -> list[dict[str, Any]]:
    """The documents that the vendor's records name, each with the record that names it."""
    found: list[dict[str, Any]] = []
    for title, key, called in await of_vendor(at, vendor):
        row = await at.fetchrow(
            f"""select d.key, d.thing, d.title, d.file_name, d.size, d.media_type, d.since from "{title}" t
            join document d on d.thing = t.document
            where t.key = $1 and t.until is null and (d.until is null or d.until > d.since)
            order by d.since desc limit 1""",
            key,
        )
        if row is not None:
            found.append(dict(row) | {"table": title, "record": key, "called": called})
    return found


ROUTES = [taken, brought_to_vendor]
