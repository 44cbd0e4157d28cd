"""What the edge package requires on one device, as the wheel for that device says it."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edge.inference.interpreter import PACKAGES
from trainer.wheels.device_platform import DevicePlatform


def device_requirements(texts: Sequence[str], platform: DevicePlatform) -> list[str]:
    """The requirements ``texts`` of the edge package, for ``platform``.

    Those that need no extra are chosen here and lose their markers. The device's pip could not choose: a 32-bit system
    on a 64-bit kernel has the ``platform_machine`` of a 64-bit one. On 64 bits LiteRT takes the place of
    tflite-runtime, on 32 bits it has no wheels. Those of extras stay as they are.
    """
    requirements = [Requirement(text) for text in texts]
    of_extras = [one for one in requirements if one.marker is not None and "extra ==" in str(one.marker)]
    base = [one for one in requirements if one not in of_extras]
    chosen = [one for one in base if one.marker is None or one.marker.evaluate(platform.markers())]
    if platform.bits == 64:
        litert = [one for one in base if canonicalize_name(one.name) == PACKAGES["litert"]]
        chosen = [one for one in chosen if canonicalize_name(one.name) not in PACKAGES.values()] + litert[:1]
    for one in chosen:
        one.marker = None
    return [str(one) for one in (*chosen, *of_extras)]
