"""A web server on this machine that answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def web_server(answers: dict[str, Answer]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the paths it was asked for, in order."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.close_connection = True
            with suppress(BrokenPipeError, ConnectionResetError):
                answers[self.path](self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def give(data: bytes, status: int = 200, **headers: str) -> Answer:
    """Answer with these bytes; `_` in the names of headers stands for `-`."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        said = {"Content-Length": str(len(data))}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        to.send_response(status)
        for name, value in said.items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(data)

    return answer
