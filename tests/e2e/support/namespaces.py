"""Network namespaces: pods that stand beside each other on a bridge of their own, IPv4 and IPv6."""
import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000


def why_not():
    """Why there can be none here; "" when there can."""
    if os.geteuid() != 0:
        return "LEFT OUT: network namespaces need root"
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        return "LEFT OUT: unshare -n is not permitted here"
    return ""


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Pod:
    """A namespace with an address of each family, and default routes to the other one."""

    def __init__(self, name, number):
        self.name = name
        self.v4, self.v6 = f"10.77.0.{number}", f"fd77::{number}"
        ip("netns", "add", name)

    def connect(self, device, router):
        for words in (["link", "set", "lo", "up"],
                      ["addr", "add", f"{self.v4}/24", "dev", device],
                      ["addr", "add", f"{self.v6}/64", "dev", device, "nodad"],
                      ["link", "set", device, "up"],
                      ["route", "add", "default", "via", router.v4],
                      ["-6", "route", "add", "default", "via", router.v6]):
            ip("-n", self.name, *words)

    def run(self, *words, stdin=None):
        """(exit code, stdout, stderr) of a program inside."""
        done = subprocess.run(["ip", "netns", "exec", self.name, *words], input=stdin, text=True,
                              capture_output=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    def inside(self, work):
        """What work() returns, run by a thread that is in the namespace; sockets that it makes stay
        of it."""
        result = []

        def enter():
            try:
                with open(f"/run/netns/{self.name}", "rb") as namespace:
                    setns(namespace.fileno())
                result.append((work(), None))
            except BaseException as error:  # handed to the caller's thread
                result.append((None, error))

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        value, error = result[0]
        if error:
            raise error
        return value

    def close(self):
        ip("netns", "del", self.name)


def setns(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def two_pods(test):
    """Two pods that reach each other; they go when the test ends. Skips where there can be none."""
    reason = why_not()
    if reason:
        test.skipTest(reason)
    pods = []
    for number, name in ((1, "a"), (2, "b")):
        pods.append(Pod(f"woad-{os.getpid()}-{name}", number))
        test.addCleanup(pods[-1].close)
    ip("-n", pods[0].name, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns",
       pods[1].name)
    pods[0].connect("eth0", pods[1])
    pods[1].connect("eth0", pods[0])
    return pods
