"""The plain values that the parts of a session exchange: photos, answers, figures, actions."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from trainer.head.linear import Head
from trainer.progress import Stage

CLASS, INBOX, TRASH = PLACES = ("class", "inbox", "trash")
"""Where a photo of a session lies."""

ID_DIGITS = 32
"""The hexadecimal digits of the content hash that are the id of a photo."""


class TaughtPhoto(NamedTuple):
    """A photo of a session.

    ``id`` is the start of its content hash ``sha256`` (32 bytes), ``relative`` its path below the folder of its place.
    ``label`` is its class; in the inbox the label that the model guessed, in the trash the class that it had.
    ``added_s`` is the modification time of the file, in seconds since 1970. ``hold`` is the same for the photos that
    were recorded while a button was held; None for other photos.
    """

    id: str
    sha256: bytes
    path: Path
    relative: str
    place: str
    label: str
    added_s: float
    size_bytes: int
    hold: str | None = None


class Answer(NamedTuple):
    """The best label of a photo and its score, 0 to 1."""

    label: str
    score: float


class Right(NamedTuple):
    """The share of ``independent`` groups of photos that were labelled correctly, and its 95 % interval, 0 to 1."""

    share: float
    low: float
    high: float
    independent: int


class Learnt(NamedTuple):
    """What was learnt from the state ``version`` of the photos.

    ``head`` gives calibrated logits for ``labels``; None if fewer than two classes have photos. ``score_threshold`` is
    the recommended one, None if there is none. ``thorough`` is true if the penalty and the temperature were chosen
    anew, as ``trainer retrain`` chooses them. It took ``seconds``.
    """

    version: int
    labels: tuple[str, ...]
    head: Head | None
    score_threshold: float | None
    thorough: bool
    seconds: float


class Mix(NamedTuple):
    """Photos of one class that heads which had not seen them took for another one; ``photos`` are ids."""

    label: str
    taken_for: str
    photos: tuple[str, ...]


class Figures(NamedTuple):
    """What cross-validation by groups shows for the state ``version`` of the photos.

    ``right`` is None if there are too few independent photos to say, ``by_class`` lacks such classes. ``worth`` is one
    sentence that says what the figure, or an answer of the model, is worth. ``doubtful`` are the ids of photos whose
    class the other photos contradict, the most doubtful first, each with the score of another class. ``advice`` and
    ``class_advice`` say what to show more of.
    """

    version: int
    right: Right | None
    by_class: dict[str, Right]
    worth: str
    mixed: tuple[Mix, ...] = ()
    doubtful: tuple[tuple[str, float], ...] = ()
    advice: tuple[str, ...] = ()
    class_advice: dict[str, str] = {}  # noqa: RUF012  # a default that is only read


class Action(NamedTuple):
    """A change of the photos or classes that can be undone: its number, and what it did in a few words."""

    id: int
    text: str


class Hold(NamedTuple):
    """A time in which a button was held to record: its ``id``, and when it began, in seconds since 1970."""

    id: str
    started_s: float


class Recording(NamedTuple):
    """What is being recorded for ``label``: frames ``kept`` as photos, and nearly equal ones ``folded`` into them."""

    label: str
    hold: str
    kept: int
    folded: int


class NewestPhoto(NamedTuple):
    """The newest photo of a hold, or one that was not recorded; ``photos`` is the number of photos of its hold."""

    photo: TaughtPhoto
    photos: int


class ClassState(NamedTuple):
    """A class of the session.

    It has ``photos`` photos, of which some were recorded in ``holds`` holds; ``newest`` has the newest ones, one of
    each hold, the newest first. ``remembered`` is the number of bottlenecks that the backbone's file remembers of it.
    ``right`` is None if there are too few independent photos to say.
    """

    name: str
    photos: int
    holds: int
    newest: tuple[NewestPhoto, ...]
    remembered: int
    right: Right | None
    advice: str | None


class ModelState(NamedTuple):
    """What became of the model.

    ``state`` is one of ``none``, ``saving``, ``saved``, ``installed``, ``running``, ``returned`` and ``refused``, and
    ``text`` one line about it.

    ``path`` is the file that was saved last, ``accuracy`` its measured accuracy (0 to 1) if it is known. ``store`` is
    the folder of the store, None if models go to files only.
    """

    state: str
    text: str
    path: Path | None = None
    size_bytes: int = 0
    accuracy: float | None = None
    store: Path | None = None
    can_go_back: bool = False


class Message(NamedTuple):
    """A line for the user, and when it was written, in seconds since 1970."""

    time_s: float
    text: str


class SessionState(NamedTuple):
    """Everything that the page shows of a session, but the grid of photos. ``version`` grows with every change.

    ``learnt`` and ``figures`` may be those of an earlier version of the photos: ``learning`` is true until the head of
    the newest one is thorough, ``computing`` until its figures are known.
    """

    version: int
    folder: str
    architecture: str
    quantization: str
    classes: tuple[ClassState, ...]
    inbox_photos: int
    trash_photos: int
    trash_bytes: int
    recording: Recording | None
    learnt: Learnt | None
    learning: bool
    figures: Figures | None
    computing: bool
    undo: Action | None
    redo: Action | None
    work: tuple[Stage, ...]
    model: ModelState
    messages: tuple[Message, ...]
