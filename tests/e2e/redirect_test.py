"""redirect: true, in real network namespaces: pods whose apps know nothing of a sidecar."""
import os
import signal
import subprocess
import sys
import unittest

from support import namespaces, pods
from support.certs import DNS, Ca, Spec, issue, spiffe
from support.suite import *

PROBLEM = namespaces.why_not()

# What an app does: connects, says something or waits, and tells what it heard.
TALK = """
import socket, sys
host, port, say, pause = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), float(sys.argv[4])
s = socket.create_connection((host, port), 30)
s.settimeout(30)
heard = b""
if not say or pause:
    heard = s.recv(100)
s.sendall(say or b"hello")
s.shutdown(socket.SHUT_WR)
while data := s.recv(65536):
    heard += data
sys.stdout.write(heard.decode("latin-1"))
"""
TLS_TALK = """
import socket, ssl, sys
context = ssl._create_unverified_context()
s = context.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2])), 30),
                        server_hostname=sys.argv[3])
s.sendall(b"hello")
sys.stdout.write(s.recv(100).decode() + " " + context.__class__.__name__)
"""


def listeners(port, loopback=False, **more):
    hosts = ("127.0.0.1", "[::1]") if loopback else ("0.0.0.0", "[::]")
    return [{"address": f"{host}:{port}", "redirect": True, **more} for host in hosts]


def sidecar_config(service, services=(), mtls="off", app="127.0.0.1", unmatched="passthrough", **more):
    return {"node": {"service": service},
            "inbound": listeners(15006, app=app, mtls=mtls),
            "outbound": listeners(15001, loopback=True, unmatched=unmatched),
            "services": dict(services), "drain": {"delay": "0s", "timeout": "5s"}, **more}


