"""The web application: the one place that knows both apps; nothing imports it.

Every module of `assessments/pages` and every noun of `registry` with a list `ROUTES` brings its routes by being there.
"""

import asyncio
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import asyncpg
from asyncpg import CharacterNotInRepertoireError
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.csrf import CSRFConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.middleware import DefineMiddleware
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import ASGIApp

import assessments.pages
import registry
from assessments import show
from assessments.clockbar import bar
from registry import access, database, settings, web
from registry.errors import Refused
from registry.once import SentBefore
from registry.vocabulary import DEMO_NOTICE
from registry.web import PasswordDue

ANSWERS_IN = 5  # seconds
WEB = ("signing", "vendors", "records", "roles", "filing")  # the nouns of `registry` that have doors of their own


def routes() -> list[Any]:
    """Every route, found by its module being there."""
    pages = [import_module(f"assessments.pages.{module.name}") for module in iter_modules(assessments.pages.__path__)]
    nouns = [import_module(f"registry.{name}") for name in WEB if name in {m.name for m in iter_modules(registry.__path__)}]
    return [route for module in (*nouns, *pages) for route in module.ROUTES]


async def _answers() -> bool:
    try:
        async with database.single() as at:
            return bool(await at.fetchval("select true"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


@get("/healthz", opt={"needs": web.OPEN, "exclude_from_csrf": True})
async def healthz() -> Response[str]:
    """Whether pages can be made: the register's database answers in time. One that is frozen is not waited for."""
    asked = asyncio.create_task(_answers())
    await asyncio.wait({asked}, timeout=ANSWERS_IN)
    if asked.done() and asked.result():
        return Response("ok\n", media_type=MediaType.TEXT)
    asked.cancel()
    return Response("no answer of the register's database in time\n", media_type=MediaType.TEXT, status_code=503)


def application(csrf_secret: str) -> Litestar:
    """The application; the register must be open in the loop that serves it."""
    engine: JinjaTemplateEngine = web.engine(demo_notice=DEMO_NOTICE, **show.FOR_TEMPLATES)
    return Litestar(
        route_handlers=[
            *routes(),
            healthz,
            create_static_files_router("/static", [web.TEMPLATES / "static"], opt={"needs": web.OPEN}),
        ],
        guards=[web.needs],
        before_request=entered,
        middleware=[DefineMiddleware(web.SignedIn, exclude=["^/static", "^/healthz"])],
        dependencies={"visitor": Provide(web.visiting), "bar": Provide(bar), "sent": Provide(web.sending)},
        exception_handlers={
            NotAuthorizedException: web.to_the_door,
            PasswordDue: web.to_the_password,
            SentBefore: web.as_before,
            Refused: web.shown,
            HTTPException: web.shown,
            CharacterNotInRepertoireError: web.unstorable,
            Exception: web.failed,
        },
        template_config=TemplateConfig(instance=engine),
        csrf_config=CSRFConfig(
            secret=csrf_secret,
            cookie_name="__Host-onward-form" if settings.https() else "onward-form",
            cookie_secure=settings.https(),
            cookie_httponly=True,
            cookie_samesite="lax",
        ),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=web.LARGEST_FORM,
    )


async def entered(request: Request[Any, Any, Any]) -> None:
    """Before a page is made: by which law, as adopted by whoever may be elsewhere, and for an auditor the access log."""
    if isinstance(request.scope.get("user"), access.Visitor):
        await database.follow_law()
    await web.written_down(request)


async def made(port: int) -> ASGIApp:
    """The application behind its doors."""
    return web.doors(application(await access.secret("forms")), lambda: web.own_hosts(port))
