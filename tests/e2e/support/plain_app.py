"""An app that has never heard of a sidecar; one role a word, on any address of the host, both
families, until it is killed.

    http=8080        answers with JSON: who it is (NAME), what it was asked, who asked
    greet=3306       speaks first, as MySQL does, then repeats in capitals until the peer ends
    tls=8443:PEM     TLS of its own, by a certificate with its key; one line, repeated in capitals
    echo=7000        says nothing first; repeats in capitals
    at=ADDRESS       binds this address alone (for the roles behind it)
"""
import http.server
import json
import os
import socket
import socketserver
import ssl
import sys
import threading

NAME = os.environ.get("NAME", "app")


class Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        text = json.dumps({"name": NAME, "method": self.command, "path": self.path,
                           "headers": {k.lower(): v for k, v in self.headers.items()},
                           "peer": self.client_address[0], "local": self.connection.getsockname()[0],
                           "size": len(body)}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_POST = do_PUT = do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Echo(socketserver.BaseRequestHandler):
    greeting = b""

    def handle(self):
        self.request.sendall(self.greeting)
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())


class Greeter(Echo):
    greeting = b"5.7.0 ready for you\n"


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, *_):
        pass


def main():
    at = "::"
    for word in sys.argv[1:]:
        role, _, value = word.partition("=")
        if role == "at":
            at = value
            continue
        port, _, pem = value.partition(":")
        handler = {"http": Http, "greet": Greeter, "echo": Echo, "tls": Echo}[role]
        server = Server((at, int(port)), handler)
        if role == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            server.socket = context.wrap_socket(server.socket, server_side=True,
                                                do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("listening", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
