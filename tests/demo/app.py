#!/usr/bin/env python3
"""A tiny service of the demo: it says who it is, who its sidecar says is calling, and what the
service it calls said.

    app.py --name cart --pod cart --port 8081 --call price --via 127.0.0.1:15001 --forward x-request-id

It calls through its own sidecar (--via) and knows nothing of colours: of a request it passes on the
header --forward, or none at all.
"""
import argparse
import http.client
import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, answer = 200, {"service": self.server.args.name, "build": self.server.args.build,
                       "pod": self.server.args.pod, "caller": self.headers.get("x-forwarded-client-cert")}
        if self.server.args.call:
            status, answer["called"] = self.call(self.server.args.call)
        body = json.dumps(answer).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def call(self, service):
        name = self.server.args.forward
        headers = {name: self.headers[name]} if name else {}
        connection = http.client.HTTPConnection(self.server.args.via, timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": service, **headers})
            answer = connection.getresponse()
            text = answer.read().decode()
        except OSError as error:
            return 502, {"error": f"{service}: {error}"}
        finally:
            connection.close()
        if answer.status != 200:
            return 502, {"error": f"{service}: {answer.status} {text.strip()}"}
        return 200, json.loads(text)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--build", default="base")
    parser.add_argument("--pod", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--call")
    parser.add_argument("--via")
    parser.add_argument("--forward")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = ThreadingHTTPServer(("127.0.0.1", 0), App, bind_and_activate=False)
    server.args = parser.parse_args()
    server.server_address = ("127.0.0.1", server.args.port)
    server.allow_reuse_address, server.daemon_threads = True, True
    server.server_bind()
    server.server_activate()
    server.serve_forever()


if __name__ == "__main__":
    main()
