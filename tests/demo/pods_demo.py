#!/usr/bin/env python3
"""A mesh of pods without a cluster: each app in a network namespace of its own, calling the others
by plain names and ports, with no proxy setting anywhere; `woad redirect` brings its connections to
the sidecar beside it. --once checks where requests went and ends.

frontend → cart → price (base and red), and a database that is no HTTP. Needs root.
"""
import argparse
import json
import os
import signal
import subprocess
import sys

from stage import paint

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

CALLS = {"frontend": "cart", "cart": "price", "price": None}
FORWARDS = {"frontend": "traceparent", "cart": "x-request-id"}
IDENTITY = "spiffe://demo.woad/ns/demo/sa/"
DATABASE = ("import socket,sys; s=socket.create_connection((sys.argv[1],3306),20); s.settimeout(20); "
            "print(s.recv(100).decode().strip())")


def listeners(port, hosts, **more):
    return [{"address": f"{host}:{port}", "redirect": True, **more} for host in hosts]


class Demo:
    def __init__(self, network, pods_module):
        self.network, self.wrong = network, []
        self.pods = {name: network.pod(name) for name in
                     ("you", "frontend", "cart", "price", "price-red", "database", "stranger")}
        self.app_user = pods_module.APP_USER
        self.greeter = os.path.join(os.path.dirname(pods_module.__file__), "plain_app.py")

    def certificates(self, binary):
        folder = os.path.join(self.network.folder, "certs")
        os.makedirs(folder)
        ids = [word for name in ("you", "frontend", "cart", "price", "database")
               for word in ("--id", IDENTITY + name)]
        subprocess.run([binary, "certs", "--dir", folder, *ids], check=True,
                       stdout=subprocess.DEVNULL)
        for where, _, files in os.walk(folder):
            os.chmod(where, 0o755)
            for file in files:
                os.chmod(os.path.join(where, file), 0o644)
        return folder

    def config(self, service, certs, labels):
        mine = {kind: os.path.join(certs, service, file) for kind, file in
                (("certificate", "tls.crt"), ("key", "tls.key"), ("trust_bundle", "ca.crt"))}
        at = {name: f"{pod.v4}:8080" for name, pod in self.pods.items()}
        price = [{"address": at["price"]}, {"address": at["price-red"], "labels": {"color": "red"}}]
        database = [{"address": f"{self.pods['database'].v4}:3306"}]
        return {"node": {"service": service, "labels": labels}, "tls": mine,
                "inbound": listeners(15006, ("0.0.0.0", "[::]"), app="127.0.0.1", mtls="strict"),
                "outbound": listeners(15001, ("127.0.0.1", "[::1]")),
                "context": {"trust": {"identities": [IDENTITY + "*"]}},
                "services": {"frontend": {"endpoints": [{"address": at["frontend"]}]},
                             "cart": {"endpoints": [{"address": at["cart"]}]},
                             "price": {"endpoints": price},
                             "database": {"protocol": "tcp", "endpoints": database}},
                "drain": {"delay": "0s", "timeout": "3s"}}

    def start(self, binary):
        certs = self.certificates(binary)
        for name, pod in self.pods.items():
            if name == "stranger":
                continue
            service, _, build = name.partition("-")
            if service in CALLS:
                callee = CALLS[service]
                words = ["--name", service, "--pod", name, "--port", "8080", "--build", build or "base"]
                words += ["--call", callee, "--via", f"{callee}:8080"] if callee else []
                words += ["--forward", FORWARDS[service]] if service in FORWARDS else []
                pod.popen(sys.executable, os.path.join(HERE, "app.py"), *words)
            elif service == "database":
                pod.app("greet=3306")
            code, _, err = pod.redirect()
            if code:
                raise RuntimeError(f"woad redirect in {name}: {err.strip()}")
            pod.sidecar(self.config(service, certs, {"color": build} if build else {}))

    def ask(self, *headers):
        words = [word for header in headers for word in ("-H", header)]
        status, _, body = self.pods["you"].curl("http://frontend:8080/", *words)
        step = json.loads(body) if status == 200 else {}
        path = []
        while step:
            path.append(step)
            step = step.get("called")
        return status, path

    def expect(self, what, got, wanted):
        if got != wanted:
            self.wrong.append(f"{what}: {got}, not {wanted}")

    def show(self):
        print(paint("1", "frontend → cart → price") + ": each app calls the next as http://price:8080/, and knows of no proxy.\n")
        for headers, builds in (((), ["base"] * 3), (("x-woad-color: red",), ["base", "base", "red"]),
                                (("x-woad-color: blue",), ["base"] * 3)):
            status, path = self.ask(*headers)
            told = " → ".join(f"{step['service']}({step['build']})" for step in path)
            print(f"  {(headers or ('no colour',))[0]:<22}{told or status}")
            self.expect(f"{headers or 'undyed'}", [step["build"] for step in path], builds)
        print("\n" + paint("1", "Who called") + ", as each app is told by its sidecar:")
        caller = "you"
        for step in self.ask()[1]:
            told = dict(part.split("=", 1) for part in (step["caller"] or "").split(";") if part)
            print(f"  {caller:>8} → {step['service']:<10}{told.get('URI', 'nobody')}")
            self.expect(f"the caller of {step['service']}", told.get("URI"), IDENTITY + caller)
            caller = step["service"]
        print("\n" + paint("1", "Not HTTP") + ": the database speaks first, by its address, through mTLS as well:")
        got = self.pods["cart"].run(sys.executable, "-c", DATABASE, self.pods["database"].v4)
        print(f"  cart → {self.pods['database'].v4}:3306   {got.stdout.strip()}")
        self.expect("the database", got.stdout.strip(), "5.7.0 ready for you")
        print("\n" + paint("1", "A stranger") + " without a sidecar, asking price in plaintext:")
        status, headers, _ = self.pods["stranger"].curl(f"http://{self.pods['price'].v4}:8080/")
        print(f"  {status} {headers.get('x-woad-error')}")
        self.expect("the stranger", (status, headers.get("x-woad-error")), (403, "mtls_required"))

    def invite(self):
        you, cart = self.pods["you"], self.pods["cart"]
        inside = f"ip netns exec {you.ns} setpriv --reuid={self.app_user} --clear-groups"
        print(f"""
{paint('1', 'Try it')} (Ctrl-C ends all of it)
  {inside} curl -s http://frontend:8080/ -H 'x-woad-color: red'
  ip netns exec {cart.ns} nft list table inet woad
  tail -f {cart.log}
""", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--once", action="store_true", help="check and end")
    args = parser.parse_args()
    binary = os.environ["WOAD"] = os.path.abspath(args.binary)
    from support import namespaces, pods  # pylint: disable=import-outside-toplevel  # reads WOAD
    problem = namespaces.why_not()
    if problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with pods.Pods() as network:
        try:
            demo = Demo(network, pods)
            demo.start(binary)
            demo.show()
            for line in demo.wrong:
                print(paint("1;31", f"WRONG: {line}"))
            if not demo.wrong:
                print(paint("1;32", "\nEvery connection arrived where it meant to."), flush=True)
            if args.once or demo.wrong:
                return 1 if demo.wrong else 0
            demo.invite()
            signal.pause()
        except RuntimeError as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
