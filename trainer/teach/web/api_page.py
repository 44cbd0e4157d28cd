"""A page about the API, made from its OpenAPI document."""

from __future__ import annotations

from html import escape

from trainer.teach.web.openapi import OPERATIONS, openapi

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Edge for Poets: the API</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<header><h1><img src="/icon.svg" alt="" width="30" height="30">Edge for Poets: the API</h1></header>
<main>
<section class="card">
{about}
<p>The whole description, for programs: <a href="/api/openapi.json">openapi.json</a>.</p>
<dl class="details">
{operations}
</dl>
</section>
</main>
</body>
</html>
"""


def api_page() -> str:
    """The page, as HTML."""
    about = openapi()["info"]["description"].split("\n\n")
    operations = (
        f"<dt><code>{one.method} {escape(one.path)}</code></dt><dd>{escape(one.summary)}</dd>" for one in OPERATIONS
    )
    return _PAGE.format(about="\n".join(f"<p>{escape(part)}</p>" for part in about), operations="\n".join(operations))
