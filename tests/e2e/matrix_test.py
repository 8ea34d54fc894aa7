"""Every protocol pair times every shape of message."""
import asyncio

from support.suite import *

PAIRS = [(client, upstream) for client in ("h1", "h2") for upstream in ("http1", "http2")]


async def handler(request):
    path = request.target.split("?")[0]
    if path.startswith("/status/"):
        await request.read()
        return Reply(int(path.split("/")[2]), [("etag", '"x"')])
    if path == "/not-modified":
        return Reply(304, [("content-length", "1234"), ("etag", '"x"')])
    if path == "/trailers":
        await request.read()
        return Reply(body=b"body", trailers=[("x-sum", "42"), ("x-more", "y")])
    if path == "/chunked":
        return Reply(body=b"some body", chunked=True)
    if path == "/hints":
        return Reply(interim=[(103, [("link", "</a>")]), (103, [("link", "</b>")])], body=b"final")
    if path == "/headers":
        return Reply(headers=[("set-cookie", "a=1"), ("set-cookie", "b=2"), ("X-Case", "Kept"),
                              ("connection", "x-private"), ("x-private", "hop"),
                              ("keep-alive", "timeout=5")] if request.version != "HTTP/2" else
                     [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-case", "Kept")])
    if path == "/refuse":
        return Reply(413, body=b"too much", close=request.version != "HTTP/2")
    return await echo(request)


class Matrix(Suite):
    pair = ""

    @classmethod
    def setUpClass(cls):
        cls.server = Origin(handler=handler)
        cls.woad = Sidecar(app=cls.server.address, services={
            p: service(cls.server.address, protocol=p) for p in ("http1", "http2")})

    @classmethod
    def tearDownClass(cls):
        cls.woad.stop()
        cls.server.close()

    def each(self):
        for version, upstream in PAIRS:
            self.pair = f"{version} to {upstream}"
            with CLIENTS[version](self.woad.outbound) as client:
                yield client, upstream
        self.pair = ""
        self.assertEqual(self.server.errors, [])

    def _formatMessage(self, msg, standardMsg):
        return f"[{self.pair}] {super()._formatMessage(msg, standardMsg)}"

    def info(self, response):
        self.assertEqual(response.status, 200, response)
        return json.loads(response.body)

    def test_get(self):
        for client, host in self.each():
            got = self.info(client.request("GET", "/info?a=b&c", [("x-a", "1"), ("x-a", "2")], host=host))
            self.assertEqual((got["method"], got["target"], got["authority"]),
                             ("GET", "/info?a=b&c", host))
            self.assertEqual([v for k, v in got["headers"] if k.lower() == "x-a"], ["1", "2"])
            self.assertEqual(got["version"], "HTTP/1.1" if host == "http1" else "HTTP/2")

    def test_methods(self):
        for client, host in self.each():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "patch", "Patch",
                           "get", "head", "M-SEARCH", "DESCRIBE", "!#$%&'*+-.^_`|~", "a" * 32):
                got = self.info(client.request(method, "/info", host=host))
                self.assertEqual(got["method"], method)
                got = self.info(client.request(method, "/info", body=b"abc", host=host))
                self.assertEqual((got["method"], got["size"]), (method, 3))

    def test_options_star(self):
        for client, host in self.each():
            self.assertEqual(client.request("OPTIONS", "*", host=host).status, 200)
            self.assertEqual(self.server.requests[-1].target, "*")

    def test_post_with_length(self):
        for client, host in self.each():
            for size in (0, 1, 1000, 100_000, 1_000_000):
                got = client.request("POST", "/", body=b"x" * size, host=host)
                self.assertEqual((got.status, len(got.body)), (200, size))

    def test_post_chunked(self):
        for client, host in self.each():
            got = client.request("POST", "/", body=[b"a", b"bc", b"d" * 100_000], host=host)
            self.assertEqual(got.body, b"abc" + b"d" * 100_000)

    def test_length_is_kept(self):
        for client, host in self.each():
            client.request("POST", "/", [("content-length", "3")] if client.version == "h2" else [],
                           b"abc", host=host)
            seen = self.server.requests[-1]
            self.assertEqual((seen.get("content-length"), seen.get("transfer-encoding")), ("3", None))

    def test_get_has_no_framing(self):
        for client, host in self.each():
            client.request("GET", "/", host=host)
            seen = self.server.requests[-1]
            self.assertEqual((seen.get("content-length"), seen.get("transfer-encoding")), (None, None))

    def test_head(self):
        for client, host in self.each():
            got = client.request("HEAD", "/bytes/1234", host=host)
            self.assertEqual((got.status, got.body, got.get("content-length")), (200, b"", "1234"))
            self.assertEqual(client.request("GET", "/bytes/3", host=host).body, b"xxx")

    def test_bodiless(self):
        for client, host in self.each():
            for status in (204, 304):
                got = client.request("GET", f"/status/{status}", host=host)
                self.assertEqual((got.status, got.body, got.get("etag")), (status, b"", '"x"'))
                self.assertIsNone(got.get("transfer-encoding"))
            self.assertEqual(client.request("GET", "/bytes/3", host=host).body, b"xxx")

    def test_length_of_304(self):
        for client, host in self.each():
            got = client.request("GET", "/not-modified", host=host)
            self.assertEqual((got.status, got.get("content-length"), got.body), (304, "1234", b""))
            self.assertEqual(client.request("GET", "/bytes/3", host=host).body, b"xxx")

    def test_statuses(self):
        for client, host in self.each():
            for status in (200, 201, 202, 301, 400, 404, 418, 500, 599):
                self.assertEqual(client.request("GET", f"/status/{status}", host=host).status, status)

    def test_request_trailers(self):
        for client, host in self.each():
            got = self.info(client.request("POST", "/info", [("trailer", "x-sum")], [b"abc"],
                                           host=host, trailers=[("x-sum", "42")]))
            self.assertEqual(got["trailers"], [["x-sum", "42"]])

    def test_response_trailers(self):
        for client, host in self.each():
            got = client.request("GET", "/trailers", [("te", "trailers")], host=host)
            self.assertEqual((got.body, got.trailer("x-sum"), got.trailer("x-more")),
                             (b"body", "42", "y"))

    def test_chunked_response(self):
        for client, host in self.each():
            for _ in range(3):
                self.assertEqual(client.request("GET", "/chunked", host=host).body, b"some body")

    def test_early_hints(self):
        for client, host in self.each():
            got = client.request("GET", "/hints", host=host)
            self.assertEqual([(i.status, i.get("link")) for i in got.interim],
                             [(103, "</a>"), (103, "</b>")])
            self.assertEqual(got.body, b"final")

    def test_expect_continue(self):
        for client, host in self.each():
            if client.version == "h1":
                client.send(client.head("POST", "/", [("Expect", "100-continue"),
                                                      ("Content-Length", "3")], host))
                self.assertEqual(client.response_head().status, 100)
                client.send(b"abc")
                self.assertEqual(client.response().body, b"abc")
            else:
                got = client.request("POST", "/", [("expect", "100-continue")], b"abc", host=host)
                self.assertEqual((got.status, got.body), (200, b"abc"))

    def test_answer_before_the_body_is_in(self):
        for client, host in self.each():
            if client.version == "h1":
                client.send(client.head("POST", "/refuse", [("Content-Length", "1000000")], host))
                got = client.response()
            else:
                stream = client.open("POST", "/refuse", host=host, end=False)
                got = client.response(stream)
            self.assertEqual((got.status, got.body), (413, b"too much"))

    def test_hop_by_hop(self):
        for client, host in self.each():
            extra = [("connection", "x-hop"), ("x-hop", "1"), ("keep-alive", "x"),
                     ("proxy-connection", "keep-alive"), ("te", "trailers")]
            headers = extra if client.version == "h1" else [("te", "trailers")]
            client.request("GET", "/", headers + [("x-end", "1")], host=host)
            seen = {k.lower() for k, _ in self.server.requests[-1].headers}
            self.assertFalse(seen & {"x-hop", "keep-alive", "proxy-connection"}, seen)
            self.assertIn("x-end", seen)

    def test_response_headers(self):
        for client, host in self.each():
            got = client.request("GET", "/headers", host=host)
            names = {k.lower() for k, _ in got.headers}
            self.assertEqual([v for k, v in got.headers if k.lower() == "set-cookie"], ["a=1", "b=2"])
            self.assertFalse(names & {"x-private", "keep-alive"}, names)
            if client.version == "h1" and host == "http1":
                self.assertIn("X-Case", [k for k, _ in got.headers])

    def test_header_case_is_kept_between_http1(self):
        with H1(self.woad.outbound) as client:
            client.request("GET", "/", [("X-CamelCase", "1"), ("ALLCAPS", "2")], host="http1")
        names = [k for k, _ in self.server.requests[-1].headers]
        self.assertIn("X-CamelCase", names)
        self.assertIn("ALLCAPS", names)

    def test_cookies_are_joined_for_http1(self):
        with H2(self.woad.outbound) as client:
            client.request("GET", "/", [("cookie", "a=1"), ("cookie", "b=2")], host="http1")
        cookies = [v for k, v in self.server.requests[-1].headers if k.lower() == "cookie"]
        self.assertEqual(cookies, ["a=1; b=2"])

    def test_large_headers(self):
        for client, host in self.each():
            headers = [(f"x-{n}", "v" * 400) for n in range(100)]
            got = self.info(client.request("GET", "/info", headers, host=host))
            self.assertEqual(len([k for k, _ in got["headers"] if k.startswith("x-")
                                  and k[2:].isdigit()]), 100)

    def test_keep_alive(self):
        for client, host in self.each():
            before = self.server.connections
            for _ in range(50):
                self.assertEqual(client.request("GET", "/bytes/10", host=host).status, 200)
            self.assertLessEqual(self.server.connections - before, 1)

    def test_pipelining(self):
        for host in ("http1", "http2"):
            with H1(self.woad.outbound) as client:
                requests = [client.head("POST", f"/{n}", [("Content-Length", "2")], host) + f"{n:02}"
                            for n in range(30)]
                client.send("".join(requests))
                self.assertEqual([client.response().body for _ in range(30)],
                                 [b"%02d" % n for n in range(30)])

    def test_many_streams(self):
        for host in ("http1", "http2"):
            with H2(self.woad.outbound) as client:
                streams = [client.start("POST", "/", body=b"%d" % n * 5000, host=host)
                           for n in range(100)]
                for number, stream in enumerate(streams):
                    self.assertEqual(client.response(stream).body, b"%d" % number * 5000)

    def test_http10(self):
        for host in ("http1", "http2"):
            with H1(self.woad.outbound) as client:
                client.send(f"GET /bytes/5 HTTP/1.0\r\nHost: {host}\r\n\r\n")
                got = client.response()
                self.assertEqual((got.status, got.body), (200, b"xxxxx"))
                self.assertTrue(client.closed())
            with H1(self.woad.outbound) as client:  # 1.0 knows no chunks
                client.send(f"GET /chunked HTTP/1.0\r\nHost: {host}\r\n\r\n")
                got = client.response()
                self.assertEqual((got.get("transfer-encoding"), got.body), (None, b"some body"))
            with H1(self.woad.outbound) as client:
                for _ in range(2):
                    client.send(f"GET /bytes/5 HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n")
                    self.assertEqual(client.response().body, b"xxxxx")

    def test_absolute_form(self):
        with H1(self.woad.outbound) as client:
            client.send("GET http://http1/info HTTP/1.1\r\nHost: other\r\n\r\n")
            got = self.info(client.response())
            self.assertEqual((got["target"], got["authority"]), ("/info", "http1"))

    def test_inbound(self):
        for version in ("h1", "h2"):
            got = self.info(fetch(self.woad.inbound, "POST", "/info", body=b"abc", version=version,
                                  host="anything:1234"))
            self.assertEqual((got["version"], got["size"], got["authority"]),
                             ("HTTP/1.1", 3, "anything:1234"))

    def test_concurrent(self):
        def work(number):
            version, host = PAIRS[number % 4]
            with CLIENTS[version](self.woad.outbound) as client:
                for index in range(50):
                    body = b"%d-%d" % (number, index) * 100
                    assert client.request("POST", "/", body=body, host=host).body == body
        in_threads(8, work)


class Brokenness(Suite):
    """What a client sees when the other side breaks: never a padded or a borrowed answer."""

    def test_origin_breaks_off(self):
        async def handler(request):
            return Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", close=True)
        server = self.origin(handler=handler)
        woad = self.sidecar(services={"svc": service(server.address)})
        with H1(woad.outbound) as client:
            client.start("GET", "/")
            with self.assertRaises((Closed, ConnectionError)):
                client.response()
        with H2(woad.outbound) as client:
            got = client.request("GET", "/")
            self.assertIsNotNone(got.reset)

    def test_chunks_break_off(self):
        server = self.origin(handler=lambda r: Reply(
            raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", close=True))
        woad = self.sidecar(services={"svc": service(server.address)})
        with H1(woad.outbound) as client:
            client.start("GET", "/")
            with self.assertRaises((Closed, ConnectionError)):
                client.response()

    def test_who_began_to_answer_is_not_asked_again(self):
        """On a connection that is used again: an interim response, or half a head, and the end."""
        beginnings = {"/interim": b"HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n", "/half": b"HTTP/1.1 20",
                      "/none": b""}
        server = self.origin(handler=lambda r: Reply(body=b"ok") if r.target == "/warm" else
                             Reply(raw=beginnings[r.target], close=True))
        woad = self.sidecar(services={"svc": service(server.address, filters={"retry": {"attempts": 0}})})
        for version in ("h1", "h2"):
            for target, asked in (("/interim", 1), ("/half", 1), ("/none", 2)):
                before = len([r for r in server.requests if r.target == target])
                with CLIENTS[version](woad.outbound) as client:
                    self.assertEqual(client.request("GET", "/warm").status, 200)
                    got = client.request("GET", target)
                self.assertEqual((got.status, got.error), (502, "upstream_reset"), target)
                after = len([r for r in server.requests if r.target == target])
                self.assertEqual(after - before, asked, (version, target))

    def test_client_leaves(self):
        """What a client no longer waits for ends upstream too, at once."""
        ends = []

        async def handler(request):
            try:
                await request.read()
                await asyncio.sleep(3600)
            finally:
                ends.append(request.target)
        server = self.origin(handler=handler)
        woad = self.sidecar(services={p: service(server.address, protocol=p)
                                      for p in ("http1", "http2")})
        for host in ("http1", "http2"):
            client = H1(woad.outbound)
            client.start("GET", "/h1", host=host)
            self.assertTrue(until(lambda: server.requests))
            client.abort()
            self.assertTrue(until(lambda: self.idle(woad, host)), f"h1 to {host}")
            client = self.client(woad.outbound, "h2")
            stream = client.start("GET", "/h2", host=host)
            self.assertTrue(until(lambda: len(server.requests) == 2))
            client.h2.reset(stream)
            client.flush()
            self.assertTrue(until(lambda: self.idle(woad, host)), f"h2 to {host}")
            server.requests.clear()
        self.assertTrue(until(lambda: ends.count("/h2") >= 1), "an HTTP/2 origin is told")

    def idle(self, woad, host):
        rows = {s["name"]: s for s in woad.json("/services")["services"]}
        return all(e["active"] == 0 for p in rows[host]["pools"] for e in p["endpoints"])

    def test_keep_alive_race(self):
        """The origin closes a connection just as it is used again: the request is tried once more."""
        async def handler(request):
            await request.read()
            requests = [r for r in server.requests if r.connection == request.connection]
            return Reply(reset=len(requests) > 1, body=b"ok")
        server = self.origin(handler=handler)
        woad = self.sidecar(services={"svc": service(server.address, protocol="http1")})
        with H1(woad.outbound) as client:
            for _ in range(20):
                self.assertEqual(client.request("GET", "/").status, 200)
            before = len(server.requests)
            got = client.request("POST", "/", body=b"x")
            self.assertIn(got.status, (200, 502))
            self.assertEqual(len(server.requests) - before, 1, "a POST that was sent is not repeated")
