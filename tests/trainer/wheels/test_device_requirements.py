"""What the edge package requires on one device."""

from __future__ import annotations

import ast
import re

import pytest
from packaging.requirements import Requirement

from support.paths import REPOSITORY
from trainer.wheels.device_platform import DevicePlatform
from trainer.wheels.device_requirements import device_requirements

TEXTS = [
    "numpy>=1.23",
    "numpy<2; python_version < '3.12' and sys_platform == 'linux' and platform_machine != 'x86_64'",
    "tflite-runtime==2.14.0; python_version < '3.12' and sys_platform == 'linux' and platform_machine != 'x86_64'",
    "ai-edge-litert>=2.1; python_version >= '3.12' or sys_platform != 'linux' or platform_machine == 'x86_64'",
    "opencv-python>=4.8; python_version >= '3.12' and extra == 'camera'",
    "ai-edge-litert>=2.1; extra == 'litert'",
]
EXTRAS = [
    'opencv-python>=4.8; python_version >= "3.12" and extra == "camera"',
    'ai-edge-litert>=2.1; extra == "litert"',
]


@pytest.mark.parametrize(
    ("processor", "python", "chosen"),
    [
        ("aarch64", "3.11", ["ai-edge-litert>=2.1"]),
        ("x86_64", "3.10", ["ai-edge-litert>=2.1"]),
        ("aarch64", "3.13", ["ai-edge-litert>=2.1"]),
        ("armv7l", "3.11", ["numpy<2", "tflite-runtime==2.14.0"]),
        ("armv7l", "3.13", ["ai-edge-litert>=2.1"]),
    ],
)
def test_one_interpreter_for_each_device(processor: str, python: str, chosen: list[str]) -> None:
    """LiteRT on 64 bits; on 32 bits tflite-runtime with its numpy while it lasts; extras keep their markers."""
    assert device_requirements(TEXTS, DevicePlatform.of(processor, python)) == ["numpy>=1.23", *chosen, *EXTRAS]


@pytest.mark.parametrize(
    ("machine", "python", "interpreter"),
    [
        ("x86_64", "3.11", "ai-edge-litert"),
        ("x86_64", "3.13", "ai-edge-litert"),
        ("aarch64", "3.13", "ai-edge-litert"),
        ("armv7l", "3.11", "tflite-runtime"),
        ("aarch64", "3.11", "tflite-runtime"),
    ],
)
def test_the_markers_of_the_project(machine: str, python: str, interpreter: str) -> None:
    """What pip alone installs is one interpreter too: on aarch64 the one that a 32-bit system there has wheels of."""
    project = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    (dependencies,) = re.findall(r"^dependencies = (\[.*?^\])", project, re.MULTILINE | re.DOTALL)
    environment = {**DevicePlatform.of(machine, python).markers(), "platform_machine": machine}
    found = map(Requirement, ast.literal_eval(dependencies))
    names = [one.name for one in found if one.marker is None or one.marker.evaluate(environment)]
    assert [name for name in names if name in ("ai-edge-litert", "tflite-runtime")] == [interpreter]
