"""The command line: validate, explain, wait, version, and how run fails."""
import os
import resource
import subprocess
import tempfile

from support.suite import *

FIVE = """\
node: { service: cart }
workers: many
outbund:
  - { address: 127.0.0.1:15001 }
outbound:
  - { address: 127.0.0.1:99999 }
services:
  price:
    endpoints:
      - { adress: 127.0.0.1:9001 }
    filters: { timeout: { request: 5 } }
"""
GOOD = """\
node: { service: cart }
admin: { address: 127.0.0.1:@admin@ }
outbound:
  - { address: 127.0.0.1:@outbound@ }
services:
  price:
    endpoints:
      - { address: 127.0.0.1:9001 }
      - { address: 127.0.0.1:9002, labels: { color: red } }
  empty: { endpoints: [] }
"""


class Cli(Suite):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="woad-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, text, name="woad.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def good(self):
        return self.file(GOOD.replace("@admin@", str(free_port())).replace("@outbound@", str(free_port())))

    def test_what_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([BINARY, "redirect", "--dry-run"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write to the standard output: no space left", done.stderr)

    def test_standard_input_is_read_once(self):
        code, out, err = run("inject", "-f", "-", "--config", "-")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("cannot both read standard input", err)

    def test_version(self):
        code, out, _ = run("version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"\d+\.\d+\.\d+")

    def test_validate_good(self):
        code, _, err = run("validate", "-c", self.good())
        self.assertEqual((code, [line for line in err.split("\n") if "error" in line]), (0, []))

    def test_five_mistakes(self):
        path = self.file(FIVE)
        code, _, err = run("validate", "-c", path)
        self.assertEqual(code, 1)
        lines = [line for line in err.split("\n") if ": error: " in line]
        found = [int(line[len(path) + 1:].split(":")[0]) for line in lines]
        self.assertEqual(found, [2, 3, 6, 10, 11], err)
        self.assertIn("outbound", lines[1], "did you mean")
        self.assertIn("^", err)

    def test_five_mistakes_as_json(self):
        code, out, _ = run("validate", "-c", self.file(FIVE), "--format", "json")
        rows = json.loads(out)
        self.assertEqual((code, [r["line"] for r in rows]), (1, [2, 3, 6, 10, 11]))
        for row in rows:
            self.assertEqual(set(row), {"file", "line", "column", "path", "message", "hint"})
            self.assertGreaterEqual(row["column"], 1)

    def test_usage(self):
        for args in (("validate",), ("validate", "--nonsense"), ("nonsense",),
                     ("validate", "-c", "a", "--format", "xml")):
            self.assertEqual(run(*args)[0], 2, args)

    def test_help(self):
        code, out, _ = run("--help")
        self.assertEqual(code, 0)
        for word in ("run", "validate", "explain", "wait", "version"):
            self.assertIn(word, out)

    def test_missing_file(self):
        code, _, err = run("validate", "-c", self.folder + "/none.yaml")
        self.assertEqual(code, 1)
        self.assertIn("none.yaml", err)

    def test_hostile_files(self):
        """Refused, with a message, in less than two seconds of CPU time."""
        bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
        files = {
            "alias bomb": bomb, "cycle": "a: &x [*x]\n", "merge": "a: &x {b: c}\nd: {<<: *x}\n",
            "deep": "a: " + "[" * 65 + "]" * 65, "very deep": "[" * 100_000,
            "deep maps": "".join(" " * n + f"k{n}:\n" for n in range(70)),
            "tag": "node: !!python/object:os.system { service: x }\n",
            "second document": GOOD + "\n---\n" + GOOD, "duplicate": "node: {service: a}\nnode: {service: b}\n",
            "garbage": bytes(range(256)) * 50, "NUL": b"node: {service: a\x00b}\n",
            "bad UTF-8": b"node: {service: \xff\xfe}\n", "empty": "", "scalar": "hello",
            "unclosed": "node: { service: [", "tabs": "node:\n\tservice: x\n",
            "many nodes": "a: [" + "x," * 1_100_000 + "]",
        }
        for name, text in files.items():
            with self.subTest(name):
                spent = self.cpu_seconds()
                code, out, err = run("validate", "-c", self.file(text),
                                     timeout=60)
                self.assertEqual(code, 1, (out[:300], err[:300]))
                self.assertIn("error", err)
                if not SANITIZED:
                    self.assertLess(self.cpu_seconds() - spent, 2)

    def cpu_seconds(self):
        """Of the commands so far: what a file costs, however busy the machine is."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def test_sixty_four_levels(self):
        code, _, err = run("validate", "-c", self.file("a: " + "[" * 63 + "]" * 63))
        self.assertEqual(code, 1)
        self.assertNotIn("levels", err, "64 levels are allowed; it is the key that is unknown")

    def test_environment(self):
        text = GOOD.replace("service: cart", "service: '${NAME:-cart}', instance: '${INSTANCE}'")
        path = self.file(text.replace("@admin@", str(free_port())).replace("@outbound@", str(free_port())))
        self.assertEqual(run("validate", "-c", path, env={"INSTANCE": "x"})[0], 0)
        code, _, err = run("validate", "-c", path)
        self.assertEqual(code, 1)
        self.assertIn("INSTANCE", err)

    def test_features_to_come_are_refused(self):
        line = "tracing: { otlp: 'https://otlp/v1/traces' }"
        path = self.file(GOOD.replace("@admin@", "1").replace("@outbound@", "2") + line + "\n")
        code, _, err = run("validate", "-c", path)
        self.assertEqual(code, 1)
        self.assertIn("yet", err)

    def test_explain(self):
        path = self.good()
        for color, pool, reason in (("", "base", "undyed"), ("red", "red", "exact"),
                                    ("red.alice", "red", "parent"), ("blue", "base", "base_absent")):
            header = ["-H", f"x-woad-color: {color}"] if color else []
            code, out, err = run("explain", "-c", path, *header, "--json", "http://price/x")
            self.assertEqual(code, 0, err)
            got = json.loads(out)
            self.assertEqual((got["service"], got["pool"], got["reason"]), ("price", pool, reason))
            code, out, _ = run("explain", "-c", path, "-X", "POST", *header, "http://price/x")
            self.assertEqual(code, 0)
            self.assertIn(reason, out)

    def test_explain_refused(self):
        path = self.good()
        for url, error in (("http://nobody/", "no_route"), ("http://empty/", "no_endpoint")):
            code, out, _ = run("explain", "-c", path, "--json", url)
            self.assertEqual((code, json.loads(out)["error"]), (3, error))
        self.assertEqual(run("explain", "-c", self.file(FIVE, "bad.yaml"), "http://price/")[0], 1)

    def test_wait(self):
        woad = self.sidecar(services={})
        self.assertEqual(run("wait", "--timeout", "5s", "--admin", f"127.0.0.1:{woad.admin}")[0], 0)
        self.assertEqual(run("wait", "--timeout", "200ms", "--admin", f"127.0.0.1:{free_port()}")[0], 1)

    def test_run_bad_file(self):
        code, _, err = run("run", "-c", self.file(FIVE))
        self.assertEqual(code, 1)
        self.assertIn(":2:", err)

    def test_run_taken_address(self):
        server = self.origin()
        path = self.file(GOOD.replace("@admin@", str(free_port())).replace("@outbound@", str(server.port)))
        code, _, err = run("run", "-c", path)
        self.assertEqual(code, 1)
        self.assertIn(str(server.port), err)

    def test_run_is_the_default_command(self):
        code, _, err = run("-c", self.file(FIVE))
        self.assertEqual(code, 1)
        self.assertIn(":2:", err)
