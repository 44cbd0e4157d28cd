"""The web preview's page in a real browser: headless Chromium on a real server on loopback."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN, Category
from support.web_stream import CARD, Camera

pytest.importorskip("starlette", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Browser, Page, expect, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("no chromium: apt-get install chromium", allow_module_level=True)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

expect.set_options(timeout=20_000)
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each has a context of its own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def statistics() -> StreamStatistics:
    """The counts that the page shows."""
    return StreamStatistics()


@pytest.fixture
def sink(statistics: StreamStatistics) -> Iterator[WebSink]:
    """An open sink on a free port."""
    made = WebSink("127.0.0.1", 0, statistics, token=None)
    made.open()
    yield made
    made.close()


@pytest.fixture
def open_page(browser: Browser, sink: WebSink) -> Iterator[OpenPage]:
    """Open the page in a window of 1280 x 800; it must request nothing from other hosts, and have no error."""
    contexts, troubles = [], []

    def open_page(query: str = "", url: str = "", **settings: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: request.url.startswith(url or sink.url) or troubles.append(request.url))
        page.goto((url or sink.url) + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def pixel(page: Page, x: int, y: int) -> list[int]:
    """Red, green and blue of the picture that is shown."""
    script = "([x, y]) => [...document.getElementById('picture').getContext('2d').getImageData(x, y, 1, 1).data]"
    return page.evaluate(script, [x, y])[:3]  # type: ignore[no-any-return]


def wait_for_picture(page: Page, sequence: int) -> None:
    """Wait until the frame of this number is on the page."""
    page.wait_for_selector(f"#picture[data-sequence='{sequence}']")


def test_before_the_first_frame(sink: WebSink, open_page: OpenPage) -> None:
    """Before the first frame the page says that it waits, and shows no label."""
    page = open_page()
    expect(page.locator("#notice")).to_contain_text("Waiting for the first frame")
    expect(page.locator("#state")).to_have_text("Waiting")
    expect(page.locator("#label")).to_have_text("no frame yet")
    expect(page.locator("#rate")).to_have_text("–")
    expect(page.locator("#empty")).to_be_visible()
    expect(page.locator("#bars li")).to_have_count(0)


def test_the_picture_moves(sink: WebSink, open_page: OpenPage) -> None:
    """The white block that moves from frame to frame moves on the page."""
    camera, page = Camera(), open_page()
    for sequence in range(6):
        sink.write(camera.observe("blue"))
        wait_for_picture(page, sequence)
        for place in range(6):
            brightness = min(pixel(page, place * camera.block + camera.block // 2, camera.block // 2))
            assert (brightness > 200) == (place == sequence), (sequence, place)


def test_the_label_changes_with_the_scene(sink: WebSink, open_page: OpenPage) -> None:
    """When the camera sees another colour, label, score, bars and title say so, and the picture has it."""
    camera, page = Camera(), open_page()
    for sequence, (colour, channel) in enumerate([("red", 0), ("blue", 2), ("green", 1)]):
        seen = camera.observe(colour)
        sink.write(seen)
        expect(page.locator("#label")).to_have_text(colour)
        expect(page.locator("#score")).to_have_text(f"{100 * seen.score:.1f} %")
        expect(page.locator("#bars li.steady .name")).to_have_text(colour)
        expect(page.locator("#bars .name")).to_have_text([category.label for category in seen.categories])
        expect(page).to_have_title(f"{colour} – Edge for Poets")
        wait_for_picture(page, sequence)
        shown = pixel(page, 160, 200)
        assert shown.index(max(shown)) == channel
        expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#label")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#legend li")).to_have_count(3)


def test_unknown(sink: WebSink, open_page: OpenPage) -> None:
    """If the label is unknown, the page shows the best label with its score."""
    page = open_page()
    categories = (Category(2, "red", 0.25), Category(0, "blue", 0.125))
    sink.write(Camera().observe("red", label=UNKNOWN, score=0.25, categories=categories))
    expect(page.locator("#label")).to_have_text("unknown")
    expect(page.locator("#score")).to_have_text("best: red, 25.0 %")
    expect(page.locator("#bars .steady")).to_have_count(0)


def test_region(sink: WebSink, open_page: OpenPage) -> None:
    """The region has a white frame, in a reduced picture too."""
    camera, page = Camera((1280, 960)), open_page()
    sink.write(camera.observe("blue", region=(400, 300, 600, 500)))
    wait_for_picture(page, 0)
    assert min(pixel(page, 350, 150)) > 200
    assert pixel(page, 350, 250)[0] < 80


def test_the_page_recovers_after_a_restart(sink: WebSink, open_page: OpenPage, statistics: StreamStatistics) -> None:
    """Without the server the page says so and dims; when it is back, picture and label come back too."""
    camera, page = Camera(), open_page()
    for _ in range(3):
        sink.write(camera.observe("red"))
    wait_for_picture(page, 2)
    sink.close()
    expect(page.locator("body")).to_have_attribute("data-state", "reconnecting")
    expect(page.locator("#notice")).to_contain_text("Reconnecting")
    expect(page.locator("#notice")).to_contain_text("The last frame is")
    expect(page.locator("#answer-title")).to_have_text("Last label")
    again = WebSink("127.0.0.1", int(sink.url.rstrip("/").rsplit(":", 1)[1]), statistics, token=None)
    again.open()
    try:
        expect(page.locator("#notice")).to_contain_text("Waiting for the first frame")
        again.write(Camera().observe("green"))
        expect(page.locator("#label")).to_have_text("green")
        expect(page.locator("#notice")).to_be_hidden()
        wait_for_picture(page, 0)
        assert max(pixel(page, 160, 200)) == pixel(page, 160, 200)[1]
        expect(page.locator("#legend li")).to_have_count(2)  # the minutes before are still there
    finally:
        again.close()


def test_the_token_goes_from_the_address_and_outlives_a_restart(
    sink: WebSink, open_page: OpenPage, statistics: StreamStatistics
) -> None:
    """The token is typed once, removed from the address bar, valid after a restart, and asked for if changed."""
    first = WebSink("127.0.0.1", 0, statistics, token="s3cret")
    first.open()
    page = open_page(url=first.url)
    expect(page.locator("#token")).to_be_focused()
    page.get_by_label("token").fill("s3cret")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Waiting")
    expect(page).to_have_url(first.url)
    first.close()
    expect(page.locator("#state")).to_have_text("Reconnecting")
    again = WebSink("127.0.0.1", int(first.url.rstrip("/").rsplit(":", 1)[1]), statistics, token="s3cret")
    again.open()
    try:
        again.write(Camera().observe("red"))
        wait_for_picture(page, 0)
    finally:
        again.close()
    changed = WebSink("127.0.0.1", int(first.url.rstrip("/").rsplit(":", 1)[1]), statistics, token="an0ther")
    changed.open()
    try:
        expect(page.locator("#token")).to_be_focused()
    finally:
        changed.close()


def test_a_stream_that_stopped(sink: WebSink, open_page: OpenPage) -> None:
    """If the last frame is half a minute old, a notice says so; the next frame ends the notice."""
    camera, page = Camera(), open_page()
    sink.write(camera.observe("red", age_s=31))
    expect(page.locator("#notice-title")).to_have_text(re.compile(r"^No frame for [3-9]\d s$"))
    expect(page.locator("#state")).to_have_text("No frames")
    expect(page.locator("#answer-title")).to_have_text("Last label")
    wait_for_picture(page, 0)
    sink.write(camera.observe("blue"))
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("#answer-title")).to_have_text("Label")


def test_model_card_and_counters(sink: WebSink, open_page: OpenPage, statistics: StreamStatistics) -> None:
    """The page shows the model card and the losses; a model card with fewer values has fewer lines."""
    camera, page = Camera(), open_page()
    statistics.count("reconnects", 3)
    statistics.count_sink("sink_dropped", "mqtt", 7)
    sink.write(camera.observe("red"))
    model, counts = page.locator("#model"), page.locator("#counts")
    for text in ("tiny-int8.tflite", "mobilenet_0.25_128", "int8", "87.5 % on 40 test photos", "3: blue, green, red"):
        expect(model).to_contain_text(text)
    for text in ("32 × 32 pixels", "1.23 MB", "0123456789ab", "litert"):
        expect(model).to_contain_text(text)
    expect(counts).to_contain_text("Reconnects3")
    expect(counts).to_contain_text("mqtt 7")
    foreign = CARD._replace(name="other.tflite", architecture=None, quantization=None, accuracy=None, test_photos=None)
    sink.write(camera.observe("red", model=foreign))
    expect(model).to_contain_text("other.tflite")
    expect(model).not_to_contain_text("Accuracy")


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
