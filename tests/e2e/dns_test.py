"""Endpoints may be names."""
from support.suite import *


class Dns(Suite):
    def test_localhost(self):
        server = self.origin()
        woad = self.sidecar(services={"svc": service(f"localhost:{server.port}")})
        for version in ("h1", "h2"):
            for _ in range(5):
                self.assertEqual(fetch(woad.outbound, version=version).status, 200)

    def test_name_keeps_its_labels(self):
        base, red = self.origin("base"), self.origin("red")
        woad = self.sidecar(services={"svc": service(
            f"localhost:{base.port}", (f"localhost:{red.port}", {"color": "red"}))})
        self.assertEqual(fetch(woad.outbound).origin, "base")
        self.assertEqual(fetch(woad.outbound, headers=[("x-woad-color", "red")]).origin, "red")

    def test_app_by_name(self):
        server = self.origin()
        woad = self.sidecar(app=f"localhost:{server.port}")
        self.assertEqual(fetch(woad.inbound).status, 200)

    def test_a_name_that_is_not_there_hurts_only_itself(self):
        server = self.origin()
        woad = self.sidecar(services={"svc": service(server.address),
                                      "lost": service("no-such-name.invalid:80")})
        self.assertEqual(fetch(woad.outbound).status, 200)
        self.assert_local(fetch(woad.outbound, host="lost"), "connect_failed", 503)

    def test_a_reload_brings_the_name(self):
        server = self.origin()
        woad = self.sidecar(services={"svc": service("no-such-name.invalid:80")})
        self.assertEqual(fetch(woad.outbound).status, 503)
        woad.config["services"] = {"svc": service(f"localhost:{server.port}")}
        woad.reload(woad.config)
        self.assertTrue(until(lambda: fetch(woad.outbound).status == 200))
