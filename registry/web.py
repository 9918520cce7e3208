"""What every page stands on: who asks, what the route needs, headers, form tokens, errors in the reader's words.

A handler binds, acts, renders. Each states in `opt` the permission it needs (`needs=…`); one that states none is refused.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

import jinja2
from asyncpg import (
    AdminShutdownError,
    CannotConnectNowError,
    CharacterNotInRepertoireError,
    CrashShutdownError,
    DiskFullError,
    InterfaceError,
    InvalidCatalogNameError,
    PostgresConnectionError,
    TooManyConnectionsError,
)
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from markupsafe import Markup

from registry import access, once, settings
from registry.access import Visitor
from registry.errors import Busy, Refused, Stale
from registry.once import SentBefore
from registry.vocabulary import PersonRole

LOG = logging.getLogger("onward")
TEMPLATES = Path(__file__).parent.parent / "templates"
OPEN = "open"  # the permission of what anybody may see: the door itself
LARGEST_FORM = 26 * 2**20  # bytes: a document of 25 MB and the words beside it
TOLD_WHY = 8 * LARGEST_FORM  # bytes of a larger one that are taken and thrown away, so that the browser hears the answer
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class PasswordDue(Exception):
    """The password was given by somebody else: it is changed before anything else is opened."""


def environment() -> jinja2.Environment:
    """The templates: every value is escaped, a name that is not given is an error, a key in an address is one segment."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["urlencode"] = segment
    made.globals["once_input"] = once_input
    return made


def segment(key: object) -> str:
    """A key as one segment of an address, whatever signs are in it."""
    return quote(str(key), safe="")


def once_input() -> Markup:
    """The hidden field by which a form that is sent twice is taken once."""
    return Markup('<input type="hidden" name="_once" value="{}">').format(secrets.token_urlsafe(12))


def engine(**more: Any) -> JinjaTemplateEngine:
    made = environment()
    made.globals |= more
    return JinjaTemplateEngine.from_environment(made)


def page(name: str, status_code: int = 200, **context: Any) -> Template:
    return Template(template_name=f"pages/{name}.html", context=context, status_code=status_code)


def see_other(path: str) -> Redirect:
    """After a POST: look at what became of it. Only ever a path of ours."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return Redirect(path if ours else "/", status_code=303)


def cookie_name() -> str:
    return "__Host-onward" if settings.https() else "onward"


class SignedIn(AbstractAuthenticationMiddleware):
    """Sets `request.user` to the visitor, or to None."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        if connection.scope["state"].get("segmented"):
            found = connection.scope["path_params"]
            found |= {name: whole(value) for name, value in found.items() if isinstance(value, str)}
        token = connection.cookies.get(cookie_name())
        return AuthenticationResult(user=await access.visitor(token, now()) if token else None, auth=None)


