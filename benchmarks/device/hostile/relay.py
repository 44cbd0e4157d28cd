"""A relay between a client and a server on loopback, which can lose one side of its connections."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Passes bytes on between clients of :attr:`port` and the server on ``port``.

    ``connections`` are pairs of the client's socket and the server's, oldest first.
    """

    def __init__(self, port: int) -> None:
        """Listen on a free port."""
        self.connections: list[tuple[socket.socket, socket.socket]] = []
        self._half_open: set[socket.socket] = set()
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_client(self, number: int = -1) -> None:
        """Close the client's side of a connection. The server's side stays open: it is half-open."""
        client, server = self.connections[number]
        self._half_open.add(server)
        client.shutdown(socket.SHUT_RDWR)

    def keep_server(self, number: int = -1) -> None:
        """Keep the server's side of a connection open when the client's ends."""
        self._half_open.add(self.connections[number][1])

    def lose_server(self, number: int) -> None:
        """Close the server's side of a connection, as the end of its keepalive does."""
        with contextlib.suppress(OSError):
            self.connections[number][1].shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close everything."""
        self._listener.close()
        for pair in self.connections:
            for side in pair:
                side.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                self.connections.append((client, server))
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
            if other not in self._half_open:
                other.shutdown(socket.SHUT_WR)
