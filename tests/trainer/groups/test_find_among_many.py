"""Groups of very many photos: the same groups as where all photos are compared with all."""

from __future__ import annotations

import numpy as np
import pytest

from support import tiny
from support.scenes import ALTERED, draw_scene
from trainer.bottlenecks.compute import compute_bottlenecks
from trainer.groups import cells, find_among_many, find_groups
from trainer.groups.cells import nearest_in_cells
from trainer.groups.find_groups import groups_of_photos
from trainer.groups.neighbours import nearest
from trainer.groups.offers import Offers, as_codes, as_pairs, holds
from trainer.one_thread import one_thread
from trainer.photos.dataset import assemble
from trainer.photos.folder import list_photos
from trainer.photos.split import SplitRatios

COPIES = ["compressed", "mirrored", "brighter"]


def drawn(photos: int, seed: int = 0) -> np.ndarray:
    """Bottlenecks of photos in clouds, each fifth one nearly that of the photo before it."""
    random = np.random.default_rng(seed)
    features = np.abs(random.normal(size=(photos, 32)) + 2 * random.normal(size=(30, 32))[np.arange(photos) % 30])
    features[4::5] = features[3::5][: len(features[4::5])] + random.normal(size=(len(features[4::5]), 32)) / 50
    return features.astype(np.float32)


def searched(features: np.ndarray, count: int):
    """The neighbours in cells of ``features``."""
    with one_thread():
        return nearest_in_cells(lambda rows: features[rows], len(features), count)


def test_near_photos_share_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest photo is found of nearly all, and of copies always; cosines are those of comparing all."""
    monkeypatch.setattr(cells, "CELL", 64)
    features = drawn(2000)
    found, wanted = searched(features, 6), nearest(features, 6)
    same = found.indices[:, 0] == wanted.indices[:, 0]
    assert same.mean() > 0.95
    assert same[4::5].all()
    assert np.abs(found.cosines[same, 0] - wanted.cosines[same, 0]).max() < 1e-5
    assert (np.diff(found.cosines, axis=1) <= 0).all()


def test_the_number_of_cores_changes_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are merged in their order."""
    monkeypatch.setattr(cells, "CELL", 64)
    results = []
    for cores in (1, 4):
        monkeypatch.setattr(cells, "available_cores", lambda cores=cores: cores)
        results.append([part.tobytes() for part in searched(drawn(500), 4)])
    assert results[0] == results[1]


def test_one_cell_is_all_photos() -> None:
    """Of few photos there is one cell, and the neighbours are those of comparing all."""
    features = drawn(100)
    found, wanted = searched(features, 5), nearest(features, 5)
    assert (found.indices == wanted.indices).all()


def test_photos_that_are_all_alike_are_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell with too many photos is cut: each photo has neighbours in its part, none of them itself."""
    monkeypatch.setattr(cells, "CELL", 10)
    monkeypatch.setattr(cells, "MOST_IN_CELL", 20)
    found = searched(np.ones((95, 8), np.float32), 3)
    assert (found.indices != np.arange(95)[:, np.newaxis]).all()
    assert found.cosines[:, 0] == pytest.approx(1, abs=1e-6)


def test_pairs_are_numbers() -> None:
    """A pair comes back as it was, and is found among others."""
    codes = as_codes([(3, 8), (0, 9), (3, 8)], 10)
    assert as_pairs(codes, 10).tolist() == [[0, 9], [3, 8]]
    assert holds(codes, as_codes([(3, 8), (3, 9)], 10)).tolist() == [True, False]
    assert holds(np.zeros(0, np.int64), codes).tolist() == [False, False]


def test_offers_stop_after_others_and_skip_the_own_group() -> None:
    """A neighbour of the own group costs no try, a pair is offered once, and one below the cosine ends the search."""
    features = np.array([[1, 0], [1, 0.01], [1, 0.1], [0, 1]], np.float32)
    offers = Offers(nearest(features, 3), 0.7, 1)
    assert as_pairs(offers.offer(np.arange(4)), 4).tolist() == [[0, 1], [1, 2]]
    assert not len(offers.offer(np.arange(4)))
    offers = Offers(nearest(features, 3), 0.7, 1)
    assert as_pairs(offers.offer(np.array([0, 0, 2, 3])), 4).tolist() == [[0, 2], [1, 2]]


def test_groups_are_those_of_comparing_all(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are grouped, other photos stay alone, and what was found is kept in the cache."""
    for scene in range(8):
        folder = tmp_path / "photos" / ("a", "b")[scene % 2]
        folder.mkdir(parents=True, exist_ok=True)
        picture = draw_scene(scene)
        picture.save(folder / f"{'abcdefgh'[scene]}x.png")
        for copy in COPIES if scene < 5 else []:
            ALTERED[copy](picture).save(folder / f"q{copy}{'zyxwv'[scene]}.png")
    folder = list_photos(tmp_path / "photos")
    results = []
    for most, cache in ((20_000, "all"), (3, "many"), (3, "many")):
        monkeypatch.setattr(find_groups, "MOST_COMPARED", most)
        monkeypatch.setattr(find_among_many, "_TOGETHER", 5)
        extractor = tiny.extractor(tmp_path / cache)
        contents = compute_bottlenecks(extractor, folder).contents
        photos = assemble(folder, contents, SplitRatios(), training=False).photos
        results.append(groups_of_photos(extractor, photos))
    assert results[0] == results[1] == results[2]
    assert len(set(results[0].values())) == 8
