#!/usr/bin/env python3
"""CPU time a request, of one proxy core: woad beside nginx and HAProxy where they are installed.

The proxy has core 0 alone; load (h2load) and origin share core 1. A figure is the best of the
repetitions, which are interleaved: on a shared machine noise only ever adds.
    bench.py [--reps 5] [--scenario h1 …] [--save]      --save writes baseline.json
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from peers import SPEAKS, Proxy, free_port, installed, wait_for_port

HERE = pathlib.Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
# name: (client, upstream, bytes of the answer, connections, streams, requests)
SCENARIOS = {
    "h1": ("h1", "h1", 16, 64, 1, 60000),
    "h1-64k": ("h1", "h1", 65536, 32, 1, 8000),
    "h1-1m": ("h1", "h1", 1 << 20, 8, 1, 600),
    "h2-h1": ("h2", "h1", 16, 8, 32, 60000),
    "h2-h2": ("h2", "h2", 16, 8, 32, 60000),
}


class Origins:
    """Started once a shape of answer; all on core 1."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="woad-bench-")
        self.binary = f"{self.folder.name}/origin"
        subprocess.run(["g++", "-std=c++20", "-O2", "-o", self.binary, HERE / "origin.cc"], check=True)
        self.running = {}

    def port(self, protocol, size):
        if (protocol, size) not in self.running:
            self.running[protocol, size] = self.start(protocol, size)
        return self.running[protocol, size][0]

    def start(self, protocol, size):
        port = free_port()
        command = [self.binary, str(port), str(size)]
        if protocol == "h2":
            with open(f"{self.folder.name}/answer", "wb") as file:
                file.write(b"x" * size)
            command = ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", self.folder.name, str(port)]
        process = subprocess.Popen(["taskset", "-c", "1", *command], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        wait_for_port(port, process)
        return port, process

    def stop(self):
        for _, process in self.running.values():
            process.terminate()
            process.wait(10)
        self.folder.cleanup()


def load(port, client, connections, streams, requests):
    """Sends exactly so many requests; each must be answered 200."""
    command = ["taskset", "-c", "1", "h2load", "-t", "1", "-n", str(requests), "-c", str(connections),
               "-m", str(streams), f"http://127.0.0.1:{port}/answer"]
    if client == "h1":
        command.insert(4, "--h1")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    good = re.search(r"status codes: (\d+) 2xx", done.stdout)
    rate = re.search(r"finished in .*?, ([\d.]+) req/s", done.stdout)
    if not good or int(good[1]) != requests:
        raise RuntimeError(f"not every request was answered 200:\n{done.stdout}{done.stderr}")
    return float(rate[1])


def measure(proxy, scenario):
    client, _, _, connections, streams, requests = scenario
    before = proxy.cpu_ns()
    rate = load(proxy.port, client, connections, streams, requests)
    return (proxy.cpu_ns() - before) / requests / 1000, rate


def run_scenario(name, binaries, origins, reps):
    """{proxy: (best µs, highest rate)}"""
    scenario = SCENARIOS[name]
    client, upstream, size, connections, streams, requests = scenario
    origin, red = origins.port(upstream, size), origins.port(upstream, size)
    proxies, results = [], {}
    try:
        for proxy_name, binary in binaries.items():
            if upstream in SPEAKS[proxy_name]:
                proxies.append(Proxy(proxy_name, binary, client, upstream, origin, red))
        for proxy in proxies:
            load(proxy.port, client, connections, streams, max(requests // 10, 100))
        for _ in range(reps):
            for proxy in proxies:
                results.setdefault(proxy.name, []).append(measure(proxy, scenario))
    finally:
        for proxy in proxies:
            proxy.stop()
    return {n: (min(c for c, _ in rows), max(r for _, r in rows)) for n, rows in results.items()}


def report(name, results, baseline):
    ours = results["woad"][0]
    for proxy, (cost, rate) in results.items():
        words = f"{cost:9.2f} µs CPU a request {rate:10.0f} req/s"
        if proxy == "woad":
            before = baseline.get(name)
            words += f"   ×{ours / before:.2f} of the baseline" if before else "   no baseline"
        else:
            words += f"   woad is ×{ours / cost:.2f} of it"
        print(f"  {name:<8}{proxy:<9}{words}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--scenario", nargs="*", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    binaries, origins = installed(args.binary), Origins()
    missing = {"nginx", "haproxy"} - set(binaries)
    if missing:
        print(f"  not installed, so left out: {', '.join(sorted(missing))}")
    try:
        for name in args.scenario:
            results = run_scenario(name, binaries, origins, args.reps)
            report(name, results, baseline)
            if args.save:
                baseline[name] = round(results["woad"][0], 2)
    finally:
        origins.stop()
    if args.save:
        BASELINE.write_text(json.dumps(baseline, indent=2) + "\n")
        print(f"saved {BASELINE.relative_to(HERE.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
