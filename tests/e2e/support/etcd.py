"""A real etcd on loopback, spoken to by its JSON gateway; ended by its process id."""
import base64
import json
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

from .ports import free_port
from .sidecar import until

PREFIX = "/woad/v1/"
AVAILABLE = shutil.which("etcd") is not None
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


class Etcd:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="woad-etcd-")
        self.port, self.peer = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.start()

    def start(self):
        """Also after kill(): with what it held."""
        peer = f"http://127.0.0.1:{self.peer}"
        self.process = subprocess.Popen(
            ["etcd", "--name=t", f"--data-dir={self.folder.name}/data",
             f"--listen-client-urls={self.url}", f"--advertise-client-urls={self.url}",
             f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
             f"--initial-cluster=t={peer}", "--unsafe-no-fsync"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not until(self.answers, 60):
            raise RuntimeError("etcd did not start")

    def answers(self):
        try:
            return self.call("kv/range", key=_b64("x")) is not None
        except (OSError, urllib.error.URLError):
            return False

    def call(self, what, **body):
        request = urllib.request.Request(f"{self.url}/v3/{what}", json.dumps(body).encode())
        with DIRECT.open(request, timeout=10) as answer:
            return json.loads(answer.read())

    def put(self, key, text):
        """key: below woad's prefix, such as "services/price.yaml"."""
        return self.call("kv/put", key=_b64(PREFIX + key), value=_b64(text))

    def delete(self, key):
        return self.call("kv/deleterange", key=_b64(PREFIX + key))

    def get(self, key):
        """The text, or None."""
        found = self.call("kv/range", key=_b64(PREFIX + key)).get("kvs")
        return base64.b64decode(found[0].get("value", "")).decode() if found else None

    def keys(self, below=""):
        first = PREFIX + below
        last = first[:-1] + chr(ord(first[-1]) + 1)
        found = self.call("kv/range", key=_b64(first), range_end=_b64(last), keys_only=True)
        return [base64.b64decode(each["key"]).decode()[len(PREFIX):] for each in found.get("kvs", [])]

    def compact(self):
        """All history up to now is gone."""
        now = self.call("kv/put", key=_b64("x"), value="")["header"]["revision"]
        return self.call("kv/compaction", revision=now, physical=True)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """As kill -9 does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        self.folder.cleanup()