def needs(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Every route states what it needs; what states nothing is for nobody."""
    wanted = handler.opt.get("needs")
    if wanted == OPEN:
        return
    who = connection.scope.get("user")  # not set where a request only asks for options
    if who is None:
        raise NotAuthorizedException
    if wanted is None or not who.may(wanted):
        raise PermissionDeniedException("Your role does not allow this. Ask the data protection officer or an administrator.")
    if who.password_due and not handler.opt.get("password_due"):
        raise PasswordDue


async def written_down(request: Request[Any, Any, Any]) -> None:
    """Before anything is shown to an auditor it stands in the access log, whatever page it is."""
    who = request.scope.get("user")
    entered = isinstance(who, Visitor) and who.role == PersonRole.AUDITOR and request.method == "GET"
    access.ENTERED.set(False)
    if entered:
        await access.look(who.key, access.OPENED, access.kept_of(request.url.path, request.query_params.multi_items()))
        access.ENTERED.set(True)


async def visiting(request: Request[Visitor, Any, Any]) -> Visitor:
    return request.user


async def sending(request: Request[Visitor, Any, Any]) -> str:
    """The name of this sending of a form (see `once`), empty for a form without a token."""
    form = await request.form()
    words = [(name, await _said(word)) for name, word in form.multi_items() if name not in {"_csrf_token", "_once"}]
    return once.named(request.user.key if request.user else "", request.url.path, str(form.get("_once") or ""), words)


async def _said(word: Any) -> str:
    """A word of a form as it is told from another; a file by its name and its bytes."""
    if not isinstance(word, UploadFile):
        return str(word)
    found = hashlib.sha256(await word.read())
    await word.seek(0)
    return f"{word.filename} {found.hexdigest()}"


def as_before(_: Request[Any, Any, Any], error: SentBefore) -> Redirect:
    """The same form was taken already: to what became of it."""
    return see_other(error.answer)


def to_the_password(_: Request[Any, Any, Any], __: PasswordDue) -> Redirect:
    return see_other("/me")


def to_the_door(request: Request[Any, Any, Any], _: NotAuthorizedException) -> Response[Any]:
    """Nobody is signed in: to the door, and back again afterwards."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Redirect(f"/sign-in?next={quote(back if request.method == 'GET' else '/', safe='')}", status_code=303)


def shown(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """An error as a page, in one sentence, with the way out."""
    known = {Stale: 409, Busy: 503}
    status = error.status_code if isinstance(error, HTTPException) else known.get(type(error), 422)
    said = {
        403: getattr(error, "detail", ""),
        404: "Nothing is recorded under this address.",
        405: "This address does not take that.",
        413: "This is more than can be taken at once: a file may have up to 25 MB. Nothing was recorded; go back, choose a "
        "smaller file (a PDF without scanned pictures, or in parts) and send it again.",
        429: "Too many tries. Wait a quarter of an hour.",
    }
    what = str(error) if isinstance(error, Refused) else str(said.get(status) or getattr(error, "detail", error))
    if status == 403 and "CSRF" in what:
        what = "The form was too old to be taken. Go back, load it again and send it once more; nothing was changed."
    turned = status == 404 and not {"on", "known"}.isdisjoint(request.query_params)  # it may be there on another day
    now = "/" + quote(request.url.path.lstrip("/\\")) if turned else ""  # one of ours, whatever stands before it
    return page("error", status, what=what, status=status, visitor=request.scope.get("user"), now=now)


def unstorable(request: Request[Any, Any, Any], _: CharacterNotInRepertoireError) -> Response[Any]:
    """PostgreSQL holds every sign but one."""
    what = "What was sent holds a sign that cannot be kept (NUL): go back, take it out and send it again. Nothing was changed."
    return page("error", 422, what=what, status=422, visitor=request.scope.get("user"))


FULL = "The disk of the server is full: nothing was written. Its keeper must make room; then all goes on by itself."

AWAY = (
    "The register's database does not answer now. Try again in a minute. What was just sent may have been recorded or not: "
    "look before you send it again."
)
GONE = (
    ConnectionError,
    TimeoutError,
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    InvalidCatalogNameError,
    PostgresConnectionError,
    TooManyConnectionsError,
)


def away(error: Exception) -> bool:
    """Whether it says that the database is gone, and not that something was asked of it wrongly or a file is missing."""
    if isinstance(error, InterfaceError):
        return "clos" in str(error)  # a connection or the pool
    return isinstance(error, GONE) or (isinstance(error, OSError) and error.filename is None)  # of a socket, not of a file


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A fault of ours: written to the log, told without its insides."""
    LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    if isinstance(error, DiskFullError) or settings.no_room():
        return page("error", 503, what=FULL, status=503, visitor=request.scope.get("user"))
    if away(error):
        return page("error", 503, what=AWAY, status=503, visitor=request.scope.get("user"))
    what = "Something went wrong on our side; nothing was changed. The log of the server says what."
    return page("error", 500, what=what, status=500, visitor=request.scope.get("user"))


def doors(app: ASGIApp, hosts: Callable[[], set[str]]) -> ASGIApp:
    """Around everything: another Host is refused (421), every answer carries the headers, and HEAD is asked as GET is."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "http":
            await app(scope, receive, send)
            return
        scope.setdefault("state", {})
        scope["path"] = segmented(scope)
        asked: Any = scope
        if asked["method"] == "HEAD":  # the server keeps the body back: its own scope says HEAD still
            asked = {**scope, "method": "GET"}
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        static = scope["path"].startswith("/static/")

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == 413:
                    await _thrown_away(receive)
                present = {name for name, _ in message["headers"]}
                more = {**HEADERS, "cache-control": "max-age=3600" if static else "no-store"}
                extra = [(k.encode(), v.encode()) for k, v in more.items() if k.encode() not in present]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        if "\0" in scope["path"]:
            await sent({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
            await sent({"type": "http.response.body", "body": b"No address holds this sign.\n", "more_body": False})
            return
        if host.lower() not in hosts():
            await sent({"type": "http.response.start", "status": 421, "headers": [(b"content-type", b"text/plain")]})
            await sent({"type": "http.response.body", "body": b"Not this host: see ONWARD_URL.\n", "more_body": False})
            return
        await app(asked, receive, sent)

    return answered


async def _thrown_away(receive: Receive) -> None:
    """Takes in what a browser is still sending: one that is cut off shows its own error instead of our words."""
    taken, more = 0, True
    while more and taken < TOLD_WHY:
        message: Any = await receive()
        taken += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)


def segmented(scope: Scope) -> str:
    """The path in which a `/` that belongs to a key stays `%2F` (and a `%` stays `%25`) until `whole` reads it."""
    raw = scope.get("raw_path") or b""
    if b"%2F" not in raw.upper():
        return scope["path"]
    kept = raw.partition(b"?")[0].replace(b"%25", b"%2525").replace(b"%2F", b"%252F").replace(b"%2f", b"%252F")
    scope["state"]["segmented"] = True
    return unquote_to_bytes(kept).decode("utf-8", "replace")


def whole(key: str) -> str:
    """A key as it is, from a segment of a path in which `/` and `%` stood spelled."""
    return key.replace("%2F", "/").replace("%25", "%")


def own_hosts(port: int) -> set[str]:
    """The Hosts that are answered: that of ONWARD_URL, or without one those of the loopback."""
    url = settings.url()
    return {urlsplit(url).netloc.lower()} if url else {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}


def now() -> datetime:
    return datetime.now(UTC)
