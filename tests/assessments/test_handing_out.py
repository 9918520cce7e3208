"""Checkpoints leave the house by themselves: signed once a day where something was written, mailed to auditors, once."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assessments.deliveries import deliver
from assessments.handing_out import hand_out
from registry import access, checkpoints, journal, keys, law, settings
from registry.errors import Misused
from registry.tables import Party, Person
from registry.web import now
from tests.assessments.test_mail import Box, box
from tests.assessments.test_mail_digest import plain, sent
from tests.support import Register, a_register, environment

__all__ = ["box"]
SINCE = "2018-05-25"


@pytest.fixture
def audited(register: Register, folder: Path) -> Any:
    """A register with a key, an auditor who may sign in, one whose access ended, one locked, and somebody else."""
    keys.make(folder / "key.pem")
    ended = access.moment_of(now() - timedelta(hours=1))
    people = [
        {"key": "nora", "role": "auditor", "ends": access.moment_of(now() + timedelta(days=1))},
        {"key": "gone", "role": "auditor", "ends": ended},
        {"key": "locked", "role": "auditor", "ends": None, "until": "2020-01-01"},
        {"key": "dora", "role": "dpo"},
    ]
    rows = [{"name": one["key"], "email": f"{one['key']}@house.example", "since": SINCE} | one for one in people]
    with environment(ONWARD_KEY=str(folder / "key.pem")):
        register.load(a_register(person=rows), folder)
        yield register


def write(register: Register, key: str) -> None:
    row = {"key": key, "name": key, "country": "DE", "since": SINCE}
    register.do(lambda: journal.record("cli:test", None, Party, row))


def a_day_passes(register: Register) -> None:
    """Everything that is on its way is a day older; a checkpoint is what it was, but for when it was taken."""

    register.ask("update delivery set made = made - interval '25 hours' returning id")
    register.ask("""do $$ begin alter table checkpoint disable trigger all;
        update checkpoint set at = at - interval '25 hours'; alter table checkpoint enable trigger all; end $$""")


def count(register: Register) -> int:
    return int(register.ask("select count(*) from checkpoint")[0][0])


def test_a_checkpoint_is_signed_and_mailed_once_to_auditors_who_may_sign_in(audited: Register, box: Box, folder: Path) -> None:
    async def many() -> list[bool]:
        return list(await asyncio.gather(*(hand_out() for _ in range(4))))

    assert sorted(audited.do(many)) == [False, False, False, True]
    assert (count(audited), audited.do(lambda: deliver(law.load())).sent, audited.do(lambda: deliver(law.load())).sent) == (
        1,
        1,
        0,
    )
    (message,) = sent(box)
    assert box.got[0].rcpt_tos == ["nora@house.example"]
    (attached,) = message.iter_attachments()
    note = attached.get_content().replace("\r\n", "\n")
    assert note == audited.ask("select note from checkpoint")[0][0]
    assert note in plain(message).replace("\r\n", "\n")
    (folder / "kept").write_text(note)
    assert "everything is as it was written" in audited.onward("verify", "--checkpoint", str(folder / "kept"))


def test_a_day_later_another_one_only_where_something_was_written(audited: Register, box: Box) -> None:
    assert audited.do(hand_out)
    write(audited, "one")
    assert (audited.do(hand_out), count(audited)) == (False, 1), "not yet: the last one is of today"
    a_day_passes(audited)
    assert (audited.do(hand_out), count(audited)) == (True, 2)
    a_day_passes(audited)
    assert (audited.do(hand_out), count(audited)) == (False, 2), "nothing was written since"
    write(audited, "two")
    audited.do(checkpoints.take)
    assert (audited.do(hand_out), count(audited)) == (True, 3), "one that a record signed leaves the house as well"


def test_what_fails_is_tried_again_with_the_same_name_and_the_newest_covers_the_others(audited: Register, box: Box) -> None:
    box.refusing = True
    audited.do(hand_out)
    assert audited.do(lambda: deliver(law.load())).failed == 1
    a_day_passes(audited)
    write(audited, "one")
    audited.do(hand_out)
    audited.ask("update delivery set claimed = claimed - interval '1 day' returning id")
    box.refusing = False
    assert audited.do(lambda: deliver(law.load())).sent == 1
    audited.ask("update delivery set sent = null, claimed = null returning id")
    assert audited.do(lambda: deliver(law.load())).sent == 1
    first, again = sent(box)
    assert first["Message-ID"] == again["Message-ID"]
    newest = audited.ask("select note from checkpoint order by id desc limit 1")[0][0]
    assert newest in plain(first).replace("\r\n", "\n")


def test_without_a_mail_server_or_a_key_nothing_waits_and_nothing_breaks(audited: Register, box: Box) -> None:
    with environment(ONWARD_SMTP=None):
        assert not audited.do(hand_out)
    assert (count(audited), audited.ask("select * from delivery")) == (1, [])
    write(audited, "one")
    a_day_passes(audited)
    with environment(ONWARD_KEY=None):
        assert audited.do(hand_out), "the one that there is"
    assert count(audited) == 1


@pytest.mark.parametrize(("text", "hours"), [("", 24), ("6", 6), ("0.5", 0.5), ("0", None)])
def test_how_often_is_a_setting(text: str, hours: float | None) -> None:
    with environment(ONWARD_CHECKPOINT_HOURS=text):
        assert settings.checkpoint_every() == (timedelta(hours=hours) if hours else None)


@pytest.mark.parametrize("text", ["daily", "-1", "nan", "9999"])
def test_what_is_no_number_of_hours_is_refused(text: str) -> None:
    with environment(ONWARD_CHECKPOINT_HOURS=text), pytest.raises(Misused, match="ONWARD_CHECKPOINT_HOURS"):
        settings.checkpoint_every()


def test_who_was_locked_in_the_meantime_gets_nothing(audited: Register, box: Box) -> None:
    audited.do(hand_out)

    async def lock() -> None:
        async with journal.writing("cli:test", "left") as book:
            row = await journal.current(book.at, Person, "nora")
            await book.change(Person, row, now().date())

    audited.do(lock)
    audited.do(lambda: deliver(law.load()))
    assert box.got == []
