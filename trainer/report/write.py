"""The two files of a report, beside the model and named after it."""

from __future__ import annotations

from pathlib import Path

from edge.files import check_writable, write_whole
from trainer.report.content import ReportContent
from trainer.report.model_card import render_card
from trainer.report.page import render_page


def report_paths(model: Path, suffix: str = "") -> tuple[Path, Path]:
    """Where the page and the card of the file ``model`` go; ``suffix`` is put behind its name."""
    return model.with_name(f"{model.stem}{suffix}.html"), model.with_name(f"{model.stem}{suffix}.md")


def check_report(paths: tuple[Path, Path], remedy: str = "choose another --output") -> None:
    """Make sure, before the work, that a report can be written; ``remedy`` tells what to do where it cannot.

    Raises :class:`~edge.errors.StorageError` where it cannot.
    """
    for path in paths:
        check_writable(path, path.name, remedy)


def write_report(content: ReportContent, paths: tuple[Path, Path]) -> None:
    """Write the page and the card; the same content and photos give the same bytes.

    Raises :class:`~edge.errors.StorageError` where they cannot be written.
    """
    for path, text in zip(paths, (render_page(content), render_card(content)), strict=True):
        # File names that are no UTF-8 are kept by Python as lone surrogates, which no file can hold.
        write_whole(path, text.encode("utf-8", "backslashreplace"))
