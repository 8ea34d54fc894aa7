#!/usr/bin/env python3
"""CPU time a request of redirected pods beside explicit addressing: two pods, a sidecar in each, in
network namespaces. Counted are both sidecars, the kernel's work on their behalf included.

All pairs of pods keep their connections, and one after another is let run for a moment, in random
order, so that what else happens on the machine happens to all of them. A ratio is the median of those
of neighbouring moments. Two pairs of one kind lie up to 5 % apart for as long as they live (where their
pages came to lie), so there are two of each, all of them new in every round, and what is told is
the mean of all with its standard error. Needs root.
    pods.py [--binary build/release/woad] [--rounds 8] [--seconds 40]
"""
import argparse
import math
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import typing

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


class Kind(typing.NamedTuple):
    """Of a pair of pods: whether cart calls by the plain name and is `redirected`; whether the `rules`
    of woad redirect stand in both, so that the kernel tracks connections; the port of price that the
    file of cart names."""
    redirected: bool
    rules: bool
    port: int


APP, INBOUND = 8080, 15006
KINDS = {"no rules": Kind(False, False, INBOUND), "explicit": Kind(False, True, INBOUND),
         "redirected": Kind(True, True, APP),
         # A control plane knows instances by their inbound ports: then the app's call alone is redirected.
         "registered": Kind(True, True, INBOUND)}
TWINS = 2


class Pair:
    """cart calls price. Stopped but in moment()."""

    def __init__(self, network, origin, name, kind):
        redirected = kind.redirected
        self.cart, self.price = network.pod(f"cart-{name}"), network.pod(f"price-{name}")
        self.redirected = redirected
        self.price.popen("taskset", "-c", "1", origin, str(APP), "16", stdin=subprocess.DEVNULL)
        to = f"{self.price.v4}:{kind.port}"
        more = {"redirect": True} if redirected else {}
        hosts = ("0.0.0.0", "[::]") if redirected else ("0.0.0.0",)
        for pod, services in ((self.price, {}), (self.cart, {self.price.name: {"endpoints": [{"address": to}]}})):
            if kind.rules and (done := pod.redirect())[0]:
                raise RuntimeError(done[2])
            pod.sidecar({
                "node": {"service": pod.name}, "services": services,
                "filters": FILTERS,
                "inbound": [{"address": f"{host}:{INBOUND}", "app": f"127.0.0.1:{APP}", "mtls": "off", **more}
                            for host in hosts],
                "outbound": [{"address": "127.0.0.1:15001", **more}]})
            subprocess.run(["taskset", "-apc", "0", str(pod.woad.pid)], check=True, capture_output=True)

        words = ["taskset", "-c", "1", "h2load", "--h1", "-t", "1", "-D", "86400", "-c", str(CONNECTIONS)]
        if not redirected:
            words.append("--connect-to=127.0.0.1:15001")
        self.load = self.cart.popen(*words, f"http://{self.price.name}:{APP}/answer", stdout=subprocess.DEVNULL)
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
        status, headers, text = self.cart.curl(f"http://{self.price.name}:{APP}/answer",
                                               *(() if self.redirected else ("--connect-to", "::127.0.0.1:15001")))
        idle = [pod.name for pod, cpu in zip((self.cart, self.price), before) if cpu_ns(pod.woad) == cpu]
        if status != 200 or idle:
            raise RuntimeError(f"{self.cart.name} got {status} {headers} {text}, not through {idle}")


def one_round(origin, seconds):
    """Figures of each of the TWINS of each kind, those of the same moment at the same place."""
    from support import pods  # pylint: disable=import-outside-toplevel  # reads WOAD
    with pods.Pods() as network:
        pairs = {(name, twin): Pair(network, origin, f"{name[:3].strip()}{twin}", kind)
                 for name, kind in KINDS.items() for twin in range(TWINS)}
        for pair in pairs.values():
            pair.check()
        figures = {key: [] for key in pairs}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for key in random.sample(list(pairs), len(pairs)):
                figures[key].append(pairs[key].moment())
        return figures


def logs_of_ratios(figures, one, other):
    """Of each twin of `one` to each of `other`, itself left out."""
    return [math.log(statistics.median(a / b for a, b in zip(figures[one, i], figures[other, j])))
            for i in range(TWINS) for j in range(TWINS) if one != other or i < j]


def told(name, logs):
    """`logs`: a list of each round. The error is that of the rounds, which have nothing in common."""
    means = [statistics.mean(of_round) for of_round in logs]
    error = statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else float("nan")
    everyone = sorted(math.exp(log) for of_round in logs for log in of_round)
    return (f"{name}: {math.exp(statistics.mean(means)):.4f} +- {error:.4f} "
            f"({len(everyone)} from {everyone[0]:.3f} to {everyone[-1]:.3f})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=40, help="of each round")
    args = parser.parse_args()
    os.environ["WOAD"] = os.path.abspath(args.binary)
    from support import namespaces  # pylint: disable=import-outside-toplevel
    if problem := namespaces.why_not():
        print(problem, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="woad-bench-") as folder:
        os.chmod(folder, 0o755)
        origin = f"{folder}/origin"
        subprocess.run(["g++", "-std=c++20", "-O2", "-o", origin, HERE / "origin.cc"], check=True)
        rounds = []
        for number in range(args.rounds):
            rounds.append(one_round(origin, args.seconds))
            logs = logs_of_ratios(rounds[-1], "redirected", "explicit")
            print(f"round {number + 1}: redirected / explicit", *(f"{math.exp(log):.3f}" for log in logs), flush=True)
    for kind in KINDS:
        moments = [us for figures in rounds for twin in range(TWINS) for us in figures[kind, twin]]
        decile, quartile = (statistics.quantiles(moments, n=parts)[0] for parts in (10, 4))
        print(f"{kind:<10} {decile:6.2f} us a request, both sidecars (first decile; first quartile {quartile:.2f}, "
              f"median {statistics.median(moments):.2f}) of {len(moments)} moments")
    for one, other in (("redirected", "explicit"), ("registered", "explicit"), ("redirected", "no rules"),
                       ("explicit", "no rules"), ("explicit", "explicit")):
        print(told(f"{one} / {other}", [logs_of_ratios(figures, one, other) for figures in rounds]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
