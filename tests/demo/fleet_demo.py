#!/usr/bin/env python3
"""Shows the control plane at work: a mesh whose sidecars have no file of their own, a colour that
appears by registration, replicas that die, a roll-out that a sidecar's no stops. --once checks it
and ends."""
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

from fleet import MESH, Fleet
from mesh import YOU
from person import Person
from stage import paint, run

RED = "x-woad-color: red"


def until(check, seconds=60):
    end = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


class Demo:
    def __init__(self, fleet):
        self.fleet, self.wrong = fleet, []
        self.you = Person(fleet.certificates(YOU), fleet.pods["frontend"].ports["inbound"])

    def check(self, good, what):
        if not good:
            self.wrong.append(what)
            print(paint("1;31", f"    WRONG: {what}"))

    def title(self, text, rest=""):
        print("\n" + paint("1", text) + rest)

    def way(self, header=""):
        path, step = [], self.you.ask(header)
        while step:
            path.append((step["service"], step["build"], step["pod"]))
            step = step.get("called")
        return path

    def print_way(self, header=""):
        print(f"    {header or 'no colour':<20}" + paint("2", " → ").join(
            f"{service}({paint('1;31', build) if build == 'red' else build})"
            for service, build, _ in self.way(header)))

    def goes_to_red(self, service):
        return (service, "red", f"{service}-red") in self.way(RED)

    def ask_plane(self, path, method="GET"):
        """(status, what it says) of the replica that is there."""
        replica = next(r for r in self.fleet.replicas if r.process.poll() is None)
        request = urllib.request.Request(replica.url + path, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=self.you.context))
        with opener.open(request, timeout=20) as answer:
            text = answer.read().decode()
            return json.loads(text) if text else None

    def rollout(self, service):
        rollouts = self.ask_plane("/v1/rollouts")["rollouts"]
        return next(each for each in rollouts if each["service"] == service)

    def print_status(self):
        replica = next(r for r in self.fleet.replicas if r.process.poll() is None)
        done = subprocess.run([self.fleet.binary, "control", "status", "--url", replica.url,
                               "--tls-dir", self.you.folder], capture_output=True, text=True,
                              check=False)
        self.check(done.returncode == 0, f"woad control status: {done.stderr}")
        print("".join(f"    {line}\n" for line in done.stdout.splitlines()), end="")

    def show_start(self):
        self.title("No sidecar has a file of its own.", " What lies in etcd:")
        for key in self.fleet.etcd.keys():
            if key.endswith(".yaml"):
                print(f"    /woad/v1/{key}")
        print("Two replicas of `woad control` make each service's file of it, sidecars register "
              "themselves:")
        self.print_status()
        self.print_way()
        self.check([build for _, build, _ in self.way()] == ["base"] * 4, "not all went to base")

    def show_colour(self):
        self.title("A red build of price starts", " and registers; nobody else is touched:")
        self.print_way(RED)
        self.fleet.start_pod(self.fleet.pods["price-red"])
        self.check(until(lambda: self.goes_to_red("price")), "no request reached price-red")
        self.print_way(RED)
        self.print_way()

    def show_death_of_a_replica(self):
        self.title("kill -9 of one replica", " while you ask on, and a red stock comes:")
        self.fleet.replicas[0].kill()
        self.fleet.start_pod(self.fleet.pods["stock-red"])
        asked = failed = 0

        def came():
            nonlocal asked, failed
            asked += 1
            failed += self.you.ask_for_status() != 200
            return self.goes_to_red("stock")

        self.check(until(came), "stock-red was not found through the other replica")
        self.check(not failed, f"{failed} requests failed beside a dead replica")
        print(f"    {asked} requests meanwhile, {failed} of them failed")
        self.print_way(RED)

    def show_death_of_an_instance(self):
        self.title("kill -9 of the red price", ": it says no goodbye, and goes with its lease:")
        self.fleet.pods["price-red"].kill()

        def gone():
            listed = self.ask_plane("/v1/instances/price")["instances"]
            return not any(each["instance"] == "price-red" for each in listed)

        self.check(until(gone), "price-red is still listed")
        self.check(until(lambda: self.you.ask_for_status() == 200), "you get no answer")
        self.print_way(RED)

    def show_halt(self):
        """A listener whose port somebody else has: the file is good, and cannot go live there."""
        self.title("A change that one sidecar cannot take", ", in steps of one and all:")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.fleet.put_service("price", "stock", f"""\
sidecar:
  outbound:
    - {{ address: "127.0.0.1:${{WOAD_OUTBOUND}}" }}
    - {{ address: "127.0.0.1:{port}" }}
""")
            self.check(until(lambda: self.rollout("price")["state"] == "halted"), "not halted")
            print(f"    halted: {self.rollout('price')['error']}")
            self.print_status()
            self.check(self.you.ask_for_status() == 200, "a request failed")
        self.ask_plane("/v1/rollouts/price/rollback", "POST")
        self.check(until(lambda: self.rollout("price")["state"] == "rolled_back"), "not rolled back")
        print("    rolled back; what was refused was never live, and no request failed")

    def show_mistake(self):
        self.title("A mistake in a document", " reaches nobody, and is told with its place:")
        self.fleet.etcd.put("mesh.yaml", MESH.replace("outbound:", "outbond:"))
        problems = until(lambda: self.ask_plane("/v1/problems")["problems"]) or [{}]
        self.check("outbond" in str(problems), f"the problem is not told: {problems}")
        for each in problems[:1]:
            print("    " + " ".join(f"{key}: {value}" for key, value in each.items() if value))
        self.fleet.etcd.put("mesh.yaml", MESH)
        self.check(until(lambda: not self.ask_plane("/v1/problems")["problems"]), "still a problem")
        self.check(self.you.ask_for_status() == 200, "a request failed")

    def invite(self):
        replica, etcd = self.fleet.replicas[-1], self.fleet.etcd
        curl = f"curl -sK {self.you.write_curl_words()}"
        binary = os.path.relpath(self.fleet.binary)
        print(f"""
{paint('1', 'Try it')} (Ctrl-C ends all of it)
  {curl} https://localhost:{self.you.port}/
  {curl} -H '{RED}' https://localhost:{self.you.port}/
  {binary} control status --url {replica.url} --tls-dir {self.you.folder}
  {curl} -k {replica.url}/v1/rollouts
  curl -s http://127.0.0.1:{replica.admin}/metrics | grep woad_control
  curl -s {etcd.url}/v3/kv/range -d '{{"key": "L3dvYWQvdjEv", "range_end": "L3dvYWQvdjEw", "keys_only": true}}'   # base64 of /woad/v1/
  cat {self.fleet.config_path(self.fleet.pods['cart'])}      # what the plane wrote
""", flush=True)


def show_all(fleet):
    demo = Demo(fleet)
    for show in (demo.show_start, demo.show_colour, demo.show_death_of_a_replica,
                 demo.show_death_of_an_instance, demo.show_halt, demo.show_mistake):
        show()
    if not demo.wrong:
        print(paint("1;32", "\nThe fleet did what its documents say."), flush=True)
    return demo.wrong


if __name__ == "__main__":
    sys.exit(run(Fleet, show_all, lambda fleet: Demo(fleet).invite()))
