"""What Onward says when it refuses: one line that names the field, the place and the way out.

Refused             exit 1: the input or the state does not allow it; nothing was changed
├── Busy            too many ask at once, or it takes too long: the same again later, or another way, as it says
├── Unfit           rows of a file that do not fit: a line for each
├── Stale           another edit came first; carries the version that stands now
└── Misused         exit 2: usage, an unknown key, a home that is missing or not ours
"""

import re


class Refused(Exception):
    exit_code = 1
    further: tuple[str, ...] = ()

    def plainly(self) -> str:
        """As a page says it: a sentence, without the name of the field before it."""
        told = re.sub(r"^[a-z_]+: ", "", str(self))
        return f"{told[:1].upper()}{told[1:].rstrip('.')}."


class Busy(Refused):
    """The machine has no room for this now."""


class Unfit(Refused):
    """Rows of a file do not fit: the first is what it says, `further` are the others."""

    def __init__(self, message: str, *further: str) -> None:
        super().__init__(message)
        self.further = further


class Stale(Refused):
    """Somebody else changed the row in the meantime; `version` is the one that stands."""

    def __init__(self, message: str, version: int) -> None:
        super().__init__(message)
        self.version = version


class Misused(Refused):
    exit_code = 2
