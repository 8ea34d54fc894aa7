"""Names with a final dot, hosts with empty labels, where a redirect leads, and shares."""
import os
import tempfile

from support.suite import *

ROUTES = [
    {"match": {"hosts": ["routed.example."], "path": {"exact": "/r"}}, "to": "price"},
    {"match": {"path": {"prefix": "/s"}}, "redirect": {"scheme": "https"}},
    {"match": {"path": {"exact": "/plain"}}, "redirect": {"scheme": "http"}},
    {"match": {"path": {"exact": "/other"}}, "redirect": {"scheme": "https", "host": "other.:80"}},
    {"match": {"path": {"exact": "/moved"}}, "redirect": {"path": "/x"}}]


class Names(Suite):
    def setUp(self):
        self.price, self.app = self.origin("price"), self.origin("app")

    def woad(self, **more):
        return self.sidecar(app=f"localhost.:{self.app.port}", services={
            "price": service(f"localhost.:{self.price.port}", hosts=["price", "price.shop.", "*.wild."]),
            "dotted.": service(self.price.address)}, routes=ROUTES, **more)

    def test_absolute_names(self):
        """With a final dot, in the file and in requests."""
        woad = self.woad()
        for version in ("h1", "h2"):
            for host in ("price", "price.", "PRICE.:80", "price.shop", "price.shop.", "price.shop.:8080",
                         "a.wild", "a.wild.", "dotted", "dotted.", "Dotted.:1"):
                with self.subTest(host, version=version):
                    got = fetch(woad.outbound, "GET", "/info", host=host, version=version)
                    self.assertEqual((got.status, got.origin), (200, "price"), got)
            for host in ("routed.example", "routed.example.", "routed.example.:80"):
                got = fetch(woad.outbound, "GET", "/r", host=host, version=version)
                self.assertEqual((got.status, got.origin), (200, "price"), (host, got))
            for host in ("anything", "anything.", "127.0.0.1"):
                got = fetch(woad.inbound, "GET", "/info", host=host, version=version)
                self.assertEqual((got.status, got.origin), (200, "app"), (host, got))
            self.assert_local(fetch(woad.outbound, host="wild.", version=version), "no_route", 404)
        with H1(woad.outbound) as client:
            self.assertEqual(client.request("GET", "http://price.:80/info", host="x").origin, "price")
        self.assertEqual(woad.get("/healthz", headers={"Host": f"localhost.:{woad.admin}"})[0], 200)
        code, out, _ = run("explain", "-c", woad.path, "http://price.shop.:80/info")
        self.assertEqual(code, 0)
        self.assertIn("price", out)

    def test_empty_labels(self):
        woad = self.woad()
        hosts = ("admin..price", ".internal", "price..", "..", ".", ".price:80", "price..:80",
                 "a..b.:1")
        for host in hosts:
            for port in (woad.outbound, woad.inbound):
                for version in ("h1", "h2"):
                    with self.subTest(host, version=version):
                        got = fetch(port, "GET", "/info", host=host, version=version)
                        self.assert_local(got, "bad_request", 400)
                with H1(port) as client:
                    got = client.request("GET", f"http://{host}/info", host="price")
                    self.assert_local(got, "bad_request", 400)
                with H1(port) as client:
                    got = client.request("GET", "http://price/info", host=host)
                    self.assert_local(got, "bad_request", 400)
        self.assertEqual(self.price.requests + self.app.requests, [])

    def test_redirects(self):
        woad = self.woad()
        rows = [
            ("shop", "/s", "https://shop/s"), ("shop:80", "/s", "https://shop/s"),
            ("shop:80", "/s?a=b:80", "https://shop/s?a=b:80"), ("shop.:80", "/s", "https://shop./s"),
            ("shop:8080", "/s", "https://shop:8080/s"), ("shop:443", "/s", "https://shop:443/s"),
            ("[::1]:80", "/s", "https://[::1]/s"), ("[::1]", "/s", "https://[::1]/s"),
            ("[::1]:8080", "/s", "https://[::1]:8080/s"),
            ("shop:443", "/plain", "http://shop/plain"), ("shop:80", "/plain", "http://shop:80/plain"),
            ("shop:80", "/other", "https://other.:80/other"), ("shop:80", "/moved", "http://shop:80/x")]
        for version in ("h1", "h2"):
            for host, target, location in rows:
                with self.subTest(host + target, version=version):
                    got = fetch(woad.outbound, "GET", target, host=host, version=version)
                    self.assertEqual((got.status, got.get("location")), (308, location))
        with H1(woad.outbound) as client:
            got = client.request("GET", "http://shop:80/s", host="x")
            self.assertEqual(got.get("location"), "https://shop/s")


class Shares(Suite):
    def test_what_to_write(self):
        def hints(share):
            text = json.dumps({
                "node": {"service": "me"}, "services": {"a": service("127.0.0.1:1")},
                "tracing": {"sample": share}, "dye": [{"set": {"color": "red"}, "percent": share}],
                "routes": [{"to": "a", "mirror": {"service": "a", "percent": share}}],
                "filters": {"outbound": [
                    {"access_log": {"sample": share}}, {"trace": {"sample": share}},
                    {"fault": {"delay": {"percent": share, "for": "1s"},
                               "abort": {"percent": share, "status": 503}}}]}})
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "woad.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                code, out, _ = run("validate", "-c", path, "--format", "json")
            return code, [e["hint"] for e in json.loads(out or "[]")]
        for share, hint in ((5, "write 5%"), (50, "write 50%"), (1.5, "write 1.5%"),
                            ("5 %", "write 5%")):
            self.assertEqual(hints(share), (1, [hint] * 7), share)
        self.assertEqual(hints("5%")[0], 0)
        self.assertEqual(hints(0.2)[0], 0)
