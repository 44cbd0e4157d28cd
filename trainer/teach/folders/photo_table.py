"""Which files a session has, and which of them are its photos: files of the same bytes are one photo."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from trainer.photos.photo_files import Skipped
from trainer.teach.folders.places import Location, Places
from trainer.teach.state import CLASS, ID_DIGITS, INBOX, PLACES, TaughtPhoto

_HOLD = re.compile(r"(\d{8}T\d{6}\.\d{3}Z)_nohash_")


class KnownFile(NamedTuple):
    """What is known of a file: its content hash (32 bytes), its size, and when it was changed, in ns since 1970."""

    sha256: bytes
    size_bytes: int
    mtime_ns: int

    @property
    def id(self) -> str:
        """The id of the photo that it holds."""
        return self.sha256.hex()[:ID_DIGITS]


class PhotoTable:
    """The files of a session by location, and its photos by id.

    Files of the same bytes are one photo. If they are in two classes, they are skipped, as ``trainer retrain`` does;
    otherwise a class comes before the inbox and the inbox before the trash, and then the first path.
    """

    def __init__(self, places: Places) -> None:
        """Start without files."""
        self._places = places
        self._files: dict[Location, KnownFile] = {}
        self._locations: dict[str, set[Location]] = defaultdict(set)
        self._photos: dict[str, TaughtPhoto] = {}
        self._repeated: set[str] = set()  # ids of photos of which there is more than one file
        self._snapshot: Mapping[str, TaughtPhoto] | None = None
        self._lists: dict[tuple[str, str | None], list[TaughtPhoto]] = {}

    @property
    def files(self) -> Mapping[Location, KnownFile]:
        """All files."""
        return self._files

    @property
    def photos(self) -> Mapping[str, TaughtPhoto]:
        """The photos of now; a later change does not change what was returned."""
        if self._snapshot is None:
            self._snapshot = MappingProxyType(dict(self._photos))
        return self._snapshot

    def of(self, place: str, label: str | None = None) -> list[TaughtPhoto]:
        """The photos of ``place``, and of the class ``label`` if it is given, the oldest first."""
        if not self._lists:
            lists: dict[tuple[str, str | None], list[TaughtPhoto]] = defaultdict(list)
            for photo in sorted(self._photos.values(), key=lambda photo: (photo.added_s, photo.relative)):
                lists[photo.place, None].append(photo)
                lists[photo.place, photo.label].append(photo)
            self._lists = dict(lists)
        return list(self._lists.get((place, label), ()))

    def locations(self, id_: str) -> list[Location]:
        """Where the files of the photo ``id_`` are, those in classes first."""
        return sorted(self._locations.get(id_, ()), key=_rank)

    def inside(self, folder: Location) -> list[Location]:
        """The locations of the files in ``folder`` and below it, sorted."""
        return sorted(location for location in self._files if folder.holds(location))

    def holds(self) -> set[str]:
        """The holds of all photos."""
        return {photo.hold for photo in self._photos.values() if photo.hold}

    def check(self, id_: str) -> None:
        """Forget files of the photo ``id_`` that another program removed."""
        for location in self.locations(id_):
            if not self._places.path(location).is_file():
                self.remove(location)

    def put(self, location: Location, file: KnownFile) -> None:
        """Set what is known of the file at ``location``."""
        self.remove(location)
        self._files[location] = file
        self._locations[file.id].add(location)
        self._settle(file.id)

    def remove(self, location: Location) -> None:
        """Forget the file at ``location``, if there is one."""
        file = self._files.pop(location, None)
        if file is not None:
            self._locations[file.id].discard(location)
            self._settle(file.id)

    def move(self, source: Location, target: Location) -> None:
        """The file at ``source`` is at ``target`` now."""
        file = self._files[source]
        self.remove(source)
        self.put(target, file)

    def skipped(self) -> list[Skipped]:
        """The files that are not photos of their own because there are others with the same bytes, and why."""
        found = []
        for id_ in self._repeated:
            locations = self.locations(id_)
            labels = sorted({location.label for location in locations if location.place == CLASS})
            if len(labels) > 1:
                reason = f"the same photo is in {' and '.join(labels)}; keep it in one"
                found += [Skipped(each.relative, reason) for each in locations if each.place == CLASS]
            else:
                reason = f"the same photo as {locations[0].relative}"
                found += [Skipped(each.relative, reason) for each in locations[1:] if each.place in (CLASS, INBOX)]
        return found

    def photo_at(self, location: Location) -> TaughtPhoto:
        """The file at ``location`` as a photo."""
        file = self._files[location]
        hold = _HOLD.match(location.name)
        return TaughtPhoto(
            id=file.id,
            sha256=file.sha256,
            path=self._places.path(location),
            relative=location.relative,
            place=location.place,
            label=location.label,
            added_s=file.mtime_ns / 1e9,
            size_bytes=file.size_bytes,
            hold=hold and hold[1],
        )

    def _settle(self, id_: str) -> None:
        """Find anew which file, if any, is the photo ``id_``."""
        locations = self.locations(id_)
        labels = {location.label for location in locations if location.place == CLASS}
        if locations and len(labels) <= 1:
            self._photos[id_] = self.photo_at(locations[0])
        else:
            self._photos.pop(id_, None)
        if len(locations) > 1:
            self._repeated.add(id_)
        else:
            self._repeated.discard(id_)
        if not locations:
            del self._locations[id_]
        self._snapshot, self._lists = None, {}


def _rank(location: Location) -> tuple[int, str]:
    return PLACES.index(location.place), location.relative
