"""`woad control`: documents in, files out; registrations, roll-outs, replicas, the end."""
import concurrent.futures
import socket
import ssl
import unittest

from support.control import MESH, Control, Documents
from support.etcd import AVAILABLE, Etcd
from support.suite import *

CART = "uses: [price]\n"
PRICE = "service: { protocol: http1 }\n"
STEPS = MESH + "  rollout: { steps: [1, 100%], pause: 1s, timeout: 60s }\n"
NEWER = STEPS + "limits: { client_connections: 3003 }\n"


class ControlSuite(Suite):
    def documents(self, **services):
        documents = Documents(**(services or {"cart": CART, "price": PRICE}))
        self.addCleanup(documents.folder.cleanup)
        return documents

    def control(self, store, *args, **more):
        control = Control(store, *args, **more)
        self.addCleanup(control.close)
        return control.wait_until_ready()

    def later(self, call, *args, **more):
        """A call that goes on while the test does."""
        pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
        self.addCleanup(pool.shutdown)
        return pool.submit(call, *args, **more)

    def waits(self, control, count):
        self.assertTrue(until(lambda: control.page("fleet")["waiting"] >= count, 30))


class Files(ControlSuite):
    def test_a_change_reaches_who_waits(self):
        documents = self.documents()
        control = self.control(documents.store)
        first = control.poll("cart", "c-1")
        self.assertEqual((first.status, first.headers["content-type"]), (200, "application/yaml"))
        self.assertIn(f"version: {first.headers['x-woad-version']}".encode(), first.body.replace(b'"', b""))
        waiting = self.later(control.poll, "cart", "c-1", first.sha256, "60s")
        self.waits(control, 1)
        documents.put("mesh.yaml", MESH + "limits: { client_connections: 3003 }\n")
        second = waiting.result(timeout=60)
        self.assertEqual(second.status, 200)
        self.assertIn(b"3003", second.body)
        self.assertNotEqual(second.sha256, first.sha256)
        self.assertEqual(control.poll("cart", "c-1", second.sha256, "0s").status, 304)

    def test_the_file_is_one_that_validates(self):
        documents = self.documents()
        control = self.control(documents.store)
        control.register("price", "p-1", "10.0.0.1:80", labels={"color": "red"})
        self.assertTrue(until(lambda: b"10.0.0.1:80" in control.poll("cart", "c-1").body, 30))
        path = documents.path + "/file"
        with open(path, "wb") as file:
            file.write(control.poll("cart", "c-1").body)
        code, _, err = run("validate", "-c", path, env={"WOAD_SERVICE": "cart"})
        self.assertEqual(code, 0, err)

    def test_a_mistake_reaches_nobody_and_is_told_with_its_place(self):
        documents = self.documents()
        control = self.control(documents.store)
        have = control.poll("cart", "c-1").sha256
        documents.put("services/cart.yaml", "uses: [price]\nsidecar:\n  limits: { client_connections: soon }\n")
        self.assertTrue(until(lambda: control.page("problems")["problems"], 30))
        problem = control.page("problems")["problems"][0]
        self.assertEqual((problem["document"], problem["line"]), ("services/cart.yaml", 3))
        self.assertGreater(problem["column"], 1)
        self.assertEqual(control.poll("cart", "c-2").sha256, have)
        code, out, _ = run("control", "status", "--url", control.url)
        self.assertEqual(code, 0)
        self.assertIn("services/cart.yaml:3:", out)
        self.assertIn(b"warning:", control.at_admin("/readyz").body)
        documents.put("services/cart.yaml", CART)
        self.assertTrue(until(lambda: not control.page("problems")["problems"], 30))

    def test_never_good_is_503_unknown_is_404_gone_is_404(self):
        documents = self.documents(cart=CART, price=PRICE + "uses: []\n", bad="service: { protocol: pigeon }\n")
        control = self.control(documents.store)
        never = control.poll("bad", "b-1")
        self.assertEqual((never.status, never.headers["x-woad-error"]), (503, "overloaded"))
        self.assertIn("retry-after", never.headers)
        self.assertEqual(control.poll("none", "n-1").status, 404)
        have = control.poll("price", "p-1").sha256
        waiting = self.later(control.poll, "price", "p-1", have, "60s")
        self.waits(control, 1)
        documents.put("services/cart.yaml", "uses: []\n")
        documents.remove("services/price.yaml")
        self.assertEqual(waiting.result(timeout=60).status, 404)

    def test_restart_keeps_what_was_said(self):
        documents = self.documents()
        control = self.control(documents.store)
        control.register("price", "p-1", "10.0.0.1:80")
        self.assertTrue(until(lambda: b"10.0.0.1:80" in control.poll("cart", "c-1").body, 30))
        have = control.poll("cart", "c-1").sha256
        control.kill()
        control.start()
        control.wait_until_ready()
        self.assertEqual(control.poll("cart", "c-1").sha256, have)


