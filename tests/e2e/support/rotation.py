"""Two sidecars whose certificates are issued anew while they run."""
import hashlib
import ssl

from .certs import openssl, spiffe
from .client import H1, fetch
from .mesh import Issuer, MeshSuite
from .mtls import mtls_service
from .sidecar import until


def hash_of(path):
    return hashlib.sha256(openssl("x509", "-in", path, "-outform", "DER")).hexdigest()


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


class RotationSuite(MeshSuite):
    """cart calls price; both have their certificates of `woad certs`."""

    def setUp(self):
        self.ca = Issuer()
        self.addCleanup(self.ca.close)
        self.ca.issue("cart", "price", "caller")
        self.app = self.origin("app")
        self.price = self.sidecar(
            node={"service": "price"}, tls=self.ca.tls("price"),
            inbound=[{"address": "127.0.0.1:@inbound@", "app": self.app.address}])
        to = f"127.0.0.1:{self.price.inbound}"
        peer = [spiffe("price")]
        self.cart = self.sidecar(
            node={"service": "cart"}, tls=self.ca.tls("cart"),
            services={v: mtls_service(to, peer=peer, protocol=p)
                      for v, p in (("h1", "http1"), ("h2", "http2"))})

    def context(self, folder="caller", alpn=()):
        """Of a caller that is no sidecar, with the files as they are now."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        tls = self.ca.tls(folder)
        while True:
            try:
                context.load_cert_chain(tls["certificate"], tls["key"])
                break
            except ssl.SSLError as error:  # read between the two being replaced
                if error.reason != "KEY_VALUES_MISMATCH":
                    raise
        context.load_verify_locations(tls["trust_bundle"])
        context.set_alpn_protocols(list(alpn))
        return context

    def shown(self):
        """The hash of the certificate that price shows now."""
        with H1(self.price.inbound, tls=self.context()) as client:
            self.assertEqual(client.request().status, 200)
            return hashlib.sha256(client.sock.getpeercert(True)).hexdigest()

    def said(self, version):
        """The hash of cart's certificate as price tells it to its app."""
        got = fetch(self.cart.outbound, target="/info", host=version)
        self.assertEqual(got.status, 200, got)
        return got.body.decode().split("Hash=")[1][:64]

    def roots(self):
        return {len(w.json("/certs")["identity"]["trust_bundle"]) for w in (self.cart, self.price)}

    def newest_is_used(self):
        """By every new handshake and new request, once the swap was noticed."""
        price, cart = (hash_of(self.ca.path(n, "tls.crt")) for n in ("price", "cart"))
        self.assertTrue(until(lambda: self.shown() == price, 15))
        for version in ("h1", "h2"):
            self.assertTrue(until(lambda: self.said(version) == cart, 15))
        self.assertEqual((self.shown(), self.said("h1"), self.said("h2")), (price, cart, cart))

    def metrics(self, woad, result):
        return woad.metrics("woad_certificate_reloads_total", result=result)
