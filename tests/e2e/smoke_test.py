"""A little of everything, for the builds with sanitizers: two workers, all protocol pairs, reloads,
broken origins, a tunnel, an upload cut short."""
from support.suite import *


class Smoke(Suite):
    def test_everything_a_little(self):
        base, red = self.origin("base"), self.origin("red")
        woad = self.sidecar(workers=2, app=base.address, context={
            "trust": {"plaintext": "trust"}, "carry": ["x-user-id"],
            "correlate": {"linger": "1h"}}, services={
            "h1": service(base.address, (red.address, {"color": "red"}), protocol="http1"),
            "h2": service(base.address, (red.address, {"color": "red"}), protocol="http2"),
            "dead": service(f"127.0.0.1:{free_port()}")})

        def work(number):
            version = ("h1", "h2")[number % 2]
            with CLIENTS[version](woad.outbound) as client:
                for index in range(30):
                    host = ("h1", "h2")[index % 2]
                    dyed = [("x-woad-color", "red")] if index % 3 == 0 else []
                    got = client.request("POST", "/", dyed, b"x" * (index * 777), host=host)
                    assert got.status == 200 and len(got.body) == index * 777, got
                    assert got.origin == ("red" if dyed else "base"), got
            assert fetch(woad.outbound, "GET", "/", host="dead", version=version).status == 503
            for index, color in enumerate(("red", "blue", "", "red")):  # each with an id of its own
                context = [("x-woad-color", color), ("x-user-id", "7"), ("baggage", "a=b")]
                request_id = ("x-request-id", f"{number}-{index}")
                got = fetch(woad.inbound, "GET", "/", [*context, request_id], version=version)
                assert got.status == 200, got
                got = fetch(woad.outbound, "GET", "/", [request_id], host="h2", version=version)
                assert got.origin == ("red" if color == "red" else "base"), (color, got)
            with CLIENTS[version](woad.outbound) as client:  # leaves in the middle of an upload
                if version == "h1":
                    client.send(client.head("POST", "/", [("Content-Length", "99999")], "h2") + "x")
                else:
                    stream = client.open("POST", "/", host="h1", end=False)
                    client.h2.data(stream, b"x")
                    client.flush()

        def reloads(_):
            for number in range(10):
                woad.config["version"] = str(number)
                woad.reload(woad.config)

        in_threads(7, lambda n: reloads(n) if n == 6 else work(n))
        self.assertEqual(base.errors + red.errors, [])
        for path in ("/metrics", "/config", "/services", "/", "/explain?url=http://h1/",
                     "/context?id=0-0"):
            self.assertEqual(woad.get(path)[0], 200, path)
