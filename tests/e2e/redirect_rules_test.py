"""`woad redirect`: the rules in real network namespaces, seen by where connections come out."""
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from support.namespaces import Network, why_not
from support.original import Teller, ask_as, connect
from support.suite import *

APP, SIDECAR = 1000, 1337
IN, OUT = 15006, 15001
STRANGER = {4: "198.51.100.7", 6: "2001:db8::7"}  # nobody has these (RFC 5737, RFC 3849)


class Redirect(Suite):
    def setUp(self):
        if problem := why_not():
            self.skipTest(problem)
        network = Network()
        self.addCleanup(network.close)
        self.here, self.there = network.host("here"), network.host("there")

    def redirect(self, *args, code=0):
        got, out, err = self.here.root(BINARY, "redirect", *args)
        self.assertEqual(got, code, out + err)
        return out if code == 0 else err

    def tell(self, pod, host, port, name):
        teller = pod.inside(lambda: Teller(host, port, name))
        self.addCleanup(teller.close)

    def listeners(self):
        """The sidecar's two and the app's, on both addresses of the pod."""
        for anywhere, own in (("0.0.0.0", self.here.v4), ("::", self.here.v6)):
            self.tell(self.here, anywhere, IN, "in")
            self.tell(self.here, anywhere, OUT, "out")
            for port in (8080, 22, 15021):
                self.tell(self.here, own, port, "app")
            self.tell(self.there, anywhere, 8080, "there")
            self.tell(self.there, anywhere, 5432, "there")

    def ask(self, pod, user, host, port, source=None):
        return pod.inside(lambda: ask_as(user, host, port, source))

    def reaches(self, name, pod, user, host, port, source=None):
        told = self.ask(pod, user, host, port, source)
        self.assertEqual(told["name"], name, (user, host, port, told))
        if name in ("in", "out") and port not in (IN, OUT):
            self.assertEqual(told["original"], [host, port])

    def check_redirected(self):
        for version, own, other in ((4, self.here.v4, self.there.v4), (6, self.here.v6, self.there.v6)):
            # From outside: to the inbound listener, but for what is left alone.
            self.reaches("in", self.there, APP, own, 8080)
            self.reaches("app", self.there, APP, own, 22)
            self.reaches("app", self.there, APP, own, 15021)
            self.reaches("in", self.there, APP, own, IN)
            # What the app opens: to the outbound one, its own pod's address included.
            self.reaches("out", self.here, APP, other, 8080)
            self.reaches("out", self.here, APP, STRANGER[version], 80)
            self.reaches("out", self.here, APP, own, 8080)
            self.reaches("out", self.here, APP, own, OUT)
            self.reaches("there", self.here, APP, other, 5432)
            # The sidecar's own: straight, but its pod's address is reached by inbound.
            self.reaches("there", self.here, SIDECAR, other, 8080)
            self.reaches("in", self.here, SIDECAR, own, 8080)
            self.reaches("app", self.here, SIDECAR, own, 22)
            self.reaches("app", self.here, SIDECAR, own, 8080, "127.0.0.6" if version == 4 else "::1")
        for loopback in ("127.0.0.1", "::1"):
            self.reaches("Connection refused", self.here, APP, loopback, 8080)
            self.reaches("Connection refused", self.here, SIDECAR, loopback, 8080)

    def check_untouched(self):
        for own, other in ((self.here.v4, self.there.v4), (self.here.v6, self.there.v6)):
            self.reaches("app", self.there, APP, own, 8080)
            self.reaches("there", self.here, APP, other, 8080)
            self.reaches("app", self.here, SIDECAR, own, 8080)

    def standing(self):
        """All rules that are in the namespace, with the handles that change when one is made anew."""
        return "".join(self.here.root("nft", "-a", "list", "ruleset")[1:])

    def check_backend(self, backend, standing):
        self.listeners()
        args = ["--exclude-inbound-ports", "22", "--exclude-outbound-ports", "5432",
                "--exclude-cidrs", "192.0.2.0/24,fd00:1::/32", "--backend", backend]
        self.redirect(*args)
        self.check_redirected()
        first = standing()
        self.assertIn("192.0.2.0/24", first)
        self.assertIn("already", self.redirect(*args))
        self.assertEqual(standing(), first)
        self.redirect("--backend", backend, "--exclude-outbound-ports", "8080")
        self.assertNotIn("192.0.2.0/24", standing())
        self.reaches("in", self.there, APP, self.here.v4, 22)
        self.reaches("there", self.here, APP, self.there.v6, 8080)
        self.redirect("--remove")
        self.check_untouched()
        self.assertNotIn("WOAD", standing())
        self.assertIn("nothing is redirected", self.redirect("--remove"))

    def test_nft(self):
        self.check_backend("nft", self.standing)

    def test_iptables(self):
        self.check_backend("iptables", self.standing)

    def test_legacy_iptables(self):
        """The iptables that an old kernel has: found first on PATH."""
        folder = tempfile.TemporaryDirectory(prefix="woad-path-")
        self.addCleanup(folder.cleanup)
        for tool in ("iptables", "ip6tables"):
            for job in ("save", "restore"):
                os.symlink(f"/usr/sbin/{tool}-legacy-{job}", os.path.join(folder.name, f"{tool}-{job}"))
        code, _, err = self.here.root("iptables-legacy", "-t", "nat", "-L")
        if code:
            self.skipTest(f"LEFT OUT: the legacy iptables does not work here: {err}")
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = f"{folder.name}:{path}"

        def standing():
            saved = [self.here.root(f"{tool}-legacy-save")[1] for tool in ("iptables", "ip6tables")]
            return "".join(line + "\n" for line in "".join(saved).splitlines() if line.startswith("-A"))

        self.check_backend("iptables", standing)

    def test_backends_replace_each_other(self):
        self.redirect("--backend", "iptables")
        self.redirect("--backend", "nft")
        self.assertNotIn("WOAD", self.here.root("iptables-save")[1] + self.here.root("ip6tables-save")[1])
        self.redirect("--backend", "iptables")
        self.assertNotEqual(self.here.root("nft", "list", "table", "inet", "woad")[0], 0)
        self.redirect("--remove")
        self.assertNotIn("WOAD", self.standing())

    def test_two_at_once_take_turns(self):
        for _ in range(4):
            with ThreadPoolExecutor() as both:
                list(both.map(lambda backend: self.redirect("--backend", backend), ("nft", "iptables")))
            by_nft = self.here.root("nft", "list", "table", "inet", "woad")[0] == 0
            by_iptables = "WOAD_OUT" in self.here.root("iptables-save")[1]
            self.assertNotEqual(by_nft, by_iptables)

    def test_every_option_is_idempotent(self):
        for backend in ("nft", "iptables"):
            for more in (["--exclude-cidrs", "0.0.0.0/0"], ["--exclude-cidrs", "::/0,10.0.0.1"],
                         ["--exclude-inbound-ports", ",".join(str(n) for n in range(7000, 7040))],
                         ["--user", "root"], ["--inbound", "1", "--outbound", "65535", "--user", "0"]):
                self.redirect("--backend", backend, *more)
                first = self.standing()
                self.assertIn("already", self.redirect("--backend", backend, *more), more)
                self.assertEqual(self.standing(), first)

    def test_other_rules_stay(self):
        self.here.root("nft", "add table ip mine; add chain ip mine c")
        self.here.root("iptables", "-t", "nat", "-A", "OUTPUT", "-d", "192.0.2.9", "-j", "RETURN")
        for backend in ("nft", "iptables"):
            self.redirect("--backend", backend)
            self.redirect("--remove")
        left = self.standing()
        self.assertIn("table ip mine", left)
        self.assertIn("192.0.2.9", left)
        self.assertNotIn("WOAD", left)

    def check_standing_connections(self, backend):
        """Those that no connection tracking has seen: the rules are the first in their namespace."""
        opened = []
        for own, other in ((self.here.v4, self.there.v4), (self.here.v6, self.there.v6)):
            self.tell(self.there, other, 9000, "there")
            self.tell(self.here, own, 9000, "app")
            opened.append(self.here.inside(lambda host=other: connect(host, 9000)[0]))
            opened.append(self.there.inside(lambda host=own: connect(host, 9000)[0]))
        self.redirect("--backend", backend)
        for connection in opened:
            with connection:
                connection.sendall(b"still here")
                self.assertEqual(connection.recv(100), b"still here")

    def test_iptables_beside_rules_of_nft_that_it_does_not_show(self):
        table = ("table ip nat {\n set s { type ipv4_addr; flags interval; elements = { 10.9.0.0/16 } }\n"
                 " chain OUTPUT { type nat hook output priority -100; ip daddr @s tcp dport { 1, 2 } redirect to :5; }\n}\n")
        self.assertEqual(self.here.root("nft", "-f", "-", stdin=table)[0], 0)
        before = self.here.root("nft", "list", "ruleset")[1]
        for _ in range(2):  # its other variant knows nothing of nft, and may have the rules
            code, out, err = self.here.root(BINARY, "redirect", "--backend", "iptables")
            self.assertIn("--backend nft" if code else "iptables-legacy", out + err)
            self.redirect("--remove")
            self.assertEqual(self.here.root("nft", "list", "ruleset")[1], before)
        self.redirect()
        self.redirect("--remove")
        self.assertEqual(self.here.root("nft", "list", "ruleset")[1], before)

    def test_standing_connections_nft(self):
        self.check_standing_connections("nft")

    def test_standing_connections_iptables(self):
        self.check_standing_connections("iptables")


