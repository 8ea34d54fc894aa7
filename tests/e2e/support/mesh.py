"""A mesh to try things in: a CA, workloads with certificates of it, and servers that write down who
called them how."""
import os
import socket
import ssl
import subprocess
import tempfile
import threading

from .certs import Ca, Spec, issue, spiffe
from .client import H1, H2
from .mtls import alert_of, client_context, server_context
from .ports import free_port
from .sidecar import BINARY
from .suite import Suite

ALPN = {"h1": ("http/1.1",), "h2": ("h2",)}
SPEAKS = {"h1": H1, "h2": H2}


class Mesh:
    """Workloads are called by the last segment of their id."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="woad-mesh-")
        self.root, self.known, self.leaves = Ca("root"), {}, {}

    def tls(self, name, root=None, bundle=None, **spec):
        """The `tls:` of a workload; made once. Another root or spec goes by another `name`."""
        if name not in self.known:
            spec = Spec(**{"uris": (spiffe(name),), **spec})
            chain = issue(spec, root or self.root)
            self.leaves[name] = chain.leaf
            self.known[name] = chain.write(f"{self.folder.name}/{name}", bundle or [self.root])
        return self.known[name]

    def client(self, name="cart", alpn=()):
        return client_context([self.root], self.tls(name) if name else None, alpn)

    def server(self, name="price", alpn=("http/1.1",)):
        return server_context([self.root], self.tls(name), alpn)


class MeshSuite(Suite):
    """Tests share a mesh: keys and certificates take their time."""

    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh()
        cls.addClassCleanup(cls.mesh.folder.cleanup)

    def secure(self, port, name="cart", version="h1", alpn=None):
        """A client of the workload `name` (None: without certificate) on a connection of its own."""
        alpn = ALPN[version] if alpn is None else alpn
        client = SPEAKS[version](port, tls=self.mesh.client(name, alpn))
        self.addCleanup(client.close)
        return client

    def knocking(self, *args, **more):
        server = Door(*args, **more)
        self.addCleanup(server.close)
        return server


class InboundSuite(MeshSuite):
    """A sidecar of `price` beside a counted app; callers are `cart` unless they say other."""

    def setUp(self):
        self.app = self.origin("app")
        self.app.keep_raw = True

    def listener(self, mtls="strict", **more):
        return {"address": "127.0.0.1:@inbound@", "app": self.app.address, "mtls": mtls, **more}

    def woad(self, mtls="strict", listener=None, tls=None, **more):
        return self.sidecar(tls={**self.mesh.tls("price"), **(tls or {})},
                            inbound=[self.listener(mtls, **(listener or {}))], **more)

    def plain(self, woad, version="h1"):
        return self.client(woad.inbound, version)

    def unseen(self):
        self.assertEqual(bytes(self.app.raw), b"", "the app saw not one byte")


class Door:
    """A blocking server that shakes hands and then does `serve(connection)`. What came of each
    handshake is in `seen`: ("ok", ALPN) or ("alert", its name), or the words of an error."""

    def __init__(self, context, serve=None):
        self.context, self.serve, self.seen = context, serve or answer_h1, []
        self.listener = socket.create_server(("127.0.0.1", free_port()))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(client,), daemon=True).start()

    def one(self, client):
        client.settimeout(60)
        try:
            with client if self.context is None else self.context.wrap_socket(
                    client, server_side=True) as connection:
                self.seen.append(("ok", self.context and connection.selected_alpn_protocol()))
                self.serve(connection)
        except ssl.SSLError as error:
            self.seen.append(("alert", alert_of(error)) if alert_of(error) else ("error", str(error)))
        except OSError as error:
            self.seen.append(("error", str(error)))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def answer_h1(connection):
    """An empty 200 for each head without a body."""
    data = b""
    while piece := connection.recv(65536):
        data += piece
        while b"\r\n\r\n" in data:
            data = data.split(b"\r\n\r\n", 1)[1]
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class Issuer:
    """`woad certs` and the folder that it keeps."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="woad-issuer-")
        self.close = self.folder.cleanup

    def run(self, *args):
        done = subprocess.run([BINARY, "certs", "--dir", self.folder.name, *args],
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr.decode()

    def issue(self, *names):
        self.run(*(word for name in names for word in ("--id", spiffe(name))))

    def path(self, *names):
        return os.path.join(self.folder.name, *names)

    def tls(self, name):
        return {"certificate": self.path(name, "tls.crt"), "key": self.path(name, "tls.key"),
                "trust_bundle": self.path(name, "ca.crt"), "trust_domain": "example.org"}


def uris_of(certificate):
    """The URIs in what ssl's getpeercert() gave."""
    return [value for kind, value in (certificate or {}).get("subjectAltName", ()) if kind == "URI"]
