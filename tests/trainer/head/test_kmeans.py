"""k-means of a class's bottlenecks."""

from __future__ import annotations

import numpy as np

from trainer.head.kmeans import kmeans


def test_clouds_that_are_apart_get_one_centre_each() -> None:
    """Five clouds and five centres: each centre is the mean of its cloud; the same points give the same bits."""
    random = np.random.default_rng(1)
    middles = random.normal(size=(5, 16)) * 20
    points = np.concatenate([middle + random.normal(size=(40, 16)) for middle in middles]).astype(np.float32)
    centres = kmeans(points, 5, 20)
    means = points.reshape(5, 40, 16).mean(axis=1)
    order = [int(np.square(centres - mean).sum(axis=1).argmin()) for mean in means]
    assert sorted(order) == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(centres[order], means, atol=1e-4)
    assert kmeans(points, 5, 20).tobytes() == centres.tobytes()


def test_points_that_repeat_do_not_become_two_centres() -> None:
    """Of many equal points and two others, three centres are the three different ones."""
    points = np.zeros((50, 3), np.float32)
    points[10], points[20] = 1, 2
    assert sorted(kmeans(points, 3, 20)[:, 0].tolist()) == [0, 1, 2]
