"""Try a delegate in a process of its own: some crash with an interpreter that they were not built for."""

from __future__ import annotations

import base64
import hashlib
import sys
import threading

from edge.child_process import ask
from edge.errors import ConfigurationError, ModelError, UnavailableError
from edge.inference.delegate import TAKES_NOTHING, DelegateChoice, for_child
from edge.inference.delegate_library import is_loaded
from edge.inference.interpreter import choose_runtime, runtime_version
from edge.inference.processor import check_processor
from edge.modelfile.hidden_output import reveal
from edge.modelfile.model_file import ModelFile

COMMAND = (sys.executable, "-m", "edge.inference.delegate_process")

TIME_LIMIT_S = 60.0
"""How long a trial may take. A device may need seconds to load its own program."""

_Key = tuple[DelegateChoice, "str | None", "bytes | None"]
_passed: dict[_Key, int | None] = {}
_one_at_a_time = threading.Lock()  # a device may be for one process only


def try_delegate(choice: DelegateChoice, content: bytes | None = None, *, runtime: str | None = None) -> int | None:
    """Load the delegate in a child process, and run the flatbuffer ``content`` once with it and ``runtime``.

    Without ``content`` it is only loaded. What has passed is not tried again by this process. A device that one process
    alone can have cannot be tried while this process has it: another model on it is refused, not risked.

    Returns into how many parts of the model the delegate was put, None if that is not known.

    Raises :class:`~edge.errors.ConfigurationError` if the library is no delegate, gives none, or crashes, or if an
    interpreter would crash without it too, :class:`~edge.errors.UnavailableError` if it hangs, or the child ends for
    another reason that may be over at the next try, and :class:`~edge.errors.ModelError` if it cannot run the model.
    """
    check_processor()
    name = choose_runtime(runtime) if content is not None else None
    key = (choice, name, hashlib.sha256(content).digest() if content is not None else None)
    with _one_at_a_time:
        if key not in _passed:
            _passed[key] = _try(choice, content, name)
        return _passed[key]


def try_with_model(choice: DelegateChoice, model: ModelFile, *, runtime: str | None, reject: bool) -> int | None:
    """What :func:`try_delegate` returns for the file of ``model`` as the interpreter gets it, to ``reject`` or not.

    Raises what :func:`try_delegate` raises.
    """
    return try_delegate(choice, (reveal(model) if reject else model).content, runtime=runtime)


def idle_lines(choice: DelegateChoice, parts: int | None) -> list[str]:
    """One line if the delegate has nothing to do, by the ``parts`` of its trial; else none."""
    return [f"{choice.name} {TAKES_NOTHING}"] if parts == 0 else []


def _try(choice: DelegateChoice, content: bytes | None, runtime: str | None) -> int | None:
    request = {
        "delegate": for_child(choice),
        "runtime": runtime,
        "content": None if content is None else base64.b64encode(content).decode(),
        "time_limit_s": TIME_LIMIT_S,
    }
    answer = ask(COMMAND, request, time_limit_s=TIME_LIMIT_S)
    if "error" not in answer:
        parts: int | None = answer["parts"]
        return parts
    if answer.get("refused") and is_loaded(choice):
        raise ConfigurationError(f"{answer['error']}; if this process has the device itself, start it again")
    if "exit_code" in answer:
        error = ModelError if answer["exit_code"] == ModelError.exit_code else ConfigurationError
        raise error(answer["error"])
    if answer["again"]:
        raise UnavailableError(
            f"{choice.library} cannot be used now{_with(runtime)} ({answer['error']}): connect its device again, and "
            "start again"
        )
    raise ConfigurationError(
        f"{choice.library} cannot be used{_with(runtime)} ({answer['error']}): use a release of it that was built for "
        "this interpreter, or leave out --delegate"
    )


def _with(runtime: str | None) -> str:
    if runtime is None:
        return ""
    version = runtime_version(runtime)
    return f" with {runtime}{f' {version}' if version else ''}"
