"""One pod: a sidecar beside an app, and the service `price` in several builds that it may call."""
from .app import KINDS, Caller, passed_on
from .suite import Reply, Suite, echo, fetch, json, service

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def trusting(**more):
    """`context:` settings; the linger is such that nothing is forgotten while a test runs."""
    return {"trust": {"plaintext": "trust"}, "correlate": {"linger": "1h"}, **more}


class PodSuite(Suite):
    """Its app calls `price` when the path names a kind of app, "/traceparent" say; with "?hold"
    once `gate` is set. It echoes anything else."""

    def pod(self, prices=("base", "red"), **more):
        self.prices = {name: self.origin(name) for name in prices}
        self.app, self.gate = self.origin("app", handler=self.serve), None
        rows = [(o.address, {} if name == "base" else {"color": name})
                for name, o in self.prices.items()]
        more.setdefault("context", trusting())
        services = {"price": service(*rows), **more.pop("services", {})}
        self.woad = self.sidecar(app=self.app.address, services=services, **more)
        self.caller = Caller(self.woad.outbound)
        self.addCleanup(self.app.call, self.caller.close)
        return self.woad

    async def serve(self, request):
        kind, _, hold = request.target[1:].partition("?")
        if kind not in KINDS:
            return await echo(request)
        if hold:
            await self.gate.wait()
        names = KINDS[kind]
        status, fields, body = await self.caller.get("price", "/info", passed_on(request, names))
        return Reply(status, [("x-build", fields.get("x-origin", ""))], body)

    def inbound(self, headers=(), target="/info", version="h1"):
        """What the app saw, or what the price service saw: [(name in lower case, value)]."""
        got = fetch(self.woad.inbound, "GET", target, headers, version=version)
        self.assertEqual(got.status, 200, got)
        self.build = got.get("x-build")
        return [(k.lower(), v) for k, v in json.loads(got.body)["headers"]]

    def outbound(self, headers=(), target="/info", host="price", version="h1"):
        got = fetch(self.woad.outbound, "GET", target, headers, host=host, version=version)
        self.assertEqual(got.status, 200, got)
        self.build = got.origin
        return [(k.lower(), v) for k, v in json.loads(got.body)["headers"]]

    def sources(self):
        names = ("header", "baggage", "tracestate", "table", "inferred", "dye", "instance", "none")
        return {n: self.woad.metrics("woad_context_total", source=n) for n in names}
