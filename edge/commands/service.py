"""``edge service``: ``edge watch`` as a systemd service."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.arguments import add_command, model_path
from edge.commands.watch import add_watch_options
from edge.errors import UsageError
from edge.messages import tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.commands.arguments import Commands

_NAME = "edge-watch"
_UNITS = Path("/etc/systemd/system")
_PATH_OPTIONS = ("--model", "--labels", "--status", "--capture", "--mqtt-ca", "--mqtt-password-file")
_SOURCE_VARIABLE = "EDGE_SOURCE"


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    service = add_command(
        commands,
        "service",
        "Print the systemd unit that runs edge watch: hardened, watched, started again after a fault.",
        "edge service --output edge-watch.service 0 --model models/flowers.tflite --web 8080",
    )
    _add_own_options(service)
    service.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="SOURCE [OPTION ...]",
        help="what edge watch is given; edge watch --help names its options",
    )
    service.set_defaults(command=_service)


def _add_own_options(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--output", type=Path, metavar="FILE", help="write the unit there instead")
    where.add_argument(
        "--install", action="store_true", default=None, help=f"write the unit into {_UNITS} (as root: sudo)"
    )
    parser.add_argument("--name", metavar="NAME", help=f"the service's name (default {_NAME})")
    parser.add_argument(
        "--user",
        metavar="USER",
        help="who runs it (default: a user that systemd makes up, or you where that one could not read the files)",
    )


def _service(options: argparse.Namespace) -> int:
    from edge.files import write_whole
    from edge.service.needs import find_needs
    from edge.service.unit import unit_text
    from edge.sinks.web.access import is_loopback
    from edge.sources.uri import open_source

    words = _take_own_options(options)
    name = options.name or _NAME
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"--name {name}: use letters, digits, - and _ only")
    watch = argparse.ArgumentParser(prog="edge service", add_help=False, allow_abbrev=False)
    add_watch_options(watch)
    parsed = watch.parse_args(words)
    open_source(parsed.source)  # says what is wrong with it
    _refuse_secrets(parsed, name)
    if parsed.web and not is_loopback(parsed.web[0]):
        tell(f"the page needs a token: write EDGE_WEB_TOKEN=... into /etc/{name}.env (owner root, mode 600)")
    model = model_path(parsed.model)
    if parsed.model is None:
        words += ["--model", str(model)]
    words = _absolute(words, parsed.source)
    needs, user = find_needs(parsed, model, options.user)
    text = unit_text(name, _command(words, parsed, name), needs, parsed.every, user)
    path = _UNITS / f"{name}.service" if options.install else options.output
    if path is None:
        sys.stdout.write(text)
        return 0
    write_whole(path, text.encode("utf-8", "surrogateescape"))
    tell(f"wrote {path}; next: " + ("" if options.install else f"sudo cp {path} {_UNITS}/ && ") + _next(name))
    return 0


def _next(name: str) -> str:
    return f"sudo systemctl daemon-reload && sudo systemctl enable --now {name}"


def _take_own_options(options: argparse.Namespace) -> list[str]:
    """The words for ``edge watch``; our own options may also stand among them."""
    own = argparse.ArgumentParser(prog="edge service", add_help=False, allow_abbrev=False)
    _add_own_options(own)
    late, words = own.parse_known_args(options.arguments)
    for key, value in vars(late).items():
        if value is not None:
            setattr(options, key, value)
    return words


def _refuse_secrets(parsed: argparse.Namespace, name: str) -> None:
    from urllib.parse import urlsplit

    if parsed.web_token is not None:
        raise UsageError(
            f"everybody could read the token in the unit: leave out --web-token and write EDGE_WEB_TOKEN=... into "
            f"/etc/{name}.env (owner root, mode 600)"
        )
    if parsed.mqtt and urlsplit(parsed.mqtt).password:
        raise UsageError("everybody could read the broker's password in the unit: give --mqtt-password-file FILE")


def _absolute(words: Sequence[str], source: str) -> list[str]:
    """``words`` with every path made absolute: a service does not start where you are."""
    from edge.service.needs import local_path

    result: list[str] = []
    for word in words:
        option, equals, value = word.partition("=")
        if result and result[-1] in _PATH_OPTIONS:
            result.append(str(Path(word).absolute()))
        elif equals and option in _PATH_OPTIONS:
            result.append(f"{option}={Path(value).absolute()}")
        elif word == source and (local := local_path(source)):
            result.append(str(local.absolute()))
        else:
            result.append(word)
    return result


def _command(words: Sequence[str], parsed: argparse.Namespace, name: str) -> list[str]:
    """The words of the unit's command line, quoted; secrets are named, not given."""
    from urllib.parse import urlsplit

    from edge.service.needs import PASSWORD_CREDENTIAL, PASSWORD_OPTION
    from edge.service.unit import quote

    credential = f"${{CREDENTIALS_DIRECTORY}}/{PASSWORD_CREDENTIAL}"
    result = [quote(word) for word in (sys.executable, "-m", "edge", "watch")]
    for index, word in enumerate(words):
        if index and words[index - 1] == PASSWORD_OPTION:
            result.append(credential)
        elif word.startswith(f"{PASSWORD_OPTION}="):
            result.append(f"{PASSWORD_OPTION}={credential}")
        elif word == parsed.source and "://" in word and urlsplit(word).password:
            result.append(f"${{{_SOURCE_VARIABLE}}}")
            tell(f"the address holds a password: write {_SOURCE_VARIABLE}=ADDRESS into /etc/{name}.env (mode 600)")
        else:
            result.append(quote(word))
    return result
