"""Network namespaces: hosts that reach each other through a router of their own, IPv4 and IPv6."""
import ctypes
import os
import shutil
import subprocess
import threading

CLONE_NEWNET = 0x40000000


def why_not():
    """Why there can be none here; "" when there can."""
    if os.geteuid() != 0:
        return "LEFT OUT: network namespaces need root"
    for tool in ("ip", "sysctl", "nft"):
        if not shutil.which(tool):
            return f"LEFT OUT: {tool} is not installed"
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        return "LEFT OUT: unshare -n is not permitted here"
    return ""


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Namespace:
    def __init__(self, name):
        self.ns = name
        ip("netns", "add", name)
        # Detection of duplicate addresses would keep IPv6 waiting for seconds.
        self.set("ipv6.conf.all.accept_dad=0", "ipv6.conf.default.accept_dad=0")
        ip("-n", name, "link", "set", "lo", "up")

    def set(self, *settings):
        code, _, err = self.root("sysctl", "-qw", *(f"net.{setting}" for setting in settings))
        assert code == 0, err

    def root(self, *words, stdin=None):
        """(exit code, stdout, stderr) of a program inside, as root."""
        done = subprocess.run(["ip", "netns", "exec", self.ns, *words], input=stdin, text=True,
                              capture_output=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    def inside(self, work):
        """What work() returns, run by a thread that is in the namespace; sockets that it makes stay
        of it."""
        result = []

        def enter():
            try:
                with open(f"/run/netns/{self.ns}", "rb") as namespace:
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
        ip("netns", "del", self.ns)


class Host(Namespace):
    """One with an address of each family, and all else behind the router."""

    def __init__(self, router, name, number):
        super().__init__(name)
        self.v4, self.v6 = f"10.77.{number}.2", f"fd77:{number}::2"
        link = f"link{number}"
        ip("link", "add", link, "netns", router.ns, "type", "veth", "peer", "name", "eth0", "netns", name)
        for namespace, device, v4, v6 in ((router.ns, link, f"10.77.{number}.1", f"fd77:{number}::1"),
                                          (name, "eth0", self.v4, self.v6)):
            ip("-n", namespace, "addr", "add", f"{v4}/24", "dev", device)
            ip("-n", namespace, "addr", "add", f"{v6}/64", "dev", device)
            ip("-n", namespace, "link", "set", device, "up")
        ip("-n", name, "route", "add", "default", "via", f"10.77.{number}.1")
        ip("-n", name, "-6", "route", "add", "default", "via", f"fd77:{number}::1")


class Network:
    """A router and its hosts; all of them go with it."""

    def __init__(self, kind=Host):
        self.tag, self.kind, self.hosts = f"woad-{os.getpid()}", kind, []
        self.router = Namespace(f"{self.tag}-router")
        self.router.set("ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1")

    def host(self, name):
        self.hosts.append(self.kind(self.router, f"{self.tag}-{name}", len(self.hosts) + 1))
        return self.hosts[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for host in self.hosts:
            host.close()
        self.router.close()


def setns(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