class Asked(Suite):
    """What it says; nothing is changed."""

    def test_dry_run_needs_nothing(self):
        without = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
        for backend, words in (("auto", ["15006", "15001"]),
                               ("nft", ["table inet woad", "ip daddr 10.0.0.0/8", "ip6 daddr fd00::/8"]),
                               ("iptables", ["# iptables-restore", "# ip6tables-restore", "-d 10.0.0.0/8",
                                             "-d fd00::/8", ":WOAD_IN", ":WOAD_OUT"])):
            done = subprocess.run([*without, BINARY, "redirect", "--dry-run", "--backend", backend,
                                   "--exclude-cidrs", "10.0.0.0/8,fd00::/8"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for word in words:
                self.assertIn(word, done.stdout)

    def test_says_what_is_missing(self):
        without = ["setpriv", "--bounding-set=-net_admin"] if os.geteuid() == 0 else []
        for more in ([], ["--remove"], ["--backend", "iptables"]):
            done = subprocess.run([*without, BINARY, "redirect", *more], capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("NET_ADMIN is missing", done.stderr)

    def test_says_which_program_is_missing(self):
        if os.geteuid() != 0 or subprocess.run(["unshare", "-nm", "true"], capture_output=True,
                                               check=False).returncode:
            self.skipTest("LEFT OUT: unshare -nm is not permitted here")
        hide = ("mount -t tmpfs none /usr/sbin; for library in /usr/lib/*/libnftables.so.1; do "
                "mount --bind /dev/null $library; done; exec \"$@\"")
        for backend, words in (("nft", ["libnftables.so.1", "nft program"]),
                               ("iptables", ["iptables-restore"]),
                               ("auto", ["libnftables.so.1", "iptables-restore"])):
            done = subprocess.run(["unshare", "-nm", "sh", "-c", hide, "sh", BINARY, "redirect",
                                   "--backend", backend], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)

    def test_wrong_usage(self):
        for args, word in ((["--inbound", "0"], '--inbound "0"'), (["--outbound", "x"], '--outbound "x"'),
                           (["--inbound", "15001"], "15001"), (["--user", "no-such-user"], '"no-such-user"'),
                           (["--exclude-inbound-ports", "22,99999"], '"99999"'),
                           (["--exclude-outbound-ports", "a"], '"a"'),
                           (["--exclude-cidrs", "10.0.0.0/8,10.0.0.0/33"], "'10.0.0.0/33'"),
                           (["--backend", "ipfw"], '"ipfw"'), (["--nonsense"], "--nonsense")):
            code, out, err = run("redirect", *args)
            self.assertEqual((code, out), (2, ""), err)
            self.assertIn(word, err)
