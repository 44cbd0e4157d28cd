"""Lines that say how a folder of photos was understood, or what about its folders is doubtful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from edge.shorten import list_names, shorten
from trainer.photos.layout import ABOVE, Folders, Layout, agreement, by_first, photo_folders, split_of
from trainer.photos.split import SPLITS, TRAINING

_MOST_NAMES = 6


def layout_messages(paths: Sequence[str], layout: Layout) -> list[str]:
    """What to say about the files with these relative ``paths``, read as ``layout``; nothing if all is as expected."""
    depth = len(layout.top)
    photos = [folders[depth:] for folders in photo_folders(paths) if folders[:depth] == layout.top]
    if layout.splits is not None:
        return [_split_message(photos, layout)]
    return [message for message in (_level_message(photos, layout), _doubt(photos)) if message]


def alike_messages(labels: Iterable[str]) -> list[str]:
    """A question, if ``labels`` differ in upper and lower case or in outer blanks alone."""
    alike: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        alike[label.casefold().strip()].append(label)
    found = [" and ".join(repr(shorten(label)) for label in same) for same in alike.values() if len(same) > 1]
    if not found:
        return []
    return [f"the classes {list_names(found, _MOST_NAMES)} differ in case or blanks alone; are they one class?"]


def taken_from_training(given: Iterable[str | None]) -> str:
    """Where photos of a split come from that is not among the ``given`` ones, for the end of a message."""
    missing = [split for split in SPLITS if split not in given]
    if not missing or TRAINING in missing:
        return ""
    return f"; {' and '.join(missing)} photos are taken from the training photos"


def _split_message(photos: Sequence[Folders], layout: Layout) -> str:
    if layout.splits == ABOVE:
        names = {name for name in by_first(photos) if split_of(name)}
        top, where, instead = "".join(f"{name}/" for name in layout.top), "", "takes them as classes"
    else:
        names = {name for inner in by_first(photos).values() for name in by_first(inner)}
        top, where, instead = "", " in each class folder", "takes all photos of a class together"
    are = f"{'are' if len(names) > 1 else 'is'} the split{taken_from_training({split_of(name) for name in names})}"
    return f"{_listed(names, top)}{where} {are}; --layout classes {instead}"


def _level_message(photos: Sequence[Folders], layout: Layout) -> str:
    if layout.top:
        names = list_names(sorted(by_first(photos)), _MOST_NAMES)
        first = f"--layout classes takes {shorten(layout.top[0])}/ as a class"
        return f"the classes are the folders in {shorten('/'.join(layout.top))}/: {names}; {first}"
    deep = next((folders for folders in photos if len(folders) > 1), None)
    if deep is None:
        return ""
    example = f"those in {shorten('/'.join(deep))}/ to {shorten(deep[0])}/"
    return f"photos in deeper folders belong to the class of the first folder, for example {example}"


def _doubt(photos: Sequence[Folders]) -> str:
    """Why folders that are named like a split are not the split; empty if there are none."""
    tops = by_first(photos)
    named = [name for name in tops if split_of(name)]
    others = sorted(name for name in tops if not split_of(name))
    if named and not others:
        _, classes = agreement([folders for folders in photos if folders])
        differ = all(classes.values())
        why = "their class folders differ" if differ else "most photos are not in class folders inside them"
    elif len({split_of(name) for name in named}) > 1:
        why = f"other folders are beside them: {list_names(others, _MOST_NAMES)}"
    else:
        return _doubt_inside(tops)
    return f"{_listed(named)} {'are classes' if len(named) > 1 else 'is a class'}, not the split, because {why}"


def _doubt_inside(tops: dict[str, list[Folders]]) -> str:
    for name, inner in tops.items():
        named = [folder for folder in by_first(inner) if split_of(folder)]
        if len({split_of(folder) for folder in named}) > 1:
            why = "every class folder would need them, and no other folders"
            return f"{_listed(named)} in {shorten(name)}/ are not the split: {why}"
    return ""


def _listed(names: Iterable[str], top: str = "") -> str:
    """The split folders ``names`` in the folder ``top``, in the order of the splits: ``train/, valid/ and test/``."""
    ordered = sorted(names, key=lambda name: (SPLITS.index(split_of(name) or ""), name))
    written = [shorten(f"{top}{name}/") for name in ordered]
    return " and ".join([", ".join(written[:-1]), written[-1]] if len(written) > 1 else written)
