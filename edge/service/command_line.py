"""The command line of the unit: absolute paths, and no secrets."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from edge.errors import UsageError
from edge.messages import print_message
from edge.service.arguments import WatchArguments
from edge.service.unit import environment_file, quote
from edge.sinks.web.access import WEB_TOKEN_VARIABLE

PASSWORD_CREDENTIAL = "mqtt-password"
"""The name under which systemd passes the broker's password to the service (``LoadCredential``)."""

_PASSWORD_OPTION = "--mqtt-password-file"
_PATH_OPTIONS = ("--model", "--labels", "--status", "--capture", "--mqtt-ca", "--ca-file", _PASSWORD_OPTION)
_SOURCE_VARIABLE = "EDGE_SOURCE"


def refuse_secrets(arguments: WatchArguments, name: str) -> None:
    """Check that the unit of the service ``name`` would hold no secret: every user may read it.

    Raises :class:`~edge.errors.UsageError` for a token, or a password in the broker's address.
    """
    if arguments.sinks.web_token is not None:
        raise UsageError(
            "every user could read the token in the unit: leave out --web-token and write "
            f"{WEB_TOKEN_VARIABLE}=... into {environment_file(name)} (owner root, mode 600)"
        )
    if arguments.sinks.mqtt and urlsplit(arguments.sinks.mqtt).password:
        raise UsageError("every user could read the broker's password in the unit: give --mqtt-password-file FILE")


def command_line(arguments: WatchArguments, name: str) -> list[str]:
    """The words of ``ExecStart`` for the service ``name``, quoted, the first one an absolute path.

    Paths become absolute, because a service starts in another folder. An address with a password becomes a variable of
    the environment file, with a message about it; the password file of the broker becomes a credential of systemd.
    """
    result = [quote(word) for word in (sys.executable, "-m", "edge", "watch")]
    previous = ""
    for word in arguments.words:
        option, equals, value = word.partition("=")
        if previous in _PATH_OPTIONS:
            result.append(_path_word(previous, word))
        elif equals and option in _PATH_OPTIONS:
            result.append(_path_word(option, value, prefix=f"{option}="))
        elif word == arguments.source:
            result.append(_source_word(arguments, name))
        else:
            result.append(quote(word))
        previous = word
    return result


def _path_word(option: str, value: str, *, prefix: str = "") -> str:
    if option == _PASSWORD_OPTION:
        return f"{prefix}${{CREDENTIALS_DIRECTORY}}/{PASSWORD_CREDENTIAL}"
    return quote(f"{prefix}{Path(value).absolute()}")


def _source_word(arguments: WatchArguments, name: str) -> str:
    if local := arguments.local_source:
        return quote(f"{'folder:' if arguments.is_folder else ''}{local.absolute()}")
    if "://" in arguments.source and urlsplit(arguments.source).password:
        print_message(
            f"the address holds a password: write {_SOURCE_VARIABLE}=ADDRESS into {environment_file(name)} (mode 600)"
        )
        return f"${{{_SOURCE_VARIABLE}}}"
    return quote(arguments.source)
