"""A hook of MkDocs: files outside ``docs/`` that pages link to become part of the site, and links to them stay true.

In the repository, ``docs/flashing.md`` links to ``../benchmarks/results/x.json`` and ``CHANGELOG.md`` to
``docs/watching.md``, as a reader on the repository's page needs it. In the site, all of them lie below one root.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
"""Pages at the root of the repository."""

RESULTS = "benchmarks/results"
"""The folder of the result files that the measurements link to."""

_ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages and the result files to those of ``docs/``."""
    outside = [*(_ROOT / name for name in PAGES), *sorted((_ROOT / RESULTS).glob("*.json"))]
    for path in outside:
        files.append(File.generated(config, path.relative_to(_ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, files: Files, **_: object) -> str:
    """Turn each link of a page to where the file lies in the site."""
    source = page.file.src_uri
    outside = page.file.generated_by is not None
    here = posixpath.dirname(source if outside else f"docs/{source}")

    def turned(match: re.Match[str]) -> str:
        before, link, anchor, after = match[1], match[2], match[3] or "", match[4]
        if "://" in link or link.startswith("mailto:"):
            return match[0]
        target = posixpath.normpath(posixpath.join(here, link))
        in_site = "index.md" if target == "README.md" else target.removeprefix("docs/")
        moved = posixpath.relpath(in_site, posixpath.dirname(source) or ".")
        return f"{before}{moved}{anchor}{after}" if files.get_file_from_path(in_site) else match[0]

    return _LINK.sub(turned, markdown)
