#!/usr/bin/env python3
"""What a reload costs: the CPU time of the whole process and its resident memory, by what changed.

The file has so many services of ten endpoints; each reload writes it anew with one edit. CPU time is
that of the process's own clock (all threads, those that have ended too), from before the write until
nothing more runs; a figure is the best of the repetitions, for noise only ever adds.
    reload.py [--binary FILE] [--services 1000 5000] [--reps 10] [--save]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

from peers import free_port, wait_for_port

HERE = pathlib.Path(__file__).resolve().parent
BASELINE = HERE / "reload_baseline.json"
ENDPOINTS = 10
QUIET = 0.2  # seconds in which a process that is done takes less than BUSY of CPU
BUSY = 0.0005
HEAD = """\
version: "{version}"
node: {{ service: bench }}
admin: {{ address: 127.0.0.1:{admin} }}
outbound: [ {{ address: 127.0.0.1:{port} }} ]
services:
"""
ROUTES = """\
routes:
  - match: {{ path: {{ prefix: /{prefix} }} }}
    to: service-0
"""


def service(number, port=8080, last=ENDPOINTS):
    labels = ("zone: eu-west-1a", "zone: eu-west-1b, color: red")
    lines = [f"  service-{number}:", f"    hosts: [service-{number}, service-{number}.shop.svc]",
             "    endpoints:"]
    lines += [f"      - {{ address: 10.{number >> 8}.{number & 255}.{i + 1}:{port if i == 3 else 8080},"
              f" labels: {{ {labels[i % 5 == 4]} }} }}" for i in range(last)]
    return "\n".join(lines) + "\n"


class File:
    """The configuration, written whole for each edit."""

    def __init__(self, folder, services):
        self.path, self.services, self.edits = f"{folder}/woad.yaml", services, 0
        self.pieces = [service(number) for number in range(services)]
        self.head = {"version": 1, "admin": free_port(), "port": free_port()}
        self.prefix = "cart"

    def write(self):
        text = HEAD.format(**self.head) + "".join(self.pieces) + ROUTES.format(prefix=self.prefix)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.path + ".new", self.path)
        return len(text)

    def one_endpoint(self):
        self.edits += 1
        self.pieces[self.services // 2] = service(self.services // 2, 9000 + self.edits)

    def one_endpoint_less(self):
        number = self.services // 3
        less = service(number, last=ENDPOINTS - 1)
        self.pieces[number] = service(number) if self.pieces[number] == less else less

    def ten_services(self):
        self.edits += 1
        for number in range(0, self.services, self.services // 10):
            self.pieces[number] = service(number, 9000 + self.edits)

    def a_route(self):
        self.edits += 1
        self.prefix = f"cart-{self.edits}"

    def nothing_but_the_version(self):
        self.head["version"] += 1


EDITS = {"one endpoint": File.one_endpoint, "one endpoint gone or back": File.one_endpoint_less,
         "ten services": File.ten_services, "a route": File.a_route,
         "the version alone": File.nothing_but_the_version}


class Woad:
    def __init__(self, binary, file):
        self.file = file
        with open(file.path + ".log", "wb") as log:
            self.process = subprocess.Popen([binary, "run", "-c", file.path], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        # The process's CPU clock as pthread_getcpuclockid(3) names it: ns, all threads.
        self.clock = (~self.process.pid << 3) | 2
        wait_for_port(file.head["port"], self.process)
        self.settle()

    def cpu(self):
        return time.clock_gettime(self.clock)

    def settle(self):
        """Waits until nothing runs; the CPU time at the beginning of the quiet."""
        while True:
            before = self.cpu()
            time.sleep(QUIET)
            if self.cpu() - before < BUSY:
                return before

    def status(self):
        url = f"http://127.0.0.1:{self.file.head['admin']}/config/status"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)

    def rss(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def reload(self, edit):
        """CPU seconds."""
        old = self.status()["hash"]
        edit(self.file)
        self.settle()
        before = self.cpu()
        self.file.write()
        asked, time_out = 0.0, time.monotonic() + 60
        while True:
            time.sleep(0.2)
            after = self.settle()
            at = self.cpu()
            status = self.status()
            asked += self.cpu() - at
            if status["last_error"]:
                raise RuntimeError(status["last_error"])
            if status["hash"] != old:
                return after - before
            before += self.cpu() - at
            if time.monotonic() > time_out:
                raise RuntimeError("the file does not go live")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def measure(binary, services, reps):
    """{what: figure}"""
    with tempfile.TemporaryDirectory(prefix="woad-reload-") as folder:
        file = File(folder, services)
        size = file.write()
        woad = Woad(os.path.abspath(binary), file)
        try:
            found = {"file KB": size / 1000, "boot ms": woad.cpu() * 1000, "boot MB": woad.rss()}
            for name, edit in EDITS.items():
                costs = [woad.reload(edit) * 1000 for _ in range(reps)]
                found[f"{name} ms"] = min(costs)
                if name == "one endpoint":
                    found[f"after {reps} reloads MB"] = woad.rss()
            found["at the end MB"] = woad.rss()
        finally:
            woad.stop()
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--services", type=int, nargs="*", default=[1000, 5000])
    parser.add_argument("--reps", type=int, default=10)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    for services in args.services:
        print(f"  {services} services of {ENDPOINTS} endpoints", flush=True)
        found = measure(args.binary, services, args.reps)
        before = baseline.get(str(services), {})
        for what, figure in found.items():
            old = f"{before[what]:10.1f} before" if what in before else ""
            print(f"    {what:<32}{figure:10.1f}{old}", flush=True)
        if args.save:
            baseline[str(services)] = {what: round(figure, 1) for what, figure in found.items()}
    if args.save:
        BASELINE.write_text(json.dumps(baseline, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
