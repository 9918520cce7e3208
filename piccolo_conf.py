"""Where Piccolo finds the database and the two apps.

The address is DATABASE_URL, or that of the PostgreSQL which `registry.database` starts under ONWARD_HOME; it is filled
in when a register is opened, so importing this module connects to nothing.
"""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine


class Engine(PostgresEngine):
    """Piccolo's engine, without the connection it opens while it is being imported."""

    async def check_version(self) -> None:
        """`registry.database` checks the version when it opens the register."""


DB = Engine(config={})

APP_REGISTRY = AppRegistry(apps=["registry.piccolo_app", "assessments.piccolo_app"])
