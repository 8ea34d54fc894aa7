"""Clients that behave well, and judge what they get: right, or visibly failed."""
import threading
import time

from support.client import H1, H2, Closed

from answers import body_of, receipt_of

SIZES = (0, 1, 100, 3000, 20_000, 70_000, 400_000)


class Route:
    """Where a client calls: `port` and host; `steady`: nothing may fail there."""

    def __init__(self, name, port, host, steady, tls=None, color=None):
        self.name, self.port, self.host, self.steady = name, port, host, steady
        self.tls, self.color = tls, color


class WellBehaved:
    def __init__(self, route, version, random, ledger, done):
        self.route, self.version, self.random, self.ledger = route, version, random, ledger
        self.name = f"{version} {route.name}"
        self.done, self.findings = done, []
        self.right = self.failed = self.cut = self.late = 0
        self.serial = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            self.work()
        except Exception as error:  # of the test itself
            self.find(repr(error))

    def work(self):
        while not self.done.is_set():
            try:
                client = (H2 if self.version == "h2" else H1)(
                    self.route.port, tls=self.route.tls and self.route.tls())
            except OSError as error:
                self.find(f"connect: {error!r}")
                time.sleep(0.1)
                continue
            with client:
                self.use(client, self.random.randrange(1, 200))

    def use(self, client, most):
        for _ in range(most):
            if self.done.is_set():
                return
            if not self.one(client):
                return
            time.sleep(self.random.random() / 50)

    def find(self, what):
        if len(self.findings) < 20:
            self.findings.append(f"{time.strftime('%T')} {self.name}: {what}")

    def one(self, client):
        """Whether the connection may be used again."""
        self.serial += 1
        number = f"{self.name}/{self.serial}".replace(" ", "-")
        method = "POST" if self.random.random() < 0.3 else "GET"
        target = f"/{self.random.choice(SIZES)}/{self.serial}"
        headers = [("x-chaos-id", number)]
        if self.route.color:
            headers.append(("x-woad-color", self.route.color))
        body, wanted = None, body_of(target)
        if method == "POST":
            body = body_of(f"/{self.random.choice(SIZES)}/{self.serial}")
            wanted = receipt_of(body)
            if self.version == "h1" and self.random.random() < 0.5:
                body = [body[at:at + 10_000] for at in range(0, len(body), 10_000)]
        what = f"{method} {target} {number}"
        try:
            started = client.start(method, target, headers, body, host=self.route.host)
            if self.random.random() < 0.05:
                time.sleep(self.random.random())  # a slow reader
            got = client.response(started) if self.version == "h2" else client.response(method)
        except TimeoutError:
            self.find(f"{what}: no answer within a minute")
            return False
        except (Closed, OSError) as error:
            return self.on_cut(what, repr(error), client)
        if got.reset is not None:
            return self.on_cut(what, f"reset {got.reset}", client)
        self.judge(what, method, number, got, wanted)
        return not self.ends(client, got)

    def ends(self, client, got):
        if self.version == "h2":
            return client.h2.goaway is not None
        return (got.get("connection") or "").lower() == "close"

    def on_cut(self, what, how, client):
        """The answer did not come whole, and it shows. With the end announced, it is no news."""
        self.cut += 1
        if self.route.steady and not (self.version == "h2" and client.h2.goaway is not None):
            self.find(f"{what}: cut: {how}")
        return False

    def too_slow(self, got):
        """A dial has a second for its handshake, which an overloaded machine may not have; so many of
        them open the breaker."""
        timed_out = "connection_timeout" in (got.get("proxy-status") or "")
        return timed_out or got.error == "timeout" or (got.error == "circuit_open" and self.late > 0)

    def judge(self, what, method, number, got, wanted):
        if got.status == 200 and bytes(got.body) == wanted:
            self.right += 1
            if method == "POST" and self.ledger.of(number) != 1:
                self.find(f"{what}: answered, and executed {self.ledger.of(number)} times")
            red = (got.origin or "").endswith("red")
            if self.route.color and self.route.steady and not (red or got.origin == "cart"):
                self.find(f"{what}: a red request was served by {got.origin}")
        elif got.status == 200:
            self.find(f"{what}: a whole answer that is wrong: {len(got.body)} bytes of {len(wanted)}")
        elif self.route.steady and self.too_slow(got):
            self.late += 1
        elif self.route.steady:
            self.find(f"{what}: {got.status} {got.error} {got.body[:300]!r}")
        elif got.error or got.get("x-status") == str(got.status):
            self.failed += 1
        else:
            self.find(f"{what}: {got.status} that nobody gave: {got.headers}")
