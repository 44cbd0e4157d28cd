"""The command line of the unit: absolute paths, and no secrets."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from edge.errors import UsageError
from edge.inference.delegate import DelegateChoice
from edge.messages import print_message
from edge.secrets import ENVIRONMENT_SOURCE, SOURCE_VARIABLE, may_hold_secret
from edge.service.arguments import WatchArguments
from edge.service.unit import environment_file, quote
from edge.sinks.actions.options import WEBHOOK_VARIABLE, LabelCommand
from edge.sinks.mqtt.broker import parse_broker
from edge.sinks.web.access import WEB_TOKEN_VARIABLE

PASSWORD_CREDENTIAL = "mqtt-password"
"""The name under which systemd passes the broker's password to the service (``LoadCredential``)."""

SECRET_CREDENTIAL = "webhook-secret"
"""The same for the secret of the webhook."""

DELEGATE_OPTION = "--delegate"
"""The option with the library of a delegate, a path or a name."""

_CREDENTIALS = {"--mqtt-password-file": PASSWORD_CREDENTIAL, "--webhook-secret-file": SECRET_CREDENTIAL}
_PATH_OPTIONS = (
    "--model",
    "--labels",
    "--status",
    "--capture",
    "--mqtt-ca",
    "--ca-file",
    DELEGATE_OPTION,
    *_CREDENTIALS,
)
_WEBHOOK_OPTION = "--webhook"
_COMMAND_OPTIONS = ("--on-label", "--on-label-end")
_WEIGHTS_OPTION = "--weights"
_TEACH_PATH_OPTIONS = (*_PATH_OPTIONS, "--backbone", "--bottleneck-dir", "--inbox", "--store", _WEIGHTS_OPTION)


def refuse_secrets(arguments: WatchArguments, name: str) -> None:
    """Check that the unit of the service ``name`` would hold no secret: every user may read it.

    Raises :class:`~edge.errors.UsageError` for a token, or if the broker's address holds a password or is not one.
    """
    if arguments.sinks.web_token is not None:
        raise UsageError(
            "every user could read the token in the unit: leave out --web-token and write "
            f"{WEB_TOKEN_VARIABLE}=... into {environment_file(name)} (owner root, mode 600)"
        )
    if arguments.sinks.mqtt is not None:
        parse_broker(arguments.sinks.mqtt)


def command_line(arguments: WatchArguments, name: str) -> list[str]:
    """The words of ``ExecStart`` for the service ``name``, quoted, the first one an absolute path.

    Paths become absolute, because a service starts in another folder. A source that may hold a secret is left out, and
    a message says that it belongs into the environment file: ``edge watch`` reads it there, whereas a variable in the
    command line would be replaced by systemd, for all users to read. So is the address of a webhook, whose path often
    is its secret. The files with the broker's password and the webhook's secret become credentials of systemd. A
    command gets the full path of its program.
    """
    hidden = arguments.source_word is None or (arguments.local_source is None and may_hold_secret(arguments.source))
    if hidden:
        print_message(
            "the source is not written into the unit, because its address may hold a secret: write "
            f"{SOURCE_VARIABLE}=ADDRESS into {environment_file(name)} (owner root, mode 600)"
        )
    if arguments.actions.webhook is not None:
        print_message(
            "the webhook is not written into the unit, because its address may be a secret: write "
            f"{WEBHOOK_VARIABLE}=ADDRESS into {environment_file(name)} (owner root, mode 600)"
        )
    teach = arguments.teach
    program = ("edge", "watch") if teach is None else ("trainer", "teach")
    hidden_words = [] if teach is None else [ENVIRONMENT_SOURCE]
    path_options = _PATH_OPTIONS if teach is None else _TEACH_PATH_OPTIONS
    result = [quote(word) for word in (sys.executable, "-m", *program)]
    previous = ""
    for word in arguments.words:
        option, equals, value = word.partition("=")
        if _WEBHOOK_OPTION in (previous, option):
            pass
        elif previous in (*path_options, *_COMMAND_OPTIONS):
            result.append(_path_word(arguments, previous, word))
        elif equals and option in (*path_options, *_COMMAND_OPTIONS):
            result.append(_path_word(arguments, option, value, prefix=f"{option}="))
        elif word == arguments.source_word:
            result += hidden_words if hidden else [_source_word(arguments)]
        elif teach is not None and Path(word) == teach.folder:
            result.append(quote(str(teach.folder.absolute())))
        else:
            result.append(quote(word))
        previous = word
    return result


def _path_word(arguments: WatchArguments, option: str, value: str, *, prefix: str = "") -> str:
    if option in _CREDENTIALS:
        return f"{prefix}${{CREDENTIALS_DIRECTORY}}/{_CREDENTIALS[option]}"
    if option in _COMMAND_OPTIONS:
        command = LabelCommand.parse(value).found()
        return quote(f"{prefix}{command.label}={shlex.join(command.words)}")
    if option == _WEIGHTS_OPTION and arguments.teach and not arguments.teach.weights:
        return quote(f"{prefix}{value}")  # not a path but a word: offline
    if option == DELEGATE_OPTION:
        return library_word(value, prefix)
    return quote(f"{prefix}{Path(value).absolute()}")


def library_word(value: str, prefix: str) -> str:
    """The quoted word with the library of a delegate, ``value``: a path becomes absolute, a name stays."""
    return quote(f"{prefix}{Path(value).absolute() if DelegateChoice(value).is_path else value}")


def _source_word(arguments: WatchArguments) -> str:
    local = arguments.local_source
    if local is None:
        return quote(arguments.source)
    return quote(f"{'folder:' if arguments.is_folder else ''}{local.absolute()}")
