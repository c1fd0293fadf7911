"""`edaran dev whatsapp` as a person starts it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

COMMAND = "from bot.commands.dev import dev_app; dev_app()"


def dev(typed: str, *options: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-c", COMMAND, "whatsapp", "--port", "0", *options]
    return subprocess.run(whole, input=typed, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def webhook() -> Iterator[tuple[str, list[str]]]:
    """A listener that takes everything, and the texts that came."""
    came: list[str] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            messages = body["entry"][0]["changes"][0]["value"].get("messages", [])
            came.extend(message["text"]["body"] for message in messages)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_typed_lines_reach_the_webhook() -> None:
    with webhook() as (url, came):
        done = dev(
            "boleh live sekarang?\n/saya Budi\npagi\n", "--webhook", url, "--secret", "s", "--token", "t"
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert came == ["boleh live sekarang?", "pagi"]
    assert "EDARAN_WHATSAPP__TOKEN=t" in done.stdout
    assert "EDARAN_WHATSAPP__APP_SECRET=s" in done.stdout


def test_without_a_webhook_it_waits_and_ends_all_the_same() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hook"
    done = dev("halo\n", "--webhook", url, "--language", "en", "--no-limits")
    assert (done.returncode, done.stderr) == (0, "")
    assert "The WhatsApp simulator is running." in done.stdout


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        whole = [sys.executable, "-c", COMMAND, "whatsapp", "--port", port]
        done = subprocess.run(whole, input="", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "simulator.port" in done.stderr
