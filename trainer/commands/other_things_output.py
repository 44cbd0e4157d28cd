"""What ``trainer retrain`` prints about other things: pictures of none of the classes that did not teach the model."""

from __future__ import annotations

from typing import Any

from trainer.retraining.other_things import OtherThings


def other_things_line(found: OtherThings) -> str:
    """One line: how many of each kind get the name of a class, with every answer and with ``--reject``."""
    every = [f"{kind.named[0]:,} of {kind.pictures:,} {kind.kind}" for kind in found.strange]
    line = f"other things that did not teach it and get the name of a class: {_listed(every)}"
    if "--reject" in found.settings:
        place = found.settings.index("--reject")
        line += f"; with --reject {_listed([f'{kind.named[place]:,}' for kind in found.strange])}"
    return f"{line}; photos of yours are the true measure: trainer evaluate --strangers FOLDER"


def other_things_json(found: OtherThings) -> dict[str, Any]:
    """The counts of ``found``, one of each kind for each setting."""
    return {
        "settings": found.settings,
        "named": {kind.kind: {"pictures": kind.pictures, "named": kind.named} for kind in found.strange},
        "known": {"pictures": found.known.pictures, "named": found.known.named},
    }


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
