#!/usr/bin/env python3
"""CPU time a request of redirected pods beside explicit addressing: two pods, a sidecar in each, in
network namespaces. Counted are both sidecars, the kernel's work on their behalf included.

All pairs of pods keep their connections, and one after another is let run for a moment, in random
order, so that what else happens on the machine happens to all of them. A ratio is the median of those
of neighbouring moments. The second explicit pair tells how far two figures of the same thing lie
apart. Needs root.
    pods.py [--binary build/release/woad] [--seconds 120]
"""
import argparse
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
CONNECTIONS = 64
MOMENT, SETTLING = 0.03, 0.01  # seconds
# Those of the peer benchmark's sidecar: all that run by default but the access log.
FILTERS = {
    "inbound": ["peer_identity", "authorization", "context", "trace", "rate_limit", "timeout"],
    "outbound": ["context", "trace", "fault", "color_routing", "rate_limit", "timeout", "retry", "circuit_breaker"]}


def cpu_ns(process):
    total = 0
    for task in os.listdir(f"/proc/{process.pid}/task"):
        with open(f"/proc/{process.pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def segments_sent(process):
    """By TCP in the namespace of `process`."""
    with open(f"/proc/{process.pid}/net/snmp", encoding="ascii") as file:
        names, values = (line.split() for line in file if line.startswith("Tcp:"))
    return int(dict(zip(names, values))["OutSegs"])


class Pair:
    """cart calls price; `redirected`: by its plain name; `rules`: those of woad redirect stand in both
    pods, so that the kernel tracks connections. Stopped but in moment()."""

    def __init__(self, network, origin, name, redirected, rules):
        self.cart, self.price = network.pod(f"cart-{name}"), network.pod(f"price-{name}")
        self.redirected = redirected
        self.price.popen("taskset", "-c", "1", origin, "8080", "16", stdin=subprocess.DEVNULL)
        to = f"{self.price.v4}:{8080 if redirected else 15006}"
        more = {"redirect": True} if redirected else {}
        hosts = ("0.0.0.0", "[::]") if redirected else ("0.0.0.0",)
        for pod, services in ((self.price, {}), (self.cart, {self.price.name: {"endpoints": [{"address": to}]}})):
            if rules and (done := pod.redirect())[0]:
                raise RuntimeError(done[2])
            pod.sidecar({
                "node": {"service": pod.name}, "services": services,
                "filters": FILTERS,
                "inbound": [{"address": f"{host}:15006", "app": "127.0.0.1:8080", "mtls": "off", **more}
                            for host in hosts],
                "outbound": [{"address": "127.0.0.1:15001", **more}]})
            subprocess.run(["taskset", "-apc", "0", str(pod.woad.pid)], check=True, capture_output=True)

        words = ["taskset", "-c", "1", "h2load", "--h1", "-t", "1", "-D", "86400", "-c", str(CONNECTIONS)]
        if not redirected:
            words.append("--connect-to=127.0.0.1:15001")
        self.load = self.cart.popen(*words, f"http://{self.price.name}:8080/answer", stdout=subprocess.DEVNULL)
        time.sleep(1)
        self.load.send_signal(signal.SIGSTOP)

    def counts(self):
        """(CPU microseconds, requests) until now: in price a request is three segments, the request to
        the app and two answers."""
        return ((cpu_ns(self.cart.woad) + cpu_ns(self.price.woad)) / 1000, segments_sent(self.price.woad) / 3)

    def moment(self):
        """CPU microseconds a request. A moment in which the whole machine stood still is taken again."""
        for _ in range(10):
            self.load.send_signal(signal.SIGCONT)
            time.sleep(SETTLING)
            cpu, requests = self.counts()
            time.sleep(MOMENT)
            cpu_after, requests_after = self.counts()
            self.load.send_signal(signal.SIGSTOP)
            time.sleep(SETTLING)
            if requests_after > requests:
                return (cpu_after - cpu) / (requests_after - requests)
        raise RuntimeError(f"{self.cart.name} asks nothing; its load generator: {self.load.poll()}")

    def check(self):
        before = [cpu_ns(pod.woad) for pod in (self.cart, self.price)]
        status, headers, text = self.cart.curl(f"http://{self.price.name}:8080/answer",
                                               *(() if self.redirected else ("--connect-to", "::127.0.0.1:15001")))
        idle = [pod.name for pod, cpu in zip((self.cart, self.price), before) if cpu_ns(pod.woad) == cpu]
        if status != 200 or idle:
            raise RuntimeError(f"{self.cart.name} got {status} {headers} {text}, not through {idle}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--seconds", type=float, default=120)
    args = parser.parse_args()
    os.environ["WOAD"] = os.path.abspath(args.binary)
    from support import namespaces, pods  # pylint: disable=import-outside-toplevel  # reads WOAD
    if problem := namespaces.why_not():
        print(problem, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="woad-bench-") as folder, pods.Pods() as network:
        os.chmod(folder, 0o755)
        origin = f"{folder}/origin"
        subprocess.run(["g++", "-std=c++20", "-O2", "-o", origin, HERE / "origin.cc"], check=True)
        pairs = {"no rules": Pair(network, origin, "n", False, False),
                 "explicit": Pair(network, origin, "e", False, True),
                 "explicit 2": Pair(network, origin, "f", False, True),
                 "redirected": Pair(network, origin, "r", True, True)}
        for pair in pairs.values():
            pair.check()
        figures = {name: [] for name in pairs}
        end = time.monotonic() + args.seconds
        while time.monotonic() < end:
            for name in random.sample(list(pairs), len(pairs)):
                figures[name].append(pairs[name].moment())
        for name, all_of_it in figures.items():
            decile, quartile = (statistics.quantiles(all_of_it, n=parts)[0] for parts in (10, 4))
            print(f"{name:<12} {decile:6.2f} us a request, both sidecars (first decile; first quartile {quartile:.2f}, "
                  f"median {statistics.median(all_of_it):.2f}) of {len(all_of_it)}")
        for one, other in (("redirected", "explicit"), ("redirected", "explicit 2"), ("explicit 2", "explicit"),
                           ("redirected", "no rules")):
            print(f"{one} / {other}: {statistics.median(a / b for a, b in zip(figures[one], figures[other])):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
