"""A control plane that the test plays: the API of config/control.md, with answers that may be wrong."""
import hashlib
import http.server
import json
import threading
import urllib.parse

from .ports import free_port
from .sidecar import until


def sha256(text):
    return hashlib.sha256(text).hexdigest()


def raw_zstd(text):
    """A zstd frame (RFC 8878) of raw blocks, which needs no compressor."""
    blocks = [text[at:at + (1 << 17)] for at in range(0, len(text), 1 << 17)] or [b""]
    frame = b"\x28\xb5\x2f\xfd\xa0" + len(text).to_bytes(4, "little")  # single segment, 4 bytes of size
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        frame += (len(block) << 3 | last).to_bytes(3, "little") + block
    return frame


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        plane = self.server.plane
        url = urllib.parse.urlsplit(self.path)
        shown = self.connection.getpeercert()["serialNumber"] if plane.tls else None
        plane.note(self.command, url.path, body, {**dict(self.headers), "certificate": shown})
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        try:
            plane.answer(self, url.path, query, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = handle_one

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status not in (204, 304):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give(self, text, body=None, etag=None, **headers):
        self.reply(200, text if body is None else body, content_type="application/yaml",
                   etag=f'"{etag or sha256(text)}"', x_woad_version=sha256(text)[:12], **headers)


class Plane:
    """`odd`: called with (handler, query) in place of an answer to a poll; True: it has answered."""

    def __init__(self, port=None, tls=None):
        self.port = port or free_port()
        self.tls = tls
        self.text = None  # bytes
        self.odd = None
        self.refuse = {}  # of PUT: (status, sentence)
        self.heartbeat = "30s"
        self.calls = []
        self.changed = threading.Condition()
        self.server = None
        self.start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def start(self):
        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def shutdown_request(self, request):
                self.open.discard(request)
                super().shutdown_request(request)

            def process_request(self, request, address):
                self.open.add(request)
                super().process_request(request, address)

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.open = set()
        self.server.plane = self
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def kill(self):
        """Without goodbye."""
        if self.server is None:
            return
        server, self.server = self.server, None
        server.shutdown()
        server.server_close()
        for request in list(server.open):
            try:
                request.shutdown(2)
            except OSError:
                pass
        with self.changed:
            self.changed.notify_all()

    close = kill

    def put(self, text):
        with self.changed:
            self.text = text if isinstance(text, bytes) else text.encode()
            self.changed.notify_all()
        return sha256(self.text)

    def note(self, method, path, body, headers):
        with self.changed:
            self.calls.append((method, path, body, headers))
            self.changed.notify_all()

    def of(self, method, what):
        """Bodies of the calls so far to /v1/<what>/…"""
        return [body for verb, path, body, _ in list(self.calls)
                if verb == method and path.startswith(f"/v1/{what}/")]

    def statuses(self):
        return [json.loads(body) for body in self.of("POST", "status")]

    def told(self, sha, seconds=60):
        """What the sidecar said of a file, once it has."""
        said = lambda: next((s for s in self.statuses() if s["sha256"] == sha), None)
        return until(said, seconds)

    def polls(self):
        return [headers for verb, path, _, headers in list(self.calls)
                if verb == "GET" and path.startswith("/v1/config/")]

    def answer(self, handler, path, query, body):
        if path.startswith("/v1/config/"):
            return self.poll(handler, query)
        if handler.command == "PUT":
            if self.refuse:
                status, words = self.refuse
                return handler.reply(status, words.encode(), x_woad_error="conflict")
            return handler.reply(200, json.dumps({"lease": "90s", "heartbeat": self.heartbeat}).encode())
        return handler.reply(204)

    def poll(self, handler, query):
        if self.odd and self.odd(handler, query):
            return None
        wait = float(query["wait"].rstrip("s"))
        server = self.server
        with self.changed:
            self.changed.wait_for(
                lambda: self.server is not server or (self.text is not None and sha256(self.text) != query["have"]),
                wait)
        if self.server is not server:
            handler.close_connection = True
            return None
        if self.odd and self.odd(handler, query):
            return None
        if self.text is None:
            return handler.reply(404, b"no such service\n", x_woad_error="no_route")
        if sha256(self.text) == query["have"]:
            return handler.reply(304)
        return handler.give(self.text)
