"""The filters at work, with settings in chain, service and route."""
import asyncio
import tempfile

from support.suite import *


class Filters(Suite):
    def woad_with(self, outbound=None, inbound=None, **more):
        self.server = self.origin()
        chains = {}
        if outbound is not None:
            chains["outbound"] = outbound
        if inbound is not None:
            chains["inbound"] = inbound
        if chains:
            more["filters"] = chains
        more.setdefault("services", {"svc": service(self.server.address)})
        return self.sidecar(app=self.server.address, **more)

    def seen(self):
        return [(k.lower(), v) for k, v in self.server.requests[-1].headers]

    def test_headers(self):
        settings = {"request": {"set": {"x-set": "new"}, "add": {"x-add": "more"}, "remove": ["x-gone"]},
                    "response": {"set": {"x-answer": "set"}, "remove": ["x-origin"]}}
        woad = self.woad_with([{"headers": settings}, "color_routing"], [{"headers": settings}])
        for port in (woad.outbound, woad.inbound):
            for version in ("h1", "h2"):
                got = fetch(port, "GET", "/", [("x-set", "old"), ("x-add", "one"), ("X-Gone", "1")],
                            version=version)
                seen = self.seen()
                self.assertEqual([v for k, v in seen if k == "x-set"], ["new"])
                self.assertEqual([v for k, v in seen if k == "x-add"], ["one", "more"])
                self.assertNotIn("x-gone", dict(seen))
                self.assertEqual((got.get("x-answer"), got.origin), ("set", None))

    def test_cascade(self):
        def value(text):
            return {"headers": {"request": {"set": {"x-level": text}}}}
        server = self.origin("first")
        woad = self.woad_with(
            [value("chain"), "color_routing"],
            services={"svc": service(server.address),
                      "own": service(server.address, filters=value("service"))},
            routes=[{"match": {"path": {"prefix": "/route"}}, "to": "own", "filters": value("route")}])
        for host, target, level in (("svc", "/", "chain"), ("own", "/", "service"),
                                    ("own", "/route", "route")):
            fetch(woad.outbound, "GET", target, host=host)
            self.assertEqual(server.requests[-1].get("x-level"), level)

    def test_rate_limit(self):
        woad = self.woad_with(["access_log", "color_routing", {"rate_limit": {"rate": "1/s", "burst": 5}}])
        answers = [fetch(woad.outbound) for _ in range(12)]
        good = [a for a in answers if a.status == 200]
        self.assertIn(len(good), range(5, 9))
        for refused in answers:
            if refused.status != 200:
                self.assert_local(refused, "rate_limited", 429)
                self.assertGreaterEqual(int(refused.get("retry-after")), 1)
        self.assertEqual(len(self.server.requests), len(good))

    def test_rate_limit_by_key(self):
        for key, name, values in (({"header": "x-user"}, "x-user", ("a", "b")),
                                  ("tenant", "x-woad-tenant", ("acme", "other")),
                                  ("color", "x-woad-color", ("red", "blue"))):
            woad = self.woad_with(["color_routing", {"rate_limit": {"rate": "1/m", "burst": 2, "key": key}}])
            for value in values:
                statuses = [fetch(woad.outbound, headers=[(name, value)]).status for _ in range(4)]
                self.assertEqual(statuses, [200, 200, 429, 429], (key, value))

    def test_rate_limit_survives_a_reload(self):
        woad = self.woad_with(["color_routing", {"rate_limit": {"rate": "1/h", "burst": 2}}])
        self.assertEqual([fetch(woad.outbound).status for _ in range(3)], [200, 200, 429])
        woad.config["version"] = "2"
        woad.reload(woad.config)
        self.assertEqual(fetch(woad.outbound).status, 429)

    def test_fault_abort(self):
        fault = {"fault": {"abort": {"percent": "100%", "status": 418}}}
        woad = self.woad_with(["access_log", fault, "color_routing"])
        self.assertEqual(fetch(woad.outbound).status, 200, "undyed requests are left alone")
        for version in ("h1", "h2"):
            self.assert_local(fetch(woad.outbound, headers=[("x-woad-color", "red")], version=version),
                              "fault", 418)

    def test_fault_delay_holds_the_request(self):
        fault = {"fault": {"delay": {"percent": "100%", "for": "300ms"}, "only_dyed": False}}
        woad = self.woad_with(["access_log", fault, "color_routing"])
        got = fetch(woad.outbound, "POST", "/delayed", body=b"x" * 200_000)
        self.assertEqual((got.status, len(got.body)), (200, 200_000))
        self.assertGreaterEqual(woad.access_log(1, path="/delayed")[0]["duration_ms"], 299)

    def test_fault_share(self):
        fault = {"fault": {"abort": {"percent": "30%", "status": 503}, "only_dyed": False}}
        woad = self.woad_with([fault, "color_routing"])
        with H1(woad.outbound) as client:
            failed = sum(client.request().status == 503 for _ in range(1000))
        self.assertIn(failed, range(200, 400))

    def test_timeout(self):
        async def handler(request):
            if request.target == "/never":
                await asyncio.sleep(3600)
            return await echo(request)
        server = self.origin(handler=handler)
        woad = self.sidecar(services={
            "fast": service(server.address, filters={"timeout": {"request": "300ms"}}),
            "svc": service(server.address)},
            routes=[{"match": {"path": {"prefix": "/never"}}, "to": "svc",
                     "filters": {"timeout": {"request": "300ms"}}}])
        for host in ("fast", "svc"):
            for version in ("h1", "h2"):
                self.assert_local(fetch(woad.outbound, "GET", "/never", host=host, version=version),
                                  "timeout", 504)
        self.assertEqual(fetch(woad.outbound, "GET", "/", host="fast").status, 200)

    def test_timeout_ends_when_the_response_starts(self):
        gate = asyncio.Event()

        async def body():
            yield b"first"
            await asyncio.wait_for(gate.wait(), 20)
            yield b"last"
        server = self.origin(handler=lambda r: Reply(body=body()))
        woad = self.sidecar(services={
            "svc": service(server.address, filters={"timeout": {"request": "200ms", "idle": "30s"}})})
        client = self.client(woad.outbound)
        client.start()
        rows = client.body(client.response_head())
        self.assertEqual(next(rows), b"first")
        client.sock.settimeout(0.5)  # longer than `request`: nothing may come, above all no end
        with self.assertRaises(TimeoutError):
            next(rows)
        server.call(gate.set)
        client.sock.settimeout(60)
        self.assertIn(b"last", self.rest_of(client))

    def rest_of(self, client):
        data = b""
        while b"0\r\n\r\n" not in data:
            data += client.sock.recv(65536) or b"0\r\n\r\n(closed)"
        return data

    def test_idle(self):
        async def body():
            yield b"first"
            await asyncio.sleep(3600)
        server = self.origin(handler=lambda r: Reply(body=body()))
        woad = self.sidecar(services={
            "svc": service(server.address, filters={"timeout": {"idle": "300ms"}})})
        client = self.client(woad.outbound)
        client.start()
        with self.assertRaises((Closed, ConnectionError)):
            client.response()

    def test_deadline_goes_on(self):
        server = self.origin()
        woad = self.sidecar(services={
            "svc": service(server.address, filters={"timeout": {"request": "5s"}})})
        fetch(woad.outbound, headers=[("x-woad-timeout-ms", "1000")])
        left = int(server.requests[-1].get("x-woad-timeout-ms"))
        self.assertIn(left, range(1, 1001))

    def test_access_log(self):
        woad = self.woad_with()
        fetch(woad.outbound, "POST", "/log?q=\"<\x7e", [("x-woad-color", "Blue"), ("x-woad-tenant", "acme"),
                                                      ("x-request-id", "id-1")], b"abc")
        row = woad.access_log(1, direction="outbound")[0]
        keys = ("start_time direction method path authority protocol response_code response_flags "
                "duration_ms bytes_received bytes_sent service route pool pool_reason color tenant "
                "ctx_source upstream_host attempts peer trace_id span_id request_id error why").split()
        self.assertEqual(sorted(row), sorted(keys))
        expected = {"method": "POST", "authority": "svc", "protocol": "HTTP/1.1", "response_code": 200,
                    "bytes_received": 3, "bytes_sent": 3, "service": "svc", "pool": "base",
                    "pool_reason": "base_absent", "color": "blue", "tenant": "acme",
                    "ctx_source": "header", "upstream_host": self.server.address, "attempts": 1,
                    "request_id": "id-1", "error": None}
        self.assertEqual({k: row[k] for k in expected}, expected)
        self.assertEqual(row["path"], "/log")

    def test_access_log_query(self):
        target = ("/q?page=2&token=s3cret&%61PI_key=s3cret;s3cret&voucher=s3cret&monkey=3&flag"
                  "&next=%2Fcb%3Fcode%3Ds3cret&X-Amz-Signature=s3cret&sig=s3cret&password=s3cret")
        woad = self.woad_with(filters={"outbound": [
            {"access_log": {"query": True, "hide": ["Voucher"]}}, "color_routing"]})
        for version in ("h1", "h2"):
            fetch(woad.outbound, "GET", target, version=version)
            self.assertEqual(self.server.requests[-1].target, target, "the app gets all of it")
            fetch(woad.inbound, "GET", target, version=version)
        for row in woad.access_log(2, direction="outbound"):
            self.assertEqual((row["path"], row["query"]), ("/q", (
                "page=2&token=[redacted]&%61PI_key=[redacted]&voucher=[redacted]&monkey=3&flag"
                "&next=[redacted]&X-Amz-Signature=[redacted]&sig=[redacted]&password=[redacted]")))
        for row in woad.access_log(2, direction="inbound"):
            self.assertEqual(row["path"], "/q")
            self.assertNotIn("query", row)

    def test_no_query_is_told_anywhere(self):
        woad = self.sidecar(log={"level": "debug"}, services={
            "svc": service(self.origin().address), "dead": service(f"127.0.0.1:{free_port()}")})
        raw = ("GET /q?token=s3cret HTTP/1.1\r\nHost: svc\r\nHost: b\r\n\r\n",
               "GET http://me:s3cret@svc/q?token=s3cret HTTP/1.1\r\nHost: svc\r\n\r\n",
               "GET /q#access_token=s3cret HTTP/1.1\r\nHost: svc\r\n\r\n",
               "GET ftp://me:s3cret@svc/q?s3cret HTTP/1.1\r\nHost: svc\r\n\r\n")
        for request in raw:
            with H1(woad.outbound) as client:
                client.send(request)
                self.assertNotIn(b"s3cret", client.rest())
        for version in ("h1", "h2"):
            fetch(woad.outbound, "GET", "/q?token=s3cret", version=version)
            for host in ("nobody", "dead"):
                got = fetch(woad.outbound, "GET", "/q?token=s3cret", host=host, version=version)
                self.assertNotIn("s3cret", f"{got.headers} {got.body}")
        self.assertEqual(len(woad.access_log(len(raw) + 6, direction="outbound")), len(raw) + 6)
        self.assertNotIn("s3cret", json.dumps(woad.access_log()) + woad.stderr())

    def test_access_log_undyed(self):
        woad = self.woad_with()
        fetch(woad.outbound, version="h2")
        row = woad.access_log(1, direction="outbound")[0]
        self.assertEqual((row["color"], row["pool"], row["pool_reason"], row["ctx_source"]),
                         ("base", "base", "undyed", "none"))
        self.assertEqual(row["protocol"], "HTTP/2")

    def test_access_log_to_a_file_with_a_sample(self):
        server = self.origin()
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/access.json"
            woad = self.sidecar(
                services={"svc": service(server.address), "dead": service(f"127.0.0.1:{free_port()}")},
                filters={"outbound": [{"access_log": {"path": path, "sample": "0%"}}, "color_routing"]})
            for _ in range(20):
                fetch(woad.outbound)
            fetch(woad.outbound, host="dead")

            def rows():
                with open(path, encoding="utf-8") as file:
                    return [json.loads(line) for line in file]
            until(rows)
            self.assertEqual([r["error"] for r in rows()], ["connect_failed"], "errors are always kept")

    def test_hops(self):
        woad = self.woad_with()
        fetch(woad.outbound)
        self.assertEqual(self.server.requests[-1].get("x-woad-hops"), "1")
        fetch(woad.outbound, headers=[("x-woad-hops", "7")])
        self.assertEqual(self.server.requests[-1].get("x-woad-hops"), "8")
        self.assert_local(fetch(woad.outbound, headers=[("x-woad-hops", "16")]), "loop", 508)
