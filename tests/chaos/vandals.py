"""Clients that behave badly at every moment of a connection, and mind no answer."""
import os
import socket
import ssl
import struct
import threading
import time

from support import h2
from support.client import connect

HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(32)
HEADERS = ("", "", "", "", "expect: 100-continue\r\n", "connection: close\r\n",
           "connection: upgrade\r\nupgrade: websocket\r\n", "content-type: application/grpc\r\n",
           "x-woad-timeout-ms: 1\r\n", "x-woad-attempt: 2\r\n", "x-woad-hops: 16\r\n",
           "te: trailers\r\n", "range: bytes=0-1\r\n", "x-long: " + "x" * 30_000 + "\r\n")
OPS = ("open", "open", "open", "data", "data", "reset", "reset", "ping", "settings", "window",
       "goaway", "junk", "read", "read")


class Vandal:
    """doors: (port, ssl context or None) to knock at; hosts: what to ask for inside."""

    def __init__(self, doors, hosts, random, done):
        self.doors, self.hosts, self.random, self.done = doors, hosts, random, done
        self.held, self.deeds = [], 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.done.is_set():
            try:
                self.once()
            except (OSError, ssl.SSLError, ValueError):
                pass  # the sidecar had enough
            self.deeds += 1
            self.let_go(time.monotonic())
            time.sleep(self.random.random() / 50)
        self.let_go(float("inf"))

    def let_go(self, now):
        for entry in [e for e in self.held if e[0] <= now]:
            self.held.remove(entry)
            entry[1].close()

    def once(self):
        port, context = self.random.choice(self.doors)
        deed = self.random.choice((self.half_request, self.half_answer, self.frames, self.first_bytes))
        if deed is self.first_bytes:
            sock = connect(port)
        else:
            sock = connect(port, self.random.choice((None, 4096)), context() if context else None)
        sock.settimeout(0.2)
        try:
            deed(sock)
        finally:
            self.leave(sock)

    def leave(self, sock):
        way = self.random.choice(("reset", "close", "fin", "hold", "forge"))
        if way == "hold":
            self.held.append((time.monotonic() + self.random.random() * 4, sock))
            return
        if way == "forge":  # below TLS, where there is TLS
            os.write(sock.fileno(), self.random.randbytes(30))
        elif way == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif way == "fin":
            try:
                sock.shutdown(socket.SHUT_WR)
                sock.recv(1000)
            except OSError:
                pass
        sock.close()

    def first_bytes(self, sock):
        """Of a TLS or HTTP/2 connection, or of none."""
        whole = self.random.choice((HELLO, h2.PREFACE, os.urandom(300), b"GET / HT"))
        sock.sendall(whole[:self.random.randrange(len(whole))])

    def request(self):
        host = self.random.choice(self.hosts)
        size = self.random.choice((0, 10, 5000, 300_000))
        color = self.random.choice(("", "x-woad-color: red\r\n", "x-woad-color: ???\r\n"))
        color += self.random.choice(HEADERS)
        if self.random.random() < 0.1:
            return f"CONNECT {host}:80 HTTP/1.1\r\nHost: {host}:80\r\n\r\n".encode()
        if self.random.random() < 0.5:
            method, version = self.random.choice(("GET", "GET", "HEAD", "PURGE")), self.random.choice("110")
            return f"{method} /{size}/v HTTP/1.{version}\r\nHost: {host}\r\n{color}\r\n".encode()
        body = self.random.randbytes(size)
        if self.random.random() < 0.5:
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body) if size else b"0\r\n\r\n"
            length = "transfer-encoding: chunked"
        else:
            length = f"content-length: {size}"
        return f"POST / HTTP/1.1\r\nHost: {host}\r\n{color}{length}\r\n\r\n".encode() + body

    def half_request(self, sock):
        words = b"".join(self.request() for _ in range(self.random.choice((1, 1, 3))))
        at = 0
        end = self.random.randrange(len(words))
        while at < end:
            step = self.random.choice((1, 100, 100_000))
            sock.sendall(words[at:min(at + step, end)])
            at += step
            if step == 1 and self.random.random() < 0.5:
                at = end
        if self.random.random() < 0.2:
            sock.sendall(self.random.randbytes(50))

    def half_answer(self, sock):
        sock.sendall(self.request())
        if self.random.random() < 0.7:
            sock.recv(self.random.choice((1, 1000, 100_000)))

    def frames(self, sock):
        """Some steps of an HTTP/2 connection, not all of them allowed."""
        session = h2.Connection(client=True)
        for _ in range(self.random.randrange(1, 20)):
            self.step(session, sock)
            sock.sendall(session.take())

    def step(self, session, sock):
        op = self.random.choice(OPS)
        stream = self.random.choice(list(session.streams) or [1])
        if op == "open":
            head = [(":method", self.random.choice(("GET", "POST"))), (":scheme", "http"),
                    (":authority", self.random.choice(self.hosts)),
                    (":path", f"/{self.random.choice((0, 1000, 300_000))}/v")]
            session.open(head, end=self.random.random() < 0.6)
        elif op == "data" and stream in session.streams:
            session.data(stream, bytes(self.random.choice((1, 5000, 200_000))),
                         end=self.random.random() < 0.4)
        elif op == "reset":
            session.reset(stream, self.random.randrange(14))
        elif op == "ping":
            session.out += h2.frame(h2.PING, 0, 0, bytes(8))
        elif op == "settings":
            value = self.random.choice((0, 1, 65535, 1 << 24))
            session.out += h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 4, value))
        elif op == "window":
            by = self.random.choice((1, 1 << 20, 0, (1 << 31) - 1))
            session.out += h2.frame(h2.WINDOW, 0, self.random.choice((0, stream)), struct.pack(">I", by))
        elif op == "goaway":
            session.out += h2.frame(h2.GOAWAY, 0, 0, bytes(8))
        elif op == "junk" and self.random.random() < 0.3:
            session.out += h2.frame(self.random.randrange(12), self.random.randrange(256),
                                    self.random.choice((0, stream, 2)), self.random.randbytes(20))
        elif op == "read":
            try:
                session.receive(sock.recv(100_000))
            except TimeoutError:
                pass
