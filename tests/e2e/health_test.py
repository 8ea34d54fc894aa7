"""Health checks, and what becomes of a pool in which nobody is well."""
import socket
import subprocess
import tempfile
import threading
import unittest

from support.certs import PRICE
from support.mesh import MeshSuite
from support.mtls import mtls_service
from support.suite import *

QUICK = {"interval": "400ms", "timeout": "400ms", "unhealthy_after": 2, "healthy_after": 2}
HTTP = {"http": {"path": "/healthz"}, **QUICK}
SERVING, NOT_SERVING = b"\0\0\0\0\2\x08\1", b"\0\0\0\0\2\x08\2"


def sick_or_well(name):
    """Answers /healthz by handler.status, anything else with 200."""
    def handler(request):
        return Reply(handler.status if request.target == "/healthz" else 200, body=name.encode())
    handler.status = 200
    return handler


class HealthSuite(MeshSuite):
    def build(self, name):
        handler = sick_or_well(name)
        origin = self.origin(name, handler=handler)
        origin.health = handler
        return origin

    def endpoints(self, woad, service_name="price"):
        found = next(s for s in woad.json("/services")["services"] if s["name"] == service_name)
        return {e["address"]: e["healthy"] for p in found["pools"] for e in p["endpoints"]}

    def wait_for(self, woad, address, healthy):
        self.assertTrue(until(lambda: self.endpoints(woad)[address] == healthy), woad.stderr())

    def get(self, woad, color=None, version="h1"):
        headers = [("x-woad-color", color)] if color else []
        return fetch(woad.outbound, "GET", "/", headers, host="price", version=version)

    def probes(self, origin):
        return [r for r in origin.requests if r.target == "/healthz"]


class Http(HealthSuite):
    def test_out_and_in_again(self):
        one, two = self.build("one"), self.build("two")
        woad = self.sidecar(services={"price": service(one.address, two.address, health_check=HTTP)})
        self.assertTrue(until(lambda: self.probes(one) and self.probes(two)))
        probe = self.probes(one)[0]
        self.assertEqual((probe.method, probe.authority, probe.get("user-agent")),
                         ("GET", "price", "woad-health-check"))
        one.health.status = 503
        self.wait_for(woad, one.address, False)
        self.assertTrue(self.endpoints(woad)[two.address])
        for version in ("h1", "h2"):
            self.assertEqual({self.get(woad, version=version).origin for _ in range(20)}, {"two"})
        one.health.status = 204
        self.wait_for(woad, one.address, True)
        self.assertTrue(until(lambda: self.get(woad).origin == "one"))
        log = woad.stderr()
        self.assertIn("an endpoint is unhealthy: its checks failed", log)
        self.assertIn("GET /healthz answered 503 twice", log)
        self.assertIn("an endpoint is healthy again", log)
        self.assertIn("GET /healthz answered 204 twice", log)
        for result in ("good", "failed"):
            self.assertGreater(
                woad.metrics("woad_health_checks_total", service="price", result=result), 1)
        self.assertEqual(woad.metrics("woad_endpoints", service="price", pool="base",
                                      state="healthy"), 2)

    def test_a_dead_endpoint_and_one_that_hangs(self):
        well = self.build("well")
        dead = f"127.0.0.1:{free_port()}"
        with socket.create_server(("127.0.0.1", 0)) as silent:
            hangs = f"127.0.0.1:{silent.getsockname()[1]}"
            woad = self.sidecar(services={"price": service(well.address, dead, hangs,
                                                           health_check=HTTP)})
            self.wait_for(woad, dead, False)
            self.wait_for(woad, hangs, False)
            self.assertEqual({self.get(woad).origin for _ in range(20)}, {"well"})
            self.assertIn("no answer to GET /healthz within 400ms", woad.stderr())
            self.assertIn("connection refused", woad.stderr())
            self.assertEqual(woad.metrics("woad_endpoints", service="price", state="unhealthy"), 2)

    def test_http2(self):
        one = self.build("one")
        woad = self.sidecar(services={"price": service(one.address, protocol="http2",
                                                       health_check=HTTP)})
        self.assertTrue(until(lambda: len(self.probes(one)) > 3))
        self.assertEqual({r.version for r in self.probes(one)}, {"HTTP/2"})
        self.assertEqual(one.connections, 1)
        one.health.status = 500
        self.wait_for(woad, one.address, False)

    def test_one_prober_however_many_workers(self):
        one = self.build("one")
        slow = {**HTTP, "interval": "2s", "timeout": "1s"}
        woad = self.sidecar(workers=4, services={"price": service(
            one.address, (one.address, {"color": "red"}), health_check=slow)})
        self.assertTrue(until(lambda: len(self.probes(one)) >= 2))
        asked = woad.metrics("woad_health_checks_total", service="price")
        self.assertLessEqual(len(self.probes(one)), asked + 1)

    def test_real_traffic_spares_probes(self):
        one = self.build("one")
        check = {**HTTP, "interval": "300ms", "timeout": "300ms"}
        woad = self.sidecar(services={"price": service(one.address, health_check=check)})
        with H1(woad.outbound) as client:
            spared = lambda: (client.request("GET", "/", host="price").status == 200 and woad.metrics(
                "woad_health_checks_total", service="price", result="spared") > 3)
            self.assertTrue(until(spared))

    def test_reloads(self):
        one = self.build("one")
        woad = self.sidecar(services={"price": service(one.address, health_check=HTTP)})
        one.health.status = 503
        self.wait_for(woad, one.address, False)
        # Another interval: what is known stays.
        woad.config["services"]["price"]["health_check"] = {**HTTP, "healthy_after": 1}
        woad.reload(woad.config)
        self.assertFalse(self.endpoints(woad)[one.address])
        # Another path, which is good.
        woad.config["services"]["price"]["health_check"]["http"]["path"] = "/ready"
        woad.reload(woad.config)
        self.wait_for(woad, one.address, True)
        # No check: nobody is asked, and nobody is unhealthy.
        woad.config["services"]["price"]["health_check"]["http"]["path"] = "/healthz"
        woad.reload(woad.config)
        self.wait_for(woad, one.address, False)
        del woad.config["services"]["price"]["health_check"]
        woad.reload(woad.config)
        self.assertTrue(self.endpoints(woad)[one.address])
        counted = lambda: woad.metrics("woad_health_checks_total", service="price")
        before = counted()
        self.assertEqual({self.get(woad).status for _ in range(50)}, {200})
        self.assertEqual(counted(), before)


