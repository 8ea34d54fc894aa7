"""`woad control check` and `render`: documents of a folder, made and validated without a control plane."""
import hashlib
import os
import shutil
import subprocess
import tempfile

from support.suite import *

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "config", "examples", "fleet")


class ControlCheck(Suite):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="woad-check-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "fleet")
        shutil.copytree(EXAMPLE, self.folder)
        self.other = os.path.join(folder.name, "other")
        shutil.copytree(EXAMPLE, self.other)

    def put(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def check(self, *more):
        return run("control", "check", "dir:" + self.folder, *more)

    def render(self, service):
        return run("control", "render", service, "--store", "dir:" + self.folder)

    def test_the_example_is_good(self):
        code, out, err = self.check()
        self.assertEqual((code, err), (0, ""))
        self.assertIn("good: 3 services", out)

    def test_what_is_rendered_is_a_file(self):
        code, out, err = self.render("cart")
        self.assertEqual((code, err), (0, ""))
        line, rest = out.split("\n", 1)
        self.assertEqual(line, 'version: "%s"' % hashlib.sha256(rest.encode()).hexdigest()[:12])
        self.assertIn("client_connections: 5000", rest)
        self.assertNotIn("control:", rest)
        self.assertIn("${APP_PORT:-8080}", rest)
        self.assertEqual(self.render("cart")[1], out)
        path = os.path.join(self.folder, "cart.woad.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(out.replace("app: ", "mtls: off\n    app: "))
        env = dict(os.environ, WOAD_SERVICE="cart")
        done = subprocess.run([BINARY, "validate", "-c", path], env=env, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_mistakes_stand_at_their_places(self):
        cases = [
            ("mesh.yaml", "limts: {}\n", "1:1", "did you mean \"limits\"?"),
            ("mesh.yaml", "workers: 2\nservices: {}\n", "2:1", "mesh.yaml"),
            ("mesh.yaml", "control:\n  lease: 5\n", "2:10", "duration"),
            ("services/cart.yaml", "servce: {}\n", "1:1", "did you mean \"service\"?"),
            ("services/cart.yaml", "uses: [ prise ]\n", "1:9", "did you mean \"price\"?"),
            ("services/cart.yaml", "service: { protocol: x }\n", "1:22", "is not one of"),
            ("services/price.yaml", "service:\n  endpoints:\n    - { address: x }\n", "3:18", "port is missing"),
            ("services/stock.yaml", "sidecar: [\n", "", "not valid YAML"),
        ]
        for name, text, place, words in cases:
            with self.subTest(name=name, text=text):
                shutil.rmtree(self.folder)
                shutil.copytree(EXAMPLE, self.folder)
                self.put(name, text)
                code, out, err = self.check()
                self.assertEqual((code, out), (1, ""), err)
                told = [line for line in err.split("\n") if ": error: " in line]
                here = [line for line in told if line.startswith("%s/%s:%s" % (self.folder, name, place))]
                self.assertEqual(len(here), 1, err)
                self.assertIn(words, here[0])
                self.assertIn("^", err)

    def test_a_mistake_of_the_mesh_is_told_once(self):
        for i in range(30):
            self.put("services/s%d.yaml" % i, "uses: []\n")
        self.put("mesh.yaml", "limits: { bufer: 64KiB }\n")
        code, _, err = self.check()
        self.assertEqual(code, 1)
        self.assertEqual(err.count(": error: "), 1, err)

    def test_a_mistake_of_the_mesh_is_told_without_a_good_service(self):
        self.put("mesh.yaml", "limits: { bufer: 1 }\n")
        for service in ("cart", "price", "stock"):
            self.put("services/%s.yaml" % service, "service: { protocol: x }\n")
        code, _, err = self.check()
        self.assertEqual(code, 1)
        self.assertEqual(err.count("mesh.yaml:1:11: error: limits.bufer"), 1, err)
        for service in ("cart", "price", "stock"):
            os.unlink(os.path.join(self.folder, "services", service + ".yaml"))
        code, _, err = self.check()
        self.assertEqual(code, 1)
        self.assertEqual(err.count("mesh.yaml:1:11: error: limits.bufer"), 1, err)

    def test_warnings_are_told_once_and_are_good(self):
        self.put("mesh.yaml", "outbound:\n  - { address: \"0.0.0.0:15001\", redirect: true }\n")
        code, out, err = self.check()
        self.assertEqual(code, 0, err)
        self.assertIn("good: 3 services", out)
        self.assertEqual(err.count("warning:"), 1, err)
        self.assertIn("mesh.yaml:2:16: warning: outbound[0].address: redirect: true", err)

    def test_difference(self):
        code, out, err = self.check("--diff", "dir:" + self.other)
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(sorted(line for line in out.split("\n") if "no change" in line),
                         ["cart: no change", "price: no change", "stock: no change"])
        self.put("services/cart.yaml", "uses: [ price ]\n")
        self.put("services/new.yaml", "uses: []\n")
        os.unlink(os.path.join(self.folder, "services/stock.yaml"))
        code, out, err = self.check("--diff", "dir:" + self.other)
        self.assertEqual((code, err), (0, ""))
        lines = out.split("\n")
        for line in ("new: new", "stock: gone", "price: no change", "-  client_connections: 5000",
                     "+  client_connections: 2000", "-  stock:"):
            self.assertIn(line, lines, out)

    def test_what_cannot_be_rendered(self):
        code, out, err = self.render("prise")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("did you mean \"price\"?", err)
        self.put("services/cart.yaml", "sidecar: { limits: { bufer: 1 } }\n")
        code, out, err = self.render("cart")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("services/cart.yaml:1:", err)
        self.assertEqual(self.render("price")[0], 0)
        self.put("services/cart.yaml", "uses: [ price ]\n")
        self.put("services/price.yaml", "servce: {}\n")
        code, out, err = self.render("cart")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("services/price.yaml:1:1: error: servce: unknown key", err)

    def test_usage(self):
        for args in (("check",), ("check", self.folder), ("check", "etcd:http://127.0.0.1:1"),
                     ("check", "dir:" + self.folder, "--diff", "x"), ("render", "cart"), ("render",)):
            self.assertEqual(run("control", *args)[0], 2, args)
        code, _, err = run("control", "check", "dir:" + self.folder + "/nowhere")
        self.assertEqual(code, 1)
        self.assertIn("nowhere", err)
        os.unlink(os.path.join(self.folder, "mesh.yaml"))
        code, _, err = self.check()
        self.assertEqual(code, 1)
        self.assertIn("mesh.yaml: error: there is no such document", err)
