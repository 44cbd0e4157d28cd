"""Groups of photos that depend on each other, as far as their names show it: names of copies of one photo."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from trainer.photos.grouping import Grouping, natural_order, stem_of
from trainer.photos.split import photo_group

_ROBOFLOW = re.compile(r"(.+)\.rf\.[0-9a-z]{20,40}", re.DOTALL)
"""Roboflow writes photo ``tulip.jpg`` and its augmented copies as ``tulip_jpg.rf.<hash>.jpg``."""

_AUGMENTOR = re.compile(r".+_original_(.+)_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.DOTALL)
"""Augmentor writes copies of ``tulip.jpg`` as ``FOLDER_original_tulip.jpg_<uuid>.jpg``."""

_SUFFIX = re.compile(
    r"""(?:
    (?: \ -\ |[\ _-])                                     # a copy: "x - Copy", "x copy 2", "x_copy", "x - Kopie (3)"
        (?: copy | kopie | kopia | copie | copia | cópia | kopio | kopi | 副本 | コピー )
        (?: [\ _-]? \d{1,3} | \ ?\(\d{1,3}\) )?
    | [\ _-] (?: edited | edit | bearbeitet | modifié | editado | modificato | bewerkt )   # an editor's result
        (?: [\ _-]? \d{1,2} | \ ?\(\d{1,2}\) )?
    | ~\d{1,2}
    | [_-] (?: scaled | thumb | thumbnail | small | \d{2,4}x\d{2,4} )                    # a smaller copy
    | [_-] (?: aug | augmented | flip | flipped | hflip | vflip | mirror | mirrored | rot | rotated | rotate
             | blur | blurred | noise | noisy | bright | brightness | contrast | crop | cropped
             | gray | grey | grayscale )
        [_-]? \d{0,4}                                    # an augmented copy: "x_aug_3", "x_flip", "x-rot90"
    )\Z""",
    re.VERBOSE,
)
_PREFIX = re.compile(r"(?:copy (?:\(\d{1,3}\) )?of|kopie von|copie de|copia de|copia di|cópia de|kopia) ")
_EDITED_IPHONE = re.compile(r"img_e(\d{4})")
"""An iPhone keeps ``IMG_1234`` and writes what was edited as ``IMG_E1234``."""


def name_groups(relatives: Iterable[str]) -> dict[str, str]:
    """The group of each photo, given by its relative path: the first photo of it in natural order.

    Only names of one folder are compared. A name such as ``x copy.jpg`` or ``x_edited.png`` joins the photo ``x`` if
    there is one; without it, it is a name like others. Whole folders are numbered "tulip (1).jpg", "tulip (2).jpg",
    and browsers save other photos of one name so: this form says nothing.
    """
    paths = sorted(relatives, key=natural_order)
    return Grouping.joined(paths, same_by_name(paths)).named()


def same_by_name(relatives: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of photos, as indices, whose names say that both come from one photo: folder by folder."""
    folders: dict[str, list[int]] = defaultdict(list)
    for index, relative in enumerate(relatives):
        folders[relative.rpartition("/")[0]].append(index)
    for indices in folders.values():
        yield from _same_in_folder({index: relatives[index].rpartition("/")[2] for index in indices})


def _same_in_folder(names: dict[int, str]) -> Iterator[tuple[int, int]]:
    """Those pairs among photos of one folder, given as index -> name."""
    marked: dict[str, int] = {}
    plain: dict[str, int] = {}
    stems = {}
    for index, name in names.items():
        stem = stem_of(name)
        mark = _mark(name, stem)
        if mark is not None:
            first = marked.setdefault(mark, index)
            if first != index:
                yield first, index
        stems[index] = _fold(stem)
        plain.setdefault(stems[index], index)
        plain.setdefault(_fold(name), index)
    for mark, index in marked.items():
        original = plain.get(_fold(mark.removeprefix(".original ")))
        if mark.startswith(".original ") and original is not None:
            yield original, index
    for index, stem in stems.items():
        original = next((plain[each] for each in _originals(stem) if each in plain), None)
        if original is not None:
            yield original, index


def _mark(name: str, stem: str) -> str | None:
    """What names of copies of one photo have in common, None for names without a mark of copies."""
    if (group := photo_group(name)) != name:
        return group
    if match := _ROBOFLOW.fullmatch(stem):
        base, _, ending = match[1].rpartition("_")
        return f".original {base}.{ending}" if base else f".original {match[1]}"
    if match := _AUGMENTOR.fullmatch(stem):
        return f".original {match[1]}"
    return None


def _originals(stem: str) -> Iterator[str]:
    """The stems that ``stem``, folded, may be a copy of; suffixes are taken off one after the other."""
    if match := _EDITED_IPHONE.fullmatch(stem):
        yield f"img_{match[1]}"
    rest = stem
    for _ in range(4):
        match = _SUFFIX.search(rest) or _PREFIX.match(rest)
        if not match:
            return
        rest = rest[match.end() :] if match.start() == 0 else rest[: match.start()]
        if not rest:
            return
        yield rest


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
