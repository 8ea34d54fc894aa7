"""Files that are written slowly, kept open or taken back: only what its writer closed comes to run,
and the status speaks of the file that is there."""
import os
import signal
import time

from support.rotation import RotationSuite, read
from support.suite import *

DENY = {"inbound": [{"authorization": {"default": "allow", "rules": [
    {"name": "nobody", "action": "deny", "match": {"path": {"prefix": "/admin"}}}]}}]}


class SlowFile(Suite):
    def setUp(self):
        self.server = self.origin("a")
        self.woad = self.sidecar(app=self.server.address, version="A",
                                 services={"svc": service(self.server.address)})

    def status(self):
        """Version and whether there is an error, as three places say; None while it is changing."""
        status = self.woad.json("/config/status")
        known = {"version": status["version"], "hash": status["hash"]}
        agreed = (self.woad.metrics("woad_config_info", **known) == 1
                  and ("refused" in self.woad.get("/readyz")[1]) == bool(status["last_error"]))
        return (status["version"], bool(status["last_error"])) if agreed else None

    def counts(self):
        return [int(self.woad.metrics("woad_config_reloads_total", result=result))
                for result in ("success", "rejected", "unchanged")]

    def runs(self, version, error=False):
        self.assertTrue(until(lambda: self.status() == (version, error)), self.status())

    def text(self, version, **more):
        return json.dumps(dict(self.woad.config, version=version, **more), indent=1)

    def written_slowly(self, pieces, between):
        with open(self.woad.path, "w", encoding="utf-8") as file:
            for piece in pieces[:-1]:
                file.write(piece)
                file.flush()
                between()
            file.write(pieces[-1])

    def test_a_pause_of_its_writer(self):
        text = self.text("B")
        half = len(text) // 2

        def between():
            for _ in range(5):
                time.sleep(0.1)
                self.assertEqual(self.status(), ("A", False))
        self.written_slowly([text[:half], text[half:]], between)
        self.runs("B")
        self.assertEqual(self.counts(), [1, 0, 0])

    def test_a_rule_at_its_end(self):
        """The half is a good file by itself, which lets in what the whole refuses."""
        def lines(version):
            config = dict(self.woad.config, version=version)
            return "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
        rule = f"filters: {json.dumps(DENY)}\n"
        self.woad.write(lines("B") + rule)
        self.runs("B")
        self.assertEqual(fetch(self.woad.inbound, target="/admin").status, 403)

        def between():
            for _ in range(10):
                time.sleep(0.05)
                self.assertEqual(fetch(self.woad.inbound, target="/admin").status, 403)
        self.written_slowly([lines("C"), rule], between)
        self.runs("C")
        self.assertEqual(fetch(self.woad.inbound, target="/admin").status, 403)

    def test_a_signal_meanwhile(self):
        def between():
            self.woad.process.send_signal(signal.SIGHUP)
            time.sleep(0.4)
            self.assertEqual(self.status(), ("A", False))
        text = self.text("B")
        self.written_slowly([text[:20], text[20:]], between)
        self.runs("B")
        self.assertEqual(self.counts()[1], 0)

    def test_the_start_meanwhile(self):
        self.woad.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.woad.process.wait(10), 0)
        text = self.text("B")

        def between():
            self.woad.start(wait=False)
            time.sleep(0.4)
            self.assertIsNone(self.woad.process.poll(), "it waits for the writer")
        self.written_slowly([text[:20], text[20:]], between)
        self.assertTrue(until(self.woad.ready))
        self.runs("B")

    def test_the_same_size_and_time(self):
        for version in "BCD":
            before = os.stat(self.woad.path)
            self.woad.write(self.text(version))
            os.utime(self.woad.path, ns=(before.st_atime_ns, before.st_mtime_ns))
            self.runs(version)

    def test_a_burst_is_few_reloads(self):
        for number in range(30):
            self.woad.write(self.text(f"B{number}"))
        self.runs("B29")
        self.assertLess(sum(self.counts()), 15)

    def test_taken_back(self):
        self.woad.write(self.text("B", services={"gone": service("no-such-name.invalid:80")}))
        self.woad.write(self.text("A"))
        self.runs("A")
        self.woad.write("node: { service")
        self.runs("A", error=True)
        self.woad.write(self.text("B", services={"gone": service("no-such-name.invalid:80")}))
        self.runs("B")


class SlowCertificates(RotationSuite):
    def test_a_bundle_and_a_key(self):
        self.ca.run("--new-root")
        self.assertTrue(until(lambda: self.roots() == {2}, 5))
        for name in ("ca.crt", "tls.key", "tls.crt"):
            path, used = self.ca.path("price", name), self.shown()
            text = read(path)
            first = text.index("-----END") + len("-----END CERTIFICATE-----\n") if name == "ca.crt" else 40
            unchanged = self.metrics(self.price, "unchanged")
            with open(path, "w", encoding="ascii") as file:
                file.write(text[:first])
                file.flush()
                for _ in range(8):
                    time.sleep(0.1)
                    self.assertEqual(self.roots(), {2})
                    self.assertIsNone(self.price.json("/certs")["last_error"])
                    self.assertEqual(self.shown(), used)
                file.write(text[first:])
            self.assertTrue(until(lambda: self.metrics(self.price, "unchanged") > unchanged, 5))
        self.assertEqual(self.metrics(self.price, "rejected"), 0)
