#!/usr/bin/env bash
# One would guess: the provider's own client follows a redirect of its API base (from http to https, or to a gateway's
# new name), or names it when it fails.
# What happens: it follows none, and as a redirect has no body the error is "TokenLab request failed: " without another
# word: neither the status nor the new place. Both are only in the exception that it was raised from.
# Seen with tokenlab-ai 0.1.4 and httpx 0.28.1 on CPython 3.11. Encore has a client of its own.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tokenlab-ai==0.1.4 httpx==0.28.1
"$work/venv/bin/python" - <<'P'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from tokenlab import TokenLabClient


class Moved(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(308)
        self.send_header("Location", f"/moved{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Moved)
serving = threading.Thread(target=server.serve_forever)
serving.start()
print("tokenlab-ai", version("tokenlab-ai"), "httpx", version("httpx"))
try:
    with TokenLabClient(api_key="none", api_base=f"http://127.0.0.1:{server.server_port}") as client:
        client.list_models()
except RuntimeError as error:
    told, status = str(error), error.__cause__.response.status_code
    print(f"error: {told!r}; its cause has the status: {status}")
    if told != "TokenLab request failed: " or status != 308:
        sys.exit("it says something else now")
else:
    sys.exit("it follows redirects now")
finally:
    server.shutdown()
    serving.join()
P
