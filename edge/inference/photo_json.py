"""A labelled photo as plain values for JSON: what ``edge label --json`` prints and ``edge serve`` answers."""

from __future__ import annotations

from edge.types import LabelledPhoto


def describe_photo(photo: LabelledPhoto) -> dict[str, object]:
    """``{"path", "labels", "scores", "latency_ms"}``, or ``{"path", "error"}`` for a photo that was skipped.

    Labels and scores are in the same order, best first. If the gate was asked, ``"label"`` is
    :attr:`edge.types.Classification.label`, and ``"rejected"`` is true or false.
    """
    record: dict[str, object] = {"path": str(photo.path)}
    if photo.classification is None:
        record["error"] = photo.error
        return record
    categories = photo.classification.categories
    record["labels"] = [category.label for category in categories]
    record["scores"] = [round(category.score, 6) for category in categories]
    if photo.classification.rejected is not None:
        record["label"] = photo.classification.label
        record["rejected"] = photo.classification.rejected
    record["latency_ms"] = round(photo.classification.latency_ms, 3)
    return record
