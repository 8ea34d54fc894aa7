"""Upgrades become a tunnel after a 101 that names them, and not before."""
import asyncio

from support.suite import *

WEBSOCKET = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
             ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]


async def parrot(reader, writer, first):
    """The far end of a tunnel: says hello, then repeats in capitals until the other side ends."""
    writer.write(b"hello ")
    data = first or await reader.read(65536)
    while data:
        writer.write(data.upper())
        await writer.drain()
        data = await reader.read(65536)


async def handler(request):
    if request.target == "/ws":
        return Reply(101, [("Connection", "Upgrade"), ("Upgrade", request.get("upgrade"))],
                     tunnel=parrot)
    if request.target == "/other":
        return Reply(101, [("Connection", "Upgrade"), ("Upgrade", "else")], tunnel=parrot)
    if request.target == "/unasked":
        return Reply(101, [], tunnel=parrot)
    return await echo(request)


class Upgrade(Suite):
    def setUp(self):
        self.server = self.origin(handler=handler)
        self.woad = self.sidecar(app=self.server.address,
                                 services={"svc": service(self.server.address, protocol="http1")})

    def open(self, port=None, target="/ws", headers=WEBSOCKET, behind=""):
        client = self.client(port or self.woad.outbound)
        client.send(client.head("GET", target, headers) + behind)
        return client

    def test_websocket_both_ways(self):
        for port in (self.woad.outbound, self.woad.inbound):
            client = self.open(port)
            got = client.response()
            self.assertEqual((got.status, got.get("upgrade").lower()), (101, "websocket"))
            self.assertEqual(client.exactly(6), b"hello ")
            for _ in range(20):
                client.send(b"ping" * 1000)
                self.assertEqual(client.exactly(4000), b"PING" * 1000)
            client.close()

    def test_large_transfer(self):
        client = self.open()
        client.response()
        client.exactly(6)
        data = b"a" * 100_000
        for _ in range(20):
            client.send(data)
            self.assertEqual(client.exactly(len(data)), data.upper())

    def test_half_close(self):
        client = self.open()
        client.response()
        client.exactly(6)
        client.send(b"bye")
        client.sock.shutdown(1)
        self.assertEqual(client.rest(), b"BYE")

    def test_origin_is_told_of_the_end(self):
        ended = asyncio.Event()

        async def listen(reader, writer, first):
            writer.write(b"x")
            while await reader.read(100):
                pass
            ended.set()

        async def listener(request):
            return Reply(101, [("Connection", "Upgrade"), ("Upgrade", "websocket")], tunnel=listen)
        self.server.handler = listener
        client = self.open()
        client.response()
        client.exactly(1)
        client.close()
        self.assertTrue(until(ended.is_set))

    def test_early_bytes_wait_for_the_101(self):
        client = self.open(behind="early")
        self.assertEqual(client.response().status, 101)
        self.assertEqual(sorted(client.exactly(11)), sorted(b"hello EARLY"))

    def test_refused_upgrade_is_an_answer(self):
        client = self.open(target="/bytes/3")
        got = client.response()
        self.assertEqual((got.status, got.body), (200, b"xxx"))

    def test_wrong_101(self):
        for target in ("/other",):
            self.assert_local(self.open(target=target).response(), "bad_upstream_response", 502)
        client = self.open(target="/unasked", headers=[])
        self.assert_local(client.response(), "bad_upstream_response", 502)

    def test_dropped_upgrades(self):
        for name in ("h2c", "HTTP/2.0", "TLS/1.2"):
            client = self.open(target="/info", headers=[("Connection", "Upgrade"), ("Upgrade", name)])
            seen = dict((k.lower(), v) for k, v in json.loads(client.response().body)["headers"])
            self.assertNotIn("upgrade", seen, name)
        client = self.open(target="/info", headers=WEBSOCKET[:2] + [("Content-Length", "2")], behind="ab")
        seen = dict((k.lower(), v) for k, v in json.loads(client.response().body)["headers"])
        self.assertNotIn("upgrade", seen, "with a body")
        client = self.open(target="/info", headers=[("Upgrade", "websocket")])
        seen = dict((k.lower(), v) for k, v in json.loads(client.response().body)["headers"])
        self.assertNotIn("upgrade", seen, "not named by Connection")

    def test_other_upgrades_pass(self):
        client = self.open(headers=[("Connection", "upgrade"), ("Upgrade", "my-protocol")])
        got = client.response()
        self.assertEqual((got.status, got.get("upgrade")), (101, "my-protocol"))

    def test_of_a_list_the_rest_is_asked_for(self):
        client = self.open(headers=[("Connection", "upgrade"), ("Upgrade", "h2c, my-protocol")])
        got = client.response()
        self.assertEqual((got.status, got.get("upgrade")), (101, "my-protocol"))

    def test_a_reload_does_not_cut_it(self):
        client = self.open()
        client.response()
        client.exactly(6)
        for number in range(5):
            self.woad.config["version"] = str(number)
            self.woad.reload(self.woad.config)
            client.send(b"still")
            self.assertEqual(client.exactly(5), b"STILL")
