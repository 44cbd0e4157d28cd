"""Teaching on the page: classes, photos from files, and what the page shows of the session."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support import tiny
from support.colours import encoded
from support.teach_page import (
    add_class,
    column,
    expect_one_recording,
    hold_button,
    mouse_held,
    photos_of,
    wait_for_photos,
)
from support.teach_stream import TeachingStream, teaching_stream
from support.web_page import OpenPage, Page, expect
from trainer.progress import Stage


def choose(page: Page, name: str, item: str) -> None:
    """Choose from the menu of a class."""
    page.get_by_role("button", name=f"Change {name}", exact=True).click()
    column(page, name).get_by_role("button", name=item).click()


def test_classes_change_and_change_back(taught: TeachingStream, open_page: OpenPage) -> None:
    """Rename, merge and delete, and undo by the notification, by the keys and by the button."""
    for label in ("red", "green", "blue"):
        taught.add(label, 2)
    page = open_page()
    choose(page, "red", "Rename")
    expect(page.get_by_label("New name")).to_be_focused()
    page.keyboard.type("green")
    page.keyboard.press("Enter")
    expect(page.locator("#question-error")).to_contain_text("already")
    page.get_by_label("New name").fill("crimson")
    page.keyboard.press("Enter")
    expect(column(page, "crimson").locator(".counts")).to_have_text("2 photos")
    choose(page, "green", "Merge")
    page.get_by_label("All photos of green go to").select_option("blue")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(column(page, "blue").locator(".counts")).to_have_text("4 photos")
    expect(column(page, "green")).to_have_count(0)
    choose(page, "blue", "Delete")
    expect(column(page, "blue")).to_have_count(0)
    assert not (taught.folder / "blue").exists()
    page.locator("#toasts .toast").last.get_by_role("button", name="Undo").click()
    expect(column(page, "blue").locator(".counts")).to_have_text("4 photos")
    page.keyboard.press("Control+z")
    expect(column(page, "green").locator(".counts")).to_have_text("2 photos")
    page.locator("#undo").click()
    expect(column(page, "red")).to_be_visible()
    page.keyboard.press("Control+Shift+Z")
    expect(column(page, "crimson")).to_be_visible()
    page.locator("#redo").click()
    expect(column(page, "blue").locator(".counts")).to_have_text("4 photos")


def test_nothing_is_suggested_once(taught: TeachingStream, open_page: OpenPage) -> None:
    """The counter-class comes with one click, and is not suggested again."""
    page = open_page()
    expect(page.get_by_role("button", name="Add “nothing”")).to_be_hidden()
    add_class(page, "red")
    page.get_by_role("button", name="Add “nothing”").click()
    expect(column(page, "nothing")).to_be_visible()
    expect(page.get_by_role("button", name="Add “nothing”")).to_be_hidden()
    assert taught.session.folders.classes == ("red", "nothing")


@pytest.mark.parametrize("name", ["a/b", "a:b", "..", ".hidden"])
def test_a_name_that_no_folder_can_have(taught: TeachingStream, open_page: OpenPage, name: str) -> None:
    """The reason is said, and the name stays in its field."""
    page = open_page()
    page.get_by_label("Add a class").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator(".toast.trouble")).to_contain_text(name)
    expect(page.locator(".toast.trouble")).to_contain_text("cannot")
    expect(page.get_by_label("Add a class")).to_have_value(name)


def painted(count: int, first: int = 0) -> list[dict[str, object]]:
    """Files as a browser's dialog gives them."""
    made = [encoded(tiny.paint("red", first + index), "PNG") for index in range(count)]
    return [{"name": f"{index}.png", "mimeType": "image/png", "buffer": content} for index, content in enumerate(made)]


def test_photos_from_files(taught: TeachingStream, open_page: OpenPage) -> None:
    """Many files are added with their number; the same ones again are not; a file that is no picture is named."""
    taught.session.add_class("red")
    taught.session.add_class("green")
    page = open_page()
    column(page, "red").get_by_label("Add photos").set_input_files(painted(12))  # type: ignore[arg-type]
    expect(page.locator(".toast")).to_contain_text("12 photos added to red")
    expect(column(page, "red").locator(".counts")).to_have_text("12 photos")
    expect(column(page, "red").locator(".newest li")).to_have_count(8)
    column(page, "red").get_by_label("Add photos").set_input_files(painted(3))  # type: ignore[arg-type]
    expect(page.locator(".toast").last).to_contain_text("3 were there already")
    column(page, "green").get_by_label("Add photos").set_input_files(painted(2))  # type: ignore[arg-type]
    expect(page.locator(".toast").last).to_contain_text("2 are in another class and stayed there")
    broken = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}
    column(page, "green").get_by_label("Add photos").set_input_files([broken])  # type: ignore[list-item]
    expect(page.locator(".toast.trouble")).to_contain_text("text.jpg")
    assert photos_of(taught, "red") == 12 and photos_of(taught, "green") == 0


def test_a_phone_offers_its_camera(taught: TeachingStream, open_page: OpenPage) -> None:
    """On a phone there is a second button, which opens the camera; both are large enough to touch."""
    taught.session.add_class("red")
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    camera = column(page, "red").get_by_label("Camera")
    assert camera.get_attribute("capture") == "environment" and camera.get_attribute("accept") == "image/*"
    for text in ("Add photos", "Camera"):
        box = column(page, "red").get_by_text(text).bounding_box()
        assert box is not None and box["height"] >= 40 and box["width"] >= 44


