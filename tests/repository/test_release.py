"""What the repository says of its release and of its CI."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.paths import REPOSITORY

yaml = pytest.importorskip("yaml", reason="pyyaml is not installed")


def _project(name: str) -> str:
    found = re.search(rf'^{name} = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert found, name
    return found[1]


def test_changelog_begins_with_the_version_of_the_project() -> None:
    """The newest section is that of ``pyproject.toml``, and every section has a date and a kind of change."""
    text = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    sections = re.findall(r"^## (\S+) - (\d{4}-\d\d-\d\d)$", text, re.MULTILINE)
    assert sections[0][0] == _project("version")
    assert [date for _, date in sections] == sorted((date for _, date in sections), reverse=True)
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_ci_runs_targets_of_the_makefile() -> None:
    """Every ``make`` of the workflow is a target."""
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text("utf-8"))
    runs = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    called = {name for run in runs for name in re.findall(r"\bmake ([\w-]+)", run)}
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"lint", "docs", "test"} <= called <= targets


def test_ci_takes_every_python_of_the_project() -> None:
    """The matrix is what the classifiers name, and it begins with what ``requires-python`` asks for."""
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text("utf-8"))
    named = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', (REPOSITORY / "pyproject.toml").read_text("utf-8")
    )
    assert workflow["jobs"]["pythons"]["strategy"]["matrix"]["python"] == named
    assert _project("requires-python") == f">={named[0]}"


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name
)
def test_issue_templates_are_forms(path: Path) -> None:
    """A form has a name, a description and fields with an id; GitHub shows no form that lacks one."""
    form = yaml.safe_load(path.read_text("utf-8"))
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": True}
        return
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert fields
    assert all(field["id"] and field["attributes"]["label"] for field in fields)


def test_hooks_are_tools_of_the_project() -> None:
    """Every hook of pre-commit is a program of ``.venv``: there is no second version of a tool."""
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    entries = [hook["entry"] for hook in config["repos"][0]["hooks"]]
    assert all(entry.startswith(".venv/bin/") for entry in entries)
    assert {".venv/bin/codespell", ".venv/bin/mypy"} <= set(entries)