@unittest.skipIf(PROBLEM, PROBLEM)
class Redirected(Suite):
    """cart calls price, which has a sidecar, and out, which has none."""

    def setUp(self):
        self.network = pods.Pods()
        self.addCleanup(self.network.close)

    def pod(self, name, *apps):
        pod = self.network.pod(name)
        if apps:
            pod.app(*apps)
        return pod

    def mesh(self, pod, config, *options):
        code, _, err = pod.redirect(*options)
        self.assertEqual(code, 0, err)
        pod.sidecar(config)

    def talk(self, pod, host, port, say="", pause=0):
        got = pod.run(sys.executable, "-c", TALK, host, str(port), say, str(pause))
        self.assertEqual(got.returncode, 0, got.stderr)
        return got.stdout

    def identity(self, pod, root):
        """Certificates for the pod's sidecar, readable by it."""
        chain = issue(Spec(uris=(spiffe(pod.name),)), root)
        folder = os.path.join(pod.folder, "tls")
        os.makedirs(folder, exist_ok=True)
        files = chain.write(folder, bundle=[root])
        for name in os.listdir(folder):
            os.chmod(os.path.join(folder, name), 0o644)
        return files

    def test_every_kind_arrives_where_it_meant_to(self):
        cart = self.pod("cart", "http=8080")
        price = self.pod("price", "http=8080", "http=9090", "greet=3306", "echo=7000")
        out = self.pod("out", "http=8080", "greet=3306", "echo=7000")
        self.mesh(price, sidecar_config("price"))
        self.mesh(cart, sidecar_config("cart", {
            "price": {"endpoints": [{"address": f"{price.v4}:8080"}]}}))
        with self.subTest("by name, through both sidecars"):
            status, _, body = cart.curl("http://price:8080/x", "-H", "x-woad-color: red")
            self.assertEqual(status, 200)
            seen = json.loads(body)
            self.assertEqual(seen["headers"]["x-woad-hops"], "2")
            self.assertEqual(price.access_log(direction="inbound")[0]["service"], "price")
        with self.subTest("another port of its app, by IP and IPv6"):
            for url in (f"http://{price.v4}:9090/", f"http://[{price.v6}]:9090/"):
                status, _, body = cart.curl("-g", url)
                self.assertEqual(status, 200, body)
                self.assertEqual(json.loads(body)["local"], "::ffff:127.0.0.1")
        with self.subTest("no sidecar there: untouched"):
            for host in (out.v4, f"[{out.v6}]"):
                status, _, body = cart.curl("-g", f"http://{host}:8080/y", "-H", "x-woad-color: red")
                seen = json.loads(body)["headers"]
                self.assertEqual(status, 200)
                self.assertNotIn("x-woad-color", seen)
                self.assertNotIn("x-woad-hops", seen)
            self.assertEqual({row["service"] for row in cart.access_log(1, authority=f"{out.v4}:8080")},
                             {"passthrough"})
            metrics = cart.admin("/metrics")[1]
            self.assertRegex(metrics, r'woad_requests_total{[^}]*service="passthrough"')
            self.assertRegex(metrics, r'woad_upstream_connections{service="passthrough",')
        with self.subTest("HTTP/2 stays HTTP/2"):
            got = cart.run("curl", "-sS", "--http2-prior-knowledge", "-o", "/dev/null", "-w",
                           "%{http_code} %{http_version}", "http://price:8080/")
            self.assertEqual(got.stdout, "200 2", got.stderr)
        for host in (out.v4, out.v6, price.v4, price.v6):
            with self.subTest("the server speaks first", host=host):
                self.assertEqual(self.talk(cart, host, 3306), "5.7.0 ready for you\nHELLO")
            with self.subTest("the client speaks first, and it is no HTTP", host=host):
                self.assertEqual(self.talk(cart, host, 7000, "\1bytes"), "\1BYTES")
        row = cart.access_log(protocol="tcp", upstream_host=f"{out.v4}:3306")[0]
        self.assertEqual((row["bytes_sent"], row["bytes_received"]), (25, 5))
        with self.subTest("the app's call of its own pod"):
            status, _, body = cart.curl(f"http://{cart.v4}:8080/me")
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body)["headers"]["x-woad-hops"], "2")
            self.assertTrue(cart.access_log(direction="inbound"))
        with self.subTest("nobody there"):
            self.assertEqual(cart.curl(f"http://{out.v4}:9/")[0], 503)
            got = cart.run(sys.executable, "-c", TALK, out.v4, "9", "", "0")
            self.assertIn("ConnectionResetError", got.stderr)
        for pod in (cart, price):
            self.assertEqual(pod.stop_sidecar(), 0, pod.stderr())
            self.assertEqual(pod.redirect("--remove")[0], 0)
        self.assertEqual(cart.curl("http://price:8080/")[0], 200)

    def test_strict_pods(self):
        root = Ca("root")
        cart, price = self.pod("cart"), self.pod("price", "http=8080", "greet=3306", "echo=7000")
        out = self.pod("out")
        self.mesh(price, sidecar_config("price", mtls="strict", tls=self.identity(price, root)))
        self.mesh(cart, sidecar_config("cart", {
            "price": {"endpoints": [{"address": f"{price.v4}:8080"}]},
            "db": {"protocol": "tcp", "endpoints": [{"address": f"{price.v4}:3306"}]},
            "echo": {"protocol": "tcp", "endpoints": [{"address": f"{price.v4}:7000"}]},
            "greets": {"endpoints": [{"address": f"[{price.v6}]:3306"}]},
            "echoes": {"endpoints": [{"address": f"[{price.v6}]:7000"}]},
        }, tls=self.identity(cart, root)))
        for url in ("http://price:8080/", f"http://{price.v4}:8080/"):
            with self.subTest(url):
                status, _, body = cart.curl(url)
                self.assertEqual(status, 200)
                self.assertIn(f"URI={spiffe('cart')}", json.loads(body)["headers"]["x-forwarded-client-cert"])
        with self.subTest("opaque bytes travel in mTLS, whoever speaks first"):
            self.assertEqual(self.talk(cart, price.v4, 3306), "5.7.0 ready for you\nHELLO")
            self.assertEqual(self.talk(cart, price.v4, 7000, "\1bytes"), "\1BYTES")
            self.assertEqual({row["peer"] for row in price.access_log(2, protocol="tcp")},
                             {spiffe("cart")})
        with self.subTest("also to an endpoint of a service that may speak HTTP"):
            self.assertEqual(self.talk(cart, price.v6, 3306), "5.7.0 ready for you\nHELLO")
            self.assertEqual(self.talk(cart, price.v6, 7000, "\1bytes"), "\1BYTES")
            self.assertEqual({row["service"] for row in cart.access_log(4, protocol="tcp")},
                             {"db", "echo", "greets", "echoes"})
        with self.subTest("plaintext is told so, or closed"):
            self.assertEqual(out.curl(f"http://{price.v4}:8080/")[0], 403)
            got = out.run(sys.executable, "-c", TALK, price.v4, "7000", "\1bytes", "0")
            self.assertNotIn("BYTES", got.stdout)
            got = out.run(sys.executable, "-c", TALK, price.v4, "3306", "", "0")
            self.assertNotIn("5.7.0", got.stdout)

    def test_the_app_calls_its_own_pod(self):
        """By addresses that no service claims: to its own inbound listener, as the pod itself."""
        root = Ca("root")
        cart, out = self.pod("cart", "http=8080", "greet=3306", "echo=7000"), self.pod("out")
        tls = self.identity(cart, root)
        code, _, err = cart.redirect("--exclude-inbound-ports", "9100")
        self.assertEqual(code, 0, err)
        cart.app("http=9100")
        authorization = {"authorization": {"rules": [
            {"name": "myself", "action": "allow", "match": {"principals": [spiffe("cart")]}}]}}
        chain = {"inbound": ["access_log", "peer_identity", authorization, "context", "trace", "timeout"]}
        for mtls, unmatched in (("strict", "passthrough"), ("permissive", "passthrough"), ("strict", "reject")):
            config = sidecar_config("cart", mtls=mtls, unmatched=unmatched, tls=tls, filters=chain)
            cart.sidecar(config)
            for host in (cart.v4, f"[{cart.v6}]"):
                for version, said in (("--http1.1", "1.1"), ("--http2-prior-knowledge", "2")):
                    with self.subTest("HTTP", mtls=mtls, unmatched=unmatched, host=host, version=version):
                        got = cart.run("curl", "-gsS", version, "-w", "\n%{http_code} %{http_version}",
                                       f"http://{host}:8080/me", "-H", "x-woad-color: red")
                        body, _, status = got.stdout.rpartition("\n")
                        self.assertEqual(status, f"200 {said}", got)
                        headers = json.loads(body)["headers"]
                        self.assertEqual(headers["x-woad-hops"], "2")
                        self.assertIn(f"URI={spiffe('cart')}", headers["x-forwarded-client-cert"])
            for host in (cart.v4, cart.v6):
                with self.subTest("opaque", mtls=mtls, unmatched=unmatched, host=host):
                    self.assertEqual(self.talk(cart, host, 7000, "\1bytes"), "\1BYTES")
                    if unmatched == "passthrough":
                        self.assertEqual(self.talk(cart, host, 3306), "5.7.0 ready for you\nHELLO")
            with self.subTest("a port that nobody's calls are redirected from", mtls=mtls):
                status, _, body = cart.curl(f"http://{cart.v4}:9100/")
                self.assertEqual(status, 200)
                self.assertNotIn("x-woad-hops", json.loads(body)["headers"])
            with self.subTest("a stranger", mtls=mtls):
                self.assertEqual(out.curl(f"http://{cart.v4}:8080/")[0], 403)
            rows = cart.access_log(1, direction="outbound", path="/me")
            self.assertEqual({row["service"] for row in rows}, {"cart"})
            rows = cart.access_log(1, direction="inbound", protocol="tcp")
            self.assertEqual({row["peer"] for row in rows}, {spiffe("cart")})
            self.assertEqual(cart.stop_sidecar(), 0, cart.stderr())

    def test_tls_of_the_app(self):
        root = Ca("root")
        cart, out, db = self.pod("cart"), self.network.pod("out"), self.network.pod("db")
        for pod in (out, db):
            files = issue(Spec(uris=(), names=((DNS, pod.name),)), root).write(pod.folder, bundle=[root])
            pem = os.path.join(pod.folder, "both.pem")
            with open(pem, "w", encoding="utf-8") as both:
                for kind in ("certificate", "key"):
                    with open(files[kind], encoding="utf-8") as part:
                        both.write(part.read())
            os.chmod(pem, 0o644)
            pod.app(f"tls=8443:{pem}")
        self.mesh(cart, sidecar_config("cart", {
            "db": {"protocol": "tcp", "hosts": ["db.example"],
                   "endpoints": [{"address": f"{db.v4}:8443"}]}}))
        for host, name, goes_to in ((out.v4, "out", out.v4), (out.v4, "db.example", db.v4)):
            with self.subTest(name):
                got = cart.run(sys.executable, "-c", TLS_TALK, host, "8443", name)
                self.assertTrue(got.stdout.startswith("HELLO"), got.stderr)
                row = cart.access_log(protocol="tcp", upstream_host=f"{goes_to}:8443")[0]
                self.assertEqual(row["service"], "db" if goes_to == db.v4 else "passthrough")

    def test_reject(self):
        cart, out = self.pod("cart"), self.pod("out", "http=8080", "greet=3306", "echo=7000")
        self.mesh(cart, sidecar_config("cart", {
            "known": {"endpoints": [{"address": f"{out.v4}:8080"}]}}, unmatched="reject"))
        self.assertEqual(cart.curl(f"http://{out.v4}:8080/")[0], 200)
        self.assertEqual(cart.curl("http://known/", "--connect-to", f"known:80:{out.v4}:8080")[0], 200)
        status, headers, _ = cart.curl(f"http://{out.v4}:7000/")
        self.assertEqual((status, headers.get("x-woad-error")), (404, "no_route"))
        got = cart.run(sys.executable, "-c", TALK, out.v4, "7000", "\1bytes", "0")
        self.assertNotIn("BYTES", got.stdout)

    def test_http_to_an_address_of_bytes(self):
        """Who says `protocol: tcp` has its bytes relayed, HTTP or not, by its own `tls`."""
        root = Ca("root")
        cart, price = self.pod("cart"), self.pod("price", "http=8080")
        self.mesh(price, sidecar_config("price", mtls="strict", tls=self.identity(price, root)))
        self.mesh(cart, sidecar_config("cart", {
            "db": {"protocol": "tcp", "tls": {"mode": "mtls"}, "endpoints": [{"address": f"{price.v4}:8080"}]},
            "price": {"endpoints": [{"address": f"{price.v4}:9999"}]}}, tls=self.identity(cart, root)))
        for words in ((f"http://{price.v4}:8080/x",), ("--http2-prior-knowledge", f"http://{price.v4}:8080/x"),
                      ("http://price:8080/x",)):
            with self.subTest(words):
                self.assertEqual(cart.curl(*words)[0], 200)
                self.assertEqual(cart.access_log(1, protocol="tcp")[-1]["service"], "db")

    def test_a_refusal_is_a_reset_whoever_speaks_first(self):
        cart, price, out = self.pod("cart"), self.pod("price"), self.pod("out")
        self.mesh(price, sidecar_config("price"))
        self.mesh(cart, sidecar_config("cart", {"db": {"protocol": "tcp", "endpoints": [
            {"address": f"{price.v4}:7001"}]}}))
        ask = ("import socket,sys\n"
               "s=socket.create_connection((sys.argv[1],int(sys.argv[2])),20)\n"
               "s.sendall(sys.argv[3].encode())\n"
               "try: print('end', s.recv(9))\n"
               "except ConnectionResetError: print('reset')\n")
        for what, host, port in (("outside", out.v4, "7000"), ("a service", price.v4, "7001"),
                                 ("the app of the other pod", price.v6, "7002")):
            for said in ("", "\1bytes"):
                with self.subTest(what, said=said):
                    self.assertEqual(cart.run(sys.executable, "-c", ask, host, port, said).stdout, "reset\n")

    def test_link_local_addresses_are_left_alone(self):
        cart = self.pod("cart", "http=8080")
        self.mesh(cart, sidecar_config("cart"))
        cart.root("ip", "address", "add", "fe80::77/64", "dev", "eth0", "nodad")
        status, _, body = cart.curl("-g", "http://[fe80::77%25eth0]:8080/")
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["peer"], "fe80::77")

    def test_no_loops(self):
        cart, out = self.pod("cart", "http=8080"), self.pod("out")
        self.mesh(cart, sidecar_config("cart", {
            "me": {"endpoints": [{"address": f"{cart.v4}:8080"}]}}))
        with self.subTest("balancing chooses this very pod"):
            status, _, body = cart.curl("http://me/", "--connect-to", "me:80:127.0.0.1:15001")
            self.assertEqual(status, 200, body)
            self.assertEqual(json.loads(body)["headers"]["x-woad-hops"], "2")
        with self.subTest("listeners addressed explicitly"):
            self.assertEqual(cart.curl("http://127.0.0.1:15001/")[0], 404)
            self.assertEqual(cart.curl("http://127.0.0.1:15006/")[0], 404)
            self.assertEqual(out.curl(f"http://{cart.v4}:15006/")[0], 404)
        with self.subTest("woad's own ports, from another pod"):
            for port in (15000, 15001):
                self.assertNotEqual(out.curl(f"http://{cart.v4}:{port}/")[0], 200)
        rows = cart.access_log(1, authority="127.0.0.1:15001")
        self.assertEqual(len(rows), 1)

    def test_a_stranger_does_not_speak_by_the_pods_identity(self):
        root = Ca("root")
        cart, price, out = self.pod("cart"), self.pod("price", "http=8080", "greet=3306"), self.pod("out")
        self.mesh(price, sidecar_config("price", mtls="strict", tls=self.identity(price, root)))
        config = sidecar_config("cart", {
            "price": {"endpoints": [{"address": f"{price.v4}:8080"}]},
            "db": {"protocol": "tcp", "endpoints": [{"address": f"{price.v4}:3306"}]}},
            tls=self.identity(cart, root))
        config["outbound"] = listeners(15001, unmatched="passthrough")
        self.mesh(cart, config)
        for host in (cart.v4, f"[{cart.v6}]"):
            with self.subTest(host):
                own = cart.curl("-g", f"http://{host}:15001/", "-H", "Host: price")
                self.assertEqual(own[0], 200)
                status, headers, _ = out.curl("-g", f"http://{host}:15001/", "-H", "Host: price")
                self.assertEqual((status, headers.get("x-woad-error")), (403, "denied"))
                got = out.run("curl", "-sS", "-g", "-p", "-x", f"http://{host}:15001", "telnet://db:3306")
                self.assertNotIn("5.7.0", got.stdout)

    def test_a_pod_without_ipv6(self):
        cart, out = self.pod("cart"), self.pod("out", "http=8080")
        cart.set("ipv6.conf.all.disable_ipv6=1", "ipv6.conf.lo.disable_ipv6=1")
        config = sidecar_config("cart")
        config["outbound"] = [{"address": f"{host}:15001", "redirect": True} for host in ("127.0.0.1", "[::1]")]
        config["admin"] = {"probes": "[::]:15021"}
        self.mesh(cart, config)
        self.assertEqual(cart.curl(f"http://{out.v4}:8080/")[0], 200)
        self.assertEqual(out.curl(f"http://{cart.v4}:15021/readyz")[0], 200)
        self.assertIn("there is no IPv6 here", cart.stderr())

    def test_app_at_the_pods_address_alone(self):
        cart, price = self.pod("cart", "http=8080"), self.network.pod("price")
        price.app(f"at={price.v4}", "http=8080", "greet=3306", f"at={price.v6}", "http=8080")
        self.mesh(price, sidecar_config("price", app="original"))
        for host in (price.v4, f"[{price.v6}]"):
            status, _, body = cart.curl("-g", f"http://{host}:8080/")
            self.assertEqual(status, 200, body)
            self.assertEqual(json.loads(body)["local"], host.strip("[]"))
        self.assertEqual(self.talk(cart, price.v4, 3306), "5.7.0 ready for you\nHELLO")
        self.assertEqual(len(price.access_log(3, direction="inbound")), 3)

    def test_drain_under_load(self):
        """SIGTERM: nothing is lost inbound, and the app's own calls work until the sidecar is gone."""
        cart, price = self.pod("cart"), self.pod("price", "http=8080")
        out = self.pod("out", "http=8080")
        config = sidecar_config("price")
        config["drain"] = {"delay": "2s", "timeout": "20s"}
        self.mesh(price, config)
        load = ("import http.client,sys,time\n"
                "end=time.time()+float(sys.argv[2]); n=0\n"
                "while time.time()<end:\n"
                " c=http.client.HTTPConnection(sys.argv[1],8080,timeout=20)\n"
                " for _ in range(20):\n"
                "  c.request('GET','/'); r=c.getresponse(); r.read(); assert r.status==200, r.status\n"
                "  n+=1\n"
                "  if r.will_close: break\n"
                " c.close()\n"
                "print(n)\n")
        inbound = cart.popen(sys.executable, "-c", load, price.v4, "1.5", stdout=subprocess.PIPE)
        outbound = price.popen(sys.executable, "-c", load, out.v4, "1.5", stdout=subprocess.PIPE)
        until(lambda: len(price.access_log(20)) >= 20)
        price.woad.send_signal(signal.SIGTERM)
        for process in (inbound, outbound):
            self.assertEqual(process.wait(60), 0)
            self.assertGreater(int(process.stdout.read()), 20)
        self.assertEqual(price.woad.wait(60), 0, price.stderr())

    def test_long_and_large(self):
        cart, out = self.pod("cart"), self.pod("out", "echo=7000")
        self.mesh(cart, sidecar_config("cart"))
        transfer = ("import socket,sys,threading\n"
                    "s=socket.create_connection((sys.argv[1],7000),30); n=32<<20\n"
                    "def send():\n s.sendall(b'\\1'+b'a'*(n-1)); s.shutdown(1)\n"
                    "threading.Thread(target=send).start(); got=0\n"
                    "while d:=s.recv(1<<20): got+=len(d)\n"
                    "print(got)\n")
        got = cart.run(sys.executable, "-c", transfer, out.v4, timeout=120)
        self.assertEqual(got.stdout.strip(), str(32 << 20), got.stderr)
