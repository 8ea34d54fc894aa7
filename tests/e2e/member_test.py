"""The sidecar's side of a control plane, which the test plays: files that come, and what becomes of
them; planes that are away, torn, slow, huge or lying; registration."""
import os
import signal
import socket
import subprocess
import time

from support.certs import Spec, issue, spiffe
from support.mesh import MeshSuite
from support.plane import Plane, raw_zstd, sha256
from support.suite import *


class Member(Suite):
    def setUp(self):
        self.plane = self.new_plane()
        self.server = self.origin("svc")

    def new_plane(self, **more):
        plane = Plane(**more)
        self.addCleanup(plane.close)
        return plane

    def member(self, *args, start=None, env=None, wait=True, planes=None, **more):
        """A sidecar of these planes. start: its file; without, there is none."""
        urls = ",".join(p.url for p in planes or [self.plane])
        woad = Sidecar.__new__(Sidecar)
        Sidecar.__init__(woad, text="", wait=False, args=["--help"], **more)
        woad.process.wait()
        os.remove(woad.path)
        self.addCleanup(lambda: woad.stop(check=not self.failed()))
        self.woad = woad
        if start is not None:
            woad.write(start)
        woad.start(wait=wait, args=args, env={"WOAD_SERVICE": "me", "WOAD_INSTANCE": "me-1",
                                              "WOAD_CONTROL_PLANE": urls, **(env or {})})
        return woad

    def file(self, **more):
        """A configuration that routes `svc` to the origin, as text."""
        config = {"admin": {"address": f"127.0.0.1:{self.admin_port()}"},
                  "outbound": [{"address": f"127.0.0.1:{self.outbound_port()}"}],
                  "drain": {"delay": "0s", "timeout": "5s"},
                  "services": {"svc": service(self.server.address, tls={"mode": "off"})}, **more}
        return json.dumps(config, indent=1)

    def admin_port(self):
        self.ports = getattr(self, "ports", None) or (free_port(), free_port())
        return self.ports[0]

    def outbound_port(self):
        self.admin_port()
        return self.ports[1]

    def serving(self, *args, **more):
        """A sidecar whose first file came from the plane and is live."""
        if self.plane.text is None:
            self.plane.put(self.file())
        woad = self.member(*args, wait=False, **more)
        woad.admin, woad.outbound = self.ports
        self.assertTrue(until(woad.ready), woad.stderr())
        return woad

    def assert_serves(self):
        self.assertEqual(fetch(self.woad.outbound, host="svc").status, 200)

    def on_disk(self):
        with open(self.woad.path, "rb") as file:
            return file.read()

    def assert_told(self, sha, result):
        said = self.plane.told(sha)
        self.assertIsNotNone(said, self.woad.stderr())
        self.assertEqual(said["result"], result, said)
        return said

    def warning(self, words):
        """A warning on /readyz that has these words, once there is one."""
        found = until(lambda: words in self.woad.get("/readyz")[1])
        self.assertTrue(found, self.woad.get("/readyz")[1] + self.woad.stderr())


