"""One inference: the calls that it consists of, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy.typing as npt


class Steps(NamedTuple):
    """The three calls of the runtime that one inference consists of, without any code of this package in between."""

    set_input: Callable[[], None]
    invoke: Callable[[], None]
    get_output: Callable[[], npt.NDArray[Any]]
