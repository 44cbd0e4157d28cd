"""Recording on the page, by mouse, finger and keyboard."""

from __future__ import annotations

import pytest

from support.teach_page import (
    Finger,
    add_class,
    column,
    expect_one_recording,
    hold_button,
    mouse_held,
    photos_of,
    wait_for_photos,
)
from support.teach_stream import TeachingStream
from support.waiting import wait_for
from support.web_page import OpenPage, expect
from trainer.teach.state import CLASS


def wait_for_end(taught: TeachingStream) -> None:
    """Wait until nothing is recorded."""
    recorder = taught.session.recorder
    assert recorder is not None
    wait_for(lambda: recorder.recording is None)


def test_from_nothing_to_an_answer(taught: TeachingStream, open_page: OpenPage) -> None:
    """Two classes, each held once, by mouse and by digit: the label of the live picture is right."""
    page = open_page()
    expect(page.get_by_text("Teach the camera what it sees")).to_be_visible()
    expect(page.locator("#label")).to_have_text("nothing learnt yet")
    expect(page.get_by_label("Add a class")).to_be_focused()
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Teach the camera what it sees")).to_be_hidden()
    add_class(page, "green")
    with mouse_held(page, hold_button(page, "red")):
        expect(column(page, "red")).to_have_class("card column recording")
        expect(hold_button(page, "red")).to_contain_text("kept")
        wait_for_photos(taught, "red", 3)
    wait_for_end(taught)
    expect(page.locator("#learning")).to_have_text("Show one class more, and the model begins to answer.")
    taught.camera.shown = "green"
    page.locator("#stage").click()
    page.keyboard.down("2")
    wait_for_photos(taught, "green", 3)
    page.keyboard.up("2")
    wait_for_end(taught)
    expect(page.locator("#label")).to_have_text("green")
    expect(page.locator("#bars .name")).to_have_text(["green", "red"])
    expect_one_recording(page, taught, "green")
    expect(column(page, "green").locator(".newest .times")).to_have_text([f"×{photos_of(taught, 'green')}"])
    taught.camera.shown = "red"
    expect(page.locator("#label")).to_have_text("red")
    expect(page.locator("#learning")).to_contain_text("Learnt in")


@pytest.mark.parametrize("way", ["leaves", "blur", "hidden", "another view", "Escape from the page"])
def test_recording_ends(taught: TeachingStream, open_page: OpenPage, way: str) -> None:
    """Recording ends if the pointer leaves the button, the window loses the focus, or the page is not shown."""
    taught.session.add_class("red")
    page = open_page()
    hold_button(page, "red").hover()
    page.mouse.down()
    wait_for_photos(taught, "red", 1)
    if way == "leaves":
        page.locator("#stage").hover()
    elif way == "blur":
        page.evaluate("dispatchEvent(new Event('blur'))")
    elif way == "hidden":
        page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    elif way == "another view":
        page.evaluate("location.hash = '#review'")
    else:
        page.goto("about:blank")
    wait_for_end(taught)


def test_a_button_that_moves_is_still_held(taught: TeachingStream, open_page: OpenPage) -> None:
    """If the page grows above the button, recording goes on until the pointer itself moves away."""
    taught.session.add_class("red")
    page = open_page()
    hold_button(page, "red").hover()
    page.mouse.down()
    wait_for_photos(taught, "red", 1)
    page.evaluate("document.getElementById('taught').style.marginTop = '300px'")
    wait_for_photos(taught, "red", photos_of(taught, "red") + 4)
    page.mouse.move(700, 60)
    wait_for_end(taught)


def test_one_hold_after_the_other(taught: TeachingStream, open_page: OpenPage) -> None:
    """A button can be pressed again immediately, and another one after it; each hold is a recording of its own."""
    taught.session.add_class("red")
    taught.session.add_class("green")
    page = open_page()
    for count, label in enumerate(("red", "red", "red", "green"), start=1):
        with mouse_held(page, hold_button(page, label)):
            wait_for(lambda: len({photo.hold for photo in taught.session.folders.of(CLASS)}) == count)  # noqa: B023
    wait_for_end(taught)
    expect(page.locator(".toast")).to_have_count(0)
    expect(column(page, "red").locator(".counts")).to_contain_text("3 recordings")


def test_a_finger_records(taught: TeachingStream, open_page: OpenPage) -> None:
    """A long touch records and opens no menu; a finger that slides off the button ends it; the page does not scroll."""
    taught.session.add_class("red")
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    button, finger = hold_button(page, "red"), Finger(page)
    finger.down(button)
    wait_for_photos(taught, "red", 4)
    assert button.evaluate("(it) => !it.dispatchEvent(new MouseEvent('contextmenu', {cancelable: true}))")
    assert page.evaluate("() => getSelection().toString()") == ""
    finger.up()
    wait_for_end(taught)
    before = photos_of(taught, "red")
    finger.down(button)
    wait_for_photos(taught, "red", before + 1)
    scrolled = page.evaluate("() => scrollY")
    finger.move(0, -200)
    wait_for_end(taught)
    finger.up()
    assert page.evaluate("() => scrollY") == scrolled


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_space_and_enter_hold_the_button(taught: TeachingStream, open_page: OpenPage, key: str) -> None:
    """The button records while space or enter is held on it, and not after."""
    taught.session.add_class("red")
    page = open_page()
    hold_button(page, "red").focus()
    page.keyboard.down(key)
    page.keyboard.down(key)  # the repetition of a held key
    wait_for_photos(taught, "red", 2)
    page.keyboard.up(key)
    wait_for_end(taught)
    expect(hold_button(page, "red")).to_have_text("Hold to record")
    assert len({photo.hold for photo in taught.session.folders.of(CLASS)}) == 1


def test_a_press_without_pointer_or_key_starts_and_ends(taught: TeachingStream, open_page: OpenPage) -> None:
    """What a screen reader does to the button: the first press starts, the second one ends."""
    taught.session.add_class("red")
    page = open_page()
    hold_button(page, "red").evaluate("(button) => button.click()")
    wait_for_photos(taught, "red", 1)
    hold_button(page, "red").evaluate("(button) => button.click()")
    wait_for_end(taught)
    expect(page.locator("#announcer")).to_contain_text("recorded")


def test_digits_that_are_typed_do_not_record(taught: TeachingStream, open_page: OpenPage) -> None:
    """A digit in the name of a class is a digit."""
    taught.session.add_class("red")
    page = open_page()
    page.get_by_label("Add a class").focus()
    page.keyboard.type("1")
    assert taught.session.recorder is not None and taught.session.recorder.recording is None
    page.keyboard.press("Enter")
    expect(column(page, "1")).to_be_visible()
