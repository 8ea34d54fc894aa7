"""circuit_breaker: open, half-open, closed again; instances put out; caps; drills by hand."""
import asyncio
import os
import signal

from support.suite import *

CHAIN = ["access_log", "context", "color_routing", "timeout"]
FAR = {"eject": {"max_share": "0%"}}  # nobody is put out


def answering(status):
    """A handler whose status can be changed: handler.status."""
    def handler(_):
        return Reply(status=handler.status)
    handler.status = status
    return handler


class Breaker(Suite):
    def woad(self, services, **settings):
        return self.sidecar(services=services, filters={
            "outbound": CHAIN + [{"circuit_breaker": {**FAR, **settings}}]})

    def pool(self, woad, service="price", pool="base"):
        pools = next(s for s in woad.json("/services")["services"] if s["name"] == service)["pools"]
        return next(p for p in pools if p["name"] == pool)

    def force(self, woad, state, query="service=price"):
        return woad.get(f"/breaker?{query}&state={state}", method="POST")[0]

    def test_open_half_open_closed(self):
        for version in ("h1", "h2"):
            handler = answering(503)
            origin = self.origin("price", handler=handler)
            woad = self.woad({"price": service(origin.address)}, min_requests=5, open="2s", probes=2)
            get = lambda: fetch(woad.outbound, "GET", "/", host="price", version=version)
            for _ in range(5):
                got = get()
                self.assertEqual((got.status, got.error), (503, None))
            got = get()
            self.assert_local(got, "circuit_open", 503)
            self.assertIn(b"pool base of service price", got.body)
            self.assertGreater(int(got.get("retry-after")), 0)
            self.assertEqual(self.pool(woad)["breaker"], "open")
            self.assertEqual(woad.metrics("woad_breaker_state", service="price", pool="base"), 2)
            self.assertEqual(len(origin.requests), 5)
            # A probe that fails opens it again.
            self.assertTrue(until(lambda: get().error is None, 30))
            self.assertEqual(len(origin.requests), 6)
            self.assertEqual(get().error, "circuit_open")
            handler.status = 500
            self.assertTrue(until(lambda: get().error is None, 30))
            self.assertEqual(self.pool(woad)["breaker"], "half_open")
            self.assertEqual(get().status, 500)
            self.assertEqual(self.pool(woad)["breaker"], "closed")
            self.assertEqual(woad.metrics("woad_breaker_state", service="price", pool="base"), 0)
            self.assertIn("a breaker opened", woad.stderr())
            self.assertIn("a breaker closed", woad.stderr())

    def test_a_dead_red_never_opens_base(self):
        origin = self.origin("price")
        woad = self.woad({"price": service(
            origin.address, (f"127.0.0.1:{free_port()}", {"color": "red"}))}, min_requests=3, open="30s")
        red = lambda: fetch(woad.outbound, "GET", "/", [("x-woad-color", "red")], host="price")
        for _ in range(3):
            self.assertEqual(red().error, "connect_failed")
        for _ in range(5):
            got = red()
            self.assert_local(got, "circuit_open", 503)
            self.assertEqual(fetch(woad.outbound, "GET", "/", host="price").status, 200)
        self.assertEqual(self.pool(woad, pool="red")["breaker"], "open")
        self.assertEqual(self.pool(woad)["breaker"], "closed")

    def test_an_apps_own_error_never_counts(self):
        origin = self.origin("price", handler=answering(500))
        woad = self.woad({"price": service(origin.address)}, min_requests=1,
                         eject={"consecutive": 1})
        for version in ("h1", "h2"):
            with CLIENTS[version](woad.outbound) as client:
                for _ in range(50):
                    self.assertEqual(client.request("GET", "/", host="price").status, 500)
        self.assertEqual(self.pool(woad)["breaker"], "closed")
        self.assertFalse(self.pool(woad)["endpoints"][0]["ejected"])

    def test_timeouts_count(self):
        async def never(_):
            await asyncio.sleep(3600)
        origin = self.origin("price", handler=never)
        woad = self.woad({"price": service(origin.address, filters={
            "timeout": {"request": "100ms"}})}, min_requests=2, open="30s")
        for _ in range(2):
            self.assertEqual(fetch(woad.outbound, "GET", "/", host="price").error, "timeout")
        self.assertEqual(fetch(woad.outbound, "GET", "/", host="price").error, "circuit_open")

    def behind_gate(self):
        """An origin that answers once the gate is open, and the gate."""
        gate = asyncio.Event()

        async def waiting(_):
            await gate.wait()
            return Reply(body=b"at last")
        return self.origin("price", handler=waiting), gate

    def test_requests_under_way_are_capped(self):
        origin, gate = self.behind_gate()
        woad = self.woad({"price": service(origin.address)}, max_requests=3, max_pending=0)
        got = []

        def work(number):
            if number < 3:
                got.append(fetch(woad.outbound, "GET", "/", host="price").status)
                return
            self.assertTrue(until(lambda: len(origin.requests) == 3, 30))
            over = fetch(woad.outbound, "GET", "/", host="price")
            origin.call(gate.set)
            self.assert_local(over, "overloaded", 503)
            self.assertIn(b"pool base of service price has 3 requests under way", over.body)
        in_threads(4, work)
        self.assertEqual(got, [200] * 3)
        self.assertEqual(fetch(woad.outbound, "GET", "/", host="price").status, 200)

    def test_who_finds_no_room_waits(self):
        origin, gate = self.behind_gate()
        woad = self.woad({"price": service(origin.address)}, max_requests=1, max_pending=1)
        get = lambda: fetch(woad.outbound, "GET", "/", host="price")

        def work(number):
            if number == 0:
                self.assertEqual(get().status, 200)
            elif number == 1:
                self.assertTrue(until(lambda: len(origin.requests) == 1, 30))
                waited = get()  # until the gate opens, or a second
                self.assertIn(waited.status, (200, 503))
                if waited.status == 503:
                    self.assertIn(b"none ended within 1s", waited.body)
                origin.call(gate.set)
        in_threads(2, work)
        self.assertEqual(get().status, 200)

        gate.clear()
        load = [0] * 6

        def crowd(number):
            load[number] = get().status
            origin.call(gate.set)
        in_threads(6, crowd)
        # One at work, one that waits, the rest refused at once; and each that ends lets one in.
        self.assertTrue(set(load) <= {200, 503}, load)
        self.assertGreaterEqual(load.count(200), 2)
        self.assertEqual(get().status, 200)

    def test_by_hand(self):
        origin = self.origin("price")
        woad = self.woad({"price": service(origin.address)})
        status = lambda: fetch(woad.outbound, "GET", "/", host="price").status
        self.assertEqual(self.force(woad, "open"), 200)
        self.assertEqual(status(), 503)
        self.assertEqual((self.pool(woad)["breaker"], self.pool(woad)["forced"]), ("open", True))
        woad.reload(dict(woad.config, version="2"))
        self.assertEqual(status(), 503)
        self.assertEqual(self.force(woad, "closed", "service=price&pool=base"), 200)
        self.assertEqual(status(), 200)
        self.assertEqual(self.force(woad, "auto"), 200)
        self.assertEqual(status(), 200)
        self.assertNotIn("forced", self.pool(woad))
        self.assertEqual(self.force(woad, "ajar"), 400)
        self.assertEqual(self.force(woad, "open", "service=nobody"), 404)
        self.assertEqual(self.force(woad, "open", "service=price&pool=blue"), 404)
        self.assertEqual(woad.get("/breaker?service=price&state=open")[0], 405)

    def test_state_outlives_a_reload(self):
        origin = self.origin("price", handler=answering(502))
        woad = self.woad({"price": service(origin.address)}, min_requests=2, open="30s")
        for _ in range(2):
            fetch(woad.outbound, "GET", "/", host="price")
        woad.reload(dict(woad.config, version="2"))
        self.assertEqual(fetch(woad.outbound, "GET", "/", host="price").error, "circuit_open")


