"""What every suite imports: `from support.suite import *`, then TestCase classes, then nothing."""
import json
import os
import socket
import subprocess
import sys
import threading
import unittest

from .client import CLIENTS, H1, H2, Closed, Response, fetch
from .origin import Origin, Reply, Request, echo
from .ports import free_port
from .sidecar import BINARY, FULL, SANITIZED, Sidecar, run, service, until

HERE = os.path.dirname(os.path.abspath(__file__))
__all__ = [
    "BINARY", "CLIENTS", "Closed", "FULL", "H1", "H2", "Origin", "Reply", "Request", "Response",
    "SANITIZED", "Sidecar", "Suite", "echo", "fetch", "free_port", "in_threads", "json", "run",
    "service", "until",
]


class Suite(unittest.TestCase):
    """Its helpers end what they started when the test ends, the sidecar before its origins."""

    maxDiff = None

    def origin(self, name="origin", **more):
        origin = Origin(name, **more)
        self.addCleanup(origin.close)
        return origin

    def sidecar(self, *args, **more):
        sidecar = Sidecar(*args, **more)
        self.addCleanup(lambda: sidecar.stop(check=not self.failed()))
        return sidecar

    def instance(self, port):
        """An origin that can be killed: a process, once it listens."""
        process = subprocess.Popen([sys.executable, os.path.join(HERE, "instance.py"), str(port)],
                                   stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(until(lambda: listens(port), 60))
        return process

    def client(self, port, version="h1"):
        client = CLIENTS[version](port)
        self.addCleanup(client.close)
        return client

    def failed(self):
        result = self._outcome.result
        return any(test is self for test, _ in result.errors + result.failures)

    def assert_local(self, response, code, status):
        """An answer that the sidecar made itself, as config/reference.md promises it."""
        self.assertEqual((response.status, response.error), (status, code), response.body)
        proxy_status = response.get("proxy-status") or ""
        self.assertRegex(proxy_status, r'^woad; error=[a-z_]+; details="[^"]{10,}"')
        self.assertGreater(len(response.body), 20, "a sentence that helps")


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def in_threads(count, work):
    """Runs work(number) in so many threads; the first exception is raised here."""
    problems = []

    def one(number):
        try:
            work(number)
        except BaseException as error:  # handed to the test's own thread
            problems.append(error)

    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if problems:
        raise problems[0]
