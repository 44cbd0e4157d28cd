"""What this project is called on the package index, and how its extras are installed."""

DISTRIBUTION = "edge-for-poets"


def install_command(extra: str, *options: str) -> str:
    """The command that installs ``extra``, one of the project's optional dependencies, with ``options`` of pip."""
    return " ".join(["pip install", *options, f"'{DISTRIBUTION}[{extra}]'"])
