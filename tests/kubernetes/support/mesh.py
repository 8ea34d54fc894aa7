"""Deployments whose pods really run: an app that answers with its pod's name, beside the sidecar that the webhook gives it."""
import json
import subprocess

from .api import until
from .suite import cluster

# woad itself is the app: a listener that answers everything.
APP = """\
node: { service: app }
admin: { address: "127.0.0.1:18000" }
outbound: [{ address: "0.0.0.0:8080" }]
routes: [{ match: { path: { prefix: / } }, respond: { status: 200, body: "${POD}" } }]
"""


class Space:
    """A namespace of such Deployments."""

    def __init__(self, api, name):
        self.api, self.name = api, name
        api.post(f"/api/v1/namespaces/{name}/configmaps", {"metadata": {"name": "app"}, "data": {"app.yaml": APP}})

    def deploy(self, service, replicas=1):
        """With its account, whose name is the service's, and its Service."""
        labels = {"app.kubernetes.io/name": service}
        self.api.post(f"/api/v1/namespaces/{self.name}/serviceaccounts", {"metadata": {"name": service}})
        self.api.post(f"/api/v1/namespaces/{self.name}/services", {
            "metadata": {"name": service},
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080, "appProtocol": "http"}]}})
        container = {
            "name": "app", "image": "registry.example/app:1", "args": ["run", "-c", "/etc/app/app.yaml"],
            "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "ports": [{"containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},  # of the app, through its sidecar
            "volumeMounts": [{"name": "app", "mountPath": "/etc/app"}]}
        self.api.post(f"/apis/apps/v1/namespaces/{self.name}/deployments", {
            "metadata": {"name": service},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": {**labels, "app.kubernetes.io/part-of": "woad"}},  # the node `real`
                "spec": {"serviceAccountName": service, "containers": [container],
                         "volumes": [{"name": "app", "configMap": {"name": "app"}}]}}}})

    def change(self, service, spec):
        self.api.patch(f"/apis/apps/v1/namespaces/{self.name}/deployments/{service}", {"spec": spec})

    def pods(self, service):
        """Names of those that are ready and stay."""
        found = self.api.items(f"/api/v1/namespaces/{self.name}/pods?labelSelector=app.kubernetes.io/name={service}")
        return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"] and any(
            c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))}

    def settled(self, service, replicas):
        """Their names, once there are as many as wanted."""
        def as_many():
            found = self.pods(service)
            return len(found) == replicas and found
        return until(as_many, f"{replicas} ready pods of {service}", 300)


def ask(caller, host, color=None):
    """The body that the app in a pod gets from a service, through its sidecar."""
    headers = ["-H", f"Host: {host}", *(["-H", f"x-woad-color: {color}"] if color else [])]
    return from_inside(caller, "http://127.0.0.1:15001/", *headers)


def from_inside(pod, url, *options):
    """A body, asked for in the network of a pod; OSError when it is no success."""
    found = [one for one in list(cluster().kubelet.pods.values()) if one.pod["metadata"]["name"] == pod]
    if not found:
        raise OSError(f"no pod {pod}")
    done = subprocess.run([*found[0].enter(), "curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", *options, url],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{url} from {pod}: {done.stdout} {done.stderr}")
    return done.stdout


def pages_of_control(pods, page):
    """What each replica of the control plane says, asked over its loopback."""
    return [json.loads(from_inside(pod, f"http://127.0.0.1:15010{page}")) for pod in pods]
