"""An app of a mesh: it serves like any origin, and calls others through its own sidecar."""
import asyncio
import json
import secrets

from .origin import Origin, Reply

# What each kind of app passes on of a request that it serves.
KINDS = {"traceparent": ("traceparent",), "x-request-id": ("x-request-id",), "nothing": (),
         "both": ("traceparent", "x-request-id")}


def passed_on(request, names):
    """As a tracing library does it: the trace goes on under a span of its own."""
    headers = [(name, request.get(name)) for name in names if request.get(name)]
    return [(k, v[:36] + secrets.token_hex(8) + v[52:] if k == "traceparent" else v)
            for k, v in headers]


class Caller:
    """Keep-alive HTTP/1.1 through a sidecar; used on one event loop, `at_once` calls at a time."""

    def __init__(self, port, at_once=64):
        self.port, self.idle, self.room = port, [], asyncio.Semaphore(at_once)

    async def get(self, host, target="/", headers=()):
        """(status, headers in lower case, body)."""
        async with self.room:
            reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(
                "127.0.0.1", self.port)
            try:
                lines = "".join(f"{k}: {v}\r\n" for k, v in headers)
                head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"
                writer.write(head.encode("latin-1"))
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = [line.split(": ", 1) for line in head[1:-2]]
                fields = {name.lower(): value for name, value in fields}
                body = await reader.readexactly(int(fields["content-length"]))
            except BaseException:
                writer.close()
                raise
            self.idle.append((reader, writer))
            return int(head[0].split(" ")[1]), fields, body

    def close(self):
        for _, writer in self.idle:
            writer.close()


class App(Origin):
    """Says who it is and which colour it saw, and what the service it calls said to `kind`'s
    headers. `caller` is set once its sidecar runs; without `calls` it is the last of a chain."""

    def __init__(self, service, build, kind, calls=None):
        self.service, self.kind, self.calls, self.caller = service, kind, calls, None
        super().__init__(build, self.serve)

    async def serve(self, request):
        answer = {"service": self.service, "build": self.name, "color": request.get("x-woad-color")}
        if self.calls:
            status, _, body = await self.caller.get(
                self.calls, headers=passed_on(request, KINDS[self.kind]))
            if status != 200:
                return Reply(status, body=body)
            answer["called"] = json.loads(body)
        return Reply(body=json.dumps(answer).encode())

    def close(self):
        if self.caller:
            self.call(self.caller.close)
        super().close()
