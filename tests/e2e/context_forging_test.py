"""What an untrusted client says about its context reaches nobody: no app, no rule, no bucket."""
from support.suite import *

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
NAMES = {"headers": {"color": "x-lane", "tenant": "x-org"},
         "aliases": {"color": ["x-env"], "tenant": ["x-team"]}, "carry": ["x-user-id", "cookie2"]}

# Every way in which a client can say it; with a foreign neighbour where there can be one.
FORGED = {
    "colour": [("x-lane", "red")],
    "odd case": [("X-LANE", "Red"), ("X-Lane", "RED")],
    "colour twice": [("x-lane", "red"), ("x-lane", "blue")],
    "an invalid one": [("x-lane", "not valid!")],
    "an empty one": [("x-lane", "")],
    "alias": [("x-env", "red")],
    "alias and header": [("X-Env", "red"), ("x-lane", "blue")],
    "tenant": [("x-org", "acme")],
    "tenant alias": [("X-Team", "acme"), ("x-team", "other")],
    "carry": [("x-user-id", "admin"), ("X-User-Id", "root"), ("Cookie2", "a=b")],
    "default names": [("x-woad-color", "red"), ("X-Woad-Tenant", "acme")],
    "x-woad-*": [("x-woad-anything", "1"), ("X-WOAD-Error", "no_route"), ("x-woad-", "1")],
    "baggage": [("baggage", "woad.color=red")],
    "baggage among others": [("Baggage", "user=7;p=1 , woad.color=red;x=y,woad.tenant=acme, a=b")],
    "baggage twice": [("baggage", "user=7"), ("BAGGAGE", "woad.color=red"), ("baggage", "a=b")],
    "baggage, encoded": [("baggage", "woad.color=%72%65%64,user=7")],
    "baggage, spaces": [("baggage", "woad.color \t=\t red , user=7")],
    "baggage, same key twice": [("baggage", "woad.color=blue,user=7,woad.color=red")],
    "baggage, bad value": [("baggage", "woad.color=%ff%fe,user=7")],
    "baggage, encoded keys": [("baggage", "woad%2Ecolor=red,user=7,Woad.Tenant=acme,+woad.color=red")],
    "baggage, malformed": [("baggage", "user=7,woad.color=red,=broken")],
    "baggage, quoted": [("baggage", 'user="a,woad.color=red"')],
    "baggage, oversized": [("baggage", "woad.color=red," + "k=" + "v" * 9000)],
    "baggage, many": [("baggage", ",".join(f"k{n}=v" for n in range(99)) + ",woad.color=red")],
    "tracestate": [("traceparent", PARENT), ("tracestate", "woad=c:red;t:acme")],
    "tracestate among others": [("traceparent", PARENT),
                                ("TraceState", "congo=t61 , woad=c:red,rojo=00f0")],
    "tracestate twice": [("traceparent", PARENT), ("tracestate", "congo=t61"),
                         ("tracestate", "woad=c:red")],
    "tracestate, no parent": [("tracestate", "woad=c:red")],
    "tracestate, same key twice": [("traceparent", PARENT), ("tracestate", "woad=c:a,woad=c:red")],
    "tracestate, malformed": [("traceparent", PARENT), ("tracestate", "woad=c:red,,==,\"")],
    "tracestate, many": [("traceparent", PARENT), ("tracestate", ",".join(
        ["woad=c:red"] + [f"k{n}=v" for n in range(40)]))],
    "all": [("x-lane", "red"), ("x-env", "red"), ("x-org", "acme"), ("x-team", "acme"),
            ("x-user-id", "admin"), ("x-woad-color", "red"), ("traceparent", PARENT),
            ("tracestate", "woad=c:red;t:acme,congo=t61"),
            ("baggage", "woad.color=red,woad.tenant=acme,user=7")],
}
# Of those, what is another's and must arrive.
FOREIGN = {
    "baggage among others": ("baggage", ["user=7;p=1", "a=b"]),
    "baggage twice": ("baggage", ["user=7", "a=b"]),
    "baggage, encoded": ("baggage", ["user=7"]),
    "baggage, spaces": ("baggage", ["user=7"]),
    "baggage, same key twice": ("baggage", ["user=7"]),
    "baggage, bad value": ("baggage", ["user=7"]),
    "baggage, encoded keys": ("baggage", ["user=7"]),
    "baggage, malformed": ("baggage", ["user=7", "=broken"]),
    "baggage, quoted": ("baggage", ['user="a']),
    "baggage, oversized": ("baggage", ["k=" + "v" * 9000]),
    "baggage, many": ("baggage", [f"k{n}=v" for n in range(99)]),
    "tracestate among others": ("tracestate", ["congo=t61", "rojo=00f0"]),
    "tracestate twice": ("tracestate", ["congo=t61"]),
    "all": ("baggage", ["user=7"]),
}
# Rules that forged values would meet; each would show at the app.
RULES = [{"match": match, "set": {"color": f"rule{n}"}} for n, match in enumerate([
    {"color": "red"}, {"tenant": "acme"}, {"headers": {"x-lane": {"present": True}}},
    {"headers": {"x-env": {"present": True}}}, {"headers": {"x-org": {"present": True}}},
    {"headers": {"x-user-id": {"present": True}}},
    {"headers": {"x-woad-anything": {"present": True}}},
    {"headers": {"baggage": {"regex": ".*woad.*"}}},
    {"headers": {"tracestate": {"regex": ".*woad.*"}}}])]


def members(headers, name):
    return ["".join(m.split()) for k, v in headers if k == name for m in v.split(",")]


