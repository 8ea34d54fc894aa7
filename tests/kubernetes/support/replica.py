"""A replica of `woad control` beside the cluster: it finds the API server by a kubeconfig, its own API is on loopback."""
import itertools
import json
import signal
import subprocess
import urllib.error
import urllib.request

from .tools import LOGS, WOAD, environment

_ports = itertools.count(17010)  # the network namespace is ours alone
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Replica:
    def __init__(self, kubeconfig):
        self.port, self.admin = next(_ports), next(_ports)
        with open(LOGS / f"replica-{self.port}.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [str(WOAD), "control", "--store", "kubernetes", "--kubeconfig", str(kubeconfig),
                 "--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin}", "--drain-timeout", "1s"],
                env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ask(self, path, body=None, port=None):
        """(status, text)"""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}", data)
        try:
            with _direct.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def readyz(self):
        return self.ask("/readyz", port=self.admin)

    def is_ready(self):
        return self.readyz()[0] == 200

    def page(self, name):
        return json.loads(self.ask(f"/v1/{name}")[1])

    def instances(self, service):
        """instance -> (address, labels) of those that are alive."""
        status, text = self.ask(f"/v1/instances/{service}")
        found = json.loads(text)["instances"] if status == 200 else []
        return {each["instance"]: (each["address"], each["labels"]) for each in found if each["state"] == "alive"}

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.go_on()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
