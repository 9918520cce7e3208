"""A sample drawn by a seed, to look at and to take away: who has seed, clocks and entry draws it again."""

import csv
from io import StringIO
from typing import Any

from litestar import Response, get
from litestar.response import Template

from assessments.clockbar import Bar
from assessments.reports.formats.csv import guarded
from assessments.signing import signed
from registry import access, checkpoints, database, sample
from registry.access import Permission, Visitor
from registry.errors import Misused
from registry.sample import Sample
from registry.vocabulary import DEMO_NOTICE
from registry.web import page

NEEDS = {"needs": Permission.REPORT}
RULE = "order by SHA-256(seed | key), the first so many"


async def _drawn(bar: Bar, of: str, size: str, seed: str, sequence: str) -> Sample:
    for name, text in (("size", size), ("sequence", sequence)):
        if text and not (text.isascii() and text.isdigit() and len(text) < 16):
            raise Misused(f"{name}: {text[:40]!r} is no number")
    upto = int(sequence) if sequence else None
    return await sample.sample(of, seed, int(size or 0), bar.clocks.as_of, bar.clocks.instant, upto)


@get("/audit/sample", opt=NEEDS)
async def drawn(visitor: Visitor, bar: Bar, of: str = "", size: str = "25", seed: str = "", sequence: str = "") -> Template:
    """The sample; without a seed the form in which one is proposed."""
    asked = {"sequence": "", "of": of, "size": size, "seed": seed.strip()}
    found = await _drawn(bar, of, size, asked["seed"], sequence) if of and asked["seed"] else None
    if found is not None:
        asked["sequence"] = str(found.sequence)
    asked["seed"] = asked["seed"] or sample.a_seed()
    context: dict[str, Any] = {"asked": asked, "found": found, "populations": sample.populations(), "entries": sample.ENTRIES}
    return page("audit-sample", visitor=visitor, bar=bar, most=sample.MOST, **context)


@get("/audit/sample/csv", opt=NEEDS)
async def taken(visitor: Visitor, bar: Bar, of: str, size: str, seed: str, sequence: str = "") -> Response[bytes]:
    """The sample as CSV: each row names seed, rule, population, clocks, entry and checkpoint; who took it is written down."""
    await signed()
    seed = seed.strip()
    found = await _drawn(bar, of, size, seed, sequence)
    async with database.as_known(None) as at:
        proof = await checkpoints.marks(at, found.sequence)
    marks = {
        "Drawn from": of,
        "Population size": str(found.size),
        "Sample size": str(len(found.drawn)),
        "Seed": seed,
        "Rule": RULE,
        "Valid on": bar.clocks.as_of.isoformat(),
        "Known on": bar.clocks.shown,
        "Journal sequence": str(found.sequence),
        **proof,
    } | ({"Notice": DEMO_NOTICE} if bar.demo else {})
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["No.", "Key", "Hash", "What it says", *marks])
    for one in found.drawn:
        writer.writerow(guarded([str(one.place), one.key, one.hash, one.says, *marks.values()]))
    await access.look(visitor.key, "downloaded", f"sample of {of} by {seed}, {found.sequence}, valid on {bar.clocks.as_of}")
    file = f"sample-{of}-{bar.clocks.as_of}-known-{bar.clocks.known_on}.csv"
    return Response(
        out.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{file}"', "content-security-policy": "sandbox"},
    )


ROUTES = [drawn, taken]
