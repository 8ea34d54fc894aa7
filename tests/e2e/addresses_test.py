"""A name with several addresses: what cannot be connected to is passed over for the next."""
import contextlib
import os
import socket
import socketserver
import subprocess
import tempfile
import threading
import urllib.request

from support.suite import *


class Upper(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())


class Addresses(Suite):
    def setUp(self):
        self.port = free_port()
        if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("LEFT OUT: names of several addresses: unshare -m is not permitted here")

    def sidecar(self, names, *args, **more):
        """`names`: what the machine's hosts file says, for this sidecar alone."""
        folder = tempfile.TemporaryDirectory(prefix="woad-hosts-")
        self.addCleanup(folder.cleanup)
        hosts = os.path.join(folder.name, "hosts")
        with open(hosts, "w", encoding="ascii") as out:
            out.writelines(f"{address} {name}\n" for name, all in names.items() for address in all)
        return super().sidecar(*args, hosts=hosts, **more)

    def at(self, host, name="origin"):
        return self.origin(name, port=self.port, host=host)

    def all_answered(self, port, by, count=12):
        for version in ("h1", "h2"):
            for _ in range(count):
                self.assertEqual(fetch(port, version=version).origin, by)

    def test_outbound(self):
        for host in ("127.0.0.1", "::1", "127.0.0.2"):
            with self.subTest(host), self.at(host, host) as server:
                woad = self.sidecar({"app.test": ["127.0.0.1", "::1", "127.0.0.2"]},
                                    services={"svc": service(f"app.test:{self.port}")})
                self.all_answered(woad.outbound, host)
                shown = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
                hosts = {row["upstream_host"] for row in woad.access_log(24)}
                self.assertEqual(hosts, {shown})
                self.assertEqual(woad.metrics("woad_upstream_attempts_total", result="answered"), 24)
                endpoints = woad.json("/services")["services"][0]["pools"][0]["endpoints"]
                healthy = {e["address"] for e in endpoints if e["healthy"]}
                self.assertIn(shown, healthy)
                self.assertEqual(len(endpoints), 3)
                del server

    def test_inbound(self):
        for host in ("127.0.0.1", "::1"):
            with self.subTest(host), self.at(host, host):
                woad = self.sidecar({"app.test": ["::1", "127.0.0.1"]},
                                    app=f"app.test:{self.port}")
                self.all_answered(woad.inbound, host)

    def test_localhost(self):
        with self.at("127.0.0.1", "v4"):
            woad = self.sidecar({"localhost": ["127.0.0.1", "::1"]}, app=f"localhost:{self.port}",
                                services={"svc": service(f"localhost:{self.port}")})
            self.all_answered(woad.inbound, "v4")
            self.all_answered(woad.outbound, "v4")

    def test_opaque_tcp(self):
        with socketserver.ThreadingTCPServer(("127.0.0.2", self.port), Upper) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.shutdown)
            woad = self.sidecar({"app.test": ["127.0.0.1", "127.0.0.2"]},
                                inbound=[{"address": "127.0.0.1:@inbound@", "mtls": "off",
                                          "protocol": "tcp", "app": f"app.test:{self.port}"}])
            for _ in range(6):
                with contextlib.closing(self.client(woad.inbound)) as client:
                    client.send(b"ping")
                    self.assertEqual(client.exactly(4), b"PING")
            server.shutdown()

    def test_the_server_moves_to_the_other_address(self):
        first = self.at("127.0.0.1", "first")
        woad = self.sidecar({"app.test": ["127.0.0.1", "127.0.0.2"]},
                            services={"svc": service(f"app.test:{self.port}")})
        self.all_answered(woad.outbound, "first")
        first.close()
        self.at("127.0.0.2", "second")
        self.all_answered(woad.outbound, "second")

    def test_nobody_there(self):
        woad = self.sidecar({"app.test": ["127.0.0.1", "::1"]},
                            services={"svc": service(f"app.test:{self.port}")})
        for _ in range(3):
            response = fetch(woad.outbound)
            self.assert_local(response, "connect_failed", 503)
            text = response.body.decode()
            for part in (f"app.test:{self.port}", f"127.0.0.1:{self.port}", f"[::1]:{self.port}",
                         "connection refused"):
                self.assertIn(part, text)
        # It comes up: the very next request is answered.
        self.at("::1", "late")
        self.all_answered(woad.outbound, "late")

    def test_a_silent_address_costs_one_head_start(self):
        """Its queue is full, so the kernel drops what asks for a connection."""
        with socket.socket() as silent, contextlib.ExitStack() as held:
            silent.bind(("127.0.0.1", self.port))
            silent.listen(0)
            for _ in range(4):
                filler = held.enter_context(socket.socket())
                filler.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    filler.connect(("127.0.0.1", self.port))
            self.at("127.0.0.2", "there")
            woad = self.sidecar({"app.test": ["127.0.0.1", "127.0.0.2"]},
                                services={"svc": service(f"app.test:{self.port}")})
            self.all_answered(woad.outbound, "there")

    def test_entries_of_their_own_are_not_each_others(self):
        self.at("127.0.0.1", "one")
        woad = self.sidecar({"x": ["127.0.0.1"]}, services={"svc": service(
            f"127.0.0.1:{self.port}", f"127.0.0.2:{self.port}",
            load_balancing={"policy": "round_robin"},
            filters={"retry": {"attempts": 0}})})
        statuses = [fetch(woad.outbound).status for _ in range(8)]
        self.assertEqual(sorted(set(statuses)), [200, 503])


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


class Beside(Suite):
    """[::] and 0.0.0.0 at one port."""

    def one_each(self, first, second):
        v4, v6 = self.origin("v4"), self.origin("v6")
        port = free_port()
        rows = {"0.0.0.0": {"address": f"0.0.0.0:{port}", "app": v4.address, "mtls": "off"},
                "::": {"address": f"[::]:{port}", "app": v6.address, "mtls": "off"}}
        return port, rows[first], rows[second]

    def ask(self, port):
        answers = {}
        for name, host in (("v4", "127.0.0.1"), ("v6", "::1")):
            with socket.create_connection((host, port), 10) as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                data = b""
                while piece := sock.recv(65536):
                    data += piece
                self.assertIn(b" 200 ", data.split(b"\r\n")[0])
                answers[name] = data
        return answers

    def test_in_one_file(self):
        for order in (("0.0.0.0", "::"), ("::", "0.0.0.0")):
            with self.subTest(order):
                port, first, second = self.one_each(*order)
                self.sidecar(inbound=[first, second])
                self.ask(port)

    def test_by_reload(self):
        for order in (("0.0.0.0", "::"), ("::", "0.0.0.0")):
            with self.subTest(order):
                port, first, second = self.one_each(*order)
                woad = self.sidecar(inbound=[first])
                woad.config["inbound"] = [first, second]
                woad.reload(woad.config)
                self.ask(port)

    def test_in_two_processes(self):
        port, first, second = self.one_each("0.0.0.0", "::")
        self.sidecar(inbound=[first])
        self.sidecar(inbound=[second])
        self.ask(port)

    def test_admin_probes_and_metrics(self):
        port, probes = free_port(), free_port()
        self.sidecar(admin={"address": f"127.0.0.1:{port}", "probes": f"0.0.0.0:{probes}",
                            "metrics": f"[::]:{probes}"}, wait=False)
        for host, path in (("127.0.0.1", "/readyz"), ("[::1]", "/metrics")):
            url = f"http://{host}:{probes}{path}"
            self.assertTrue(until(lambda u=url: answers(u)), url)
