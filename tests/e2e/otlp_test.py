"""Trace headers through the sidecar, and spans as a collector gets them."""
import re
import socket
import time

from support.app import App, Caller
from support.suite import *

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{CALLER}-01"
UNSAMPLED = f"00-{TRACE}-{CALLER}-00"
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-(0[0-3])")
FAST = {"OTEL_BSP_SCHEDULE_DELAY": "20"}  # instead of five seconds
SERVER, CLIENT = 2, 3


class Collector:
    """An OTLP/HTTP endpoint on an Origin. `answers` are given in turn, then it takes everything."""

    def __init__(self, suite):
        self.spans, self.bodies, self.requests = [], [], []
        self.answers = []
        self.origin = suite.origin("collector", handler=self.take)
        self.url = f"http://{self.origin.address}/v1/traces"

    async def take(self, request):
        body = json.loads(await request.read())
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else Reply(body=b"{}")
        if answer.status == 200:
            self.bodies.append(body)
            self.spans += [flat(span) for resource in body["resourceSpans"]
                           for scope in resource["scopeSpans"] for span in scope["spans"]]
        return answer

    def wait(self, count):
        until(lambda: len(self.spans) >= count)
        assert len(self.spans) == count, self.spans
        return self.spans


def values(attributes):
    return {a["key"]: a["value"].get("stringValue", a["value"].get("intValue"))
            for a in attributes}


def flat(span):
    """A span as a dict of its parts and attributes."""
    assert re.fullmatch("[0-9a-f]{32}", span["traceId"]) and set(span["traceId"]) != {"0"}
    assert re.fullmatch("[0-9a-f]{16}", span["spanId"]) and set(span["spanId"]) != {"0"}
    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
    assert abs(start / 1e9 - time.time()) < 3600 and start <= end
    return {"trace": span["traceId"], "id": span["spanId"], "parent": span.get("parentSpanId"),
            "kind": span["kind"], "name": span["name"], **span.get("status", {}),
            **values(span["attributes"])}


def parent_of(request):
    """(trace, span, flags) of the only traceparent that arrived."""
    fields = [v for k, v in request.headers if k.lower() == "traceparent"]
    assert len(fields) == 1, fields
    return TRACEPARENT.fullmatch(fields[0]).groups()


