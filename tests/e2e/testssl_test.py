"""testssl.sh, the scanner that auditors use, finds nothing of severity MEDIUM or above."""
import shutil
import subprocess
import tempfile
import unittest

from support.certs import DAY, Ca
from support.mesh import MeshSuite
from support.suite import *

TOOL = shutil.which("testssl") or shutil.which("testssl.sh")
SEVERE = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
# What a mesh is by its nature: the scanner looks for a web site.
MESH = {
    "cert_trust": "a workload is called by its SPIFFE id, a URI, and has no DNS name",
    "cert_chain_of_trust": "the mesh has a CA of its own; the root is in no browser's store",
    "cert_revocation": "certificates are short-lived and replaced; there is no CRL and no OCSP",
}
# Protocols, forward secrecy with groups, cipher categories, server defaults (resumption, tickets,
# extensions, certificate), vulnerabilities with renegotiation. No HTTP checks: none gets that far.
CHECKS = ["--protocols", "--std", "--pfs", "--server-defaults", "--vulnerable"]


@unittest.skipUnless(TOOL, "LEFT OUT: no testssl.sh on this machine (Debian package testssl.sh)")
class Testssl(MeshSuite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mesh.root = Ca("root", ends=400 * DAY)
        cls.tls = cls.mesh.tls("price", ends=200 * DAY)  # short lives are another finding of web sites

    def scan(self, woad):
        """{id: (severity, finding)}"""
        with tempfile.TemporaryDirectory(prefix="woad-testssl-") as folder:
            done = subprocess.run(
                [TOOL, "--warnings", "off", "--color", "0", "--quiet", "--nodns", "none", "--jsonfile",
                 f"{folder}/all.json", *CHECKS, f"127.0.0.1:{woad.inbound}"], cwd=folder,
                stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=200)
            try:
                with open(f"{folder}/all.json", encoding="utf-8") as file:
                    return {row["id"]: (row["severity"], row["finding"]) for row in json.load(file)}
            except (OSError, ValueError) as error:
                raise AssertionError(f"{error}\n{done.stdout.decode()[-3000:]}") from error

    def judge(self, mtls, expected, **tls):
        app = self.origin()
        woad = self.sidecar(tls={**self.tls, **tls}, inbound=[
            {"address": "127.0.0.1:@inbound@", "app": app.address, "mtls": mtls}])
        found = self.scan(woad)
        severe = {name: what for name, what in found.items() if what[0] in SEVERE and name not in MESH}
        self.assertEqual(severe, {})
        # That the scanner saw what there is, and did not give up.
        common = {"SSLv2": "not offered", "SSLv3": "not offered", "TLS1": "not offered",
                  "TLS1_1": "not offered", "TLS1_3": "offered with final", "cipherlist_NULL": "not offered",
                  "cipherlist_aNULL": "not offered", "sessionresumption_ticket": "not supported",
                  "sessionresumption_ID": "No Session ID, no resumption", "ALPN_HTTP2": "h2",
                  "ROBOT": "not vulnerable, no RSA key transport cipher"}
        for name, finding in {**common, **expected}.items():
            self.assertEqual(found.get(name, ("", "nothing"))[1], finding, name)
        self.assertEqual(app.requests, [])

    def test_strict(self):
        self.judge("strict", {"TLS1_2": "not offered"})

    @unittest.skipUnless(FULL, "another half a minute: TLS 1.2, with WOAD_FULL=1")
    def test_permissive_with_old_tls(self):
        self.judge("permissive", {"TLS1_2": "offered", "secure_renego": "supported",
                                  "secure_client_renego": "not vulnerable"}, min_version="1.2")