class OtherProbes(HealthSuite):
    def test_tcp(self):
        one = self.origin("one")
        woad = self.sidecar(services={"price": service(one.address,
                                                       health_check={"tcp": {}, **QUICK})})
        self.assertTrue(until(lambda: woad.metrics("woad_health_checks_total", result="good") > 2))
        self.assertEqual(one.requests, [])
        one.close()
        self.wait_for(woad, one.address, False)
        again = self.origin("again", port=one.port)
        self.wait_for(woad, again.address, True)

    def test_grpc(self):
        def handler(request):
            return handler.reply()
        answer = lambda body: lambda: Reply(headers=[("content-type", "application/grpc")],
                                            body=body, trailers=[("grpc-status", "0")])
        unknown = lambda: Reply(headers=[("content-type", "application/grpc"), ("grpc-status", "5")],
                                chunked=True)
        handler.reply = answer(SERVING)
        one = self.origin("one", handler=handler)
        woad = self.sidecar(services={"price": service(
            one.address, health_check={"grpc": {"service": "shop.Price"}, **QUICK})})
        self.assertTrue(until(lambda: woad.metrics("woad_health_checks_total", result="good") > 2))
        asked = one.requests[0]
        self.assertEqual((asked.method, asked.target, asked.version, asked.get("te")),
                         ("POST", "/grpc.health.v1.Health/Check", "HTTP/2", "trailers"))
        self.assertEqual(asked.size, 5 + 2 + len("shop.Price"))
        for reply, says in ((answer(NOT_SERVING), "answered NOT_SERVING"),
                            (unknown, "does not know service"),
                            (lambda: Reply(404), "answered HTTP 404")):
            handler.reply = reply
            self.wait_for(woad, one.address, False)
            self.assertTrue(until(lambda: says in woad.stderr()))
            handler.reply = answer(SERVING)
            self.wait_for(woad, one.address, True)

    def test_over_mutual_tls(self):
        app = self.build("app")
        price = self.sidecar(node={"service": "price"}, tls=self.mesh.tls("price"), app=app.address)
        address = f"127.0.0.1:{price.inbound}"
        cart = self.sidecar(node={"service": "cart"}, tls=self.mesh.tls("cart"), services={
            "price": mtls_service(address, peer=[PRICE], health_check=HTTP),
            "stranger": mtls_service(address, peer=["spiffe://example.org/ns/shop/sa/other"],
                                     health_check=HTTP)})
        self.assertTrue(until(lambda: self.probes(app)))
        self.assertTrue(self.endpoints(cart)[address])
        self.assertTrue(until(lambda: not self.endpoints(cart, "stranger")[address]))
        self.assertTrue(self.endpoints(cart)[address])
        self.assertEqual(self.get(cart).status, 200)


