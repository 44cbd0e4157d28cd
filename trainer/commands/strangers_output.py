"""What ``trainer evaluate --strangers`` prints: how many strangers each setting lets through, and which."""

from __future__ import annotations

from typing import Any

from edge.shorten import shorten
from trainer.commands.evaluated_output import photo_counts
from trainer.evaluation.grouped_share import GroupedShare
from trainer.evaluation.strangers import Strangers
from trainer.report.number_format import percent
from trainer.terminal.tables import print_table

_NAMED = 10  # strangers with the highest scores; --json names all


def print_strangers(strangers: Strangers) -> None:
    """Print the table of the settings, how well known photos and strangers differ, and the worst strangers."""
    independent = strangers.accepted[0].known.independent
    print(
        f"\n{photo_counts(strangers.strangers, strangers.strangers)} of other things, and "
        f"{photo_counts(strangers.known, independent)} of the classes: the share that gets the name of a class"
    )
    rows = [[entry.setting, _share(entry.strangers), _share(entry.known)] for entry in strangers.accepted]
    print_table(["setting", "other things", "classes"], rows)
    told = [f"best score {strangers.score_auroc:.3f}"]
    if strangers.familiarity_auroc is not None:
        told.append(f"familiarity of --reject {strangers.familiarity_auroc:.3f}")
    print(f"AUROC, 0.5: no better than chance, 1: told apart always: {', '.join(told)}")
    if strangers.taken:
        print("other things with the highest scores of a class:")
    for taken in strangers.taken[:_NAMED]:
        rejected = ", unknown with --reject" if taken.rejected else ""
        print(f"  {shorten(taken.path)}: {shorten(taken.label)} {taken.score:.3f}{rejected}")


def strangers_json(strangers: Strangers | None) -> dict[str, Any] | None:
    """``strangers`` with shares from 0 to 1; None if there are none."""
    if strangers is None:
        return None
    return {
        "strangers": strangers.strangers,
        "answered_unknown": strangers.unknown,
        "known": strangers.known,
        "auroc_score": round(strangers.score_auroc, 6),
        "auroc_familiarity": None if strangers.familiarity_auroc is None else round(strangers.familiarity_auroc, 6),
        "accepted": [
            {
                "setting": entry.setting,
                "strangers": _rounded(entry.strangers),
                "strangers_interval": [round(end, 6) for end in entry.strangers.interval],
                "known": _rounded(entry.known),
            }
            for entry in strangers.accepted
        ],
        "taken": [{**taken._asdict(), "score": round(taken.score, 6)} for taken in strangers.taken],
        "skipped": [entry._asdict() for entry in strangers.skipped],
    }


def _share(of: GroupedShare) -> str:
    return percent(of.share)


def _rounded(of: GroupedShare) -> float:
    assert of.share is not None  # there is a picture of each kind
    return round(of.share, 6)
