"""What the suites with a cluster share: one cluster for all of them, started when the first one asks."""
import unittest

from .api import Refused, until
from .cluster import Cluster
from .tools import CHART, run

SYSTEM = "woad-system"
_cluster = None


def cluster():
    global _cluster
    _cluster = _cluster or Cluster()
    return _cluster


def stop_cluster():
    if _cluster:
        _cluster.stop()


def app(name="app", labels=None, annotations=None, **spec):
    """A Pod that the restricted level lets in, before injection."""
    container = {"name": "app", "image": "registry.example/app:1", "ports": [{"containerPort": 8080}], "securityContext": {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    return {"metadata": {"name": name, "labels": labels or {}, "annotations": annotations or {}},
            "spec": {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                     "containers": [container], **spec}}


def names(pod):
    """(init containers, containers)"""
    return tuple([c["name"] for c in pod["spec"].get(kind, [])] for kind in ("initContainers", "containers"))


class ClusterSuite(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.api = cluster().api

    @classmethod
    def namespace(cls, name, **labels):
        """One with these labels (`enforce`: its Pod Security level; `inject`), gone when the class ends."""
        keys = {"enforce": "pod-security.kubernetes.io/enforce", "inject": "woad.dev/inject"}
        cls.api.post("/api/v1/namespaces", {"metadata": {"name": name, "labels": {keys[k]: v for k, v in labels.items()}}})
        cls.addClassCleanup(cls.remove_namespace, name)
        until(lambda: cls.exists(f"/api/v1/namespaces/{name}/serviceaccounts/default"), f"the account of {name}")

    @classmethod
    def remove_namespace(cls, name):
        cls.api.delete(f"/api/v1/namespaces/{name}")
        until(lambda: not cls.exists(f"/api/v1/namespaces/{name}"), f"{name} is gone", 300)

    @classmethod
    def exists(cls, path):
        try:
            return cls.api.get(path)
        except Refused as refused:
            if refused.code != 404:
                raise
            return None

    @classmethod
    def helm(cls, *args, code=0):
        return run("helm", *args, "--namespace", SYSTEM, code=code, seconds=600)

    @classmethod
    def install(cls, *args):
        """The chart in its namespace, its pods ready; every call after the first is an upgrade."""
        cls.helm("upgrade", "--install", "woad", CHART, "--wait", "--timeout", "5m", *args)

    def create(self, namespace, pod, dry=True):
        """The Pod as the API server would make it, or made it."""
        return self.api.post(f"/api/v1/namespaces/{namespace}/pods{'?dryRun=All' if dry else ''}", pod)

    def pods(self, namespace, selector):
        return self.api.items(f"/api/v1/namespaces/{namespace}/pods?labelSelector={selector}")
