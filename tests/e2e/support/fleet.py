"""A control plane as a process, and sidecars that have no file but what it tells them."""
import json
import os
import subprocess
import tempfile
import urllib.error
import urllib.request

from .origin import Origin, Reply
from .ports import free_port
from .sidecar import BINARY, Process, Sidecar, until

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

MESH = """\
admin: { address: "127.0.0.1:${WOAD_ADMIN}" }
inbound:
  - { address: "127.0.0.1:${WOAD_INBOUND}", app: "127.0.0.1:${WOAD_APP}", mtls: off }
outbound:
  - { address: "127.0.0.1:${WOAD_OUTBOUND}" }
context: { trust: { plaintext: trust } }
drain: { delay: 0s, timeout: 2s }
"""


class Plane(Process):
    """One replica, in plaintext on loopback unless there are certificates (`args`)."""

    name = "woad control"

    def __init__(self, store, *args, wait=True):
        self.store, self.args = store, args
        self.port, self.admin = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = tempfile.TemporaryDirectory(prefix="woad-plane-")
        self.err_path = os.path.join(self.folder.name, "stderr.log")
        self.process = None
        self.start(wait)

    def start(self, wait=True):
        with open(self.err_path, "ab") as err:
            self.process = subprocess.Popen(
                [BINARY, "control", "--listen", f"127.0.0.1:{self.port}", "--admin",
                 f"127.0.0.1:{self.admin}", "--store", self.store, "--drain-timeout", "1s",
                 *self.args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        if wait and not until(lambda: self.ready()[0] == 200, 60):
            text = self.stderr()
            self.kill()
            raise AssertionError(f"woad control did not get ready:\n{text}")

    def ready(self):
        """(status, text) of /readyz; (0, why) when nobody answers."""
        if self.process.poll() is not None:
            raise AssertionError(f"woad control ended with {self.process.returncode}:\n{self.stderr()}")
        try:
            return self.call("/readyz", port=self.admin)
        except OSError as error:
            return 0, str(error)

    def call(self, path, method="GET", body=None, port=None, timeout=70):
        """(status, text)."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}", data,
                                         method=method)
        try:
            with DIRECT.open(request, timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def json(self, path):
        status, text = self.call(path)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)

    def register(self, service, instance, address, **more):
        return self.call(f"/v1/instances/{service}/{instance}", "PUT", {"address": address, **more})

    def instances(self, service):
        """Names."""
        return {each["instance"] for each in self.json(f"/v1/instances/{service}")["instances"]}

    def rollout(self, service):
        return next((each for each in self.json("/v1/rollouts")["rollouts"]
                     if each["service"] == service), None)

    def problems(self):
        return self.json("/v1/problems")["problems"]


class Member(Sidecar):
    """A sidecar that is started with nothing but variables, beside an app of its own that answers
    with the instance's name."""

    def __init__(self, service, planes, instance=None, *, color=None, wait=True, env=None):
        self.service, self.instance = service, instance or f"{service}-1"
        self.planes = planes
        self.color, self.more = color, env or {}
        self.outbound, self.inbound, self.admin = free_port(), free_port(), free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="woad-e2e-")
        self.path = os.path.join(self.folder.name, "woad.yaml")
        self.log_path = os.path.join(self.folder.name, "access.log")
        self.err_path = os.path.join(self.folder.name, "stderr.log")
        name = self.instance.encode()
        self.app = Origin(self.instance, handler=lambda request: Reply(body=name))
        self.process = None
        self.start(wait, env=self.variables())

    def variables(self):
        # Its file is the plane's: even the ports in it are variables, as many share one machine.
        return {"WOAD_SERVICE": self.service, "WOAD_INSTANCE": self.instance,
                "WOAD_LABELS": f"color={self.color}" if self.color else "",
                "WOAD_CONTROL_PLANE": ",".join(self.planes), "WOAD_REGISTER": "true",
                "WOAD_ADVERTISE": f"127.0.0.1:{self.inbound}", "WOAD_ADMIN": str(self.admin),
                "WOAD_INBOUND": str(self.inbound), "WOAD_OUTBOUND": str(self.outbound),
                "WOAD_APP": str(self.app.port), **self.more}

    def stop(self, check=True):
        super().stop(check)
        self.app.close()

    def file(self):
        """What the plane told it last."""
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def ask(self, service, color=None):
        """(status, what the instance that answered said)."""
        headers = {"Host": service, **({"x-woad-color": color} if color else {})}
        return self.get("/", headers=headers, port=self.outbound)[:2]
