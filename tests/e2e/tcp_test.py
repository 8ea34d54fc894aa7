"""protocol: tcp relays bytes that are no HTTP, server-first protocols too."""
import hashlib
import socket
import socketserver
import threading

from support.suite import *


class Greeter(socketserver.BaseRequestHandler):
    """Speaks first, as databases and mail do; then repeats in capitals until the peer ends."""

    def handle(self):
        self.request.sendall(b"220 ready\r\n")
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())


class Tcp(Suite):
    def setUp(self):
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", free_port()), Greeter)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.app = "127.0.0.1:%d" % self.server.server_address[1]

    def inbound(self, app=None):
        return self.sidecar(inbound=[{"address": "127.0.0.1:@inbound@", "app": app or self.app,
                                      "mtls": "off", "protocol": "tcp"}])

    def connect(self, woad):
        return self.client(woad.inbound)

    def test_server_speaks_first(self):
        client = self.connect(self.inbound())
        self.assertEqual(client.exactly(11), b"220 ready\r\n")
        client.send(b"\x00\x01abc")
        self.assertEqual(client.exactly(5), b"\x00\x01ABC")

    def test_half_close(self):
        client = self.connect(self.inbound())
        client.exactly(11)
        client.send(b"last words")
        client.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(client.rest(), b"LAST WORDS")

    def test_large_transfer(self):
        client, size = self.connect(self.inbound()), 16 << 20
        client.exactly(11)
        sender = threading.Thread(target=lambda: client.send(b"a" * size), daemon=True)
        sender.start()
        digest, left = hashlib.sha256(), size
        while left:
            piece = client.take(left)
            digest.update(piece)
            left -= len(piece)
        self.assertEqual(digest.hexdigest(), hashlib.sha256(b"A" * size).hexdigest())

    def test_nobody_there(self):
        woad = self.inbound(f"127.0.0.1:{free_port()}")
        try:
            self.assertTrue(self.connect(woad).closed())
        except ConnectionResetError:
            pass  # faster than connect() returns

    def test_a_reload_does_not_cut_it(self):
        woad = self.inbound()
        client = self.connect(woad)
        client.exactly(11)
        woad.config["version"] = "2"
        woad.reload(woad.config)
        client.send(b"still")
        self.assertEqual(client.exactly(5), b"STILL")
