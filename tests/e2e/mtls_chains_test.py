"""Every chain of support/chains.py, shown to a strict listener by a client and to the sidecar's
dialer by a server."""
import tempfile

from support.chains import ROWS, World
from support.certs import CART, PRICE, Spec, issue
from support.mtls import (OpensslServer, client_context, curl, knock, mtls_service, s_client,
                          server_context)
from support.suite import *


class Chains(Suite):
    """The sidecar is `price`; its app and the servers that it calls are counted."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="woad-chains-")
        cls.world = World()
        cls.files = {row.name: row.make(cls.world).write(f"{cls.folder.name}/{n}", cls.world.bundle)
                     for n, row in enumerate(ROWS)}
        ours = issue(Spec(uris=(PRICE,)), cls.world.root)
        cls.tls = ours.write(f"{cls.folder.name}/ours", cls.world.bundle)
        cls.app = Origin("app")
        cls.app.keep_raw = True
        cls.servers = {row.name: cls.server(row) for row in ROWS}
        services = {f"s{n}": mtls_service(cls.servers[row.name].address, peer=[row.id])
                    for n, row in enumerate(ROWS)}
        cls.woad = Sidecar(app=cls.app.address, tls=cls.tls, services=services)

    @classmethod
    def server(cls, row):
        files = cls.files[row.name]
        if row.loads:
            return Origin(row.name, tls=server_context(cls.world.bundle, files))
        return OpensslServer(files)

    @classmethod
    def tearDownClass(cls):
        cls.woad.stop()
        for origin in [cls.app, *cls.servers.values()]:
            origin.close()
        cls.folder.cleanup()

    def connect(self, files):
        return knock(self.woad.inbound, client_context(self.world.bundle, files), "/info")

    def test_clients(self):
        for row in ROWS:
            with self.subTest(row.name):
                before = len(self.app.raw)
                if not row.loads:
                    said = s_client(self.woad.inbound, self.files[row.name])
                    self.assertIn("alert " + row.alert.replace("_", " "), said)
                    continue
                status, alert = self.connect(self.files[row.name])
                if row.client:
                    self.assertEqual((status, alert), (None, row.alert))
                    self.assertEqual(len(self.app.raw), before, "the app saw not one byte")
                else:
                    self.assertEqual((status, alert), (200, None))

    def test_servers(self):
        for number, row in enumerate(ROWS):
            with self.subTest(row.name):
                got = fetch(self.woad.outbound, "GET", "/info", host=f"s{number}")
                log = self.woad.access_log(1, direction="outbound", service=f"s{number}")[-1]
                if row.server:
                    self.assert_local(got, "connect_failed", 503)
                    self.assertIn("error=tls_certificate_error", got.get("proxy-status"))
                    self.assertRegex(log["why"], row.server)
                    if row.loads:
                        self.assertEqual(self.servers[row.name].connections, 0)
                else:
                    self.assertEqual((got.status, got.origin), (200, row.name), log["why"])

    def test_client_without_a_certificate(self):
        self.assertEqual(self.connect(None), (None, "certificate_required"))
        self.assertIn("certificate required", s_client(self.woad.inbound, None))

    def test_openssl_s_client(self):
        """The rows that are told apart by OpenSSL itself."""
        for name, words in (("leaf", "HTTP/1.1 200"), ("two intermediates", "HTTP/1.1 200"),
                            ("stranger of our CA's name", "unknown ca"),
                            ("expired", "certificate expired"), ("two ids", "bad certificate")):
            self.assertIn(words, s_client(self.woad.inbound, self.files[name]), name)

    def test_curl(self):
        url = f"https://127.0.0.1:{self.woad.inbound}/info"
        for version, words in (("--http1.1", "1.1"), ("--http2", "2")):
            got = curl(url, self.files["leaf"], "-k", version)
            self.assertEqual(got[:2], (200, words), got)
        self.assertEqual(curl(url, self.files["two ids"], "-k")[0], 0)
