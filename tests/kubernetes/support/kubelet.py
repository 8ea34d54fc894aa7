"""What a scheduler and a kubelet do, as far as these tests need it.

A pod that bears the label app.kubernetes.io/part-of=woad goes to the node `real`: it gets a network namespace with its
address, and its containers run as processes of the binary under test, as user 1337, in order, with its volumes and
probes. All others go to the node `fake`, where kwok says of them that they run.
"""
import threading

from .api import Refused
from .pod import Pod

PODS = "/api/v1/pods"


def path_of(pod):
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


class Kubelet:
    def __init__(self, api, host, folder):
        self.api, self.host, self.dir = api, host, folder
        self.pods, self.numbers = {}, iter(range(1, 250))
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def stop(self):
        self.ending.set()
        self.thread.join()
        for pod in self.pods.values():
            pod.end()

    def loop(self):
        while not self.ending.wait(0.2):
            try:
                self.look()
            except (OSError, Refused):
                pass  # gone or changed meanwhile: the next look sees it

    def look(self):
        seen = set()
        for spec in self.api.items(PODS):
            seen.add(spec["metadata"]["uid"])
            self.reconcile(spec)
        for uid in set(self.pods) - seen:
            self.pods.pop(uid).end()

    def reconcile(self, spec):
        meta = spec["metadata"]
        if "nodeName" not in spec["spec"]:
            node = "real" if meta.get("labels", {}).get("app.kubernetes.io/part-of") == "woad" else "fake"
            self.api.post(f"{path_of(spec)}/binding", {"metadata": {"name": meta["name"]}, "target": {"name": node}})
        elif spec["spec"]["nodeName"] == "real":
            pod = self.pods.get(meta["uid"])
            if "deletionTimestamp" in meta:
                if pod:
                    self.pods.pop(meta["uid"]).end()
                self.api.delete(path_of(spec), grace=0)
            elif not pod:
                address = f"10.244.1.{next(self.numbers)}"
                self.pods[meta["uid"]] = Pod(self.api, path_of(spec), spec, address, self.host, self.dir)
