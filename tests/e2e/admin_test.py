"""The admin address: every path of config/reference.md."""
import os
import re
import socket
import subprocess

from support.suite import *


class Admin(Suite):
    @classmethod
    def setUpClass(cls):
        cls.base, cls.red = Origin("base"), Origin("red")
        cls.woad = Sidecar(version="2026-11-20.3", app=cls.base.address, services={
            "price": service(cls.base.address, (cls.red.address, {"color": "red"})),
            "empty": service()},
            env={"SECRET": "hush"},
            node={"service": "cart", "instance": "${SECRET}", "labels": {"zone": "z1"}})
        for version in ("h1", "h2"):
            for color in ("", "red", "blue", "unheard-of"):
                headers = [("x-woad-color", color)] if color else []
                fetch(cls.woad.outbound, "GET", "/", headers, host="price", version=version)
                fetch(cls.woad.outbound, "GET", "/", headers, host="nobody", version=version)
            fetch(cls.woad.inbound, version=version)

    @classmethod
    def tearDownClass(cls):
        cls.woad.stop()
        cls.base.close()
        cls.red.close()

    def test_clients_that_say_nothing_shut_nobody_out(self):
        silent = [socket.create_connection(("127.0.0.1", self.woad.admin)) for _ in range(300)]
        self.addCleanup(lambda: [one.close() for one in silent])
        self.assertEqual(self.woad.get("/healthz")[0], 200)

    def test_health(self):
        self.assertEqual(self.woad.get("/healthz")[0], 200)
        self.assertEqual(self.woad.get("/readyz")[0], 200)

    def test_config(self):
        status, text, _ = self.woad.get("/config")
        self.assertEqual(status, 200)
        self.assertIn("${SECRET}", text)
        self.assertNotIn("hush", text)

    def test_config_status(self):
        status = self.woad.json("/config/status")
        self.assertEqual((status["version"], status["last_error"]), ("2026-11-20.3", None))
        self.assertTrue({"version", "hash", "loaded_at", "last_error", "source"} <= set(status))

    def test_services(self):
        services = {s["name"]: s for s in self.woad.json("/services")["services"]}
        self.assertEqual(set(services), {"price", "empty"})
        pools = {p["name"]: p for p in services["price"]["pools"]}
        self.assertEqual(set(pools), {"base", "red"})
        endpoint = pools["red"]["endpoints"][0]
        self.assertEqual((endpoint["address"], endpoint["weight"], endpoint["active"]),
                         (self.red.address, 100, 0))
        self.assertEqual((endpoint["healthy"], endpoint["ejected"]), (True, False))
        self.assertEqual(pools["red"]["breaker"], "closed")

    def test_explain(self):
        for color, pool, reason in (("", "base", "undyed"), ("red", "red", "exact"),
                                    ("red.alice", "red", "parent"), ("blue", "base", "base_absent")):
            query = "/explain?url=http://price/x&method=GET"
            got = self.woad.json(query + (f"&header=x-woad-color:%20{color}" if color else ""))
            self.assertEqual((got["service"], got["pool"], got["reason"], got["error"]),
                             ("price", pool, reason, None))
            self.assertTrue(got["steps"] and got["chain"])
            self.assertIn("route", got)
        got = self.woad.json("/explain?url=http://nobody/")
        self.assertEqual(got["error"], "no_route")
        got = self.woad.json("/explain?url=http://empty/")
        self.assertEqual(got["error"], "no_endpoint")
        status, text, headers = self.woad.get("/explain?url=http://price/&format=text")
        self.assertEqual(status, 200)
        self.assertIn("price", text)
        self.assertTrue(headers["content-type"].startswith("text/plain"))
        self.assertEqual(self.woad.get("/explain")[0], 400)

    def test_console(self):
        status, text, headers = self.woad.get("/")
        self.assertEqual(status, 200)
        self.assertIn("text/html", headers["content-type"])
        self.assertIn("woad", text)

    def test_unknown_path(self):
        self.assertEqual(self.woad.get("/nothing-here")[0], 404)

    def test_changes_by_post_alone(self):
        for path in ("/drain", "/log?level=debug"):
            status, _, headers = self.woad.get(path)
            self.assertEqual(status, 405, path)
            self.assertIn("POST", headers.get("allow", ""))
        for path in ("/metrics", "/config", "/healthz"):
            self.assertEqual(self.woad.get(path, "POST")[0], 405, path)

    def test_log_level(self):
        self.assertEqual(self.woad.get("/log?level=debug", "POST")[0], 200)
        self.assertEqual(self.woad.get("/log?level=info", "POST")[0], 200)
        self.assertEqual(self.woad.get("/log?level=shout", "POST")[0], 400)

    def test_foreign_host_is_refused(self):
        for host, status in (("evil.example", 403), ("evil.example:15000", 403), ("10.1.2.3", 403),
                             ("localhost", 200), ("127.0.0.1:99", 200), ("[::1]:15000", 200)):
            self.assertEqual(self.woad.get("/healthz", headers={"Host": host})[0], status, host)

    def test_metrics_are_clean(self):
        promtool = os.environ.get("PROMTOOL")
        if not promtool:
            self.skipTest("no promtool on this machine")
        text = self.woad.get("/metrics")[1]
        done = subprocess.run([promtool, "check", "metrics"], input=text.encode(), capture_output=True,
                              check=False, timeout=120)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    def test_metrics_count(self):
        metrics = self.woad.metrics
        self.assertEqual(metrics("woad_requests_total", direction="outbound", service="price",
                                 code_class="2xx"), 8)
        self.assertEqual(metrics("woad_requests_total", direction="outbound", error="no_route"), 8)
        self.assertEqual(metrics("woad_requests_total", direction="inbound"), 2)
        self.assertEqual(metrics("woad_route_total", service="price", pool="red", reason="exact"), 2)
        self.assertEqual(metrics("woad_route_total", service="price", pool="base", reason="undyed"), 2)
        self.assertEqual(metrics("woad_route_total", reason="base_absent"), 4)
        self.assertEqual(metrics("woad_request_duration_seconds_count", service="price"), 8)
        self.assertEqual(metrics("woad_config_info", version="2026-11-20.3"), 1)
        self.assertGreater(metrics("woad_config_last_success_timestamp_seconds"), 1e9)
        self.assertGreaterEqual(metrics("woad_upstream_attempts_total", service="price"), 8)
        fetch(self.woad.outbound, host="price")  # those of setUpClass may have gone idle and away
        self.assertGreaterEqual(metrics("woad_upstream_connections", service="price"), 1)

    def test_openmetrics(self):
        status, text, headers = self.woad.get("/metrics", headers={
            "Accept": "application/openmetrics-text; version=1.0.0"})
        self.assertEqual(status, 200)
        self.assertIn("application/openmetrics-text", headers["content-type"])
        self.assertTrue(text.endswith("# EOF\n"))

    def test_buckets_add_up(self):
        text = self.woad.get("/metrics")[1]
        rows = re.findall(r'woad_request_duration_seconds_bucket\{([^}]*)\} (\d+)', text)
        series = {}
        for labels, value in rows:
            key = re.sub(r',?le="[^"]*"', "", labels)
            series.setdefault(key, []).append(int(value))
        self.assertTrue(series)
        for key, values in series.items():
            self.assertEqual(values, sorted(values), key)


