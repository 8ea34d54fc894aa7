#!/usr/bin/env python3
"""CPU time a request of redirected pods beside explicit addressing: two pods, a sidecar in each, in
network namespaces. Counted are both sidecars, the kernel's work on their behalf included. The
repetitions are short, many and interleaved, and a figure is their first decile: what else runs on the
machine only ever adds. Needs root.
    pods.py [--binary build/release/woad] [--reps 100]
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
REQUESTS, CONNECTIONS = 6000, 64
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


class Pair:
    """cart calls price; `redirected`: by its plain name; `rules`: those of woad redirect stand in both
    pods, so that the kernel tracks connections."""

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

    def measure(self):
        """CPU microseconds a request."""
        words = ["taskset", "-c", "1", "h2load", "--h1", "-t", "1", "-n", str(REQUESTS), "-c", str(CONNECTIONS)]
        if not self.redirected:
            words.append("--connect-to=127.0.0.1:15001")
        before = cpu_ns(self.cart.woad) + cpu_ns(self.price.woad)
        done = self.cart.run(*words, f"http://{self.price.name}:8080/answer", timeout=300)
        good = re.search(r"status codes: (\d+) 2xx", done.stdout)
        if not good or int(good[1]) != REQUESTS:
            raise RuntimeError(f"not every request was answered 200:\n{done.stdout}{done.stderr}")
        return (cpu_ns(self.cart.woad) + cpu_ns(self.price.woad) - before) / REQUESTS / 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--reps", type=int, default=100)
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
                 "redirected": Pair(network, origin, "r", True, True)}
        figures = {name: [] for name in pairs}
        for pair in pairs.values():
            pair.measure()
        for _ in range(args.reps):
            for name, pair in pairs.items():
                figures[name].append(pair.measure())
        first_decile = {name: sorted(all_of_it)[len(all_of_it) // 10] for name, all_of_it in figures.items()}
        for name, all_of_it in figures.items():
            print(f"{name:<12} {first_decile[name]:6.2f} us a request, both sidecars  [{min(all_of_it):.2f}-{max(all_of_it):.2f}]")
        for name in ("explicit", "no rules"):
            print(f"redirected / {name}: {first_decile['redirected'] / first_decile[name]:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
