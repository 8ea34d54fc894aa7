"""Pods without a cluster: network namespaces that reach each other through a router of their own,
with `woad redirect` in them, a sidecar as its own user, and apps that know of neither.

    with Network() as network:
        price = network.pod("price")
        price.app(8080)
        price.redirect()
        price.sidecar({...})

Names are those of /etc/hosts, which each namespace has of its own. Needs root and iproute2.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from .sidecar import BINARY, until

HERE = os.path.dirname(os.path.abspath(__file__))
USER, APP_USER = 1337, 1000


def why_not():
    """Why there can be no pods here; None: there can."""
    if os.geteuid() != 0:
        return "LEFT OUT: network namespaces need root"
    for tool in ("ip", "setpriv", "nft"):
        if not shutil.which(tool):
            return f"LEFT OUT: {tool} is not installed"
    name = f"woad-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return "LEFT OUT: network namespaces are not permitted here"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Network:
    """A router, and a link of its own for each pod: 10.77.N.0/24 and fd77:N::/64."""

    def __init__(self):
        self.tag = f"{os.getpid():x}"
        self.router = f"woad-{self.tag}-router"
        self.pods = []
        self.folder = tempfile.mkdtemp(prefix="woad-network-")
        os.chmod(self.folder, 0o755)
        ip("netns", "add", self.router)
        self.set_up(self.router, "ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1")

    def set_up(self, namespace, *settings):
        """Without detection of duplicate addresses: it would keep IPv6 waiting for seconds."""
        for setting in (*settings, "ipv6.conf.all.accept_dad=0", "ipv6.conf.default.accept_dad=0"):
            subprocess.run(["ip", "netns", "exec", namespace, "sysctl", "-qw", f"net.{setting}"],
                           check=True, capture_output=True)

    def on_router(self, *words):
        subprocess.run(["ip", "netns", "exec", self.router, *words], check=True,
                       capture_output=True)

    def pod(self, name):
        pod = Pod(self, name, len(self.pods) + 1)
        self.pods.append(pod)
        self.write_hosts()
        return pod

    def write_hosts(self):
        lines = "".join(f"{pod.ip4} {pod.name}\n{pod.ip6} {pod.name}6\n" for pod in self.pods)
        for pod in self.pods:
            os.makedirs(f"/etc/netns/{pod.ns}", exist_ok=True)
            with open(f"/etc/netns/{pod.ns}/hosts", "w", encoding="utf-8") as file:
                file.write("127.0.0.1 localhost\n::1 localhost\n" + lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for pod in self.pods:
            pod.close()
        ip("netns", "del", self.router, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Pod:
    def __init__(self, network, name, number):
        self.network, self.name = network, name
        self.ns = f"woad-{network.tag}-{name}"
        self.ip4, self.ip6 = f"10.77.{number}.2", f"fd77:{number}::2"
        self.processes, self.folder = [], tempfile.mkdtemp(prefix="woad-pod-")
        os.chmod(self.folder, 0o755)
        ip("netns", "add", self.ns)
        network.set_up(self.ns)
        link = f"w{network.tag}{number}"[-14:]
        ip("link", "add", link, "netns", network.router, "type", "veth", "peer", "name", "eth0",
           "netns", self.ns)
        network.on_router("ip", "addr", "add", f"10.77.{number}.1/24", "dev", link)
        network.on_router("ip", "addr", "add", f"fd77:{number}::1/64", "dev", link, "nodad")
        network.on_router("ip", "link", "set", link, "up")
        for words in (("link", "set", "lo", "up"), ("addr", "add", f"{self.ip4}/24", "dev", "eth0"),
                      ("addr", "add", f"{self.ip6}/64", "dev", "eth0", "nodad"),
                      ("link", "set", "eth0", "up"),
                      ("route", "add", "default", "via", f"10.77.{number}.1"),
                      ("-6", "route", "add", "default", "via", f"fd77:{number}::1")):
            ip("-n", self.ns, *words)

    def words(self, *words, user=APP_USER):
        return ["ip", "netns", "exec", self.ns, "setpriv", f"--reuid={user}", f"--regid={user}",
                "--clear-groups", *words]

    def run(self, *words, user=APP_USER, **more):
        got = subprocess.run(self.words(*words, user=user), capture_output=True,
                             timeout=more.pop("timeout", 60), **more)
        got.stdout, got.stderr = (text.decode("latin-1") for text in (got.stdout, got.stderr))
        return got

    def popen(self, *words, user=APP_USER, **more):
        process = subprocess.Popen(self.words(*words, user=user), **more)
        self.processes.append(process)
        return process

    def curl(self, *words):
        """(status, headers in lower case, body)."""
        got = self.run("curl", "-sS", "-i", "--max-time", "30", *words)
        if got.returncode:
            return None, {}, got.stderr
        head, _, body = got.stdout.partition("\r\n\r\n")
        lines = head.split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        return int(lines[0].split()[1]), {k.lower(): v for k, v in fields.items()}, body

    def app(self, *words):
        """plain_app.py with these words, once it says that it listens."""
        process = self.popen(sys.executable, os.path.join(HERE, "plain_app.py"), *words,
                             stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "listening\n", words
        return process

    def redirect(self, *options):
        return subprocess.run(["ip", "netns", "exec", self.ns, BINARY, "redirect", *options],
                              capture_output=True, text=True, timeout=60)

    def sidecar(self, config, **env):
        path = os.path.join(self.folder, "woad.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        os.chown(self.folder, USER, USER)
        os.chown(path, USER, USER)
        self.log, self.err = (os.path.join(self.folder, n) for n in ("access.log", "stderr.log"))
        with open(self.log, "ab") as out, open(self.err, "ab") as err:
            self.woad = self.popen(BINARY, "run", "-c", path, user=USER, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=err, env={**os.environ, **env})
        ready = until(lambda: self.admin("/readyz")[0] == 200 or self.woad.poll() is not None, 60)
        assert ready and self.woad.poll() is None, self.stderr()
        return self.woad

    def admin(self, path, *more):
        got = self.run("curl", "-sS", "-o", "-", "-w", "\n%{http_code}", *more,
                       f"http://127.0.0.1:15000{path}", user=USER)
        body, _, status = got.stdout.rpartition("\n")
        return int(status or 0), body

    def stderr(self):
        with open(self.err, encoding="utf-8", errors="replace") as file:
            return file.read()

    def access_log(self, count=1, **match):
        def rows():
            with open(self.log, encoding="utf-8") as file:
                lines = file.read().split("\n")[:-1]
            found = [json.loads(line) for line in lines if line.startswith("{")]
            self.rows = [r for r in found if all(r.get(k) == v for k, v in match.items())]
            return len(self.rows) >= count
        until(rows, 30)
        return self.rows

    def stop_sidecar(self):
        self.woad.send_signal(signal.SIGTERM)
        return self.woad.wait(60)

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        ip("netns", "del", self.ns, check=False)
        shutil.rmtree(f"/etc/netns/{self.ns}", ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
