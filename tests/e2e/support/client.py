"""Blocking clients: raw HTTP/1.1 and HTTP/2, one connection each."""
import socket
import struct
from dataclasses import dataclass, field

from . import h2

TIMEOUT = 60


@dataclass
class Response:
    status: int = 0
    headers: list = field(default_factory=list)
    body: object = b""  # bytes, or a bytearray that grows
    trailers: list = field(default_factory=list)
    interim: list = field(default_factory=list)
    reset: int = None
    closed: bool = False

    def get(self, name, otherwise=None):
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return otherwise

    def trailer(self, name):
        return next((v for k, v in self.trailers if k.lower() == name), None)

    @property
    def error(self):
        return self.get("x-woad-error")

    @property
    def origin(self):
        return self.get("x-origin")


class Closed(Exception):
    """The peer closed where more was due; `data` is what came before."""

    def __init__(self, data=b""):
        super().__init__(f"closed after {data[-200:]!r}")
        self.data = data


def connect(port, receive_buffer=None, tls=None, sni=None):
    """tls: an ssl.SSLContext, to speak TLS."""
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(TIMEOUT)
    try:
        sock.connect(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls.wrap_socket(sock, server_hostname=sni) if tls else sock


class H1:
    version = "h1"

    def __init__(self, port, receive_buffer=None, tls=None, sni=None):
        self.sock, self.buffer = connect(port, receive_buffer, tls, sni), bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def abort(self):
        """Ends with a reset, as a client that died does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def head(self, method, target, headers, host="svc"):
        lines = [f"{method} {target} HTTP/1.1"]
        if not any(k.lower() == "host" for k, _ in headers):
            lines.append(f"Host: {host}")
        lines += [f"{k}: {v}" for k, v in headers]
        return "\r\n".join(lines) + "\r\n\r\n"

    def request(self, method="GET", target="/", headers=(), body=None, host="svc", trailers=None):
        """body: bytes (sent with a length) or a list of pieces (sent chunked)."""
        self.start(method, target, headers, body, host, trailers)
        return self.response(method)

    def start(self, method="GET", target="/", headers=(), body=None, host="svc", trailers=None):
        headers = list(headers)
        if isinstance(body, bytes):
            headers.append(("Content-Length", str(len(body))))
            self.send(self.head(method, target, headers, host).encode("latin-1") + body)
            return
        if body is None:
            self.send(self.head(method, target, headers, host))
            return
        headers.append(("Transfer-Encoding", "chunked"))
        self.send(self.head(method, target, headers, host))
        for piece in body:
            self.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        tail = "".join(f"{k}: {v}\r\n" for k, v in trailers or [])
        self.send(f"0\r\n{tail}\r\n")

    def _more(self):
        data = self.sock.recv(1 << 18)
        if not data:
            raise Closed(bytes(self.buffer))
        self.buffer += data

    def until(self, mark):
        while (at := self.buffer.find(mark)) < 0:
            self._more()
        data = bytes(self.buffer[:at])
        del self.buffer[:at + len(mark)]
        return data

    def take(self, limit):
        if not self.buffer:
            self._more()
        data = bytes(self.buffer[:limit])
        del self.buffer[:len(data)]
        return data

    def exactly(self, size):
        while len(self.buffer) < size:
            self._more()
        return self.take(size) if size else b""

    def response_head(self):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        response = Response(int(lines[0].split(" ")[1]))
        response.headers = [tuple(p.strip() for p in line.split(":", 1)) for line in lines[1:]]
        response.version = lines[0].split(" ")[0]
        return response

    def response(self, method="GET"):
        interim = []
        while (response := self.response_head()).status < 200 and response.status != 101:
            interim.append(response)
        response.interim = interim
        pieces = list(self.body(response, method))
        response.body = b"".join(pieces)
        return response

    def body(self, response, method="GET"):
        if method == "HEAD" or response.status in (101, 204, 304):
            return
        length = response.get("content-length")
        if (response.get("transfer-encoding") or "").lower() == "chunked":
            while size := int(self.until(b"\r\n").split(b";")[0], 16):
                while size:
                    piece = self.take(size)
                    size -= len(piece)
                    yield piece
                assert self.until(b"\r\n") == b"", "chunk without an end"
            while line := self.until(b"\r\n"):
                response.trailers.append(
                    tuple(p.strip() for p in line.decode("latin-1").split(":", 1)))
        elif length is not None:
            left = int(length)
            while left:
                piece = self.take(left)
                left -= len(piece)
                yield piece
        else:
            try:
                while True:
                    yield self.take(1 << 18)
            except Closed:
                response.closed = True

    def closed(self):
        """True when the peer ends the connection without another byte."""
        try:
            return not self.buffer and self.sock.recv(1) == b""
        except ConnectionError:
            return True
        except socket.timeout:
            return False

    def rest(self):
        """All bytes until the peer closes; those of a reset connection too."""
        try:
            while True:
                self._more()
        except (Closed, ConnectionError):
            return bytes(self.buffer)


class H2:
    version = "h2"

    def __init__(self, port, tls=None, sni=None):
        self.sock, self.h2 = connect(port, None, tls, sni), h2.Connection(client=True)
        self.scheme = "https" if tls else "http"
        self.responses, self.ended, self.consume = {}, set(), True
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def flush(self):
        data = self.h2.take()
        if data:
            self.sock.sendall(data)

    def head(self, method, target, headers, host):
        lines = [(":method", method), (":scheme", self.scheme), (":authority", host), (":path", target)]
        return lines + [(k.lower(), v) for k, v in headers]

    def open(self, method="GET", target="/", headers=(), host="svc", end=True, raw=None):
        """raw: these header fields and no others."""
        stream = self.h2.open(raw or self.head(method, target, headers, host), end)
        self.responses[stream] = Response(body=bytearray())
        self.flush()
        return stream

    def start(self, method="GET", target="/", headers=(), body=None, host="svc", trailers=None):
        stream = self.open(method, target, headers, host, end=body is None and trailers is None)
        if body is not None or trailers is not None:
            pieces = [body] if isinstance(body, bytes) else list(body or [])
            for piece in pieces:
                self.h2.data(stream, piece)
                self.flush()
                self.drain_queue(stream, 1 << 20)
            self.h2.data(stream, b"", end=True, trailers=trailers)
            self.flush()
        return stream

    def request(self, method="GET", target="/", headers=(), body=None, host="svc", trailers=None):
        return self.response(self.start(method, target, headers, body, host, trailers))

    def drain_queue(self, stream, limit=0):
        while self.h2.queued(stream) > limit and stream not in self.ended:
            self.pump()

    def pump(self):
        """One read from the connection."""
        try:
            data = self.sock.recv(1 << 18)
        except ConnectionError:
            data = b""
        if not data:
            raise Closed()
        for event in self.h2.receive(data):
            self._event(event)
        self.flush()

    def _event(self, event):
        response = self.responses.get(event.stream)
        if response is None:
            return
        if event.kind == "headers":
            status = int(dict(event.headers).get(":status", 0))
            fields = [(k, v) for k, v in event.headers if k != ":status"]
            if response.status:
                response.trailers += fields
            elif 100 <= status < 200:
                response.interim.append(Response(status, fields))
            else:
                response.status, response.headers = status, fields
        elif event.kind == "data":
            response.body += event.data
            if self.consume:
                self.h2.consume(event.stream, len(event.data))
        elif event.kind == "end":
            self.ended.add(event.stream)
        elif event.kind == "reset":
            response.reset = event.code
            self.ended.add(event.stream)

    def response(self, stream):
        while stream not in self.ended:
            self.pump()
        return self.responses[stream]


CLIENTS = {"h1": H1, "h2": H2}


def fetch(port, *args, version="h1", **kwargs):
    """One request on a connection of its own."""
    with CLIENTS[version](port) as client:
        return client.request(*args, **kwargs)
