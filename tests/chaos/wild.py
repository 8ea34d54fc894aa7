"""Origins that break off, stall and lie at any moment of an answer; what they let pass as whole is
right. One act a request, chosen by the seed."""
import asyncio
import logging
import struct

from support import h2
from support.origin import Origin, Reply, head_bytes

from answers import right_answer

STATUSES = (500, 502, 503, 504, 429, 404)
CODES = (0, 1, 2, 3, 5, 8, 11)  # RST_STREAM after it was executed, so without REFUSED_STREAM
REFUSED, MAX_STREAM = 7, (1 << 31) - 1

logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of writing where nobody reads any more


class WildOrigin(Origin):
    def __init__(self, name, random, ledger, port=None):
        self.random, self.ledger = random, ledger
        super().__init__(name, self.choose, port)

    def choose(self, request):
        self.requests.clear()  # nobody asks for them, and a soak is long
        act = self.random.choices(
            (good, slow, failing, early, cut_head, cut_body, silent, garbage, farewell),
            (60, 5, 6, 5, 6, 6, 2, 4, 6))[0]

        async def one(session, stream):
            return await act(Exchange(self, session, stream, request))
        return Reply(act=one)


class Exchange:
    """One request as its act sees it: `stream` is None in HTTP/1."""

    def __init__(self, origin, session, stream, request):
        self.origin, self.random = origin, origin.random
        self.session, self.stream, self.request = session, stream, request

    @property
    def http1(self):
        return self.stream is None

    async def executed(self):
        """The right body, after the request was read whole."""
        body = await self.request.read()
        if not self.http1 and self.stream > getattr(self.session, "last_served", MAX_STREAM):
            await asyncio.sleep(3600)  # refused by a GOAWAY; the stream's end ends this
        return right_answer(self.request, body, self.origin.ledger)

    async def reply(self, status=200, body=b"", **more):
        headers = [("x-origin", self.origin.name), ("x-status", str(status))]
        reply = Reply(status, headers, body, chunked=self.random.random() < 0.3, **more)
        if self.http1:
            await self.session._write(self.request, reply)
        else:
            await self.session._write(self.stream, self.request, reply)
        return not reply.close

    def send(self, data):
        self.session.writer.write(data)

    def frame(self, *args):
        self.session.h2.out += h2.frame(*args)
        self.session._flush()

    async def end(self):
        """Somehow: a reset, a close, or never."""
        ways = [self.abort, self.close, self.stall]
        if not self.http1:
            ways += [self.reset] * 4
        await self.random.choice(ways)()
        return False

    async def abort(self):
        self.session.writer.transport.abort()

    async def close(self):
        self.session._flush() if not self.http1 else None
        self.session.writer.close()

    async def stall(self):
        await asyncio.sleep(self.random.choice((0.3, 1, 30)))
        await self.abort()

    async def reset(self):
        self.session.h2.reset(self.stream, self.random.choice(CODES))
        self.session._flush()

    def partial_head(self, size):
        return head_bytes(200, [("x-origin", self.origin.name), ("content-length", str(size))])


async def good(x):
    return await x.reply(body=await x.executed(), close=x.http1 and x.random.random() < 0.05)


async def slow(x):
    body = await x.executed()
    await asyncio.sleep(x.random.random())

    async def dripping():
        for at in range(0, len(body), max(1, len(body) // 4)):
            yield body[at:at + max(1, len(body) // 4)]
            await asyncio.sleep(x.random.random() / 10)
    return await x.reply(body=dripping())


async def failing(x):
    await x.executed()
    return await x.reply(x.random.choice(STATUSES), b"wild")


async def early(x):
    """Before the request has come whole, so that it was not executed."""
    if not x.http1 and x.random.random() < 0.5:
        x.session.h2.reset(x.stream, REFUSED)
        x.session._flush()
        return False
    return await x.end()


async def cut_head(x):
    await x.executed()
    if x.http1:
        head = x.partial_head(100)
        x.send(head[:x.random.randrange(len(head))])
    elif x.random.random() < 0.5:
        x.session.h2.headers(x.stream, [(":status", "103"), ("link", "</x>")])
        x.session._flush()
    return await x.end()


async def cut_body(x):
    body = await x.executed() + b"more than comes"
    part = body[:x.random.randrange(len(body))]
    if not x.http1:
        x.session.h2.headers(x.stream, [(":status", "200")])
        x.session.h2.data(x.stream, part)
        x.session._flush()
    elif x.random.random() < 0.5:
        x.send(x.partial_head(len(body)) + part)
    else:
        x.send(head_bytes(200, [("transfer-encoding", "chunked")]) + b"%x\r\n" % len(body) + part)
    return await x.end()


async def silent(x):
    await x.executed()
    await x.stall()
    return False


async def garbage(x):
    await x.executed()
    if x.http1:
        x.send(x.random.choice((b"HTTP/1.1 abc\r\n\r\n", b"\0" * 50, b"HTTP/1.1 200 OK\r\nx\r\n\r\n",
                                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")))
    else:
        x.frame(*x.random.choice((
            (h2.DATA, 0, 0, b"of no stream"), (h2.WINDOW, 0, x.stream, bytes(4)),
            (h2.HEADERS, h2.END_HEADERS, x.stream, b"\xff\xff\xff"), (h2.PING, 0, 0, b"short"),
            (h2.CONTINUATION, 0, x.stream, b""), (h2.SETTINGS, 0, 0, b"\0"))))
    return await x.end()


async def farewell(x):
    """A right answer, then the connection ends: at once, or in HTTP/2 with a GOAWAY before. What that
    refuses is not executed."""
    body = await x.executed()
    if not x.http1:
        last = x.session.last_served = max(x.session.h2.streams)
        x.frame(h2.GOAWAY, 0, 0, struct.pack(">II", last, 0))
    await x.reply(body=body)
    if x.random.random() < 0.5:
        await asyncio.sleep(x.random.random() / 10)
        if x.http1 or len(x.session.live) <= 1:
            await x.close()
    return True
