"""What a digest holds, what becomes of it when a process dies over it, and where it is said that no mail goes out."""

import asyncio
from datetime import date, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from assessments import deliveries
from assessments.deliveries import deliver
from assessments.watch import look
from registry import law
from tests.assessments.test_mail import Box, box, watched
from tests.support import Register, a_register, environment
from tests.web import browse

__all__ = ["box", "watched"]


def sent(box: Box) -> list[Any]:
    return [message_from_bytes(one.content, policy=default) for one in box.got]


def plain(message: Message) -> str:
    body: Any = message.get_body(("plain",))  # type: ignore[attr-defined]
    return str(body.get_content())


def out(register: Register) -> tuple[int, int]:
    done = register.do(lambda: deliver(law.load()))
    return done.sent, done.failed


def looked(register: Register, day: str) -> None:
    register.do(lambda: look(date.fromisoformat(day), law.load()))


def test_a_digest_says_it_all_in_words(watched: Register, box: Box) -> None:
    looked(watched, "2021-07-16")
    out(watched)
    (message,) = sent(box)
    text = plain(message)
    html = str(message.get_body(("html",)).get_content())
    for said in (text, html):
        assert "House GmbH to Mailer, Inc. in United States (established there, for Newsletter)" in said
        assert "16 July 2020" in said
        assert "2020-07-16" not in said
    count = len(watched.answer("alerts"))
    assert count > 1
    assert message["Subject"].startswith(f"{count} alerts: ")


def test_many_alerts_are_one_mail_and_each_stands_in_it(watched: Register, box: Box) -> None:
    for day in ("2020-07-17", "2021-07-16", "2022-12-28"):
        looked(watched, day)
    out(watched)
    assert len(box.got) == 1
    text = plain(sent(box)[0])
    assert all(one["title"] in text for one in watched.answer("alerts"))


def test_a_process_that_died_after_sending_sends_the_same_again(
    watched: Register, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once, and recognisably the same: new alerts go in a mail of their own."""

    class Killed(BaseException):
        pass

    async def died(ids: list[int], error: str) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(deliveries, "_settle", died)
        with pytest.raises(Killed):
            out(watched)
    looked(watched, "2022-12-28")
    assert out(watched) == (1, 0), "what was raised since goes at once, what is unsure waits until its claim is over"
    watched.ask("update delivery set claimed = claimed - interval '11 minutes' where sent is null returning id")
    assert out(watched) == (1, 0)
    first, fresh, again = sent(box)
    assert again["Message-ID"] == first["Message-ID"] != fresh["Message-ID"]
    assert plain(again) == plain(first)
    assert out(watched) == (0, 0)


def test_two_processes_send_a_digest_once(watched: Register, box: Box) -> None:
    async def both() -> list[Any]:
        return list(await asyncio.gather(*(deliver(law.load()) for _ in range(3))))

    assert sum(one.sent for one in watched.do(both)) == 1
    assert len(box.got) == 1


def test_one_person_whose_mail_cannot_be_made_keeps_nobody_else_from_theirs(register: Register, folder: Path, box: Box) -> None:
    person = {"name": "D", "role": "dpo", "since": "2018-05-25"}
    people = [person | {"key": "a", "email": "no address"}, person | {"key": "b", "email": "b@house.example"}]
    register.load(a_register(person=people), folder)
    looked(register, "2020-07-16")
    assert out(register) == (1, 1)
    assert [one.rcpt_tos for one in box.got] == [["b@house.example"]]
    assert "could not be sent" in register.onward("doctor", "--json", exit_code=1)


def test_what_failed_too_often_is_said(watched: Register, box: Box) -> None:
    box.refusing = True
    out(watched)
    watched.ask("update delivery set tries = 12 returning id")
    with environment(ONWARD_SMTP="smtp://127.0.0.1:1"):
        assert "tried no more" in watched.onward("doctor", exit_code=1) + watched.onward("alerts")


def test_it_is_said_where_no_mail_goes_out(watched: Register) -> None:
    async def work(as_role: Any) -> None:
        person = await as_role("procurement")
        shown = (await person.get("/alerts")).text
        assert ("Mail is not sent: ONWARD_SMTP is not set." in shown) == off

    for smtp, off in ((None, True), ("smtp://127.0.0.1:1", False)):
        with environment(ONWARD_SMTP=smtp):
            said = watched.onward("alerts") + watched.onward("watch", "--on", str(date.today() + timedelta(days=900)))  # noqa: DTZ011
            assert ("Mail is not sent: ONWARD_SMTP is not set." in said) == off
            assert "Mail is not sent" not in watched.onward("alerts", "--json")
    with environment(ONWARD_SMTP=None):
        off = True
        browse(watched, work)
