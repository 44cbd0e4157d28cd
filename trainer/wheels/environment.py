"""The shell functions that make a Python environment on a device: the file ``environment.sh``."""

from __future__ import annotations

from importlib.resources import files


def shell_functions() -> str:
    """Functions of the POSIX shell, to be put in front of a script that runs on the device."""
    return files("trainer.wheels").joinpath("environment.sh").read_text("utf-8")
