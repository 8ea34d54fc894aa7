"""The demo's mesh without a single woad.yaml: documents lie in an etcd, two replicas of `woad
control` make each sidecar's file of them, and sidecars register themselves."""
import os
import subprocess
import sys

from mesh import CALLS, IDENTITY, Mesh

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from support.etcd import Etcd  # noqa: E402  the tests' own
from support.ports import free_port  # noqa: E402

CONTROL = "woad-control"

MESH = f"""\
admin: {{ address: "127.0.0.1:${{WOAD_ADMIN}}" }}
inbound:
  - {{ address: "127.0.0.1:${{WOAD_INBOUND}}", app: "127.0.0.1:${{WOAD_APP}}", mtls: strict }}
outbound:
  - {{ address: "127.0.0.1:${{WOAD_OUTBOUND}}" }}
context:
  trust: {{ identities: ["{IDENTITY}*"] }}
drain: {{ delay: 0s, timeout: 3s }}
control:
  identities: "{IDENTITY}{{service}}"
  readers: ["{IDENTITY}you"]
  operators: ["{IDENTITY}you"]
  lease: 6s
  heartbeat: 2s
  rollout: {{ steps: [1, 100%], pause: 1s, timeout: 30s }}
"""
SERVICE = """\
service:
  tls: {{ peer: ["{identity}{service}"] }}
uses: [{uses}]
"""


class Replica:
    """One process of the control plane."""

    def __init__(self, fleet, name):
        self.fleet, self.name = fleet, name
        self.port, self.admin = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        with open(os.path.join(self.fleet.folder, f"{self.name}.stderr"), "wb") as err:
            self.process = subprocess.Popen(
                [self.fleet.binary, "control", "--listen", f"127.0.0.1:{self.port}",
                 "--admin", f"127.0.0.1:{self.admin}", "--store", f"etcd:{self.fleet.etcd.url}",
                 "--tls-dir", self.fleet.certificates(CONTROL), "--drain-timeout", "2s"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)

    def wait(self):
        done = subprocess.run([self.fleet.binary, "wait", "--timeout", "20s", "--admin",
                               f"127.0.0.1:{self.admin}"], capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.name} did not get ready: {self.stderr()}")

    def stderr(self):
        with open(os.path.join(self.fleet.folder, f"{self.name}.stderr"), encoding="utf-8") as file:
            return file.read()[-2000:]

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Fleet(Mesh):
    def __init__(self, binary, folder):
        super().__init__(binary, folder)
        self.etcd = None
        self.replicas = []

    def start(self):
        self.issue(CONTROL)
        self.etcd = Etcd()
        self.etcd.put("mesh.yaml", MESH)
        for name, callee in CALLS.items():
            self.put_service(name, callee)
        self.add_replica("control-a")
        self.add_replica("control-b")
        base = [pod for pod in self.pods.values() if pod.build == "base"]
        for pod in base:
            self.start_pod(pod)
        for pod in base:
            self.wait(pod)

    def put_service(self, name, callee, more=""):
        self.etcd.put(f"services/{name}.yaml",
                      SERVICE.format(identity=IDENTITY, service=name, uses=callee or "") + more)

    def add_replica(self, name):
        replica = Replica(self, name)
        self.replicas.append(replica)
        replica.start()
        replica.wait()

    def start_sidecar(self, pod):
        """It registers as soon as it is ready: the app is to be there by then."""
        self.wait_for_app(pod)
        super().start_sidecar(pod)

    def sidecar(self, pod):
        words = ["-c", self.config_path(pod), "--control-plane",
                 ",".join(replica.url for replica in self.replicas), "--register"]
        ports = {f"WOAD_{name.upper()}": str(port) for name, port in pod.ports.items()}
        return words, {**ports, "WOAD_SERVICE": pod.service, "WOAD_INSTANCE": pod.name,
                       "WOAD_LABELS": "" if pod.build == "base" else f"color={pod.build}",
                       "WOAD_TLS_DIR": self.certificates(pod.service),
                       "WOAD_ADVERTISE": f"127.0.0.1:{pod.ports['inbound']}"}

    def stop(self):
        super().stop()
        for replica in self.replicas:
            replica.kill()
        if self.etcd is not None:
            self.etcd.close()
