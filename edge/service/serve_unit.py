"""The unit of ``edge serve``: its command line with absolute paths and no secrets, and what it must allow."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import edge
from edge.inference.delegate import DelegateChoice
from edge.messages import print_message
from edge.service.command_line import DELEGATE_OPTION, library_word
from edge.service.make_unit import check_name
from edge.service.needs import absolute, credential, delegate_file, delegate_groups, find_account
from edge.service.unit import STOP_S, Needs, environment_file, quote, unit_text
from edge.sinks.web.access import SERVE_TOKEN_VARIABLE, is_loopback
from edge.store.layout import store_of

DRAIN_S = 10.0
"""The longest time for which requests that were accepted are still answered at the end, in seconds."""

TOKEN_CREDENTIAL = "token"
"""The name under which systemd passes the token to the service (``LoadCredential``)."""

_TOKEN_OPTION, _MODEL_OPTION = "--token-file", "--model"
_PATH_OPTIONS = (_TOKEN_OPTION, _MODEL_OPTION, "--labels", DELEGATE_OPTION)


@dataclass(frozen=True)
class ServeArguments:
    """The command line of ``edge serve`` without its name, and the values in it that a unit depends on.

    ``models`` are name and file by the words that gave them; ``words`` has each of these words after ``--model``.
    """

    words: tuple[str, ...]
    host: str
    models: Mapping[str, tuple[str, Path]]
    labels: str | None
    token_file: Path | None
    delegate: DelegateChoice | None = None


def make_serve_unit(arguments: ServeArguments, name: str, user: str | None) -> str:
    """The unit file of the service ``name`` that runs ``edge serve`` with ``arguments`` as ``user``.

    ``user`` None means the one that :func:`~edge.service.needs.find_account` finds. Messages say what must be done
    besides.

    Raises :class:`~edge.errors.UsageError` if the name or a path cannot stand in a unit, or the token is in a pipe.
    """
    check_name(name)
    if arguments.token_file is None and not is_loopback(arguments.host):
        print_message(
            f"requests need a token: write {SERVE_TOKEN_VARIABLE}=... into {environment_file(name)} (mode 600)"
        )
    files = [path for _, path in arguments.models.values()]
    given = absolute(*files, arguments.labels, delegate_file(arguments.delegate))
    # The service writes there that it started the model, and that the model works.
    stores = [store.root for path in files if (store := store_of(path))]
    account = find_account(absolute(sys.executable, edge.__file__, *given), absolute(*stores), user)
    needs = Needs(
        user=account.user,
        network=True,
        serves=True,
        delegate_groups=delegate_groups(arguments.delegate),
        stop_s=int(DRAIN_S) + STOP_S,
        mounts=tuple(map(str, given)),
        write_paths=tuple(dict.fromkeys(map(str, absolute(*stores)))),
        credentials=credential(TOKEN_CREDENTIAL, arguments.token_file, _TOKEN_OPTION),
        home=account.home,
        temporary=account.temporary,
    )
    return unit_text(name, _command_line(arguments), needs)


def _command_line(arguments: ServeArguments) -> list[str]:
    result = [quote(word) for word in (sys.executable, "-m", "edge", "serve")]
    previous = ""
    for word in arguments.words:
        option, equals, value = word.partition("=")
        if previous in _PATH_OPTIONS:
            result.append(_path_word(arguments, previous, word))
        elif equals and option in _PATH_OPTIONS:
            result.append(_path_word(arguments, option, value, prefix=f"{option}="))
        else:
            result.append(quote(word))
        previous = word
    return result


def _path_word(arguments: ServeArguments, option: str, value: str, *, prefix: str = "") -> str:
    if option == _TOKEN_OPTION:
        return f"{prefix}${{CREDENTIALS_DIRECTORY}}/{TOKEN_CREDENTIAL}"
    if option == _MODEL_OPTION:
        name, path = arguments.models[value]
        return quote(f"{prefix}{name}={path.absolute()}")
    return library_word(value, prefix) if option == DELEGATE_OPTION else quote(f"{prefix}{Path(value).absolute()}")
