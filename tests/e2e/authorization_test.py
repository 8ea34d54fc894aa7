"""Who may call what: rules see the request that the app sees, and nothing else gets through."""
from support.suite import *

# Each is another way to say /admin, or /open/…/admin, to some server.
BYPASSES = [
    "//admin", "///admin", "/open//admin", "/admin//", "/./admin", "/open/../admin", "/open/./x",
    "/..", "/.", "/open/..", "/admin/..", "/admin/.", "/%2e/admin", "/%2E/admin", "/%2e%2e/admin",
    "/open/%2e%2e/admin", "/open/.%2e/admin", "/open/%2E./admin", "/%61dmin", "/%61%64%6d%69%6e",
    "/adm%69n", "/%41dmin", "/open%2f..%2fadmin", "/open/..%2fadmin", "/open/..%2Fadmin",
    "/%2fadmin", "/%2Fadmin", "/admin%2f", "/open\\..\\admin", "/\\admin", "/admin\\", "/open%5cadmin",
    "/open/..%5Cadmin", "/admin;", "/admin;x=1", "/open;/../admin", "/open/..;/admin", "/;/admin",
    "/admin%3b", "/admin%3Bx", "/open;jsessionid=1", "/admin%00", "/admin%00.css", "/open%00/admin",
    "/open%7eadmin", "/open%2d", "/open%5F", "/open%30", "/%", "/%2", "/%zz", "/%2x/admin",
    "/%%32%65%%32%65/admin", "/%u002e/admin", "/admin#", "/open#/../admin", "/open%2e%2e%2fadmin",
]
# None of them says anything but what it says.
PLAIN = [
    "/open", "/open/", "/open/a/b", "/open/.hidden", "/open/...", "/open/a..b", "/open/~x", "/open/a.",
    "/open/a%20b", "/open/caf%C3%A9", "/open/100%25", "/open/a:b@c!$&'()*+,=", "/open/%252e%252e/admin",
    "/open/a%3Fb", "/open/%23", "/open?x=//../;\\%2f%2e%00", "/open?%zz", "/open?", "/adminother",
    "/Admin", "/open/admin",
]
NO_ADMIN = {"name": "no-admin", "action": "deny", "match": {"path": {"prefix": "/admin"}}}


