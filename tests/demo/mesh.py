"""The demo's mesh: frontend → cart → price → stock, each app beside its own woad. price and stock
have a red build too; frontend and cart have none. Of price's base there are two. No app passes on a colour, and no sidecar speaks
to anybody without a certificate of the mesh: strict mTLS on every hop, and each lets in its caller
alone."""
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
CALLS = {"frontend": "cart", "cart": "price", "price": "stock", "stock": None}
RED = ("price", "stock")
FORWARDS = {"frontend": "traceparent", "cart": "x-request-id"}  # price forwards nothing
DOMAIN = "demo.woad"
IDENTITY = f"spiffe://{DOMAIN}/ns/demo/sa/"  # and the service's name; builds share it
YOU = "you"  # the person who asks the frontend
CALLERS = {**{callee: caller for caller, callee in CALLS.items() if callee}, "frontend": YOU}

CONFIG = """\
node: {{ service: {service}, instance: {name}{labels} }}
admin: {{ address: 127.0.0.1:{admin} }}
tls:
  certificate: certs/{service}/tls.crt
  key: certs/{service}/tls.key
  trust_bundle: certs/{service}/ca.crt
  trust_domain: {domain}
inbound:
  - {{ address: 127.0.0.1:{inbound}, app: 127.0.0.1:{app}, mtls: strict }}
outbound:
  - {{ address: 127.0.0.1:{outbound} }}
context:
  trust: {{ identities: ["{identity}*"] }}   # our own sidecars and you, by certificate
{dye}services:{services}
filters:
  inbound:
    - access_log
    - peer_identity
    - authorization:
        rules:
          - name: its-caller
            action: allow
            match: {{ principals: ["{identity}{caller}"] }}
    - context
    - trace
    - rate_limit
    - timeout
drain: {{ delay: 0s, timeout: 3s }}
"""
DYE = """\
dye:
  - match: { headers: { x-qa-user: { prefix: qa- } } }
    set: { color: red.alice }
"""


@dataclass
class Pod:
    """One app with its sidecar."""
    name: str  # price, price-2 or price-red
    service: str
    build: str
    ports: dict
    processes: list = field(default_factory=list)

    def kill(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()


class Mesh:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        builds = ([(s, s, "base") for s in CALLS] + [("price-2", "price", "base")]
                  + [(f"{s}-red", s, "red") for s in RED])
        numbers = free_ports(4 * len(builds))
        self.pods = {}
        for index, (name, service, build) in enumerate(builds):
            ports = dict(zip(("app", "inbound", "outbound", "admin"), numbers[4 * index:]))
            self.pods[name] = Pod(name, service, build, ports)

    def config(self, pod):
        return CONFIG.format(
            service=pod.service, name=pod.name, services=self.services(CALLS[pod.service]),
            labels="" if pod.build == "base" else f", labels: {{ color: {pod.build} }}",
            dye=DYE if pod.service == "frontend" else "", domain=DOMAIN, identity=IDENTITY,
            caller=CALLERS[pod.service], **pod.ports)

    def services(self, callee):
        if not callee:
            return " {}"
        rows = []
        for pod in self.pods.values():
            if pod.service == callee:
                labels = "" if pod.build == "base" else f", labels: {{ color: {pod.build} }}"
                rows.append(f"      - {{ address: 127.0.0.1:{pod.ports['inbound']}{labels} }}")
        return (f'\n  {callee}:\n    tls: {{ peer: ["{IDENTITY}{callee}"] }}\n    endpoints:\n'
                + "\n".join(rows))

    def config_path(self, pod):
        return os.path.join(self.folder, f"{pod.name}.yaml")

    def certificates(self, name):
        return os.path.join(self.folder, "certs", name)

    def log_path(self, pod):
        return os.path.join(self.folder, f"{pod.name}.access.log")

    def issue(self, *more):
        """`woad certs` is the mesh's CA. People call the frontend by a DNS name."""
        others = [word for name in (*CALLS, YOU, *more) if name != "frontend"
                  for word in ("--id", IDENTITY + name)]
        for words in (others, ["--id", IDENTITY + "frontend", "--dns", "localhost"]):
            done = subprocess.run([self.binary, "certs", "--dir", os.path.join(self.folder, "certs"),
                                   *words], capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr)

    def start(self):
        self.issue()
        for pod in self.pods.values():
            with open(self.config_path(pod), "w", encoding="utf-8") as file:
                file.write(self.config(pod))
        for pod in self.pods.values():
            self.start_pod(pod)
        for pod in self.pods.values():
            self.wait(pod)

    def start_pod(self, pod):
        app = [sys.executable, os.path.join(HERE, "app.py"), "--name", pod.service, "--build",
               pod.build, "--pod", pod.name, "--port", str(pod.ports["app"])]
        if CALLS[pod.service]:
            app += ["--call", CALLS[pod.service], "--via", f"127.0.0.1:{pod.ports['outbound']}"]
        if pod.service in FORWARDS:
            app += ["--forward", FORWARDS[pod.service]]
        with open(self.stderr_path(pod), "wb") as err:
            pod.processes.append(subprocess.Popen(app, stdin=subprocess.DEVNULL, stderr=err))
        self.start_sidecar(pod)

    def start_sidecar(self, pod):
        words, more = self.sidecar(pod)
        with open(self.stderr_path(pod), "ab") as err, open(self.log_path(pod), "wb") as out:
            pod.processes.append(subprocess.Popen(
                [self.binary, "run", *words], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**os.environ, **more}))

    def sidecar(self, pod):
        """What it is started with: words and variables."""
        return ["-c", self.config_path(pod)], {}

    def wait(self, pod):
        done = subprocess.run([self.binary, "wait", "--timeout", "20s", "--admin",
                               f"127.0.0.1:{pod.ports['admin']}"], capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{pod.name}'s sidecar did not get ready: {self.stderr(pod)}")
        self.wait_for_app(pod)

    def wait_for_app(self, pod):
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", pod.ports["app"])) == 0:
                    return
            if time.monotonic() > deadline:
                raise RuntimeError(f"the app {pod.name} did not start: {self.stderr(pod)}")
            time.sleep(0.02)

    def stderr_path(self, pod):
        return os.path.join(self.folder, f"{pod.name}.stderr")

    def stderr(self, pod):
        with open(self.stderr_path(pod), encoding="utf-8") as file:
            return file.read()[-2000:]

    def stop(self):
        """Ends what this object started, by process id."""
        processes = [p for pod in self.pods.values() for p in pod.processes]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_ports(count):
    """Free loopback ports, all different: each is held until all are found."""
    held, ports, port = [], [], 15000
    while len(ports) < count:
        port += 1
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.close()
            continue
        held.append(probe)
        ports.append(port)
    for probe in held:
        probe.close()
    return ports
