"""gRPC: passed on over HTTP/2 with its trailers; the sidecar's own errors are trailers-only."""
from support.suite import *

GRPC = [("content-type", "application/grpc"), ("te", "trailers")]
MESSAGE = b"\0\0\0\0\5hello"


async def handler(request):
    if request.target == "/svc/Early":
        return Reply(headers=[("content-type", "application/grpc"), ("grpc-status", "5")], chunked=True,
                     body=b"", trailers=None)

    async def body():
        async for piece in request.stream():
            yield piece
    return Reply(headers=[("content-type", "application/grpc")], body=body(),
                 trailers=[("grpc-status", "0"), ("grpc-message", "")])


class Grpc(Suite):
    def setUp(self):
        self.server = self.origin(handler=handler)
        self.woad = self.sidecar(app=self.server.address, services={
            "svc": service(self.server.address),
            "dead": service(f"127.0.0.1:{free_port()}"),
            "empty": service(),
            "slow": service(self.server.address, filters={"timeout": {"request": "1s"}}),
            "limited": service(self.server.address,
                               filters={"rate_limit": {"rate": "1/s", "burst": 1}})})

    def call(self, host, port=None, headers=GRPC, target="/svc/Echo"):
        return fetch(port or self.woad.outbound, "POST", target, headers, [MESSAGE], host=host,
                     version="h2")

    def test_goes_upstream_as_http2_by_itself(self):
        for port in (self.woad.outbound, self.woad.inbound):
            got = self.call("svc", port)
            self.assertEqual((got.status, got.body, got.trailer("grpc-status")), (200, MESSAGE, "0"))
            self.assertEqual(self.server.requests[-1].version, "HTTP/2")
            self.assertEqual(self.server.requests[-1].get("te"), "trailers")

    def test_bidirectional_stream(self):
        with H2(self.woad.outbound) as client:
            stream = client.open("POST", "/svc/Chat", GRPC, host="svc", end=False)
            for count in range(1, 21):
                client.h2.data(stream, MESSAGE)
                client.flush()
                while len(client.responses[stream].body) < count * len(MESSAGE):
                    client.pump()
            client.h2.data(stream, b"", end=True)
            client.flush()
            self.assertEqual(client.response(stream).trailer("grpc-status"), "0")

    def trailers_only(self, got, status, code):
        self.assertEqual((got.status, got.body, got.trailers), (200, b"", []), got)
        self.assertEqual((got.get("grpc-status"), got.error), (str(status), code))
        self.assertTrue(got.get("content-type").startswith("application/grpc"))
        self.assertGreater(len(got.get("grpc-message")), 10)
        self.assertIn("woad; error=", got.get("proxy-status"))

    def test_own_errors(self):
        for kind in ("application/grpc", "application/grpc+proto"):
            headers = [("content-type", kind), ("te", "trailers")]
            for host, status, code in (("nobody", 12, "no_route"), ("empty", 14, "no_endpoint"),
                                       ("dead", 14, "connect_failed")):
                self.trailers_only(self.call(host, headers=headers), status, code)

    def test_rate_limited(self):
        answers = [self.call("limited") for _ in range(5)]
        self.trailers_only(next(a for a in answers if a.error), 8, "rate_limited")

    def test_deadline(self):
        """grpc-timeout is the limit; without one there is none."""
        import asyncio

        async def never(request):
            await asyncio.sleep(3600)
        self.server.handler = never
        self.trailers_only(self.call("svc", headers=GRPC + [("grpc-timeout", "300m")]), 4, "timeout")
        self.assertTrue(self.server.requests[-1].get("grpc-timeout"))

    def test_no_grpc_stays_http1(self):
        fetch(self.woad.outbound, "POST", "/", [("content-type", "text/plain")], b"x", host="svc",
              version="h2")
        self.assertEqual(self.server.requests[-1].version, "HTTP/1.1")
