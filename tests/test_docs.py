"""What the documents say is so: the reference is made from the tables, the README's example is imported."""

import json
import re
import shlex
from pathlib import Path

from assessments.cli import main
from tests.docs import REFERENCE, reference
from tests.support import Register

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text() == reference(), "run `make docs`"


def test_the_readmes_example_is_imported_and_judged(register: Register, folder: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", README, re.S)
    register.load(json.loads(example), folder)
    (one,) = register.answer("assess", "--as-of", "2024-06-01")
    assert one["transfer"] == "newsletter"
    assert one["outcome"] == "permitted"


def test_every_command_and_setting_is_in_the_readme() -> None:
    commands = {name for name in main.commands if f"onward {name}" not in README}
    assert not commands
    code = "\n".join(path.read_text() for path in (ROOT / "registry").rglob("*.py"))
    settings = {name for name in re.findall(r'environ\.get\("(ONWARD_\w+|DATABASE_URL)"', code) if name not in README}
    assert not settings


FOLLOWED = "assess|watch|erase|law verified"  # the others ask alike, and each takes its time


def test_the_demo_can_be_followed_as_the_readme_says(demo: Register) -> None:
    lines = re.findall(rf"^onward ((?:{FOLLOWED})\b.*?)(?:\s{{2,}}#.*)?$", README, re.M)
    assert {one for one in FOLLOWED.split("|") if any(line.startswith(one) for line in lines)} == set(FOLLOWED.split("|"))
    for line in lines:
        demo.onward(*shlex.split(line))
