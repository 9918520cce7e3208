"""Alerts by mail, one digest a person, and checkpoints to auditors: as text and as HTML, by the operator's own server."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from assessments.alerts import Shown
from registry import settings
from registry.errors import Refused

FOLDER = Path(__file__).parents[2] / "templates" / "mail"


def ready() -> bool:
    """Whether the operator has said by which server mail goes out."""
    return settings.smtp() is not None


def checkpoint(note: str, size: int, fingerprint: str, person: str, email: str, notice: str | None = None) -> EmailMessage:
    """The mail by which a checkpoint leaves the house, the same each time that it is sent. Raises Refused as `digest`."""
    about = {"note": note, "size": size, "fingerprint": fingerprint, "url": settings.url(), "notice": notice}
    message = _written("checkpoint", about, person, email, [note])
    message.add_attachment(note, filename=f"checkpoint-{size}.txt")
    return message


def digest(alerts: Sequence[Shown], person: str, email: str, notice: str | None = None) -> EmailMessage:
    """The one mail that tells a person of these alerts. Raises Refused for an address that is none."""
    about = {"alerts": alerts, "count": len(alerts), "first": alerts[0].title if alerts else ""}
    about |= {"url": settings.url(), "notice": notice}
    return _written("alerts", about, person, email, sorted(one.key for one in alerts))


def _written(kind: str, about: dict[str, Any], person: str, email: str, of: list[str]) -> EmailMessage:
    """A mail of a kind; its Message-ID follows from its reader and from what it is of."""
    address = parseaddr(email)[1]
    if "@" not in address or any(character in email for character in "\r\n"):
        raise Refused(f"person {person!r} email: is no address")
    message = EmailMessage()
    message["From"] = settings.mail_from()
    message["To"] = address
    message["Subject"] = " ".join(_templates().get_template(f"{kind}/subject.txt").render(about).split())
    name = sha256("\0".join([person, *of]).encode()).hexdigest()[:40]
    message["Message-ID"] = f"<{name}@{parseaddr(settings.mail_from())[1].rpartition('@')[2] or 'onward'}>"
    message.set_content(_templates().get_template(f"{kind}/text.txt").render(about))
    message.add_alternative(_templates().get_template(f"{kind}/html.html").render(about), subtype="html")
    return message


async def send(message: EmailMessage) -> None:
    """Hands a mail to the server of ONWARD_SMTP."""
    where = urlsplit(settings.smtp() or "")
    secure = where.scheme == "smtps"
    await aiosmtplib.send(
        message,
        hostname=where.hostname,
        port=where.port or (465 if secure else 587),
        username=unquote(where.username) if where.username else None,
        password=unquote(where.password) if where.password else None,
        use_tls=secure,
        timeout=30,
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER), autoescape=select_autoescape(["html"]), undefined=StrictUndefined, trim_blocks=True
    )
