"""What the commands that ask further print for people to read: what stands beneath a party."""

from assessments.radius import Concerned, Radius
from assessments.tables_shown import console, titled


def radius(found: Radius) -> None:
    """The flows beneath a party, and whose data they carry."""
    out = console()
    count = len(found.flows)
    out.print(f"\nBeneath {found.name} on {found.as_of}, known on {found.known_on}: {count} flow{'' if count == 1 else 's'}")
    if not found.flows:
        return
    table = titled("transfer", "from", "received by", "in", "how", "for")
    for one in found.flows:
        how = "passed on to it" if one.passed_on else "received by it"
        table.add_row(one.transfer, one.exporter, one.importer, one.country, how, one.activity or "–")
    out.print(table)
    for line in whose(found.concerned):
        out.print(line)


def whose(found: Concerned) -> list[str]:
    """Activities, people and data in a line each, special categories said even where none are recorded."""
    lists = {
        "Activities": [one.name for one in found.activities],
        "Whose data": found.people,
        "Which data": found.data,
        "Special categories": [word.replace("_", " ") for word in found.special],
    }
    return [f"{title}: {', '.join(words) or 'none recorded'}" for title, words in lists.items()]
