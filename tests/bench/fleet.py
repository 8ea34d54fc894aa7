#!/usr/bin/env python3
"""What a fleet costs its control plane: many simulated sidecars (fleet_sim.cc) of 200 services, two
replicas of `woad control`, a real etcd. The figures are those of ../shared/design/control.md, "Scale
to show", each beside what was measured; wall time is that of this machine, which everybody shares.
    fleet.py [--binary FILE] [--sim FILE] [--sidecars 10000] [--tls] [--away 60]
"""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from support.etcd import Etcd  # noqa: E402
from support.ports import free_port  # noqa: E402

SERVICES = 200
USES = 5
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
MESH = """\
admin: {{ address: 127.0.0.1:15000 }}
inbound:
  - {{ address: 0.0.0.0:15006, app: 127.0.0.1:8080, mtls: off }}
outbound:
  - {{ address: 127.0.0.1:15001 }}
limits: {{ buffer: {buffer}KiB }}
control: {{ identities: "spiffe://bench.woad/ns/fleet/sa/*", readers: ["spiffe://bench.woad/ns/fleet/sa/*"] }}
"""


def uses(number):
    return ", ".join(f"s{(number * 7 + i * 13 + 1) % SERVICES}" for i in range(USES))


class Replica:
    def __init__(self, binary, store, folder, args):
        self.port, self.admin = free_port(), free_port()
        self.words = [binary, "control", "--listen", f"127.0.0.1:{self.port}", "--admin",
                      f"127.0.0.1:{self.admin}", "--store", store, "--drain-timeout", "2s", *args]
        self.log = f"{folder}/{self.port}.log"
        self.start()

    def start(self):
        with open(self.log, "ab") as err:
            self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=err)
        until(lambda: self.get("/readyz", self.admin)[0] == 200, 60, "a replica that is ready")

    def get(self, path, port=None, headers=None):
        """(status, body, headers)."""
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}",
                                         headers=headers or {})
        try:
            with DIRECT.open(request, timeout=30) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), dict(error.headers)
        except OSError as error:
            return 0, str(error).encode(), {}

    def memory(self):
        """Resident, in KiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1])

    def cpu(self):
        """Seconds."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = fields.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Sidecars:
    """fleet_sim, and what it says."""

    def __init__(self, sim, folder, replicas, each, tls):
        urls = ",".join(f"{'https' if tls else 'http'}://127.0.0.1:{r.port}" for r in replicas)
        os.makedirs(f"{folder}/files")
        self.process = subprocess.Popen(
            [sim, f"{folder}/files", urls, str(SERVICES), str(each), *([tls] if tls else [])],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.now, self.history = {}, []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.now = json.loads(line)
            self.history.append((time.monotonic(), self.now))

    def kill(self):
        self.process.kill()
        self.process.wait()


def until(check, seconds, what):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


def timed(check, seconds, what):
    begin = time.monotonic()
    until(check, seconds, what)
    return time.monotonic() - begin


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder, self.rows = args, folder, []
        self.total = args.sidecars // SERVICES * SERVICES
        self.tls = self.certificates() if args.tls else None
        self.etcd = Etcd()
        self.etcd.put("mesh.yaml", MESH.format(buffer=64))
        for number in range(SERVICES):
            self.etcd.put(f"services/s{number}.yaml", f"service: {{}}\nuses: [{uses(number)}]\n")
        words = ["--tls-dir", self.tls] if self.tls else []
        self.replicas = [Replica(args.binary, f"etcd:{self.etcd.url}", folder, words) for _ in range(2)]
        self.sidecars = None

    def certificates(self):
        done = subprocess.run([self.args.binary, "certs", "--dir", f"{self.folder}/certs", "--id",
                               "spiffe://bench.woad/ns/fleet/sa/woad-control"], check=True,
                              capture_output=True, text=True)
        del done
        return f"{self.folder}/certs/woad-control"

    def row(self, what, aim, measured):
        self.rows.append((what, aim, measured))
        print(f"{what:<58} {aim:<28} {measured}", flush=True)

    def connected(self):
        return self.sidecars.now.get("connected", 0)

    def all_run_one(self, but=None):
        versions = self.sidecars.now.get("versions", {})
        return (sum(versions.values()) == self.total and len(versions) <= SERVICES
                and (but is None or not set(versions) & but))

    def run(self):
        empty = [replica.memory() for replica in self.replicas]
        self.sidecars = Sidecars(self.args.sim, self.folder, self.replicas,
                                 self.total // SERVICES, self.tls)
        took = timed(lambda: self.connected() == self.total and self.all_run_one(), 180,
                     "all sidecars")
        self.row(f"{self.total} sidecars start within 5 s: all have their file", "-", f"{took:.1f} s")
        self.settle()
        each = [(replica.memory() - before) / (self.total / 2)
                for replica, before in zip(self.replicas, empty)]
        self.row("memory of a replica for each that waits", "32 KiB" if self.tls else "8 KiB",
                 f"{max(each):.1f} KiB ({max(r.memory() for r in self.replicas) // 1024} MiB in all)")
        self.change_of_mesh()
        if not self.tls:
            self.one_endpoint()
        self.etcd_away()
        self.death()

    def settle(self):
        """Until registrations have reached every file."""
        seen = -1
        while seen != (seen := self.sidecars.now["files"]):
            time.sleep(3)

    def change_of_mesh(self):
        old = set(self.sidecars.now["versions"])
        cpu = sum(replica.cpu() for replica in self.replicas)
        self.etcd.put("mesh.yaml", MESH.format(buffer=128))
        took = timed(lambda: self.all_run_one(old), 120, "the new mesh")
        cpu = sum(replica.cpu() for replica in self.replicas) - cpu
        self.row("a change of mesh.yaml runs everywhere", "10 s", f"{took:.1f} s ({cpu:.1f} s of CPU of both)")

    def one_endpoint(self):
        """A service with 6,000 endpoints: some 600 KB of file, asked for as a sidecar does."""
        rows = "".join(f"    - {{ address: \"10.200.{i >> 8}.{i & 255}:8080\", labels: {{ zone: eu-west-1{'abc'[i % 3]},"
                       f" version: v{i % 7}, rack: r{i * 7919 % 9973} }} }}\n" for i in range(6000))
        self.etcd.put("services/big.yaml", "service:\n  endpoints:\n" + rows)
        self.etcd.put("services/caller.yaml", "service: {}\nuses: [big]\n")
        replica = self.replicas[0]
        path = "/v1/config/caller?instance=x&wait=30s"
        until(lambda: replica.get(path + "&wait=0s")[0] == 200, 60, "the large file")
        file = replica.get(path)[1]
        until(lambda: replica.get("/v1/config/big?instance=x&wait=0s")[0] == 200, 60, "big")
        digest = hashlib.sha256(file).digest()
        changed = rows.replace("10.200.9.9:8080", "10.201.9.9:8080")
        self.etcd.put("services/big.yaml", "service:\n  endpoints:\n" + changed)
        status, body, headers = replica.get(f"{path}&have={digest.hex()}", headers={
            "available-dictionary": f":{base64.b64encode(digest).decode()}:", "accept-encoding": "dcz"})
        head = sum(len(name) + len(value) + 4 for name, value in headers.items()) + 17
        coding = {name.lower(): value for name, value in headers.items()}.get("content-encoding")
        self.row(f"one endpoint changed in a file of {len(file) // 1000} KB: on the wire", "1 KB",
                 f"{len(body) + head} bytes with its head ({status}, {coding})")

    def etcd_away(self):
        before = self.sidecars.now
        self.etcd.pause()
        until(lambda: b"warning" in self.replicas[0].get("/readyz", self.replicas[0].admin)[1], 60,
              "a warning")
        time.sleep(self.args.away)
        ready = [replica.get("/readyz", replica.admin) for replica in self.replicas]
        self.etcd.go_on()
        lost = self.total - self.connected()
        self.row(f"etcd away for {self.args.away} s: sidecars lost, readiness", "0, 200 with a warning",
                 f"{lost}, {ready[0][0]} {ready[0][1].decode().strip().splitlines()[-1][:60]}")
        self.row("  files that came meanwhile", "0", str(self.sidecars.now["files"] - before["files"]))

    def death(self):
        begin, before = time.monotonic(), self.sidecars.now["connects"]
        mark = len(self.sidecars.history)
        self.replicas[0].kill()
        until(lambda: self.connected() < self.total, 30, "the loss to be noticed")
        until(lambda: self.connected() == self.total, 120, "all to be back")
        took = time.monotonic() - begin
        history = [(at, now["connects"]) for at, now in self.sidecars.history[mark:]]
        most = max((b[1] - a[1]) for a, b in zip(history, history[5:])) / (self.total / 200)
        self.row("kill -9 of one replica: all are back", "35 s", f"{took:.1f} s")
        self.row("  most connects in a second, for each 200 sidecars", "20", f"{most:.1f}")
        self.row("  connects in all", "-", str(self.sidecars.now["connects"] - before))

    def stop(self):
        if self.sidecars is not None:
            self.sidecars.kill()
        for replica in self.replicas:
            replica.kill()
        self.etcd.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--sim", default="build/release/proxy/member/fleet_sim")
    parser.add_argument("--sidecars", type=int, default=10000, help="a multiple of 200")
    parser.add_argument("--tls", action="store_true", help="over mutual TLS")
    parser.add_argument("--away", type=int, default=60, help="seconds without etcd")
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="woad-fleet-", dir="/dev/shm") as folder:
        bench = Bench(args, folder)
        try:
            bench.run()
        finally:
            bench.stop()


if __name__ == "__main__":
    main()
