"""Where frames come from: cameras, videos, streams and folders.

:func:`open_source` finds the source that an address means. A source of your own is any class with the attributes and
methods of :class:`FrameSource`. :class:`FakeSource` replaces a camera in tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.lazy_names import lazy_names

if TYPE_CHECKING:
    from edge.sources.fake import END, HANG, FakeSource
    from edge.sources.protocol import EndOfStream, FrameSource
    from edge.sources.uri import open_source

__all__ = ["END", "HANG", "EndOfStream", "FakeSource", "FrameSource", "open_source"]

__getattr__ = lazy_names(
    __name__,
    {
        "END": "edge.sources.fake",
        "HANG": "edge.sources.fake",
        "EndOfStream": "edge.sources.protocol",
        "FakeSource": "edge.sources.fake",
        "FrameSource": "edge.sources.protocol",
        "open_source": "edge.sources.uri",
    },
)
