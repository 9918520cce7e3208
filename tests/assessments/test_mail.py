"""Alerts by mail, through a real SMTP server on this machine."""

import re
import socket
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from assessments.channels import mail
from assessments.deliveries import deliver
from assessments.watch import look
from registry import law
from registry.errors import Refused
from tests.support import Register, a_register, environment


class Box:
    def __init__(self) -> None:
        self.got: list[Any] = []
        self.refusing = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusing:
            return "451 come back later"
        self.got.append(envelope)
        return "250 OK"


@pytest.fixture
def box() -> Iterator[Box]:
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    with environment(ONWARD_SMTP=f"smtp://127.0.0.1:{port}", ONWARD_MAIL_FROM="onward@house.example", ONWARD_URL=None):
        yield box
    controller.stop()


@pytest.fixture
def watched(register: Register, folder: Path) -> Register:
    people = [{"key": "dpo", "name": "D", "email": "dpo@house.example", "role": "dpo", "since": "2018-05-25"}]
    register.load(a_register(person=people), folder)
    register.do(lambda: look(date(2020, 7, 16), law.load()))
    return register


def test_one_digest_a_person_and_never_twice(watched: Register, box: Box) -> None:
    assert watched.do(lambda: deliver(law.load())).sent == 1
    assert watched.do(lambda: deliver(law.load())).sent == 0
    assert len(box.got) == 1
    assert box.got[0].rcpt_tos == ["dpo@house.example"]


def test_what_fails_waits_and_is_tried_again(watched: Register, box: Box) -> None:
    box.refusing = True
    assert watched.do(lambda: deliver(law.load())).failed == 1
    box.refusing = False
    assert watched.do(lambda: deliver(law.load())).sent == 0
    watched.ask("update delivery set claimed = claimed - interval '1 hour' returning id")
    assert watched.do(lambda: deliver(law.load())).sent == 1


def test_without_a_server_nothing_is_sent_and_nothing_lost(watched: Register) -> None:
    with environment(ONWARD_SMTP=None):
        assert watched.do(lambda: deliver(law.load())).sent == 0
    assert watched.ask("select count(*) from delivery where sent is null")[0][0] > 0


def test_an_address_cannot_bring_a_header(watched: Register) -> None:
    with pytest.raises(Refused):
        mail.digest([], "dpo", "dpo@house.example\r\nBcc: all@house.example")


HOSTILE = '</td><script>alert(1)</script><img src=//evil.example/i> =HYPERLINK("//evil.example") \u202e {{ 98765 * 43210 }}'


def test_hostile_words_stay_words_in_a_mail(register: Register, box: Box, folder: Path) -> None:
    """In every name a mail says: nothing of them is a tag, a link, a header or a template."""
    people = [{"key": "dpo", "name": HOSTILE, "email": "dpo@house.example", "role": "dpo", "since": "2018-05-25"}]
    tables = a_register(person=people)
    for row in [*tables["party"], *tables["processing_activity"]]:
        row["name"] = f"{HOSTILE} {row['key']}"
    tables["notice"] = [{"key": "n", "vendor": "mailer", "kind": "other", "message": HOSTILE, "since": "2020-07-01"}]
    register.load(tables, folder)
    register.do(lambda: look(date(2020, 7, 16), law.load()))
    assert register.do(lambda: deliver(law.load())).sent == 1
    message = message_from_bytes(box.got[0].content, policy=default)
    text, html = (str(message.get_body((kind,)).get_content()) for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "alert(1)" in text, "the words are said"
    assert "&lt;script&gt;" in html
    for tag in ("<script", "<img", "</td><"):
        assert tag not in html
    assert "4267635650" not in text + html
    assert not re.search(r'(?:href|src)="(?!http://localhost|https?://onward)[^"]*evil', html)
    assert [name for name in message if name.lower() in {"bcc", "cc", "reply-to"}] == []
