"""What this project is called on the package index, how its extras are installed, and which packages are."""

from __future__ import annotations

DISTRIBUTION = "edge-for-poets"


def install_command(extra: str, *options: str) -> str:
    """The command that installs ``extra``, one of the project's optional dependencies, with ``options`` of pip."""
    return " ".join(["pip install", *options, f"'{DISTRIBUTION}[{extra}]'"])


def installed_version(package: str) -> str | None:
    """The version of ``package`` installed here, None if it is not installed; it is not imported."""
    import importlib.metadata  # slow to import, and few runs need it

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
