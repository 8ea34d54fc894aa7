"""A cluster in this network namespace: etcd, API server, controller manager, kwok for pods that only pretend to run
(node `fake`), and kubelet.py for those that do (node `real`). Needs the namespaces that run.py makes."""
import json
import pathlib
import secrets
import shutil
import subprocess

from .api import Api, until
from .kubelet import Kubelet
from .tools import DISK, LOGS, TOOLS, WOAD, environment

ADDRESS = "10.250.9.1"  # of the host: API servers take no loopback address for their own
PORT, ETCD = 6443, 2379  # the network namespace is ours alone
FAKE = "kwok.x-k8s.io/node"


class Cluster:
    def __init__(self):
        self.dir = DISK
        shutil.rmtree(LOGS, ignore_errors=True)
        LOGS.mkdir(parents=True)
        self.processes = []
        self.kubelet = None
        subprocess.run(["ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")  # from pod to pod
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        token = secrets.token_hex(16)
        (self.dir / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
        subprocess.run(["openssl", "genrsa", "-out", self.dir / "sa.key", "2048"], check=True, capture_output=True)
        etcd = f"http://127.0.0.1:{ETCD}"
        self.spawn("etcd", shutil.which("etcd"), "--data-dir=etcd", f"--listen-client-urls={etcd}",
                   f"--advertise-client-urls={etcd}", "--unsafe-no-fsync")
        self.start_api_server()
        ca = self.dir / "pki" / "apiserver.crt"
        self.api = until(lambda: Api(ADDRESS, PORT, str(ca), token), "a certificate of the API server")
        self.wait_for_api_server()
        self.write_kubeconfig(ca, token)
        self.spawn(
            "kube-controller-manager", TOOLS / "kube-controller-manager", "--kubeconfig=kubeconfig",
            "--authentication-kubeconfig=kubeconfig", "--authorization-kubeconfig=kubeconfig",
            "--bind-address=127.0.0.1", "--secure-port=10257", "--leader-elect=false",
            "--service-account-private-key-file=sa.key", "--root-ca-file=pki/apiserver.crt",
            "--controllers=*,-node-lifecycle-controller")
        self.spawn("kwok", TOOLS / "kwok", "--kubeconfig=kubeconfig", "--cidr=10.244.0.0/24", "--manage-all-nodes=false",
                   f"--manage-nodes-with-annotation-selector={FAKE}=fake")
        for name in ("fake", "real"):
            self.api.post("/api/v1/nodes", {"metadata": {"name": name, "annotations": {FAKE: name}}})
        shutil.copy(WOAD, self.dir / "woad")
        self.kubelet = Kubelet(self.api, ADDRESS, self.dir)
        until(lambda: self.api.get("/api/v1/namespaces/default/serviceaccounts/default"), "the default account")

    def start_api_server(self, *more):
        self.api_server = self.spawn(
            "kube-apiserver", TOOLS / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{ETCD}",
            f"--bind-address={ADDRESS}", f"--secure-port={PORT}", "--cert-dir=pki", f"--advertise-address={ADDRESS}",
            "--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=sa.key",
            "--service-account-signing-key-file=sa.key", "--service-cluster-ip-range=10.96.0.0/16",
            "--token-auth-file=tokens.csv", "--authorization-mode=RBAC", "--allow-privileged=true",
            "--enable-aggregator-routing=true",  # webhooks by Service: straight to its endpoints
            *more)

    def wait_for_api_server(self):
        until(lambda: self.api.get("/readyz") == "ok", "the API server is ready", 300)

    def kill_api_server(self):
        self.api_server.kill()
        self.api_server.wait()

    def write_kubeconfig(self, ca, token):
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "t",
            "contexts": [{"name": "t", "context": {"cluster": "t", "user": "t"}}],
            "clusters": [{"name": "t", "cluster": {"server": f"https://{ADDRESS}:{PORT}",
                                                   "certificate-authority": str(ca)}}],
            "users": [{"name": "t", "user": {"token": token}}]}
        (self.dir / "kubeconfig").write_text(json.dumps(config))

    def spawn(self, name, *command):
        with open(LOGS / f"{name}.log", "a", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen([str(word) for word in command], cwd=self.dir, env=environment(),
                                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        return self.processes[-1]

    def stop(self):
        """Last started, first ended: an API server whose etcd is gone lingers."""
        if self.kubelet:
            self.kubelet.stop()
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