class Unhealthy(HealthSuite):
    def pools(self, on_unhealthy=None, sick=("red",), **more):
        self.base, self.red = self.build("base"), self.build("red")
        for name in sick:
            getattr(self, name).health.status = 503
        pools = {"pools": {"red": {"on_unhealthy": on_unhealthy}}} if on_unhealthy else {}
        woad = self.sidecar(services={"price": service(
            self.base.address, (self.red.address, {"color": "red"}), health_check=HTTP, **pools,
            **more)})
        for name in sick:
            self.wait_for(woad, getattr(self, name).address, False)
        return woad

    def explain(self, woad, color="red"):
        return woad.json(f"/explain?url=http://price/&header=x-woad-color:%20{color}")

    def test_a_colour_fails(self):
        woad = self.pools()
        for version in ("h1", "h2"):
            got = self.get(woad, "red", version)
            self.assert_local(got, "pool_unhealthy", 503)
            self.assertIn(b"pool red (1 failed its health check)", got.body)
        self.assertEqual(self.get(woad).origin, "base")
        self.assertGreater(woad.metrics("woad_route_total", pool="red", reason="failed_unhealthy"), 0)
        told = self.explain(woad)
        self.assertEqual((told["error"], told["status"], told["reason"]),
                         ("pool_unhealthy", 503, "failed_unhealthy"))
        self.assertEqual(told["chain"][0], {"pool": "red", "verdict": "unhealthy"})
        self.assertFalse([step for step in told["steps"] if "panic" in step], told["steps"])
        self.red.health.status = 200
        self.assertTrue(until(lambda: self.get(woad, "red").origin == "red"))
        self.assertEqual(self.explain(woad)["error"], None)

    def test_a_colour_falls_back(self):
        woad = self.pools("fallback")
        got = self.get(woad, "red")
        self.assertEqual((got.status, got.origin), (200, "base"))
        self.assertGreater(woad.metrics("woad_route_total", pool="base", reason="base_unhealthy"), 0)
        told = self.explain(woad)
        self.assertEqual((told["pool"], told["reason"]), ("base", "base_unhealthy"))
        self.assertIn("pool red of price: unhealthy: 1 failed its health check", told["steps"])

    def test_nowhere_to_fall_back_to(self):
        woad = self.pools("fallback", fallback="none")
        got = self.get(woad, "red")
        self.assertEqual(got.status, 503)
        self.assertIn(b"no healthy pool for color red", got.body)

    def test_panic_tries_all(self):
        woad = self.pools("panic", sick=("base", "red"))
        self.assertEqual(self.get(woad, "red").origin, "red")
        self.assertEqual(self.get(woad).origin, "base")  # by default
        told = self.explain(woad)
        self.assertEqual((told["pool"], told["reason"], told["error"]), ("red", "exact", None))
        self.assertEqual(told["endpoints"][0]["unfit"], "failed its health check")

    def test_a_request_stays_in_its_pool(self):
        """The first try makes red unhealthy; the second one goes to red all the same."""
        turned = threading.Event()

        def handler(request):
            if request.target == "/healthz":
                return Reply(503 if turned.is_set() else 200)
            first = not turned.is_set()
            turned.set()
            return Reply(503 if first else 200)
        red, base = self.origin("red", handler=handler), self.build("base")
        woad = self.sidecar(
            services={"price": service(base.address, (red.address, {"color": "red"}),
                                       health_check=HTTP, pools={"red": {"on_unhealthy": "fallback"}})},
            filters={"outbound": ["access_log", "context", "color_routing", "timeout",
                                  {"retry": {"backoff": {"base": "2s", "max": "2s"}}}]})
        got = self.get(woad, "red")
        self.assertEqual((got.status, got.origin), (200, "red"))


