"""Documents: evidence as it came, named by the SHA-256 of its bytes; filed once, taken away, never shown in a page.

How a browser brings one and takes it away is in `registry.filing`.
"""

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

import msgspec
from piccolo.table import Table

from registry import journal, schema, tables
from registry.journal import Book, Row
from registry.tables import Document

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