class Ejection(Suite):
    def test_one_of_three_is_killed_and_comes_back(self):
        ports = [free_port() for _ in range(3)]
        instances = [self.instance(port) for port in ports]
        names = [f"127.0.0.1:{port}" for port in ports]
        woad = self.sidecar(services={"price": service(*names)}, filters={"outbound": CHAIN + [
            {"circuit_breaker": {"failure_ratio": "100%", "eject": {"base": "100ms", "max": "1s"}}}]})
        endpoints = lambda: {e["address"]: e["ejected"] for e in
                             woad.json("/services")["services"][0]["pools"][0]["endpoints"]}
        served = lambda: {r["upstream_host"] for r in woad.access_log() if r["response_code"] == 200}
        for version in ("h1", "h2"):
            with CLIENTS[version](woad.outbound) as client:
                get = lambda: client.request("GET", "/", host="price").status
                self.assertTrue(until(lambda: get() == 200 and served() == set(names), 30))
                os.kill(instances[0].pid, signal.SIGKILL)
                instances[0].wait()
                self.assertTrue(until(lambda: get() and endpoints()[names[0]], 30))
                self.assertEqual([endpoints()[name] for name in names[1:]], [False, False])
                self.assertGreater(woad.metrics("woad_ejections_total", service="price", pool="base"), 0)
                instances[0] = self.instance(ports[0])
                self.assertTrue(until(lambda: get() and not endpoints()[names[0]], 30))
                before = len(woad.access_log(upstream_host=names[0], response_code=200))
                self.assertTrue(until(lambda: get() == 200 and len(woad.access_log(
                    upstream_host=names[0], response_code=200)) > before, 30))
        self.assertIn("an instance is put out of its pool", woad.stderr())
        self.assertIn("an instance is in its pool again", woad.stderr())

    def test_the_last_one_stays(self):
        handler = answering(503)
        origin = self.origin("price", handler=handler)
        woad = self.sidecar(services={"price": service(origin.address)}, filters={
            "outbound": CHAIN + [{"circuit_breaker": {
                "min_requests": 1000, "eject": {"consecutive": 1, "max_share": "100%"}}}]})
        for _ in range(20):
            fetch(woad.outbound, "GET", "/", host="price")
        self.assertEqual(len(origin.requests), 20)
        handler.status = 200
        self.assertEqual(fetch(woad.outbound, "GET", "/", host="price").status, 200)


class Settings(Suite):
    def test_what_cannot_work_is_refused(self):
        cases = [
            ({"probes": 0}, "probes: 0"),
            ({"failure_ratio": 2}, "failure_ratio"),
            ({"failure_ratio": "0%"}, "must be above 0%"),
            ({"open": "5s", "open_max": "2s"}, "open (5s) is longer than open_max (2s)"),
            ({"window": "2m"}, "longer than the 1m that are remembered"),
            ({"eject": {"max_share": 1.5}}, "max_share"),
            ({"eject": {"base": "5s", "max": "2s"}}, "base (5s) is longer than max (2s)"),
        ]
        woad = self.sidecar()
        for settings, says in cases:
            woad.write(dict(woad.config, filters={"outbound": [{"circuit_breaker": settings}]}))
            code, _, err = run("validate", "-c", woad.path)
            self.assertEqual(code, 1, settings)
            self.assertIn("circuit_breaker", err)
            self.assertIn(says.split(": ")[0], err)
