"""Dye rules, and what /explain and `woad explain` say of them and of every other source."""
import urllib.parse

from support.pod import PARENT, PodSuite, trusting
from support.suite import *

USERS = [f"user-{n}" for n in range(4000)]


class Dye(PodSuite):
    def dyed(self, headers=(), target="/info", **more):
        return dict(self.inbound(headers, target, **more)).get("x-woad-color")

    def drawn(self, port, path, headers_of, users=USERS, version="h1"):
        """Who of them is dyed."""
        with CLIENTS[version](port) as client:
            return {user for user in users if "x-woad-color" in client.request(
                "GET", path, headers_of(user)).body.decode()}

    def test_first_match_wins(self):
        self.pod(dye=[
            {"match": {"headers": {"x-qa-user": {"prefix": "qa-"}}}, "set": {"color": "red.alice"}},
            {"match": {"path": {"prefix": "/qa"}}, "set": {"color": "red"}},
            {"match": {"tenant": "acme"}, "set": {"color": "blue"}},
            {"match": {"query": {"debug": {"exact": "1"}}}, "set": {"tenant": "ops"}}])
        qa, acme = ("x-qa-user", "qa-7"), ("x-woad-tenant", "acme")
        for version in ("h1", "h2"):
            for headers, target, color in (
                    ([qa], "/info", "red.alice"), ([("x-qa-user", "7")], "/info", None),
                    ([acme], "/info", "blue"), ([qa, acme], "/info", "red.alice"),
                    ([qa, ("x-woad-color", "green")], "/info", "green"),
                    ([qa, ("baggage", "woad.color=green")], "/info", "green"), ([], "/info", None)):
                self.assertEqual(self.dyed(headers, target, version=version), color, headers)
        seen = dict(self.inbound(target="/info?debug=1"))
        self.assertEqual((seen["x-woad-tenant"], seen.get("x-woad-color")), ("ops", None))
        self.assertEqual(self.sources()["dye"], 2 * 3 + 1)

    def test_an_untrusted_request_may_be_dyed(self):
        self.pod(context={}, dye=[{"set": {"color": "red"}}])
        self.assertEqual(self.dyed([("x-woad-color", "blue")]), "red")
        self.inbound([("x-woad-color", "blue")], "/traceparent")
        self.assertEqual(self.build, "red", "and keeps it through a deaf app")

    def test_outbound(self):
        """Only a request that nothing else knows of: neither itself nor the table."""
        self.pod(("base", "red", "blue"), node={"service": "me", "labels": {"color": "blue"}},
                 dye=[{"match": {"path": {"prefix": "/info"}}, "set": {"color": "red"}}])
        self.outbound()
        self.assertEqual(self.build, "red", "before the pod's own colour")
        self.outbound([("x-woad-color", "blue")])
        self.assertEqual(self.build, "blue")
        self.inbound([], "/x-request-id")
        self.assertEqual(self.build, "base", "its inbound request was undyed")
        self.woad.reload(dict(self.woad.config, dye=[]))
        self.outbound()
        self.assertEqual(self.build, "blue", "no rule, so the pod's own")

    def test_share(self):
        """The same user, the same answer: again, in a cookie, in another sidecar."""
        share = {"set": {"color": "canary"}, "percent": "20%"}
        rules = [{**share, "match": {"path": {"prefix": "/h"}}, "sticky": {"header": "x-user-id"}},
                 {**share, "match": {"path": {"prefix": "/c"}}, "sticky": {"cookie": "user"}},
                 {**share, "match": {"path": {"prefix": "/r"}}}]
        app = self.origin(handler=lambda request: Reply(body=str(request.headers).encode()))
        ports = [self.sidecar(app=app.address, dye=rules, services={}).inbound for _ in range(2)]
        by_header = self.drawn(ports[0], "/h", lambda user: [("X-User-Id", user)])
        self.assertIn(len(by_header), range(700, 900), "20 % of 4,000, give or take 4 sigma")
        some = USERS[:400]
        for port, path, headers_of in (
                (ports[0], "/h", lambda user: [("x-user-id", user)]),
                (ports[1], "/h", lambda user: [("x-user-id", user)]),
                (ports[0], "/c", lambda user: [("cookie", f"a=b; user={user}; users=x")]),
                (ports[1], "/r", lambda user: [("x-request-id", user)]),
                (ports[0], "/h", lambda user: [("x-request-id", user)])):  # no sticky value
            self.assertEqual(self.drawn(port, path, headers_of, some), by_header & set(some), path)
        crumbs = self.drawn(ports[0], "/c", lambda user: [
            ("cookie", "a=b"), ("cookie", f"user={user}")], some, version="h2")
        self.assertEqual(crumbs, by_header & set(some), "RFC 9113 section 8.2.3")
        made = self.drawn(ports[0], "/r", lambda _: [], some)
        self.assertIn(len(made), range(1, 400), "by ids that the sidecar made")


