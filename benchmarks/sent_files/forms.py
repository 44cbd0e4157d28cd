"""Forms that values of a file must have: each is a function that raises for a value which does not have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from edge.errors import DataError
from edge.printable import printable

Form: TypeAlias = Callable[[Any, str], None]
"""Takes a value, and where it stands; raises :class:`~edge.errors.DataError` if the value does not have the form."""


def number(low: float, high: float) -> Form:
    """A number from ``low`` to ``high``."""
    return _range((int, float), low, high)


def whole(low: int, high: int) -> Form:
    """A whole number from ``low`` to ``high``."""
    return _range((int,), low, high)


def _range(kinds: tuple[type, ...], low: float, high: float) -> Form:
    def check(value: Any, where: str) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            what = "a number" if float in kinds else "a whole number"
            raise DataError(f"{where} is not {what} from {low:g} to {high:g}")

    return check


def boolean(value: Any, where: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise DataError(f"{where} is neither true nor false")


def nothing(value: Any, where: str) -> None:
    """Null."""
    if value is not None:
        raise DataError(f"{where} must be null")


def text(most: int = 200) -> Form:
    """A text of 1 to ``most`` characters that a terminal shows as they are."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise DataError(f"{where} is not a text of 1 to {most} characters")
        if printable(value) != value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise DataError(f"{where} has characters that cannot be shown")

    return check


def one_of(*values: Any) -> Form:
    """One of ``values``."""

    def check(value: Any, where: str) -> None:
        if not any(type(value) is type(each) and value == each for each in values):
            raise DataError(f"{where} is not {' or '.join(map(repr, values))}")

    return check


def optional(form: Form) -> Form:
    """Null, or a value of ``form``."""

    def check(value: Any, where: str) -> None:
        if value is not None:
            form(value, where)

    return check


def listed(form: Form, least: int, most: int) -> Form:
    """A list of ``least`` to ``most`` values of ``form``."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise DataError(f"{where} is not a list of {least} to {most} values")
        for index, each in enumerate(value):
            form(each, f"{where}[{index}]")

    return check


def fields(forms: Mapping[str, Form]) -> Form:
    """An object that has exactly these fields."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise DataError(f"{where} is not an object")
        inside = "" if where == TOP else f"{where}."
        for name in forms:
            if name not in value:
                raise DataError(f"{inside}{name} is missing")
        for name in value:
            if name not in forms:
                raise DataError(f"{where} has a field that no results file has: {name[:50]!a}")
        for name, form in forms.items():
            form(value[name], f"{inside}{name}")

    return check


def mapping(form: Form, most: int) -> Form:
    """An object with at most ``most`` fields of any name, whose values have ``form``."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict) or len(value) > most:
            raise DataError(f"{where} is not an object of at most {most} fields")
        for name, each in value.items():
            text()(name, f"a name in {where}")
            form(each, f"{where}.{name}")

    return check


TOP = "the file"
"""Where the whole file stands, for messages."""
