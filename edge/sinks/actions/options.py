"""The actions that the command line asks for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from edge.errors import UsageError

WEBHOOK_VARIABLE = "EDGE_WEBHOOK"
"""The environment variable with the address of the webhook, if ``--webhook`` is not given: it may hold a secret."""


class LabelCommand(NamedTuple):
    """The words of a command for ``label``, the program first."""

    label: str
    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> LabelCommand:
        """``text`` is ``LABEL=COMMAND``, with quotes as in a shell, but nothing is replaced in it.

        Raises ValueError with a line for the user if it is not.
        """
        label, command = _parts(text, "COMMAND")
        try:
            words = shlex.split(command)
        except ValueError:
            raise ValueError(f"{text!r}: a quote or a backslash is not closed") from None
        if not words:
            raise ValueError(f"{text!r}: there is no command behind the =")
        return cls(label, tuple(words))

    def found(self) -> LabelCommand:
        """The same command with the full path of its program.

        Raises :class:`~edge.errors.UsageError` if there is no such program, or this user may not run it.
        """
        import shutil  # brings compression along, which most commands do without

        program = shutil.which(self.words[0])
        if program is None:
            raise UsageError(
                f"the command for the label {self.label}: {self.words[0]}: there is no such program, or it may not be "
                "run; give its full path (there is no shell: for one, write LABEL=\"sh -c '...'\")"
            )
        return self._replace(words=(str(Path(program).absolute()), *self.words[1:]))


class LabelPin(NamedTuple):
    """A pin that is on while ``label`` is the answer: a number as in GPIO17, or a name of gpiozero."""

    label: str
    pin: str

    @classmethod
    def parse(cls, text: str) -> LabelPin:
        """``text`` is ``LABEL=PIN``. Raises ValueError with a line for the user if it is not."""
        label, pin = _parts(text, "PIN")
        if not pin:
            raise ValueError(f"{text!r}: there is no pin behind the =")
        return cls(label, pin)


class ActionOptions(NamedTuple):
    """The actions of a stream; None means that the option was not given.

    ``hold_s`` is the time of ``--for``, ``at_most_every_s`` that between two beginnings of a label, in seconds.
    """

    on_label: tuple[LabelCommand, ...] = ()
    on_label_end: tuple[LabelCommand, ...] = ()
    webhook: str | None = None
    webhook_secret_file: Path | None = None
    gpio: tuple[LabelPin, ...] = ()
    hold_s: float | None = None
    at_most_every_s: float | None = None

    @property
    def commands(self) -> tuple[LabelCommand, ...]:
        """All commands."""
        return (*self.on_label, *self.on_label_end)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the model must have, each once."""
        labels = (*(command.label for command in self.commands), *(pin.label for pin in self.gpio))
        return tuple(dict.fromkeys(labels))

    @property
    def any(self) -> bool:
        """Whether there is an action."""
        return bool(self.commands or self.gpio or self.webhook is not None)


def _parts(text: str, what: str) -> tuple[str, str]:
    """The label, and what stands behind the first ``=`` that has no backslash before it."""
    label, *rest = re.split(r"(?<!\\)=", text, maxsplit=1)
    if not rest or not label.strip():
        raise ValueError(f"{text!r} is not LABEL={what}")
    return label.replace("\\=", "=").strip(), rest[0].strip()
