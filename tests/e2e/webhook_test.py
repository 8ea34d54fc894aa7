"""`woad inject --serve`: the webhook by HTTPS, as an API server asks it, and as nobody should."""
import base64
import copy
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from support.suite import *

POD = {"metadata": {"generateName": "price-7d9f8b6c5-", "labels": {"pod-template-hash": "7d9f8b6c5"}},
       "spec": {"containers": [{"name": "app", "image": "price:1"}]}}


def review(pod, uid="u-1", **more):
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": uid, "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE",
        "object": pod, **more}}


def pod(annotations=None, **spec):
    made = copy.deepcopy(POD)
    if annotations:
        made["metadata"]["annotations"] = annotations
    made["spec"].update(spec)
    return made


def patched(document, operations):
    """RFC 6902, as far as the webhook uses it."""
    document = copy.deepcopy(document)
    for one in operations:
        *way, last = [t.replace("~1", "/").replace("~0", "~") for t in one["path"].split("/")[1:]]
        at = document
        for token in way:
            at = at[int(token)] if isinstance(at, list) else at[token]
        if isinstance(at, list):
            index = int(last)
            if one["op"] == "add":
                at.insert(index, one["value"])
            elif one["op"] == "remove":
                del at[index]
            else:
                at[index] = one["value"]
        elif one["op"] == "remove":
            del at[last]
        else:
            at[last] = one["value"]
    return document