class AdminListeners(Suite):
    def test_probes_and_metrics_listeners(self):
        probes, scrape = free_port(), free_port()
        woad = self.sidecar(services={}, admin={
            "address": "127.0.0.1:@admin@", "probes": f"127.0.0.1:{probes}",
            "metrics": f"127.0.0.1:{scrape}"})
        host = {"Host": "any.example"}
        self.assertEqual(woad.get("/healthz", port=probes, headers=host)[0], 200)
        self.assertEqual(woad.get("/readyz", port=probes, headers=host)[0], 200)
        self.assertEqual(woad.get("/metrics", port=scrape, headers=host)[0], 200)
        for port, path in ((probes, "/metrics"), (probes, "/config"), (scrape, "/config"),
                           (scrape, "/healthz")):
            self.assertEqual(woad.get(path, port=port)[0], 404, path)

    def test_metric_series_are_bounded(self):
        server = self.origin()
        woad = self.sidecar(services={"price": service(server.address)})
        with H1(woad.outbound) as client:
            for number in range(300):
                client.request("GET", "/", [("x-woad-color", f"c{number}")], host=f"host{number}")
                client.request("GET", "/", [("x-woad-color", f"c{number}")], host="price")
        text = woad.get("/metrics")[1]
        self.assertNotIn("c299", text)
        self.assertNotIn("host299", text)
        self.assertIn('color="other"', text)

    def test_drain(self):
        server = self.origin()
        woad = self.sidecar(app=server.address, services={"svc": service(server.address)},
                            drain={"delay": "0s", "timeout": "5s"})
        self.assertEqual(woad.get("/drain", "POST")[0], 202)
        self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
        self.assertTrue(until(lambda: not self.accepts(woad.inbound)))
        self.assertEqual(fetch(woad.outbound).status, 200, "outbound works on")
        self.assertIsNone(woad.process.poll())

    def accepts(self, port):
        try:
            return bool(fetch(port))
        except (OSError, Closed):
            return False