class Settings(Suite):
    def test_what_cannot_work_is_refused(self):
        path = {"http": {"path": "/healthz"}}
        cases = [
            ({"health_check": {}}, "health_check: needs exactly one of http, grpc and tcp"),
            ({"health_check": {**path, "tcp": {}}}, "health_check: needs exactly one of"),
            ({"health_check": {"http": {}}}, "health_check.http.path: is required and missing"),
            ({"health_check": {"http": {"path": "healthz"}}}, "is not a path"),
            ({"health_check": {**path, "interval": "1s", "timeout": "2s"}},
             "timeout: timeout (2s) is longer than interval (1s)"),
            ({"health_check": {**path, "unhealthy_after": 0}}, "health_check.unhealthy_after"),
            ({"health_check": {**path, "healthy_after": 0}}, "health_check.healthy_after"),
            ({"health_check": path, "protocol": "tcp"}, "is asked by tcp: {} alone"),
            ({"health_check": {"grpc": {}}, "protocol": "http1"}, "grpc needs HTTP/2"),
        ]
        woad = self.sidecar()
        for settings, says in cases:
            woad.write(dict(woad.config, services={"price": service("127.0.0.1:9001", **settings)}))
            code, _, err = run("validate", "-c", woad.path)
            self.assertEqual(code, 1, settings)
            self.assertIn(says, err)
        for settings in ({**path, "interval": "200ms"}, {"grpc": {}}, {"tcp": {}}):
            woad.write(dict(woad.config, services={
                "price": service("127.0.0.1:9001", health_check=settings)}))
            self.assertEqual(run("validate", "-c", woad.path)[0], 0, settings)


class SelfProtection(HealthSuite):
    """Most of a large set of endpoints leaves the file at once."""

    def fleet(self, count):
        port = free_port()
        self.members = [self.origin(f"m{n}", port=port, host=f"127.0.1.{n}") for n in range(1, count + 1)]
        return self.sidecar(services={"price": service(
            *[m.address for m in self.members], load_balancing={"policy": "round_robin"})})

    def shrink(self, woad, left):
        woad.config["services"]["price"]["endpoints"] = [
            {"address": m.address} for m in self.members[:left]]
        woad.reload(woad.config)

    def suspects(self, woad):
        pools = woad.json("/services")["services"][0]["pools"]
        return {e["address"] for p in pools for e in p["endpoints"] if e.get("suspect")}

    def served_by(self, woad, count=24):
        return {self.get(woad).origin for _ in range(count)}

    def test_those_that_answer_stay_in_use(self):
        woad = self.fleet(12)
        self.shrink(woad, 3)
        left = {m.address for m in self.members[3:]}
        self.assertEqual(self.suspects(woad), left)
        self.assertEqual(self.served_by(woad), {m.name for m in self.members})
        self.assertEqual(woad.metrics("woad_endpoints", service="price", state="suspect"), 9)
        self.assertIn("became less than half at once", woad.stderr())
        # Who fails is let go, and costs nobody an answer.
        gone = self.members[5]
        gone.close()
        self.assertTrue(until(lambda: self.get(woad).status == 200
                              and gone.address not in self.suspects(woad)))
        self.assertEqual(self.suspects(woad), left - {gone.address})
        self.assertEqual({r["response_code"] for r in woad.access_log()}, {200})
        self.assertTrue(until(lambda: "an endpoint that had left its service is let go"
                              in woad.stderr()))
        # Those that are written again are no suspects.
        self.shrink(woad, 8)
        self.assertEqual(self.suspects(woad), left - {m.address for m in self.members[:8]})

    def test_a_few_lines_are_taken_at_their_word(self):
        woad = self.fleet(4)
        self.shrink(woad, 1)
        self.assertEqual(self.suspects(woad), set())
        self.assertEqual(self.served_by(woad), {"m1"})

    @unittest.skipUnless(FULL, "names of the hosts file are looked up once a minute")
    def test_a_name_that_loses_most_of_its_addresses(self):
        if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("LEFT OUT: unshare -m is not permitted here")
        port = free_port()
        self.members = [self.origin(f"m{n}", port=port, host=f"127.0.2.{n}") for n in range(1, 5)]
        with tempfile.NamedTemporaryFile("w", prefix="woad-hosts-") as hosts:
            def write(members):
                hosts.seek(0)
                hosts.truncate()
                hosts.writelines(f"{m.host} price.test\n" for m in members)
                hosts.flush()
            write(self.members)
            woad = self.sidecar(services={"price": service(f"price.test:{port}")}, hosts=hosts.name)
            self.assertEqual(self.served_by(woad, 60), {m.name for m in self.members})
            write(self.members[:1])
            left = {m.address for m in self.members[1:]}
            self.assertTrue(until(lambda: self.suspects(woad) == left, 120))
            self.assertEqual(self.served_by(woad, 60), {m.name for m in self.members})
            self.members[2].close()
            self.assertTrue(until(lambda: self.get(woad).status == 200
                                  and self.members[2].address not in self.suspects(woad)))
