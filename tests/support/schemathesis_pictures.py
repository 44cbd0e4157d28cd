"""Pictures for Schemathesis, which would otherwise send any bytes as a picture (docs/serving.md, "Any request")."""

from __future__ import annotations

import base64
import io

import schemathesis
from hypothesis import strategies as st
from PIL import Image


def _png(colour: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


PICTURES = st.tuples(*[st.integers(0, 255)] * 3).map(_png)
schemathesis.openapi.media_type("image/*", PICTURES)
schemathesis.openapi.media_type("application/octet-stream", PICTURES)
schemathesis.openapi.format("binary", PICTURES)
schemathesis.openapi.format("byte", PICTURES.map(lambda content: base64.b64encode(content).decode()))
