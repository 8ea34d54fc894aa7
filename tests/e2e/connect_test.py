"""CONNECT on an outbound listener: what comes inside is a connection of its own, whatever it is."""
import functools
import http.client
import http.server
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading

from support.certs import CART, PRICE
from support.mesh import MeshSuite
from support.mtls import mtls_service
from support.suite import *
from support.tunnel import Refused, TlsSocket, connect, over

BOTH = ("h1", "h2")


class Greeter(socketserver.BaseRequestHandler):
    """Speaks first, then repeats in capitals until the peer ends."""

    def handle(self):
        self.request.sendall(b"220 ready\r\n")
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())


class Silent(socketserver.BaseRequestHandler):
    """Repeats in capitals until the peer ends."""

    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())


class Tunnels(Suite):
    def serve(self, handler, tls=None):
        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

            def get_request(self):
                sock, peer = super().get_request()
                return (tls.wrap_socket(sock, server_side=True) if tls else sock), peer

            def handle_error(self, *_):
                pass  # a client that goes within a handshake
        server = Server(("127.0.0.1", free_port()), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return "127.0.0.1:%d" % server.server_address[1]

    def inside(self, woad, authority, outer="h1", headers=()):
        client = self.client(woad.outbound, outer)
        sock = connect(client, authority, headers)
        self.accepted = client.accepted
        return sock


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"safe")

    def log_message(self, *_):
        pass


@functools.cache
def certificate():
    """A self-signed one for secure.example, and its key, in one file."""
    folder = tempfile.mkdtemp(prefix="woad-e2e-")
    path = folder + "/both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=secure.example", "-addext",
                    "subjectAltName=DNS:secure.example,DNS:db.example,DNS:nobody.example",
                    "-keyout", path, "-out", path + ".crt"], check=True, capture_output=True)
    with open(path, "a", encoding="ascii") as both, open(path + ".crt", encoding="ascii") as more:
        both.write(more.read())
    return path


def tls_server():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate())
    return context


def tls_client():
    return ssl.create_default_context(cafile=certificate())


