"""Connections inside a CONNECT: over an HTTP/1 connection, or a stream of an HTTP/2 one."""
import ssl

from . import h2
from .client import H1, H2, Closed


class Refused(Exception):
    """The CONNECT got another answer than 2xx."""

    def __init__(self, response):
        super().__init__(f"{response.status} {response.body!r}")
        self.response = response


class RestSocket:
    """The socket of an HTTP/1 client, with what it has read already."""

    def __init__(self, client):
        self.client, self.sock = client, client.sock
        self.sendall, self.shutdown = self.sock.sendall, self.sock.shutdown
        self.settimeout, self.close = self.sock.settimeout, self.sock.close

    def recv(self, limit):
        if self.client.buffer:
            return self.client.take(limit)
        return self.sock.recv(limit)


class StreamSocket:
    """A stream of an HTTP/2 client as a socket."""

    def __init__(self, client, stream):
        self.client, self.stream = client, stream
        self.got = client.responses[stream]

    def sendall(self, data):
        self.client.h2.data(self.stream, data)
        self.client.flush()
        self.client.drain_queue(self.stream)

    def recv(self, limit):
        while not self.got.body and self.stream not in self.client.ended:
            self.client.pump()
        if not self.got.body and self.got.reset:
            raise ConnectionResetError(self.got.reset)
        data = bytes(self.got.body[:limit])
        del self.got.body[:limit]
        return data

    def shutdown(self, _):
        self.client.h2.data(self.stream, b"", end=True)
        self.client.flush()

    def settimeout(self, seconds):
        self.client.sock.settimeout(seconds)

    def close(self):
        self.client.close()


class TlsSocket:
    """TLS over any of them."""

    def __init__(self, sock, context, sni):
        self.sock, self.input, self.output = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output, server_hostname=sni)
        self._do(self.tls.do_handshake)

    def _do(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self.sock.recv(1 << 16)
                if not data:
                    raise Closed() from None
                self.input.write(data)
            finally:
                self._flush()

    def _flush(self):
        data = self.output.read()
        if data:
            self.sock.sendall(data)

    def sendall(self, data):
        self._do(lambda: self.tls.write(data))

    def recv(self, limit):
        return self._do(lambda: self.tls.read(limit))

    def close(self):
        self.sock.close()


def over(sock, version="h1"):
    """A client on such a connection; it has made none itself."""
    client = object.__new__(H1 if version == "h1" else H2)
    client.sock = sock
    if version == "h1":
        client.buffer = bytearray()
    else:
        client.h2, client.scheme = h2.Connection(client=True), "http"
        client.responses, client.ended, client.consume = {}, set(), True
        client.flush()
    return client


def connect(client, authority, headers=()):
    """Sends a CONNECT on an open client and returns what is inside, once it was answered 2xx."""
    if client.version == "h1":
        client.send(client.head("CONNECT", authority, headers, host=authority))
        response = client.response_head()
        if response.status != 200:
            response.body = b"".join(client.body(response))
            raise Refused(response)
        client.accepted = response
        return RestSocket(client)
    stream = client.open(raw=[(":method", "CONNECT"), (":authority", authority), *headers], end=False)
    response = client.responses[stream]
    while not response.status and stream not in client.ended:
        client.pump()
    if response.status != 200:
        raise Refused(client.response(stream) if stream not in client.ended else response)
    client.accepted = response
    return StreamSocket(client, stream)
