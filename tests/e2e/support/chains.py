"""Certificate chains that a peer may show, and what must become of each: by the SPIFFE standards
("SPIFFE-ID", "X509-SVID"), RFC 5280 and proxy/net/svid.h. The suite mtls_chains runs each row as a
client and as a server."""
import functools
from dataclasses import dataclass
from typing import Callable

from .certs import (BASIC, CART, DAY, DNS, DOMAIN, EMAIL, HOUR, IP, SAN, USAGE, Ca, Spec, issue,
                    spiffe, tampered)

BASE = f"spiffe://{DOMAIN}"
LONGEST = BASE + "/" + "x" * (2048 - len(BASE) - 1)


class World:
    """The CAs of the rows. The sidecar trusts `bundle`."""

    @functools.cached_property
    def root(self):
        return Ca("root")

    @functools.cached_property
    def next_root(self):
        """The second of a rotation."""
        return Ca("root")

    @property
    def bundle(self):
        return [self.root, self.next_root]

    @functools.cached_property
    def stranger(self):
        """Of the same name and trust domain, but trusted by nobody."""
        return Ca("root")

    @functools.cached_property
    def foreign(self):
        return Ca("foreign", uris=("spiffe://example.com",))

    def under(self, issuer=None, **spec):
        """An intermediate; of a name of its own, for self-issued ones have no path length."""
        return Ca("below " + (issuer.name if issuer else "root"), issuer=issuer or self.root, **spec)


@dataclass(frozen=True)
class Row:
    """client, server: the words that refuse a chain shown by a client, by a server; "" accepts it.
    `alert` is what a refused peer is told. loads: python's ssl takes the chain; the openssl command
    shows any."""
    name: str
    make: Callable  # of a World: the Chain
    client: str = ""
    server: str = ""
    alert: str = "bad_certificate"
    id: str = CART  # of those accepted
    loads: bool = True


def leaf(**spec):
    return lambda world: issue(Spec(**{"uris": (CART,), **spec}), world.root)


def below(**spec):
    """A leaf below an intermediate that is sent along."""
    def make(world):
        middle = world.under(**spec)
        return issue(Spec(uris=(CART,)), middle, middle)
    return make


def two_levels(**upper):
    def make(world):
        high = world.under(**upper)
        low = world.under(high)
        return issue(Spec(uris=(CART,)), low, low, high)
    return make


def reordered(world):
    high = world.under()
    low = world.under(high)
    return issue(Spec(uris=(CART,)), low, high, low)


def leaf_signs_leaf(**spec):
    def make(world):
        signer = Ca("workload", issuer=world.root, uris=(CART,), **spec)
        return issue(Spec(uris=(CART,)), signer, signer)
    return make


def good(name, make, **more):
    return Row(name, make, **more)


def bad(name, why, make, **more):
    return Row(name, make, client=why, server=why, **more)


def named(name, uri, why="is not a SPIFFE id"):
    return bad(name, why, leaf(uris=(uri,)))


NO_ROOT = "no chain from it leads to a root that we trust"
NO_URI = "no URI among its alternative names"
UNKNOWN = {"alert": "unknown_ca"}
EXPIRED = {"alert": "certificate_expired"}

