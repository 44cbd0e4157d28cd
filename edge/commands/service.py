"""``edge service``: ``edge watch`` as a systemd service."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.commands.arguments import add_command, model_path
from edge.commands.watch import add_watch_options
from edge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.commands.arguments import Commands
    from edge.live.unit import Needs

_NAME = "edge-watch"
_UNITS = Path("/etc/systemd/system")
_PATH_OPTIONS = ("--model", "--labels", "--status", "--capture", "--mqtt-ca", "--mqtt-password-file")
_PASSWORD_OPTION, _PASSWORD_CREDENTIAL = "--mqtt-password-file", "mqtt-password"
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
    from edge.live.unit import unit_text
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
        _tell(f"the page needs a token: write EDGE_WEB_TOKEN=... into /etc/{name}.env (owner root, mode 600)")
    model = model_path(parsed.model)
    if parsed.model is None:
        words += ["--model", str(model)]
    words = _absolute(words, parsed.source)
    needs, user = _needs(parsed, model, options.user)
    text = unit_text(name, _command(words, parsed, name), needs, parsed.every, user)
    path = _UNITS / f"{name}.service" if options.install else options.output
    if path is None:
        sys.stdout.write(text)
        return 0
    write_whole(path, text.encode("utf-8", "surrogateescape"))
    _tell(f"wrote {path}; next: " + ("" if options.install else f"sudo cp {path} {_UNITS}/ && ") + _next(name))
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
    result: list[str] = []
    for word in words:
        option, equals, value = word.partition("=")
        if result and result[-1] in _PATH_OPTIONS:
            result.append(str(Path(word).absolute()))
        elif equals and option in _PATH_OPTIONS:
            result.append(f"{option}={Path(value).absolute()}")
        elif word == source and (local := _local(source)):
            result.append(str(local.absolute()))
        else:
            result.append(word)
    return result


def _local(source: str) -> Path | None:
    """The file or folder that ``source`` means, None where it means a camera or an address."""
    path = Path(source.removeprefix("file:").removeprefix("folder:"))
    return None if source.isdecimal() or source.startswith("/dev/") or not path.exists() else path


def _command(words: Sequence[str], parsed: argparse.Namespace, name: str) -> list[str]:
    """The words of the unit's command line, quoted; secrets are named, not given."""
    from urllib.parse import urlsplit

    from edge.live.unit import quote

    credential = f"${{CREDENTIALS_DIRECTORY}}/{_PASSWORD_CREDENTIAL}"
    result = [quote(word) for word in (sys.executable, "-m", "edge", "watch")]
    for index, word in enumerate(words):
        if index and words[index - 1] == _PASSWORD_OPTION:
            result.append(credential)
        elif word.startswith(f"{_PASSWORD_OPTION}="):
            result.append(f"{_PASSWORD_OPTION}={credential}")
        elif word == parsed.source and "://" in word and urlsplit(word).password:
            result.append(f"${{{_SOURCE_VARIABLE}}}")
            _tell(f"the address holds a password: write {_SOURCE_VARIABLE}=ADDRESS into /etc/{name}.env (mode 600)")
        else:
            result.append(quote(word))
    return result


def _needs(parsed: argparse.Namespace, model: Path, user: str | None) -> tuple[Needs, str | None]:
    """What the unit must allow, and the user it needs (None: one that systemd makes up)."""
    import edge
    from edge.live.unit import Needs
    from edge.store.layout import store_of

    source, local = parsed.source, _local(parsed.source)
    read = [Path(sys.executable), Path(edge.__file__), model]
    read += [Path(path) for path in (parsed.labels, parsed.mqtt_ca) if path] + ([local] if local else [])
    store = store_of(model)  # where the start of a model is noted, and that it works
    places = (parsed.capture, parsed.status and parsed.status.parent, store and store.root)
    written = [path.absolute() for path in places if path]
    read = [path.absolute() for path in read]
    temporary = list(filter(_is_temporary, (*read, *written)))
    if temporary:
        _tell(f"{temporary[0]} lies in a folder for temporary files, which the next start empties; better move it")
    if user is None and (written or temporary or not all(map(_is_for_all, read))):
        user = _caller()
    needs = Needs(
        camera=source.isdecimal() or source.startswith("/dev/"),
        pi_camera=source.startswith("picamera2:"),
        network=bool("://" in source or parsed.web or parsed.mqtt or parsed.prometheus),
        steady_frames=not (local and local.is_dir()),
        write_paths=tuple(map(str, written)),
        credentials=((_PASSWORD_CREDENTIAL, str(parsed.mqtt_password_file.absolute())),)
        if parsed.mqtt_password_file
        else (),
        home=any(path.parts[1:2] in (("home",), ("root",)) for path in (*read, *written)),
        temporary=bool(temporary),
    )
    return needs, user


def _is_temporary(path: Path) -> bool:
    return path.parts[1:2] == ("tmp",) or path.parts[1:3] == ("var", "tmp")


def _is_for_all(path: Path) -> bool:
    """Whether any user may read ``path``, through all folders above it; links followed."""
    try:
        real = path.resolve(strict=True)
        return bool(real.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in real.parents)
    except OSError:
        return False


def _caller() -> str:
    """Who asks: behind ``sudo`` the one who typed it."""
    import os
    import pwd

    try:
        user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise UsageError("you have no name here: say with --user USER who is to run the service") from None
    if user == "root":
        _tell("the service would run as root, who alone can read or write its files: better give --user USER")
    return user


def _tell(line: str) -> None:
    print(f"edge: {line}", file=sys.stderr)
