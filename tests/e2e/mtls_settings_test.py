"""Principals in rules, and what `woad validate` says of `tls:` and `mtls:`."""
import tempfile

from support.certs import CART, spiffe
from support.mesh import InboundSuite
from support.suite import *


class Principals(InboundSuite):
    NAMES = ("cart", "admin", "price")

    def filters(self, *rules, **more):
        return {"inbound": ["access_log", "peer_identity",
                            {"authorization": {"rules": list(rules), **more}}, "context"]}

    @staticmethod
    def rule(action, *principals):
        return {"name": f"{action}-{len(principals)}", "action": action,
                "match": {"principals": list(principals)}}

    def test_who_may(self):
        base = "spiffe://example.org"
        rows = [
            ([self.rule("allow", CART)], {"cart"}),
            ([self.rule("allow", f"{base}/ns/*/sa/cart")], {"cart"}),
            ([self.rule("allow", f"{base}/ns/shop/sa/*")], {"cart", "admin", "price"}),
            ([self.rule("allow", f"{base}/ns/*")], set()),
            ([self.rule("allow", f"{base}/**"), self.rule("deny", spiffe("admin"))], {"cart", "price"}),
            ([self.rule("allow", f"{base}/ns/shop/**"), self.rule("deny", f"{base}/*/shop/*/cart")],
             {"admin", "price"}),
            ([self.rule("allow", CART.upper().replace("SPIFFE://EXAMPLE.ORG", base))], set()),
        ]
        woad = self.woad(filters=self.filters(self.rule("deny", CART)))
        clients = {(n, v): self.secure(woad.inbound, n, v) for n in self.NAMES for v in ("h1", "h2")}
        for rules, may in rows:
            woad.reload(dict(woad.config, filters=self.filters(*rules)))
            for (name, version), client in clients.items():
                with self.subTest(rules, name=name, version=version):
                    got = client.request()
                    self.assertEqual(got.status, 200 if name in may else 403)
                    if name not in may:
                        self.assert_local(got, "denied", 403)


class Validate(InboundSuite):
    def judged(self, lines):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/woad.yaml"
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
            code, _, err = run("validate", "-c", path)
            return code, err.replace(folder + "/", "")

    def tls(self, **other):
        files = {**self.mesh.tls("price"), **other}
        names = ("certificate", "key", "trust_bundle", "trust_domain")
        return ["node: { service: price }", "tls:", *(f"  {k}: {files[k]}" for k in names),
                "inbound:", "  - { address: 127.0.0.1:15006, app: 127.0.0.1:8080 }", ""]

    def test_good(self):
        self.assertEqual(self.judged(self.tls())[0], 0)

    def test_errors_stand_at_their_line(self):
        cart, folder = self.mesh.tls("cart"), self.mesh.folder.name
        with open(cart["certificate"], encoding="ascii") as file:
            half = file.read()[:300]
        for name, text in (("empty", ""), ("garbage", "not a PEM file\n"), ("half", half)):
            with open(f"{folder}/{name}.pem", "w", encoding="ascii") as file:
                file.write(text)
        rows = [(3, {"certificate": f"{folder}/{n}.pem"}, n) for n in ("missing", "empty", "garbage", "half")]
        rows += [(4, {"key": f"{folder}/{n}.pem"}, n) for n in ("missing", "empty", "garbage")]
        rows += [(5, {"trust_bundle": f"{folder}/{n}.pem"}, n) for n in ("missing", "empty", "garbage")]
        other = self.mesh.tls("other-key", key="p384")
        rows += [(4, {"key": other["key"]}, "other-key/tls.key"),
                 (5, {"trust_bundle": cart["certificate"]}, "cart/tls.crt"),
                 (3, {"trust_domain": "example.com"}, "example.com"),
                 (3, {"certificate": folder}, "is not a regular file")]
        for line, other, words in rows:
            with self.subTest(other):
                code, err = self.judged(self.tls(**other))
                self.assertEqual(code, 1, err)
                self.assertRegex(err, rf"(?m)^woad\.yaml:{line}:\d+: error: tls.*")
                self.assertIn(words, err)
                self.assertEqual(err.count("error:"), 1, err)

    def test_strict_without_identity(self):
        for mtls in ("", ", mtls: strict", ", mtls: permissive"):
            code, err = self.judged([
                "node: { service: price }", "inbound:",
                "  - { address: 127.0.0.1:15006, app: 127.0.0.1:8080%s }" % mtls, ""])
            self.assertEqual(code, 1)
            self.assertRegex(err, r"(?m)^woad\.yaml:3:\d+: error: inbound\[0\].*tls")
