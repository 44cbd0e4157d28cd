"""An extension of Griffe: the roles of docstrings, such as ``:class:`~edge.types.Category```, become links.

The code uses them because editors and ``help()`` show them well; Markdown does not know them.
"""

from __future__ import annotations

import re

import griffe

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):`(~?)([\w.]+)`")
_BLOCK = re.compile(r"^::$", re.MULTILINE)
_SESSION = re.compile(r"^(>>> .*(?:\n.+)*)", re.MULTILINE)
_SKIP = re.compile(r" +# doctest: \+SKIP")


class Roles(griffe.Extension):
    """Rewrites all docstrings of a package when Griffe has read it."""

    def on_package(self, *, pkg: griffe.Module, **_: object) -> None:
        """Rewrite the docstrings of ``pkg`` and of what is in it."""
        _rewrite(pkg)


def _rewrite(obj: griffe.Object) -> None:
    if obj.docstring:
        obj.docstring.value = as_markdown(obj.docstring.value, obj)
    for member in obj.members.values():
        if isinstance(member, griffe.Object):
            _rewrite(member)


def as_markdown(docstring: str, obj: griffe.Object) -> str:
    """The ``docstring`` of ``obj`` with links instead of roles, indented blocks instead of ``::``, sessions as blocks.

    A name without dots is looked up where ``obj`` stands. A link whose target the site does not show is plain code: the
    ``optional`` mark says so.
    """

    def link(match: re.Match[str]) -> str:
        short, path = match[1], match[2]
        text = path.rpartition(".")[2] if short else path
        return f'<autoref identifier="{_full_path(path, obj)}" optional><code>{text}</code></autoref>'

    text = _SESSION.sub(lambda match: f"```pycon\n{_SKIP.sub('', match[1])}\n```", _BLOCK.sub("", docstring))
    return _ROLE.sub(link, text)


def _full_path(path: str, obj: griffe.Object) -> str:
    try:
        return obj.resolve(path)
    except griffe.NameResolutionError:
        return path
