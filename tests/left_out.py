"""The Structs of a module, and what they hold of a field that nobody has filled in."""

from collections.abc import Iterator, Mapping
from types import ModuleType, NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

NOTHING: dict[Any, Any] = {tuple: (), dict: {}, Mapping: {}, bool: False, str: ""}


def structs(module: ModuleType) -> list[type[msgspec.Struct]]:
    """Those that are written in the module itself."""
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    return [kind for kind in kinds if kind.__module__ == module.__name__]


def left_out(module: ModuleType) -> Iterator[tuple[str, Any, Any]]:
    """Of each field that may be left out in a module's Structs: its name, what stands for it, and what nothing is there.

    Nothing is None where there may be none, an empty list, no, or no text. Days and words of a list stand for themselves.
    """
    for kind in structs(module):
        hints = get_type_hints(kind)
        for one in msgspec.structs.fields(kind):
            if not one.required:
                hint = hints[one.name]
                nothing = None if NoneType in get_args(hint) else NOTHING.get(get_origin(hint) or hint, "other")
                default = one.default_factory() if one.default is msgspec.NODEFAULT else one.default
                if nothing != "other":
                    yield f"{kind.__name__}.{one.name}", default, nothing
