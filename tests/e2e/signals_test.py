"""How the process ends."""
import asyncio
import os
import signal
import threading

from support.suite import *


class Signals(Suite):
    def started(self, **more):
        self.server = self.origin()
        return self.sidecar(app=self.server.address, services={"svc": service(self.server.address)},
                            **more)

    def ended(self, woad):
        return woad.process.wait(20)

    def test_term_when_idle(self):
        for which in (signal.SIGTERM, signal.SIGINT):
            woad = self.started()
            fetch(woad.outbound)
            woad.process.send_signal(which)
            self.assertEqual(self.ended(woad), 0)

    def test_no_process_is_left(self):
        woad = self.started(workers=2)
        with open(f"/proc/{woad.process.pid}/task/{woad.process.pid}/children", encoding="ascii") as file:
            self.assertEqual(file.read(), "")
        woad.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(woad), 0)
        self.assertFalse(os.path.exists(f"/proc/{woad.process.pid}"))

    def test_requests_under_way_are_finished(self):
        gates = []

        async def handler(request):
            gate = asyncio.Event()
            gates.append(gate)
            await asyncio.wait_for(gate.wait(), 15)
            return Reply(body=b"finished")
        woad = self.started(drain={"delay": "0s", "timeout": "15s"})
        self.server.handler = handler
        answers = []
        threads = [threading.Thread(daemon=True, target=lambda p=port, v=version: answers.append(
            fetch(p, version=v))) for port in (woad.outbound, woad.inbound) for version in ("h1", "h2")]
        for thread in threads:
            thread.start()
        self.assertTrue(until(lambda: len(gates) == 4))
        woad.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
        for gate in gates:
            self.server.call(gate.set)
        for thread in threads:
            thread.join(15)
        self.assertEqual([a.body for a in answers], [b"finished"] * 4)
        self.assertEqual(self.ended(woad), 0)

    def test_drain_announces_itself(self):
        woad = self.started(drain={"delay": "2s", "timeout": "10s"})
        keep = self.client(woad.inbound)
        self.assertEqual(keep.request().get("connection"), None)
        h2 = self.client(woad.inbound, "h2")
        h2.request()
        woad.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
        got = keep.request()
        self.assertEqual((got.status, (got.get("connection") or "").lower()), (200, "close"))
        with self.assertRaises(Closed):
            while True:
                h2.pump()
        self.assertEqual(h2.h2.goaway, 0)
        self.assertEqual(self.ended(woad), 0)

    def test_new_connections_are_taken_while_draining(self):
        woad = self.started(drain={"delay": "2s", "timeout": "10s"})
        woad.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
        self.assertEqual(fetch(woad.inbound).status, 200)
        self.assertEqual(fetch(woad.outbound).status, 200)
        self.assertEqual(self.ended(woad), 0)

    def test_drain_timeout(self):
        async def never(request):
            await asyncio.sleep(3600)
        woad = self.started(drain={"delay": "0s", "timeout": "1s"})
        self.server.handler = never
        client = self.client(woad.outbound)
        client.start()
        self.assertTrue(until(lambda: self.server.requests))
        woad.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(woad), 0)

    def test_second_signal(self):
        async def never(request):
            await asyncio.sleep(3600)
        self.server = self.origin(handler=never)
        woad = Sidecar(services={"svc": service(self.server.address)},
                       drain={"delay": "10s", "timeout": "20s"})
        self.addCleanup(lambda: woad.stop(check=False))
        client = self.client(woad.outbound)
        client.start()
        self.assertTrue(until(lambda: self.server.requests))
        woad.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
        woad.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(woad), 1)
