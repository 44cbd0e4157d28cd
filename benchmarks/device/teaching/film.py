"""From nothing to a model on the device: a session of three classes in a browser, photographed and timed."""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.device.chromium import chromium
from benchmarks.device.teaching.session_process import STORE, TeachProcess, backbone_file, teach_process
from benchmarks.device.teaching.shown_camera import ShownCamera
from edge.parallel import available_cores
from edge.store.layout import Store
from edge.store.state import read_state
from trainer.photos.drawn_flowers import draw_flower
from trainer.progress import Progress

CLASSES = ("daisy", "sunflowers", "tulips")
PHOTOS = 20
"""How many photos of each class are recorded."""
HOLDS = 10
"""In how many holds: the photos of one hold count as one."""
HELD_BACK = 8
"""How many other flowers of each class are shown at the end."""

_WINDOW = {"width": 1280, "height": 880}
_PICTURE = (960, 660)
_FLOWER_S = 0.25  # the time for which one flower is shown: a session records five frames a second
_LIMIT_MS = 60_000
_SIZE = (640, 480)


def make(backbone: Path, progress: Progress) -> tuple[list[Image.Image], dict[str, Any]]:
    """Teach :data:`CLASSES` with the model file ``backbone``; four pictures of the page, and the seconds of each step.

    Raises the errors of :func:`~benchmarks.device.chromium.chromium` and
    :func:`~benchmarks.device.teaching.session_process.teach_process`.
    """
    camera = ShownCamera()
    camera.show(_flower("daisy", 0))
    with tempfile.TemporaryDirectory() as name, camera.running(), chromium() as browser:
        scratch = Path(name)
        with teach_process(camera.address, scratch, *backbone_file(backbone)) as session:
            page = browser.new_page(viewport=_WINDOW, color_scheme="light")
            page.set_default_timeout(_LIMIT_MS)
            film = _Film(page, camera, session, progress)
            film.teach()
            film.ask()
            film.save()
        film.row["current_model"] = bool(read_state(Store(scratch / STORE)).current)
    return film.pictures, film.row


class _Film:
    """One session: what was photographed, and how long each step took."""

    def __init__(self, page: Any, camera: ShownCamera, session: TeachProcess, progress: Progress) -> None:
        self._page, self._camera, self._session, self._progress = page, camera, session, progress
        self.pictures: list[Image.Image] = []
        self.row: dict[str, Any] = {"cores": available_cores(), "start_s": round(session.started_s, 2)}

    def teach(self) -> None:
        """Add the classes, and hold the button of each until it has its photos."""
        page = self._page
        with self._timed("open_the_page_s"):
            page.goto(self._session.url)
            page.locator("body[data-state=live]").wait_for()
        with self._timed("add_classes_s"):
            for label in CLASSES:
                page.get_by_label("Add a class").fill(label)
                page.keyboard.press("Enter")
                self._column(label).wait_for()
        for number, label in enumerate(CLASSES):
            with self._progress.stage(label), self._timed(f"record_{label}_s"):
                self._record(label, first_picture=number == 0)
        with self._timed("first_right_answer_s"):
            page.locator("#label", has_text=CLASSES[-1]).wait_for()
        with self._timed("figures_s"):
            page.locator(".column.recording").wait_for(state="detached")
            self._session.wait_until_idle(_LIMIT_MS / 1000)
        page.locator("#learning", has_text="Learnt in").wait_for()
        page.locator("#right", has_text="%").wait_for()
        self._photograph()

    def ask(self) -> None:
        """Show flowers that were not recorded; count the right answers."""
        right = 0
        for label in CLASSES:
            for number in range(HELD_BACK):
                self._camera.show(_flower(label, 900 + number))
                self._page.wait_for_timeout(1000)
                right += self._page.locator("#label").text_content() == label
        self.row |= {"shown_flowers": len(CLASSES) * HELD_BACK, "named_correctly": right}
        self._page.get_by_role("link", name="Review").click()
        self._page.locator("#photo-12 img").wait_for()
        self._page.wait_for_timeout(500)
        self._page.locator("#photo-3").click()
        self._page.locator("#photo-6").click(modifiers=["Shift"])
        self._photograph()

    def save(self) -> None:
        """Save the model and wait until the store's model runs."""
        page = self._page
        page.get_by_role("link", name="Hand over").click()
        with self._timed("save_until_it_runs_s"):
            page.get_by_role("button", name="Save").click()
            page.locator("#model-state", has_text="Running").wait_for()
        self._photograph()

    def _record(self, label: str, *, first_picture: bool) -> None:
        page, seed = self._page, 0
        for hold in range(HOLDS):
            page.get_by_role("button", name=f"Record {label}").hover()
            page.mouse.down()
            while self._photos(label) < PHOTOS * (hold + 1) // HOLDS:
                self._camera.show(_flower(label, seed))
                page.wait_for_timeout(1000 * _FLOWER_S)
                seed += 1
            if first_picture and hold == HOLDS // 2:
                self._photograph()
            page.mouse.up()

    def _photos(self, label: str) -> int:
        return int((self._column(label).locator(".counts").text_content() or "0").split()[0])

    def _column(self, label: str) -> Any:
        return self._page.get_by_role("listitem", name=label, exact=True)

    def _photograph(self) -> None:
        picture = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        self.pictures.append(picture.resize(_PICTURE, Image.Resampling.LANCZOS))

    @contextlib.contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started_s = time.monotonic()
        yield
        self.row[name] = round(time.monotonic() - started_s, 2)


def side_by_side(pictures: list[Image.Image], gap: int = 12) -> Image.Image:
    """Four pictures of one size in two rows, with ``gap`` pixels of white between them."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (2 * width + gap, 2 * height + gap), "white")
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % 2 * (width + gap), number // 2 * (height + gap)))
    return sheet


def _flower(label: str, seed: int) -> Image.Image:
    """A drawn flower as a camera shows it: (480, 640) pixels, not upright ones."""
    picture = draw_flower(label, seed, max(_SIZE))
    return picture if picture.size == _SIZE else picture.rotate(90, expand=True)
