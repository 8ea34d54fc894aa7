"""`woad certs`: what it writes, judged by the `openssl` command, and what it says to people."""
import os
import re
import stat
import subprocess
import tempfile
import time

from support.certs import CART, PRICE, openssl, spiffe
from support.suite import *


class Certs(Suite):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="woad-certs-")
        self.addCleanup(folder.cleanup)
        self.dir = os.path.join(folder.name, "ca")

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def certs(self, *args, code=0):
        got, out, err = run("certs", "--dir", self.dir, *args)
        self.assertEqual(got, code, out + err)
        return out if code == 0 else err

    def ids(self, *ids):
        return [word for one in ids for word in ("--id", one)]

    def text(self, *names):
        return openssl("x509", "-in", self.path(*names), "-noout", "-text").decode()

    def verify(self, name, *more):
        """What a strict peer says: for both purposes, with X.509's rules all on."""
        for purpose in ("sslserver", "sslclient"):
            done = subprocess.run(
                ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-auth_level", "2",
                 "-CAfile", self.path(name, "ca.crt"), *more, self.path(name, "tls.crt")],
                capture_output=True, check=False)
            if done.returncode:
                return done.stderr.decode()
        return "OK"

    def test_one_call(self):
        out = self.certs(*self.ids(CART, PRICE))
        for name, identity in (("cart", CART), ("price", PRICE)):
            self.assertEqual(self.verify(name), "OK")
            text = self.text(name, "tls.crt")
            self.assertEqual(re.findall(r"URI:(\S+)", text), [identity])
            for words in ("CA:FALSE", "Key Usage: critical\n                Digital Signature\n",
                          "TLS Web Server Authentication, TLS Web Client Authentication",
                          "ASN1 OID: prime256v1", "ecdsa-with-SHA256"):
                self.assertIn(words, text)
            serial = openssl("x509", "-in", self.path(name, "tls.crt"), "-noout", "-serial")
            self.assertGreater(int(serial.decode().split("=")[1], 16), 2**100)
            self.assertIn(f"{self.path(name, 'tls.crt')}, tls.key, ca.crt: {identity}, until ", out)

    def test_root(self):
        self.certs(*self.ids(CART))
        text = self.text("ca.crt")
        for words in ("Basic Constraints: critical\n                CA:TRUE, pathlen:0\n",
                      "Key Usage: critical\n                Certificate Sign, CRL Sign\n",
                      "URI:spiffe://example.org\n"):
            self.assertIn(words, text)

    def test_who_may_read_the_keys(self):
        self.certs(*self.ids(CART))
        for path in (self.path("ca.key"), self.path("cart", "tls.key")):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
        self.assertEqual(sorted(os.listdir(self.path("cart"))), ["ca.crt", "tls.crt", "tls.key"])

    def test_key_and_certificate_are_a_pair(self):
        self.certs(*self.ids(CART))
        mine = openssl("pkey", "-in", self.path("cart", "tls.key"), "-pubout")
        self.assertEqual(mine, openssl("x509", "-in", self.path("cart", "tls.crt"), "-noout", "-pubkey"))

    def test_ttl_and_dns(self):
        self.certs(*self.ids(CART), "--ttl", "90s", "--dns", "cart", "--dns", "cart.shop")
        self.assertEqual(self.verify("cart", "-verify_hostname", "cart.shop"), "OK")
        now = int(time.time())
        self.assertEqual(self.verify("cart", "-attime", str(now + 60)), "OK")
        self.assertIn("expired", self.verify("cart", "-attime", str(now + 91)))
        self.assertEqual(self.verify("cart", "-attime", str(now - 30)), "OK", "clocks differ")

    def test_out(self):
        out = self.path("elsewhere", "my cart's")
        said = self.certs(*self.ids(CART), "--out", out)
        self.assertEqual(self.verify("elsewhere/my cart's"), "OK")
        self.assertIn("key: '" + out.replace("'", "''") + "/tls.key'", said)

    def test_block_to_paste(self):
        out = self.certs(*self.ids(CART))
        self.assertEqual(out[out.index("tls:\n"):], f"""\
tls:
  certificate: {self.path('cart', 'tls.crt')}
  key: {self.path('cart', 'tls.key')}
  trust_bundle: {self.path('cart', 'ca.crt')}
  trust_domain: example.org
""")

    def test_second_call_keeps_the_ca(self):
        self.certs(*self.ids(CART))
        before = self.text("ca.crt")
        self.certs(*self.ids(CART, PRICE))
        self.assertEqual(self.text("ca.crt"), before)
        self.assertNotEqual(openssl("x509", "-in", self.path("cart", "tls.crt"), "-noout", "-serial"),
                            openssl("x509", "-in", self.path("price", "tls.crt"), "-noout", "-serial"))

    def test_refused(self):
        self.certs(*self.ids(CART))
        other = "spiffe://example.org/ns/other/sa/cart"
        for args, words in (
                (self.ids(spiffe("cart", "example.com")), "needs a folder of its own (--dir)"),
                (self.ids(other), f'holds the certificate of "{CART}"'),
                (self.ids("spiffe://example.org/a/x", "spiffe://example.org/b/x"), "would both be")):
            err = self.certs(*args, code=1)
            self.assertIn(words, err)
            self.assertRegex(err, r"\Awoad: [^\n]+\n\Z")
        self.assertEqual(sorted(os.listdir(self.dir)), ["ca.crt", "ca.key", "cart"])

    def test_usage(self):
        for args in ([], ["--id", "cart"], ["--id", CART, "--ttl", "5"], ["--out", "x"]):
            self.assertIn("--help", self.certs(*args, code=2))
        self.assertFalse(os.path.exists(self.dir))
        code, out, _ = run("certs", "--help")
        self.assertEqual((code, "for trying and testing" in out), (0, True))

    def test_damaged_ca(self):
        self.certs(*self.ids(CART))
        os.remove(self.path("ca.key"))
        self.assertIn("ca.key: no such file", self.certs(*self.ids(CART), code=1))

    def test_rotation(self):
        """At each step the certificate of each holds against the bundle of each other."""
        def all_hold(roots):
            for mine in ("cart", "price"):
                for theirs in ("cart", "price"):
                    done = subprocess.run(
                        ["openssl", "verify", "-x509_strict", "-CAfile", self.path(theirs, "ca.crt"),
                         self.path(mine, "tls.crt")], capture_output=True, check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)
                with open(self.path(mine, "ca.crt"), encoding="ascii") as file:
                    self.assertEqual(file.read().count("BEGIN CERTIFICATE"), roots)

        self.certs(*self.ids(CART, PRICE))
        old = self.text("ca.crt")
        self.certs("--new-root")
        all_hold(2)
        self.assertEqual(self.text("ca.crt"), old, "the old one stands first")
        self.certs(*self.ids(CART))
        all_hold(2)
        self.assertIn("price/tls.crt is signed by an old root", self.certs("--drop-old-roots", code=1))
        self.certs(*self.ids(PRICE))
        self.certs("--drop-old-roots")
        all_hold(1)
        self.assertNotEqual(self.text("ca.crt"), old)

    def test_nobody_sees_half_a_file(self):
        """Each file is whole whenever it is looked at, and two calls at once leave one CA."""
        self.certs(*self.ids(CART))
        seen = []

        def work(number):
            if number:
                for _ in range(10):
                    self.certs(*self.ids(CART))
                return
            while len(seen) < 300:
                for name in ("tls.crt", "tls.key", "ca.crt"):
                    with open(self.path("cart", name), encoding="ascii") as file:
                        seen.append(file.read())

        in_threads(3, work)
        for text in seen:
            self.assertRegex(text, r"\A-----BEGIN [A-Z ]+-----\n[^-]+-----END [A-Z ]+-----\n\Z")
        self.assertEqual(self.verify("cart"), "OK")
