"""Schema `past`: every version of every row as its entry wrote it, in columns of their own types, so that an instant is read
at the speed of a table.

A version stands from the entry that made it (`sequence`) until the next one of its row (`ended`). Of a personal value it
says only whether there was one: the value stands in `journal_value` alone, where an erasure finds it. The journal writes
versions in its own transaction and nobody else does; all of them follow from its entries, and are made from them again
where there are none. Nothing here opens a connection.
"""

from collections.abc import Sequence
from typing import NamedTuple

OURS = "Onward: every version of every row"  # what the schema says of itself
STANDS = 2**63 - 1  # `ended` of the version that no later entry has ended
_KNOWN_ON = "(select current_setting('onward.known_on')::bigint)"  # once a query; without brackets, once a row


class Versioned(NamedTuple):
    """A journaled table: its columns and their types, those that are personal, those whose bytes stay out of entries."""

    title: str
    types: dict[str, str]
    personal: tuple[str, ...]
    contents: tuple[str, ...]

    @property
    def fixed(self) -> set[str]:
        """Columns that never change: they are read from the row itself."""
        return {"id", "key", "thing", *self.contents}

    @property
    def kept(self) -> dict[str, str]:
        """The columns of a version, and their types."""
        return {key: "boolean" if key in self.personal else kind for key, kind in self.types.items() if key not in self.fixed}


def statements(of: Versioned) -> list[str]:
    """The SQL that makes the table of versions, fills it where it is empty, keeps it, and shows it; may be run again."""
    title = of.title
    added = ", ".join(f'add column if not exists "{key}" {kind}' for key, kind in of.kept.items())
    return [
        f'create table if not exists past."{title}" (id bigint not null, sequence bigint not null, ended bigint not null)',
        f'alter table past."{title}" {added}',
        f'create unique index if not exists {title}_version on past."{title}" (id, sequence)',
        f'drop trigger if exists onward_past on past."{title}"',
        _filled(of),
        f"""create trigger onward_past before insert or update or delete or truncate on past."{title}"
        for each statement when (pg_trigger_depth() = 0) execute function onward_refuse()""",
        f'alter table past."{title}" enable always trigger onward_past',
        f'drop view if exists known."{title}"',
        _view(of),
    ]


def _filled(of: Versioned) -> str:
    """Makes the versions from the entries where there are none. An entry whose image cannot be read, because somebody
    altered it, makes none: the register opens, and `verify` names it."""
    return f"""do $$ declare
    one record;
begin
    if exists (select from past."{of.title}") then
        return;
    end if;
    {_into(of, "e", "e.ended")} {_by_ended(of)} e, {_row(of, "e")} order by e.sequence;
exception when data_exception then
    for one in select * from {_by_ended(of)} e order by sequence loop
        begin
            {_into(of, "one", "one.ended")} {_row(of, "one")};
        exception when data_exception then
            null;
        end;
    end loop;
end $$"""


def keeping(every: Sequence[Versioned]) -> list[str]:
    """The trigger that writes the version which an entry makes, in the transaction of the entry.

    One trigger with a branch a table: PostgreSQL reads the condition of each trigger anew for each statement.
    """
    branches = "\n".join(f"    when '{of.title}' then{_kept(of)}" for of in every)
    return [
        f"""create or replace function onward_past() returns trigger language plpgsql set enable_seqscan = off as $$
begin
    case new."table"
{branches}
    else
    end case;
    return null;
end $$""",
        "drop trigger if exists onward_past on public.journal_entry",
        "create trigger onward_past after insert on public.journal_entry for each row execute function onward_past()",
        'alter table public."journal_entry" enable always trigger onward_past',
    ]


def _kept(of: Versioned) -> str:
    title = of.title
    return f"""
        if new.version > 1 then
            update past."{title}" set ended = new.sequence
            where id = new."row" and sequence = (select max(sequence) from past."{title}" where id = new."row");
        end if;
        {_into(of, "new", str(STANDS))} {_row(of, "new")};"""


def _by_ended(of: Versioned) -> str:
    """The entries of the table, each with the sequence of the next one of its row."""
    return f"""(
        select sequence, "row", image, lead(sequence, 1, {STANDS}) over (partition by "row" order by sequence) as ended
        from public.journal_entry where "table" = '{of.title}'
    )"""


def _into(of: Versioned, entry: str, ended: str) -> str:
    """Writes the version that an entry makes, from its image as the row `h`."""
    listed = "".join(f', "{key}"' for key in of.kept)
    said = "".join(f', h."{key}" is not null' if key in of.personal else f', h."{key}"' for key in of.kept)
    return f"""insert into past."{of.title}" (id, sequence, ended{listed})
        select {entry}."row", {entry}.sequence, {ended}{said} from"""


def _row(of: Versioned, entry: str) -> str:
    return f'jsonb_populate_record(null::public."{of.title}", {entry}.image) h'


def _view(of: Versioned) -> str:
    return f'create view known."{of.title}" as\n{_read(of)}'


def _read(of: Versioned) -> str:
    """The table as it was known at the entry set for the transaction: the version of each row that stood then."""
    listed = ", ".join(f'{_shown(of, key)} as "{key}"' for key in of.types)
    return f"""select {listed} from past."{of.title}" h join public."{of.title}" n on n.id = h.id
where h.sequence <= {_KNOWN_ON} and h.ended > {_KNOWN_ON}"""


def _shown(of: Versioned, key: str) -> str:
    """A column of the view; a personal value is looked up only where there was one, and where a query asks for it."""
    if key in of.personal:
        return f"""(case when h."{key}" then (
            select v.value from public.journal_value v where v.sequence = h.sequence and v.name = '{key}'
        ) end)::{of.types[key]}"""
    return f"""{"n" if key in of.fixed else "h"}."{key}\""""


def misread(of: Versioned) -> str:
    """The query for whether the view shows, at the entry set for the transaction, something else than versions say."""
    listed = ", ".join(f'"{key}"' for key in of.types if key not in of.contents)
    seen, stood = f'select {listed} from known."{of.title}"', f"select {listed} from ({_read(of)}) stood"
    return f"select exists (({seen} except all {stood}) union all ({stood} except all {seen}))"


def differing(of: Versioned) -> str:
    """The query for versions that are not what their entries say, by sequence and the key of the row; at most 100.

    Casts nothing that an entry holds, so that it also answers where somebody made something else of one.
    """
    said = ", ".join(
        f"e.image->>'{key}' is not null" if key in of.personal else f"nullif(e.image->'{key}', 'null')" for key in of.kept
    )
    kept = ", ".join(f'h."{key}"' if key in of.personal else f'to_jsonb(h."{key}")' for key in of.kept)
    return f"""select sequence, coalesce(n.key, e.image->>'key', h.id::text, e."row"::text) from {_by_ended(of)} e
full join (select *, count(*) over (partition by sequence) as times from past."{of.title}") h using (sequence)
left join public."{of.title}" n on n.id = coalesce(h.id, e."row")
where (e."row", e.ended, 1) is distinct from (h.id, h.ended, h.times) or ({said}) is distinct from ({kept})
order by 1 limit 100"""
