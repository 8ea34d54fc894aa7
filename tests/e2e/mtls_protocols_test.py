"""How a listener speaks TLS: ALPN, opaque bytes, old versions; no renegotiation, no resumption."""
import os
import socket
import ssl
import subprocess
import tempfile

from support.mesh import InboundSuite
from support.mtls import knock, s_client
from support.suite import *


class Protocols(InboundSuite):
    def test_alpn(self):
        woad = self.woad()
        for version, alpn, agreed in (
                ("h1", ("http/1.1",), "http/1.1"), ("h2", ("h2",), "h2"), ("h1", (), None),
                ("h2", (), None), ("h2", ("http/1.1", "h2"), "h2"), ("h2", ("x", "h2"), "h2"),
                ("h1", ("http/1.0", "http/1.1"), "http/1.1")):
            with self.subTest(version, alpn=alpn):
                client = self.secure(woad.inbound, version=version, alpn=alpn)
                self.assertEqual(client.sock.selected_alpn_protocol(), agreed)
                self.assertEqual(client.request().status, 200)
        self.assertEqual(knock(woad.inbound, self.mesh.client(alpn=("spdy/3", "h2c"))),
                         (None, "no_application_protocol"))

    def test_listener_of_one_protocol(self):
        for protocol, version, other in (("http1", "h1", "h2"), ("http2", "h2", "http/1.1")):
            woad = self.woad(listener={"protocol": protocol})
            self.assertEqual(self.secure(woad.inbound, version=version).request().status, 200)
            self.assertEqual(knock(woad.inbound, self.mesh.client(alpn=(other,))),
                             (None, "no_application_protocol"))

    def test_agreed_on_one_and_spoke_another(self):
        woad = self.woad()
        client = self.secure(woad.inbound, alpn=("h2",))
        with self.assertRaises((Closed, OSError, ValueError, IndexError)):
            client.request()
        self.unseen()
        self.assertEqual(self.secure(woad.inbound).request().status, 200)

    def test_opaque_tcp(self):
        woad = self.woad(listener={"protocol": "tcp"})
        client = self.secure(woad.inbound, alpn=())
        got = client.request("POST", "/sha", body=b"x" * 1_000_000)
        self.assertTrue(got.body.startswith(b"1000000 "))
        self.assertNotIn("forwarded-client-cert", str(self.app.requests[-1].headers).lower())
        before = len(self.app.raw)
        plain = self.plain(woad)
        plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(plain.rest(), b"")
        self.assertEqual(knock(woad.inbound, self.mesh.client(None))[0], None)
        self.assertEqual(len(self.app.raw), before)


class OldTls(InboundSuite):
    def test_refused_by_default(self):
        woad = self.woad()
        for version in ("-tls1_2", "-tls1_1", "-tls1"):
            said = s_client(woad.inbound, self.mesh.tls("cart"), version, "-cipher", "ALL:@SECLEVEL=0")
            self.assertIn("alert protocol version", said)
        self.unseen()

    def test_written(self):
        woad = self.woad(tls={"min_version": "1.2"})
        files = self.mesh.tls("cart")
        self.assertIn("HTTP/1.1 200", s_client(woad.inbound, files, "-tls1_2"))
        self.assertIn("HTTP/1.1 200", s_client(woad.inbound, files))
        # In TLS 1.2 the client's certificate goes before the end of the handshake.
        self.assertIn("alert", s_client(woad.inbound, None, "-tls1_2"))
        for old in ("-tls1_1", "-tls1"):
            self.assertIn("alert", s_client(woad.inbound, files, old, "-cipher", "ALL:@SECLEVEL=0"))
        for suite in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "NULL"):
            self.assertIn("alert handshake failure", s_client(
                woad.inbound, files, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0"))

    def test_no_renegotiation(self):
        woad = self.woad(tls={"min_version": "1.2"})
        files = self.mesh.tls("cart")
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{woad.inbound}", "-tls1_2", "-cert",
             files["certificate"], "-key", files["key"]], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        process.stdin.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        process.stdin.flush()
        until(lambda: self.app.requests)
        process.stdin.write(b"R\n")
        process.stdin.flush()
        said = process.communicate(timeout=60)[0].decode()
        self.assertIn("RENEGOTIATING", said)
        self.assertIn("no renegotiation", said)

    def test_no_resumption(self):
        woad = self.woad(tls={"min_version": "1.2"})
        with tempfile.TemporaryDirectory() as folder:
            for version in ("-tls1_2", "-tls1_3"):
                file = f"{folder}/{version}"
                said = s_client(woad.inbound, self.mesh.tls("cart"), version, "-sess_out", file)
                self.assertIn("New, TLSv1.", said)
                self.assertNotIn("TLS session ticket:", said)
                self.assertFalse(os.path.exists(file), "there is nothing to resume from")
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.mesh.client()
            context.maximum_version = newest
            session = None
            for _ in range(3):
                sock = context.wrap_socket(socket.create_connection(("127.0.0.1", woad.inbound)),
                                           session=session)
                with sock:
                    sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    self.assertIn(b"200", sock.recv(1000))
                    session = sock.session
                    self.assertFalse(sock.session_reused)
                    self.assertFalse(session and session.has_ticket)
