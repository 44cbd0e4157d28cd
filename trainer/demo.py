"""The first and the last step of the demo: draw the photos, and draw the labels that the model gave them."""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from edge.errors import DatasetError
from edge.files import write_whole
from edge.run_command import run_command
from trainer.photos.drawn_flowers import KINDS, draw_flower, draw_flower_folder
from trainer.progress import Progress
from trainer.terminal.progress_bars import TerminalProgress

PER_KIND = 48
NEW_PER_KIND = 4

_NEW_SEED = 1_000_000  # far from the seeds of the training photos
_COLUMNS, _TILE, _CAPTION = 5, 200, 26
_PAPER, _RIGHT, _WRONG = (250, 250, 247), (27, 94, 32), (183, 28, 28)


def draw_photos(folder: Path, progress: Progress) -> None:
    """Draw the training photos into ``folder/photos`` and flowers for the model to label into ``folder/new``."""
    total = len(KINDS) * PER_KIND
    with progress.stage("drawing flowers", total) as advance:
        for _ in draw_flower_folder(folder / "photos", PER_KIND):
            advance(1)
    (folder / "new").mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        for index in range(NEW_PER_KIND):
            draw_flower(kind, _NEW_SEED + index).save(folder / "new" / f"{index}-{kind}.jpg", quality=90)


def draw_labels(folder: Path) -> Path:
    """Draw the flowers of ``folder/labels.jsonl`` with the model's labels under them; returns the picture's path.

    Raises :class:`~edge.errors.DatasetError` if there are no labels to draw.
    """
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    photos = [photo for photo in map(json.loads, lines) if photo.get("labels")]
    if not photos:
        raise DatasetError(f"{folder / 'labels.jsonl'}: no labels in it; run make demo from the start")
    rows = -(-len(photos) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (_TILE + 8) + 8, rows * (_TILE + _CAPTION + 8) + 8), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for index, photo in enumerate(photos):
        x = 8 + index % _COLUMNS * (_TILE + 8)
        y = 8 + index // _COLUMNS * (_TILE + _CAPTION + 8)
        with Image.open(photo["path"]) as flower:
            sheet.paste(flower.convert("RGB").resize((_TILE, _TILE)), (x, y))
        label, score = photo["labels"][0], photo["scores"][0]
        ink = _RIGHT if label in Path(photo["path"]).stem else _WRONG
        pen.text((x + _TILE / 2, y + _TILE + _CAPTION / 2), f"{label}  {100 * score:.0f} %", ink, font, anchor="mm")
    path = folder / "labels.jpg"
    encoded = io.BytesIO()
    sheet.save(encoded, "JPEG", quality=85)
    write_whole(path, encoded.getvalue())
    return path


def main() -> int:
    """Run ``python -m trainer.demo draw|picture FOLDER``."""
    parser = argparse.ArgumentParser(prog="python -m trainer.demo")
    parser.add_argument("step", choices=["draw", "picture"])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.step == "draw":
        return run_command("demo", lambda: draw_photos(options.folder, TerminalProgress()))
    return run_command("demo", lambda: print(f"Look at {draw_labels(options.folder)}"))


if __name__ == "__main__":
    sys.exit(main())
