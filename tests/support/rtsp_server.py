"""A real RTSP server on loopback for tests: GStreamer's, in Debian's own Python.

Needs ``gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-gi``. Prints its
port, then serves ``/red``, MJPEG of that colour, until its stdin is closed.
"""

from __future__ import annotations

import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

RED = 0xFFDC2828
"""The colour of every pixel: 0xAARRGGBB."""


def main() -> None:
    """Serve until the end of stdin."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
    factory = GstRtspServer.RTSPMediaFactory()
    source = f"videotestsrc is-live=true pattern=solid-color foreground-color={RED}"
    form = "video/x-raw,format=I420,width=320,height=240,framerate=30/1"
    factory.set_launch(f"( {source} ! {form} ! jpegenc ! rtpjpegpay name=pay0 )")
    server.get_mount_points().add_factory("/red", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (input_ended(), loop.quit()), daemon=True).start()
    print(server.get_bound_port(), flush=True)
    loop.run()


def input_ended() -> None:
    """Wait until stdin is closed."""
    import sys

    sys.stdin.read()


if __name__ == "__main__":
    main()