ROWS = [
    # ------------------------------------------------------------------ accepted
    good("leaf", leaf()),
    good("leaf of the next root", lambda w: issue(Spec(uris=(CART,)), w.next_root)),
    good("P-384", leaf(key="p384")),
    good("RSA 2048", leaf(key="rsa2048")),
    good("Ed25519", leaf(key="ed25519")),
    good("no extended key usage", leaf(purpose=None)),
    good("one more purpose", leaf(purpose=("serverAuth", "clientAuth", "emailProtection"))),
    good("one more key usage", leaf(usage=("digitalSignature", "keyEncipherment", "keyAgreement"))),
    good("no key usage", leaf(usage=None)),
    good("intermediate without key usage", below(usage=None)),
    good("no basic constraints", leaf(ca=None)),
    good("empty subject", leaf(subject="")),
    good("the subject says another id", leaf(subject=spiffe("price"))),
    good("other kinds of names", leaf(names=((DNS, "cart"), (EMAIL, "a@b.c"), (IP, b"\x7f\0\0\1")))),
    good("a DNS name says another id", leaf(names=((DNS, spiffe("price")),))),
    good("all characters of a path", leaf(uris=(f"{BASE}/a-Z_0.9/..x",)), id=f"{BASE}/a-Z_0.9/..x"),
    good("2048 bytes of id", leaf(uris=(LONGEST,)), id=LONGEST),
    good("one intermediate", below()),
    good("two intermediates", two_levels()),
    good("intermediate with path length 0", below(path_length=0)),
    good("intermediate for our domain alone", below(permitted=DOMAIN)),
    good("intermediates in the wrong order", reordered),
    good("root sent along", lambda w: issue(Spec(uris=(CART,)), w.root, w.root)),
    good("a stranger's CA sent along", lambda w: issue(Spec(uris=(CART,)), w.root, w.foreign)),
    good("expired just now: skew", leaf(ends=-5)),
    good("valid in 40 s: skew", leaf(begins=40)),
    Row("client's purpose alone", leaf(purpose=("clientAuth",)), server="lacks serverAuth"),
    Row("server's purpose alone", leaf(purpose=("serverAuth",)), client="lacks clientAuth"),
    Row("intermediate for servers alone", below(purpose=("serverAuth",)), client="purpose",
        alert="unsupported_certificate"),
    Row("intermediate for clients alone", below(purpose=("clientAuth",)), server="purpose"),
    # ------------------------------------------------------------------ who signed it
    bad("signed by itself", "it is signed by itself", lambda w: issue(Spec(uris=(CART,))), **UNKNOWN),
    bad("stranger of our CA's name", NO_ROOT, lambda w: issue(Spec(uris=(CART,)), w.stranger),
        **UNKNOWN),
    bad("stranger sends its root along", "ends at a root that we do not trust",
        lambda w: issue(Spec(uris=(CART,)), w.stranger, w.stranger), **UNKNOWN),
    bad("other trust domain", "of the trust domain example.com, not of ours",
        lambda w: issue(Spec(uris=(spiffe("cart", "example.com"),)), w.foreign)),
    bad("our id by another domain's CA", NO_ROOT, lambda w: issue(Spec(uris=(CART,)), w.foreign),
        **UNKNOWN),
    bad("signature does not fit", "signature", lambda w: tampered(leaf()(w)), alert="decrypt_error"),
    bad("intermediate is missing", NO_ROOT, lambda w: issue(Spec(uris=(CART,)), w.under()), **UNKNOWN),
    bad("a leaf signs a leaf", "CA", leaf_signs_leaf(ca=False, usage=("digitalSignature",)),
        **UNKNOWN),
    bad("a leaf with keyCertSign signs a leaf", "CA", leaf_signs_leaf(ca=False), **UNKNOWN),
    bad("intermediate without keyCertSign", "invalid CA certificate", below(usage=("cRLSign",)), **UNKNOWN),
    bad("intermediate without basic constraints", "invalid CA certificate", below(ca=None), **UNKNOWN),
    bad("path length exceeded", "path length", two_levels(path_length=0), **UNKNOWN),
    bad("intermediate for another domain", "permitted subtree violation",
        below(permitted="example.com"), alert="certificate_unknown"),
    bad("intermediate expired", r"expired at .*certificate 1 of its chain",
        below(begins=-2 * DAY, ends=-HOUR), **EXPIRED),
    # ------------------------------------------------------------------ when
    bad("expired", "expired at", leaf(begins=-DAY, ends=-HOUR), **EXPIRED),
    bad("expired 90 s ago", "expired at", leaf(ends=-90), **EXPIRED),
    bad("not yet valid", "not valid before", leaf(begins=HOUR)),
    # ------------------------------------------------------------------ what for
    bad("CA", "it is a CA's", leaf(ca=True)),
    bad("CA that may sign", "it is a CA's", leaf(ca=True, usage=("digitalSignature", "keyCertSign"))),
    bad("keyCertSign", "has keyCertSign", leaf(usage=("digitalSignature", "keyCertSign"))),
    bad("cRLSign", "has cRLSign", leaf(usage=("digitalSignature", "cRLSign"))),
    bad("no digitalSignature", "lacks digitalSignature", leaf(usage=("keyEncipherment",))),
    bad("purpose of mail", "its extended key usage lacks", leaf(purpose=("emailProtection",))),
    bad("any purpose", "its extended key usage lacks", leaf(purpose=("any",))),
    bad("basic constraints twice", "twice", leaf(twice=BASIC), loads=False),
    bad("key usage twice", "twice", leaf(twice=USAGE), loads=False),
    bad("unknown critical extension", "unhandled critical extension",
        leaf(extra=(("1.3.6.1.4.1.55555.1", True, b"\x05\0"),)), alert="certificate_unknown"),
    # ------------------------------------------------------------------ how strong
    bad("SHA-1", "too weak", leaf(digest="sha1")),
    bad("RSA 1024", "too weak|too small", leaf(key="rsa1024")),
    bad("X.509 version 1", "version 3", leaf(version=1)),
    # ------------------------------------------------------------------ which id
    bad("no names", NO_URI, leaf(uris=())),
    bad("id in the subject alone", NO_URI, leaf(uris=(), subject=CART)),
    bad("DNS name alone", NO_URI, leaf(uris=(), names=((DNS, "cart.shop.svc"),))),
    bad("id as DNS name alone", NO_URI, leaf(uris=(), names=((DNS, CART),))),
    bad("two ids", "2 URIs", leaf(uris=(CART, spiffe("price")))),
    bad("the same id twice", "2 URIs", leaf(uris=(CART, CART))),
    bad("an id and a web address", "2 URIs", leaf(uris=(CART, "https://example.org/"))),
    bad("alternative names twice", "twice", leaf(twice=SAN), loads=False),
    named("web address", "https://example.org/ns/shop/sa/cart"),
    named("empty URI", ""),
    named("trust domain without a path", BASE, "names a whole trust domain"),
    named("empty trust domain", "spiffe:///ns/shop/sa/cart"),
    named("upper-case scheme", CART.replace("spiffe", "SPIFFE")),
    named("upper-case trust domain", spiffe("cart", "Example.org")),
    named("port", spiffe("cart", "example.org:8443")),
    named("user", spiffe("cart", "root@example.org")),
    named("query", CART + "?x=1"),
    named("fragment", CART + "#x"),
    named("percent", CART.replace("cart", "%63art")),
    named("dots", BASE + "/ns/shop/sa/x/../cart"),
    named("one dot", BASE + "/ns/./shop/sa/cart"),
    named("empty segment", BASE + "/ns//shop/sa/cart"),
    named("final slash", CART + "/"),
    named("space in front", " " + CART),
    named("not ASCII", CART.encode() + b"\xc3\xa9"),
    named("NUL at the end", CART.encode() + b"\0"),
    named("NUL behind our domain", b"spiffe://example.org\0.example.com/ns/shop/sa/cart"),
    named("2049 bytes", LONGEST + "x"),
    named("our domain as a label", spiffe("cart", "example.org.example.com"), "not of ours"),
    named("domain below ours", spiffe("cart", "eu.example.org"), "not of ours"),
]
