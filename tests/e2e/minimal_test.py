"""The smallest useful file of config/reference.md, with curl, in both addressings."""
import subprocess

from support.suite import *

FILE = """\
node: { service: cart }
admin: { address: 127.0.0.1:@admin@ }
inbound:
  - { address: 127.0.0.1:@inbound@, app: %s, mtls: off }
outbound:
  - { address: 127.0.0.1:@outbound@ }
services:
  price:
    endpoints:
      - { address: %s }
      - { address: %s, labels: { color: red } }
"""


def curl(*args):
    done = subprocess.run(["curl", "-sS", "--max-time", "10", "--noproxy", "", *args],
                          capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


class Minimal(Suite):
    @classmethod
    def setUpClass(cls):
        def whoami(name):
            return lambda request: Reply(body=json.dumps(
                {"who": name, "color": request.get("x-woad-color"), "host": request.authority,
                 "target": request.target}).encode())
        cls.origins = [Origin(n, handler=whoami(n)) for n in ("app", "base", "red")]
        cls.woad = Sidecar(text=FILE % tuple(o.address for o in cls.origins))

    @classmethod
    def tearDownClass(cls):
        cls.woad.stop()
        for origin in cls.origins:
            origin.close()

    def outcomes(self, *args):
        for color, who in ((None, "base"), ("red", "red"), ("blue", "base"), ("red.alice", "red"),
                           ("RED", "red")):
            dye = ["-H", f"x-woad-color: {color}"] if color else []
            got = curl(*dye, *args)
            self.assertEqual(got["who"], who, (color, args))
            self.assertEqual((got["color"] or "").lower(), color.lower() if color else "")
            self.assertEqual(got["target"], "/a?b=c")
            self.assertEqual(got["host"], "price")

    def test_as_a_proxy(self):
        self.outcomes("-x", f"http://127.0.0.1:{self.woad.outbound}", "http://price/a?b=c")

    def test_by_host(self):
        self.outcomes("-H", "Host: price", f"http://127.0.0.1:{self.woad.outbound}/a?b=c")

    def test_by_host_over_h2c(self):
        self.outcomes("--http2-prior-knowledge", "-H", "Host: price",
                      f"http://127.0.0.1:{self.woad.outbound}/a?b=c")

    def test_host_with_port_case_and_dot(self):
        for host in ("PRICE", "price:80", "price.", "Price.:8080"):
            self.assertEqual(fetch(self.woad.outbound, host=host).status, 200, host)

    def test_inbound(self):
        for version in ("h1", "h2"):
            got = fetch(self.woad.inbound, host="whatever", version=version)
            self.assertEqual(json.loads(got.body)["who"], "app")

    def test_unknown_host(self):
        for version in ("h1", "h2"):
            self.assert_local(fetch(self.woad.outbound, host="nobody", version=version),
                              "no_route", 404)

    def test_the_environment_names_the_pod(self):
        text = "admin: { address: 127.0.0.1:@admin@ }\noutbound: [ { address: 127.0.0.1:@outbound@ } ]\n"
        woad = self.sidecar(text=text, env={"WOAD_SERVICE": "cart", "WOAD_LABELS": "color=red"})
        self.assert_local(fetch(woad.outbound, host="nobody"), "no_route", 404)
        code, _, told = run("validate", "-c", woad.path, env={"WOAD_LABELS": "color"})
        self.assertEqual(code, 1)
        self.assertIn("node: is required and missing", told)
        self.assertIn("WOAD_LABELS", told)
