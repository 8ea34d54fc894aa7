"""Colours through chains and crowds of apps that pass on an id at best."""
import asyncio
import random
import threading

from support.app import KINDS, App, Caller, passed_on
from support.suite import *

TRUSTING = {"trust": {"plaintext": "trust"}}


class Chain(Suite):
    """edge → A → B → C → D: a base and a red build of each, each app beside its own sidecar. Their
    instance colour is off, so what keeps a lane is the table alone."""

    REQUESTS = 10_000 if FULL else 600
    COLORS = {"red": "red", "red.alice": "red", "blue": "base"}  # and the builds they meet

    def start(self, kind):
        self.pods, rows, callee = {}, [], None
        for name in "dcba":
            started = [self.pod(name, build, kind, callee, rows) for build in ("base", "red")]
            rows = [(f"127.0.0.1:{woad.inbound}", labels) for woad, labels in started]
            callee = name
        self.edge = self.sidecar(services={"a": service(*rows)})

    def pod(self, name, build, kind, callee, rows):
        labels = {} if build == "base" else {"color": build}
        app = App(name, build, kind, callee)
        self.addCleanup(app.close)
        woad = self.sidecar(
            app=app.address, node={"service": name, "labels": labels},
            context={"instance_color": False, **TRUSTING},
            services={callee: service(*rows, protocol="http2" if name == "b" else "auto")}
            if callee else {})
        app.caller = Caller(woad.outbound)
        self.pods[name, build] = woad
        return woad, labels

    def drive(self, colors, judge):
        """Each colour in turn, by four HTTP/1.1 and four HTTP/2 clients; its hops are judged."""
        def work(number):
            with CLIENTS[("h1", "h2")[number % 2]](self.edge.outbound) as client:
                for index in range(number, self.REQUESTS, 8):
                    color = colors[index % len(colors)]
                    headers = [("x-woad-color", color)] if color else []
                    got = client.request(headers=headers, host="a")
                    assert got.status == 200, got
                    step, hops = json.loads(got.body), []
                    while step:
                        hops.append((step["service"], step["build"], step["color"]))
                        step = step.get("called")
                    expected = judge(color)
                    assert hops == expected, (color, hops, expected)
        in_threads(8, work)

    def counted(self, name, pods="abcd", **labels):
        return sum(self.pods[key].metrics(name, **labels) for key in self.pods if key[0] in pods)

    def kept(self, kind):
        self.start(kind)
        colors = [*self.COLORS, None]
        self.drive(colors, lambda color: [
            (name, self.COLORS.get(color, "base"), color) for name in "abcd"])
        dyed = sum(1 for n in range(self.REQUESTS) if colors[n % len(colors)])
        self.assertEqual(self.counted("woad_context_total", source="header"), 4 * dyed)
        self.assertEqual(self.counted("woad_context_total", source="table"), 3 * dyed)
        self.assertEqual(self.counted("woad_context_total", "bcd", source="none"),
                         (3 + 2) * (self.REQUESTS - dyed), "the undyed ones, in and out")

    def test_apps_that_forward_traceparent(self):
        self.kept("traceparent")

    def test_apps_that_forward_request_id(self):
        self.kept("x-request-id")

    def test_deaf_apps(self):
        """Nothing leads back to the colour: it ends at the first app, and that is counted."""
        self.start("nothing")
        self.drive(list(self.COLORS), lambda color: [("a", self.COLORS[color], color)] + [
            (name, "base", None) for name in "bcd"])
        unattributed = "woad_context_unattributed_total"
        self.assertEqual(self.counted(unattributed, "a"), self.REQUESTS)
        self.assertEqual(self.counted(unattributed, "bcd"), 0, "nothing was dyed there")