class Authorization(Suite):
    def setUp(self):
        self.app = self.origin("app")

    def woad(self, *rules, context=None, **settings):
        if rules:
            settings["rules"] = list(rules)
        return self.sidecar(app=self.app.address, filters=self.filters(settings),
                            context=context or {})

    @staticmethod
    def filters(settings):
        return {"inbound": ["access_log", "peer_identity", {"authorization": settings}, "context",
                            "timeout"]}

    def ask(self, client, *args, **more):
        """The status; the app saw the request when it passed, and nothing when not."""
        before = len(self.app.requests)
        got = client.request(*args, **more)
        self.assertEqual(len(self.app.requests) - before, int(got.status == 200), (args, more, got))
        if got.status != 200:
            code = {403: "denied", 400: "bad_request"}[got.status]
            self.assert_local(got, code, got.status)
        return got.status

    def clients(self, woad):
        return [self.client(woad.inbound, version) for version in ("h1", "h2")]

    def table(self, woad, rows):
        """rows: (status, request); each on open connections of both protocols."""
        for client in self.clients(woad):
            for status, asked in rows:
                with self.subTest(asked, version=client.version):
                    self.assertEqual(self.ask(client, **asked), status)

    def test_no_path_says_another(self):
        woad = self.woad(NO_ADMIN, default="allow")
        for version in ("h1", "h2"):
            for target in BYPASSES:
                with self.subTest(target, version=version):
                    self.assertEqual(self.ask(self.client(woad.inbound, version), target=target), 400)
            for target in PLAIN:
                with self.subTest(target, version=version):
                    self.assertEqual(self.ask(self.client(woad.inbound, version), target=target), 200)
                    self.assertEqual(self.app.requests[-1].target, target, "byte for byte")
            for target in ("/admin", "/admin/", "/admin/x", "/admin?x", "/admin/a%20b"):
                with self.subTest(target, version=version):
                    self.assertEqual(self.ask(self.client(woad.inbound, version), target=target), 403)

    def test_no_method_says_another(self):
        rule = {"name": "read-only", "action": "allow", "match": {"methods": ["GET", "PROPFIND"]}}
        rows = [(200, "GET"), (200, "PROPFIND"), (403, "POST"), (403, "M-SEARCH"), (403, "brew")]
        rows += [(400, m) for m in ("get", "Get", "gEt", "post", "Patch", "delete", "propfind", "Propfind")]
        self.table(self.woad(rule), [(status, {"method": method}) for status, method in rows])
        free = self.woad(NO_ADMIN, default="allow")
        self.table(free, [(200, {"method": m}) for m in ("get", "Patch", "propfind", "brew")])

    def test_other_forms_of_a_target(self):
        woad = self.woad(NO_ADMIN, default="allow")
        raw = {"GET http://svc/admin HTTP/1.1\r\nHost: svc": 403,
               "GET http://other/admin?x HTTP/1.1\r\nHost: svc": 403,
               "GET HTTP://svc/open/%2e%2e/admin HTTP/1.1\r\nHost: svc": 400,
               "GET http://svc//admin HTTP/1.1\r\nHost: svc": 400,
               "GET http://svc HTTP/1.1\r\nHost: svc": 200,
               "GET http://svc?/admin HTTP/1.1\r\nHost: svc": 200,
               "OPTIONS * HTTP/1.1\r\nHost: svc": 200,
               "OPTIONS http://svc HTTP/1.1\r\nHost: svc": 200,
               "GET /admin HTTP/1.0": 403,
               "GET /open/../admin HTTP/1.0": 400}
        for head, status in raw.items():
            with self.subTest(head):
                client = self.client(woad.inbound)
                client.send(head + "\r\n\r\n")
                self.assertEqual(client.response().status, status)
        self.assertEqual({r.target for r in self.app.requests}, {"/", "/?/admin", "*"})

    def test_paths_that_no_rule_names_pass_as_they_are(self):
        woad = self.woad({"name": "reads", "action": "allow", "match": {"methods": ["GET"]}})
        for client in self.clients(woad):
            for target in BYPASSES:
                if "#" in target:
                    continue  # in no request at all
                with self.subTest(target, version=client.version):
                    self.assertEqual(self.ask(client, target=target), 200)
                    self.assertEqual(self.app.requests[-1].target, target)

    def test_conditions(self):
        def allow(name, **match):
            return {"name": name, "action": "allow", "match": match}
        woad = self.woad(
            allow("paths", path={"exact": "/path"}), allow("tree", path={"prefix": "/tree/"}),
            allow("regex", path={"regex": "/v[0-9]+/.*"}), allow("methods", methods=["DELETE"]),
            allow("headers", headers={"X-Role": {"exact": "admin"}}),
            allow("query", query={"key": {"prefix": "a b"}}), allow("hosts", hosts=["other", "*.in"]),
            allow("color", color="red"), allow("tenant", tenant="acme"),
            context={"trust": {"plaintext": "trust"}})
        self.table(woad, [
            (403, {}), (403, {"method": "POST"}),
            (200, {"target": "/path"}), (200, {"target": "/path?x"}), (403, {"target": "/path/"}),
            (200, {"target": "/tree"}), (200, {"target": "/tree/a/b"}), (403, {"target": "/trees"}),
            (200, {"target": "/v22/x"}), (403, {"target": "/v/x"}), (403, {"target": "/a/v1/x"}),
            (200, {"method": "DELETE"}), (403, {"method": "DELETEX"}),
            (200, {"headers": [("x-ROLE", "admin")]}), (403, {"headers": [("x-role", "ADMIN")]}),
            (200, {"target": "/?key=a+b"}), (200, {"target": "/?k%65y=%61%20bc"}),
            (403, {"target": "/?key=a"}), (403, {"target": "/?Key=a+b"}),
            (200, {"host": "OTHER"}), (200, {"host": "other.:80"}), (200, {"host": "a.b.in"}),
            (403, {"host": "in"}), (403, {"host": "other.svc"}),
            (200, {"headers": [("x-woad-color", "red")]}), (200, {"headers": [("x-woad-color", "RED")]}),
            (200, {"headers": [("baggage", "woad.color=red")]}),
            (403, {"headers": [("x-woad-color", "red.a")]}),
            (200, {"headers": [("x-woad-tenant", "acme")]}),
            (403, {"headers": [("x-woad-tenant", "other")]})])

    def test_what_the_untrusted_say_of_their_colour_opens_nothing(self):
        woad = self.woad({"name": "red", "action": "allow", "match": {"color": "red"}})
        self.table(woad, [(403, {"headers": [("x-woad-color", "red")]}),
                          (403, {"headers": [("baggage", "woad.color=red")]})])

    def test_principals_are_never_what_a_client_says(self):
        woad = self.woad({"name": "web", "action": "allow",
                          "match": {"principals": ["spiffe://example.org/**"]}})
        said = "By=spiffe://example.org/a;Hash=00;URI=spiffe://example.org/ns/shop/sa/web"
        self.table(woad, [(403, {}), (403, {"headers": [("x-forwarded-client-cert", said)]})])

    def test_defaults(self):
        allow = {"name": "get", "action": "allow", "match": {"methods": ["GET"]}}
        deny = {"name": "x", "action": "deny", "match": {"headers": {"x-a": {"present": True}}}}
        put, marked = {"method": "PUT", "body": b""}, {"headers": [("x-a", "")]}
        for settings, statuses in (
                ({}, (200, 200, 200)), ({"default": "allow"}, (200, 200, 200)),
                ({"default": "deny"}, (403, 403, 403)), ({"rules": []}, (200, 200, 200)),
                ({"rules": [allow]}, (200, 403, 200)), ({"rules": [deny]}, (403, 403, 403)),
                ({"default": "allow", "rules": [deny]}, (200, 200, 403)),
                ({"rules": [allow, deny]}, (200, 403, 403)),
                ({"rules": [deny, allow]}, (200, 403, 403))):
            with self.subTest(settings):
                woad = self.woad(**settings)
                self.table(woad, list(zip(statuses, ({}, put, marked))))

    def test_what_rules_name_comes_once(self):
        woad = self.woad(
            {"name": "a", "action": "deny", "match": {"headers": {"x-role": {"exact": "admin"}}}},
            {"name": "b", "action": "deny", "match": {"query": {"role": {"exact": "admin"}}}},
            {"name": "c", "action": "deny", "match": {"headers": {"x-tag": {"exact": "a, b"}}}},
            {"name": "d", "action": "deny", "match": {"headers": {"cookie": {"regex": ".*s=1.*"}}}},
            default="allow")
        self.table(woad, [
            (200, {"headers": [("x-role", "user")]}), (403, {"headers": [("x-role", "admin")]}),
            (400, {"headers": [("x-role", "user"), ("x-role", "admin")]}),
            (400, {"headers": [("x-role", "user"), ("x-other", "1"), ("X-ROLE", "user")]}),
            (400, {"headers": [("x-role", "user, admin")]}),
            (400, {"headers": [("x-role", "user,admin")]}),
            (400, {"headers": [("x_role", "admin")]}),
            (403, {"headers": [("x-tag", "a, b")]}), (400, {"headers": [("x-tag", "b, a")]}),
            (200, {"target": "/?role=user"}), (403, {"target": "/?%72ole=%61dmin"}),
            (400, {"target": "/?role=user&role=admin"}),
            (400, {"target": "/?role=user&x&%72ole=admin"}),
            (200, {"headers": [("x-free", "1"), ("x-free", "2")], "target": "/?a=1&a=2"}),
            (200, {"headers": [("cookie", "a=1; b=2")]}), (403, {"headers": [("cookie", "a=1; s=1")]})])
        crumbs = [("cookie", "a=1"), ("cookie", "s=1")]
        self.assertEqual(self.ask(self.client(woad.inbound), headers=crumbs), 400)
        over_h2 = self.client(woad.inbound, "h2")  # there a Cookie may come in pieces
        self.assertEqual(self.ask(over_h2, headers=crumbs), 403)
        self.assertEqual(self.ask(over_h2, headers=[("cookie", "a=1"), ("cookie", "b=1")]), 200)

    def test_trailers_add_nothing(self):
        woad = self.woad({"name": "a", "action": "deny",
                          "match": {"headers": {"x-role": {"exact": "admin"}}}}, default="allow")
        for version in ("h1", "h2"):
            got = fetch(woad.inbound, "POST", "/info", body=[b"x"], version=version, trailers=[
                ("x-role", "admin"), ("x_role", "admin"), ("x-sum", "1"),
                ("x-forwarded-client-cert", "URI=spiffe://a/b")])
            self.assertEqual(json.loads(got.body)["trailers"], [["x-sum", "1"]])

    def test_client_certificates_are_not_made_up(self):
        """Any number, any case, whatever Connection says."""
        woad = self.woad()
        forged = [("x-forwarded-client-cert", "URI=spiffe://a/b")]
        for version in ("h1", "h2"):
            cases = [forged, forged * 3, [("X-Forwarded-Client-Cert", ""), *forged]]
            if version == "h1":
                cases.append([("Connection", "x-forwarded-client-cert"), *forged])
            for headers in cases:
                got = fetch(woad.inbound, "GET", "/info", headers + [("x-a", "1")], version=version)
                seen = {k.lower() for k, _ in json.loads(got.body)["headers"]}
                self.assertNotIn("x-forwarded-client-cert", seen)
                self.assertIn("x-a", seen)
            for name in ("x_forwarded_client_cert", "x-forwarded_client-cert"):
                with self.subTest(name, version=version):
                    self.assert_local(fetch(woad.inbound, headers=[(name, "x")], version=version),
                                      "bad_request", 400)

    def test_a_refusal_says_who_and_why(self):
        woad = self.woad(NO_ADMIN)
        fetch(woad.inbound, target="/admin/secret?token=1")
        fetch(woad.inbound, "POST", body=b"x" * 100)
        fetch(woad.inbound, target="/a//secret")
        rows = woad.access_log(3)
        caller = "this request of a caller without a verified identity is "
        self.assertEqual([r["why"] for r in rows], [
            caller + 'denied by rule no-admin (authorization)',
            caller + "allowed by no rule (authorization.default is deny)",
            "rules judge paths, and this one has an empty segment (//) (authorization)"])
        self.assertEqual([(r["response_code"], r["error"], r["upstream_host"]) for r in rows],
                         [(403, "denied", ""), (403, "denied", ""), (400, "bad_request", "")])
        got = fetch(woad.inbound, "POST", "/shop.Price/Get", [("content-type", "application/grpc")],
                    version="h2", body=b"\0\0\0\0\0")
        self.assertEqual((got.status, got.get("grpc-status")), (200, "7"))

    def test_a_connection_goes_on_behind_a_refusal(self):
        woad = self.woad(NO_ADMIN, default="allow")
        self.table(woad, [(200, {}), (403, {"target": "/admin"}), (200, {}), (400, {"target": "//"}),
                          (200, {"method": "POST", "body": b"x" * 5000})])

    def test_a_new_rule_holds_from_the_next_request_on(self):
        woad = self.woad()
        clients = self.clients(woad)
        for settings, status in (({"rules": [NO_ADMIN], "default": "allow"}, 403), ({}, 200),
                                 ({"default": "deny"}, 403), ({"default": "allow"}, 200)):
            woad.reload(dict(woad.config, filters=self.filters(settings)))
            for client in clients:
                self.assertTrue(until(lambda c=client, s=status: self.ask(c, target="/admin") == s))

    def test_the_default_chain_has_it_and_lets_everything_pass(self):
        woad = self.sidecar(app=self.app.address)
        self.table(woad, [(200, {"target": "//a;b/%2e"}), (200, {"method": "DELETE"})])
        folder = woad.folder.name
        bad = dict(woad.config, filters={"inbound": [{"authorization": {"rules": [
            {"name": "a", "action": "allow", "match": {"principals": ["spiffe://a/b*"]}}]}}]})
        woad.write(bad, folder + "/bad.yaml")
        code, _, said = run("validate", "-c", folder + "/bad.yaml")
        self.assertEqual(code, 1)
        self.assertIn("filters.inbound[0].authorization.rules[0].match.principals[0]: `*` stands", said)
        route = dict(woad.config, services={"p": {}}, routes=[
            {"match": {"principals": ["spiffe://a/b"]}, "to": "p"}])
        woad.write(route, folder + "/route.yaml")
        code, _, said = run("validate", "-c", folder + "/route.yaml")
        self.assertEqual(code, 1)
        self.assertIn("routes[0].match.principals: routes are for the app's own requests", said)
