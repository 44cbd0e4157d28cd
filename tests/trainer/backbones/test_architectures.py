"""The networks that are known by name, and the published table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from trainer.backbones.architectures import (
    EFFICIENTNET_LITE0,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    Architecture,
    Published,
    architectures,
    grid,
    published,
)


def test_grid_has_all_sixteen_points_widest_and_sharpest_first() -> None:
    """The grid is the product of four widths and four sizes, in falling order."""
    names = [architecture.name for architecture in grid()]
    assert len(set(names)) == 16
    assert names[0] == "mobilenet_1.0_224"
    assert names[9] == "mobilenet_0.50_192"
    assert names[-1] == "mobilenet_0.25_128"


@given(st.sampled_from(architectures()))
def test_every_name_parses_back_to_its_architecture(architecture: Architecture) -> None:
    """Name and parse are inverses."""
    assert Architecture.parse(architecture.name) == architecture


def test_names_of_the_families_that_followed() -> None:
    """A family of one width leaves the width out."""
    assert Architecture.parse("mobilenet_v2_0.35_96") == Architecture(0.35, 96, MOBILENET_V2)
    assert Architecture.parse("mobilenet_v2_0.5_224") == Architecture(0.5, 224, MOBILENET_V2)
    assert Architecture.parse("mobilenet_v3_small_0.75_224") == Architecture(0.75, 224, MOBILENET_V3_SMALL)
    assert Architecture.parse("efficientnet_lite0_224") == Architecture(1.0, 224, EFFICIENTNET_LITE0)


def test_codelab_short_width_is_understood() -> None:
    """mobilenet_0.5_224 is mobilenet_0.50_224."""
    assert Architecture.parse("mobilenet_0.5_224") == Architecture(0.5, 224)
    assert Architecture.parse("mobilenet_0.5_224").name == "mobilenet_0.50_224"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "mobilenet",
        "mobilenet_0.50_225",
        "mobilenet_v2_0.25_224",
        "mobilenet_v3_small_1.0_128",
        "mobilenet_2.0_224",
        "mobilenet_0.50_224_quantized",
        "Mobilenet_1.0_224",
    ],
)
def test_unknown_name_is_a_usage_error_that_lists_what_is_known(name: str) -> None:
    """A name outside the grid is refused with the way to write one."""
    with pytest.raises(UsageError, match=r"WIDTH 1\.0, 0\.75, 0\.50 or 0\.25 and SIZE 224, 192, 160 or 128") as error:
        Architecture.parse(name)
    assert repr(name) in str(error.value)


def test_published_table_covers_all_networks() -> None:
    """Each architecture has figures, and those of the corners are the published ones; some were never published."""
    assert list(published()) == list(architectures())
    assert published()[Architecture(0.35, 96, MOBILENET_V2)] == Published(11, 1.66, 45.5, None, None, None)
    assert published()[Architecture(1.0, 224)] == Published(569, 4.24, 70.9, 69.7, 24.0, 13.0)
    assert published()[Architecture(0.25, 128)] == Published(14, 0.47, 41.5, 39.9, 1.2, 0.8)


def test_wider_and_sharper_networks_cost_more_and_know_more() -> None:
    """In each row and column of the table work and accuracy rise together."""
    table = published()
    for small, large in [(a, b) for a in grid() for b in grid() if a != b and a.alpha <= b.alpha and a[1] <= b[1]]:
        assert table[small].million_macs < table[large].million_macs
        assert table[small].top1_float < table[large].top1_float
        assert table[small].million_parameters <= table[large].million_parameters
