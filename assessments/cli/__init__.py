"""The command `onward`: every module of this folder brings its commands by being there."""

from importlib import import_module
from pkgutil import iter_modules

from assessments.cli.door import main

__all__ = ["main"]

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")
