"""Write the two files of a report, beside the model and named after it."""

from __future__ import annotations

from pathlib import Path

from edge.files import check_writable, write_output
from trainer.report.content import ReportContent
from trainer.report.model_card import render_card
from trainer.report.page import render_page


def report_paths(model: Path, suffix: str = "") -> tuple[Path, Path]:
    """The paths of the page and the card for the file ``model``: its name with ``suffix`` at the end."""
    return model.with_name(f"{model.stem}{suffix}.html"), model.with_name(f"{model.stem}{suffix}.md")


def check_report(paths: tuple[Path, Path], fix: str = "choose another --output") -> None:
    """Check, before the work, that a report can be written to ``paths``.

    Raises :class:`~edge.errors.StorageError` if it cannot; the message ends with ``fix``, which says what to do.
    """
    for path in paths:
        check_writable(path, example=path.name, fix=fix)


def write_report(content: ReportContent, paths: tuple[Path, Path]) -> None:
    """Write the page and the card to ``paths``; equal content and photos give equal bytes.

    Raises :class:`~edge.errors.StorageError` if they cannot be written.
    """
    for path, text in zip(paths, (render_page(content), render_card(content)), strict=True):
        # Python keeps file names that are not UTF-8 as lone surrogates, which cannot be encoded.
        write_output(path, text.encode("utf-8", "backslashreplace"))