class Crowd(Suite):
    """One pod, fifty colours, ids that are fresh, shared by one colour, or shared by several."""

    REQUESTS = 10_000 if FULL else 2_000
    WAVE = 2_000  # requests under way at once
    COLORS, SHARED = [f"c{n}" for n in range(50)], range(1, 41)

    def setUp(self):
        self.arrived, self.due, self.go = 0, 0, None
        builds = [(self.origin(c).address, {"color": c}) for c in self.COLORS]
        app = self.origin("app", handler=self.serve)
        patient = {"timeout": {"request": "5m"}}
        self.woad = self.sidecar(
            workers=4, context={"correlate": {"linger": "1h"}, **TRUSTING},
            inbound=[{"address": "127.0.0.1:@inbound@", "app": app.address, "mtls": "off",
                      "app_protocol": "http2"}],
            filters={"inbound": ["access_log", "context", patient],
                     "outbound": ["access_log", "context", "color_routing", patient]},
            services={"price": service(self.origin("base").address, *builds, protocol="http1")})
        self.caller = Caller(self.woad.outbound)
        self.addCleanup(app.call, self.caller.close)

    async def serve(self, request):
        """Its path names the kind of app that it is, /traceparent say."""
        self.arrived += 1
        if self.arrived >= self.due and self.go:
            self.go.set()
        if self.go:
            await self.go.wait()
        headers = passed_on(request, KINDS[request.target[1:]])
        status, fields, _ = await self.caller.get("price", headers=headers)
        return Reply(status, [("x-build", fields.get("x-origin", "?"))])

    def make(self, draw, count):
        """(kind of app, colour, trace id, request id). A third of the ids is fresh, a third comes
        with one colour always, a third with any."""
        def drawn(color):
            fresh, own = draw.getrandbits(128), 1000 + self.COLORS.index(color)
            return f"{draw.choice((fresh, own, draw.choice(self.SHARED))):032x}"
        for _ in range(count):
            color = draw.choice(self.COLORS)
            yield draw.choice(list(KINDS)), color, drawn(color), drawn(color)

    def headers(self, color, trace, request_id):
        return [("x-woad-color", color), ("x-request-id", request_id),
                ("traceparent", f"00-{trace}-00f067aa0ba902b7-01")]

    def test_crowds_under_way_at_once(self):
        """All of a wave have arrived before the first goes on, so each has one right answer."""
        draw, colors_of, seen = random.Random(7), {}, {"own": 0, "ambiguous": 0, "deaf": 0}
        for _ in range(self.REQUESTS // self.WAVE):
            wave = list(self.make(draw, self.WAVE))
            for _, color, trace, request_id in wave:
                colors_of.setdefault(("traceparent", trace), set()).add(color)
                colors_of.setdefault(("x-request-id", request_id), set()).add(color)
            self.arrived, self.due, self.go = 0, self.WAVE, asyncio.Event()
            for (kind, color, *ids), build in zip(wave, self.at_once(wave)):
                known = [colors_of[name, i] for name, i in zip(("traceparent", "x-request-id"), ids)
                         if name in KINDS[kind]]
                found = any(len(colors) == 1 for colors in known)
                self.assertEqual(build, color if found else "base", (kind, color, ids))
                seen["own" if found else "ambiguous" if known else "deaf"] += 1
        self.assertTrue(all(count > self.REQUESTS // 20 for count in seen.values()), seen)
        self.assertGreater(self.woad.metrics("woad_context_table_conflicts_total"), 0)
        self.assertEqual(self.woad.metrics("woad_context_unattributed_total"),
                         seen["deaf"] + seen["ambiguous"])

    def at_once(self, wave):
        builds, each = [None] * len(wave), 200  # streams of a client

        def work(number):
            mine = range(number * each, (number + 1) * each)
            with H2(self.woad.inbound) as client:
                streams = [client.open("GET", f"/{wave[i][0]}", self.headers(*wave[i][1:]))
                           for i in mine]
                for index, stream in zip(mine, streams):
                    builds[index] = client.response(stream).get("x-build")
        in_threads(len(wave) // each, work)
        return builds

    def test_crowds_that_come_and_go(self):
        """In any order: its own colour, or base where an id may be ambiguous, never another's."""
        lock, seen = threading.Lock(), {"own": 0, "base": 0, "deaf": 0}

        def may_meet(kind, color, ids):
            known = [i for name, i in zip(("traceparent", "x-request-id"), ids)
                     if name in KINDS[kind]]
            if any(int(i, 16) not in self.SHARED for i in known):
                return (color,)
            return (color, "base") if known else ("base",)

        def work(number):
            with CLIENTS[("h1", "h2")[number % 2]](self.woad.inbound) as client:
                for kind, color, *ids in self.make(random.Random(number), self.REQUESTS // 16):
                    got = client.request("GET", f"/{kind}", self.headers(color, *ids))
                    build = got.get("x-build")
                    assert got.status == 200, got
                    assert build in may_meet(kind, color, ids), (kind, color, ids, build)
                    with lock:
                        seen["own" if build == color else "base" if KINDS[kind] else "deaf"] += 1
        in_threads(16, work)
        self.assertTrue(all(count > self.REQUESTS // 20 for count in seen.values()), seen)