class Explain(PodSuite):
    RULES = [{"match": {"path": {"prefix": "/never"}}, "set": {"color": "red"}},
             {"match": {"headers": {"x-qa": {"present": True}}}, "set": {"color": "red"},
              "percent": "0%", "sticky": {"header": "x-qa"}},
             {"match": {"headers": {"x-qa": {"exact": "1"}}}, "set": {"color": "blue"}}]

    def ask(self, headers=(), path="/explain"):
        query = [("url", "http://price/info"), *[("header", f"{k}: {v}") for k, v in headers]]
        return self.woad.json(path + "?" + urllib.parse.urlencode(query))

    def test_sources(self):
        self.pod(dye=self.RULES, node={"service": "me", "labels": {"color": "green"}})
        self.inbound([("x-woad-color", "red"), ("x-request-id", "known")])
        self.inbound([("x-request-id", "undyed")])
        before = self.sources(), self.woad.metrics("woad_context_unattributed_total")
        for headers, source, color, pool, step in (
                ([("x-woad-color", "RED")], "header", "red", "red", "from the request's header"),
                ([("baggage", "woad.color=red")], "baggage", "red", "red", "request's baggage"),
                ([("traceparent", PARENT), ("tracestate", "woad=c:red")], "tracestate", "red", "red",
                 "request's tracestate"),
                ([("x-request-id", "known")], "table", "red", "red", "inbound request"),
                ([("x-qa", "1")], "dye", "blue", "base", "by a dye rule"),
                ([], "instance", "green", "base", "this pod's own"),
                ([("x-woad-color", "no no")], "instance", "green", "base", "not a valid colour")):
            with self.subTest(source, headers=headers):
                said = self.ask(headers)
                self.assertEqual((said["source"], said["color"], said["pool"]), (source, color, pool))
                self.assertTrue(any(step in each for each in said["steps"]), said["steps"])
                rules = [each for each in said["steps"] if each.startswith("dye[")]
                self.assertEqual(len(rules), 3 if source in ("dye", "instance") else 0)
                self.outbound(headers)
                self.assertEqual(self.build, pool, "as it then goes")
        self.assertEqual(self.ask([("x-request-id", "undyed")])["color"], "base")
        after = self.sources(), self.woad.metrics("woad_context_unattributed_total")
        self.assertEqual(sum(after[0].values()) - sum(before[0].values()), 7,
                         "those that went; explaining counts nothing")

    def test_verdict_of_each_rule(self):
        """By the admin address and, without a running sidecar, by the command."""
        self.pod(dye=self.RULES)
        for value, verdicts in (("1", ["dye[0]: no: ", "dye[1]: matches, but ", "dye[2]: matches"]),
                                ("2", ["dye[0]: no: ", "dye[1]: matches, but ", "dye[2]: no: "])):
            code, out, err = run("explain", "-c", self.woad.path, "-H", f"x-qa: {value}", "--json",
                                 "http://price/info")
            self.assertEqual(code, 0, err)
            for said in (self.ask([("x-qa", value)]), json.loads(out)):
                rules = [each for each in said["steps"] if each.startswith("dye[")]
                self.assertEqual([r.startswith(v) for r, v in zip(rules, verdicts)], [True] * 3, rules)
                self.assertEqual(said["source"], "dye" if value == "1" else "none")
        code, out, _ = run("explain", "-c", self.woad.path, "-H", "x-qa: 1", "http://price/info")
        self.assertEqual(code, 0)
        for word in ("dye[0]", "0%", "dye[2]: matches", "blue", "dye rule", "base_absent"):
            self.assertIn(word, out)

    def test_contradictions_are_explained(self):
        self.pod(context=trusting(aliases={"color": ["x-env"]}))
        said = self.ask([("x-woad-color", "red"), ("x-env", "blue")])
        self.assertEqual((said["error"], said["status"]), ("bad_request", 400))
        self.assertIn("two different colours", said["why"])
