"""The tables of ``edge inspect``, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edge.inference.delegate import TAKES_NOTHING, DelegateChoice
from edge.printable import printable
from edge.text_table import aligned

_SHOWN_LABELS = 10
_SPLITS = ("training", "validation", "test")
_NOT_KNOWN = "not known"


def format_facts(facts: Mapping[str, Any]) -> str:
    """The facts of :mod:`edge.commands.inspect` as lines: the model, its photos by class and split, its training."""
    blocks = [list(_names_and_values(_model(facts)))]
    if facts["photos"]:
        blocks.append(list(_photos(facts["photos"])))
    if facts["training"]:
        values = {name.replace("_", " "): _text(value) for name, value in facts["training"].items()}
        blocks.append(["training", *(f"  {line}" for line in _names_and_values(values))])
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks)


def _model(facts: Mapping[str, Any]) -> dict[str, str]:
    labels = facts["labels"]
    accuracy, threshold = facts["test_accuracy"], facts["score_threshold"]
    return {
        "architecture": _text(facts["architecture"]),
        "quantization": _text(facts["quantization"]),
        "labels": f"{len(labels)}: {', '.join(labels[:_SHOWN_LABELS])}{', ...' if len(labels) > _SHOWN_LABELS else ''}",
        "test accuracy": _NOT_KNOWN if accuracy is None else f"{accuracy:.1%} of {_test_photos(facts)}",
        "score threshold": "none recommended" if threshold is None else _text(threshold),
        **({"rest of the world": _unknown(facts["unknown"])} if facts["unknown"] else {}),
        "rejects pictures": "yes, with --reject" if facts["rejects_strangers"] else "no: the file has no gate",
        "photos known": _known_photos(facts["known_photos"]),
        **({"remembered": _remembered(facts["remembered"])} if facts["remembered"] else {}),
        "input": facts["input"],
        "pixels": facts["pixels"],
        "output": facts["output"],
        "scores": facts["scores"],
        "size": f"{facts['size_bytes']} bytes",
        "sha256": facts["sha256"],
        "runs on": f"TensorFlow Lite {facts['minimum_runtime']} or newer" if facts["minimum_runtime"] else _NOT_KNOWN,
        "runtime here": facts["runtime"],
        **({"delegate": _delegate(facts["delegate"])} if facts["delegate"] else {}),
        "self-test": _self_test(facts["self_test"]),
    }


def _test_photos(facts: Mapping[str, Any]) -> str:
    photos, independent = facts["test_photos"], facts["independent_test_photos"]
    text = f"{photos} photos" if photos == independent else f"{independent} independent photos ({photos} in all)"
    training = facts["training"] or {}
    if training.get("final"):
        return f"{text}, measured before the head was fitted on all photos"
    return text + (", which may have trained it" if training.get("adopted_from") is not None else "")


def _known_photos(photos: Mapping[str, int] | None) -> str:
    if photos is None:
        return "none: the file does not say which photos it has seen"
    return f"{photos['training'] + photos['validation']:,} ({photos['size_bytes'] / 1000:.1f} kB)"


def _remembered(facts: Mapping[str, Any]) -> str:
    counts = facts["bottlenecks"].values()
    each = f"{min(counts)}" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"
    return f"{each} bottlenecks of each class ({facts['size_bytes'] / 1000:.1f} kB)"


def _unknown(facts: Mapping[str, Any]) -> str:
    taught = [f"{facts[name]:,} {name}" for name in ("photos", "directions", "drawings") if facts[name]]
    source = f"; directions: {facts['source']}" if facts["source"] else ""
    return f"the label {facts['label']}, which is no class, taught by {', '.join(taught) or 'nothing'}{source}"


def _delegate(facts: Mapping[str, Any]) -> str:
    choice, parts = DelegateChoice(facts["library"], tuple(facts["options"].items())), facts["parts"]
    if parts == 0:
        return f"{choice.text}; {TAKES_NOTHING}"
    known = "" if parts is None else f", in {parts} place{'s' * (parts > 1)} of the model"
    return f"{choice.text}{known}"


def _self_test(result: Mapping[str, Any] | None) -> str:
    if result is None:
        return "none: the model was not made by trainer retrain or trainer adopt"
    return (
        f"{'passed' if result['passed'] else 'FAILED'} (largest difference {result['largest_difference']:.4f}, "
        f"allowed {result['tolerance']:.4f})"
    )


def _photos(photos: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """One line for each class, and one for all; the columns are the splits."""
    splits = [split for split in _SPLITS if any(split in counts for counts in photos.values())]
    counts = {name: [by_split.get(split, 0) for split in splits] for name, by_split in sorted(photos.items())}
    rows = [[name, *map(str, numbers)] for name, numbers in counts.items()]
    total = ["all classes", *(str(sum(column)) for column in zip(*counts.values(), strict=True))]
    yield from aligned([["photos", *splits], *rows, total])


def _names_and_values(values: Mapping[str, str]) -> Iterator[str]:
    shown = [(printable(name), printable(value)) for name, value in values.items()]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        yield f"{name.ljust(width)}  {value}".rstrip()


def _text(value: object) -> str:
    if value is None:
        return _NOT_KNOWN
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) or "none"
