"""Reloads: however the file changes, what runs goes on; a bad file changes nothing and says so."""
import os
import threading

from support.suite import *

RELOADS = 1000 if FULL else 100
SECONDS = 60 if FULL else 6


class Reload(Suite):
    def setUp(self):
        self.a, self.b = self.origin("a"), self.origin("b")

    def started(self, **more):
        return self.sidecar(services={"svc": service(self.a.address)}, **more)

    def pointing_at(self, woad, origin, version="next"):
        return dict(woad.config, version=version, services={"svc": service(origin.address)})

    def moved(self, woad, origin="b"):
        return until(lambda: fetch(woad.outbound).origin == origin)

    def test_sighup(self):
        woad = self.started()
        woad.reload(self.pointing_at(woad, self.b))
        self.assertTrue(self.moved(woad))

    def test_in_place_edit(self):
        woad = self.started()
        for origin, name in ((self.b, "b"), (self.a, "a"), (self.b, "b")):
            woad.write(self.pointing_at(woad, origin))
            self.assertTrue(self.moved(woad, name))

    def test_rename_over(self):
        woad = self.started()
        for origin, name in ((self.b, "b"), (self.a, "a")):
            with open(woad.path + ".new", "w", encoding="utf-8") as file:
                json.dump(self.pointing_at(woad, origin, name), file)
            os.rename(woad.path + ".new", woad.path)
            self.assertTrue(self.moved(woad, name))

    def test_symlink_swap(self):
        """As Kubernetes swaps a ConfigMap: file → ..data/file, ..data → a folder, replaced whole."""
        woad = self.started()
        folder = woad.folder.name

        def publish(number, config):
            os.mkdir(f"{folder}/..{number}")
            with open(f"{folder}/..{number}/woad.yaml", "w", encoding="utf-8") as file:
                json.dump(config, file)
            os.symlink(f"..{number}", f"{folder}/..data_tmp")
            os.rename(f"{folder}/..data_tmp", f"{folder}/..data")
        publish(1, woad.config)
        os.remove(woad.path)
        os.symlink("..data/woad.yaml", woad.path)
        self.assertEqual(fetch(woad.outbound).origin, "a")
        publish(2, self.pointing_at(woad, self.b, "two"))
        self.assertTrue(self.moved(woad))
        publish(3, self.pointing_at(woad, self.a, "three"))
        self.assertTrue(self.moved(woad, "a"))

    def test_open_connections_take_the_new_file(self):
        woad = self.started()
        clients = [self.client(woad.outbound, v) for v in ("h1", "h2")]
        for client in clients:
            self.assertEqual(client.request().origin, "a")
        woad.reload(self.pointing_at(woad, self.b))
        for client in clients:
            self.assertTrue(until(lambda c=client: c.request().origin == "b"))

    def test_bad_file_changes_nothing(self):
        woad = self.started(version="good-1")
        bad = {
            "syntax": "node: { service: me",
            "unknown key": json.dumps(dict(woad.config, nonsense=1)),
            "empty": "",
            "not a map": "- 1\n",
            "wrong type": json.dumps(dict(woad.config, workers="many")),
            "reference": json.dumps(dict(woad.config, routes=[
                {"match": {"path": {"prefix": "/"}}, "to": "nobody-there"}])),
            "binary": "\x00\x01\x02",
        }
        for name, text in bad.items():
            with self.subTest(name):
                before = woad.metrics("woad_config_reloads_total", result="rejected")
                woad.reload(text)
                self.assertGreater(woad.metrics("woad_config_reloads_total", result="rejected"), before)
                self.assertEqual(fetch(woad.outbound).origin, "a")
                status = woad.json("/config/status")
                self.assertEqual(status["version"], "good-1")
                self.assertTrue(status["last_error"])
                code, ready, _ = woad.get("/readyz")
                self.assertEqual(code, 200)
                self.assertIn("warning:", ready)
        woad.reload(self.pointing_at(woad, self.b, "good-2"))
        self.assertTrue(self.moved(woad))
        status = woad.json("/config/status")
        self.assertEqual((status["version"], status["last_error"]), ("good-2", None))
        self.assertNotIn("warning:", woad.get("/readyz")[1])

    def test_a_missing_file_changes_nothing(self):
        woad = self.started()
        os.remove(woad.path)
        self.assertTrue(until(lambda: woad.json("/config/status")["last_error"]))
        self.assertIn("No such file", woad.json("/config/status")["last_error"])
        self.assertIn("warning:", woad.get("/readyz")[1])
        self.assertEqual(fetch(woad.outbound).origin, "a")
        woad.reload(self.pointing_at(woad, self.b))
        self.assertTrue(self.moved(woad))

    def test_unchanged(self):
        woad = self.started()
        woad.reload(woad.config)
        self.assertGreaterEqual(woad.metrics("woad_config_reloads_total", result="unchanged"), 1)
        self.assertEqual(woad.metrics("woad_config_reloads_total", result="rejected"), 0)

    def test_listener_comes_and_goes(self):
        woad = self.started()
        second = free_port()
        both = dict(woad.config, outbound=woad.config["outbound"] + [{"address": f"127.0.0.1:{second}"}])
        keep = self.client(woad.outbound)
        keep.request()
        woad.reload(both)
        self.assertTrue(until(lambda: self.answers(second)))
        woad.reload(woad.config)
        self.assertTrue(until(lambda: not self.answers(second)), "its address went from the file")
        self.assertEqual(keep.request().status, 200, "the other listener's connection lives")

    def answers(self, port):
        try:
            return fetch(port).status == 200
        except OSError:
            return False

    def test_an_address_that_is_taken_is_refused(self):
        woad = self.started()
        taken = self.a.port
        woad.reload(dict(woad.config, outbound=woad.config["outbound"] +
                         [{"address": f"127.0.0.1:{taken}"}]))
        self.assertTrue(woad.json("/config/status")["last_error"])
        self.assertEqual(fetch(woad.outbound).origin, "a")

    def test_under_load(self):
        """Many reloads while clients on kept-alive and on new connections go on: not one request
        fails, memory and descriptors stay."""
        woad = self.started(workers=2)
        done, counts = threading.Event(), {"requests": 0}
        lock = threading.Lock()

        def client_work(number):
            version, fresh = ("h1", "h2")[number % 2], number >= 2
            made = 0
            client = CLIENTS[version](woad.outbound)
            while not done.is_set():
                if fresh and made % 5 == 0:
                    client.close()
                    client = CLIENTS[version](woad.outbound)
                got = client.request("POST", "/", body=b"x" * 200)
                assert (got.status, len(got.body)) == (200, 200), got
                made += 1
            client.close()
            with lock:
                counts["requests"] += made

        def reloader():
            try:
                for number in range(RELOADS):
                    if number == RELOADS // 10:  # what the first ones leave behind is warm-up
                        counts["before"] = (woad.rss_kib(), woad.descriptors())
                    woad.reload(self.pointing_at(woad, (self.a, self.b)[number % 2], str(number)))
                    done.wait(SECONDS / RELOADS / 2)
                counts["after"] = (woad.rss_kib(), woad.descriptors())
            finally:
                done.set()
        in_threads(5, lambda n: reloader() if n == 4 else client_work(n))
        self.assertGreater(counts["requests"], 100)
        self.assertEqual(woad.metrics("woad_config_reloads_total", result="rejected"), 0)
        self.assertEqual(woad.metrics("woad_requests_total", code_class="5xx"), 0)
        if not SANITIZED:
            self.assertLessEqual(counts["after"][0] - counts["before"][0], 5 << 10, "KiB grown")
        self.assertLessEqual(abs(counts["after"][1] - counts["before"][1]), 8, counts)
