"""A synthetic register of any size: vendors, legs, safeguards, listings, chains to depth 4; loaded by COPY, with entries."""

import random
from datetime import date, timedelta
from typing import Any

import asyncpg

DAY = date(2018, 6, 1)
COUNTRIES = ["US", "US", "US", "IN", "GB", "JP", "FR", "BR", "CH"]
DEPTH = 4
HOMES = ["DE", "DE", "GB", "CH", "BR"]  # of the companies that export: several laws, and one of which only leads are known
TOOLS = [("eu-scc-2021", "M2"), ("eu-scc-2021", "M3"), ("eu-scc-2010-c2p", None), ("eu-bcr-c", None), ("uk-addendum", None)]
LISTS = ["eu-us-dpf", "eu-us-dpf", "uk-us-dpf-extension", "swiss-us-dpf"]
LETTERS = ["consent_explicit", "informed_of_risks", "necessary", "occasional"]  # of Art. 49(1), for one transfer in fifty
NAMES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Poplar", "Rowan"]


class Rows:
    """Rows by table, each with an id; the thing of a row is the row itself."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, **values: Any) -> int:
        rows = self.tables.setdefault(table, [])
        number = len(rows) + 2  # 1 is the register's own
        rows.append({"id": number, "thing": number, "key": f"{table}-{number}", "version": 1, "since": DAY} | values)
        return number


def synthetic(transfers: int, chance: random.Random) -> Rows:
    """About one vendor for five transfers, half of them with a chain beneath, each with safeguards of its own dates."""
    rows = Rows()
    houses = []
    for home in HOMES:
        house = rows.add("party", name=f"House in {home}", ours=True, country=home)
        rows.add("regime_scope", party=house, basis="established", territory=home)
        houses.append((house, rows.add("processing_activity", name="All", controller=house, our_role="controller")))
    rows.add("regime_scope", party=houses[0][0], basis="offers_or_monitors", territory="GB")
    while len(rows.tables.get("transfer", [])) < transfers:
        _vendor(rows, *chance.choice(houses), chance, transfers)
    return rows


def _vendor(rows: Rows, house: int, activity: int, chance: random.Random, transfers: int) -> None:
    country = chance.choice(COUNTRIES)
    party = _party(rows, country, chance)
    vendor = rows.add("vendor", party=party, category="other")
    for _ in range(chance.choice([1, 2])):
        role = chance.choice(["processor", "processor", "controller", None])
        engagement = rows.add(
            "engagement", vendor=vendor, activity=activity, role=role, data_kind=chance.choice(["hr", "non_hr"])
        )
        for how in ("established", "stored", "accessed")[: chance.randint(2, 3)]:
            if len(rows.tables.get("transfer", [])) < transfers:
                where = country if how == "established" else chance.choice(COUNTRIES)
                leg = rows.add("transfer", engagement=engagement, exporter=house, importer=party, country=where, how=how)
                if chance.random() < 0.02:
                    for fact in LETTERS:
                        rows.add("circumstance", transfer=leg, fact=fact, answer=chance.choice([True, True, False]))
    _between(rows, house, party, country, chance)
    above = party
    for _ in range(chance.choice([0, 0, 1, DEPTH])):
        country = chance.choice(COUNTRIES)
        below = _party(rows, country, chance)
        bound = chance.choice([True, True, None])
        rows.add("sub_processing", processor=above, sub_processor=below, country=country, bound_alike=bound)
        _between(rows, above, below, country, chance)
        above = below


def _party(rows: Rows, country: str, chance: random.Random) -> int:
    yes = chance.choice([True, True, None])
    party = rows.add(
        "party",
        name=f"{chance.choice(NAMES)} {chance.randrange(10**6)}",
        ours=False,
        country=country,
        appi_operator=yes,
        lgpd=yes,
    )
    if country == "US" and chance.random() < 0.7:
        due = date(2026, 1, 1) + timedelta(days=chance.randint(0, 700))
        rows.add(
            "certification",
            party=party,
            framework=chance.choice(LISTS),
            status="active",
            covers_hr=True,
            covers_non_hr=True,
            next_due=due,
        )
    return party


def _between(rows: Rows, exporter: int, importer: int, country: str, chance: random.Random) -> None:
    if chance.random() < 0.6:
        day = date(2019, 1, 1) + timedelta(days=chance.randint(0, 2000))
        instrument, module = chance.choice(TOOLS)
        rows.add(
            "safeguard",
            exporter=exporter,
            importer=importer,
            instrument=instrument,
            module=module,
            concluded_on=day,
            rank="primary",
            state="signed",
        )
        if chance.random() < 0.7:
            rows.add("impact_assessment", exporter=exporter, importer=importer, country=country, outcome="ok")


async def copied(connection: asyncpg.Connection, rows: Rows) -> None:
    """Loads the rows by COPY; their entries are due before the transaction ends."""
    for table, found in rows.tables.items():
        names = list(dict.fromkeys(name for row in found for name in row))
        records = [[row.get(name) for name in names] for row in found]
        await connection.copy_records_to_table(table, records=records, columns=names)


async def load(connection: asyncpg.Connection, rows: Rows) -> int:
    """Loads the rows by COPY and their entries beside them, in one transaction; returns how many entries there are."""
    async with connection.transaction():
        sequence = await connection.fetchval("select sequence from journal_head for update")
        await copied(connection, rows)
        for table, found in rows.tables.items():
            await connection.execute(
                f"""insert into journal_entry (sequence, at, kind, who, "table", "row", version, image, nonce)
                select $1 + row_number() over (order by id), clock_timestamp(), 'recorded', 'cli:bench', '{table}', id, 1,
                    to_jsonb(t), decode('00', 'hex') from "{table}" t where id > 1""",
                sequence,
            )
            sequence += len(found)
        await connection.execute("update journal_head set sequence = $1, at = clock_timestamp()", sequence)
    await connection.execute("analyze")
    return int(sequence)
