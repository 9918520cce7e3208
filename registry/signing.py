"""The door: signing in and out, and the sessions a person has open."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect, Template

from registry import access, settings
from registry.access import Visitor
from registry.errors import Refused
from registry.web import OPEN, cookie_name, now, page, see_other


class Door(msgspec.Struct):
    email: str = ""
    password: str = ""
    next: str = "/"


class Change(msgspec.Struct):
    old: str = ""
    new: str = ""
    again: str = ""


Form = Annotated[Door, Body(media_type=RequestEncodingType.URL_ENCODED)]
Password = Annotated[Change, Body(media_type=RequestEncodingType.URL_ENCODED)]
EVEN_SO = {"needs": access.Permission.LOOK, "password_due": True}  # open to a person whose password is to be changed


@get("/sign-in", opt={"needs": OPEN})
async def sign_in_page(request: Request[Any, Any, Any], next: str = "/") -> Template:
    return page("sign-in", visitor=None, email="", next=next, failed=False, ended=None, nobody=await access.nobody())


@post("/sign-in", opt={"needs": OPEN})
async def sign_in(request: Request[Any, Any, Any], data: Form) -> Template | Redirect:
    """A good pair opens a session; anything else gets one and the same answer."""
    place = request.client.host if request.client else ""
    shown: dict[str, Any] = {"visitor": None, "email": data.email, "next": data.next, "nobody": False}
    try:
        token = await access.sign_in(data.email.strip(), data.password, place, request.headers.get("user-agent", ""), now())
    except access.AccessEnded as error:
        return page("sign-in", 422, **shown, failed=False, ended=error.ends)
    if token is None:
        return page("sign-in", 422, **shown, failed=True, ended=None)
    answer = see_other(data.next)
    answer.set_cookie(
        key=cookie_name(),
        value=token,
        httponly=True,
        secure=settings.https(),
        samesite="lax",
        path="/",
        max_age=int(access.ABSOLUTE.total_seconds()),
    )
    return answer


@post("/sign-out", opt=EVEN_SO)
async def sign_out(visitor: Visitor) -> Redirect:
    await access.revoke(visitor.key, visitor.session, now())
    answer = see_other("/sign-in")
    answer.delete_cookie(cookie_name(), path="/")
    return answer


@get("/me", opt=EVEN_SO)
async def me(visitor: Visitor) -> Template:
    """One's own name, role and password."""
    return page("me", visitor=visitor, errors={})


@post("/me", opt=EVEN_SO)
async def change(visitor: Visitor, data: Password) -> Template | Redirect:
    """A new password of one's own; every other session of the person ends with it."""
    wrong = "again: the two do not read alike: type the new one twice" if data.new != data.again else ""
    try:
        if wrong:
            raise Refused(wrong)
        await access.change_password(visitor.key, data.old, data.new, visitor.session, now())
    except Refused as error:
        field, _, said = str(error).partition(": ")
        return page("me", 422, visitor=visitor, errors={field: said})
    return see_other("/sessions")


@get("/sessions", opt={"needs": access.Permission.LOOK})
async def sessions(visitor: Visitor) -> Template:
    return page("sessions", visitor=visitor, sessions=await access.sessions_of(visitor.key, now()))


@post("/sessions/{session:int}/end", opt={"needs": access.Permission.LOOK})
async def end_session(visitor: Visitor, session: int) -> Redirect:
    """Only ever one's own; somebody else's is as absent as none."""
    await access.revoke(visitor.key, session, now())
    return see_other("/sessions")


ROUTES = [sign_in_page, sign_in, sign_out, me, change, sessions, end_session]
