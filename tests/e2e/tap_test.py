"""GET /tap: requests as they end, seen by somebody who looks while they run."""
from support.suite import *


class Tap:
    """A client of /tap, its lines as dicts."""

    def __init__(self, woad, query="", receive_buffer=None):
        self.client = H1(woad.admin, receive_buffer)
        self.client.start("GET", "/tap" + query, host="127.0.0.1")
        self.response = self.client.response_head()
        self.pieces = self.client.body(self.response)
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.client.close()

    def line(self):
        """The next one; None at the end of the body."""
        while b"\n" not in self.text:
            piece = next(self.pieces, None)
            if piece is None:
                assert not self.text, self.text
                return None
            self.text += piece
        line, self.text = self.text.split(b"\n", 1)
        return json.loads(line)

    def lines(self, count):
        return [self.line() for _ in range(count)]

    def paths(self, count):
        return [line["path"] for line in self.lines(count)]


class Taps(Suite):
    def setUp(self):
        self.base, self.red = self.origin("base"), self.origin("red")
        self.woad = self.sidecar(
            workers=2, app=self.base.address,
            context={"trust": {"plaintext": "trust"}},
            dye=[{"match": {"path": {"prefix": "/dyed"}}, "set": {"color": "red"}}],
            services={"price": service(self.base.address, (self.red.address, {"color": "red"})),
                      "cart": service(self.base.address), "empty": service()})

    def tap(self, query="", **more):
        tap = Tap(self.woad, query, **more)
        self.addCleanup(tap.close)
        return tap

    def out(self, path="/", headers=(), host="price", **more):
        return fetch(self.woad.outbound, "GET", path, headers, host=host, **more)

    def refused(self, query, status, says):
        got = self.woad.get("/tap" + query)
        self.assertEqual(got[0], status, got)
        self.assertIn(says, got[1])

    def test_lines_of_both_directions(self):
        tap = self.tap()
        self.assertEqual(tap.response.status, 200)
        self.assertEqual(tap.response.get("content-type"), "application/x-ndjson")
        for number, version in enumerate(("h1", "h2")):
            self.out(f"/out{number}", [("X-Two", "a"), ("x-two", "b")], version=version)
            line = tap.line()
            self.assertEqual((line["direction"], line["path"], line["service"], line["pool"]),
                             ("outbound", f"/out{number}", "price", "base"))
            self.assertEqual(line["request_headers"]["x-two"], ["a", "b"])
            self.assertEqual(len(line["trace_id"]), 32)
            self.assertEqual(line["request_headers"]["x-request-id"], line["request_id"])
            fetch(self.woad.inbound, "GET", f"/in{number}", version=version)
            line = tap.line()
            self.assertEqual((line["direction"], line["path"]), ("inbound", f"/in{number}"))
        # The same requests, in the same words, stand in the access log.
        logged = self.woad.access_log(2, direction="outbound")
        self.assertEqual([row["path"] for row in logged], ["/out0", "/out1"])
        self.assertEqual(set(line) - set(logged[0]), {"request_headers"})

    def test_each_tap_has_its_own_filter(self):
        everything, red = self.tap(), self.tap("?color=red&limit=2")
        for number, color in enumerate(("", "red", "blue", "red", "red")):
            self.out(f"/{number}", [("x-woad-color", color)] if color else [])
        self.assertEqual(everything.paths(5), ["/0", "/1", "/2", "/3", "/4"])
        self.assertEqual(red.paths(2), ["/1", "/3"])
        self.assertIsNone(red.line())
        self.assertTrue(red.client.closed())

    def test_filters(self):
        queries = {"?color=base": ["/a/b", "/cart", "/empty"], "?color=red": ["/red"],
                   "?service=cart": ["/cart"], "?path=/a": ["/a/b"],
                   "?status=503": ["/empty"], "?status=2xx": ["/a/b", "/cart", "/red"],
                   "?tenant=acme": ["/red"], "?status=2xx&color=base&path=/": ["/a/b", "/cart"]}
        for query, paths in queries.items():
            with self.subTest(query), Tap(self.woad, query) as tap:
                for _ in range(2):
                    self.out("/a/b?q=1")
                    self.out("/cart", host="cart")
                    self.out("/empty", host="empty")
                    self.out("/red", [("x-woad-color", "red"), ("x-woad-tenant", "acme")])
                self.assertEqual(tap.paths(len(paths) * 2), paths * 2)

    def test_secrets_are_hidden(self):
        tap = self.tap()
        self.out("/cb?code=s3cret&page=2&%61pi_key=s3cret", [
            ("Authorization", "Bearer s3cret"), ("Cookie", "a=s3cret"), ("X-Api-Key", "s3cret"),
            ("Referer", "http://shop/?token=s3cret"), ("X-Long", "v" * 2000), ("X-Esc", "\x9b31m")])
        line = tap.line()
        self.assertNotIn("s3cret", json.dumps(line))
        self.assertEqual(line["path"], "/cb")
        self.assertNotIn("page=2", json.dumps(line))
        headers = line["request_headers"]
        self.assertEqual(headers["authorization"], "[redacted]")
        self.assertEqual(headers["x-long"], "v" * 512 + "...")
        self.assertEqual(headers["x-esc"], "\ufffd31m")

    def test_why(self):
        tap = self.tap("?color=red")
        self.out("/", [("x-woad-color", "red")])
        self.assertEqual(tap.line()["why"], "")
        self.out("/dyed")
        self.assertEqual(tap.line()["why"], "color red from a dye rule")
        self.out("/", [("baggage", "woad.color=red")])
        self.assertEqual(tap.line()["why"], "color red from baggage")
        fetch(self.woad.inbound, "GET", "/", [("x-woad-color", "red"), ("x-request-id", "r-1")])
        self.assertEqual(tap.line()["why"], "")
        self.out("/", [("x-request-id", "r-1")])
        line = tap.line()
        self.assertEqual(line["why"], "color red from the inbound request with the same id")
        self.assertEqual((line["ctx_source"], line["request_id"]), ("table", "r-1"))

    def test_requests_that_fail(self):
        tap = self.tap()
        with H1(self.woad.outbound) as client:
            client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nx-request-id: r-7\r\n\r\n")
            client.rest()
        line = tap.line()
        self.assertEqual((line["response_code"], line["error"], line["request_id"]),
                         (400, "bad_request", "r-7"))
        self.out("/", host="nobody")
        self.assertEqual(tap.line()["error"], "no_route")
        with H1(self.woad.outbound) as client:
            client.send(client.head("POST", "/gone", [("Content-Length", "9")], "price") + "x")
            until(lambda: any(r.target == "/gone" for r in self.base.requests))
            client.abort()
        line = tap.line()
        self.assertEqual((line["path"], line["response_code"], line["response_flags"]),
                         ("/gone", 0, "DC"))
        self.assertTrue(line["why"].startswith("closed by downstream: "), line["why"])

    def test_questions_that_make_no_sense(self):
        for query, says in (("?colour=red", '"colour" is unknown'), ("?status=abc", "status"),
                            ("?limit=x", "limit"), ("?path=x", "path"), ("?color=%00", "color"),
                            ("?color=a&color=b", "twice")):
            self.refused(query, 400, says)
            self.refused(query, 400, "status=<503 or 5xx>")
        self.assertEqual(self.woad.get("/tap", "POST")[0], 405)
        self.assertEqual(self.woad.get("/tap", headers={"Host": "evil.example"})[0], 403)
        self.assertEqual(self.woad.get("/tap", headers={"Sec-Fetch-Site": "cross-site"})[0], 403)
        status, text, headers = self.woad.get("/tap", "HEAD")
        self.assertEqual((status, text), (200, ""))
        self.assertEqual(headers["content-type"], "application/x-ndjson")

    def test_four_at_once(self):
        taps = [self.tap() for _ in range(4)]
        self.refused("", 503, "4 taps are open")
        self.out("/1")
        self.assertEqual([tap.line()["path"] for tap in taps], ["/1"] * 4)
        for leave in (H1.close, H1.abort):
            leave(taps.pop().client)
            self.assertTrue(until(lambda: self.joined(taps)))
            self.refused("", 503, "4 taps are open")
        self.out("/2")
        self.assertEqual([tap.line()["path"] for tap in taps], ["/2"] * 4)

    def joined(self, taps):
        tap = self.tap()
        if tap.response.status == 200:
            taps.append(tap)
        return tap.response.status == 200

    def test_a_client_that_goes_is_forgotten(self):
        descriptors = self.woad.descriptors()
        for number in range(40):
            tap = Tap(self.woad)
            self.assertEqual(tap.response.status, 200)
            if number % 3 == 0:
                self.out("/unread")
            tap.close() if number % 2 else tap.client.abort()
            self.assertTrue(until(lambda: self.woad.get("/tap", "HEAD")[0] == 200))
        self.assertTrue(until(lambda: self.woad.descriptors() <= descriptors + 4))

    def test_taps_survive_reloads(self):
        tap = self.tap()
        for number in range(3):
            self.woad.config["version"] = f"v{number}"
            self.woad.reload(self.woad.config)
            self.out(f"/{number}")
            self.assertEqual(tap.line()["path"], f"/{number}")

    def test_the_process_ends_taps(self):
        tap = self.tap()
        self.out("/last")
        self.assertEqual(tap.line()["path"], "/last")
        self.woad.process.terminate()
        self.assertIsNone(tap.line())
        self.assertTrue(tap.client.closed())
        self.assertEqual(self.woad.process.wait(20), 0)

    def test_many_requests(self):
        """Every request is a line or is counted, whoever reads; and no request waits for a tap."""
        each, crowd = 1500, 4
        keen, lazy = self.tap(), self.tap(receive_buffer=4096)
        self.out("/warm")
        before = self.woad.rss_kib()

        def all_of(tap):
            """How many requests came as lines; the others were counted."""
            lines = dropped = 0
            while lines + dropped < each * crowd + 1:
                line = tap.line()
                lines += "path" in line
                dropped += line.get("dropped", 0)
            self.assertEqual(lines + dropped, each * crowd + 1)
            return lines

        def work(number):
            if number == crowd:
                self.assertGreater(all_of(keen), 1000)
                return
            with H1(self.woad.outbound) as client:
                for index in range(each):
                    path = f"/{number}/{index}/" + "x" * 200
                    assert client.request("GET", path, host="price").status == 200

        in_threads(crowd + 1, work)
        if not SANITIZED:
            self.assertLess(self.woad.rss_kib() - before, 8 * 1024)
        # The lazy one finds the oldest lines, and how many are missing.
        lines = all_of(lazy)
        self.assertGreater(lines, 100)
        self.assertLess(lines, each * crowd)
        self.out("/again")
        self.assertEqual(lazy.line()["path"], "/again")
