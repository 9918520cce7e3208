"""Documents at the door: how a browser brings one, lets a record name it, and takes it away; what they are: `documents`."""

import hashlib
import re
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template
from piccolo.table import Table

from registry import access, database, documents, journal, once, schema
from registry.access import Permission, Visitor
from registry.documents import File
from registry.errors import Refused, Stale
from registry.forms import Errors
from registry.journal import Book
from registry.register import LARGEST
from registry.web import page, see_other, segment

FIELD = "document.file"  # the name of the field in which a form brings one
HAPPENED = {"notice", "impact_assessment", "assurance"}  # their first day is the day on which they came or were made


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
    name = documents.safe_name(found.filename or "")
    return File(hashlib.sha256(content).hexdigest(), name, documents.media_type(content), content, title[:300] or name), {}


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
    headers = {
        "content-disposition": documents.to_take_away(documents.safe_name(row["file_name"] or "")),
        "x-content-type-options": "nosniff",
    }
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
        if evidenced is None or not documents.may_name(evidenced):
            raise Refused("Say what the document is evidence of. Nothing was recorded: choose it, and the file once more")
        async with journal.writing(visitor.key, f"evidence filed: {given.title}") as book:
            await once.take(book.at, sent, where)
            if record not in {one for of, one, _ in await documents.of_vendor(book.at, key) if of == title}:
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
    document, today = (await documents.file(book, given))["thing"], await journal.today(book.at)
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
        named = await documents.named_by(at, key)
        evidenced = await documents.of_vendor(at, key)
    stands = next((one for one in named if f"{one['table']}/{one['record']}" == typed["evidence_of"]), None)
    stale = isinstance(error, Stale)
    status = 409 if stale else 422
    other = stands if stale else None
    context = {"visitor": visitor, "bar": bar, "vendor_key": key, "evidenced": evidenced, "documents": named, "typed": typed}
    return page("evidence", status, here="/vendors", wrong=str(error), other=other, given=given, **context)


ROUTES = [taken, brought_to_vendor]
