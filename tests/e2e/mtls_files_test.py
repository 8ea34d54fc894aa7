"""Certificate files that do not hold change nothing, and show."""
import os

from support.mesh import ALPN, SPEAKS
from support.rotation import RotationSuite, read, write
from support.suite import *


class BadFiles(RotationSuite):
    def refused(self, woad, words, before):
        """The old pair stays, and all places say why."""
        self.assertTrue(until(lambda: words in (woad.json("/certs")["last_error"] or ""), 5),
                        (words, woad.json("/certs")["last_error"]))
        status, text, _ = woad.get("/readyz")
        self.assertEqual(status, 200)
        self.assertRegex(text, r"(?m)^warning: new certificate files were refused.*")
        self.assertIn(words, text)
        self.assertGreater(self.metrics(woad, "rejected"), before)

    def test_each_kind(self):
        folder = self.ca.path("price")
        names = ("tls.crt", "tls.key", "ca.crt")
        good = {name: read(f"{folder}/{name}") for name in names}
        used = self.shown()
        cart_crt = read(self.ca.path("cart", "tls.crt"))
        rows = [
            ("tls.key", read(self.ca.path("cart", "tls.key")), "tls.key: "),
            ("tls.crt", cart_crt, "tls.key: "),
            ("tls.crt", good["tls.crt"][:200], "tls.crt: "), ("tls.key", good["tls.key"][:100], "tls.key: "),
            ("tls.crt", "", "tls.crt: "), ("tls.key", "", "tls.key: "), ("ca.crt", "", "ca.crt: "),
            ("ca.crt", good["ca.crt"][:100], "ca.crt: "), ("tls.crt", "\0" * 5000, "tls.crt: "),
            ("tls.key", good["tls.crt"], "tls.key: "), ("ca.crt", cart_crt, "is not a CA"),
            ("tls.crt", good["ca.crt"], "tls.key: is not the key of"),
            ("tls.crt", None, "tls.crt: no such file"), ("tls.key", None, "tls.key: no such file"),
            ("ca.crt", None, "ca.crt: no such file"),
        ]
        clients = [self.secure(version) for version in ("h1", "h2")]
        for name, text, words in rows:
            with self.subTest(name, text=text and text[:40], words=words):
                before = self.metrics(self.price, "rejected")
                if text is None:
                    os.remove(f"{folder}/{name}")
                else:
                    write(f"{folder}/{name}", text)
                self.refused(self.price, words, before)
                self.assertEqual(self.shown(), used)
                for client in clients:
                    self.assertEqual(client.request().status, 200)
                write(f"{folder}/{name}", good[name])
                self.assertTrue(until(lambda: self.price.json("/certs")["last_error"] is None, 5))
                self.assertNotIn("warning", self.price.get("/readyz")[1])
                self.assertEqual(self.shown(), used)
        self.ca.issue("price")
        self.newest_is_used()

    def secure(self, version):
        client = SPEAKS[version](self.price.inbound, tls=self.context("caller", ALPN[version]))
        self.addCleanup(client.close)
        return client

    def test_yaml_reload_meanwhile(self):
        other = self.origin("other")
        used, good = self.shown(), read(self.ca.path("price", "tls.crt"))
        write(self.ca.path("price", "tls.crt"), "garbage")
        self.refused(self.price, "tls.crt: ", 0)
        inbound = [dict(self.price.config["inbound"][0], app=other.address)]
        self.price.reload(dict(self.price.config, version="two", inbound=inbound))
        status = self.price.json("/config/status")
        self.assertEqual((status["version"], status["last_error"]), ("two", None))
        with H1(self.price.inbound, tls=self.context()) as client:
            self.assertEqual(client.request().origin, "other")
        self.assertEqual(self.shown(), used)
        self.assertIn("tls.crt", self.price.json("/certs")["last_error"])
        write(self.ca.path("price", "tls.crt"), good)
        self.ca.issue("price")
        self.newest_is_used()
        self.assertIsNone(self.price.json("/certs")["last_error"])

    def test_a_start_with_bad_files_fails(self):
        write(self.ca.path("price", "tls.crt"), "garbage")
        code, _, err = run("run", "-c", self.price.path)
        self.assertEqual(code, 1)
        self.assertRegex(err, r"woad\.yaml:\d+:\d+: error: tls\.certificate: .*tls\.crt")
