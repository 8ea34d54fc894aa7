"""A control plane as a process, and calls to its API."""
import http.client
import json
import os
import signal
import subprocess
import tempfile
import urllib.parse

from .ports import free_port
from .sidecar import BINARY, until

MESH = """\
control:
  lease: 90s
  heartbeat: 30s
"""


class Documents:
    """A folder for --store dir:, whose files are replaced whole."""

    def __init__(self, **services):
        self.folder = tempfile.TemporaryDirectory(prefix="woad-mesh-")
        self.path = self.folder.name
        self.store = f"dir:{self.path}"
        os.mkdir(os.path.join(self.path, "services"))
        self.put("mesh.yaml", MESH)
        for name, text in services.items():
            self.put(f"services/{name}.yaml", text)

    def put(self, name, text):
        path = os.path.join(self.path, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def remove(self, name):
        os.remove(os.path.join(self.path, name))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}

    @property
    def sha256(self):
        return self.headers["etag"].strip('"')

    def json(self):
        return json.loads(self.body)


class Control:
    def __init__(self, store, *args, drain="2s", tls=None):
        self.store, self.args, self.drain = store, args, drain
        self.port, self.admin = free_port(), free_port()
        self.tls = tls
        self.log = tempfile.TemporaryFile()
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "control", "--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin}",
             "--store", self.store, "--drain-timeout", self.drain, *self.args],
            stdout=subprocess.DEVNULL, stderr=self.log)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()

    def is_ready(self):
        try:
            return self.at_admin("/readyz").status == 200
        except OSError:
            return False

    def wait_until_ready(self):
        if not until(self.is_ready, 60):
            raise AssertionError("the control plane is not ready: " + self.said())
        return self

    def at_admin(self, path):
        return self.ask("GET", path, port=self.admin)

    def ask(self, method, path, body=None, headers=None, port=None, context=None, timeout=90):
        kind = http.client.HTTPConnection if context is None else http.client.HTTPSConnection
        more = {} if context is None else {"context": context}
        connection = kind("127.0.0.1", port or self.port, timeout=timeout, **more)
        try:
            data = json.dumps(body).encode() if isinstance(body, dict) else body
            connection.request(method, path, body=data, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def poll(self, service, instance, have="", wait="30s", **more):
        query = urllib.parse.urlencode({"instance": instance, "have": have, "wait": wait})
        return self.ask("GET", f"/v1/config/{service}?{query}", **more)

    def say(self, service, instance, sha256, result="applied", error=""):
        return self.ask("POST", f"/v1/status/{service}/{instance}",
                        {"sha256": sha256, "version": "", "result": result, "error": error})

    def register(self, service, instance, address, **more):
        return self.ask("PUT", f"/v1/instances/{service}/{instance}", {"address": address, **more})

    def page(self, name):
        return self.ask("GET", f"/v1/{name}").json()

    def rollout(self, service):
        return next(each for each in self.page("rollouts")["rollouts"] if each["service"] == service)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """What it exits with by SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.log.close()