class Files(Member):
    def test_started_with_nothing_but_variables(self):
        woad = self.serving()
        self.assert_serves()
        self.assertEqual(self.on_disk(), self.plane.text)
        said = self.assert_told(sha256(self.plane.text), "applied")
        self.assertEqual((said["error"], said["version"]), ("", sha256(self.plane.text)[:12]))
        self.assertEqual(woad.metrics("woad_control_plane_connected"), 1)
        self.assertGreater(woad.metrics("woad_control_plane_last_contact_timestamp_seconds"), 1e9)
        self.assertEqual(woad.get("/readyz")[1], "ready\n")
        self.assertIsNone(woad.json("/config/status")["last_error"])

    def test_a_newer_file_goes_live(self):
        self.serving()
        other = self.origin("other")
        sha = self.plane.put(self.file(services={"other": service(other.address)}))
        self.assert_told(sha, "applied")
        self.assertEqual(fetch(self.woad.outbound, host="other").status, 200)
        self.assertEqual(sha256(self.on_disk()), sha)

    def test_not_ready_until_the_first_file(self):
        woad = self.member(wait=False)
        woad.admin = 15000
        until(lambda: self.plane.polls())
        if "no admin address" in woad.stderr():
            self.skipTest("another process has port 15000")
        self.assertTrue(until(lambda: "404" in woad.get("/readyz")[1]), woad.stderr())
        self.assertEqual(woad.get("/readyz")[0], 503)
        self.assertEqual(woad.get("/healthz")[0], 200)
        self.assertEqual(woad.metrics("woad_control_plane_connected"), 0)
        self.assertEqual(woad.get("/config")[0], 503)
        self.plane.put(self.file())
        woad.admin, woad.outbound = self.ports
        self.assertTrue(until(woad.ready), woad.stderr())
        self.assert_serves()

    def test_a_taken_first_admin_address_is_a_warning(self):
        with socket.socket() as holder:
            try:
                holder.bind(("127.0.0.1", 15000))
                holder.listen()
            except OSError:
                pass  # somebody else holds it: as good
            self.serving()
            self.assert_serves()
            self.assertIn("no admin address", self.woad.stderr())

    def test_last_known_good_while_the_plane_is_away(self):
        self.plane.kill()
        woad = self.member(start=self.file(), wait=False)
        woad.admin, woad.outbound = self.ports
        self.assertTrue(until(woad.ready), woad.stderr())
        self.assert_serves()
        self.warning("warning: the control plane")
        self.assertEqual(woad.metrics("woad_control_plane_connected"), 0)
        self.plane.start()
        sha = self.plane.put(self.file(version="two"))
        self.assert_told(sha, "applied")
        self.assertTrue(until(lambda: woad.get("/readyz")[1] == "ready\n"), woad.get("/readyz"))

    def test_a_file_that_does_not_load_at_the_start_is_kept_as_bad(self):
        self.plane.put(self.file())
        woad = self.member(start="services: [", wait=False)
        woad.admin, woad.outbound = self.ports
        self.assertTrue(until(woad.ready), woad.stderr())
        with open(woad.path + ".bad", encoding="utf-8") as file:
            self.assertEqual(file.read(), "services: [")
        self.assert_serves()

    def test_a_file_that_does_not_hold_changes_nothing(self):
        woad = self.serving()
        before = self.on_disk()
        polls = len(self.plane.polls())
        sha = self.plane.put('version: "2"\nservice: {}\n')
        said = self.assert_told(sha, "rejected")
        self.assertRegex(said["error"], r"woad\.yaml:2:1: ")
        self.assertNotIn("draft", said["error"])
        self.assertEqual(self.on_disk(), before)
        self.assertEqual(os.listdir(woad.folder.name).count("woad.yaml.draft"), 0)
        self.assert_serves()
        status = woad.json("/config/status")
        self.assertIn("woad.yaml:2:1", status["last_error"])
        self.assertEqual(woad.metrics("woad_config_reloads_total", result="rejected"), 1)
        self.warning("was refused")
        until(lambda: len(self.plane.polls()) > polls + 1)
        self.assertLess(len(self.plane.polls()), polls + 5, "a refusal is no hot loop")
        sha = self.plane.put(self.file(version="three"))
        self.assert_told(sha, "applied")
        self.assertIsNone(woad.json("/config/status")["last_error"])

    def test_one_that_cannot_go_live_is_undone(self):
        woad = self.serving()
        before = self.on_disk()
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            sha = self.plane.put(self.file(outbound=[{"address": f"127.0.0.1:{port}"}]))
            said = self.assert_told(sha, "rejected")
        self.assertIn(str(port), said["error"])
        self.assertTrue(until(lambda: self.on_disk() == before))
        self.assert_serves()
        self.assertIn(str(port), woad.json("/config/status")["last_error"])
        self.warning("was refused")

    def test_a_first_one_that_cannot_go_live_leaves_no_file(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            sha = self.plane.put(self.file(outbound=[{"address": f"127.0.0.1:{port}"}]))
            woad = self.member(wait=False)
            self.assert_told(sha, "rejected")
            self.assertTrue(until(lambda: not os.path.exists(woad.path)))
        sha = self.plane.put(self.file())
        self.assert_told(sha, "applied")
        woad.admin, woad.outbound = self.ports
        self.assertTrue(until(woad.ready), woad.stderr())

    def test_killed_at_any_moment_it_starts_with_a_whole_file(self):
        woad = self.serving()
        good = {self.plane.text}
        for number in range(5):
            good.add(self.file(version=f"v{number}").encode())
            self.plane.put(self.file(version=f"v{number}"))
            time.sleep(0.02 * number)
            woad.kill()
            self.assertIn(self.on_disk(), good)
            woad.start(env={"WOAD_SERVICE": "me", "WOAD_CONTROL_PLANE": self.plane.url})
            self.assert_serves()


class Codings(Member):
    def give(self, body, coding, text):
        """The plane's next file comes in this coding."""
        def odd(handler, query):
            if query["have"] == sha256(text):
                return False
            self.asked = {k.lower(): v for k, v in handler.headers.items()}
            handler.give(text, body=body, content_encoding=coding)
            return True
        self.plane.odd = odd
        self.plane.put(text)

    def test_zstd(self):
        text = self.file(version="z").encode()
        self.give(raw_zstd(text), "zstd", text)
        self.serving()
        self.assertEqual(self.asked["accept-encoding"], "zstd")
        self.assertNotIn("available-dictionary", self.asked)
        self.assert_serves()

    def test_dcz_of_the_compressor_against_the_file_on_the_disk(self):
        import base64
        woad = self.serving()
        old = self.on_disk()
        text = old.replace(b'"drain"', b'"version": "dcz",\n "drain"')
        folder = woad.folder.name
        for name, data in (("old", old), ("new", text)):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(data)
        try:
            subprocess.run(["zstd", "-q", f"--patch-from={folder}/old", f"{folder}/new", "-o", f"{folder}/frame"],
                           check=True)
        except FileNotFoundError:
            self.skipTest("LEFT OUT: no zstd command")
        with open(f"{folder}/frame", "rb") as file:
            frame = file.read()
        digest = bytes.fromhex(sha256(old))
        self.give(b"\x5e\x2a\x4d\x18\x20\x00\x00\x00" + digest + frame, "dcz", text)
        self.assert_told(sha256(text), "applied")
        self.assertEqual(self.on_disk(), text)
        self.assertEqual(self.asked["available-dictionary"], f":{base64.b64encode(digest).decode()}:")
        self.assertEqual(self.asked["accept-encoding"], "dcz, zstd")

    def test_frames_that_are_no_use(self):
        self.serving()
        before = self.on_disk()
        text = self.file(version="bad").encode()
        header = b"\x5e\x2a\x4d\x18\x20\x00\x00\x00"
        for coding, body in (("zstd", raw_zstd(text)[:-9]), ("zstd", b"not zstd"),
                             ("dcz", header + b"\0" * 32 + raw_zstd(text)),
                             ("dcz", b"\0" * 40 + raw_zstd(text)), ("br", text)):
            with self.subTest(coding=coding, body=body[:12]):
                self.plane.calls.clear()
                text = self.file(version=f"bad {len(body)} {body[:3]}").encode()
                self.give(body, coding, text)
                self.assertTrue(until(lambda: any(s["result"] == "rejected" for s in self.plane.statuses())),
                                self.woad.stderr())
                self.assertEqual(self.on_disk(), before)
                self.assert_serves()


class Faults(Member):
    def odd(self, answer):
        """Polls get this answer until honest() is called."""
        self.asked_oddly = 0

        def odd(handler, _query):
            self.asked_oddly += 1
            answer(handler)
            return True
        self.plane.odd = odd
        self.plane.put(self.file(version="unseen"))  # ends the poll that waits
        self.assertTrue(until(lambda: self.asked_oddly >= 2), self.woad.stderr())

    def honest(self):
        self.plane.odd = None
        self.rounds = getattr(self, "rounds", 0) + 1
        sha = self.plane.put(self.file(version=f"honest {self.rounds}"))
        self.assert_told(sha, "applied")
        self.assert_serves()
        self.assertTrue(until(lambda: self.woad.get("/readyz")[1] == "ready\n"), self.woad.get("/readyz"))

    def test_answers_that_are_none(self):
        self.serving()

        def torn(handler):
            handler.send_response(200)
            handler.send_header("etag", '"' + "a" * 64 + '"')
            handler.send_header("content-length", "1000")
            handler.end_headers()
            handler.wfile.write(b"services:")
            handler.wfile.flush()
            handler.close_connection = True

        def garbage(handler):
            handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            handler.close_connection = True

        cases = {
            "torn": (torn, ""),
            "garbage": (garbage, ""),
            "cut off": (lambda h: setattr(h, "close_connection", True), ""),
            "denied": (lambda h: h.reply(403, b"not your service\n", x_woad_error="denied"), "not your service"),
            "unknown": (lambda h: h.reply(404, b"no such service\n", x_woad_error="no_route"), "404"),
            "busy": (lambda h: h.reply(503, b"busy\n", retry_after="1"), "503: busy"),
            "elsewhere": (lambda h: h.reply(302, location=f"http://{self.server.address}/"), "redirects"),
            "no etag": (lambda h: h.reply(200, b"services: {}\n"), "ETag"),
        }
        for name, (answer, words) in cases.items():
            with self.subTest(name):
                self.odd(answer)
                before = self.on_disk()
                self.warning(words or "warning: the control plane")
                self.assert_serves()
                self.assertEqual(self.woad.metrics("woad_control_plane_connected"), 0)
                self.assertEqual(self.on_disk(), before)
                self.honest()

    def test_a_hash_that_is_not_the_bodys(self):
        self.serving()
        self.odd(lambda h: h.give(b"services: {}\n", etag="b" * 64))
        self.warning("hash")
        said = self.plane.told("b" * 64)
        self.assertEqual(said["result"], "rejected")
        self.assertIn("hash", self.woad.json("/config/status")["last_error"])
        self.honest()

    def test_more_than_64_mib(self):
        self.serving()
        size = (64 << 20) + 1

        def huge(handler):
            handler.send_response(200)
            handler.send_header("etag", '"' + "c" * 64 + '"')
            handler.send_header("content-length", str(size))
            handler.end_headers()
            for _ in range(65):
                handler.wfile.write(b" " * (1 << 20))
            handler.close_connection = True

        self.odd(huge)
        self.warning("longer than")
        self.honest()

    def test_more_than_64_mib_unpacked(self):
        self.serving()
        frame = b"\x28\xb5\x2f\xfd\xa0" + size_of(65 << 20)
        for number in range(65 * 8):  # blocks of one repeated byte
            frame += (((1 << 17) << 3) | 2 | (number == 65 * 8 - 1)).to_bytes(3, "little") + b" "
        self.odd(lambda h: h.give(b"x", body=frame, etag="d" * 64, content_encoding="zstd"))
        self.warning("cannot be used")
        self.assertEqual(self.plane.told("d" * 64)["result"], "rejected")
        self.honest()

    def test_one_that_never_answers_and_a_killed_one(self):
        woad = self.serving()
        for _ in range(2):
            self.plane.kill()
            self.assertTrue(until(lambda: woad.metrics("woad_control_plane_connected") == 0))
            self.warning("warning: the control plane")
            for _ in range(20):
                self.assert_serves()
            self.plane.start()
            self.honest()
            self.plane.put(self.file())

    def test_the_other_of_two(self):
        other = self.new_plane()
        other.put(self.file())
        self.plane.put(self.file())
        woad = self.serving(planes=[self.plane, other])
        self.assertEqual(len(other.polls()), 0)
        self.plane.kill()
        self.assertTrue(until(lambda: other.polls()), woad.stderr())
        sha = other.put(self.file(version="of the other"))
        self.assertTrue(until(lambda: other.told(sha)))
        self.assertEqual(other.told(sha)["result"], "applied")
        self.assert_serves()


def size_of(number):
    return number.to_bytes(4, "little")


class Registration(Member):
    def inbound(self, **more):
        self.inbound_port = getattr(self, "inbound_port", None) or free_port()
        return self.file(inbound=[{"address": f"127.0.0.1:{self.inbound_port}", "app": self.server.address,
                                   "mtls": "off"}], **more)

    def registrations(self):
        return [json.loads(body) for body in self.plane.of("PUT", "instances")]

    def test_registers_when_ready_beats_and_leaves(self):
        self.plane.heartbeat = "1s"
        self.plane.put(self.inbound())
        woad = self.serving("--register", env={"WOAD_LABELS": "color=red"})
        self.assertTrue(until(lambda: len(self.registrations()) >= 3), woad.stderr())
        self.assertEqual(self.registrations()[0],
                         {"address": f"127.0.0.1:{self.inbound_port}", "labels": {"color": "red"}})
        paths = {path for verb, path, *_ in self.plane.calls if verb == "PUT"}
        self.assertEqual(paths, {"/v1/instances/me/me-1"})
        self.assertGreater(len(self.plane.polls()), 1)
        woad.process.send_signal(signal.SIGTERM)
        self.assertEqual(woad.process.wait(60), 0)
        self.assertEqual([path for verb, path, *_ in self.plane.calls if verb == "DELETE"],
                         ["/v1/instances/me/me-1"])
        last = [verb for verb, *_ in self.plane.calls if verb in ("PUT", "DELETE")][-1]
        self.assertEqual(last, "DELETE")

    def test_leaves_at_once_though_a_poll_waits(self):
        self.plane.put(self.inbound())
        woad = self.serving(env={"WOAD_REGISTER": "true"})
        self.assertTrue(until(self.registrations), woad.stderr())
        self.assertEqual(woad.get("/drain", method="POST")[0], 202)
        self.assertTrue(until(lambda: self.plane.of("DELETE", "instances")), woad.stderr())
        self.assertTrue(until(lambda: self.plane.polls()))
        sha = self.plane.put(self.inbound(version="while draining"))
        self.assert_told(sha, "applied")

    def test_a_file_for_which_there_was_no_place_is_taken_when_there_is(self):
        self.plane.heartbeat = "1s"
        self.plane.put(self.inbound())
        woad = self.serving(env={"WOAD_REGISTER": "true"})
        self.assertTrue(until(self.registrations), woad.stderr())
        before = self.on_disk()
        os.mkdir(woad.path + ".draft")
        self.addCleanup(lambda: os.path.isdir(woad.path + ".draft") and os.rmdir(woad.path + ".draft"))
        sha = self.plane.put(self.inbound(version="two"))
        self.assert_told(sha, "rejected")
        self.assertEqual(self.on_disk(), before)
        self.assert_serves()
        os.rmdir(woad.path + ".draft")
        applied = lambda: any(s["sha256"] == sha and s["result"] == "applied" for s in self.plane.statuses())
        self.assertTrue(until(applied, 60), woad.stderr())
        self.assertEqual(self.on_disk(), self.plane.text)
        self.assertTrue(until(lambda: woad.get("/readyz")[1] == "ready\n"), woad.get("/readyz"))

    def test_another_address(self):
        self.plane.put(self.inbound())
        for advertised, expected in (("10.1.2.3", f"10.1.2.3:{self.inbound_port}"),
                                     ("10.1.2.3:99", "10.1.2.3:99"), ("fd00::1", f"[fd00::1]:{self.inbound_port}"),
                                     ("[fd00::1]:99", "[fd00::1]:99")):
            with self.subTest(advertised):
                self.plane.calls.clear()
                woad = self.serving("--register", env={"WOAD_ADVERTISE": advertised})
                self.assertTrue(until(self.registrations), woad.stderr())
                self.assertEqual(self.registrations()[0]["address"], expected)
                woad.process.send_signal(signal.SIGTERM)
                woad.process.wait(60)

    def test_refused_it_goes_on_and_says_so(self):
        self.plane.refuse = (409, "10.0.0.1:1 is another service's")
        self.plane.put(self.inbound())
        self.serving("--register")
        self.warning("409: 10.0.0.1:1 is another service's")
        self.assert_serves()
        self.plane.refuse = None
        self.assertTrue(until(lambda: self.woad.get("/readyz")[1] == "ready\n"), self.woad.get("/readyz"))

    def test_without_the_flag_nobody_registers(self):
        self.plane.put(self.inbound())
        self.serving()
        self.assert_told(sha256(self.plane.text), "applied")
        self.assertTrue(until(lambda: len(self.plane.polls()) > 1))
        self.assertEqual(self.registrations(), [])


class Secure(Member, MeshSuite):
    def setUp(self):
        super().setUp()
        self.mesh.tls("me")
        self.own = {"WOAD_TLS_DIR": f"{self.mesh.folder.name}/me"}

    def secure_plane(self, name):
        self.plane = self.new_plane(tls=self.mesh.server(name))

    def shown(self):
        return {headers["certificate"] for headers in self.plane.polls()}

    def test_each_shows_who_it_is_and_certificates_rotate(self):
        self.secure_plane("woad-control")
        woad = self.serving(env=self.own)
        self.assert_serves()
        self.assert_told(sha256(self.plane.text), "applied")
        self.assertEqual(len(self.shown()), 1)
        issue(Spec(uris=(spiffe("me"),)), self.mesh.root).write(self.own["WOAD_TLS_DIR"], [self.mesh.root])
        self.assertTrue(until(lambda: woad.metrics("woad_certificate_reloads_total", result="success")),
                        woad.stderr())
        sha = self.plane.put(self.file(version="two"))
        self.assert_told(sha, "applied")
        self.assertTrue(until(lambda: len(self.shown()) == 2), woad.stderr())

    def test_somebody_else_is_no_plane_unless_it_is_meant(self):
        self.secure_plane("price")
        self.plane.put(self.file())
        woad = self.member(wait=False, env=self.own)
        self.assertTrue(until(lambda: "the control plane is of no use" in woad.stderr()), woad.stderr())
        self.assertIn("/ns/shop/sa/price", woad.stderr())
        self.assertEqual(self.plane.calls, [])
        self.assertFalse(os.path.exists(woad.path))
        woad.process.send_signal(signal.SIGTERM)
        self.assertEqual(woad.process.wait(60), 0)
        self.serving("--control-plane-identity", "spiffe://example.org/ns/shop/sa/price", env=self.own)
        self.assert_serves()

    def test_without_certificates_there_is_no_https(self):
        self.secure_plane("woad-control")
        self.plane.put(self.file())
        woad = self.member(wait=False)
        self.assertTrue(until(lambda: "WOAD_TLS_DIR" in woad.stderr()), woad.stderr())


class Words(Suite):
    def test_what_is_wrong_with_them(self):
        for args, env, words in (
                (["--control-plane", "http://10.0.0.1:15010"], {}, "is not encrypted"),
                (["--control-plane", "cp:15010"], {}, "is not a URL"),
                (["--control-plane", "https://cp/v1"], {}, "without a path"),
                ([], {"WOAD_CONTROL_PLANE": "nonsense"}, "WOAD_CONTROL_PLANE"),
                (["--register"], {}, "--register needs --control-plane"),
                ([], {"WOAD_CONTROL_PLANE": "http://127.0.0.1:1", "WOAD_REGISTER": "yes"}, "WOAD_REGISTER"),
                ([], {"WOAD_CONTROL_PLANE": "http://127.0.0.1:1", "WOAD_ADVERTISE": "a b"}, "WOAD_ADVERTISE"),
                ([], {"WOAD_CONTROL_PLANE": "http://127.0.0.1:1", "WOAD_ADVERTISE": "0.0.0.0"}, "every address of a host"),
                (["--control-plane", "https://cp", "--control-plane-identity", "cp"], {}, "--control-plane-identity"),
        ):
            with self.subTest(args=args, env=env):
                code, _, errors = run("run", "-c", "/nonexistent/woad.yaml", *args, env=env)
                self.assertEqual(code, 2, errors)
                self.assertIn(words, errors)

    def test_without_a_name(self):
        code, _, errors = run("run", "-c", "/tmp/nonexistent-woad.yaml", "--control-plane", "http://127.0.0.1:1",
                              env={"WOAD_SERVICE": ""})
        self.assertEqual(code, 1)
        self.assertIn("WOAD_SERVICE", errors)

    def test_names_that_no_plane_knows(self):
        for name, value in (("WOAD_SERVICE", "a b"), ("WOAD_SERVICE", "a/../b"), ("WOAD_INSTANCE", "a/b")):
            with self.subTest(name=name, value=value):
                code, _, errors = run("run", "-c", "/tmp/nonexistent-woad.yaml", "--control-plane", "http://127.0.0.1:1",
                                      env={"WOAD_SERVICE": "me", name: value})
                self.assertEqual(code, 2, errors)
                self.assertIn(f'{name}: "{value}" is no name', errors)
