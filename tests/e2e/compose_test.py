"""docker/compose.yaml, by a daemon of its own: the demo mesh answers, dyed and undyed. The image is
this binary and what `docker/collect` takes along; the apps' images are made of this host's Python."""
import os
import re
import subprocess
import unittest

from support import docker
from support.suite import *

REPOSITORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
FILE = os.path.join(REPOSITORY, "docker/compose.yaml")
PROBLEM = "an image has a release binary" if SANITIZED else docker.why_not()


def of_dockerfile():
    """The lines of docker/Dockerfile that say how the image is run."""
    with open(os.path.join(REPOSITORY, "docker/Dockerfile"), encoding="utf-8") as file:
        return re.findall(r"^((?:ENV PATH|USER|ENTRYPOINT|CMD)\b.*)$", file.read(), re.M)


@unittest.skipIf(PROBLEM, PROBLEM)
class Compose(Suite):
    def setUp(self):
        self.docker = docker.Docker()
        self.addCleanup(self.docker.close)
        problem = self.docker.why_not_ready()
        if problem:
            self.skipTest(f"LEFT OUT: dockerd does not run here: {problem}")
        woad, tools = (os.path.join(self.docker.folder, name) for name in ("woad", "tools"))
        packages = subprocess.run(["./dev", "packages", "runtime"], cwd=REPOSITORY, check=True,
                                  capture_output=True, text=True).stdout.split()
        subprocess.run([f"{REPOSITORY}/docker/collect", BINARY, woad, "0", *packages], check=True,
                       capture_output=True)
        self.docker.import_image("woad:latest", woad, *of_dockerfile())
        docker.tool_root(tools, "curl", "chown")
        self.docker.import_image("tools:latest", tools, "ENV PATH=/usr/bin")

    def compose(self, *words):
        return self.docker.run(*docker.compose(), "-p", "demo", "-f", FILE, *words, env={
            "WOAD_IMAGE": "woad:latest", "APP_IMAGE": "tools:latest", "CURL_IMAGE": "tools:latest"})

    def ask(self, *words):
        """The builds on the way, as "frontend base, cart base, …"; or what went wrong."""
        got = self.compose("run", "--rm", "-T", "ask", *words, "https://frontend:15006/")
        try:
            answer = json.loads(got.stdout)
        except ValueError:
            return got.stdout + got.stderr
        way = []
        while answer and "service" in answer:
            way.append(f"{answer['service']} {answer['build']}")
            answer = answer.get("called")
        return ", ".join(way)

    def test_the_mesh_answers(self):
        up = self.compose("up", "-d", "--no-build")
        self.assertEqual(up.returncode, 0, up.stdout + up.stderr)
        base = "frontend base, cart base, price base, stock base"
        red = "frontend base, cart base, price red, stock red"
        heard = []
        self.assertTrue(until(lambda: heard.append(self.ask()) or heard[-1] == base, 60), heard)
        self.assertEqual(self.ask("-H", "x-woad-color: red"), red)
        self.assertEqual(self.ask("-H", "x-qa-user: qa-1"), red)
        with self.subTest("as the file says: read-only, no capability, a plain user"):
            woad = self.docker.run("docker", "ps", "-q", "--filter", "name=cart-woad").stdout.strip()
            top = self.docker.run("docker", "top", woad, "-eo", "pid,uid,comm").stdout.split()
            self.assertEqual(top[-2:], ["1337", "woad"])
        down = self.compose("down", "-v")
        self.assertEqual(down.returncode, 0, down.stderr)
        left = self.docker.run("docker", "ps", "-aq").stdout + self.docker.run("docker", "volume", "ls", "-q").stdout
        self.assertEqual(left, "")
