"""From the arguments of ``edge watch`` or ``trainer teach`` to the text of a unit."""

from __future__ import annotations

from pathlib import Path

from edge.errors import UsageError
from edge.messages import print_message
from edge.service.arguments import WatchArguments
from edge.service.command_line import command_line, refuse_secrets
from edge.service.needs import find_needs
from edge.service.unit import UNIT_FOLDER, environment_file, unit_text
from edge.sinks.web.access import WEB_TOKEN_VARIABLE, is_loopback
from edge.sources.uri import open_source


def make_unit(arguments: WatchArguments, name: str, user: str | None) -> str:
    """The unit file of the service ``name`` that runs the program of ``arguments`` as ``user``.

    ``user`` None means the one that :func:`~edge.service.needs.find_needs` finds. Messages say what must be done
    besides.

    Raises :class:`~edge.errors.UsageError` if the name or the source is not valid, or the unit would hold a secret.
    """
    check_name(name)
    open_source(arguments.source, recursive=arguments.recursive, ca_file=arguments.ca_file)  # raises UsageError
    refuse_secrets(arguments, name)
    web = arguments.sinks.web
    if web and not is_loopback(web[0]):
        print_message(
            f"the page needs a token: write {WEB_TOKEN_VARIABLE}=... into {environment_file(name)} (mode 600)"
        )
    needs = find_needs(arguments, user)
    return unit_text(name, command_line(arguments, name), needs)


def check_name(name: str) -> None:
    """Raise :class:`~edge.errors.UsageError` if a service cannot be called ``name``."""
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"--name {name}: use letters, digits, - and _ only")


def installed_path(name: str) -> Path:
    """Where systemd reads the unit of the service ``name``."""
    return UNIT_FOLDER / f"{name}.service"


def next_steps(path: Path, name: str) -> str:
    """The shell commands that start the service ``name``, whose unit was written to ``path``."""
    copy = "" if path == installed_path(name) else f"sudo cp {path} {UNIT_FOLDER}/ && "
    return f"{copy}sudo systemctl daemon-reload && sudo systemctl enable --now {name}"
