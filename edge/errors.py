"""The expected errors, which are not bugs of the program, and the exit code of each.

::

    EdgeError
    ├── UsageError           2   the command line asks for something impossible
    ├── DataError           65   the input is bad
    │   ├── ImageError           a photo that cannot be decoded, or is too large to decode safely
    │   │   └── NotReadError     its file cannot be read
    │   ├── ModelError           a model file that is truncated, damaged, not a classifier, or inconsistent
    │   └── DatasetError         a folder of photos that cannot be trained on or evaluated
    ├── UnavailableError    69   a camera, a host or a device that does not answer
    ├── StorageError        74   reading or writing a file failed
    └── ConfigurationError  78   something must be installed or provided first

The codes stand in :mod:`edge.exit_codes`. The text of an :class:`EdgeError` is one line that says what is
wrong and how to fix it. Every other exception is a bug and keeps its traceback.
"""

from __future__ import annotations

from edge import exit_codes


class EdgeError(Exception):
    """Base of all expected errors; ``exit_code`` is what a command line program ends with."""

    exit_code = 1


class UsageError(EdgeError):
    """The command line, or an argument of a public function, asks for something impossible."""

    exit_code = exit_codes.USAGE


class DataError(EdgeError):
    """The input is bad: an image, a model or a data set."""

    exit_code = exit_codes.BAD_DATA


class ImageError(DataError):
    """A photo that cannot be decoded, or that is too large to decode safely."""


class NotReadError(ImageError):
    """The file of a photo cannot be read. It may be sound: another machine, or a later try, may read it."""


class ModelError(DataError):
    """A model file that is truncated, damaged, not an image classifier, or inconsistent."""


class DatasetError(DataError):
    """A folder of photos that cannot be trained on or evaluated."""


class UnavailableError(EdgeError):
    """A camera, a host, or the device of a delegate does not answer."""

    exit_code = exit_codes.UNAVAILABLE


class StorageError(EdgeError):
    """Reading or writing a file failed: no space, no permission, a broken disk."""

    exit_code = exit_codes.STORAGE


class ConfigurationError(EdgeError):
    """Something must be installed or provided first: an interpreter, an extra, pretrained weights."""

    exit_code = exit_codes.CONFIGURATION
