"""The page of a teaching session in headless Chromium: what the tests of it do again and again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from support.web_page import Page, expect  # isort: skip  # skips the module if there is no playwright
from playwright.sync_api import Locator

from support.teach_stream import TeachingStream
from support.waiting import wait_for
from trainer.teach.state import CLASS


def column(page: Page, name: str) -> Locator:
    """The column of a class."""
    return page.get_by_role("listitem", name=name, exact=True)


def hold_button(page: Page, name: str) -> Locator:
    """The button that records for a class."""
    return page.get_by_role("button", name=f"Record {name}: hold")


def add_class(page: Page, name: str) -> None:
    """Type the name of a class, and wait for its column."""
    page.get_by_label("Add a class").fill(name)
    page.get_by_label("Add a class").press("Enter")
    expect(column(page, name)).to_be_visible()


@contextlib.contextmanager
def mouse_held(page: Page, target: Locator) -> Iterator[None]:
    """Hold the mouse on ``target``."""
    target.hover()
    page.mouse.down()
    yield
    page.mouse.up()


def photos_of(taught: TeachingStream, label: str, place: str = CLASS) -> int:
    """How many photos of the class are in the place, on the disk."""
    return len(taught.session.folders.of(place, label))


def wait_for_photos(taught: TeachingStream, label: str, least: int) -> None:
    """Wait until the class has ``least`` photos or more."""
    wait_for(lambda: photos_of(taught, label) >= least)


def expect_one_recording(page: Page, taught: TeachingStream, label: str) -> None:
    """Wait until ``page`` shows as many photos of ``label`` as there are, all of one recording.

    The frame that was taken last is saved after the end of the recording.
    """
    counts = column(page, label).locator(".counts")
    wait_for(lambda: counts.text_content() == f"{photos_of(taught, label)} photos, 1 recording")


class Finger:
    """One finger on the screen of ``page``."""

    def __init__(self, page: Page) -> None:
        self._send = page.context.new_cdp_session(page).send

    def down(self, target: Locator) -> None:
        """Put it on the middle of ``target``."""
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        self.x, self.y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self._touch("touchStart", self.x, self.y)

    def move(self, across: float, down: float) -> None:
        """Move it by pixels."""
        self.x, self.y = self.x + across, self.y + down
        self._touch("touchMove", self.x, self.y)

    def up(self) -> None:
        """Lift it."""
        self._send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def _touch(self, kind: str, x: float, y: float) -> None:
        self._send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})


def open_review(page: Page, photos: int) -> None:
    """Go to the review, and wait until it shows that there are ``photos`` in the list."""
    page.get_by_role("link", name="Review").click()
    expect(page.locator("#review-total")).to_have_text(f"{photos} photo{'' if photos == 1 else 's'}")


def selected(page: Page) -> int:
    """The number of cells that are shown as selected."""
    return page.locator(".cell[aria-selected=true]:visible").count()
