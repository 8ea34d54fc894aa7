"""Ten thousand mixed requests: every one at the right pool, undyed ones never on a coloured build."""
import random

from support.suite import *

TOTAL = 2000 if SANITIZED else 10000
COLORS = {"": "base", "red": "red", "blue": "base", "red.alice": "red", "green": "green",
          "green.bob": "green.bob", "red.alice.deep": "red"}


class Colours(Suite):
    def pools(self):
        names = ("base", "red", "green", "green.bob")
        self.origins = {n: self.origin(n) for n in names}
        return [(o.address, {"color": n} if n != "base" else {}) for n, o in self.origins.items()]

    def drive(self, woad, judge, total):
        def work(number):
            draw = random.Random(number)
            version, host = (("h1", "one"), ("h2", "one"), ("h1", "two"), ("h2", "two"))[number % 4]
            with CLIENTS[version](woad.outbound) as client:
                for _ in range(total // 8):
                    color = draw.choice(list(COLORS))
                    headers = [("x-woad-color", color)] if color else []
                    judge(color, client.request("GET", "/", headers, host=host))
        in_threads(8, work)

    def test_each_at_its_pool(self):
        rows = self.pools()
        woad = self.sidecar(workers=2, services={
            "one": service(*rows, protocol="http1"), "two": service(*rows, protocol="http2")})

        def judge(color, got):
            assert (got.status, got.origin) == (200, COLORS[color]), (color, got)
        self.drive(woad, judge, TOTAL)
        seen = {n: {r.get("x-woad-color", "") for r in o.requests} for n, o in self.origins.items()}
        for name, colors in seen.items():
            self.assertEqual(colors, {c for c, pool in COLORS.items() if pool == name}, name)
        counted = sum(len(o.requests) for o in self.origins.values())
        self.assertEqual(counted, TOTAL)
        self.assertTrue(until(lambda: woad.metrics("woad_requests_total", direction="outbound") == TOTAL))
        self.assertEqual(woad.metrics("woad_route_total", reason="undyed", pool="red"), 0)

    def test_base_down(self):
        rows = self.pools()
        self.origins["base"].close()
        woad = self.sidecar(services={
            "one": service(*rows, protocol="http1"), "two": service(*rows, protocol="http2")})

        def judge(color, got):
            if COLORS[color] == "base":
                assert got.status == 503, (color, got)
                assert got.error in ("connect_failed", "circuit_open"), (color, got)
            else:
                assert (got.status, got.origin) == (200, COLORS[color]), (color, got)
        self.drive(woad, judge, 800)
        self.assertEqual([r for n, o in self.origins.items() for r in o.requests
                          if COLORS[r.get("x-woad-color", "")] != n], [])

    def test_no_base_at_all(self):
        red = self.origin("red")
        woad = self.sidecar(services={"svc": service((red.address, {"color": "red"}))})
        self.assert_local(fetch(woad.outbound), "no_endpoint", 503)
        self.assert_local(fetch(woad.outbound, headers=[("x-woad-color", "blue")]),
                          "no_endpoint", 503)
        self.assertEqual(red.requests, [])

    def test_fallback_settings(self):
        base, red = self.origin("base"), self.origin("red")
        rows = [base.address, (red.address, {"color": "red"})]
        woad = self.sidecar(services={
            "none": service(*rows, fallback="none"), "base": service(*rows, fallback="base"),
            "parent": service(*rows), "declared": service(*rows, pools={"blue": {}})})
        expected = {
            ("none", "red"): "red", ("none", "red.alice"): None, ("none", "blue"): None,
            ("base", "red"): "red", ("base", "red.alice"): "base", ("base", "blue"): "base",
            ("parent", "red.alice"): "red", ("parent", "blue"): "base", ("declared", "blue"): None}
        for (host, color), origin in expected.items():
            got = fetch(woad.outbound, headers=[("x-woad-color", color)], host=host)
            self.assertEqual(got.origin, origin, (host, color, got))
            if origin is None:
                self.assertEqual(got.status, 503)
                self.assertIn(got.error, ("no_endpoint", "pool_unhealthy"))

    def test_tenants(self):
        pools = {"base": {}, "base@acme": {"tenant": "acme"}, "red": {"color": "red"},
                 "red@acme": {"color": "red", "tenant": "acme"}}
        origins = {n: self.origin(n) for n in pools}
        woad = self.sidecar(services={
            "svc": service(*[(origins[n].address, labels) for n, labels in pools.items()])})
        for color, tenant, pool in (("", "", "base"), ("red", "", "red"), ("", "acme", "base@acme"),
                                    ("red", "acme", "red@acme"), ("red", "other", "red"),
                                    ("blue", "acme", "base@acme"), ("red.alice", "acme", "red@acme")):
            headers = [("x-woad-color", color)] if color else []
            headers += [("x-woad-tenant", tenant)] if tenant else []
            for version in ("h1", "h2"):
                got = fetch(woad.outbound, headers=headers, version=version)
                self.assertEqual(got.origin, pool, (color, tenant))

    def test_values(self):
        base, red = self.origin("base"), self.origin("red")
        woad = self.sidecar(
            context={"headers": {"color": "x-woad-color"}, "aliases": {"color": ["x-env"]}},
            services={"svc": service(base.address, (red.address, {"color": "red"}))})
        for headers, status, pool in (
                ([("x-env", "red")], 200, "red"),
                ([("x-env", "red"), ("x-woad-color", "red")], 200, "red"),
                ([("x-env", "red"), ("x-woad-color", "blue")], 400, None),
                ([("x-woad-color", "base")], 200, "base"),
                ([("x-woad-color", "not valid!")], 200, "base"),
                ([("x-woad-color", "a" * 64)], 200, "base"),
                ([("x-woad-color", "ReD")], 200, "red")):
            for version in ("h1", "h2"):
                got = fetch(woad.outbound, headers=headers, version=version)
                self.assertEqual((got.status, got.origin), (status, pool), (headers, got))