class Webhook(Suite):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="woad-webhook-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.cert = os.path.join(self.folder, "cert")
        os.mkdir(self.cert)
        self.port = free_port()
        self.issue("first")

    def issue(self, name):
        """A self-signed certificate of 127.0.0.1, put in place as one."""
        new = os.path.join(self.folder, name)
        os.mkdir(new)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", f"{new}/tls.key", "-out", f"{new}/tls.crt", "-days", "2", "-subj", f"/CN={name}",
             "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        for file in ("tls.key", "tls.crt"):
            shutil.copy(os.path.join(new, file), os.path.join(self.cert, file + ".new"))
            os.rename(os.path.join(self.cert, file + ".new"), os.path.join(self.cert, file))

    def serve(self, *args):
        self.serve_by("inject", "--serve", f"127.0.0.1:{self.port}", "--cert", self.cert, *args)

    def serve_by(self, *words):
        self.log = open(os.path.join(self.folder, "stderr"), "w+b")  # noqa: SIM115
        self.addCleanup(self.log.close)
        self.process = subprocess.Popen([BINARY, *words], stdout=subprocess.DEVNULL, stderr=self.log)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.assertTrue(until(self.is_up))

    def is_up(self):
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return self.process.poll() is not None

    def connect(self):
        context = ssl.create_default_context(cafile=os.path.join(self.cert, "tls.crt"))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60)

    def ask(self, method, path, body=None, connection=None):
        if connection is None:
            connection = self.connect()
            try:
                return self.ask(method, path, body, connection)
            finally:
                connection.close()
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, body=data)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def answer(self, asked, **more):
        status, body = self.ask("POST", "/inject", asked, **more)
        self.assertEqual(status, 200, body)
        said = json.loads(body)
        self.assertEqual((said["apiVersion"], said["kind"]), ("admission.k8s.io/v1", "AdmissionReview"))
        self.assertEqual(said["response"]["uid"], asked["request"]["uid"])
        return said["response"]

    def test_a_pod_gets_what_the_command_gives(self):
        self.serve()
        response = self.answer(review(POD))
        self.assertEqual((response["allowed"], response["patchType"]), (True, "JSONPatch"))
        got = patched(POD, json.loads(base64.b64decode(response["patch"])))
        whole = {"apiVersion": "v1", "kind": "Pod", **POD}
        done = subprocess.run([BINARY, "inject", "-f", "-"], input=json.dumps(whole).encode(),
                              capture_output=True, check=True)
        self.assertEqual({"apiVersion": "v1", "kind": "Pod", **got}, json.loads(done.stdout))
        self.assertEqual([c["name"] for c in got["spec"]["initContainers"]], ["woad-redirect", "woad"])
        env = {v["name"]: v.get("value") for v in got["spec"]["initContainers"][1]["env"]}
        self.assertEqual(env["WOAD_SERVICE"], "price")
        self.assertNotIn("patch", self.answer(review(got)))  # asked again

    def test_the_control_plane_serves_it_too(self):
        store = os.path.join(self.folder, "store")
        os.mkdir(store)
        with open(os.path.join(store, "mesh.yaml"), "w", encoding="utf-8") as file:
            file.write("outbound: [{ address: 127.0.0.1:15001 }]\n")
        settings = os.path.join(self.folder, "values.yaml")
        with open(settings, "w", encoding="utf-8") as file:
            file.write("image: { repository: registry.example/woad, tag: v7 }\n")
        self.serve_by("control", "--store", f"dir:{store}", "--listen", f"127.0.0.1:{free_port()}",
                      "--admin", f"127.0.0.1:{free_port()}", "--drain-timeout", "1s", "--inject",
                      f"127.0.0.1:{self.port}", "--inject-cert", self.cert, "--inject-config", settings)
        response = self.answer(review(POD))
        self.assertIn("registry.example/woad:v7", base64.b64decode(response["patch"]).decode())
        self.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: self.ask("GET", "/readyz")[0] == 503))
        self.assertIn("patch", self.answer(review(POD)))  # not ready, but there
        self.assertEqual(self.process.wait(60), 0)

    def test_who_passes_and_who_does_not(self):
        self.serve()
        for asked in (review(pod({"woad.dev/inject": "disabled"})), review(POD, operation="UPDATE"),
                      review(POD, kind={"group": "apps", "version": "v1", "kind": "Deployment"}),
                      review(None)):
            response = self.answer(asked)
            self.assertEqual(response, {"uid": "u-1", "allowed": True})
        response = self.answer(review(pod(hostNetwork=True)))
        self.assertTrue(response["allowed"])
        self.assertNotIn("patch", response)
        self.assertIn("network of its host", response["warnings"][0])
        response = self.answer(review(pod({"woad.dev/cpu-limit": "much"})))
        self.assertFalse(response["allowed"])
        self.assertIn("woad.dev/cpu-limit", response["status"]["message"])
        self.assertIn("woad.dev/servise",
                      json.dumps(self.answer(review(pod({"woad.dev/servise": "x"})))["warnings"]))

    def test_garbage(self):
        self.serve()
        for body in (b"", b"x", b"{}", b"[" * 100000, b"\xff\x00", json.dumps({"kind": "Pod"}).encode()):
            self.assertEqual(self.ask("POST", "/inject", body)[0], 400, body[:20])
        self.assertEqual(self.ask("GET", "/inject")[0], 405)
        self.assertEqual(self.ask("POST", "/healthz", b"")[0], 405)
        self.assertEqual(self.ask("GET", "/other")[0], 404)
        self.assertEqual(self.ask("GET", "/healthz")[0], 200)
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP/1.1 200", plain.recv(100))
            except ConnectionError:
                pass
        self.assertTrue(self.answer(review(POD))["allowed"])

    def test_large_ones(self):
        self.serve()
        big = pod()
        big["spec"]["containers"][0]["env"] = [{"name": "X", "value": "x" * (2 << 20)}]
        self.assertIn("patch", self.answer(review(big)))
        connection = self.connect()
        self.addCleanup(connection.close)
        try:
            status, _ = self.ask("POST", "/inject", b"x" * (9 << 20), connection)
            self.assertEqual(status, 413)
        except OSError:
            pass  # closed while it was still sent
        self.assertIn("patch", self.answer(review(POD)))

    def test_keeps_connections(self):
        self.serve()
        connection = self.connect()
        self.addCleanup(connection.close)
        for number in range(50):
            self.assertEqual(self.answer(review(POD, uid=str(number)), connection=connection)["uid"],
                             str(number))

    def test_many_at_once_and_slow_ones_beside(self):
        self.serve()
        context = ssl.create_default_context(cafile=os.path.join(self.cert, "tls.crt"))
        slow = []
        for _ in range(20):
            one = context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=60),
                                      server_hostname="127.0.0.1")
            self.addCleanup(one.close)
            one.sendall(b"POST /inject HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            slow.append(one)
        failed = []

        def work():
            try:
                for _ in range(5):
                    self.answer(review(POD))
            except Exception as error:  # noqa: BLE001
                failed.append(error)
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])

    @unittest.skipUnless(shutil.which("curl"), "no curl")
    def test_http2(self):
        self.serve()
        path = os.path.join(self.folder, "review.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(review(POD), file)
        for version in ("--http1.1", "--http2"):
            done = subprocess.run(
                ["curl", "-sS", version, "--cacert", os.path.join(self.cert, "tls.crt"), "-w",
                 "\n%{http_version} %{http_code}", "--data-binary", f"@{path}",
                 f"https://127.0.0.1:{self.port}/inject"], capture_output=True, check=False, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            body, tail = done.stdout.decode().rsplit("\n", 1)
            self.assertEqual(tail, ("1.1" if version == "--http1.1" else "2") + " 200")
            self.assertIn("patch", json.loads(body)["response"])

    def test_rotation(self):
        self.serve()
        old = self.connect()
        self.addCleanup(old.close)
        self.answer(review(POD), connection=old)
        self.issue("second")

        def new_one():
            try:
                return self.ask("GET", "/readyz")[0] == 200
            except ssl.SSLError:
                return False
        self.assertTrue(until(new_one))
        self.answer(review(POD), connection=old)  # goes on
        with open(os.path.join(self.cert, "tls.key"), "w", encoding="ascii") as file:
            file.write("garbage")
        self.assertTrue(until(lambda: "stays as it was" in self.said()))
        self.assertEqual(self.ask("GET", "/readyz")[0], 200)

    def said(self):
        with open(os.path.join(self.folder, "stderr"), encoding="utf-8") as file:
            return file.read()

    def test_settings_are_followed(self):
        values = os.path.join(self.folder, "values.yaml")

        def write(text):
            with open(values, "w", encoding="utf-8") as file:
                file.write(text)

        def image():
            got = patched(POD, json.loads(base64.b64decode(self.answer(review(POD))["patch"])))
            return got["spec"]["initContainers"][0]["image"]
        write("image: { tag: one }\n")
        self.serve("--config", values)
        self.assertEqual(image(), "woad:one")
        write("image: { tag: two }\n")
        self.assertTrue(until(lambda: image() == "woad:two"))
        write("imgae: {}\n")
        self.assertTrue(until(lambda: "did you mean" in self.said()))
        self.assertEqual(image(), "woad:two")

    def test_the_end(self):
        self.serve()
        connection = self.connect()
        self.addCleanup(connection.close)
        self.answer(review(POD), connection=connection)
        self.process.send_signal(signal.SIGTERM)
        self.assertTrue(until(lambda: self.ready_status() == 503 or self.process.poll() is not None))
        self.assertEqual(self.process.wait(60), 0)

    def ready_status(self):
        try:
            return self.ask("GET", "/readyz")[0]
        except OSError:
            return 0

    def test_what_it_cannot_begin_with(self):
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        address = f"127.0.0.1:{self.port}"
        code, _, err = run("inject", "--serve", address, "--cert", empty)
        self.assertEqual(code, 1)
        self.assertIn("tls.crt", err)
        code, _, err = run("inject", "--serve", address, "--cert", self.cert, "--config", empty + "/x")
        self.assertEqual(code, 1)
        with socket.create_server(("127.0.0.1", self.port)):
            code, _, err = run("inject", "--serve", address, "--cert", self.cert)
        self.assertEqual(code, 1)
        self.assertIn(address, err)
