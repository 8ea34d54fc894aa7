"""A docker daemon of its own, in a network namespace of its own: its bridges and rules touch
nothing of the host and go with it. Images are made of files that are here; nothing is pulled.

    with Docker() as docker:
        docker.import_image("woad", root, "USER 1337:1337", 'ENTRYPOINT ["woad"]')
        docker.run("compose", "ps")

Needs root, Debian, dockerd, the docker client and compose.
"""
import os
import shutil
import signal
import subprocess
import tempfile

from .namespaces import Namespace, why_not as no_namespaces
from .sidecar import until

PYTHON = "/usr/bin/python3"


def compose():
    """The words that run compose: the client's plugin, or the program; None: there is neither."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def why_not():
    """Why there can be none here; "" when there can."""
    missing = [tool for tool in ("dockerd", "docker", "tar", "dpkg-query", PYTHON) if not shutil.which(tool)]
    if missing:
        return f"LEFT OUT: {missing[0]} is not installed (Debian 12: apt-get install docker.io docker-compose)"
    if compose() is None:
        return "LEFT OUT: docker has no compose (Debian: docker-compose)"
    return no_namespaces()


class Docker:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="woad-docker-")
        self.namespace = Namespace(f"woad-docker-{os.getpid()}")
        self.host = f"unix://{self.folder}/socket"
        # `ip netns exec` would hide the cgroups.
        words = ["nsenter", f"--net=/run/netns/{self.namespace.ns}", "dockerd", "-H", self.host,
                 "--storage-driver=vfs"]
        for option, name in (("data-root", "data"), ("exec-root", "exec"), ("pidfile", "pid")):
            words.append(f"--{option}={self.folder}/{name}")
        with open(f"{self.folder}/log", "wb") as log:
            self.daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def why_not_ready(self):
        """"" once it answers, else what it said before it ended."""
        until(lambda: self.daemon.poll() is not None or self.run("docker", "info").returncode == 0, 60)
        if self.daemon.poll() is None:
            return ""
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as log:
            return log.read().strip().rpartition("\n")[2]

    def run(self, *words, **more):
        env = {**os.environ, "DOCKER_HOST": self.host, **more.pop("env", {})}
        return subprocess.run(words, env=env, capture_output=True, text=True, check=False,
                              stdin=more.pop("stdin", subprocess.DEVNULL), timeout=300, **more)

    def import_image(self, name, root, *changes):
        """The files below `root` as an image; the changes are lines of a Dockerfile."""
        words = ["docker", "import", *(word for line in changes for word in ("-c", line)), "-", name]
        with subprocess.Popen(["tar", "--numeric-owner", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
            done = self.run(*words, stdin=tar.stdout)
        assert done.returncode == 0, done.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(60)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.namespace.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def libraries(path):
    """What the loader needs for it, the loader too."""
    said = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    return {word for word in said.split() if word.startswith("/")}


def tool_root(root, *programs):
    """Fills the folder with Debian's Python and programs of the host, and what they link: what
    stands for the images of the apps and of curl."""
    for folder in ("bin", "lib", "lib64"):
        os.makedirs(f"{root}/usr/{folder}")
        os.symlink(f"usr/{folder}", f"{root}/{folder}")
    standard = subprocess.run([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"],
                              check=True, capture_output=True, text=True).stdout.strip()
    shutil.copytree(standard, root + standard, ignore=shutil.ignore_patterns(
        "test", "__pycache__", "config-*", "ensurepip", "lib2to3", "pydoc_data", "unittest"))
    wanted = [PYTHON, *map(shutil.which, programs)]
    loaded = os.path.join(standard, "lib-dynload")
    for path in [*wanted, *(os.path.join(loaded, name) for name in os.listdir(loaded))]:
        for library in libraries(path):
            put(library, root)
    for path in wanted:
        put(path, root)


def put(path, root):
    place = f"{root}/usr" + path.removeprefix("/usr")
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if not os.path.exists(place):
        shutil.copy(os.path.realpath(path), place)
