"""Services that share a host, each with ports of its own."""
import socket
import ssl
import threading

from support.suite import *


class Greeter:
    """A server of no HTTP that says who it is, and speaks when it was spoken to."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            with client:
                if client.recv(100):
                    client.sendall(b"greeter\n")

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Ports(Suite):
    def setUp(self):
        self.origins = {name: self.origin(name) for name in ("price", "metrics", "rest")}
        self.greeter = Greeter()
        self.addCleanup(self.greeter.close)
        address = {name: origin.address for name, origin in self.origins.items()}
        self.services = {
            "price": service(address["price"], hosts=["price", "price.shop"]),
            "price_metrics": service(address["metrics"], hosts=["price", "price.shop"], ports=[9090, 9091]),
            "tls_db": service(self.greeter.address, hosts=["secure"], ports=[5433]),
            "price_db": service(self.greeter.address, hosts=["price"], ports=[5432], protocol="tcp"),
            "secure": service(address["rest"], hosts=["secure"], ports=[443]),
            "wild": service(address["rest"], hosts=["*.shop"], ports=[9090])}
        self.woad = self.sidecar(services=self.services)

    def test_by_the_port_of_the_host(self):
        cases = [("price", "price"), ("price:80", "price"), ("price:8080", "price"), ("price:9090", "metrics"),
                 ("PRICE.:9090", "metrics"), ("price:9091", "metrics"), ("price.shop:9090", "metrics"),
                 ("price.shop:9092", "price"), ("cart.shop:9090", "rest"), ("cart.shop:80", None),
                 ("secure:443", "rest"), ("secure", None), ("secure:80", None)]
        for version in ("h1", "h2"):
            for host, origin in cases:
                with self.subTest(host, version=version):
                    got = fetch(self.woad.outbound, "GET", "/info", host=host, version=version)
                    if origin is None:
                        self.assert_local(got, "no_route", 404)
                    else:
                        self.assertEqual((got.status, got.origin), (200, origin))
        with H1(self.woad.outbound) as client:
            got = client.request("GET", "http://price:9090/info", host="price")
            self.assertEqual(got.origin, "metrics")
        rows = self.woad.access_log(1, authority="price:9091")
        self.assertEqual(rows[0]["service"], "price_metrics")

    def test_inside_a_connect(self):
        for connect_to, host, origin in (("price:9090", "price:9090", "metrics"), ("price:9090", "other", "metrics"),
                                         ("price:80", "other", "price")):
            with self.subTest(connect_to, host=host):
                client = self.client(self.woad.outbound)
                client.send(f"CONNECT {connect_to} HTTP/1.1\r\nHost: {connect_to}\r\n\r\n")
                self.assertTrue(client.sock.recv(1000).startswith(b"HTTP/1.1 200"))
                self.assertEqual(client.request("GET", "/", host=host).origin, origin)
        with socket.create_connection(("127.0.0.1", self.woad.outbound)) as client:
            client.sendall(b"CONNECT price:5432 HTTP/1.1\r\nHost: price:5432\r\n\r\n")
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 200"))
            client.sendall(b"hello, this is no HTTP\n")
            self.assertEqual(client.recv(100), b"greeter\n")

    def test_tls_inside_a_connect_has_the_port_of_the_connect(self):
        """The name that it asks for has none: `secure` alone would be port 443."""
        hello = ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client_hello = context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="secure")
        with self.assertRaises(ssl.SSLWantReadError):
            client_hello.do_handshake()
        with socket.create_connection(("127.0.0.1", self.woad.outbound), timeout=30) as client:
            client.sendall(b"CONNECT secure:5433 HTTP/1.1\r\nHost: secure:5433\r\n\r\n")
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 200"))
            client.sendall(hello.read())
            self.assertEqual(client.recv(100), b"greeter\n")

    def test_explain(self):
        for url, name in (("http://price:9090/", "price_metrics"), ("http://price/", "price"),
                          ("http://price:81/", "price")):
            with self.subTest(url):
                code, out, _ = run("explain", "-c", self.woad.path, "--json", url)
                self.assertEqual((code, json.loads(out)["service"]), (0, name))
                self.assertEqual(self.woad.json(f"/explain?url={url}")["service"], name)
        code, out, _ = run("explain", "-c", self.woad.path, "http://secure/")
        self.assertEqual(code, 3)
        self.assertIn("port 80", out)

    def test_a_reload(self):
        """Who has a port is taken from the file that runs."""
        self.services["price_metrics"]["ports"] = [9191]
        self.woad.reload({**self.woad.config, "services": self.services})
        for host, origin in (("price:9090", "price"), ("price:9191", "metrics")):
            self.assertEqual(fetch(self.woad.outbound, "GET", "/", host=host).origin, origin)

    def test_claimed_twice(self):
        self.services["again"] = service("127.0.0.1:1", hosts=["price"], ports=[9091])
        path = self.woad.path + ".wrong"
        self.woad.write({**self.woad.config, "services": self.services}, path)
        code, _, err = run("validate", "-c", path)
        self.assertEqual(code, 1)
        self.assertIn('the host "price", port 9091, belongs to service "price_metrics" already', err)