def test_files_dropped_onto_a_class(taught: TeachingStream, open_page: OpenPage) -> None:
    """Files that are dropped onto a column become its photos; dropped elsewhere they do nothing."""
    taught.session.add_class("red")
    page = open_page()
    data = page.evaluate_handle(
        """(bytes) => { const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "dropped.png", {type: "image/png"})); return data; }""",
        list(encoded(tiny.paint("red", 5), "PNG")),
    )
    target = column(page, "red")
    target.dispatch_event("dragenter", {"dataTransfer": data})
    expect(target).to_have_class("card column dropping")
    target.dispatch_event("drop", {"dataTransfer": data})
    expect(target.locator(".counts")).to_have_text("1 photo")
    expect(target).to_have_class("card column")
    page.locator("#stage").dispatch_event("drop", {"dataTransfer": data})
    assert photos_of(taught, "red") == 1


def test_two_browsers_see_the_same(taught: TeachingStream, open_page: OpenPage) -> None:
    """What one browser does is shown by the other one: classes, recording, photos."""
    one, other = open_page(), open_page()
    add_class(one, "red")
    expect(column(other, "red")).to_be_visible()
    with mouse_held(one, hold_button(one, "red")):
        expect(column(other, "red")).to_have_class("card column recording")
        wait_for_photos(taught, "red", 2)
    expect(column(other, "red")).to_have_class("card column")
    expect_one_recording(other, taught, "red")
    choose(other, "red", "Delete")
    expect(column(one, "red")).to_have_count(0)


def test_without_a_camera(taught: TeachingStream, open_page: OpenPage) -> None:
    """A camera that is silent is said; photos from files are learnt all the same."""
    taught.camera.shown = None
    taught.add("red", 3)
    page = open_page()
    expect(page.locator("#notice-title")).to_be_visible()
    column(page, "red").get_by_label("Add photos").set_input_files(painted(2, first=50))  # type: ignore[arg-type]
    expect(column(page, "red").locator(".counts")).to_have_text("5 photos")


def test_the_page_recovers_after_a_restart(tmp_path: Path, open_page: OpenPage) -> None:
    """Without the session the page says so; when it runs again, everything is there, without a click."""
    with teaching_stream(tmp_path / "again") as first:
        first.add("red", 3)
        page = open_page(url=first.url)
        expect(column(page, "red").locator(".counts")).to_have_text("3 photos")
    expect(page.locator("#state")).to_have_text("Reconnecting")
    expect(page.locator("#notice")).to_contain_text("Nothing is lost")
    port = int(first.url.rstrip("/").rpartition(":")[2])
    with teaching_stream(tmp_path / "again", port=port) as again:
        expect(page.locator("#state")).to_have_text("Live")
        again.add("green", 2)
        expect(column(page, "green").locator(".counts")).to_have_text("2 photos")


def test_what_is_known_of_a_class(taught: TeachingStream, open_page: OpenPage) -> None:
    """Below a number of photos it is not enough to say; above, the share of independent photos is shown."""
    taught.add("red", 1)
    taught.add("green", 1)
    page = open_page()
    expect(column(page, "red").locator(".right")).to_have_text("not enough to say")
    for label in ("red", "green"):
        taught.add(label, 20, first=1)
    expect(column(page, "red").locator(".right")).to_have_text(re.compile(r"^\d+ % of 21$"))
    expect(page.locator("#right")).to_have_text(re.compile(r"^\d+ % of 42 are named correctly$"))
    expect(page.locator("#worth")).not_to_be_empty()


def test_work_that_takes_long_moves_nothing(taught: TeachingStream, open_page: OpenPage) -> None:
    """Work is shown with its progress, and the buttons stay where they are."""
    taught.session.add_class("red")
    page = open_page()
    expect(page.locator("#picture")).to_have_attribute("data-sequence", re.compile(r"\d"))  # it has its place by now
    before = hold_button(page, "red").bounding_box()
    taught.session.learning.work = Stage("bottlenecks", 3, 60)
    taught.session.announce()
    expect(page.locator("#work li")).to_have_text("bottlenecks3 of 60")
    assert page.locator("#work progress").evaluate("(bar) => bar.position") == pytest.approx(0.05)
    assert hold_button(page, "red").bounding_box() == before
    taught.session.learning.work = None
    taught.session.announce()
    expect(page.locator("#work li")).to_have_count(0)


def test_messages_of_the_session(taught: TeachingStream, open_page: OpenPage) -> None:
    """A line of the session is shown when it comes, and kept in the list."""
    page = open_page()
    expect(page.get_by_text("Teach the camera what it sees")).to_be_visible()  # what the session was before is known
    taught.session.message("the disk is full")
    expect(page.locator(".toast")).to_contain_text("the disk is full")
    page.locator("#messages summary").click()
    expect(page.locator("#message-list li")).to_contain_text("the disk is full")


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)><b>bold", "W" * 200, "two  blanks"])
def test_any_name_is_text_and_fits_a_phone(tmp_path: Path, open_page: OpenPage, name: str) -> None:
    """The name of a folder that was there is text, never HTML, and the page does not scroll sideways for a long one."""
    (tmp_path / "photos" / name).mkdir(parents=True)
    (tmp_path / "photos" / name / "1.png").write_bytes(encoded(tiny.paint("red", 1), "PNG"))
    with teaching_stream(tmp_path / "photos") as taught:
        page = open_page(url=taught.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        title = page.locator(".column h3")
        expect(title).to_be_visible()
        assert title.evaluate("(element) => element.textContent") == name
        for view in ("teach", "review", "hand-over"):
            page.evaluate(f"location.hash = '#{view}'")
            expect(page.locator(f"#{view}-view")).to_be_visible()
            assert page.evaluate("() => document.documentElement.scrollWidth") == 390, view
        expect(page.locator("#assign .of-class")).to_have_count(1)
        assert page.locator("b").count() == 0
