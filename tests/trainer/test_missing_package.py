"""Which extra the error about a missing package names."""

from __future__ import annotations

import importlib.metadata

import pytest

from trainer.missing_package import explain_missing, extras_of

REQUIREMENTS = ["numpy>=1.23", *(f'scipy>=1.11; extra == "{extra}"' for extra in ("trainer-lite", "trainer", "teach"))]
REQUIREMENTS += ['tensorboard>=2; extra == "trainer"', 'uvicorn>=0.3; extra == "teach"']


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("retrain", "scipy", "trainer-lite"),
        ("teach", "scipy", "teach"),
        ("teach", "uvicorn", "teach"),
        (None, "tensorboard.summary", "trainer"),
        ("teach", "tensorboard", None),
        ("retrain", "uvicorn", None),
        ("retrain", "numpy", None),
    ],
)
def test_the_extra_of_the_command(
    monkeypatch: pytest.MonkeyPatch, command: str | None, package: str, extra: str | None
) -> None:
    """A session needs ``teach``, all else the smallest extra that has the package; others are not explained."""
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: REQUIREMENTS)
    explained = explain_missing(ModuleNotFoundError("no", name=package), extras_of(command))
    if extra is None:
        assert explained is None
    else:
        needed = package.partition(".")[0]
        assert str(explained) == f"the trainer needs {needed}: pip install 'edge-for-poets[{extra}]'"
