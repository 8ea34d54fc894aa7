#!/usr/bin/env python3
"""A mesh of real sidecars under clients and origins that break off, stall and lie at any moment, while
files, certificates, endpoints and origins change. When all is quiet again, the books must balance.

    chaos.py [--binary build/release/woad] [--seconds 60] [--seed N]

The seed decides who does what, though not when. Logs of a run that found something are kept.
"""
import argparse
import os
import pathlib
import random
import shutil
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
WARM_SECONDS = 10


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    return parser.parse_args()


def routes_of(world):
    from clients import Route
    cart = world.pods["cart"]
    for protocol in ("h1", "h2"):
        yield Route(f"to steady {protocol}", cart.outbound, f"steady-{protocol}", True)
        yield Route(f"to steady {protocol} red", cart.outbound, f"steady-{protocol}", True, color="red")
        yield Route(f"to wild {protocol}", cart.outbound, f"wild-{protocol}", False)
        yield Route(f"to raw {protocol}", cart.outbound, f"raw-{protocol}", False)
        yield Route(f"to raw {protocol} red", cart.outbound, f"raw-{protocol}", False, color="red")
    yield Route("to cart", cart.inbound, "cart", True)
    yield Route("to cart red", cart.inbound, "cart", True, color="red")


def direct_routes(world, version):
    from clients import Route
    alpn = {"h1": ("http/1.1",), "h2": ("h2",)}[version]
    yield Route("mTLS steady", world.pods["steady"].inbound, "steady", True,
                tls=lambda: world.client_context(alpn))
    yield Route("mTLS wild", world.pods["wild"].inbound, "wild", False,
                tls=lambda: world.client_context(alpn))


def measure(world):
    return {name: (pod.descriptors(), pod.rss_kib()) for name, pod in world.pods.items()}


def wait(seconds, world, findings, title):
    """Until it is over; a sidecar that ends ends it."""
    end = time.monotonic() + seconds
    told = time.monotonic()
    while time.monotonic() < end:
        for name, pod in world.pods.items():
            if pod.process.poll() is not None:
                findings.append(f"{name} ended with {pod.process.returncode}:\n{pod.stderr()[-6000:]}")
                return
        if time.monotonic() - told > 300:
            told = time.monotonic()
            print(f"   {title()}", flush=True)
        time.sleep(0.2)


def stir(world, seed_of, ledger, seconds, findings):
    """The load, from its begin to its end."""
    from changes import Changes
    from clients import WellBehaved
    from vandals import Vandal
    done = threading.Event()
    clients = [WellBehaved(route, version, seed_of(f"{version} {route.name}"), ledger, done)
               for version in ("h1", "h2")
               for route in (*routes_of(world), *direct_routes(world, version))]
    wait(min(WARM_SECONDS, seconds / 4), world, findings, str)
    start = measure(world)
    doors = [(world.pods["cart"].outbound, None), (world.pods["cart"].inbound, None)]
    doors += [(world.pods[name].inbound, context) for name in ("steady", "wild")
              for context in (None, world.client_context)]
    hosts = ["steady-h1", "steady-h2", "wild-h1", "wild-h2", "raw-h1", "raw-h2", "nobody"]
    vandals = [Vandal(doors, hosts, seed_of(f"vandal {n}"), done) for n in range(6)]
    changes = Changes(world, seed_of("changes"), done)

    def title():
        return (f"{time.strftime('%T')} {sum(c.right for c in clients)} right; " + ", ".join(
            f"{name} {m >> 10} MiB {d} fd" for name, (d, m) in measure(world).items()))
    wait(seconds, world, findings, title)
    done.set()
    for each in (*clients, *vandals, changes):
        each.thread.join(90)
        if each.thread.is_alive():
            findings.append(f"{getattr(each, 'name', type(each).__name__)} hangs")
    for each in (*clients, changes):
        findings += each.findings
    findings += [f"{number} was executed {ledger.of(number)} times" for number in ledger.twice()[:10]]
    for client in clients:
        print(f"   {client.name:<22} {client.right:>7} right {client.failed:>6} failed"
              f" {client.cut:>6} cut" + (f" {client.late:>6} late" if client.late else ""))
    print(f"   vandals {sum(v.deeds for v in vandals)} deeds; "
          + ", ".join(f"{k} {v}" for k, v in sorted(changes.counts.items())))
    return start


def judge(world, start, findings):
    from verdict import balance_of, findings_of, log_findings
    for name, pod in world.pods.items():
        if pod.process.poll() is None:
            findings += findings_of(name, pod, start[name])
            for direction, row in balance_of(pod).items():
                print("   %-10s %-8s %8d began = %8d answered + %7d failed + %7d cancelled"
                      % (name, direction, *row))
            print(f"   {name:<10} {start[name][0]} → {pod.descriptors()} descriptors,"
                  f" {start[name][1] >> 10} → {pod.rss_kib() >> 10} MiB")
        findings += log_findings(name, pod)


def end(world, findings, logs):
    for name, pod in world.pods.items():
        shutil.rmtree(logs / name, ignore_errors=True)
        shutil.copytree(pod.folder.name, logs / name, dirs_exist_ok=True)
        try:
            pod.stop()
        except AssertionError as error:
            findings.append(f"{name}: {error}")
    world.close()


def main():
    args = arguments()
    os.environ["WOAD"] = str(pathlib.Path(args.binary).resolve())
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1:quarantine_size_mb=4")
    os.environ.setdefault("TSAN_OPTIONS", "halt_on_error=0:exitcode=66")
    from answers import Ledger
    from world import World
    print(f"chaos: seed {args.seed}, {args.seconds:g} s, {args.binary}", flush=True)

    def seed_of(name):
        return random.Random(f"{args.seed}/{name}")
    ledger, findings = Ledger(), []
    logs = HERE.parent.parent / "build" / "chaos" / pathlib.Path(args.binary).parent.name
    logs.mkdir(parents=True, exist_ok=True)
    world = World(seed_of, ledger)
    try:
        start = stir(world, seed_of, ledger, args.seconds, findings)
        judge(world, start, findings)
    finally:
        end(world, findings, logs)
    for finding in findings:
        print(f"   ✗ {finding}")
    if findings:
        print(f"   again: tests/chaos/chaos.py --binary {args.binary} --seconds {args.seconds:g}"
              f" --seed {args.seed}; the sidecars' files and logs: {os.path.relpath(logs)}")
    print(f"chaos: {0 if findings else 1} ok, {len(findings)} bad")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
