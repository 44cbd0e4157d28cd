"""What the edge package requires on one device, as the wheel for that device says it."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.requirements import Requirement

from trainer.wheels.device_platform import DevicePlatform

_SURELY_64_BITS = "x86_64"
"""The ``platform_machine`` by which the markers of the project know a 64-bit system: see its pyproject.toml."""


def device_requirements(texts: Sequence[str], platform: DevicePlatform) -> list[str]:
    """The requirements ``texts`` of the edge package, for ``platform``.

    Those that need no extra are chosen here and lose their markers. A pip could not choose on aarch64, which is the
    ``platform_machine`` of a 32-bit system on a 64-bit kernel too: LiteRT has wheels for 64 bits alone. Here the bits
    are known. Those of extras stay as they are.
    """
    markers = platform.markers()
    if platform.bits == 64:
        markers["platform_machine"] = _SURELY_64_BITS
    requirements = [Requirement(text) for text in texts]
    of_extras = [one for one in requirements if one.marker is not None and "extra ==" in str(one.marker)]
    chosen = [one for one in requirements if one.marker is None or one.marker.evaluate(markers)]
    for one in chosen:
        one.marker = None
    return [str(one) for one in (*chosen, *of_extras)]
