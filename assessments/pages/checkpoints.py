"""Checkpoints: what the register signed, to be kept elsewhere; and whether the journal goes on from one that was kept."""

from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Template

from assessments.clockbar import Bar
from registry import access, checkpoints, database, journal, keys, notes, replay
from registry.access import Permission, Visitor
from registry.web import page

NEEDS = {"needs": Permission.LOOK}
A_PAGE = 50


@get("/checkpoints", opt=NEEDS)
async def listed(visitor: Visitor, bar: Bar, number: int = 1, kept: str = "") -> Template:
    """What was signed, the newest first; with `kept` what the journal has to do with that. Raises Busy."""
    number, kept = max(1, min(number, 10**6)), kept.replace("\r\n", "\n").strip()
    answer = await replay.extended(f"{kept}\n") if kept else None
    async with database.as_known(None) as at:
        stood = await keys.stood(at)
        count = await at.fetchval("select count(*) from checkpoint")
        rows = await at.fetch(
            "select id, size, at, note from checkpoint order by id desc limit $1 offset $2", A_PAGE, (number - 1) * A_PAGE
        )
        told = {"entries": await journal.newest(at), "unsigned": await checkpoints.unsigned(at)}
    shown = [(row, notes.signers(row["note"], stood)) for row in rows]
    pages = {"count": count, "number": number, "pages": max(1, -(-count // A_PAGE))}
    context: dict[str, Any] = pages | told | {"stood": stood, "rows": shown, "kept": kept, "answer": answer}
    return page("checkpoints", visitor=visitor, bar=bar, **context)


@get("/checkpoints/{number:int}/note", opt=NEEDS)
async def note(visitor: Visitor, number: int) -> Response[str]:
    """One checkpoint as it was signed, byte for byte."""
    async with database.as_known(None) as at:
        row = await at.fetchrow("select size, note from checkpoint where id = $1", min(number, 2**62))
    if row is None:
        raise NotFoundException
    await access.look(visitor.key, "downloaded", f"checkpoint of {row['size']} entries")
    file = f"checkpoint-{row['size']}-{number}.txt"
    return Response(
        row["note"],
        media_type="text/plain; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{file}"', "content-security-policy": "sandbox"},
    )


ROUTES = [listed, note]
