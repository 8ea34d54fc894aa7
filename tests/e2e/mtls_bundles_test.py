"""What a trust bundle may hold, and what a chain may end at: as a server, as a client by mutual TLS
and as a client of a server that has a name alone."""
import os
import ssl
import tempfile

from support.certs import CART, DNS, PRICE, Ca, Spec, issue, openssl
from support.mtls import client_context, knock, mtls_service, server_context
from support.suite import *


def careless(context):
    """What the sidecar is shown is judged here, not what it shows."""
    context.verify_mode = ssl.CERT_NONE
    return context


class Bundles(Suite):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="woad-bundles-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.root = Ca("root")
        self.app = self.origin("app")

    def files(self, name, chain, text):
        """The chain's files, with `text` for a bundle."""
        paths = chain.write(os.path.join(self.folder, name))
        with open(paths["trust_bundle"], "w", encoding="ascii", newline="") as file:
            file.write(text)
        return paths

    def refused(self, text, words, **more):
        """By `validate`, as the identity's bundle and as a service's `ca`."""
        paths = {**self.files("ours", issue(Spec(uris=(PRICE,)), self.root), text), **more}
        for config in ({"tls": paths},
                       {"services": {"a": service("127.0.0.1:1", tls={
                           "mode": "tls", "ca": paths["trust_bundle"]})}})[:1 if more else 2]:
            path = os.path.join(self.folder, "woad.yaml")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"node": {"service": "me"}, **config}, file)
            code, _, err = run("validate", "-c", path)
            self.assertEqual(code, 1, text)
            self.assertIn(words, err)

    def accepted(self, text, signers, strangers=()):
        """text: a bundle; signers: (CA, what is sent along) whose leaves are let in."""
        ours = self.files("ours", issue(Spec(uris=(PRICE,)), signers[0][0], *signers[0][1]), text)
        peers, services = [], {}
        for number, (ca, rest) in enumerate([*signers, *strangers]):
            chain = issue(Spec(uris=(CART,), names=((DNS, "svc"),)), ca, *rest)
            peers.append(self.files(f"peer{number}", chain, text))
            address = self.origin("peer", tls=careless(server_context([ca], peers[-1]))).address
            services[f"mtls{number}"] = mtls_service(address, peer=[CART])
            services[f"tls{number}"] = service(address, tls={
                "mode": "tls", "sni": "svc.", "ca": ours["trust_bundle"]})
        woad = self.sidecar(app=self.app.address, tls=ours, services=services)
        for number, files in enumerate(peers):
            good = number < len(signers)
            with self.subTest(number, good=good):
                status, _ = knock(woad.inbound, careless(client_context([self.root], files)), "/info")
                self.assertEqual(status, 200 if good else None)
                for name in (f"mtls{number}", f"tls{number}"):
                    got = fetch(woad.outbound, "GET", "/info", host=name)
                    self.assertEqual(got.error, None if good else "connect_failed", (name, got))
        return woad

    def test_roots_of_one_subject_without_key_identifiers(self):
        twins = [Ca("root", identifiers=False) for _ in range(3)]
        stranger = Ca("root", identifiers=False)
        for order in (twins, twins[::-1]):
            text = "".join(root.pem for root in order)
            self.accepted(text, [(root, ()) for root in twins], [(stranger, ())])

    def test_an_intermediate_alone(self):
        middle = Ca("middle", issuer=self.root)
        below = Ca("below", issuer=middle)
        other = Ca("other", issuer=self.root)
        self.accepted(middle.pem, [(middle, ()), (middle, (middle,)), (below, (below,))],
                      [(other, (other,)), (self.root, ())])

    def test_texts_that_are_read(self):
        other = Ca("other")
        old = other.pem.replace("CERTIFICATE", "X509 CERTIFICATE")
        words = "# the other one\nsubject=CN = other\n\n"
        indented = "".join("  " + line for line in other.pem.splitlines(True))
        for text in (words + self.root.pem + words + other.pem + "the end\n", self.root.pem + old,
                     (self.root.pem + other.pem).replace("\n", "\r\n"), self.root.pem + indented,
                     "\n".join(other.pem.splitlines()) + "\n" + self.root.pem.rstrip()):
            woad = self.accepted(text, [(self.root, ()), (other, ())])
            self.assertEqual(len(woad.json("/certs")["trust_bundle"]), 2)

    def test_blocks_that_are_refused(self):
        other = Ca("other")
        path = os.path.join(self.folder, "other.pem")
        with open(path, "w", encoding="ascii") as file:
            file.write(other.pem)
        trusted = openssl("x509", "-in", path, "-trustout", "-addtrust", "serverAuth").decode()
        pkcs7 = openssl("crl2pkcs7", "-nocrl", "-certfile", path).decode()
        at = f"ca.crt: line {self.root.pem.count(chr(10)) + 1}: "
        half = other.pem[:len(other.pem) // 2]
        for text, words in (
                (trusted, at + "BEGIN TRUSTED CERTIFICATE"), (pkcs7, at + "BEGIN PKCS7"),
                (other.key.pem, at + "BEGIN PRIVATE KEY"), (half + "\n", at + "BEGIN CERTIFICATE"),
                (other.pem.replace("CERTIFICATE", "X509 CRL"), at + "BEGIN X509 CRL"),
                (other.pem.replace("CERTIFICATE", "SOMETHING"), at + "BEGIN SOMETHING"),
                (other.pem.replace("-----BEGIN", "----BEGIN"), at),
                ("> " + other.pem, at), ("root: " + other.pem, at),
                (other.pem.replace("CERTIFICATE-----\n", "CERTIFICATE-----\nAAAA\n", 1), at)):
            with self.subTest(text[:60]):
                self.refused(self.root.pem + text, words)
                self.refused(text + "\n" + self.root.pem, "ca.crt: line ")

    def test_files_of_our_own(self):
        chain = issue(Spec(uris=(PRICE,)), self.root)
        paths = self.files("ours", chain, self.root.pem)
        parameters = openssl("ecparam", "-name", "prime256v1").decode()
        old = openssl("pkey", "-in", paths["key"], "-traditional").decode()
        self.assertIn("EC PRIVATE KEY", old)

        def put(name, text):
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            return path
        both = put("both.pem", chain.leaf.pem + parameters + old)
        for tls in ({**paths, "key": put("old.key", parameters + old)},
                    {**paths, "key": both, "certificate": both}):
            woad = self.sidecar(app=self.app.address, tls=tls)
            files = self.files("caller", issue(Spec(uris=(CART,)), self.root), self.root.pem)
            self.assertEqual(knock(woad.inbound, client_context([self.root], files))[0], 200)
        line = f"line {chain.leaf.pem.count(chr(10)) + 1}: "
        self.refused(self.root.pem, "both.pem: " + line + "BEGIN EC PARAMETERS", certificate=both)
        self.refused(self.root.pem, "both.pem: line 1: BEGIN CERTIFICATE", key=both)
        two = put("two.key", chain.leaf.key.pem + old)
        self.refused(self.root.pem, "two.key: line ", key=two)
