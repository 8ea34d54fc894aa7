"""CAs and certificates, good ones and every kind of bad one. Written byte by byte (der.py); the
`openssl` command makes the keys, once each, and signs.

    root = Ca("root")
    chain = issue(Spec(uris=(CART,)), root)            # a Chain: certificates, leaf first, and a key
    files = chain.write(folder, bundle=[root])         # the paths as `tls:` wants them
"""
import base64
import functools
import hashlib
import itertools
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace

from . import der

DOMAIN = "example.org"


def spiffe(name, domain=DOMAIN):
    return f"spiffe://{domain}/ns/shop/sa/{name}"


CART, PRICE = spiffe("cart"), spiffe("price")

HOUR, DAY = 3600, 86400
USAGES = {"digitalSignature": 0, "keyEncipherment": 2, "keyAgreement": 4, "keyCertSign": 5,
          "cRLSign": 6}
PURPOSES = {"serverAuth": "1.3.6.1.5.5.7.3.1", "clientAuth": "1.3.6.1.5.5.7.3.2",
            "emailProtection": "1.3.6.1.5.5.7.3.4", "any": "2.5.29.37.0"}
BASIC, USAGE, SAN, PURPOSE, CONSTRAINTS, SKI, AKI = (
    "2.5.29.19", "2.5.29.15", "2.5.29.17", "2.5.29.37", "2.5.29.30", "2.5.29.14", "2.5.29.35")
URI, DNS, EMAIL, IP = 6, 2, 1, 7  # GeneralName, RFC 5280 section 4.2.1.6
KINDS = {
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "ed25519": ["-algorithm", "ED25519"],
}
SIGNATURES = {("EC", "sha256"): "1.2.840.10045.4.3.2", ("EC", "sha1"): "1.2.840.10045.4.1",
              ("RSA", "sha256"): "1.2.840.113549.1.1.11", ("RSA", "sha1"): "1.2.840.113549.1.1.5",
              ("ED25519", "sha256"): "1.3.101.112"}
_serials = itertools.count(int.from_bytes(os.urandom(15), "big"))


@dataclass(frozen=True)
class Spec:
    """A workload's leaf as it should be, but for its id; to be bent from there."""
    uris: tuple = ()                      # str or bytes, as they are
    names: tuple = ()                     # other alternative names: (DNS, "cart")
    subject: str = "workload"             # common name; "" for an empty subject
    ca: bool = False                      # basic constraints; None leaves them out
    path_length: int = None
    usage: tuple = ("digitalSignature",)  # None leaves it out
    purpose: tuple = ("serverAuth", "clientAuth")
    permitted: str = None                 # name constraints: the host of URIs below it
    begins: float = -HOUR                 # seconds from now
    ends: float = DAY
    key: str = "p256"
    digest: str = "sha256"                # of the signature on it
    version: int = 3
    twice: str = None                     # an extension's number that stands there two times
    identifiers: bool = True              # of the subject's and of the issuer's key
    extra: tuple = ()                     # further extensions: (number, critical, DER)


class Key:
    """A private key in a file of its own."""

    def __init__(self, kind):
        self.kind, self.algorithm = kind, KINDS[kind][1]
        self.path = os.path.join(_folder().name, f"{next(_serials)}.key")
        openssl("genpkey", *KINDS[kind], "-out", self.path)
        self.public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        with open(self.path, encoding="ascii") as file:
            self.pem = file.read()

    def sign(self, data, digest):
        with tempfile.NamedTemporaryFile(dir=_folder().name) as file:
            file.write(data)
            file.flush()
            how = [] if self.algorithm == "ED25519" else ["-digest", digest]
            return openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", *how, "-in", file.name)

    def signature_algorithm(self, digest):
        parameters = [b"\x05\0"] if self.algorithm == "RSA" else []
        return der.sequence(der.oid(SIGNATURES[self.algorithm, digest]), *parameters)

    @property
    def id(self):
        return hashlib.sha1(self.public).digest()


@functools.cache
def _folder():
    return tempfile.TemporaryDirectory(prefix="woad-keys-")


@functools.cache
def shared_key(kind, number=0):
    """Workloads may share a key; CAs are told apart by theirs."""
    return Key(kind)


def openssl(*args, **more):
    done = subprocess.run(["openssl", *args], capture_output=True, check=False, **more)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(args)}: {done.stderr.decode()}")
    return done.stdout


