"""routes: match, weighted targets, rewrite, answers of our own, mirror."""
from support.suite import *


class Routes(Suite):
    def setUp(self):
        self.a, self.b = self.origin("a"), self.origin("b")

    def woad_with(self, *routes, **more):
        return self.sidecar(routes=list(routes), services={
            "a": service(self.a.address), "b": service(self.b.address)}, **more)

    def test_match(self):
        cases = [
            ({"hosts": ["shop.example"]}, "shop.example", "/", []),
            ({"hosts": ["*.wild"]}, "x.y.wild", "/", []),
            ({"path": {"exact": "/exact"}}, "a", "/exact?q", []),
            ({"path": {"prefix": "/pre/"}}, "a", "/pre/x", []),
            ({"path": {"regex": "/re/[0-9]+"}}, "a", "/re/12", []),
            ({"methods": ["DELETE"]}, "a", "/delete", []),
            ({"headers": {"x-one": {"exact": "1"}}}, "a", "/", [("X-One", "1")]),
            ({"headers": {"x-two": {"prefix": "ab"}}}, "a", "/", [("x-two", "abc")]),
            ({"headers": {"x-three": {"suffix": ["7", "8"]}}}, "a", "/", [("x-three", "1238")]),
            ({"headers": {"x-four": {"regex": "a+"}}}, "a", "/", [("x-four", "aaa")]),
            ({"headers": {"x-five": {"present": True}}}, "a", "/", [("x-five", "")]),
            ({"query": {"q": {"exact": "a b"}}}, "a", "/?q=a+b", []),
            ({"query": {"r": {"exact": "/"}}}, "a", "/?x=1&r=%2F", []),
            ({"color": "red"}, "a", "/", [("x-woad-color", "red")]),
            ({"tenant": "acme"}, "a", "/", [("x-woad-tenant", "acme")]),
        ]
        woad = self.woad_with(*[{"match": m, "to": "b"} for m, *_ in cases])
        for match, host, target, headers in cases:
            method = match.get("methods", ["GET"])[0]
            for version in ("h1", "h2"):
                got = fetch(woad.outbound, method, target, headers, host=host, version=version)
                self.assertEqual((got.status, got.origin), (200, "b"), match)
        for host, target, headers in (("a", "/", []), ("a", "/exactly", []), ("a", "/pred", []),
                                      ("a", "/re/12x", []), ("a", "/", [("x-one", "11")]),
                                      ("a", "/?q=ab", []), ("a", "/?rr=%2F", [])):
            self.assertEqual(fetch(woad.outbound, "GET", target, headers, host=host).origin, "a",
                             (target, headers))

    def test_routes_match_on_what_context_found_wherever_it_stands(self):
        """The colour comes of a dye rule; a filter in front of context reads its settings first."""
        for chain in (["access_log", "context", "rate_limit", "color_routing"],
                      ["access_log", "rate_limit", "fault", "context", "color_routing"]):
            woad = self.woad_with({"match": {"color": "red"}, "to": "b"}, filters={"outbound": chain},
                                  dye=[{"match": {"headers": {"x-qa": {"present": True}}},
                                        "set": {"color": "red"}}])
            for version in ("h1", "h2"):
                for headers, origin in (([], "a"), ([("x-qa", "1")], "b")):
                    got = fetch(woad.outbound, "GET", "/", headers, host="a", version=version)
                    self.assertEqual(got.origin, origin, chain)
            said = woad.json("/explain?url=http://a/&header=x-qa:%201")
            self.assertEqual((said["service"], said["route"]), ("b", "routes[0]"), chain)
            self.assertEqual(woad.metrics("woad_requests_total", service="b", color="red"), 2)

    def test_prefix_goes_by_segments(self):
        woad = self.woad_with({"match": {"path": {"prefix": "/a"}}, "to": "b"})
        for target, origin in (("/a", "b"), ("/a/", "b"), ("/a/b", "b"), ("/a?x", "b"), ("/ab", "a"),
                               ("/", "a")):
            self.assertEqual(fetch(woad.outbound, "GET", target, host="a").origin, origin, target)

    def test_first_match_wins(self):
        woad = self.woad_with({"match": {"path": {"prefix": "/x"}}, "to": "b"},
                              {"match": {"path": {"prefix": "/x/y"}}, "to": "a"})
        self.assertEqual(fetch(woad.outbound, "GET", "/x/y", host="a").origin, "b")

    def test_weighted(self):
        woad = self.woad_with({"match": {"path": {"prefix": "/"}}, "to": [
            {"service": "a", "weight": 75}, {"service": "b", "weight": 25}]})
        with H1(woad.outbound) as client:
            hits = sum(client.request("GET", "/", host="a").origin == "b" for _ in range(2000))
        self.assertIn(hits, range(400, 600))

    def test_weight_zero(self):
        woad = self.woad_with({"match": {"path": {"prefix": "/"}}, "to": [
            {"service": "a", "weight": 1}, {"service": "b", "weight": 0}]})
        with H1(woad.outbound) as client:
            self.assertEqual({client.request("GET", "/", host="a").origin for _ in range(200)}, {"a"})

    def test_rewrite(self):
        woad = self.woad_with({"match": {"path": {"prefix": "/price/"}}, "to": "b",
                               "rewrite": {"path_prefix": "/"}},
                              {"match": {"path": {"prefix": "/v1"}}, "to": "b",
                               "rewrite": {"path_prefix": "/v2"}})
        for target, expected in (("/price/x?y=z", "/x?y=z"), ("/price", "/"), ("/price/", "/"),
                                 ("/v1/a/b", "/v2/a/b"), ("/v1", "/v2"), ("/v1?q", "/v2?q")):
            fetch(woad.outbound, "GET", target, host="a")
            self.assertEqual(self.b.requests[-1].target, expected, target)

    def test_respond(self):
        woad = self.woad_with({"match": {"path": {"exact": "/promo"}},
                               "respond": {"status": 503, "body": "promotions are off"}})
        for version in ("h1", "h2"):
            got = fetch(woad.outbound, "GET", "/promo", host="a", version=version)
            self.assertEqual((got.status, got.body, got.error, got.get("proxy-status")),
                             (503, b"promotions are off", None, None))

    def test_redirect(self):
        woad = self.woad_with(
            {"match": {"path": {"exact": "/all"}}, "redirect": {
                "scheme": "https", "host": "other", "path": "/x", "status": 301}},
            {"match": {"path": {"prefix": "/host"}}, "redirect": {"host": "other"}})
        got = fetch(woad.outbound, "GET", "/all?q=1", host="a")
        self.assertEqual((got.status, got.get("location")), (301, "https://other/x?q=1"))
        got = fetch(woad.outbound, "GET", "/host/y?q=1", host="a")
        self.assertEqual((got.status, got.get("location")), (308, "http://other/host/y?q=1"))
        self.assertEqual(got.error, None)

    def test_mirror(self):
        woad = self.woad_with({"match": {"path": {"prefix": "/"}}, "to": "a",
                               "mirror": {"service": "b", "percent": "100%"}})
        for version in ("h1", "h2"):
            got = fetch(woad.outbound, "POST", "/m", [("x-woad-color", "red")], b"body", host="a",
                        version=version)
            self.assertEqual((got.status, got.origin), (200, "a"))
        self.assertTrue(until(lambda: len([r for r in self.b.requests if r.done]) == 2))
        self.assertEqual({(r.method, r.target, r.size) for r in self.b.requests}, {("POST", "/m", 4)})

    def test_a_dead_mirror_hurts_nobody(self):
        self.b.close()
        woad = self.woad_with({"match": {"path": {"prefix": "/"}}, "to": "a",
                               "mirror": {"service": "b", "percent": "100%"}})
        for _ in range(20):
            self.assertEqual(fetch(woad.outbound, "GET", "/", host="a").status, 200)

    def test_mirror_none(self):
        woad = self.woad_with({"match": {"path": {"prefix": "/"}}, "to": "a",
                               "mirror": {"service": "b", "percent": "0%"}})
        for _ in range(50):
            fetch(woad.outbound, "GET", "/", host="a")
        self.assertEqual(self.b.requests, [])

    def test_hosts(self):
        woad = self.sidecar(services={
            "one": service(self.a.address, hosts=["one", "one.shop", "*.deep.shop"]),
            "rest": service(self.b.address, hosts=["*"])})
        for host, origin in (("one", "a"), ("ONE.shop:80", "a"), ("x.deep.shop", "a"),
                             ("deep.shop", "b"), ("anything", "b")):
            self.assertEqual(fetch(woad.outbound, host=host).origin, origin, host)


class Balancing(Suite):
    def spread(self, policy, weights, requests=400):
        origins = [self.origin(str(n)) for n in range(len(weights))]
        woad = self.sidecar(services={"svc": {
            "endpoints": [{"address": o.address, "weight": w} for o, w in zip(origins, weights)],
            "load_balancing": {"policy": policy}}})
        with H1(woad.outbound) as client:
            for _ in range(requests):
                self.assertEqual(client.request().status, 200)
        return [len(o.requests) for o in origins]

    def test_round_robin(self):
        self.assertEqual(self.spread("round_robin", [100, 100, 100, 100]), [100] * 4)

    def test_random(self):
        for count in self.spread("random", [100, 100]):
            self.assertIn(count, range(140, 261))

    def test_least_request(self):
        for count in self.spread("least_request", [100, 100]):
            self.assertGreater(count, 50)

    def test_weights(self):
        for policy in ("round_robin", "random", "least_request"):
            light, heavy, none = self.spread(policy, [100, 300, 0])
            self.assertGreater(heavy, light * 1.5, policy)
            self.assertEqual(none, 0, policy)