class Instances(ControlSuite):
    def test_registration_reaches_callers_and_a_good_bye_takes_it_out(self):
        control = self.control(self.documents().store)
        have = control.poll("cart", "c-1").sha256
        waiting = self.later(control.poll, "cart", "c-1", have, "60s")
        self.waits(control, 1)
        self.assertEqual(control.register("price", "p-1", "10.0.0.1:80").json(), {"lease": "90s", "heartbeat": "30s"})
        self.assertIn(b"10.0.0.1:80", waiting.result(timeout=60).body)
        self.assertEqual(control.register("cart", "c-1", "10.0.0.1:80").status, 409)
        for _ in range(2):
            self.assertEqual(control.ask("DELETE", "/v1/instances/price/p-1").status, 204)
        self.assertTrue(until(lambda: b"10.0.0.1:80" not in control.poll("cart", "c-1").body, 30))

    def test_gone_with_its_lease(self):
        documents = self.documents()
        documents.put("mesh.yaml", "control: { lease: 3s, heartbeat: 1s }\n")
        control = self.control(documents.store)
        control.register("price", "dead", "10.0.0.1:80")
        self.assertTrue(until(lambda: b"10.0.0.1:80" in control.poll("cart", "c-1").body, 30))

        def beat():
            return control.register("price", "alive", "10.0.0.2:80").status == 200 and \
                b"10.0.0.1:80" not in control.poll("cart", "c-1").body
        self.assertTrue(until(beat, 60, every=0.5))
        self.assertIn(b"10.0.0.2:80", control.poll("cart", "c-1").body)

    def test_many_gone_at_once_are_kept_and_shown(self):
        documents = self.documents()
        documents.put("mesh.yaml", "control: { lease: 4s, heartbeat: 1s }\n")
        control = self.control(documents.store)
        for i in range(10):
            control.register("price", f"p-{i}", f"10.0.0.{i + 1}:80")
        self.assertTrue(until(lambda: control.page("fleet")["protection"]["on"], 60))
        self.assertIn(b"10.0.0.9:80", control.poll("cart", "c-1").body)
        self.assertIn("protection: on", run("control", "status", "--url", control.url)[1])
        self.assertIn(b"woad_control_protection 1", control.at_admin("/metrics").body)


