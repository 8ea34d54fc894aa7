"""Pods without a cluster: network namespaces that reach each other through a router of their own,
with `woad redirect` in them, a sidecar as its own user, and apps that know of neither.

    with Pods() as pods:
        price = pods.pod("price")
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

from .namespaces import Host, Network
from .sidecar import BINARY, access_rows, until

HERE = os.path.dirname(os.path.abspath(__file__))
USER, APP_USER = 1337, 1000


class Pods(Network):
    """Each finds the others by name; NAME6 is the IPv6 address alone."""

    def __init__(self):
        super().__init__(Pod)
        self.folder = tempfile.mkdtemp(prefix="woad-network-")
        os.chmod(self.folder, 0o755)

    def pod(self, name):
        pod = self.host(name)
        pod.name = name
        self.write_hosts()
        return pod

    def write_hosts(self):
        lines = "".join(f"{pod.v4} {pod.name}\n{pod.v6} {pod.name}6\n" for pod in self.hosts)
        for pod in self.hosts:
            os.makedirs(f"/etc/netns/{pod.ns}", exist_ok=True)
            with open(f"/etc/netns/{pod.ns}/hosts", "w", encoding="utf-8") as file:
                file.write("127.0.0.1 localhost\n::1 localhost\n" + lines)

    def close(self):
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Pod(Host):
    def __init__(self, router, name, number):
        super().__init__(router, name, number)
        self.processes, self.folder = [], tempfile.mkdtemp(prefix="woad-pod-")
        os.chmod(self.folder, 0o755)

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
        """(exit code, stdout, stderr) of woad redirect."""
        return self.root(BINARY, "redirect", *options)

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
        return access_rows(self.log, count, match)

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
        super().close()
        shutil.rmtree(f"/etc/netns/{self.ns}", ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
