"""retry: how often an origin is asked, by method, failure and setting; budgets; other endpoints."""
import time

from support.suite import *

ANSWERS = ("502", "503", "504", "500", "404")
SETTINGS = {
    "default": {},
    "none": {"attempts": 0},
    "three": {"attempts": 3},
    "any": {"methods": "any"},
    "503 alone": {"on": ["503"]},
    "failfast": {"mode": "failfast"},
    "failcache": {"mode": "failcache", "attempts": 3, "pause": "10ms"},
}
REPEATED = ("502", "503", "504", "reset")


def expected(method, failure, setting, key):
    """How many tries a request has."""
    settings = SETTINGS[setting]
    if settings.get("mode") == "failfast" or failure not in settings.get("on", REPEATED):
        return 1
    if method == "POST" and not key and settings.get("methods") != "any":
        return 1
    return 2 if settings.get("mode") == "failcache" else 1 + settings.get("attempts", 1)


async def handler(request):
    """Fails as its path says; the body is read first. In HTTP/1 on a fresh connection each: on one
    that was used before, a reset may be its age, for which a request goes again by itself."""
    async for _ in request.stream():
        pass
    failure = request.target.split("/")[1]
    return Reply(reset=True) if failure == "reset" else Reply(
        int(failure), close=request.version != "HTTP/2")


class Retry(Suite):
    def woad(self, services, settings=None, **more):
        settings = {"backoff": {"base": "1ms", "max": "1ms"},
                    "budget": {"ratio": "100%", "min_per_second": 100000}, **(settings or {})}
        return self.sidecar(services=services, filters={
            "outbound": ["access_log", "context", "color_routing", "timeout", {"retry": settings}]}, **more)

    def test_tries_by_method_failure_and_setting(self):
        for protocol, version in (("http1", "h1"), ("http2", "h2"), ("http1", "h2"), ("http2", "h1")):
            origins = [self.origin(name, handler=handler) for name in ("a", "b")]
            services = {setting.replace(" ", "-"): service(
                *[o.address for o in origins], protocol=protocol,
                filters={"retry": {"backoff": {"base": "1ms", "max": "1ms"},
                                   "budget": {"ratio": "100%", "min_per_second": 100000}, **settings}})
                for setting, settings in SETTINGS.items()}
            woad = self.woad(services)
            for setting in SETTINGS:
                for failure in (*ANSWERS, "reset"):
                    for method, key in (("GET", False), ("POST", False), ("POST", True)):
                        with self.subTest(protocol, version=version, setting=setting,
                                          failure=failure, method=method, key=key):
                            for origin in origins:
                                origin.requests.clear()
                            got = fetch(woad.outbound, method, f"/{failure}",
                                        [("idempotency-key", "k")] if key else [],
                                        b"body" if method == "POST" else None,
                                        host=setting.replace(" ", "-"), version=version)
                            tries = [o.requests for o in origins]
                            count = sum(map(len, tries))
                            self.assertEqual(count, expected(method, failure, setting, key))
                            self.assertEqual(got.status, 502 if failure == "reset" else int(failure))
                            numbers = sorted(r.get("x-woad-attempt") for rs in tries for r in rs)
                            self.assertEqual(numbers, [str(n + 1) for n in range(count)])
                            if method == "POST":
                                self.assertTrue(all(r.size == 4 for rs in tries for r in rs))
                            if count == 2:
                                self.assertEqual([len(rs) for rs in tries], [1, 1], "another endpoint")

    def test_the_other_endpoint_answers(self):
        good = self.origin("good")
        woad = self.woad({"price": service(f"127.0.0.1:{free_port()}", good.address)})
        for version in ("h1", "h2"):
            for method, body in (("GET", None), ("POST", b"x" * 60_000)):
                for _ in range(20):
                    got = fetch(woad.outbound, method, "/", [], body, host="price", version=version)
                    self.assertEqual((got.status, got.origin), (200, "good"))
        self.assertEqual(len(good.requests), 80)
        self.assertGreater(woad.metrics("woad_retries_total", result="sent"), 0)
        rows = woad.access_log(80)
        self.assertEqual({r["attempts"] for r in rows}, {1, 2})

    def test_a_body_too_large_to_keep_goes_once(self):
        origin = self.origin("price", handler=handler)
        woad = self.woad({"price": service(origin.address)}, {"methods": "any"})
        got = fetch(woad.outbound, "POST", "/503", [], b"x" * 200_000, host="price")
        self.assertEqual((got.status, len(origin.requests)), (503, 1))

    def test_budget(self):
        """A failing upstream meets a fifth more, and the floor."""
        origin = self.origin("price", handler=handler)
        woad = self.woad({"price": service(origin.address)}, {"budget": {"ratio": 0.2, "min_per_second": 3}})

        def work(_):
            with H1(woad.outbound) as client:
                for _ in range(200):
                    self.assertEqual(client.request("GET", "/503", host="price").status, 503)
        began = time.monotonic()
        in_threads(4, work)
        windows = 1 + (time.monotonic() - began) // 10
        self.assertLessEqual(len(origin.requests), 1.2 * 800 + 30 * windows)
        self.assertGreater(len(origin.requests), 800)
        self.assertGreater(woad.metrics("woad_retries_total", result="no_budget"), 0)

    def test_a_repetition_is_not_repeated(self):
        """And told as one to the next hop, whatever number it came with."""
        origin = self.origin("price", handler=handler)
        woad = self.woad({"price": service(origin.address)})
        for attempt, tries in (("1", 2), ("2", 1), ("3", 1)):
            origin.requests.clear()
            fetch(woad.outbound, "GET", "/503", [("x-woad-attempt", attempt)], host="price")
            self.assertEqual(len(origin.requests), tries)
            self.assertEqual(origin.requests[-1].get("x-woad-attempt"), "2")

    def test_none_behind_the_deadline(self):
        async def busy(_):
            return Reply(503, [("retry-after", "30")])
        origin = self.origin("price", handler=busy)
        woad = self.woad({"price": service(origin.address, filters={"timeout": {"request": "5s"}})})
        got = fetch(woad.outbound, "GET", "/", host="price")
        self.assertEqual((got.status, got.get("retry-after"), len(origin.requests)), (503, "30", 1))
        self.assertEqual(woad.metrics("woad_retries_total", result="no_time"), 1)

    def test_settings_that_cannot_work(self):
        woad = self.woad({"price": service("127.0.0.1:1")})
        for settings, words in (({"attempts": 11}, "10"), ({"budget": {"ratio": 2}}, "ratio"),
                                ({"backoff": {"base": "1s"}}, "longer than max"), ({"on": [500]}, "500"),
                                ({"methods": "some"}, "some")):
            woad.write(dict(woad.config, filters={"outbound": [{"retry": settings}]}))
            code, _, err = run("validate", "-c", woad.path)
            self.assertEqual(code, 1)
            self.assertIn(words, err)