class HttpInside(Tunnels):
    def setUp(self):
        self.price, self.shop = self.origin("price"), self.origin("shop")
        self.woad = self.sidecar(app=self.price.address, services={
            "price": service(self.price.address, protocol="http1"),
            "price2": service(self.price.address, protocol="http2"),
            "shop": service(self.shop.address, hosts=["shop", "shop.example"]),
            "colours": service(self.price.address, (self.shop.address, {"color": "red"})),
            "db": service("127.0.0.1:9", protocol="tcp")})

    def test_http1_and_http2_inside_of_either(self):
        for outer in BOTH:
            for inner in BOTH:
                with self.subTest(outer=outer, inner=inner):
                    client = over(self.inside(self.woad, "price:80", outer), inner)
                    for number in range(3):
                        got = client.request("GET", f"/{outer}{inner}{number}", host="price")
                        self.assertEqual((got.status, got.origin), (200, "price"))
                    got = client.request("POST", "/echo", body=b"x" * 300_000, host="price")
                    self.assertEqual((got.status, len(got.body)), (200, 300_000))
                    row = self.woad.access_log(1, path=f"/{outer}{inner}2")[0]
                    self.assertEqual((row["method"], row["authority"], row["service"], row["error"]),
                                     ("GET", "price", "price", None))
                    client.close()
        rows = self.woad.access_log(4, method="CONNECT")
        self.assertEqual({(r["authority"], r["response_code"], r["error"]) for r in rows},
                         {("price:80", 200, None)})
        self.assertEqual(sorted(r["protocol"] for r in rows), ["HTTP/1.1"] * 2 + ["HTTP/2"] * 2)
        self.assertTrue(all(r["bytes_received"] > 300_000 < r["bytes_sent"] for r in rows))

    def test_the_answer_has_no_framing(self):
        for outer in BOTH:
            self.inside(self.woad, "price:80", outer)
            self.assertIsNone(self.accepted.get("content-length"))
            self.assertIsNone(self.accepted.get("transfer-encoding"))

    def test_upgrade_and_http2_upstream_inside(self):
        client = over(self.inside(self.woad, "price2:80"))
        self.assertEqual(client.request("GET", "/up", host="price2").origin, "price")
        self.assertEqual(self.price.requests[-1].version, "HTTP/2")

    def test_routed_by_the_authority_inside_or_by_that_of_the_connect(self):
        cases = [("price:80", "price", "price"), ("price:80", "shop.example:8080", "shop"),
                 ("price:80", "unknown.example", "price"), ("10.1.2.3:443", "shop", "shop"),
                 ("SHOP.example.:80", "unknown", "shop"), ("[::1]:80", "price", "price")]
        for outer in BOTH:
            for inner in BOTH:
                for connect_to, host, origin in cases:
                    with self.subTest(outer=outer, inner=inner, connect=connect_to, host=host):
                        client = over(self.inside(self.woad, connect_to, outer), inner)
                        self.assertEqual(client.request("GET", "/", host=host).origin, origin)
        client = over(self.inside(self.woad, "price:80"))
        client.send("GET http://shop/abs HTTP/1.1\r\nHost: price\r\n\r\n")
        self.assertEqual(client.response().origin, "shop")
        client.send("GET /no-host HTTP/1.0\r\n\r\n")
        self.assertEqual(client.response().origin, "price")

    def test_nobody_of_ours_is_404_inside(self):
        for outer in BOTH:
            for inner in BOTH:
                client = over(self.inside(self.woad, "nobody.example:80", outer), inner)
                for _ in range(2):
                    self.assert_local(client.request("GET", "/", host="nobody.example"), "no_route", 404)

    def test_bytes_behind_the_head_are_inside(self):
        early = "CONNECT price:80 HTTP/1.1\r\nHost: price:80\r\n\r\nGET /early HTTP/1.1\r\nHost: price\r\n\r\n"
        for pieces in (len(early), 40, 7, 1):
            client = self.client(self.woad.outbound)
            for at in range(0, len(early), pieces):
                client.send(early[at:at + pieces])
            self.assertEqual(client.response_head().status, 200)
            got = client.response()
            self.assertEqual((got.status, got.origin), (200, "price"))
        with H2(self.woad.outbound) as client:
            stream = client.open(raw=[(":method", "CONNECT"), (":authority", "price:80")], end=False)
            client.h2.data(stream, b"GET /early HTTP/1.1\r\nHost: price\r\nConnection: close\r\n\r\n", end=True)
            client.flush()
            got = client.response(stream)
            self.assertEqual(got.status, 200)
            self.assertTrue(got.body.startswith(b"HTTP/1.1 200"), got.body)

    def test_many_on_one_http2_connection(self):
        with H2(self.woad.outbound) as client:
            inner = [over(connect(client, "price:80"), version) for version in BOTH * 20]
            for each in inner:
                self.assertEqual(each.request("GET", "/", host="price").origin, "price")
            for each in inner[::2]:
                each.sock.shutdown(1)
            for each in inner[1::2]:
                self.assertEqual(each.request("GET", "/", host="price").origin, "price")

    def test_colours_inside(self):
        client = over(self.inside(self.woad, "colours:80"))
        self.assertEqual(client.request("GET", "/", [("x-woad-color", "red")], host="colours").origin, "shop")
        self.assertEqual(client.request("GET", "/", host="colours").origin, "price")

    def test_other_forms_that_clients_send(self):
        for head in ("CONNECT price:80 HTTP/1.0\r\n\r\n",
                     "CONNECT price:80 HTTP/1.1\r\nHost: 127.0.0.1:15001\r\nProxy-Connection: keep-alive\r\n\r\n",
                     "CONNECT price:80 HTTP/1.1\r\nHost: price\r\nConnection: close\r\n\r\n",
                     "CONNECT price:80 HTTP/1.1\r\nHost: price:80\r\nContent-Length: 0\r\n\r\n",
                     "CONNECT price:80 HTTP/1.1\r\nHost: price:80\r\nExpect: 100-continue\r\n"
                     "Proxy-Authorization: Basic eA==\r\n\r\n"):
            client = self.client(self.woad.outbound)
            client.send(head)
            self.assertEqual(client.response_head().status, 200, head)
            for _ in range(2):
                self.assertEqual(client.request("GET", "/", host="price").origin, "price")

    def test_refused_where_malformed(self):
        bad = ["price", "price:", "price:0", "price:65536", "price:80x", ":80", "/", "*", "http://price:80/",
               "user@price:80", "price:80/", "[::1]", "::1:80", "pri ce:80", "price:-1", "a b"]
        behind = "GET /smuggled HTTP/1.1\r\nHost: price\r\n\r\n"
        for target in bad:
            with self.subTest(target=target):
                client = self.client(self.woad.outbound)
                client.send(f"CONNECT {target} HTTP/1.1\r\nHost: price:80\r\n\r\n{behind}")
                self.assert_local(client.response(), "bad_request", 400)
                self.assertTrue(client.closed())
        for fields in ("Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: price\r\n",
                       "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"):
            client = self.client(self.woad.outbound)
            client.send(f"CONNECT price:80 HTTP/1.1\r\nHost: price:80\r\n{fields}\r\n{behind}")
            self.assert_local(client.response(), "bad_request", 400)
            self.assertTrue(client.closed())
        for target in [t for t in bad if t not in ("pri ce:80", "a b")]:
            with H2(self.woad.outbound) as client:
                got = client.response(client.open(raw=[(":method", "CONNECT"), (":authority", target)], end=False))
                self.assertTrue(got.reset or (got.status, got.error) == (400, "bad_request"), (target, got))
                self.assertEqual(client.request("GET", "/", host="price").origin, "price")
        with H2(self.woad.outbound) as client:
            got = client.response(client.open(end=False, raw=[(":method", "CONNECT"), (":authority", "price:80"),
                                                              ("content-length", "3")]))
            self.assertEqual((got.status, got.error), (400, "bad_request"))
            for raw in ([(":method", "CONNECT"), (":authority", "price:80"), (":path", "/")],
                        [(":method", "CONNECT"), (":authority", "price:80"), (":scheme", "http"), (":path", "/")],
                        [(":method", "CONNECT")]):
                self.assertTrue(client.response(client.open(raw=raw)).reset, raw)
        self.assertEqual([r for r in self.price.requests if "smuggled" in r.target], [])

    def test_fields_on_the_stream_reset_it(self):
        with H2(self.woad.outbound) as client:
            sock = connect(client, "price:80")
            client.h2.data(sock.stream, b"", trailers=[("x", "y")])
            client.flush()
            self.assertTrue(client.response(sock.stream).reset)

    def test_not_inside_itself(self):
        for outer in BOTH:
            for inner in BOTH:
                client = over(self.inside(self.woad, "price:80", outer), inner)
                with self.assertRaises(Refused) as refused:
                    connect(client, "shop:80")
                self.assert_local(refused.exception.response, "bad_request", 405)

    def test_inbound_stays_405(self):
        for version in BOTH:
            for target in ("price:80", "price"):
                with self.subTest(version=version, target=target):
                    client = self.client(self.woad.inbound, version)
                    with self.assertRaises(Refused) as refused:
                        connect(client, target)
                    self.assert_local(refused.exception.response, "bad_request", 405)
                    self.assertIn("GET", refused.exception.response.get("allow"))
        client = self.client(self.woad.inbound)
        client.send("CONNECT price:80 HTTP/1.1\r\nHost: price\r\n\r\nGET /behind HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(client.response().status, 405)
        self.assertTrue(client.closed())
        self.assertEqual([r for r in self.price.requests if r.target == "/behind"], [])

    def test_a_reload_changes_what_comes_next_inside(self):
        clients = [over(self.inside(self.woad, "price:80", outer)) for outer in BOTH]
        for client in clients:
            self.assertEqual(client.request("GET", "/", host="price").origin, "price")
        self.woad.config["services"]["price"] = service(self.shop.address)
        self.woad.reload(self.woad.config)
        for client in clients:
            self.assertEqual(client.request("GET", "/", host="price").origin, "shop")

    def test_an_idle_one_does_not_hold_the_end_up(self):
        self.woad.config["drain"] = {"delay": "0s", "timeout": "60s"}
        self.woad.reload(self.woad.config)
        for outer in BOTH:
            over(self.inside(self.woad, "price:80", outer)).request("GET", "/", host="price")
        self.woad.process.terminate()
        self.assertEqual(self.woad.process.wait(30), 0)

    def test_behind_a_request_on_the_same_connection(self):
        client = self.client(self.woad.outbound)
        self.assertEqual(client.request("GET", "/", host="shop").origin, "shop")
        inner = over(connect(client, "price:80"))
        self.assertEqual(inner.request("GET", "/", host="nobody").origin, "price")

    def test_the_client_goes(self):
        for outer in BOTH:
            client = over(self.inside(self.woad, "price:80", outer))
            client.request("GET", "/", host="price")
            client.close()
        self.assertTrue(until(lambda: self.woad.metrics("woad_client_connections") == 0))
        self.assertEqual(len(self.woad.access_log(2, method="CONNECT")), 2)


class OpaqueInside(Tunnels):
    def setUp(self):
        self.woad = self.sidecar(services={
            "greeter": service(self.serve(Greeter), protocol="tcp"),
            "db": service(self.serve(Silent), protocol="tcp", hosts=["db", "db.example"]),
            "lenient": service(self.serve(Silent)),
            "secure": service(self.serve(Web, tls_server()), hosts=["secure.example"]),
            "down": service(f"127.0.0.1:{free_port()}", protocol="tcp"),
            "empty": service(protocol="tcp")})

    def test_the_server_may_speak_first(self):
        for outer in BOTH:
            client = over(self.inside(self.woad, "greeter:3306", outer))
            self.assertEqual(client.exactly(11), b"220 ready\r\n")
            client.sock.sendall(b"\0\1abc")
            self.assertEqual(client.exactly(5), b"\0\1ABC")

    def test_both_ends_may_end_first(self):
        for outer in BOTH:
            client = over(self.inside(self.woad, "db:1", outer))
            client.sock.sendall(b"last words")
            client.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(client.rest(), b"LAST WORDS")
            row = self.woad.access_log(1, protocol="tcp", service="db")[-1]
            self.assertEqual((row["direction"], row["authority"], row["bytes_received"], row["bytes_sent"],
                              row["error"], row["pool"]), ("outbound", "db:1", 10, 10, None, "base"))
            self.assertRegex(row["upstream_host"], "^127.0.0.1:")
        self.assertEqual(self.woad.metrics("woad_upstream_attempts_total", service="db", result="answered"), 2)
        self.assertEqual(self.woad.metrics("woad_requests_total", service="db", direction="outbound"), 2)

    def test_large_transfers(self):
        size, data = 8 << 20, b"a" * (1 << 16)
        for outer in BOTH:
            client = over(self.inside(self.woad, "db.example:5432", outer))
            if outer == "h1":
                sender = threading.Thread(target=lambda: [client.sock.sendall(data) for _ in range(size // len(data))])
                sender.start()
                self.assertEqual(client.exactly(size), b"A" * size)
                sender.join()
            else:
                for _ in range(size // len(data)):
                    client.sock.sendall(data)
                    self.assertEqual(client.exactly(len(data)), b"A" * len(data))

    def test_binary_bytes_to_a_service_of_http(self):
        for first in (b"\0\0\0\x08\4\xd2\x16\x2f", b"*1\r\n$4\r\nping\r\n", b"SSH-2.0-me\r\n"):
            client = over(self.inside(self.woad, "lenient:80"))
            client.sock.sendall(first)
            self.assertEqual(client.exactly(len(first)), first.upper())

    def get_over_tls(self, sock, sni):
        client = over(TlsSocket(sock, tls_client(), sni))
        return client.request("GET", "/", host=sni)

    def test_tls_by_its_name_or_by_the_host(self):
        for outer in BOTH:
            for authority, sni in (("secure.example:443", "secure.example"), ("10.1.2.3:443", "secure.example"),
                                   ("secure.example:8443", "nobody.example"),
                                   ("lenient:443", "secure.example")):
                with self.subTest(outer=outer, authority=authority, sni=sni):
                    sock = self.inside(self.woad, authority, outer)
                    self.assertEqual(self.get_over_tls(sock, sni).body, b"safe")
                    sock.close()
                    row = self.woad.access_log(1, protocol="tcp", service="secure", authority=sni)[-1]
                    self.assertEqual((row["error"], row["response_code"]), (None, 200))

    def test_tls_to_nobody_is_closed_and_told(self):
        for outer in BOTH:
            sock = self.inside(self.woad, "nobody.example:443", outer)
            with self.assertRaises((Closed, ConnectionError, ssl.SSLError)):
                self.get_over_tls(sock, "nobody.example")
        rows = self.woad.access_log(2, protocol="tcp", error="no_route")
        self.assertEqual(len(rows), 2)
        for row in rows:
            self.assertIn("no service for host nobody.example, and outbound[].unmatched is reject", row["why"])

    def test_a_client_hello_in_pieces(self):
        context, output = tls_client(), ssl.MemoryBIO()
        tls = context.wrap_bio(ssl.MemoryBIO(), output, server_hostname="db.example")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = output.read()
        for outer in BOTH:
            client = over(self.inside(self.woad, "10.1.2.3:443", outer))
            for at in range(0, len(hello), 13):
                client.sock.sendall(hello[at:at + 13])
            self.assertEqual(client.exactly(len(hello)), hello.upper())

    def test_nobody_there(self):
        for host, error in (("down", "connect_failed"), ("empty", "no_endpoint")):
            for outer in BOTH:
                client = over(self.inside(self.woad, f"{host}:1", outer))
                try:
                    self.assertEqual(client.rest(), b"")
                except ConnectionError:
                    pass
            rows = self.woad.access_log(2, protocol="tcp", service=host)
            self.assertEqual([(r["error"], r["response_code"]) for r in rows], [(error, 0)] * 2)

    def test_a_reload_does_not_cut_it(self):
        clients = [over(self.inside(self.woad, "greeter:1", outer)) for outer in BOTH]
        for client in clients:
            client.exactly(11)
        self.woad.config["version"] = "2"
        self.woad.config["services"].pop("greeter")
        self.woad.reload(self.woad.config)
        for client in clients:
            client.sock.sendall(b"still")
            self.assertEqual(client.exactly(5), b"STILL")

    def test_a_reset_of_the_server_is_told(self):
        class Slammer(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(1)
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.request.close()
        self.woad.config["services"]["slam"] = service(self.serve(Slammer), protocol="tcp")
        self.woad.reload(self.woad.config)
        for outer in BOTH:
            client = self.client(self.woad.outbound, outer)
            sock = connect(client, "slam:1")
            sock.sendall(b"x")
            if outer == "h2":
                self.assertEqual(client.response(sock.stream).reset, 10)  # CONNECT_ERROR
            else:
                with self.assertRaises(ConnectionResetError):
                    sock.recv(1)
        rows = self.woad.access_log(2, service="slam")
        self.assertEqual([r["error"] for r in rows], ["upstream_reset"] * 2)


class OpaqueInMesh(Tunnels, MeshSuite):
    """From sidecar to sidecar: in woad's own TLS, to the build of the pod's colour."""

    def peer(self, app):
        return self.sidecar(node={"service": "price"}, tls=self.mesh.tls("price"),
                            inbound=[{"address": "127.0.0.1:@inbound@", "app": app, "protocol": "tcp"}])

    def cart(self, services, **more):
        return self.sidecar(node={"service": "cart", **more}, tls=self.mesh.tls("cart"), services=services)

    def test_by_mtls(self):
        peer = self.peer(self.serve(Greeter))
        cart = self.cart({
            "db": mtls_service(f"127.0.0.1:{peer.inbound}", peer=[PRICE], protocol="tcp"),
            "wrong": mtls_service(f"127.0.0.1:{peer.inbound}", peer=[CART], protocol="tcp"),
            "http": mtls_service(f"127.0.0.1:{peer.inbound}", peer=[PRICE])})
        for outer in BOTH:
            client = over(self.inside(cart, "db:3306", outer))
            self.assertEqual(client.exactly(11), b"220 ready\r\n")
            client.sock.sendall(b"abc")
            self.assertEqual(client.exactly(3), b"ABC")
        client = over(self.inside(cart, "wrong:3306"))
        self.assertEqual(client.rest(), b"")
        row = cart.access_log(1, service="wrong")[0]
        self.assertEqual(row["error"], "connect_failed")
        self.assertIn(PRICE, row["why"])
        client = over(self.inside(cart, "http:443"))
        client.sock.sendall(b"\0binary")
        self.assertEqual(client.rest(), b"")
        row = cart.access_log(1, service="http")[0]
        self.assertEqual(row["error"], "no_route")
        self.assertIn("http://", row["why"])

    def test_the_pool_of_the_pods_colour(self):
        base, red = self.serve(Greeter), self.serve(Silent)
        woad = self.sidecar(node={"service": "cart", "labels": {"color": "red"}},
                            services={"db": service(base, (red, {"color": "red"}), protocol="tcp")})
        client = over(self.inside(woad, "db:1"))
        client.sock.sendall(b"abc")
        self.assertEqual(client.exactly(3), b"ABC")
        client.close()
        row = woad.access_log(1, service="db")[0]
        self.assertEqual((row["pool"], row["color"], row["ctx_source"]), ("red", "red", "instance"))


class RealClients(Tunnels):
    """One environment variable puts an app into the mesh."""

    def setUp(self):
        self.price = self.origin("price")
        self.woad = self.sidecar(services={
            "price": service(self.price.address),
            "secure": service(self.serve(Web, tls_server()), hosts=["secure.example"], protocol="tcp")})
        self.proxy = f"http://127.0.0.1:{self.woad.outbound}"

    def curl(self, *args):
        env = {"http_proxy": self.proxy, "https_proxy": self.proxy, "no_proxy": "", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(["curl", "-sS", "--max-time", "20", *args], capture_output=True, env=env, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_curl(self):
        self.assertIn(b"price", self.curl("-D-", "http://price/"))
        self.assertIn(b"x-origin: price", self.curl("-D-", "-p", "http://price/").lower())
        self.assertIn(b"x-origin: price", self.curl("-D-", "-p", "--http2-prior-knowledge", "http://price/").lower())
        self.assertEqual(self.curl("--cacert", certificate(), "https://secure.example/"), b"safe")

    def test_http_client(self):
        plain = http.client.HTTPConnection("127.0.0.1", self.woad.outbound, timeout=60)
        plain.set_tunnel("price", 80)
        plain.request("GET", "/tunnel")
        self.assertEqual(plain.getresponse().getheader("x-origin"), "price")
        plain.close()
        secure = http.client.HTTPSConnection("127.0.0.1", self.woad.outbound, timeout=60, context=tls_client())
        secure.set_tunnel("secure.example", 443)
        secure.request("GET", "/")
        self.assertEqual(secure.getresponse().read(), b"safe")
        secure.close()
