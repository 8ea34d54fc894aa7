"""An origin server that speaks HTTP/1.1 and cleartext HTTP/2 on one port and does as it is told.

It runs on a thread of its own. What it saw is in `requests`; what it answers is its handler:
`handler(request) -> Reply`, plain or async; by default it echoes (see `echo`).
"""
import asyncio
import hashlib
import inspect
import json
import threading
from dataclasses import dataclass, field

from . import h2
from .ports import free_port


@dataclass
class Reply:
    """body: bytes, or an async iterator of pieces. raw: these bytes instead of all that (HTTP/1),
    after which the connection stays open unless close is set. act: `await act(session, stream)`
    answers instead of all that, and says whether an HTTP/1 connection stays."""
    status: int = 200
    headers: list = field(default_factory=list)
    body: object = b""
    trailers: list = None
    interim: list = field(default_factory=list)
    raw: bytes = None
    close: bool = False
    reset: bool = False
    chunked: bool = False
    tunnel: object = None
    act: object = None


@dataclass
class Request:
    method: str
    target: str
    headers: list
    version: str
    pieces: asyncio.Queue
    authority: str = ""
    trailers: list = field(default_factory=list)
    size: int = 0
    done: bool = False
    connection: int = 0

    def get(self, name, otherwise=None):
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return otherwise

    async def stream(self):
        while True:
            piece = await self.pieces.get()
            if piece is None:
                return
            yield piece

    async def read(self):
        return b"".join([piece async for piece in self.stream()])


async def echo(request):
    """/info: the head as JSON; /sha: size and hash of the body; /bytes/N: N bytes; else the body."""
    path = request.target.split("?")[0]
    if path == "/sha":
        digest = hashlib.sha256()
        async for piece in request.stream():
            digest.update(piece)
        return Reply(body=f"{request.size} {digest.hexdigest()}".encode())
    body = await request.read()
    if path.startswith("/bytes/"):
        return Reply(body=b"x" * int(path.split("/")[2]))
    if path == "/info":
        body = json.dumps({
            "method": request.method, "target": request.target, "headers": request.headers,
            "version": request.version, "authority": request.authority, "size": len(body),
            "trailers": request.trailers}).encode()
        return Reply(headers=[("content-type", "application/json")], body=body)
    return Reply(body=body)


