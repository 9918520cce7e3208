"""The journal's own statements, kept in the database so that a write needs few round trips; `journal.py` alone calls them.

Entries come last: until the head is taken a writer has waited for everything else that it may have to wait for, so
many of them cannot block one another in a circle.
"""

from collections.abc import Sequence

from registry.vocabulary import EntryKind

ENTER = """create or replace function onward_enter(
    kinds text[], whos text[], titles text[], ids bigint[], versions int[], images jsonb[], whys text[], nonces bytea[],
    places bigint[], names text[], salts bytea[], vals text[]
) returns void language plpgsql as $$
declare
    before bigint;
    moment timestamptz;
begin
    update public.journal_head set sequence = sequence + cardinality(kinds),
        at = greatest(coalesce(clock, clock_timestamp()), at + interval '1 microsecond')
    returning sequence - cardinality(kinds), at into before, moment;
    insert into public.journal_entry (sequence, at, kind, who, "table", "row", version, image, why, nonce)
    select before + e.place, moment, e.kind, e.who, e.title, e.id, e.version, e.image, e.why, e.nonce
    from unnest(kinds, whos, titles, ids, versions, images, whys, nonces)
        with ordinality as e (kind, who, title, id, version, image, why, nonce, place);
    insert into public.journal_value (sequence, name, salt, value)
    select before + v.place, v.name, v.salt, v.value
    from unnest(places, names, salts, vals) as v (place, name, salt, value);
end $$"""


def record(title: str, listed: Sequence[str], image: str) -> list[str]:
    """Writes one new row of a table and then its entry; `hidden` holds the commitments in place of personal values.

    With a sending (see `once.py`) it is taken in the same statement, before all else: where it was taken already, nothing is
    written and the answer is null. A twin under way is waited for.
    """
    return [
        f"drop function if exists onward_record_{title}(jsonb, jsonb, text, text, bytea, text[], bytea[], text[])",
        f"""create or replace function onward_record_{title}(
    given jsonb, hidden jsonb, who text, why text, nonce bytea, names text[], salts bytea[], vals text[],
    sending text, leads_to text
) returns text language plpgsql as $$
declare
    written jsonb;
begin
    if sending <> '' then
        insert into public.sent (key, at, answer) values (sending, clock_timestamp(), leads_to) on conflict (key) do nothing;
        if not found then
            return null;
        end if;
    end if;
    insert into public."{title}" as t ({", ".join(f'"{key}"' for key in listed)})
    select {", ".join(f'r."{key}"' for key in listed)} from jsonb_populate_record(null::public."{title}", given) r
    returning {image} into written;
    perform public.onward_enter(
        array['{EntryKind.RECORDED}'], array[who], array['{title}'], array[(written->>'id')::bigint], array[1],
        array[written || hidden], array[why], array[nonce],
        array_fill(1::bigint, array[cardinality(names)]), names, salts, vals
    );
    return written::text;
end $$""",
    ]
