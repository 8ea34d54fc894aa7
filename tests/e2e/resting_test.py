"""Plaintext clients of HTTP/1 that say nothing for a while: woad keeps little of them, and they notice nothing."""
import signal
import time

from support.suite import *

QUIET = 0.3  # above the time after which woad lets a client rest


class Resting(Suite):
    def setUp(self):
        self.price, self.stock = self.origin("price"), self.origin("stock")

    def woad(self, **more):
        return self.sidecar(app=self.stock.address, services={"price": service(self.price.address)}, **more)

    def clients_of(self, woad, count, direction="outbound"):
        return until(lambda: woad.metrics("woad_client_connections", direction=direction) == count)

    def test_they_go_on_as_before(self):
        """Before the first request, between two, and with a body in pieces."""
        woad = self.woad()
        for port, origin in ((woad.outbound, "price"), (woad.inbound, "stock")):
            with H1(port) as client:
                for number in range(3):
                    time.sleep(QUIET)
                    got = client.request("GET", f"/info?{number}", host="price")
                    self.assertEqual((got.status, got.origin), (200, origin))
                time.sleep(QUIET)
                client.send("POST /echo HTTP/1.1\r\nHost: price\r\nContent-Length: 6\r\n\r\nabc")
                time.sleep(QUIET)  # its request runs
                client.send("def")
                self.assertEqual(client.response().body, b"abcdef")
        rows = woad.access_log(8)
        self.assertEqual({row["response_code"] for row in rows}, {200})
        peers = {row["peer"] for row in rows if row["direction"] == "outbound"}
        self.assertEqual(len(peers), 1, "it is the same client to the log")

    def test_many(self):
        woad = self.woad()
        clients = [self.client(woad.outbound) for _ in range(500)]
        for client in clients[::2]:
            self.assertEqual(client.request("GET", "/", host="price").status, 200)
        time.sleep(QUIET)
        self.assertTrue(self.clients_of(woad, 500))
        for client in clients:
            self.assertEqual(client.request("GET", "/", host="price").status, 200)
        time.sleep(QUIET)
        for client in clients:
            client.close()
        self.assertTrue(self.clients_of(woad, 0))

    def test_idle_timeout(self):
        woad = self.woad(limits={"idle_timeout": "1s"})
        fresh, served = self.client(woad.outbound), self.client(woad.outbound)
        self.assertEqual(served.request("GET", "/", host="price").status, 200)
        self.assertTrue(fresh.closed())
        self.assertTrue(served.closed())
        self.assertTrue(self.clients_of(woad, 0))

    def test_half_a_head_times_out(self):
        woad = self.woad(limits={"header_timeout": "500ms"})
        client = self.client(woad.outbound)
        time.sleep(QUIET)
        client.send("GET / HTTP/1.1\r\nHost: pri")
        self.assertEqual(client.response().status, 408)

    def test_a_reload_holds_for_their_next_request(self):
        woad = self.woad()
        client = self.client(woad.outbound)
        self.assertEqual(client.request("GET", "/", host="price").origin, "price")
        time.sleep(QUIET)
        woad.reload({**woad.config, "services": {"price": service(self.stock.address)}})
        self.assertEqual(client.request("GET", "/", host="price").origin, "stock")

    def test_the_end_of_the_process_ends_them(self):
        for how in ("term", "drain", "listener"):
            with self.subTest(how):
                woad = self.woad()
                clients = [self.client(woad.inbound) for _ in range(3)]
                for client in clients[1:]:
                    self.assertEqual(client.request("GET", "/", host="stock").status, 200)
                time.sleep(QUIET)
                if how == "term":
                    woad.process.send_signal(signal.SIGTERM)
                elif how == "drain":
                    self.assertEqual(woad.get("/drain", "POST")[0], 202)
                else:
                    woad.reload({**woad.config, "inbound": []})
                for client in clients:
                    self.assertTrue(client.closed())
                if how == "term":
                    self.assertEqual(woad.process.wait(30), 0)
                else:
                    self.assertTrue(self.clients_of(woad, 0, "inbound"))

    def test_a_request_of_the_last_moment_is_answered(self):
        """One that rests, while the process drains."""
        woad = self.woad(drain={"delay": "2s", "timeout": "10s"})
        client = self.client(woad.inbound)
        self.assertEqual(client.request("GET", "/", host="stock").status, 200)
        time.sleep(QUIET)
        woad.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: woad.get("/readyz")[0] == 503))
        got = client.request("GET", "/", host="stock")
        self.assertEqual((got.status, got.get("connection")), (200, "close"))
        self.assertEqual(woad.process.wait(30), 0)