class Origin:
    def __init__(self, name="origin", handler=echo, port=None, tls=None, host="127.0.0.1"):
        """tls: an ssl.SSLContext, to speak TLS."""
        self.name, self.handler, self.tls = name, handler, tls
        self.port = port or free_port()
        self.host, self.address = host, f"{host}:{self.port}"
        self.requests, self.connections, self.raw = [], 0, bytearray()
        self.keep_raw = False
        self.errors = []
        self._writers = set()
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        started.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Listening and open connections end at once."""
        if not self.thread.is_alive():
            return
        self.loop.call_soon_threadsafe(self._stop)
        self.thread.join(10)

    def call(self, function, *args):
        """Runs a plain function on the origin's thread (to set an asyncio.Event, say)."""
        self.loop.call_soon_threadsafe(function, *args)

    def drop_connections(self):
        self.loop.call_soon_threadsafe(lambda: [w.transport.abort() for w in list(self._writers)])

    def _run(self, started):
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(self._listen())
        started.set()
        self.loop.run_forever()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def _listen(self):
        return asyncio.start_server(self._accept, self.host, self.port, limit=1 << 20, backlog=1024,
                                    ssl=self.tls)

    def _stop(self):
        self.server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self.loop.stop()

    async def _accept(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        number = self.connections
        try:
            first = await reader.read(65536)
            if first.startswith(b"PRI * "):
                await H2Session(self, reader, writer, number).run(first)
            elif first:
                await H1Session(self, reader, writer, number).run(first)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as error:  # what the proxy sent is not HTTP: the tests look at it
            self.errors.append(repr(error))
        finally:
            self._writers.discard(writer)
            writer.close()

    async def reply_to(self, request):
        self.requests.append(request)
        reply = self.handler(request)
        if inspect.isawaitable(reply):
            reply = await reply
        if reply.raw is None and not any(k == "x-origin" for k, _ in reply.headers):
            reply.headers = list(reply.headers) + [("x-origin", self.name)]
        return reply


async def pieces_of(body):
    if isinstance(body, (bytes, bytearray)):
        if body:
            yield bytes(body)
        return
    async for piece in body:
        yield piece


class H1Session:
    def __init__(self, origin, reader, writer, number):
        self.origin, self.reader, self.writer, self.number = origin, reader, writer, number
        self.buffer = bytearray()

    async def run(self, first):
        self._feed(first)
        while await self._one():
            pass

    def _feed(self, data):
        if self.origin.keep_raw:
            self.origin.raw += data
        self.buffer += data

    async def _more(self):
        data = await self.reader.read(65536)
        if not data:
            raise asyncio.IncompleteReadError(bytes(self.buffer), None)
        self._feed(data)

    async def _until(self, mark):
        while (at := self.buffer.find(mark)) < 0:
            await self._more()
        data = bytes(self.buffer[:at])
        del self.buffer[:at + len(mark)]
        return data

    async def _take(self, limit):
        if not self.buffer:
            await self._more()
        data = bytes(self.buffer[:limit])
        del self.buffer[:len(data)]
        return data

    async def _one(self):
        head = (await self._until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, version = head[0].split(" ")
        headers = [tuple(part.strip(" \t") for part in line.split(":", 1)) for line in head[1:]]
        request = Request(method, target, headers, version, asyncio.Queue(64),
                          connection=self.number)
        request.authority = request.get("host", "")
        answer = asyncio.ensure_future(self._answer(request))
        try:
            await self._body(request, answer)
            keep = await answer
        finally:
            answer.cancel()
        if callable(keep):
            await keep(self.reader, self.writer, bytes(self.buffer))
            return False
        return keep and (request.get("connection") or "").lower() != "close"

    async def _body(self, request, answer):
        if request.get("transfer-encoding"):
            while size := int((await self._until(b"\r\n")).split(b";")[0], 16):
                await self._exactly(request, size)
                if await self._until(b"\r\n"):
                    raise ValueError("chunk without an end")
            while line := await self._until(b"\r\n"):
                request.trailers.append(
                    tuple(part.strip() for part in line.decode("latin-1").split(":", 1)))
        else:
            await self._exactly(request, int(request.get("content-length") or 0))
        request.done = True
        await self._put(request, None, answer)

    async def _exactly(self, request, size):
        while size:
            piece = await self._take(size)
            size -= len(piece)
            request.size += len(piece)
            await self._put(request, piece, None)

    async def _put(self, request, piece, answer):
        if answer is not None and answer.done():
            return
        await request.pieces.put(piece)

    async def _answer(self, request):
        if (request.get("expect") or "").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        reply = await self.origin.reply_to(request)
        if reply.act:
            return await reply.act(self, None)
        if reply.reset:
            self.writer.transport.abort()
            return False
        if reply.raw is not None:
            self.writer.write(reply.raw)
            await self.writer.drain()
            return not reply.close
        for status, headers in reply.interim:
            self.writer.write(head_bytes(status, headers))
        await self._write(request, reply)
        return reply.tunnel or not reply.close

    async def _write(self, request, reply):
        headers = list(reply.headers)
        bodiless = request.method == "HEAD" or reply.status in (101, 204, 304)
        chunked = reply.chunked or reply.trailers is not None or not isinstance(reply.body, bytes)
        if not bodiless or request.method == "HEAD":
            headers.append(("Transfer-Encoding", "chunked") if chunked else
                           ("Content-Length", str(len(reply.body))))
        if reply.trailers:
            headers.append(("Trailer", ", ".join(k for k, _ in reply.trailers)))
        if reply.close:
            headers.append(("Connection", "close"))
        self.writer.write(head_bytes(reply.status, headers))
        if bodiless:
            return await self.writer.drain()
        async for piece in pieces_of(reply.body):
            self.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await self.writer.drain()
        if chunked:
            tail = "".join(f"{k}: {v}\r\n" for k, v in reply.trailers or [])
            self.writer.write(f"0\r\n{tail}\r\n".encode())
        await self.writer.drain()


def head_bytes(status, headers):
    lines = "".join(f"{k}: {v}\r\n" for k, v in headers)
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1")


class H2Session:
    def __init__(self, origin, reader, writer, number):
        self.origin, self.reader, self.writer, self.number = origin, reader, writer, number
        self.h2, self.live, self.room = h2.Connection(client=False), {}, asyncio.Event()

    def _flush(self):
        data = self.h2.take()
        if data:
            self.writer.write(data)

    async def run(self, data):
        while data:
            if self.origin.keep_raw:
                self.origin.raw += data
            for event in self.h2.receive(data):
                self._event(event)
            self.room.set()
            self._flush()
            await self.writer.drain()
            data = await self.reader.read(1 << 18)

    def _event(self, event):
        request = self.live.get(event.stream)
        if event.kind == "headers" and request is None:
            pseudo = {k: v for k, v in event.headers if k.startswith(":")}
            rest = [(k, v) for k, v in event.headers if not k.startswith(":")]
            request = Request(pseudo.get(":method"), pseudo.get(":path"), rest, "HTTP/2",
                              asyncio.Queue(), pseudo.get(":authority", ""), connection=self.number)
            self.live[event.stream] = request
            request.task = asyncio.ensure_future(self._answer(event.stream, request))
        elif event.kind == "headers":
            request.trailers += event.headers
        elif event.kind == "data" and request:
            request.size += len(event.data)
            request.pieces.put_nowait(event.data)
            self.h2.consume(event.stream, len(event.data))
        elif event.kind == "end" and request:
            request.done = True
            request.pieces.put_nowait(None)
        elif event.kind == "reset" and request:
            request.reset_by_peer = True
            request.task.cancel()

    async def _answer(self, stream, request):
        try:
            if (request.get("expect") or "").lower() == "100-continue":
                self.h2.headers(stream, [(":status", "100")])
                self._flush()
            reply = await self.origin.reply_to(request)
            if reply.act:
                await reply.act(self, stream)
                return
            if reply.reset or reply.raw is not None:
                self.h2.reset(stream, 2)
                return
            for status, headers in reply.interim:
                self.h2.headers(stream, [(":status", str(status))] + lowered(headers))
            await self._write(stream, request, reply)
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.origin.errors.append(repr(error))
        finally:
            self._flush()
            self.live.pop(stream, None)

    async def _write(self, stream, request, reply):
        headers = [(":status", str(reply.status))] + lowered(reply.headers)
        whole = isinstance(reply.body, bytes)
        if whole and not reply.chunked and reply.status not in (204, 304) and reply.trailers is None:
            headers.append(("content-length", str(len(reply.body))))
        bodiless = request.method == "HEAD" or reply.status in (204, 304)
        empty = whole and not reply.body and reply.trailers is None
        self.h2.headers(stream, headers, bodiless or empty)
        self._flush()
        if bodiless or empty:
            return
        async for piece in pieces_of(reply.body):
            self.h2.data(stream, piece)
            self._flush()
            while self.h2.queued(stream) > 1 << 20:
                self.room.clear()
                await self.room.wait()
        self.h2.data(stream, b"", end=True, trailers=lowered(reply.trailers) if reply.trailers else None)


def lowered(headers):
    return [(k.lower(), v) for k, v in headers]
