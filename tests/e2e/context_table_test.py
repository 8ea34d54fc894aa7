"""The context table: how long it knows, what it forgets, what it survives, what it says."""
import asyncio
import threading
import urllib.parse

from support.pod import PARENT, TRACE, PodSuite, trusting
from support.suite import *

COLORS = ("red", "blue")


class Table(PodSuite):
    def start(self, **correlate):
        correlate = {"linger": "1h", **correlate}
        return self.pod(("base", *COLORS), context=trusting(correlate=correlate))

    def look(self, request_id):
        status, text, _ = self.woad.get(f"/context?{urllib.parse.urlencode({'id': request_id})}")
        return json.loads(text) if status == 200 else status

    def hold(self, count):
        """So many requests that wait in the app, red and blue in turn; finish() lets them go on."""
        self.gate = asyncio.Event()
        client, before = self.client(self.woad.inbound, "h2"), len(self.app.requests)
        streams = [client.open("GET", ("/x-request-id?hold", "/traceparent?hold")[n // 2 % 2], [
            ("x-woad-color", COLORS[n % 2]), ("x-request-id", f"held-{n}")]) for n in range(count)]
        self.assertTrue(until(lambda: len(self.app.requests) == before + count))

        def finish():
            self.app.call(self.gate.set)
            return [client.response(stream).get("x-build") for stream in streams]
        return finish

    def pass_by(self, prefix, count, kind="x-request-id"):
        """So many requests that come and go, each with an id of its own; the builds they met."""
        builds = []
        with H1(self.woad.inbound) as client:
            for n in range(count):
                got = client.request("GET", f"/{kind}", [
                    ("x-woad-color", COLORS[n % 2]), ("x-request-id", f"{prefix}-{n}")])
                builds.append(got.get("x-build"))
        return builds

    def test_linger(self):
        self.start(linger="300ms")
        finish = self.hold(2)
        said = self.look("held-0")
        self.assertEqual((said["color"], said["active"], said["expires_in_ms"]), ("red", 1, None))
        self.assertEqual(self.woad.metrics("woad_context_table_entries"), 2)
        self.assertEqual(finish(), ["red", "blue"])
        self.assertTrue(until(lambda: self.look("held-0") == 404), "it is forgotten")
        self.outbound([("x-request-id", "held-0")])
        self.assertEqual(self.build, "base")
        self.assertTrue(until(lambda: self.woad.metrics("woad_context_table_entries") == 0))

    def test_late_work(self):
        """An app may answer first and call later: the context lingers."""
        self.start()
        self.inbound([("x-woad-color", "red"), ("x-request-id", "late")])
        self.assertTrue(until(lambda: self.look("late")["active"] == 0))
        self.assertIn(self.look("late")["expires_in_ms"], range(1, 3_600_001))
        self.outbound([("x-request-id", "late")])
        self.assertEqual(self.build, "red")

    def test_running_requests_are_never_forgotten(self):
        self.start(max_entries=32)
        finish = self.hold(24)
        self.assertEqual(self.pass_by("guest", 400), list(COLORS) * 200)
        self.assertLessEqual(self.woad.metrics("woad_context_table_entries"), 32)
        evicted = self.woad.metrics("woad_context_table_evictions_total")
        self.assertEqual(evicted, 24 + 400 - 32)
        self.assertEqual(self.look("guest-0"), 404)
        self.assertEqual(self.look("guest-399")["color"], "blue")
        self.assertEqual(finish(), list(COLORS) * 12)
        self.assertEqual(self.woad.metrics("woad_context_table_full_total"), 0)

    def test_a_table_full_of_running_requests(self):
        """Whoever finds no room is delivered to base, and counted; nobody loses his place."""
        self.start(max_entries=16)
        finish = self.hold(16)
        self.assertEqual(self.pass_by("guest", 50), ["base"] * 50)
        self.assertEqual(self.woad.metrics("woad_context_table_full_total"), 50)
        self.assertEqual(finish(), list(COLORS) * 8)
        self.assertEqual(self.pass_by("next", 10), list(COLORS) * 5, "there is room again")

    def test_reloads_under_load(self):
        woad = self.start()
        finish, done = self.hold(20), threading.Event()
        self.inbound([("x-woad-color", "red"), ("x-request-id", "ended")])

        def work(number):
            if number:
                rounds = 0
                while rounds < 5 or not done.is_set():
                    assert self.pass_by(f"w{number}-{rounds}", 10) == list(COLORS) * 5
                    rounds += 1
                return
            try:
                for version in range(20):
                    woad.reload(dict(woad.config, version=f"v{version}"))
                    assert until(lambda: woad.metrics("woad_config_info", version=f"v{version}"))
            finally:
                done.set()
        in_threads(5, work)
        self.assertEqual(woad.metrics("woad_config_reloads_total", result="success"), 20)
        self.outbound([("x-request-id", "ended")])
        self.assertEqual(self.build, "red")
        self.assertEqual(finish(), list(COLORS) * 10)

    def test_a_reload_changes_the_limits(self):
        woad = self.start()
        self.pass_by("guest", 40)
        self.assertEqual(woad.metrics("woad_context_table_entries"), 40)
        smaller = trusting(correlate={"linger": "1h", "max_entries": 10})
        woad.reload(dict(woad.config, context=smaller))
        self.assertTrue(until(lambda: woad.metrics("woad_context_table_entries") == 10))
        self.assertEqual((self.look("guest-0"), self.look("guest-39")["color"]), (404, "blue"))
        woad.reload(dict(woad.config, context=trusting(correlate={"linger": "0s"})))
        self.assertTrue(until(lambda: woad.metrics("woad_context_table_entries") == 0))

    def test_what_it_says(self):
        woad = self.pod(context=trusting(carry=["x-user-id", "x-api-key"]))
        uuid = "0f9c6a4e-3f86-4bb2-9d8e-7c1c8f6a1d20"
        self.inbound([("x-woad-color", "red"), ("x-woad-tenant", "acme"), ("traceparent", PARENT),
                      ("x-request-id", uuid), ("x-user-id", "7"), ("x-api-key", "secret")])
        for raw in (uuid, TRACE, TRACE.upper(), PARENT, f"{TRACE}-00f067aa0ba902b7-1"):
            with self.subTest(raw):
                said = self.look(raw)
                self.assertEqual((said["id"], said["color"], said["tenant"], said["ambiguous"]),
                                 (raw, "red", "acme", False))
                self.assertEqual([c["name"] for c in said["carried"]], ["x-user-id", "x-api-key"])
                self.assertEqual(said["carried"][0]["value"], "7")
                self.assertNotIn("secret", json.dumps(said))
        self.assertEqual(self.look(TRACE)["request_id"], uuid)
        self.assertEqual(self.look(uuid)["trace_id"], TRACE)
        self.assertEqual((self.look("unknown"), self.look("")), (404, 400))
        self.assertEqual(woad.get("/context")[0], 400)
        self.assertEqual(woad.get(f"/context?id={uuid}", method="POST")[0], 405)
        self.inbound([("x-request-id", uuid)])
        self.assertEqual(self.look(uuid)["ambiguous"], True)
        self.assertNotIn("color", self.look(uuid))

    def test_metrics(self):
        """The names that the contract promises, each with a value that this made."""
        self.start(max_entries=8)
        self.pass_by("a", 10)
        self.pass_by("deaf", 3, "nothing")
        self.inbound([("x-woad-color", "blue"), ("x-request-id", "deaf-0")])
        self.inbound([("x-woad-color", "no no"), ("x-request-id", "other")])
        for name, labels, value in (
                ("woad_context_total", {"source": "header"}, 14),
                ("woad_context_total", {"source": "table"}, 10),
                ("woad_context_total", {"source": "none"}, 4),
                ("woad_context_unattributed_total", {}, 3),
                ("woad_context_table_entries", {}, 8),
                ("woad_context_table_evictions_total", {}, 14 - 8),
                ("woad_context_table_conflicts_total", {}, 1),
                ("woad_context_stripped_total", {"why": "invalid"}, 1)):
            self.assertEqual(self.woad.metrics(name, **labels), value, name)