class Rollouts(ControlSuite):
    def take(self, control, names, runs, result="applied"):
        """Who of these has something new, and takes it."""
        took = []
        for name in names:
            answer = control.poll("cart", name, runs[name], "0s")
            if answer.status == 200:
                took.append(name)
                runs[name] = answer.sha256
                control.say("cart", name, answer.sha256, result, "port in use" if result == "rejected" else "")
        return took

    def begin(self):
        documents = self.documents()
        documents.put("mesh.yaml", STEPS)
        control = self.control(documents.store)
        names = [f"c-{i}" for i in range(4)]
        runs = {name: "" for name in names}
        self.assertEqual(self.take(control, names, runs), names)
        documents.put("mesh.yaml", NEWER)
        self.assertTrue(until(lambda: control.rollout("cart")["state"] == "rolling", 30))
        return documents, control, names, runs

    def test_step_by_step(self):
        _, control, names, runs = self.begin()
        first = until(lambda: self.take(control, names, runs), 30)
        self.assertEqual(len(first), 1)
        rest = []

        def all_took():
            rest.extend(self.take(control, names, runs))
            return len(rest) == 3
        self.assertTrue(until(all_took, 60, every=0.1))
        self.assertTrue(until(lambda: control.rollout("cart")["state"] == "done", 30))

    def test_a_nack_halts_it_and_operators_decide(self):
        for order, state, more in (("resume", "done", 3), ("rollback", "rolled_back", 0)):
            with self.subTest(order):
                _, control, names, runs = self.begin()
                refused = until(lambda: self.take(control, names, runs, "rejected"), 30)
                self.assertEqual(len(refused), 1)
                self.assertTrue(until(lambda: control.rollout("cart")["state"] == "halted", 30))
                self.assertEqual(self.take(control, names, runs), [])
                self.assertIn("port in use", control.rollout("cart")["error"])
                self.assertEqual(control.page("problems")["rejections"][0]["instance"], refused[0])
                self.assertIn("halted", run("control", "status", "--url", control.url)[1])
                self.assertEqual(control.ask("POST", f"/v1/rollouts/cart/{order}").status, 200)
                took = []

                def there():
                    took.extend(self.take(control, names, runs))
                    return control.rollout("cart")["state"] == state
                self.assertTrue(until(there, 60, every=0.1))
                self.assertEqual(len(took), more)
                self.assertEqual(control.ask("POST", "/v1/rollouts/cart/halt").status, 409)


class Ends(ControlSuite):
    def test_drain_answers_who_waits_and_closes(self):
        control = self.control(self.documents().store, drain="1s")
        have = control.poll("cart", "c-0").sha256
        waiting = [self.later(control.poll, "cart", f"c-{i}", have, "60s") for i in range(5)]
        self.waits(control, 5)
        self.assertEqual(control.stop(), 0)
        for each in waiting:
            answer = each.result(timeout=60)
            self.assertEqual((answer.status, answer.headers["connection"]), (304, "close"))

    def test_usage(self):
        for args in ([], ["--store", "dir:/x", "--listen", "cp:1"], ["status", "--url", "ftp://x"],
                     ["--store", "dir:/x", "--drain-timeout", "soon"], ["--store", "consul:http://x"],
                     ["--store", "dir:"], ["--store", "etcd:ftp://x"], ["--store", "kubernetes:x"],
                     ["status", "--url", "http://127.0.0.1:1/v1"]):
            code, _, err = run("control", *args)
            self.assertEqual(code, 2, err)
        code, _, err = run("control", "status", "--url", f"http://127.0.0.1:{free_port()}")
        self.assertEqual(code, 1)
        self.assertIn("refused", err)

    def test_a_store_that_is_not_there_is_not_ready(self):
        control = Control("dir:/nowhere/at/all")
        self.addCleanup(control.close)
        self.assertTrue(until(lambda: control.process.poll() is not None or self.reached(control), 30))
        self.assertFalse(control.is_ready())

    def reached(self, control):
        try:
            return control.at_admin("/readyz").status == 503
        except OSError:
            return False


class Bodies(ControlSuite):
    def test_one_that_is_too_large_is_refused_before_it_comes(self):
        control = self.control(self.documents().store)
        for method, path in (("POST", "/v1/status/cart/c-1"), ("PUT", "/v1/instances/cart/c-1"),
                             ("POST", "/v1/rollouts/cart/halt")):
            for size in (65537, 10 ** 12):
                with self.subTest(method=method, path=path, size=size):
                    with socket.create_connection(("127.0.0.1", control.port), timeout=60) as client:
                        client.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                       f"Content-Length: {size}\r\n\r\n".encode())
                        answer = b"".join(iter(lambda: client.recv(4096), b""))
                    self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)
                    self.assertIn(b"x-woad-error: bad_request\r\n", answer)
        self.assertEqual(control.say("cart", "c-1", "a" * 64, error="x" * 60000).status, 204)
        self.assertEqual(control.say("cart", "c-1", "a" * 64, error="x" * 65536).status, 413)

    def test_words_that_are_no_text(self):
        control = self.control(self.documents().store)
        for key in ("error", "version"):
            for value in ({}, [], 5, True):
                body = {"sha256": "a" * 64, "result": "rejected", key: value}
                answer = control.ask("POST", "/v1/status/cart/c-1", body)
                self.assertEqual((answer.status, answer.body), (400, f"bad_request: {key} must be a text.\n".encode()))


