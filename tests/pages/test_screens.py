"""What a screen does to a page: sizes that only a browser knows, wide and on a phone."""

from typing import Any

import pytest

from tests.served import PHONE, WIDE, Person, Screens

EACH = pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])


def boxes(person: Person, selector: str) -> list[dict[str, Any]]:
    found = person.page.eval_on_selector_all(selector, "all => all.map(one => one.getBoundingClientRect().toJSON())")
    assert found, selector
    return list(found)


@EACH
def test_the_answers_to_choose_from_are_round(browser: Screens, viewport: dict[str, int]) -> None:
    procurement = browser.person("procurement", viewport=viewport)
    procurement.goes("/records/contract/new")
    assert {(box["width"], box["height"]) for box in boxes(procurement, ".ow-answer input[type=radio]")} == {(20, 20)}


@EACH
def test_the_years_under_a_picture_of_days_are_as_large_as_the_text(browser: Screens, viewport: dict[str, int]) -> None:
    dpo = browser.person("dpo", viewport=viewport)
    dpo.goes("/transfers/mailchimp")
    text = float(dpo.page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)"))
    for box in boxes(dpo, ".ow-year"):
        assert text - 1 <= box["height"] <= text * 1.3


@EACH
def test_the_reasons_of_what_would_fall_stand_within_the_screen(browser: Screens, viewport: dict[str, int]) -> None:
    dpo = browser.person("dpo", viewport=viewport)
    dpo.goes("/what-if?annul=eu-us-privacy-shield")
    assert all(box["right"] <= viewport["width"] for box in boxes(dpo, ".ow-wide td li"))


def test_a_heading_that_is_a_link_looks_like_one(browser: Screens) -> None:
    dpo = browser.person("dpo")
    for path in ("/?on=2020-07-16", "/vendors/mailchimp"):
        dpo.goes(path)
        headings = dpo.page.eval_on_selector_all(
            "main :is(h2, h3) > a:not(.btn)",
            "all => all.map(one => [getComputedStyle(one), getComputedStyle(one.parentNode)])"
            ".map(([one, around]) => [one.textDecorationLine, one.color != around.color])",
        )
        assert headings, path
        assert all(one == ["underline", True] for one in headings)