class Spans(Suite):
    def setUp(self):
        self.collector = Collector(self)
        self.server = self.origin("svc")

    def woad(self, *, env=FAST, tracing=None, **more):
        if tracing is None:
            tracing = {"otlp": self.collector.url, "sample": "100%"}
        return self.sidecar(app=self.server.address, services={"svc": service(self.server.address)},
                            env=env, tracing=tracing, **more)

    def test_inbound_is_one_server_span(self):
        woad = self.woad()
        fetch(woad.inbound, "GET", "/a?secret=1", [("traceparent", SAMPLED),
                                                   ("x-request-id", "id-1")])
        span, = self.collector.wait(1)
        self.assertEqual((span["trace"], span["parent"], span["kind"]), (TRACE, CALLER, SERVER))
        self.assertEqual(parent_of(self.server.requests[0]), (TRACE, span["id"], "01"))
        self.assertEqual(span["name"], "GET")
        self.assertEqual(span["http.request.method"], "GET")
        self.assertEqual(span["http.response.status_code"], "200")
        self.assertEqual(span["url.path"], "/a")
        self.assertEqual(span["woad.request_id"], "id-1")
        self.assertEqual(span["woad.direction"], "inbound")
        self.assertNotIn("error.type", span)
        resource = values(self.collector.bodies[0]["resourceSpans"][0]["resource"]["attributes"])
        self.assertEqual(resource, {"service.name": "me", "service.instance.id": "me-1"})

    def test_outbound_is_a_client_span_with_one_for_each_try(self):
        woad = self.woad()
        fetch(woad.outbound, "POST", headers=[("traceparent", SAMPLED)], body=b"x")
        spans = {span["id"]: span for span in self.collector.wait(2)}
        tried = spans[parent_of(self.server.requests[0])[1]]
        exchange = spans[tried["parent"]]
        self.assertEqual(exchange["parent"], CALLER)
        self.assertEqual((exchange["name"], tried["name"]), ("POST svc", "POST svc (try 1)"))
        self.assertEqual(tried["woad.attempt"], "1")
        self.assertEqual(tried["server.port"], str(self.server.port))
        for span in spans.values():
            self.assertEqual((span["trace"], span["kind"]), (TRACE, CLIENT))
            self.assertEqual(span["woad.service"], "svc")
            self.assertEqual(span["woad.pool"], "base")

    def test_a_trace_through_two_sidecars_is_one_tree(self):
        callee = self.woad(node={"service": "callee"})
        caller = self.sidecar(services={"svc": service(f"127.0.0.1:{callee.inbound}")}, env=FAST,
                              tracing={"otlp": self.collector.url, "sample": "100%"})
        fetch(caller.outbound)
        spans = self.collector.wait(3)
        by_id = {span["id"]: span for span in spans}
        server, = [span for span in spans if span["kind"] == SERVER]
        tried = by_id[server["parent"]]
        root = by_id[tried["parent"]]
        self.assertIsNone(root["parent"])
        self.assertEqual(len({span["trace"] for span in spans}), 1)
        self.assertEqual(parent_of(self.server.requests[0])[:2], (server["trace"], server["id"]))
        self.assertEqual(len({span["woad.request_id"] for span in spans}), 1)

    def test_four_sidecars_and_deaf_apps_make_one_tree_a_request(self):
        """edge → a → b → c → d, each app passing on nothing but x-request-id."""
        tracing = {"otlp": self.collector.url, "sample": "100%"}
        services = {}
        for name, callee in (("d", None), ("c", "d"), ("b", "c"), ("a", "b")):
            app = App(name, "base", "x-request-id", callee)
            self.addCleanup(app.close)
            woad = self.sidecar(app=app.address, node={"service": name}, services=services,
                                env=FAST, tracing=tracing,
                                context={"trust": {"plaintext": "trust"}})
            app.caller = Caller(woad.outbound)
            services = {name: service(f"127.0.0.1:{woad.inbound}")}
        edge = self.sidecar(services=services, env=FAST, tracing=tracing)
        requests = 20
        for number in range(requests):
            version = ("h1", "h2")[number % 2]
            got = fetch(edge.outbound, headers=[("x-woad-color", "red")], host="a", version=version)
            self.assertEqual(got.status, 200)
        traces = {}
        for span in self.collector.wait(requests * 12):
            traces.setdefault(span["trace"], []).append(span)
        self.assertEqual(len(traces), requests)
        for spans in traces.values():
            by_id = {span["id"]: span for span in spans}
            self.assertEqual(len(by_id), 12, "one a callee; a call and its try four times")
            root, = [span for span in spans if span["parent"] is None]
            self.assertEqual(root["woad.service"], "a")
            for span in spans:
                self.assertIn(span["parent"], [None, *by_id])
            servers = [span for span in spans if span["kind"] == SERVER]
            self.assertEqual(sorted(span["woad.service"] for span in servers), list("abcd"))

    def test_an_app_that_forwards_the_request_id_alone_stays_in_its_trace(self):
        woad = self.woad(context={"trust": {"plaintext": "trust"}})
        self.server.handler = lambda request: (Reply() if request.get("x-woad-color") is None
                                               else Reply(body=(request.get("x-request-id")
                                                                or "").encode()))
        headers = [("traceparent", SAMPLED), ("x-woad-color", "red")]
        answer = fetch(woad.inbound, headers=headers)
        fetch(woad.outbound, headers=[("x-request-id", answer.body.decode())])
        spans = self.collector.wait(3)
        server, = [span for span in spans if span["kind"] == SERVER]
        client, = [s for s in spans if s["kind"] == CLIENT and "woad.attempt" not in s]
        self.assertEqual((client["trace"], client["parent"]), (TRACE, server["id"]))
        self.assertEqual(client["woad.ctx_source"], "table")

    def test_not_sampled_passes_unchanged_and_has_no_span(self):
        woad = self.woad()
        for value in (UNSAMPLED, f"cc-{TRACE}-{CALLER}-00-later"):
            for port in (woad.inbound, woad.outbound):
                fetch(port, headers=[("traceparent", value), ("tracestate", "a=1 ,b= 2")])
                self.assertEqual(self.server.requests[-1].get("traceparent"), value)
                self.assertEqual(self.server.requests[-1].get("tracestate"), "a=1 ,b= 2")
        fetch(woad.outbound, headers=[("traceparent", SAMPLED)])
        self.collector.wait(2)  # of the last one alone

    def test_nobody_exports_and_all_passes_unchanged(self):
        woad = self.sidecar(app=self.server.address, services={"svc": service(self.server.address)})
        for port in (woad.inbound, woad.outbound):
            fetch(port, headers=[("traceparent", SAMPLED)])
            self.assertEqual(self.server.requests[-1].get("traceparent"), SAMPLED)
            fetch(port)
            self.assertEqual(parent_of(self.server.requests[-1])[2], "00")
            self.assertRegex(self.server.requests[-1].get("x-request-id"),
                             r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    def test_broken_headers_begin_a_new_trace(self):
        woad = self.woad()
        rows = ([("traceparent", "00-1-2-01"), ("tracestate", "a=1")],
                [("traceparent", SAMPLED), ("traceparent", SAMPLED), ("tracestate", "a=1")],
                [("traceparent", SAMPLED.upper()), ("tracestate", "a=1")],
                [("traceparent", f"ff-{TRACE}-{CALLER}-01"), ("tracestate", "a=1")])
        for headers in rows:
            fetch(woad.inbound, headers=headers)
            self.assertNotEqual(parent_of(self.server.requests[-1])[0], TRACE)
            self.assertIsNone(self.server.requests[-1].get("tracestate"))
        for span in self.collector.wait(len(rows)):
            self.assertIsNone(span["parent"])

    def test_tracestate_of_8_kib_goes_and_the_trace_stays(self):
        woad = self.woad()
        fetch(woad.inbound, headers=[("traceparent", SAMPLED), ("tracestate", "a=" + "x" * 8190)])
        self.assertIsNone(self.server.requests[-1].get("tracestate"))
        self.assertEqual(self.collector.wait(1)[0]["parent"], CALLER)

    def test_b3_goes_on_beside_traceparent(self):
        woad = self.woad()
        fetch(woad.inbound, headers=[("b3", f"{TRACE}-{CALLER}-1")])
        span, = self.collector.wait(1)
        request = self.server.requests[-1]
        self.assertEqual(parent_of(request), (TRACE, span["id"], "01"))
        self.assertEqual(request.get("b3"), f"{TRACE}-{span['id']}-1-{CALLER}")
        fetch(woad.inbound, headers=[("X-B3-TraceId", TRACE), ("X-B3-SpanId", CALLER),
                                     ("X-B3-Sampled", "0")])
        request = self.server.requests[-1]
        self.assertEqual(request.get("x-b3-spanid"), CALLER)
        self.assertEqual(request.get("traceparent"), UNSAMPLED)

    def test_refused_requests_say_why(self):
        woad = self.woad()
        self.assertEqual(fetch(woad.outbound, headers=[("traceparent", SAMPLED)], host="nowhere")
                         .status, 404)
        span, = self.collector.wait(1)
        self.assertEqual((span["error.type"], span["code"]), ("no_route", 2))
        self.assertEqual(span["http.response.status_code"], "404")
        self.assertGreater(len(span["message"]), 10, "the sentence of the log")
        self.server.close()
        self.assertEqual(fetch(woad.outbound, headers=[("traceparent", SAMPLED)]).status, 503)
        tried, again, exchange = self.collector.wait(4)[1:]
        self.assertEqual((again["error.type"], again["parent"]), ("connect_failed", exchange["id"]))
        self.assertEqual(tried["error.type"], "connect_failed")
        self.assertEqual(exchange["error.type"], "connect_failed")
        self.assertEqual(tried["parent"], exchange["id"])

    def test_http2_alike(self):
        woad = self.woad()
        fetch(woad.inbound, headers=[("traceparent", SAMPLED)], version="h2")
        span, = self.collector.wait(1)
        self.assertEqual(span["network.protocol.version"], "2")
        self.assertEqual(parent_of(self.server.requests[0])[1], span["id"])

    def test_the_access_log_names_the_span(self):
        woad = self.woad()
        fetch(woad.inbound, headers=[("traceparent", SAMPLED)])
        span, = self.collector.wait(1)
        line, = woad.access_log(1)
        self.assertEqual((line["trace_id"], line["span_id"]), (TRACE, span["id"]))

    def test_the_share_of_new_traces(self):
        woad = self.woad(tracing={"otlp": self.collector.url, "sample": "0%"})
        for _ in range(5):
            fetch(woad.inbound)
            self.assertEqual(parent_of(self.server.requests[-1])[2], "00")
        fetch(woad.inbound, headers=[("traceparent", SAMPLED)])
        self.collector.wait(1)


class Export(Suite):
    def setUp(self):
        self.collector = Collector(self)
        self.server = self.origin("svc")

    def woad(self, env=None, tracing=None, **more):
        more.setdefault("services", {"svc": service(self.server.address)})
        if tracing is not None:
            more["tracing"] = tracing
        return self.sidecar(env={**FAST, **(env or {})}, **more)

    def all_to_the_collector(self):
        return {"otlp": self.collector.url, "sample": "100%"}

    def test_one_connection_for_many_batches(self):
        woad = self.woad(tracing=self.all_to_the_collector())
        for count in range(1, 4):
            fetch(woad.outbound)
            self.collector.wait(2 * count)
        self.assertEqual(self.collector.origin.connections, 1)
        request = self.collector.requests[0]
        self.assertEqual((request.method, request.target), ("POST", "/v1/traces"))
        self.assertEqual(request.get("content-type"), "application/json")
        self.assertEqual(request.get("host") or request.authority, self.collector.origin.address)
        scope = self.collector.bodies[0]["resourceSpans"][0]["scopeSpans"][0]["scope"]
        self.assertEqual(scope["name"], "woad")
        self.assertTrue(until(lambda: woad.metrics("woad_spans_exported_total") == 6))

    def test_settings_of_the_environment(self):
        woad = self.woad({
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{self.collector.origin.address}/",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=se%20cret",
            "OTEL_SERVICE_NAME": "shop",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
            "OTEL_TRACES_SAMPLER": "parentbased_always_on"})
        fetch(woad.outbound)
        self.collector.wait(2)
        self.assertEqual(self.collector.requests[0].get("api-key"), "se cret")
        resource = values(self.collector.bodies[0]["resourceSpans"][0]["resource"]["attributes"])
        self.assertEqual(resource, {"service.name": "shop", "service.instance.id": "me-1",
                                    "deployment.environment": "test"})

    def test_the_file_wins_over_the_environment(self):
        woad = self.woad({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1/",
                          "OTEL_TRACES_SAMPLER": "always_off", "OTEL_SDK_DISABLED": "true"},
                         tracing=self.all_to_the_collector())
        fetch(woad.outbound)
        self.collector.wait(2)

    def test_a_variable_that_cannot_be_followed_is_told(self):
        woad = self.woad({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:4318"})
        self.assertEqual(fetch(woad.outbound).status, 200)
        self.assertIn("OTEL_EXPORTER_OTLP_ENDPOINT: https is not available yet", woad.stderr())

    def test_a_name_is_resolved(self):
        tracing = {"otlp": f"http://localhost:{self.collector.origin.port}", "sample": "100%"}
        woad = self.woad(tracing=tracing)
        fetch(woad.outbound)
        self.collector.wait(2)
        self.assertEqual(self.collector.requests[0].target, "/v1/traces")

    def test_a_batch_is_tried_again_as_the_collector_asks(self):
        self.collector.answers = [Reply(503, [("retry-after", "1")])]
        woad = self.woad(tracing=self.all_to_the_collector())
        fetch(woad.outbound)
        self.collector.wait(2)
        self.assertEqual(len(self.collector.requests), 2)
        self.assertEqual(woad.metrics("woad_spans_dropped_total"), 0)

    def test_refused_and_rejected_spans_are_counted(self):
        self.collector.answers = [
            Reply(400, body=b'{"code":3,"message":"what is this"}'),
            Reply(body=b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}')]
        woad = self.woad(tracing=self.all_to_the_collector())
        fetch(woad.outbound)
        self.assertTrue(
            until(lambda: woad.metrics("woad_spans_dropped_total", reason="refused") == 2))
        fetch(woad.outbound)
        self.assertTrue(
            until(lambda: woad.metrics("woad_spans_dropped_total", reason="rejected") == 1))
        self.assertEqual(woad.metrics("woad_spans_exported_total"), 1)
        for words in ("what is this", "too old"):
            self.assertIn(words, woad.stderr())

    def test_a_collector_that_is_away_changes_nothing_else(self):
        port = free_port()
        woad = self.woad({"OTEL_BSP_MAX_QUEUE_SIZE": "64"},
                         tracing={"otlp": f"http://127.0.0.1:{port}", "sample": "100%"})
        with H1(woad.outbound) as client:
            for _ in range(300):
                self.assertEqual(client.request().status, 200)
        self.assertTrue(
            until(lambda: woad.metrics("woad_spans_dropped_total", reason="queue_full") > 300))
        self.assertEqual(woad.stderr().count("spans are not delivered"), 1)
        woad.process.terminate()
        self.assertEqual(woad.process.wait(20), 0)

    def test_a_collector_that_never_answers_does_not_hold_the_end(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            woad = self.woad(tracing={"otlp": url, "sample": "100%"})
            self.assertEqual(fetch(woad.outbound).status, 200)
            woad.process.terminate()
            self.assertEqual(woad.process.wait(20), 0)

    def test_what_waits_is_sent_at_the_end(self):
        woad = self.woad({"OTEL_BSP_SCHEDULE_DELAY": "3600000"},
                         tracing=self.all_to_the_collector())
        with H1(woad.outbound) as client:
            for _ in range(10):
                client.request()
        self.assertEqual(self.collector.spans, [])
        woad.process.terminate()
        self.assertEqual(woad.process.wait(20), 0)
        self.assertEqual(len(self.collector.spans), 20)

    def test_a_reload_turns_the_export_on_and_off(self):
        woad = self.woad()
        fetch(woad.outbound, headers=[("traceparent", SAMPLED)])
        self.assertEqual(self.server.requests[-1].get("traceparent"), SAMPLED)
        woad.config["tracing"] = self.all_to_the_collector()
        woad.reload(woad.config)
        fetch(woad.outbound, headers=[("traceparent", SAMPLED)])
        self.collector.wait(2)
        del woad.config["tracing"]
        woad.reload(woad.config)
        fetch(woad.outbound, headers=[("traceparent", SAMPLED)])
        self.assertEqual(self.server.requests[-1].get("traceparent"), SAMPLED)
        woad.config["tracing"] = self.all_to_the_collector()
        woad.reload(woad.config)
        fetch(woad.outbound, headers=[("traceparent", SAMPLED)])
        self.collector.wait(4)

    def test_https_in_the_file_is_an_error(self):
        woad = self.woad()
        woad.write({**woad.config, "tracing": {"otlp": "https://127.0.0.1:4318"}}, woad.path + ".x")
        code, _, err = run("validate", "-c", woad.path + ".x")
        self.assertEqual(code, 1)
        self.assertIn("tracing.otlp: https", err)

    def test_every_request_of_a_crowd_has_its_spans(self):
        woad = self.woad({"OTEL_BSP_MAX_QUEUE_SIZE": "16384"}, workers=2,
                         tracing=self.all_to_the_collector())
        count = 1000 if FULL else 200

        def work(number):
            with CLIENTS[("h1", "h2")[number % 2]](woad.outbound) as client:
                for _ in range(count):
                    assert client.request().status == 200
        in_threads(4, work)
        spans = self.collector.wait(8 * count)
        self.assertEqual(len({span["id"] for span in spans}), 8 * count)
        self.assertEqual(len({span["trace"] for span in spans}), 4 * count)
        exchanges = {span["id"] for span in spans if span["parent"] is None}
        self.assertEqual(len(exchanges), 4 * count)
        self.assertEqual({s["parent"] for s in spans if s["parent"]}, exchanges)
