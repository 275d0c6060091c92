"""`server.py FOLDER PORT`: serves a folder on this machine, packed files to whoever takes them. Port 0 is any that is free."""

import re
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PACKED = {"br": ".br", "gzip": ".gz"}


def policy(folder):
    """What the page's head forbids the page, to be sent with every file: a worker goes by what came with its own. And what a head
    cannot say: nobody shows the page within another one."""
    try:
        head = Path(folder, "index.html").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)
    return f"{found[1]}; frame-ancestors 'none'" if found else None


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A machine may know other types than browsers insist on.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".webmanifest": "application/manifest+json",
    }

    def takes(self, coding):
        for part in self.headers.get("Accept-Encoding", "").split(","):
            name, _, quality = part.partition(";")
            if name.strip() == coding:
                return quality.replace(" ", "") not in ("q=0", "q=0.0")
        return False

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path = path / "index.html"
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        found = ((coding, Path(f"{path}{ending}")) for coding, ending in PACKED.items() if self.takes(coding))
        coding, sent = next(((coding, packed) for coding, packed in found if packed.is_file()), (None, path))
        state = sent.stat()
        tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
        known = self.headers.get("If-None-Match") == tag
        self.send_response(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK)
        self.send_header("ETag", tag)
        self.send_header("Vary", "Accept-Encoding")
        # A page that was built again is seen when it is loaded again.
        self.send_header("Cache-Control", "no-cache")
        if not known:
            # Read each time: the page may have been built again.
            held = policy(self.directory)
            if held:
                self.send_header("Content-Security-Policy", held)
            self.send_header("Content-Type", self.guess_type(str(path)))
            self.send_header("Content-Length", str(state.st_size))
            if coding:
                self.send_header("Content-Encoding", coding)
        self.end_headers()
        return None if known else sent.open("rb")

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    folder, port = sys.argv[1], int(sys.argv[2])
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=folder))
    except OSError as error:
        sys.exit(f"port {port} cannot be used ({error.strerror}); give another one: web/serve 8081")
    print(f"http://localhost:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
