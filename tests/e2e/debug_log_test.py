"""Level debug of the process log: what the sidecar decides of a request, and what becomes of connections."""
from support.suite import *

REQUEST = ("a request came", "its route is chosen", "a try begins", "a try ended", "the request ended")


class DebugLog(Suite):
    def setUp(self):
        self.server = self.origin()
        self.woad = self.sidecar(app=self.server.address, workers=1, services={
            "svc": service(self.server.address), "dead": service(f"127.0.0.1:{free_port()}"),
            "slow": service(self.server.address, filters={"rate_limit": {"rate": "1/h", "burst": 1}})})

    def level(self, word):
        self.assertEqual(self.woad.get(f"/log?level={word}", "POST")[0], 200)

    def told(self, **match):
        """Lines of level debug with these fields."""
        lines = [json.loads(line) for line in self.woad.stderr().split("\n") if line.startswith("{")]
        return [line for line in lines if line["level"] == "debug"
                and all(line.get(key) == value for key, value in match.items())]

    def story(self, **match):
        """All lines of the one request of which some line has these fields, until it has ended."""
        def names():
            return {line["request"] for line in self.told(**match) if "request" in line}
        self.assertTrue(until(names), self.woad.stderr())
        name, = names()
        self.assertTrue(until(lambda: self.told(request=name, message="the request ended")))
        return self.told(request=name)

    def test_nothing_is_told_unless_it_is_wanted(self):
        fetch(self.woad.outbound)
        self.level("debug")
        fetch(self.woad.outbound, "GET", "/told")
        self.story(path="/told")
        self.level("info")
        count = len(self.told())
        fetch(self.woad.outbound, "GET", "/untold")
        self.woad.access_log(3)
        self.assertEqual(len(self.told()), count)
        self.assertEqual({line["path"] for line in self.told() if "path" in line}, {"/told"})

    def test_a_request(self):
        self.level("debug")
        for version, protocol in (("h1", "HTTP/1.1"), ("h2", "HTTP/2")):
            fetch(self.woad.outbound, "POST", f"/{version}?token=s3cret",
                  [("x-request-id", version), ("authorization", "s3cret"), ("x-woad-color", "red")],
                  b"s3cret", version=version)
            lines = self.story(request_id=version)
            self.assertEqual(tuple(line["message"] for line in lines), REQUEST)
            came, routed, begins, ended, over = lines
            self.assertEqual((came["method"], came["path"], came["authority"], came["protocol"]),
                             ("POST", f"/{version}", "svc", protocol))
            self.assertEqual((routed["service"], routed["color"], routed["ctx_source"]),
                             ("svc", "red", "header"))
            self.assertEqual((begins["pool"], begins["pool_reason"], begins["upstream"], begins["try"]),
                             ("base", "base_absent", self.server.address, "1"))
            self.assertEqual((ended["outcome"], ended["status"]), ("answered", "200"))
            self.assertEqual((over["status"], over["received"], over["tries"]), ("200", "6", "1"))
        self.assertNotIn("s3cret", self.woad.stderr())

    def test_refusals_and_failures(self):
        self.level("debug")
        fetch(self.woad.outbound, host="dead", headers=[("x-request-id", "dead")])
        lines = self.story(request_id="dead")
        self.assertEqual([line["outcome"] for line in lines if "outcome" in line],
                         ["connect_failed"] * 2)
        self.assertEqual(lines[-1]["error"], "connect_failed")
        self.assertIn("refused", lines[-1]["why"])
        for number in range(2):
            fetch(self.woad.outbound, host="slow", headers=[("x-request-id", f"slow{number}")])
        lines = self.story(request_id="slow1")
        self.assertEqual((lines[-1]["status"], lines[-1]["error"], lines[-1]["filter"]),
                         ("429", "rate_limited", "rate_limit"))
        fetch(self.woad.outbound, host="nobody", headers=[("x-request-id", "nobody")])
        self.assertEqual(self.story(request_id="nobody")[-1]["error"], "no_route")

    def test_connections(self):
        self.level("debug")
        for version, protocol in (("h1", "HTTP/1.1"), ("h2", "HTTP/2")):
            with self.subTest(version):
                with self.client(self.woad.outbound, version) as client:
                    name = "%s:%s" % client.sock.getsockname()[:2]
                    for _ in range(3):
                        client.request()
                self.assertTrue(until(lambda: self.told(client=name, message="a client's connection ended")))
                began, served, ended = self.told(client=name)
                self.assertEqual(began["message"], "a client connected")
                self.assertIn(str(self.woad.outbound), began["listener"])
                self.assertEqual((served["message"], served["protocol"]), ("a client is served", protocol))
                self.assertEqual(ended["requests"], "3")
                self.assertIn("closed", ended["why"])
                self.assertEqual(len({line["request"] for line in self.told() if line.get("request", "").startswith(name + "#")}), 3)
        opened = self.told(message="an upstream connection is open", upstream=self.server.address)
        self.assertEqual(opened[0]["protocol"], "HTTP/1.1")
        self.server.drop_connections()
        self.assertTrue(until(lambda: self.told(message="an upstream connection ended",
                                                local=opened[0]["local"])))

    def test_the_file_may_ask_for_it_and_a_reload_for_another_cause_leaves_it(self):
        config = {**self.woad.config, "node": {"service": "other"}}
        self.level("debug")
        self.woad.write(config)
        self.assertTrue(until(lambda: "configuration reloaded" in self.woad.stderr()))
        fetch(self.woad.outbound, "GET", "/still")
        self.story(path="/still")
        self.woad.write({**config, "log": {"level": "warn"}})
        self.assertTrue(until(lambda: self.woad.stderr().count("reloaded") >= 1 and self.quiet()))
        self.woad.write({**config, "log": {"level": "debug"}})
        self.assertTrue(until(lambda: fetch(self.woad.outbound, "GET", "/again") and self.told(path="/again")))

    def quiet(self):
        before = len(self.told())
        fetch(self.woad.outbound)
        return len(self.told()) == before