@dataclass(frozen=True)
class Certificate:
    der: bytes
    name: str
    key: Key

    @property
    def subject(self):
        return der.common_name(self.name)

    @property
    def pem(self):
        text = base64.encodebytes(self.der).decode()
        return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"

    @property
    def sha256(self):
        return hashlib.sha256(self.der).hexdigest()


@dataclass(frozen=True)
class Chain:
    """What a peer shows, leaf first."""
    certificates: tuple

    @property
    def leaf(self):
        return self.certificates[0]

    def write(self, folder, bundle=()):
        """tls.crt, tls.key and ca.crt in `folder`; their paths and the domain, as `tls:` names them."""
        os.makedirs(folder, exist_ok=True)
        paths = {}
        for name, file, text in (
                ("trust_bundle", "ca.crt", "".join(root.pem for root in bundle)),
                ("key", "tls.key", self.leaf.key.pem),
                ("certificate", "tls.crt", "".join(c.pem for c in self.certificates))):
            paths[name] = os.path.join(folder, file)
            with open(paths[name] + ".new", "w", encoding="ascii") as out:
                out.write(text)
            os.rename(paths[name] + ".new", paths[name])
        return {**paths, "trust_domain": DOMAIN}


def Ca(name, key=None, **more):
    """A root, or with `issuer` an intermediate: keyCertSign, and its trust domain as URI."""
    issuer = more.pop("issuer", None)
    spec = Spec(**{"uris": (f"spiffe://{DOMAIN}",), "subject": name, "ca": True, "purpose": None,
                   "usage": ("keyCertSign", "cRLSign"), "ends": 10 * DAY, "begins": -DAY, **more})
    return certify(spec, issuer, key or Key(spec.key))


def issue(spec, issuer=None, *others):
    """A chain: the new leaf, signed by `issuer` or itself, and the others as they are."""
    return Chain((certify(spec, issuer, shared_key(spec.key)), *others))


def certify(spec, issuer, key):
    subject = der.common_name(spec.subject)
    signer = issuer.key if issuer else key
    algorithm = signer.signature_algorithm(spec.digest)
    now = time.time()
    body = [
        der.context(0, der.integer(spec.version - 1)) if spec.version > 1 else b"",
        der.integer(next(_serials)), algorithm, issuer.subject if issuer else subject,
        der.sequence(der.utc_time(now + spec.begins), der.utc_time(now + spec.ends)), subject,
        key.public]
    if spec.version > 2:
        body.append(der.context(3, der.sequence(*extensions(spec, key, signer))))
    signed = der.sequence(*body)
    signature = der.bit_string(signer.sign(signed, spec.digest))
    return Certificate(der.sequence(signed, algorithm, signature), spec.subject, key)


def tampered(chain):
    """The same with one bit of the leaf's signature turned."""
    raw = bytearray(chain.leaf.der)
    raw[-1] ^= 1
    return Chain((replace(chain.leaf, der=bytes(raw)), *chain.certificates[1:]))


def extensions(spec, key, signer):
    rows = [(SKI, False, der.octets(key.id)),
            (AKI, False, der.sequence(der.context(0, signer.id, constructed=False)))]
    rows = rows if spec.identifiers else []
    if spec.ca is not None:
        length = [] if spec.path_length is None else [der.integer(spec.path_length)]
        rows.append((BASIC, True, der.sequence(*([der.boolean(True), *length] if spec.ca else []))))
    if spec.usage is not None:
        rows.append((USAGE, True, der.bits([USAGES[word] for word in spec.usage])))
    if spec.purpose is not None:
        rows.append((PURPOSE, False, der.sequence(*(der.oid(PURPOSES[p]) for p in spec.purpose))))
    if spec.permitted is not None:
        tree = der.sequence(_name(URI, spec.permitted))
        rows.append((CONSTRAINTS, True, der.sequence(der.context(0, tree))))
    names = [*spec.names, *((URI, uri) for uri in spec.uris)]
    if names:
        rows.append((SAN, not spec.subject, der.sequence(*(_name(*name) for name in names))))
    rows += [row for row in rows if row[0] == spec.twice]
    for number, critical, value in [*rows, *spec.extra]:
        yield der.sequence(der.oid(number), der.boolean(True) if critical else b"", der.octets(value))


def _name(kind, value):
    raw = value if isinstance(value, bytes) else value.encode()
    return der.context(kind, raw, constructed=False)
