"""Load balancing: weights, keys that stay where they are, slow endpoints, and stateful services."""
import asyncio
import collections
import http.client
import threading

from support.suite import *

BY_USER = {"policy": "ring_hash", "key": {"header": "x-user-id"}}


class Balancing(Suite):
    def endpoints(self, *weights):
        """An origin for each, in the order of the weights."""
        self.origins = [self.origin(str(i)) for i in range(len(weights))]
        return [{"address": o.address, "weight": w} for o, w in zip(self.origins, weights)]

    def balanced(self, balancing, *weights, **more):
        return self.sidecar(services={"price": {"endpoints": self.endpoints(*weights),
                                                "load_balancing": balancing}}, **more)

    def beside(self, woad):
        """Another sidecar with the same services."""
        return self.sidecar(services=woad.config["services"])

    def answers(self, woad, requests):
        """Who answered each of the requests, which are lists of headers."""
        client = self.client(woad.outbound)
        found = []
        for headers in requests:
            got = client.request("GET", "/", host="price", headers=headers)
            self.assertEqual(got.status, 200, got.body)
            found.append(got.get("x-origin"))
        return found

    def places(self, woad, keys=60):
        return self.answers(woad, [[("x-user-id", f"user-{i}")] for i in range(keys)])

    def test_shares_follow_the_weights(self):
        for policy in ("least_request", "round_robin", "random", "peak_ewma"):
            with self.subTest(policy):
                counts = collections.Counter(
                    self.answers(self.balanced({"policy": policy}, 300, 100, 0), [[]] * 600))
                self.assertNotIn("2", counts)
                # random: eight standard deviations; the origins of peak_ewma differ as they like
                self.assertGreater(counts["1"], 0 if policy == "peak_ewma" else 65, counts)
                self.assertGreater(counts["0"], 0 if policy == "peak_ewma" else 365, counts)
                if policy == "round_robin":
                    self.assertEqual(counts, {"0": 450, "1": 150})

    def test_a_header_keeps_its_endpoint(self):
        woad = self.balanced(BY_USER, 100, 100, 100, 100)
        places = self.places(woad)
        self.assertEqual(set(places), {"0", "1", "2", "3"})
        self.assertEqual(self.places(woad), places)
        self.assertEqual(self.places(self.beside(woad)), places, "every sidecar does the same")

    def test_a_cookie_keeps_its_endpoint(self):
        woad = self.balanced({"policy": "ring_hash", "key": {"cookie": "session"}}, 100, 100, 100)
        cookies = [[("cookie", f"a={i}; session=s{i % 12}; b=c")] for i in range(60)]
        places = self.answers(woad, cookies)
        self.assertEqual(places, places[:12] * 5)
        self.assertGreater(len(set(places)), 1)

    def test_a_source_keeps_its_endpoint(self):
        woad = self.balanced({"policy": "ring_hash", "key": {"source_ip": True}}, 100, 100, 100)

        def one(source):
            client = http.client.HTTPConnection("127.0.0.1", woad.outbound, timeout=20,
                                                source_address=(source, 0))
            try:
                client.request("GET", "/", headers={"Host": "price"})
                answer = client.getresponse()
                answer.read()
                return answer.headers["x-origin"]
            finally:
                client.close()
        sources = [f"127.0.1.{i}" for i in range(1, 25)]
        places = [one(source) for source in sources]
        self.assertEqual([one(source) for source in sources], places)
        self.assertGreater(len(set(places)), 1)

    def test_requests_without_the_key_are_spread(self):
        woad = self.balanced(BY_USER, 100, 100)
        self.assertEqual(set(self.answers(woad, [[]] * 60)), {"0", "1"})
        self.assertEqual(set(self.answers(woad, [[("x-user-id", "")]] * 60)), {"0", "1"})

    def test_who_leaves_takes_only_its_own_keys_along(self):
        woad = self.balanced(BY_USER, 100, 100, 100, 100)
        before = self.places(woad, 200)
        gone = woad.config["services"]["price"]["endpoints"].pop()
        woad.reload(woad.config)
        after = self.places(woad, 200)
        self.assertNotIn("3", after)
        self.assertEqual([a for a, b in zip(after, before) if b != "3"],
                         [b for b in before if b != "3"])
        self.assertEqual({a for a, b in zip(after, before) if b == "3"}, {"0", "1", "2"})
        woad.config["services"]["price"]["endpoints"].append(gone)
        woad.reload(woad.config)
        self.assertEqual(self.places(woad, 200), before, "and gets them back")

    def test_a_key_that_everyone_has_overflows(self):
        woad = self.balanced(BY_USER, 100, 100)
        go, waiting = threading.Event(), []

        async def hold(request):
            waiting.append(request)
            while not go.is_set():
                await asyncio.sleep(0.01)
            return Reply()
        for origin in self.origins:
            origin.handler = hold
        self.addCleanup(go.set)

        def one(_):
            got = fetch(woad.outbound, "GET", "/", host="price", headers=[("x-user-id", "all")])
            self.assertEqual(got.status, 200, got.body)
            found.append(got.get("x-origin"))
        found = []
        work = threading.Thread(target=in_threads, args=(60, one), daemon=True)
        work.start()
        self.assertTrue(until(lambda: len(waiting) == 60, 60), len(waiting))
        go.set()
        work.join(60)
        counts = collections.Counter(found)
        self.assertEqual(sum(counts.values()), 60)
        self.assertLessEqual(max(counts.values()), 39, counts)  # 1.25 × 30, and one on its way
        self.assertEqual(set(counts), {"0", "1"})

    def test_peak_ewma_leaves_a_slow_one_alone(self):
        woad = self.balanced({"policy": "peak_ewma"}, 100, 100)

        async def slow(request):
            await asyncio.sleep(3)
            return Reply()
        self.origins[0].handler = slow
        counts = collections.Counter(self.answers(woad, [[]] * 100))
        self.assertLessEqual(counts["0"], 10, counts)

    def zones(self, *zones, **more):
        """A sidecar in z1, and an origin in each of the zones."""
        rows = self.endpoints(*[100] * len(zones))
        for row, zone in zip(rows, zones):
            row["labels"] = dict(zip(("zone", "color"), zone.split("/")))
        return self.sidecar(
            node={"service": "cart", "labels": {"zone": "z1"}},
            services={"price": {"endpoints": rows, "locality": {"prefer": "zone", **more}}})

    def kill(self, place):
        self.origins[place].close()

    def test_requests_stay_in_their_zone(self):
        woad = self.zones("z2", "z1", "z1", "z3")
        self.assertEqual(set(self.answers(woad, [[]] * 60)), {"1", "2"})
        pools = woad.json("/services")["services"][0]["pools"]
        self.assertEqual([pool["name"] for pool in pools], ["base"], "a zone makes no pool")

    def test_they_spill_over_when_too_few_are_left(self):
        woad = self.zones("z1", "z1", "z2")
        self.kill(0)
        ejected = lambda: any(e["ejected"] for e in
                              woad.json("/services")["services"][0]["pools"][0]["endpoints"])
        self.assertTrue(until(lambda: self.answers(woad, [[]] * 10) and ejected(), 60))
        counts = collections.Counter(self.answers(woad, [[]] * 400))
        self.assertEqual(set(counts), {"1", "2"})
        # Half of the zone is left, 70 % would be enough: two in seven leave it.
        self.assertGreater(counts["1"], counts["2"], counts)

    def test_no_zone_of_ones_own_is_all_zones(self):
        woad = self.zones("z2", "z3")
        self.assertEqual(set(self.answers(woad, [[]] * 60)), {"0", "1"})

    def test_each_colour_has_its_zones(self):
        woad = self.zones("z1", "z2/red", "z1/red", "z3/blue")
        for color, places in (("red", {"2"}), ("blue", {"3"}), ("green", {"0"})):
            found = self.answers(woad, [[("x-woad-color", color)]] * 20)
            self.assertEqual(set(found), places, color)

    def test_a_subset_is_all_that_a_sidecar_knows(self):
        rows = self.endpoints(*[100] * 6)
        found = []
        for index in range(4):
            woad = self.sidecar(services={"price": {
                "endpoints": rows if index < 2 else rows[::-1],
                "subset": {"size": 3, "index": index}}})
            mine = set(self.answers(woad, [[]] * 60))
            known = woad.json("/services")["services"][0]["pools"][0]["endpoints"]
            self.assertEqual({e["address"] for e in known},
                             {self.origins[int(place)].address for place in mine})
            found.append(mine)
        # Two rounds of two callers.
        self.assertEqual([len(mine) for mine in found], [3] * 4)
        self.assertEqual(found[0] | found[1], set("012345"))
        self.assertEqual(found[2] | found[3], set("012345"))

    def test_a_subset_by_name(self):
        rows = self.endpoints(*[100] * 8)

        def mine(instance):
            woad = self.sidecar(node={"service": "cart", "instance": instance},
                                services={"price": {"endpoints": rows, "subset": {"size": 2}}})
            return frozenset(self.answers(woad, [[]] * 40))
        found = [mine(f"cart-{i}") for i in range(6)]
        self.assertEqual({len(each) for each in found}, {2})
        self.assertGreater(len(set(found)), 1)
        self.assertEqual(mine("cart-0"), found[0], "the same after a restart")

    def test_one_that_joins_starts_slowly(self):
        rows = self.endpoints(100, 100, 100)
        woad = self.sidecar(services={"price": {"endpoints": rows[:2]}})
        self.assertEqual(set(self.answers(woad, [[]] * 60)), {"0", "1"})
        woad.reload(dict(woad.config, services={"price": {"endpoints": rows}}))
        counts = collections.Counter(self.answers(woad, [[]] * 200))
        self.assertLess(counts["2"], min(counts["0"], counts["1"]), counts)

    def test_stateful_is_never_fallen_back_to(self):
        base, red = self.origin("base"), self.origin("red")
        woad = self.sidecar(services={"price": service(
            base.address, (red.address, {"color": "red"}), stateful=True)})

        def ask(color=None):
            return fetch(woad.outbound, "GET", "/", host="price",
                         headers=[("x-woad-color", color)] if color else [])
        self.assertEqual(ask().get("x-origin"), "base")
        self.assertEqual(ask("red").get("x-origin"), "red")
        self.assertEqual(ask("red.alice").get("x-origin"), "red")
        refused = ask("blue")
        self.assert_local(refused, "no_endpoint", 503)
        self.assertIn(b"stateful", refused.body)
        self.assertEqual(len(base.requests), 1)
        told = json.loads(woad.get("/explain?url=http://price/&header=x-woad-color:%20blue")[1])
        self.assertEqual(told["reason"], "failed_absent")

    def test_a_coloured_copy_is_not_for_a_stateful_base(self):
        real, shadow = self.origin("real"), self.origin("shadow")
        woad = self.sidecar(
            routes=[{"match": {"path": {"prefix": "/"}}, "to": "real",
                     "mirror": {"service": "shadow"}}],
            services={"real": service(real.address),
                      "shadow": service(shadow.address, stateful=True)})

        def ends():
            return woad.metrics("woad_mirrored_requests_total")
        for color, count in (("blue", 1), (None, 2)):
            got = fetch(woad.outbound, "GET", "/" + (color or "undyed"), host="real",
                        headers=[("x-woad-color", color)] if color else [])
            self.assertEqual(got.get("x-origin"), "real")
            self.assertTrue(until(lambda n=count: ends() == n), ends())
        self.assertEqual([r.target for r in shadow.requests], ["/undyed"])
