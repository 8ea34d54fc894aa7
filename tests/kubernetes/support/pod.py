"""One pod that really runs: a network namespace, a process a container, probes, and its status told to the API server."""
import http.client
import itertools
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading
import time

from .api import Refused
from .tools import LOGS
from .volumes import USER, field, fill

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def user(container):
    """The image's, or root for who says so; no capability but those that are asked for."""
    context = container.get("securityContext", {})
    number = context.get("runAsUser", USER)
    rights = [f"+{name.lower()}" for name in context.get("capabilities", {}).get("add", [])]
    return ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", "--no-new-privs",
            "--bounding-set=" + ",".join(["-all", *rights]), "--inh-caps=" + ",".join(["-all", *rights])]


class Pod:
    def __init__(self, api, path, pod, address, host, folder):
        self.api, self.path, self.pod, self.address, self.host = api, path, pod, address, host
        self.disk, self.dir = folder, folder / "pods" / pod["metadata"]["uid"]
        self.ending, self.processes, self.ready = threading.Event(), {}, {}
        self.pause = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        self.thread = threading.Thread(target=self.live, daemon=True)
        self.thread.start()

    def live(self):
        try:
            self.make_network()
            self.make_volumes()
            self.tell("Pending")
            for container in self.pod["spec"].get("initContainers", []):
                process = self.run(container)
                if container.get("restartPolicy") == "Always":
                    self.hold(container, "startupProbe")
                elif process.wait():
                    return self.tell("Failed")
            apps = self.pod["spec"]["containers"]
            for container in apps:
                self.run(container)
                self.hold(container, "startupProbe")
                self.hold(container, "readinessProbe")
                self.ready[container["name"]] = True
            self.tell("Running")
            if self.pod["spec"]["restartPolicy"] == "Never":
                codes = [self.processes[c["name"]].wait() for c in apps]
                self.tell("Failed" if any(codes) else "Succeeded")
        except (OSError, Refused, subprocess.SubprocessError) as error:
            with open(LOGS / "kubelet.log", "a", encoding="utf-8") as log:
                log.write(f"{self.path}: {error!r}\n")

    def make_network(self):
        """A pair of interfaces: `eth0` in the pod, `p<number>` on the host."""
        while os.readlink(f"/proc/{self.pause.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        peer = f"p{self.address.rsplit('.', 1)[1]}"
        host = (("link", "add", peer, "type", "veth", "peer", "name", "eth0", "netns", str(self.pause.pid)),
                ("link", "set", peer, "up"), ("route", "add", self.address, "dev", peer, "src", self.host))
        inside = (("link", "set", "lo", "up"), ("addr", "add", f"{self.address}/32", "dev", "eth0"),
                  ("link", "set", "eth0", "up"), ("route", "add", self.host, "dev", "eth0"),
                  ("route", "add", "default", "via", self.host))
        for words in host:
            subprocess.run(["ip", *words], check=True)
        for words in inside:
            subprocess.run([*self.enter(), "ip", *words], check=True)

    def enter(self):
        return ["nsenter", "--target", str(self.pause.pid), "--net"]

    def make_volumes(self):
        for volume in self.pod["spec"].get("volumes", []):
            fill(self.api, self.pod, volume, self.dir / volume["name"], self.disk)

    def run(self, container):
        name = container["name"]
        words = [self.on_host(container, word) for word in container.get("args", [])]
        log = LOGS / f"{self.pod['metadata']['name']}-{name}.log"
        with open(log, "w", encoding="utf-8") as out:
            self.processes[name] = subprocess.Popen(
                [*self.enter(), *self.with_token(container), *user(container), str(self.disk / "woad"), *words],
                env=self.environment(container), cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        return self.processes[name]

    def environment(self, container):
        """As a kubelet makes it: a value may name those before it."""
        found = {"KUBERNETES_SERVICE_HOST": self.host, "KUBERNETES_SERVICE_PORT": str(self.api.port)}
        known = {**self.pod, "status": {"podIP": self.address}}
        for one in container.get("env", []):
            value = field(known, one["valueFrom"]["fieldRef"]["fieldPath"]) if "valueFrom" in one else one.get("value", "")
            for name, text in found.items():
                value = value.replace(f"$({name})", text)
            found[one["name"]] = self.at_endpoints(self.on_host(container, value))
        return found

    def at_endpoints(self, value):
        """https://NAME.NAMESPACE.svc:PORT as its endpoints: here is neither a name server nor a proxy for Services."""
        service = re.fullmatch(r"https://([a-z0-9-]+)\.([a-z0-9-]+)\.svc:(\d+)", value)
        if not service:
            return value
        name, space, port = service.groups()
        slices = self.api.items(f"/apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices"
                                f"?labelSelector=kubernetes.io/service-name={name}")
        return ",".join(f"https://{address}:{port}" for one in slices for endpoint in one["endpoints"]
                        for address in endpoint["addresses"])

    def with_token(self, container):
        """Puts the account's token where programs look for it, in a mount namespace of their own."""
        for mount in container.get("volumeMounts", []):
            if mount["mountPath"] == ACCOUNT:
                where = f"/run{ACCOUNT.removeprefix('/var/run')}"
                script = f'mount -t tmpfs tmpfs /run && mkdir -p {os.path.dirname(where)} && ln -s "$0" {where} && exec "$@"'
                return ["unshare", "--mount", "sh", "-c", script, str(self.dir / mount["name"])]
        return []

    def on_host(self, container, word):
        """A path below one of the container's mounts, where that volume is here."""
        for mount in container.get("volumeMounts", []):
            if word == mount["mountPath"] or word.startswith(mount["mountPath"] + "/"):
                return str(self.dir / mount["name"] / mount.get("subPath", "")) + word[len(mount["mountPath"]):]
        return word

    def hold(self, container, kind):
        """Returns when the probe is content; as a kubelet, it gives up on a start alone, after failureThreshold."""
        probe = container.get(kind)
        if not probe:
            return
        tries = probe.get("failureThreshold", 3) * 10 if kind == "startupProbe" else None  # ten times: a slow machine
        for count in itertools.count():
            if count == tries:
                raise TimeoutError(f"{kind} of {container['name']}")
            if self.ending.wait(0.2):
                raise InterruptedError("the pod ends")
            if self.processes[container["name"]].poll() is not None:
                raise ChildProcessError(f"{container['name']} ended by itself")
            if self.asks_well(container, probe["httpGet"]):
                return

    def asks_well(self, container, get):
        port = next((p["containerPort"] for p in container.get("ports", []) if p.get("name") == get["port"]), get["port"])
        if get.get("scheme") == "HTTPS":
            connection = http.client.HTTPSConnection(self.address, port, timeout=5,
                                                     context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection(self.address, port, timeout=5)
        try:
            connection.request("GET", get["path"], headers={h["name"]: h["value"] for h in get.get("httpHeaders", [])})
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def tell(self, phase):
        if self.ending.is_set():
            return
        names = [c["name"] for c in self.pod["spec"]["containers"]]
        ready = phase == "Running" and all(self.ready.get(name) for name in names)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        conditions = [{"type": kind, "status": str(good), "lastTransitionTime": now} for kind, good in
                      (("PodScheduled", True), ("Initialized", phase != "Pending"),
                       ("ContainersReady", ready), ("Ready", ready))]
        self.api.patch(f"{self.path}/status", {"status": {
            "phase": phase, "conditions": conditions, "podIP": self.address, "podIPs": [{"ip": self.address}]}})

    def end(self):
        """SIGTERM to the apps, then to the sidecars, last first; the network goes with its last process."""
        self.ending.set()
        for process in reversed(self.processes.values()):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.thread.join()
        self.pause.kill()
        self.pause.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
