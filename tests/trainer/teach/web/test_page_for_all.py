"""The page for all users: names and roles, contrast, focus, light and dark, and motion."""

from __future__ import annotations

from importlib.resources import files

import pytest

from support.teach_page import column, hold_button
from support.teach_stream import TeachingStream
from support.web_page import OpenPage, Page, expect

pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")


@pytest.fixture(scope="module")
def axe() -> str:
    """The script that checks a page."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def problems(page: Page, axe: str) -> list[tuple[str, str]]:
    """What is serious or critical: the rule and the elements."""
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)")
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    return [(one["id"], "; ".join(node["html"] for node in one["nodes"])) for one in serious]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe(taught: TeachingStream, open_page: OpenPage, axe: str, colours: str, width: int) -> None:
    """In every view and dialog nothing is serious."""
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=colours, reduced_motion="reduce")
    expect(page.get_by_text("Teach the camera what it sees")).to_be_visible()
    assert problems(page, axe) == [], "the empty session"
    taught.add("red", 12)
    taught.add("green", 12)
    taught.add("red", 1, first=400, colour="green")
    expect(page.locator("#doubtful-link")).to_be_visible()
    expect(page.locator("#label")).to_have_text("red")
    page.get_by_role("button", name="Change red").click()
    assert problems(page, axe) == [], "teach"
    column(page, "red").get_by_role("button", name="Rename").click()
    assert problems(page, axe) == [], "the question"
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#review'")
    page.locator("#photo-3").click()
    expect(page.locator("#review-total")).to_contain_text("selected")
    assert problems(page, axe) == [], "review"
    page.keyboard.press("Enter")
    expect(page.locator("#photo-scores li")).to_have_count(2)
    assert problems(page, axe) == [], "a photo"
    page.keyboard.press("Delete")
    expect(page.locator(".toast")).to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#hand-over'")
    expect(page.locator("#hand-over-view")).to_be_visible()
    assert problems(page, axe) == [], "hand over"


def test_the_focus_is_visible_everywhere(taught: TeachingStream, open_page: OpenPage) -> None:
    """Tab reaches everything that can be used, and each has an outline."""
    taught.add("red", 2)
    page = open_page()
    expect(column(page, "red").locator(".newest li")).to_have_count(2)
    seen = []
    outline = """() => { const it = document.activeElement, around = it.closest('label') || it;
        return [it.getAttribute('aria-label') || around.textContent.trim() || it.id, getComputedStyle(it).outlineStyle,
                getComputedStyle(around).outlineStyle] }"""
    for _ in range(15):
        page.keyboard.press("Tab")
        name, own, label = page.evaluate(outline)
        seen.append(name)
        assert "solid" in (own, label), name
    assert seen[:3] == ["Teach", "Review 2", "Hand over"]
    for name in ("Record red: hold", "Change red", "Photo of red", "Add photos", "class-name", "Add"):
        assert name in " ".join(seen), name


def test_reduced_motion(taught: TeachingStream, open_page: OpenPage) -> None:
    """With reduced motion nothing moves by itself, even while it records."""
    taught.session.add_class("red")
    page = open_page(reduced_motion="reduce")
    hold_button(page, "red").hover()
    page.mouse.down()
    expect(column(page, "red")).to_have_class("card column recording")
    assert page.evaluate("() => document.getAnimations().length") == 0
    page.mouse.up()


def test_a_screen_reader_hears_little(taught: TeachingStream, open_page: OpenPage) -> None:
    """What is spoken by itself: the state, the label, the announcer; not while a class is recorded."""
    taught.session.add_class("red")
    page = open_page()
    live = """() => [...document.querySelectorAll('[role=status]')].filter((it) => it.checkVisibility())
        .map((it) => it.id)"""
    expect(page.locator("#state")).to_have_text("Live")
    assert page.evaluate(live) == ["state", "label", "announcer"]
    expect(page.locator("#label")).to_have_attribute("aria-live", "polite")
    hold_button(page, "red").hover()
    page.mouse.down()
    expect(page.locator("#label")).to_have_attribute("aria-live", "off")
    page.mouse.up()
    expect(page.locator("#label")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#announcer")).to_contain_text("red: ")
