"""retry along a chain: the tries of several hops do not multiply at the last one, which fails."""
import time

from support.app import App, Caller
from support.suite import *

HOPS = 3  # sidecars that call: the caller's, a's and b's
SHARE, FLOOR = 0.2, 3 * 10  # retry.budget's defaults: of the requests, and a sidecar in its 10 s
ONLY_RETRY = {"outbound": ["access_log", "context", "color_routing", "timeout", "retry"]}


class Failing(Suite):
    """caller → a → b → c. Everything fails with 503, c at 100 %."""

    def setUp(self):
        async def fail(_):
            return Reply(503)
        self.last = self.origin("c", handler=fail)
        self.clients, self.seconds = 8, 4 if SANITIZED else 8

    def woad(self, callee, address, **more):
        return self.sidecar(services={callee: service(address, hosts=["*"])}, **more)

    def bare(self, **more):
        """Sidecars alone, one behind the other."""
        address, self.chain = self.last.address, []
        for callee in "cba":
            self.chain.insert(0, self.woad(callee, address, **more))
            address = f"127.0.0.1:{self.chain[0].outbound}"

    def pods(self, kind, **more):
        """An app each for a and b, which passes on of its headers what its kind does."""
        address, callee, self.chain = self.last.address, "c", []
        for name in "ba":
            app = App(name, name, kind, callee)
            self.addCleanup(app.close)
            woad = self.woad(callee, address, app=app.address, **more)
            app.caller = Caller(woad.outbound)
            self.chain.insert(0, woad)
            address, callee = f"127.0.0.1:{woad.inbound}", name
        self.chain.insert(0, self.woad("a", address, **more))

    def drive(self):
        """How many requests the caller sent."""
        end, sent = time.monotonic() + self.seconds, []

        def work(number):
            with CLIENTS[("h1", "h2")[number % 2]](self.chain[0].outbound) as client:
                while time.monotonic() < end:
                    self.assertEqual(client.request("GET", "/", host="a").status, 503)
                    sent.append(number)
        in_threads(self.clients, work)
        return len(sent)

    def judge(self):
        began = time.monotonic()
        requests, tries = self.drive(), len(self.last.requests)
        windows = 1 + (time.monotonic() - began) // 10
        most = (1 + SHARE) * requests + HOPS * FLOOR * windows
        retried = [woad.metrics("woad_retries_total", result="sent") for woad in self.chain]
        self.assertLessEqual(tries, most, (requests, retried))
        return requests, tries, retried

    def judge_budget(self):
        requests, tries, retried = self.judge()
        self.assertGreater(tries, requests, retried)
        self.assertEqual(tries, requests + sum(retried), "each is counted where it was made")
        self.assertGreater(sum(w.metrics("woad_retries_total", result="no_budget") for w in self.chain), 0)

    def test_sidecars_alone(self):
        self.bare(filters=ONLY_RETRY)
        self.judge_budget()

    def test_apps_that_pass_on_an_id(self):
        self.pods("x-request-id", filters=ONLY_RETRY)
        self.judge_budget()

    def test_default_settings(self):
        """Breakers open, too, so that hardly any request gets there."""
        for start in (self.bare, lambda: self.pods("x-request-id"), lambda: self.pods("nothing")):
            self.last.requests.clear()
            start()
            requests, tries, _ = self.judge()
            self.assertLess(tries, requests)
