"""Few descriptors and many clients: what is there is served, the rest waits, admin answers."""
import asyncio
import os
import socket

from support.suite import *

TICKS = os.sysconf("SC_CLK_TCK")


class Descriptors(Suite):
    def crowd(self, port, count=1000):
        """Connects them all; none is refused, for those without room wait in the kernel."""
        clients = []
        self.addCleanup(lambda: [client.close() for client in clients])
        for _ in range(count):
            clients.append(socket.create_connection(("127.0.0.1", port), 10))
        return clients

    def cpu_ticks(self, woad):
        with open(f"/proc/{woad.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def crowded(self, which):
        server = self.origin()
        woad = self.sidecar(app=server.address, services={"svc": service(server.address)},
                            descriptors=256)
        port = getattr(woad, which)
        clients = self.crowd(port)
        self.assertTrue(until(lambda: woad.descriptors() > 100))
        for path in ("/readyz", "/config/status", "/services", "/metrics"):
            self.assertEqual(woad.get(path)[0], 200)
        return woad, port, clients

    def test_admin_answers_and_service_comes_back(self):
        for which in ("inbound", "outbound"):
            with self.subTest(which):
                woad, port, clients = self.crowded(which)
                self.assertLess(woad.descriptors(), 256)
                for client in clients:
                    client.close()
                for version in ("h1", "h2"):
                    self.assertEqual(fetch(port, version=version).status, 200)
                woad.reload()

    def test_waiting_costs_next_to_nothing(self):
        woad, _, _ = self.crowded("outbound")
        switches, before = self.switches(woad), self.cpu_ticks(woad)
        self.assertFalse(until(lambda: self.cpu_ticks(woad) - before > TICKS // 4, 3))
        # Two workers look for room ten times a second.
        self.assertLess(self.switches(woad) - switches, 600)

    def switches(self, woad):
        total = 0
        for task in os.listdir(f"/proc/{woad.process.pid}/task"):
            with open(f"/proc/{woad.process.pid}/task/{task}/status", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
        return total

    def test_those_inside_are_served_and_those_outside_wait_their_turn(self):
        woad, port, clients = self.crowded("outbound")
        request = b"GET / HTTP/1.1\r\nhost: svc\r\n\r\n"
        for client in clients:
            client.setblocking(False)
            client.send(request)

        def answered():
            return sum(1 for client in clients if self.has_answer(client))
        self.assertTrue(until(lambda: answered() > 50))
        while clients:  # as some go, others come in, until all have been answered
            done = [client for client in clients if self.has_answer(client)]
            for client in done:
                self.assertTrue(client.recv(65536).startswith(b"HTTP/1.1 200 "))
                client.close()
                clients.remove(client)
            if not done:
                self.assertTrue(until(lambda: answered() > 0), f"{len(clients)} are left")
        self.assertEqual(woad.metrics("woad_requests_total", code_class="2xx"), 1000)

    def has_answer(self, client):
        try:
            return len(client.recv(1, socket.MSG_PEEK)) == 1
        except BlockingIOError:
            return False

    def test_no_descriptor_for_an_upstream_is_said(self):
        async def never(_):
            await asyncio.sleep(60)

        server = self.origin(handler=never)
        woad = self.sidecar(services={"svc": service(server.address, protocol="http1")},
                            descriptors=64)
        # One client with more requests than the process may have connections.
        client = self.client(woad.outbound, "h2")
        streams = [client.open() for _ in range(60)]
        while not client.ended:
            client.pump()
        response = client.responses[min(client.ended)]
        self.assert_local(response, "connect_failed", 503)
        self.assertIn(b"no file descriptor is left", response.body)
        self.assertIn("error=connection_limit_reached", response.get("proxy-status"))
        self.assertLess(len(client.ended), len(streams))
        self.assertEqual(woad.get("/readyz")[0], 200)
        # That was no fault of the address.
        endpoint, = woad.json("/services")["services"][0]["pools"][0]["endpoints"]
        self.assertTrue(endpoint["healthy"])
