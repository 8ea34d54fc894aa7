"""What an outbound request gets back that its app did not pass on: colour, headers, deadline."""
import asyncio

from support.app import Caller, passed_on
from support.pod import PodSuite, trusting
from support.suite import *

SPAN = "00f067aa0ba902b7"


class Context(PodSuite):
    """What an outbound request gets back that its app did not pass on."""

    def test_every_kind_of_id(self):
        self.pod(context=trusting(correlate={
            "linger": "1h",
            "ids": ["traceparent", "b3", "x-b3-traceid", "x-request-id", "x-order-id"]}))
        parent, b3 = ("traceparent", f"00-%s-{SPAN}-01"), ("b3", f"%s-{SPAN}-1")
        multi, request_id = ("x-b3-traceid", "%s"), ("x-request-id", "any text: {%s}")
        order = ("X-Order-Id", "o-%s")
        for number, (given, forwarded) in enumerate((
                ([parent], ("traceparent", f"00-%s-{SPAN[::-1]}-00")), ([parent], b3),
                ([parent], multi), ([b3], multi), ([b3], parent), ([request_id], request_id),
                ([multi, ("x-b3-spanid", SPAN)], parent), ([multi], multi), ([order], order))):
            with self.subTest(forwarded, given=given):
                trace = f"{number + 1:032x}"
                self.inbound([("x-woad-color", "red")] + [
                    (k, v.replace("%s", trace)) for k, v in given])
                name, value = forwarded
                self.outbound([(name, value.replace("%s", "f" * 32))])
                self.assertEqual(self.build, "base", "another id")
                seen = dict(self.outbound([(name, value.replace("%s", trace))]))
                self.assertEqual((self.build, seen["x-woad-color"]), ("red", "red"))

    def test_what_the_app_says_comes_first(self):
        self.pod(("base", "red", "blue"))
        self.inbound([("x-woad-color", "red"), ("x-woad-tenant", "acme"), ("x-request-id", "one")])
        seen = dict(self.outbound([("x-request-id", "one"), ("baggage", "woad.color=blue")]))
        self.assertEqual((self.build, seen["x-woad-color"], seen["x-woad-tenant"]),
                         ("blue", "blue", "acme"))

    def test_an_id_of_two_contexts_leads_to_none(self):
        red = ("x-woad-color", "red")
        for other in ([("x-woad-color", "blue")], [red, ("x-woad-tenant", "t")], []):
            self.pod(("base", "red", "blue"))
            shared = ("x-request-id", "constant")
            self.inbound([red, shared])
            self.outbound([shared])
            self.assertEqual(self.build, "red")
            self.inbound([*other, shared])
            seen = dict(self.outbound([shared]))
            self.assertEqual((self.build, seen.get("x-woad-color")), ("base", None), other)
            self.assertEqual(self.woad.metrics("woad_context_table_conflicts_total"), 1)

    def test_carry(self):
        self.pod(context=trusting(carry=["x-user-id", "x-note"]))
        sent = [("x-woad-color", "red"), ("x-user-id", "7"), ("x-note", "one"), ("X-User-Id", "8")]
        seen = self.inbound(sent, "/x-request-id")
        self.assertEqual([v for k, v in seen if k == "x-user-id"], ["7", "8"])
        self.assertEqual([v for k, v in seen if k == "x-note"], ["one"])
        self.inbound([*sent, ("x-request-id", "id")])
        seen = self.outbound([("x-request-id", "id"), ("x-user-id", "own")])
        self.assertEqual([v for k, v in seen if k == "x-user-id"], ["own"])
        self.assertEqual([v for k, v in seen if k == "x-note"], ["one"])

    def test_carry_has_limits(self):
        """1 KiB a name, 4 KiB and 64 fields a request."""
        names = [f"x-c{n}" for n in range(6)]
        self.pod(context=trusting(carry=names))

        def carried(fields, left_out):
            before = self.woad.metrics("woad_context_unplanted_total")
            seen = self.inbound([("x-woad-color", "red"), *fields], "/x-request-id")
            self.assertEqual(self.build, "red")
            self.assertEqual(self.woad.metrics("woad_context_unplanted_total") - before, left_out)
            return [(k, len(v)) for k, v in seen if k in names]
        self.assertEqual(carried([("x-c0", "v" * 1024)], 0), [("x-c0", 1024)])
        self.assertEqual(carried([("x-c0", "v" * 1025), ("x-c1", "v")], 1), [("x-c1", 1)])
        self.assertEqual(carried([("x-c0", "v" * 600), ("x-c0", "v" * 600), ("x-c0", "v")], 1),
                         [("x-c0", 600), ("x-c0", 1)])
        self.assertEqual(carried([(n, "v" * 1000) for n in names], 2),
                         [(n, 1000) for n in names[:4]])
        self.assertEqual(carried([(names[n % 6], "v") for n in range(70)], 6),
                         [(names[n % 6], 1) for n in range(64)])

    def test_instance_color(self):
        """A pod with a colour keeps deaf requests in it, but undyed ones of known origin base."""
        red = {"service": "cart", "labels": {"color": "red"}}
        self.pod(node=red)
        self.outbound()
        self.assertEqual((self.build, self.sources()["instance"]), ("red", 1))
        for headers, kind, build in (([("x-woad-color", "red.alice")], "nothing", "red"),
                                     ([("x-woad-color", "red.alice")], "traceparent", "red"),
                                     ([], "traceparent", "base"), ([], "x-request-id", "base"),
                                     ([], "nothing", "red"),
                                     ([("x-woad-color", "blue")], "both", "base")):
            self.inbound(headers, f"/{kind}")
            self.assertEqual(self.build, build, (headers, kind))
        self.pod(node=red, context=trusting(instance_color=False))
        self.outbound()
        self.assertEqual((self.build, self.sources()["none"]), ("base", 1))

    def test_infer_unanimous(self):
        """While all inbound requests under way agree, one without ids belongs to them too."""
        self.pod(context=trusting(correlate={"infer_unanimous": True, "linger": "0s"}))
        self.gate = asyncio.Event()

        def arrive(color, number):
            client = self.client(self.woad.inbound)
            client.start("GET", "/nothing?hold", [("x-woad-color", color)] if color else [])
            self.assertTrue(until(lambda: len(self.app.requests) == number))
            return client
        first = [arrive("red", 1), arrive("red", 2)]
        self.outbound()
        self.assertEqual((self.build, self.sources()["inferred"]), ("red", 1))
        for color in ("blue", ""):
            number = len(self.app.requests) + 1
            other = arrive(color, number)
            self.outbound()
            self.assertEqual(self.build, "base", f"{color} beside red")
            other.abort()
            self.assertTrue(until(lambda: self.outbound() and self.build == "red"))
        self.app.call(self.gate.set)
        self.assertEqual([c.response().get("x-build") for c in first], ["red", "red"])
        self.assertTrue(until(lambda: self.outbound() and self.build == "base"))

    def test_deadline(self):
        """The inbound request's limit is that of what it makes a deaf app ask for."""
        self.pod(filters={"inbound": ["context", "timeout"], "outbound": [
            "context", "color_routing", {"timeout": {"request": "1h"}}]})
        for kind, limits in (("x-request-id", range(1, 60_001)), ("traceparent", range(1, 60_001)),
                             ("nothing", range(60_001, 3_600_001))):
            seen = dict(self.inbound([("x-woad-timeout-ms", "60000"), ("x-woad-color", "red")],
                                     f"/{kind}"))
            self.assertIn(int(seen["x-woad-timeout-ms"]), limits, kind)

    def test_deadline_ends_what_hangs(self):
        """The app's own call is answered in time; which of the two ends first is nobody's matter."""
        answers, never = [], asyncio.Event()

        async def hang(_):
            await never.wait()
            return Reply()

        async def serve(request):
            async def call():
                answers.append(await caller.get("hung", "/", passed_on(request, ["x-request-id"])))
            await asyncio.shield(asyncio.ensure_future(call()))
            return Reply()
        hung, app = self.origin("hung", handler=hang), self.origin("app", handler=serve)
        woad = self.sidecar(app=app.address, context=trusting(), services={
            "hung": service(hung.address, filters={"timeout": {"request": "1h"}})})
        caller = Caller(woad.outbound)
        self.addCleanup(app.call, caller.close)
        fetch(woad.inbound, headers=[("x-woad-color", "red"), ("x-woad-timeout-ms", "1500")])
        self.assertTrue(until(lambda: answers))
        status, fields, _ = answers[0]
        self.assertEqual((status, fields["x-woad-error"]), (504, "timeout"))
