"""What stands on paper behind a vendor's transfers: the safeguards that were concluded, and the impact assessments.

It says what is on file; whether that carries a transfer is the verdict's.
"""

from datetime import date
from typing import Any

import asyncpg

from assessments import impacts
from assessments.dossier import STANDS

_NAME = "(select name from party where thing = {0} order by since <= $1 desc, since desc limit 1)"
_BETWEEN = f"select p.*, {_NAME.format('p.exporter')} as exporter_name, {_NAME.format('p.importer')} as importer_name"
_LEGS = """exists (select from engagement e join transfer t on t.engagement = e.thing
    where e.vendor = $2 and t.exporter = p.exporter and t.importer = p.importer{0})"""
_SAFEGUARDS = f"""{_BETWEEN} from safeguard p
where {STANDS} and {_LEGS.format(" and (p.engagement is null or p.engagement = e.thing)")}
order by rank desc, since desc, key"""
_IMPACTS = f"{_BETWEEN} from impact_assessment p where {STANDS} and {_LEGS.format('')} order by since desc, key"


async def of_vendor(at: asyncpg.Connection, vendor: int, day: date) -> dict[str, Any]:
    """The safeguards of a vendor's transfers, past ones too, and each impact assessment with its state on the day."""
    found = await at.fetch(_IMPACTS, day, vendor)
    return {
        "safeguards": await at.fetch(_SAFEGUARDS, day, vendor),
        "impacts": [(one, impacts.state(one, found, day)) for one in found],
    }