class Identities(ControlSuite):
    def context(self, folder, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(f"{folder}/ca.crt")
        if name:
            context.load_cert_chain(f"{folder}/{name}/tls.crt", f"{folder}/{name}/tls.key")
        return context

    def test_only_ones_own_service(self):
        documents = self.documents()
        documents.put("mesh.yaml", 'control:\n  identities: "spiffe://example.org/ns/*/sa/{service}"\n'
                      '  readers: ["spiffe://example.org/ns/ops/sa/*"]\n')
        certs = documents.path + "/certs"
        ids = {"cart": "shop", "price": "shop", "ops": "ops", "woad-control": "woad"}
        for name, space in ids.items():
            code, _, err = run("certs", "--dir", certs, "--id", f"spiffe://example.org/ns/{space}/sa/{name}")
            self.assertEqual(code, 0, err)
        control = self.control(documents.store, "--tls-dir", certs + "/woad-control")
        cart, price, ops = (self.context(certs, name) for name in ("cart", "price", "ops"))
        self.assertEqual(control.poll("cart", "c-1", context=cart).status, 200)
        refused = control.poll("cart", "c-1", context=price)
        self.assertEqual((refused.status, refused.headers["x-woad-error"]), (403, "denied"))
        self.assertEqual(control.ask("GET", "/v1/services", context=ops).status, 200)
        self.assertEqual(control.ask("GET", "/v1/services", context=cart).status, 403)
        self.assertEqual(control.ask("POST", "/v1/rollouts/cart/halt", context=ops).status, 403)
        with self.assertRaises(OSError):
            control.poll("cart", "c-1", context=self.context(certs, None))
        # Over loopback in plaintext one is everybody.
        self.assertEqual(control.ask("GET", "/v1/services").status, 200)
        code, out, err = run("control", "status", "--url", f"https://127.0.0.1:{control.port}",
                             "--tls-dir", certs + "/ops")
        self.assertEqual(code, 0, err)
        self.assertIn("price", out)


@unittest.skipUnless(AVAILABLE, "needs etcd")
class Replicas(ControlSuite):
    def test_two_replicas_on_etcd_agree_and_one_is_killed(self):
        etcd = Etcd()
        self.addCleanup(etcd.close)
        for key, text in (("mesh.yaml", MESH), ("services/cart.yaml", CART), ("services/price.yaml", PRICE)):
            etcd.put(key, text)
        left, right = (self.control(f"etcd:{etcd.url}") for _ in range(2))
        have = left.poll("cart", "c-1").sha256
        self.assertEqual(right.poll("cart", "c-1").sha256, have)
        waiting = self.later(right.poll, "cart", "c-1", have, "60s")
        self.waits(right, 1)
        self.assertEqual(left.register("price", "p-1", "10.0.0.1:80").status, 200)
        self.assertIn(b"10.0.0.1:80", waiting.result(timeout=60).body)
        left.kill()
        etcd.put("mesh.yaml", MESH + "limits: { client_connections: 3003 }\n")
        self.assertTrue(until(lambda: b"3003" in right.poll("cart", "c-2").body, 30))
        self.assertIn(b"10.0.0.1:80", right.poll("cart", "c-2").body)
        etcd.kill()
        self.assertTrue(until(lambda: b"warning: the store is away" in right.at_admin("/readyz").body, 60))
        self.assertEqual(right.poll("cart", "c-3").status, 200)
        etcd.start()
        self.assertTrue(until(lambda: b"away" not in right.at_admin("/readyz").body, 60))


if __name__ == "__main__":
    unittest.main()