class Forging(Suite):
    def setUp(self):
        self.app = self.origin("app")

    def woad(self, plaintext, **more):
        return self.sidecar(app=self.app.address,
                            context={**NAMES, "trust": {"plaintext": plaintext}}, **more)

    def ask(self, woad, headers, version="h1", **more):
        """What the app saw: (headers with names in lower case, trailers)."""
        got = fetch(woad.inbound, "POST", "/info", headers, version=version, **more)
        self.assertEqual(got.status, 200, (headers, got))
        seen = json.loads(got.body)
        return [(k.lower(), v) for k, v in seen["headers"]], [k.lower() for k, _ in seen["trailers"]]

    def ours(self, headers):
        """What of a head belongs to us, but the hop headers."""
        names = ("x-lane", "x-org", "x-env", "x-team", "x-user-id", "cookie2")
        hop = ("x-woad-timeout-ms", "x-woad-attempt", "x-woad-hops")
        return [(k, v) for k, v in headers if k in names or "woad" in v.lower() or
                k.startswith("x-woad-") and k not in hop]

    def test_nothing_of_ours_arrives(self):
        woad = self.woad("strip", dye=RULES)
        for version in ("h1", "h2"):
            for name, forged in FORGED.items():
                with self.subTest(name, version=version):
                    headers, _ = self.ask(woad, [*forged, ("x-other", "kept")], version)
                    self.assertEqual(self.ours(headers), [])
                    self.assertIn(("x-other", "kept"), headers)
                    kind, expected = FOREIGN.get(name, ("baggage", []))
                    self.assertEqual(members(headers, kind), expected)
                    if ("traceparent", PARENT) in forged:
                        self.assertIn(TRACE, dict(headers)["traceparent"])
        for why in ("untrusted", "malformed"):
            self.assertGreater(woad.metrics("woad_context_stripped_total", why=why), 0, why)
        self.assertEqual(woad.metrics("woad_context_total", source="none"), 2 * len(FORGED))
        logged = woad.access_log(2 * len(FORGED))
        self.assertEqual({(r["color"], r["tenant"] or None) for r in logged}, {("base", None)})
        self.assertEqual(woad.metrics("woad_context_table_entries"), 0)

    def test_trailers(self):
        """Context never travels in them, whoever sends it."""
        sent = [("x-lane", "red"), ("x-env", "red"), ("x-org", "acme"), ("x-user-id", "admin"),
                ("x-woad-anything", "1"), ("x-checksum", "ok"), ("baggage", "woad.color=red"),
                ("tracestate", "woad=c:red"), ("x-woad-timeout-ms", "1")]
        for trust in ("strip", "trust"):
            woad = self.woad(trust)
            for version in ("h1", "h2"):
                odd = [(k.title() if version == "h1" else k, v) for k, v in sent]
                headers, trailers = self.ask(woad, [], version, body=[b"x"], trailers=odd)
                self.assertEqual((self.ours(headers), trailers), ([], ["x-checksum"]))

    def test_no_rate_limit_key(self):
        """Whoever could choose the key of a bucket could have as many as he likes."""
        for key, name in (("color", "x-lane"), ("color", "x-env"), ("tenant", "x-org"),
                          ({"header": "x-user-id"}, "x-user-id")):
            limit = {"rate_limit": {"rate": "1/h", "burst": 2, "key": key}}
            woad = self.woad("strip", filters={"inbound": ["context", limit]})
            statuses = [fetch(woad.inbound, headers=[(name, f"v{n}")]).status for n in range(4)]
            self.assertEqual(statuses, [200, 200, 429, 429], (key, name))

    def test_twins(self):
        """Servers that turn '-' into '_' (CGI, WSGI) would take these for ours."""
        woad = self.woad("strip")
        for name in ("x_woad_color", "X_Woad-Anything", "x_lane", "x_env", "x_org", "x_user_id"):
            with self.subTest(name):
                got = fetch(woad.inbound, headers=[(name, "red")])
                self.assert_local(got, "bad_request", 400)

    def test_hop_headers_pass(self):
        """They can only shorten their own request."""
        seen, _ = self.ask(self.woad("strip"), [("x-woad-timeout-ms", "900"), ("x-woad-hops", "3")])
        self.assertIn(int(dict(seen)["x-woad-timeout-ms"]), range(1, 901))
        self.assertEqual(dict(seen)["x-woad-hops"], "4")

    def test_the_trusted_are_heard(self):
        woad = self.woad("trust", dye=RULES)
        carriers = {"x-lane": "red", "baggage": "woad.color=red", "tracestate": "woad=c:red"}
        for name in ("colour", "odd case", "alias", "baggage", "baggage, encoded", "tracestate",
                     "baggage among others", "tracestate among others", "baggage, spaces", "all"):
            for version in ("h1", "h2"):
                with self.subTest(name, version=version):
                    headers, _ = self.ask(woad, FORGED[name], version)
                    self.assertEqual([v for k, v in headers if k == "x-lane"], ["red"])
                    for carrier in ("baggage", "tracestate"):
                        self.assertTrue(any(m.startswith(carriers[carrier])
                                            for m in members(headers, carrier)), headers)
        headers, _ = self.ask(woad, FORGED["carry"] + [("x-lane", "red")])
        self.assertEqual([v for k, v in headers if k == "x-user-id"], ["admin", "root"])
        headers, _ = self.ask(woad, FORGED["tenant"])
        self.assertEqual((dict(headers)["x-org"], dict(headers)["x-lane"]), ("acme", "rule1"))
        limit = {"rate_limit": {"rate": "1/h", "burst": 2, "key": "color"}}
        woad = self.woad("trust", filters={"inbound": ["context", limit]})
        statuses = [fetch(woad.inbound, headers=[("x-lane", f"v{n}")]).status for n in range(4)]
        self.assertEqual(statuses, [200] * 4, "each has a bucket")
