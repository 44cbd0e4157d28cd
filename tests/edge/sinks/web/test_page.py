"""What the web preview's page shows, in a real browser: headless Chromium on a real server on loopback."""

from __future__ import annotations

import re

from edge.sinks.web.sink import WebSink
from edge.statistics import StreamStatistics
from edge.types import UNKNOWN, Category
from support.web_client import port_of
from support.web_page import OpenPage, expect, pixel, wait_for_picture
from support.web_stream import CARD, Camera


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
        expect(page.locator("#state")).to_have_text("Live")  # first: three seconds without a frame are a stall
        expect(page.locator("#label")).to_have_text(colour)
        expect(page.locator("#score")).to_have_text(f"{100 * seen.score:.1f} %")
        expect(page.locator("#bars li.steady .name")).to_have_text(colour)
        expect(page.locator("#bars .name")).to_have_text([category.label for category in seen.categories])
        expect(page).to_have_title(f"{colour} – Edge for Poets")
        wait_for_picture(page, sequence)
        shown = pixel(page, 160, 200)
        assert shown.index(max(shown)) == channel
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
    """Without the server the page says so and dims; when the server runs again, picture and label are there again."""
    camera, page = Camera(), open_page()
    for _ in range(3):
        sink.write(camera.observe("red"))
    wait_for_picture(page, 2)
    sink.close()
    expect(page.locator("body")).to_have_attribute("data-state", "reconnecting")
    expect(page.locator("#notice")).to_contain_text("Reconnecting")
    expect(page.locator("#notice")).to_contain_text("The last frame is")
    expect(page.locator("#answer-title")).to_have_text("Last label")
    again = WebSink("127.0.0.1", port_of(sink), statistics, token=None)
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
    again = WebSink("127.0.0.1", port_of(first), statistics, token="s3cret")
    again.open()
    try:
        again.write(Camera().observe("red"))
        wait_for_picture(page, 0)
    finally:
        again.close()
    changed = WebSink("127.0.0.1", port_of(first), statistics, token="an0ther")
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


def test_labels_that_come_and_go(sink: WebSink, open_page: OpenPage) -> None:
    """Without labels the page says so and has no bars; when labels come, it shows them, and without them no more."""
    camera, page = Camera(), open_page()
    without = CARD._replace(sha256="f" * 64, labels=())
    nothing = {"label": UNKNOWN, "score": 0.0, "categories": (), "raw": (), "model": without}
    for _ in range(2):
        sink.write(camera.observe("red", **nothing))
        expect(page.locator("#label")).to_have_text("unknown")
        expect(page.locator("#score")).to_have_text("the model has no labels yet")
        expect(page.locator("#bars li")).to_have_count(0)
        expect(page.locator("#model")).to_contain_text("none yet")
        sink.write(camera.observe("red"))
        expect(page.locator("#label")).to_have_text("red")
        expect(page.locator("#bars li")).to_have_count(3)
        expect(page.locator("#model")).to_contain_text("3: blue, green, red")
    assert page.evaluate("fetch('observation.json').then(answer => answer.json())")["observation"]["label"] == "red"
