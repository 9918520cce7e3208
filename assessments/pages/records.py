"""Records: what an auditor takes away, on the clocks asked for."""

from typing import Any

from litestar import Request, Response, get
from litestar.response import Template

from assessments import press, reports
from assessments.bundle import bundled
from assessments.clockbar import Bar
from registry import access, database, forms, law, schema
from registry.access import Permission, Visitor
from registry.errors import Misused
from registry.extract import Redaction
from registry.told import HIDDEN
from registry.web import page


@get("/records", opt={"needs": Permission.LOOK})
async def records(visitor: Visitor, bar: Bar) -> Template:
    kinds: list[tuple[str, int]] = []
    vendors: forms.Options = ()
    if visitor.may(Permission.REPORT):
        kinds = await _kinds()
        async with database.as_known(None) as at:
            vendors = await forms.named(at, "vendor")
    return page(
        "records",
        visitor=visitor,
        bar=bar,
        names=reports.names(),
        formats=sorted(reports.formats()),
        kinds=kinds,
        vendors=vendors,
    )


async def _kinds() -> list[tuple[str, int]]:
    """Every table of facts and judgements, and how many things are recorded in it."""
    titles = sorted(schema.by_name().keys() - HIDDEN)
    counts = " union all ".join(f"select '{title}', count(*) from \"{title}\" where thing = id" for title in titles)
    async with database.as_known(None) as at:
        return [(title, count) for title, count in await at.fetch(counts)]


@get("/download/{name:str}/{fmt:str}", opt={"needs": Permission.REPORT})
async def download(request: Request[Visitor, Any, Any], visitor: Visitor, bar: Bar, name: str, fmt: str) -> Response[bytes]:
    """The record as a file; who took it, on which clocks, is written down.

    Raises Misused for one that there is not, Busy where the press has too much to do, or nobody waits for it any more.
    """
    printing = reports.printed(name, fmt, law.load(), bar.clocks, wait=press.WAIT, limit=press.LIMIT)
    content = await press.while_waited_for(printing, request.receive)
    await access.look(visitor.key, "downloaded", f"{name}.{fmt} valid on {bar.clocks.as_of}, known on {bar.clocks.shown}")
    file = f"{name}-{bar.clocks.as_of}-known-{bar.clocks.known_on}.{fmt}"
    return Response(
        content,
        media_type=reports.formats()[fmt],
        headers={"content-disposition": f'attachment; filename="{file}"', "content-security-policy": "sandbox"},
    )


@get("/bundle", opt={"needs": Permission.REPORT})
async def bundle(visitor: Visitor, bar: Bar, redact: str = "", vendor: str = "") -> Response[bytes]:
    """The bundle on the clocks of the page, for whom it says; who took it is written down.

    Raises Misused for what cannot be asked for, Busy where too many are being made.
    """
    if redact not in {"", *Redaction}:
        raise Misused(f"redact: {redact[:40]!r} is none of {', '.join(Redaction)}: choose one, or leave it empty")
    if (redact == Redaction.CLIENT) != bool(vendor.strip()):
        raise Misused(
            "A client's bundle is about one vendor, and only that one is: choose the vendor with it, or another reader"
        )
    async with press.a_press(press.WAIT):
        made, _ = await bundled(law.load(), bar.clocks, Redaction(redact) if redact else None, vendor.strip() or None)
    told = f"bundle valid on {bar.clocks.as_of}, known on {bar.clocks.shown}, redacted: {redact or 'no'} {vendor.strip()}"
    await access.look(visitor.key, "downloaded", told.strip())
    file = f"bundle-{bar.clocks.as_of}-known-{bar.clocks.known_on}{'-' if redact else ''}{redact}.zip"
    return Response(
        made,
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{file}"', "content-security-policy": "sandbox"},
    )


ROUTES = [records, download, bundle]
