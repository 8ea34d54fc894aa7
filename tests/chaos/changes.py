"""What an operator, a CA and a scheduler do meanwhile."""
import threading
import time

from support.sidecar import until

from world import IDS

POLICIES = ("least_request", "round_robin", "random", "peak_ewma")


class Changes:
    def __init__(self, world, random, done):
        self.world, self.random, self.done = world, random, done
        self.counts, self.findings = {}, []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        deeds = (self.endpoints, self.endpoints, self.same, self.refused, self.leaves, self.roots,
                 self.kill, self.kill, self.drop, self.drop, self.breaker, self.looks, self.level)
        while not self.done.is_set():
            deed = self.random.choice(deeds)
            try:
                deed()
            except Exception as error:  # told at the end, beside what else there is
                self.findings.append(f"{time.strftime('%T')} {deed.__name__}: {error!r}")
            self.counts[deed.__name__] = self.counts.get(deed.__name__, 0) + 1
            time.sleep(self.random.random())

    def endpoints(self):
        raw = self.random.sample(self.world.raw, self.random.randrange(1, 4))
        self.world.reload(services=self.world.services(raw, self.random.choice(POLICIES)))

    def same(self):
        self.world.reload(self.random.choice(list(self.world.pods)))

    def refused(self):
        pod = self.world.pods["cart"]
        pod.reload({**pod.config, "no_such_key": 1})
        assert pod.get("/readyz")[0] == 200
        self.same()

    def leaves(self):
        self.world.ca.issue(*self.random.sample(IDS, 2))

    def roots(self):
        """A root is replaced; each step waits until every sidecar knows of it."""
        ca, pods = self.world.ca, self.world.pods
        for step in (("--new-root",), None, ("--drop-old-roots",)):
            before = self.reloads()
            if step:
                ca.run(*step)
            else:
                ca.issue(*IDS)
            assert until(lambda: all(n > before[p] for p, n in self.reloads().items()), 60), step
        assert all(not pod.json("/certs")["last_error"] for pod in pods.values())

    def reloads(self):
        return {name: pod.metrics("woad_certificate_reloads_total", result="success")
                for name, pod in self.world.pods.items()}

    def kill(self):
        """A wild origin is away for a while, and comes back at its port."""
        at = self.random.randrange(len(self.world.raw))
        gone = self.world.raw[at]
        gone.close()
        time.sleep(self.random.random() * 2)
        self.world.raw[at] = type(gone)(gone.name, gone.random, gone.ledger, gone.port)

    def drop(self):
        """All its connections end at once, idle ones too."""
        self.random.choice((*self.world.raw, self.world.red, self.world.shadow,
                            self.world.apps["wild"])).drop_connections()

    def breaker(self):
        pod = self.world.pods["cart"]
        for state in ("open", "auto"):
            assert pod.get(f"/breaker?service=raw-h1&pool=base&state={state}", "POST")[0] < 300
            time.sleep(self.random.random() / 2)

    def looks(self):
        pod = self.random.choice(list(self.world.pods.values()))
        for path in ("/services", "/metrics", "/config", "/certs", "/explain?url=http://raw-h1/"):
            pod.get(path)
        pod.get("/tap?limit=5") if pod is self.world.pods["cart"] else None

    def level(self):
        pod = self.random.choice(list(self.world.pods.values()))
        for level in ("debug", "info"):
            pod.get(f"/log?level={level}", "POST")
            time.sleep(self.random.random() / 4)
