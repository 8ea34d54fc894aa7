"""HTTP/2 framing without I/O, for both ends of a test connection: bytes in, events out."""
import struct
from dataclasses import dataclass, field

from . import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, HAS_PRIORITY, ACK = 1, 4, 8, 32, 1
STREAM_WINDOW = 1 << 20


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


@dataclass
class Event:
    """kind: headers | data | end | reset | goaway | settings. `end` follows the last piece."""
    kind: str
    stream: int = 0
    headers: list = field(default_factory=list)
    data: bytes = b""
    code: int = 0


@dataclass
class _Out:
    window: int
    queue: bytearray = field(default_factory=bytearray)
    end: bool = False
    trailers: list = None
    closed: bool = False


class Connection:
    """`consume` says how much of a stream's data was used, which is what opens its window again."""

    def __init__(self, client):
        self.client, self.out = client, bytearray()
        self.decoder, self.buffer, self.fragments = hpack.Decoder(), bytearray(), None
        self.preface_left = 0 if client else len(PREFACE)
        self.window, self.first_window, self.max_frame = 65535, 65535, 16384
        self.streams, self.next_stream, self.goaway, self.goaway_text = {}, 1, None, ""
        if client:
            self.out += PREFACE
        self.out += frame(SETTINGS, 0, 0, struct.pack(">HI", 4, STREAM_WINDOW))
        self.out += frame(WINDOW, 0, 0, struct.pack(">I", (1 << 24)))

    def take(self):
        data, self.out = bytes(self.out), bytearray()
        return data

    # -- sending

    def open(self, headers, end=False):
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.headers(stream, headers, end)
        return stream

    def headers(self, stream, headers, end=False):
        if stream not in self.streams:
            self.streams[stream] = _Out(self.first_window)
        self._block(stream, headers, end)

    def _block(self, stream, headers, end):
        block = hpack.encode(headers)
        first, rest = block[:self.max_frame], block[self.max_frame:]
        flags = (END_STREAM if end else 0) | (0 if rest else END_HEADERS)
        self.out += frame(HEADERS, flags, stream, first)
        while rest:
            first, rest = rest[:self.max_frame], rest[self.max_frame:]
            self.out += frame(CONTINUATION, 0 if rest else END_HEADERS, stream, first)

    def data(self, stream, data, end=False, trailers=None):
        out = self.streams[stream]
        out.queue += data
        out.end, out.trailers = end or trailers is not None, trailers
        self._pump(stream)

    def queued(self, stream):
        out = self.streams.get(stream)
        return len(out.queue) if out else 0

    def _pump(self, stream):
        out = self.streams.get(stream)
        if not out or out.closed:
            return
        while out.queue:
            size = min(len(out.queue), out.window, self.window, self.max_frame)
            if size <= 0:
                return
            piece = bytes(out.queue[:size])
            del out.queue[:size]
            out.window -= size
            self.window -= size
            last = out.end and not out.queue and out.trailers is None
            self.out += frame(DATA, END_STREAM if last else 0, stream, piece)
            if last:
                out.closed = True
                return
        if out.end:
            if out.trailers is not None:
                self._block(stream, out.trailers, True)
            else:
                self.out += frame(DATA, END_STREAM, stream)
            out.closed = True

    def reset(self, stream, code=8):
        self.out += frame(RST, 0, stream, struct.pack(">I", code))
        if stream in self.streams:
            self.streams[stream].closed = True

    def consume(self, stream, size):
        if size:
            self.out += frame(WINDOW, 0, 0, struct.pack(">I", size))
            self.out += frame(WINDOW, 0, stream, struct.pack(">I", size))

    # -- receiving

    def receive(self, data):
        self.buffer += data
        events = []
        if self.preface_left:
            if len(self.buffer) < self.preface_left:
                return events
            if bytes(self.buffer[:len(PREFACE)]) != PREFACE:
                raise ValueError("bad preface")
            del self.buffer[:self.preface_left]
            self.preface_left = 0
        at = 0
        while len(self.buffer) - at >= 9:
            size = int.from_bytes(self.buffer[at:at + 3], "big")
            if len(self.buffer) - at < 9 + size:
                break
            kind, flags = self.buffer[at + 3], self.buffer[at + 4]
            stream = int.from_bytes(self.buffer[at + 5:at + 9], "big") & 0x7fffffff
            payload = bytes(self.buffer[at + 9:at + 9 + size])
            at += 9 + size
            self._frame(kind, flags, stream, payload, events)
        del self.buffer[:at]
        return events

    def _frame(self, kind, flags, stream, payload, events):
        if kind in (DATA, HEADERS) and flags & PADDED:
            payload = payload[1:len(payload) - payload[0]]
        if kind == DATA:
            events.append(Event("data", stream, data=payload))
            if flags & END_STREAM:
                events.append(Event("end", stream))
        elif kind == HEADERS:
            if flags & HAS_PRIORITY:
                payload = payload[5:]
            self.fragments = (stream, flags, payload)
            if flags & END_HEADERS:
                self._head(events)
        elif kind == CONTINUATION:
            head_stream, head_flags, head = self.fragments
            self.fragments = (head_stream, head_flags, head + payload)
            if flags & END_HEADERS:
                self._head(events)
        elif kind == RST:
            if stream in self.streams:
                self.streams[stream].closed = True
            events.append(Event("reset", stream, code=int.from_bytes(payload, "big")))
        elif kind == SETTINGS and not flags & ACK:
            self._settings(payload)
            events.append(Event("settings"))
        elif kind == PING and not flags & ACK:
            self.out += frame(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
            events.append(Event("goaway", int.from_bytes(payload[:4], "big"), code=self.goaway,
                                data=payload[8:]))
            self.goaway_text = payload[8:].decode()
        elif kind == WINDOW:
            self._window(stream, int.from_bytes(payload, "big"))

    def _head(self, events):
        stream, flags, block = self.fragments
        self.fragments = None
        if stream not in self.streams:
            self.streams[stream] = _Out(self.first_window)
        events.append(Event("headers", stream, headers=self.decoder.decode(block)))
        if flags & END_STREAM:
            events.append(Event("end", stream))

    def _settings(self, payload):
        for at in range(0, len(payload), 6):
            key, value = struct.unpack(">HI", payload[at:at + 6])
            if key == 4:
                for out in self.streams.values():
                    out.window += value - self.first_window
                self.first_window = value
            elif key == 5:
                self.max_frame = value
        self.out += frame(SETTINGS, ACK, 0)
        for stream in list(self.streams):
            self._pump(stream)

    def _window(self, stream, size):
        if stream:
            if stream in self.streams:
                self.streams[stream].window += size
                self._pump(stream)
            return
        self.window += size
        for one in list(self.streams):
            self._pump(one)
