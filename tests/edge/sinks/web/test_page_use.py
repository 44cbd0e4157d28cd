"""How people use the web preview's page, in a real browser: phone, touch, pause, keyboard, colours and motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics
from edge.types import Category
from support.web_page import OpenPage, Page, expect, wait_for_picture
from support.web_stream import CARD, Camera

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect


@pytest.mark.parametrize("label", ["<img src=x onerror=alert(1)><b>bold</b>", "W" * 200, "\u202eright to left", " "])
def test_any_label_is_text_and_fits_a_phone(sink: WebSink, open_page: OpenPage, label: str) -> None:
    """A label is shown as text, never as HTML, and the page does not scroll sideways for a long one."""
    page = open_page(viewport={"width": 390, "height": 844})
    categories = (Category(0, label, 0.5), Category(1, "x" * 300, 0.25))
    labels = (label, "x" * 300)
    model = CARD._replace(labels=labels, name="n" * 200)
    sink.write(Camera().observe("red", label=label, categories=categories, model=model))
    wait_for_picture(page, 0)
    assert page.locator("#label").evaluate("(element) => element.textContent") == label
    assert page.locator("#bars .name").first.evaluate("(element) => element.textContent") == label
    assert page.locator("img").count() == 1 and page.locator("b").count() == 0
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_phone_and_touch(sink: WebSink, open_page: OpenPage) -> None:
    """On a phone picture and label are on the first screen, and buttons are large enough to touch."""
    camera = Camera()
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    sink.write(camera.observe("red"))
    wait_for_picture(page, 0)
    expect(page.locator("#label")).to_be_in_viewport(ratio=1)
    expect(page.locator("#bars li").first).to_be_in_viewport(ratio=1)
    for name in ("#pause", "#full"):
        box: FloatRect | None = page.locator(name).bounding_box()
        assert box is not None and box["width"] >= 44 and box["height"] >= 44
    page.locator("#pause").tap()
    expect(page.locator("#state")).to_have_text("Paused")
    page.locator("#full").tap()
    expect(page.locator("#caption")).to_contain_text("red")
    expect(page.locator("#caption")).to_be_visible()
    page.locator("#full").tap()
    expect(page.locator("#caption")).to_be_hidden()
    page.locator("#chart").tap()
    expect(page.locator("#moment")).to_contain_text("red")


def test_pause_holds_the_picture(sink: WebSink, open_page: OpenPage, statistics: StreamStatistics) -> None:
    """During a pause picture and label stay and the counters continue; then the newest frame is shown."""
    camera, page = Camera(), open_page()
    sink.write(camera.observe("red"))
    wait_for_picture(page, 0)
    page.keyboard.press("p")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    statistics.count("frames_labelled", 1234)
    sink.write(camera.observe("blue"))
    expect(page.locator("#counts")).to_contain_text("1,234")
    expect(page.locator("#legend li")).to_have_count(2)
    expect(page.locator("#label")).to_have_text("red")
    expect(page.locator("#picture")).to_have_attribute("data-sequence", "0")
    page.keyboard.press("p")
    expect(page.locator("#label")).to_have_text("blue")
    wait_for_picture(page, 1)


def test_keyboard_alone(sink: WebSink, open_page: OpenPage) -> None:
    """Tab goes through the page in its order with a visible focus; Enter, arrows and Escape do the rest."""
    camera = Camera()
    sink.write(camera.observe("green", age_s=20))
    sink.write(camera.observe("red"))
    page = open_page()
    wait_for_picture(page, 1)
    focused = "() => [document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
    for name in ("pause", "full", "chart"):
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == [name, "solid"]
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#moment")).to_contain_text("red")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#moment")).to_contain_text("s ago: green")
    page.keyboard.press("Escape")
    expect(page.locator("#moment")).to_be_empty()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_have_class("filling")
    expect(page.locator("#caption")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("#stage")).not_to_have_class("filling")


def _brightness(page: Page) -> int:
    colour = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return max(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def test_light_and_dark(sink: WebSink, open_page: OpenPage) -> None:
    """The page uses the system's light or dark colours, also after a change."""
    page = open_page(color_scheme="dark")
    assert _brightness(page) < 40
    page.emulate_media(color_scheme="light")
    assert _brightness(page) > 240


def test_reduced_motion(sink: WebSink, open_page: OpenPage) -> None:
    """With reduced motion there is no pulsing dot and no sliding bar."""
    page = open_page()
    sink.write(Camera().observe("red"))
    expect(page.locator("#state")).to_have_text("Live")
    moving = """() => [getComputedStyle(document.querySelector('#state .dot')).animationName,
                       getComputedStyle(document.querySelector('.fill')).transitionProperty]"""
    assert page.evaluate(moving) == ["pulse", "transform"]
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving)[0] == "none"
    assert page.evaluate("() => document.getAnimations().length") == 0


def test_many_windows(sink: WebSink, open_page: OpenPage) -> None:
    """Ten windows of one browser load and are live, older ones let go; a click in one of these makes it live again."""
    pages = [open_page()]
    pages += [pages[0].context.new_page() for _ in range(9)]
    for page in pages[1:]:
        page.goto(sink.url)
        expect(page.locator("#state")).to_have_text("Waiting")
    for page in pages[:6]:
        expect(page.locator("#state")).to_have_text("Not connected")
        expect(page.locator("#notice")).to_contain_text("Click here to see it in this one")
    for page in pages[6:8]:
        page.close()
    pages[0].locator("#notice").click()
    for page in (pages[0], *pages[8:]):
        sink.write(Camera().observe("red"))
        expect(page.locator("#state")).to_have_text("Live")
    expect(pages[1].locator("#state")).to_have_text("Not connected")
