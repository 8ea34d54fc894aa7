"""The mesh: `cart` calls `steady` (a base and a red pod, healthy), `wild` (a pod whose app is wild) and
`raw` (wild origins without a sidecar). Its own app calls `steady`, and passes on no colour. mTLS between
the pods; a part of what goes to `steady` is mirrored to `shadow`."""
import ssl

from support.app import Caller, passed_on
from support.certs import spiffe
from support.mesh import Issuer
from support.mtls import mtls_service
from support.origin import Origin, Reply
from support.sidecar import Sidecar

from answers import Ledger, right_answer
from wild import WildOrigin

PODS = ("cart", "steady", "steady-red", "wild")
IDS = (*PODS, "caller")
# What is steady is not to fail for a slow machine; what is wild stalls.
SHORT, LONG = {"request": "2s", "idle": "2s"}, {"request": "30s", "idle": "30s"}


class World:
    def __init__(self, seed_of, ledger):
        self.ledger, self.serial = ledger, 0
        self.ca = Issuer()
        self.ca.issue(*IDS)
        self.apps = {name: self.honest(name) for name in ("steady", "steady-red")}
        self.apps["cart"] = Origin("cart", self.call_steady)
        self.apps["wild"] = WildOrigin("wild", seed_of("wild"), ledger)
        self.raw = [WildOrigin(f"raw-{n}", seed_of(f"raw-{n}"), ledger) for n in range(3)]
        self.red = WildOrigin("raw-red", seed_of("raw-red"), ledger)
        self.shadow = WildOrigin("shadow", seed_of("shadow"), Ledger())
        self.pods = {name: self.pod(name, name) for name in PODS[1:]}
        self.pods["cart"] = self.pod("cart", "cart", services=self.services(), routes=[
            {"match": {"hosts": [host]}, "to": host, "mirror": {"service": "shadow", "percent": "20%"}}
            for host in ("steady-h1", "steady-h2")])
        self.sidecars = list(self.pods.values())

    def honest(self, name, port=None):
        async def serve(request):
            body = await request.read()
            honest.requests.clear()
            return Reply(body=right_answer(request, body, self.ledger))
        honest = Origin(name, serve, port)
        return honest

    async def call_steady(self, request):
        body = await request.read()
        self.apps["cart"].requests.clear()
        if request.method == "POST":
            return Reply(body=right_answer(request, body, self.ledger))
        caller = Caller(self.pods["cart"].outbound)
        headers = passed_on(request, ("traceparent", "x-request-id"))
        status, fields, body = await caller.get("steady-h2", request.target, headers)
        caller.close()
        return Reply(status, [("x-origin", fields.get("x-origin", ""))], body)

    def pod(self, name, app, **more):
        color = {"labels": {"color": "red"}} if name.endswith("-red") else {}
        log = {"access_log": {"path": "/dev/null"}}
        timeout = {"timeout": SHORT if name == "wild" else LONG}
        return Sidecar(
            node={"service": name, "instance": name, **color}, tls=self.ca.tls(name),
            workers=2, app=self.apps[app].address,
            inbound=[{"address": "127.0.0.1:@inbound@", "app": self.apps[app].address,
                      "mtls": "off" if name == "cart" else "strict"}],
            context={"trust": {"plaintext": "trust", "identities": [spiffe("*")]},
                     "correlate": {"linger": "1s"}},
            limits={"header_timeout": "2s" if name == "wild" else "10s", "idle_timeout": "20s"},
            filters={"inbound": [log, "peer_identity", "authorization", "context", "trace",
                                 "rate_limit", timeout],
                     "outbound": [log, "context", "trace", "fault", "color_routing", "rate_limit",
                                  timeout, "retry", "circuit_breaker"]}, **more)

    def services(self, raw=None, policy="least_request"):
        """raw: which of the wild origins are in the file."""
        to = {name: f"127.0.0.1:{pod.inbound}" for name, pod in self.pods.items()}
        raw = self.raw if raw is None else raw
        made = {}
        for protocol, word in (("h1", "http1"), ("h2", "http2")):
            balancing = {"protocol": word, "load_balancing": {"policy": policy}}
            made[f"steady-{protocol}"] = mtls_service(
                to["steady"], (to["steady-red"], {"color": "red"}), **balancing)
            balancing["filters"] = {"timeout": SHORT}
            made[f"wild-{protocol}"] = mtls_service(to["wild"], **balancing)
            made["shadow"] = mtls_service(self.shadow.address, mode="off")
            made[f"raw-{protocol}"] = mtls_service(
                *[o.address for o in raw], (self.red.address, {"color": "red"}), mode="off", **balancing)
        return made

    def reload(self, name="cart", **changes):
        self.serial += 1
        pod = self.pods[name]
        pod.config.update(changes, version=str(self.serial))
        pod.reload(pod.config)

    def client_context(self, alpn=()):
        """Of a caller that is no sidecar, with its files as they are now."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        files = self.ca.tls("caller")
        while True:
            try:
                context.load_cert_chain(files["certificate"], files["key"])
                break
            except ssl.SSLError:  # read between the two being replaced
                pass
        context.load_verify_locations(files["trust_bundle"])
        context.set_alpn_protocols(list(alpn))
        return context

    def close(self):
        for origin in (*self.apps.values(), *self.raw, self.red, self.shadow):
            origin.close()
        self.ca.close()
