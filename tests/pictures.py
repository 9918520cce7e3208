"""`make pictures`: the README's pictures, taken from the demo as it stands on the day Privacy Shield fell."""

import tempfile
from pathlib import Path

from tests.served import PHONE, Screens, screens, served, tell
from tests.support import Register, Server, new_database

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
DAY = "2020-07-16"
LARGEST = 300_000  # bytes of a picture in the repository


def take(shown: Screens) -> None:
    """One picture each of what the three people see."""
    dpo, phone = shown.person("dpo"), shown.person("procurement", viewport=PHONE)
    for name, person, path in (
        ("desk", dpo, "/"),
        ("transfer", dpo, "/transfers/mailchimp"),
        ("register", phone, "/vendors/new"),
    ):
        person.goes(path)
        picture = FOLDER / f"{name}.png"
        person.page.screenshot(path=picture, full_page=name == "register")
        size = picture.stat().st_size
        assert size <= LARGEST, f"{picture.name} has {size} bytes, more than {LARGEST}"
        print(f"{picture.relative_to(FOLDER.parent.parent)}: {size // 1000} kB")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = Server(18)
    try:
        register = Register(new_database(server.url, "pictures"))
        tell(register, DAY)
        with tempfile.TemporaryDirectory() as folder, served(register, Path(folder)) as site, screens(site) as shown:
            take(shown)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
