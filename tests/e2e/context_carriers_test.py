"""Where a request says its colour: every carrier, good and broken."""
from support.pod import PARENT, TRACE, PodSuite, trusting
from support.suite import *


class Carriers(PodSuite):
    def test_each_carrier(self):
        """Read in this order; the app gets all of them, an outbound request the header."""
        self.pod(context=trusting(aliases={"color": ["x-env"]}))
        parent = ("traceparent", PARENT)
        cases = [
            ([("x-woad-color", "red")], "header", "red"),
            ([("X-Env", "RED")], "header", "red"),
            ([("baggage", "user=7,woad.color=red")], "baggage", "red"),
            ([parent, ("tracestate", "congo=t61,woad=c:red")], "tracestate", "red"),
            ([parent, ("tracestate", "woad=c:blue"), ("baggage", "woad.color=red")], "baggage", "red"),
            ([parent, ("tracestate", "woad=c:blue"), ("baggage", "woad.color=blue"),
              ("x-woad-color", "red")], "header", "red"),
            ([("x-woad-color", "base")], "none", None),
            ([], "none", None)]
        for version in ("h1", "h2"):
            for headers, source, color in cases:
                with self.subTest(headers, version=version):
                    before = self.sources()
                    seen = dict(self.inbound(headers, version=version))
                    after = self.sources()
                    self.assertEqual(after, {**before, source: before[source] + 1})
                    if color:
                        self.assertEqual(seen["x-woad-color"], color)
                        self.assertIn("woad.color=red", seen["baggage"])
                        self.assertIn("woad=c:red", seen["tracestate"])
                    self.assertRegex(seen["traceparent"], "^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$")
                    self.assertTrue(seen["x-request-id"])
                    seen = dict(self.outbound(headers, version=version))
                    self.assertEqual(self.build, color or "base")
                    self.assertEqual(seen.get("x-woad-color", "base"), color or "base")

    def test_tenants(self):
        self.pod()
        seen = dict(self.inbound([("x-woad-tenant", "acme"), ("baggage", "woad.color=red")]))
        self.assertEqual((seen["x-woad-color"], seen["x-woad-tenant"]), ("red", "acme"))
        self.assertEqual(seen["tracestate"], "woad=c:red;t:acme")
        self.assertEqual(set(seen["baggage"].split(",")), {"woad.color=red", "woad.tenant=acme"})

    def test_two_of_a_kind_are_refused(self):
        self.pod(context=trusting(aliases={"color": ["x-env"], "tenant": ["x-org"]}))
        for headers in ([("x-woad-color", "red"), ("x-woad-color", "blue")],
                        [("x-env", "red"), ("x-woad-color", "blue")],
                        [("x-woad-color", "red"), ("x-woad-color", "base")],
                        [("x-org", "acme"), ("x-woad-tenant", "other")]):
            for port in (self.woad.inbound, self.woad.outbound):
                for version in ("h1", "h2"):
                    got = fetch(port, headers=headers, host="price", version=version)
                    self.assert_local(got, "bad_request", 400)
        self.assertEqual([r for o in (self.app, *self.prices.values()) for r in o.requests], [])

    def test_invalid_values_are_absent(self):
        self.pod()
        for bad in ("not valid!", "a" * 64, "-x", "a..b", "a.b.c.d.e", "ré", ""):
            for direction in (self.inbound, self.outbound):
                with self.subTest(bad, direction=direction.__name__):
                    count = {"why": "invalid"}
                    before = self.woad.metrics("woad_context_stripped_total", **count)
                    seen = dict(direction([("x-woad-color", bad), ("baggage", "a=b")]))
                    self.assertNotIn("x-woad-color", seen)
                    self.assertEqual(seen["baggage"], "a=b")
                    after = self.woad.metrics("woad_context_stripped_total", **count)
                    self.assertEqual(after - before, 1)

    def test_broken_carriers_never_fail_a_request(self):
        self.pod()
        traces = ["nonsense", PARENT.upper(), f"ff-{TRACE}-00f067aa0ba902b7-01", "00-" + "0" * 32 +
                  "-00f067aa0ba902b7-01", PARENT + "-more", "x" * 9000, "\xe9\xff"]
        states = ["=", ",".join(f"k{n}=v" for n in range(40)), "k=" + "v" * 600, "a=1,a=2", "\xff",
                  "woad=c:not valid!", "woad=", "woad=red", "woad=c:red;c:blue"]
        bags = ["=", "woad.color", "a=b;;", "k=" + "v" * 9000, ",".join(f"k{n}=v" for n in range(99)),
                "woad.color=%zz", "woad.color=" + "a" * 99, "\xe9=1", "woad.color=red,woad.color=blue"]
        b3s = ["x", f"{TRACE}-", "0", "d", f"{TRACE}-00f067aa0ba902b7-1-05e3ac9a4f6e3b90", "-" * 99]
        ids = ["i" * 200, "\xe9", ""]
        cases = [[("traceparent", v), ("tracestate", "congo=t61")] for v in traces]
        cases += [[("traceparent", PARENT), ("tracestate", v)] for v in states]
        cases += [[("baggage", v)] for v in bags] + [[("b3", v)] for v in b3s]
        cases += [[("x-request-id", v)] for v in ids]
        cases += [[("x-b3-traceid", v), ("x-b3-spanid", v)] for v in ("zz", "0" * 32)]
        cases += [[("traceparent", PARENT), ("traceparent", PARENT)]]
        for version in ("h1", "h2"):
            for headers in cases:
                for direction in (self.inbound, self.outbound):
                    with self.subTest(headers, version=version, direction=direction.__name__):
                        seen = dict(direction([*headers, ("x-other", "1")], version=version))
                        self.assertEqual(seen["x-other"], "1")
                        self.assertRegex(seen["traceparent"], "^00-[0-9a-f]{32}-[0-9a-f]{16}-")
                        self.assertRegex(seen["x-request-id"], "^[ -~]{1,128}$")
                        self.assertNotIn("x-woad-color", seen)
        for carrier in ("traceparent", "tracestate", "b3", "x-b3", "x-request-id"):
            self.assertGreater(self.woad.metrics("woad_trace_dropped_total", carrier=carrier), 0,
                               carrier)
        for why in ("invalid", "malformed"):
            self.assertGreater(self.woad.metrics("woad_context_stripped_total", why=why), 0, why)

    def test_foreign_baggage_passes_byte_for_byte(self):
        """What cannot be read, or has no room for ours; without ours, and counted."""
        self.pod()
        full = ",".join(f"k{n}=v" for n in range(64))
        rows = [
            ('user="a b" , x', None), ("a=1;;b,  c=2", None), ("user=j\xf6rg", None), (full, None),
            (full + ",more=1", None), ("k=" + "v" * 8190, None), ("k=" + "v" * 9000, None),
            ('user="a b" , woad.color=blue,x', 'user="a b" ,x'),
            ("woad.color=blue, =broken", "=broken")]
        for version in ("h1", "h2"):
            for sent, left in rows:
                with self.subTest(sent[:60], version=version):
                    unplanted = self.woad.metrics("woad_context_unplanted_total", carrier="baggage")
                    dyed = [("x-woad-color", "red"), ("baggage", sent)]
                    seen = dict(self.inbound(dyed, version=version))
                    self.assertEqual((seen["x-woad-color"], seen["baggage"]), ("red", left or sent))
                    self.assertIn("woad=c:red", seen["tracestate"])
                    after = self.woad.metrics("woad_context_unplanted_total", carrier="baggage")
                    self.assertEqual(after - unplanted, 1)
                    seen = dict(self.outbound(dyed, version=version))
                    self.assertEqual((self.build, seen["baggage"]), ("red", left or sent))
                    for direction in (self.inbound, self.outbound):
                        seen = dict(direction([("baggage", sent)], version=version))
                        self.assertEqual(seen["baggage"], left or sent)
                        self.assertNotIn("x-woad-color", seen)
        several = [("baggage", 'user="a b"'), ("x-other", "1"), ("baggage", "woad.color=blue,c=1 ,d")]
        for direction in (self.inbound, self.outbound):
            seen = direction(several)
            self.assertEqual([v for k, v in seen if k == "baggage"], ['user="a b"', "c=1 ,d"])

    def test_one_good_request_id_goes_on(self):
        self.pod()
        long, longest = "i" * 129, "i" * 128
        rows = [
            (["one", "two"], "one"), (["", "good"], "good"), ([long, "good", "later"], "good"),
            ([long, "", "\xe9", "good"], "good"), (["one", "one"], "one"), ([longest], longest),
            (["one", ""], "one"), ([long], None), ([""], None), ([long, ""], None), ([], None)]
        for version in ("h1", "h2"):
            for direction, name in ((self.inbound, "inbound"), (self.outbound, "outbound")):
                for sent, kept in rows:
                    with self.subTest(sent, version=version, direction=name):
                        count = len(self.woad.access_log(direction=name))
                        seen = direction([("x-request-id", v) for v in sent], version=version)
                        ids = [v for k, v in seen if k == "x-request-id"]
                        self.assertEqual(len(ids), 1)
                        if kept:
                            self.assertEqual(ids[0], kept)
                        else:
                            self.assertRegex(ids[0], "^[0-9a-f-]{36}$")
                        row = self.woad.access_log(count + 1, direction=name)[-1]
                        self.assertEqual(row["request_id"], ids[0])
                got = fetch(self.woad.outbound, headers=[("x-request-id", long), ("x-request-id", "good")],
                            host="nowhere", version=version)
                self.assertEqual((got.error, got.get("x-request-id")), ("no_route", "good"))
        # The outbound request finds its inbound one by the id that went on.
        self.inbound([("x-woad-color", "red"), ("x-request-id", long), ("x-request-id", "found")])
        self.outbound([("x-request-id", ""), ("x-request-id", "found"), ("x-request-id", "lost")])
        self.assertEqual(self.build, "red")

    def test_external_services_get_nothing_of_ours(self):
        bank = self.origin("bank")
        self.pod(context=trusting(aliases={"color": ["x-env"]}, carry=["x-user-id"]),
                 services={"bank": service(bank.address, external=True)})
        sent = [("x-woad-color", "red"), ("x-env", "red"), ("x-woad-tenant", "acme"),
                ("x-user-id", "7"), ("x-woad-anything", "1"), ("x-woad-timeout-ms", "9000"),
                ("baggage", "woad.color=red,user=7"), ("traceparent", PARENT),
                ("tracestate", "woad=c:red,congo=t61"), ("x-request-id", "abc")]
        for version in ("h1", "h2"):
            seen = self.outbound(sent, host="bank", version=version)
            self.assertEqual([k for k, v in seen if "woad" in k + v or k in ("x-env", "x-user-id")], [])
            seen = dict(seen)
            self.assertEqual((seen["baggage"], seen["tracestate"]), ("user=7", "congo=t61"))
            self.assertEqual((seen["traceparent"][3:35], seen["x-request-id"]), (TRACE, "abc"))
