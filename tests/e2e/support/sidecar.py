"""The sidecar as a process: a configuration written to a folder of its own, started, waited for,
looked into, and ended by its process id."""
import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from .ports import free_port

BINARY = os.path.abspath(os.environ.get("WOAD", "build/release/woad"))
SANITIZED = any(f"/{preset}/" in BINARY for preset in ("asan", "tsan", "debug"))
FULL = bool(os.environ.get("WOAD_FULL"))


def until(check, seconds=60, every=0.01):
    """Polls until check() is true; its last value otherwise."""
    end = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < end:
        time.sleep(every)
    return value


def access_rows(path, count, match):
    """The lines of an access log that match, as dicts; waits until there are `count`."""
    found = []

    def enough():
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
        rows = (json.loads(line) for line in lines if line.startswith("{"))
        found[:] = [row for row in rows if all(row.get(k) == v for k, v in match.items())]
        return len(found) >= count

    until(enough)
    return found


class Process:
    """A process of the binary, `process`, with a `folder` of its own and its stderr in a file of it."""

    name = "woad"
    process = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop(check=kind is None)

    def stderr(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, check=True):
        """SIGTERM; a process that does not end well fails the test (sanitizers speak here)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        code, text = self.process.returncode, self.stderr()
        self.folder.cleanup()
        if check and (code != 0 or "Sanitizer" in text or "runtime error:" in text):
            raise AssertionError(f"{self.name} ended with {code}:\n{text[-6000:]}")


def service(*endpoints, **more):
    """Endpoints are addresses, or (address, labels)."""
    rows = [{"address": e} if isinstance(e, str) else {"address": e[0], "labels": e[1]}
            for e in endpoints]
    return {"endpoints": rows, **more}


class Sidecar(Process):
    """config: a dict (written as JSON, which is YAML) without addresses of its own: admin,
    outbound and, with `app`, inbound (strict when there is `tls`) are filled in. Or text, written as it is, with `outbound`,
    `inbound` and `admin` as placeholders in it."""

    def __init__(self, config=None, *, app=None, services=None, text=None, wait=True, args=(),
                 env=None, descriptors=None, memory=None, hosts=None, **more):
        self.outbound, self.inbound, self.admin = free_port(), free_port(), free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="woad-e2e-")
        self.path = os.path.join(self.folder.name, "woad.yaml")
        self.log_path = os.path.join(self.folder.name, "access.log")
        self.err_path = os.path.join(self.folder.name, "stderr.log")
        self.app = app
        if text is None:
            self.config = self.complete(dict(config or {}, **more), services)
            self.write(self.config)
        else:
            self.write(text)
        self.process = None
        self.start(wait, args, env, descriptors, memory, hosts)

    def complete(self, config, services=None):
        config.setdefault("node", {"service": "me", "instance": "me-1"})
        config.setdefault("admin", {"address": f"127.0.0.1:{self.admin}"})
        config.setdefault("outbound", [{"address": f"127.0.0.1:{self.outbound}"}])
        config.setdefault("drain", {"delay": "0s", "timeout": "5s"})
        if self.app:
            config.setdefault("inbound", [{"address": f"127.0.0.1:{self.inbound}",
                                           "app": self.app,
                                           "mtls": "strict" if "tls" in config else "off"}])
        if services is not None:
            config["services"] = services
        config.setdefault("services", {})
        return config

    def write(self, config, path=None):
        """In place, as an editor that truncates does."""
        text = config if isinstance(config, str) else json.dumps(config, indent=1)
        with open(path or self.path, "w", encoding="utf-8") as file:
            file.write(text.replace("@outbound@", str(self.outbound))
                       .replace("@inbound@", str(self.inbound)).replace("@admin@", str(self.admin)))

    def start(self, wait=True, args=(), env=None, descriptors=None, memory=None, hosts=None):
        """descriptors: how many the process may open. memory: bytes that it may have. hosts: a file that is /etc/hosts to it alone."""
        wrapper = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"',
                   hosts] if hosts else []

        def limit():
            for kind, most in ((resource.RLIMIT_NOFILE, descriptors),
                               (resource.RLIMIT_DATA, memory)):
                if most:
                    resource.setrlimit(kind, (most, most))
        with open(self.log_path, "ab") as out, open(self.err_path, "ab") as err:
            self.process = subprocess.Popen(
                [*wrapper, BINARY, "run", "-c", self.path, *args], stdin=subprocess.DEVNULL, stdout=out,
                stderr=err, env={**os.environ, **(env or {})},
                preexec_fn=limit if descriptors or memory else None)
        if wait and not until(self.ready, 60):
            text = self.stderr()
            self.kill()
            raise AssertionError(f"woad did not get ready:\n{text}")

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"woad ended with {self.process.returncode}:\n{self.stderr()}")
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def access_log(self, count=0, **match):
        return access_rows(self.log_path, count, match)

    def get(self, path, method="GET", headers=None, data=None, port=None):
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.admin}{path}",
                                         method=method, headers=headers or {}, data=data)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), dict(error.headers)

    def json(self, path):
        status, text, _ = self.get(path)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)

    def metrics(self, name, /, **labels):
        """The sum of the samples of a name whose labels match."""
        total = 0.0
        for line in self.get("/metrics")[1].split("\n"):
            found = re.match(r"([a-z_A-Z0-9:]+)(?:\{(.*)\})? (\S+)", line)
            if not found or found[1] != name:
                continue
            have = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if all(have.get(k) == str(v) for k, v in labels.items()):
                total += float(found[3])
        return total

    def reload(self, config=None):
        """Puts the file there whole, signals, and waits until the reload was judged."""
        before = self.metrics("woad_config_reloads_total")
        if config is not None:
            self.write(config, self.path + ".new")
            os.rename(self.path + ".new", self.path)
        self.process.send_signal(signal.SIGHUP)
        assert until(lambda: self.metrics("woad_config_reloads_total") > before), "no reload"

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def run(*args, timeout=120, env=None):
    """One command of the binary: (exit code, stdout, stderr)."""
    done = subprocess.run([BINARY, *args], capture_output=True, timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
