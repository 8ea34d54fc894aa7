"""HPACK (RFC 7541), as much of it as a test peer needs: it writes literals only, and reads all that
a peer may send when told that the dynamic table holds 4096 bytes."""

STATIC = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"),
    (":path", "/index.html"), (":scheme", "http"), (":scheme", "https"), (":status", "200"),
    (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
    (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""),
    ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""),
    ("authorization", ""), ("cache-control", ""), ("content-disposition", ""),
    ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""),
    ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""),
    ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
    ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""),
    ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""),
    ("vary", ""), ("via", ""), ("www-authenticate", ""),
]

# Code lengths of the printable characters (Appendix B). The code is canonical, so they make the
# table; longer codes belong to bytes that no test sends.
LENGTHS = {0: 13}
for _length, _symbols in {
        5: "012aceiost", 6: " %-./3456789=A_bdfghlmnpru", 7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
        8: "&*,;XZ", 10: "!\"()?", 11: "'+|", 12: "#>", 13: "$@[]~", 14: "^}", 15: "<`{", 19: "\\"}.items():
    for _symbol in _symbols:
        LENGTHS[ord(_symbol)] = _length


def _huffman_table():
    table, code, last = {}, 0, 0
    for length, symbol in sorted((n, s) for s, n in LENGTHS.items()):
        code <<= length - last
        table[(length, code)] = symbol
        code, last = code + 1, length
    return table


HUFFMAN = _huffman_table()


def huffman_decode(data):
    out, code, length = bytearray(), 0, 0
    for byte in data:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            symbol = HUFFMAN.get((length, code))
            if symbol is not None:
                out.append(symbol)
                code = length = 0
            elif length > 19:
                raise ValueError("a byte no test sends")
    if length > 7 or code != (1 << length) - 1:
        raise ValueError("bad huffman padding")
    return bytes(out)


def encode_int(value, prefix, first=0):
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    out = bytearray([first | limit])
    value -= limit
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _raw(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def encode(headers):
    """Literals without indexing, never Huffman: any bytes, also those that break the rules."""
    out = bytearray()
    for name, value in headers:
        name, value = _raw(name), _raw(value)
        out += b"\0" + encode_int(len(name), 7) + name + encode_int(len(value), 7) + value
    return bytes(out)


class Decoder:
    def __init__(self):
        self.dynamic, self.size, self.limit = [], 0, 4096

    def _int(self, prefix):
        limit = (1 << prefix) - 1
        value = self.data[self.at] & limit
        self.at += 1
        if value < limit:
            return value
        shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value += (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def _string(self):
        coded = self.data[self.at] & 128
        length = self._int(7)
        raw = self.data[self.at:self.at + length]
        self.at += length
        return (huffman_decode(raw) if coded else bytes(raw)).decode("latin-1")

    def _entry(self, index):
        if index <= len(STATIC):
            return STATIC[index - 1]
        return self.dynamic[index - len(STATIC) - 1]

    def _evict(self):
        while self.size > self.limit:
            name, value = self.dynamic.pop()
            self.size -= len(name) + len(value) + 32

    def decode(self, data):
        self.data, self.at, out = data, 0, []
        while self.at < len(data):
            first = data[self.at]
            if first & 0x80:
                out.append(self._entry(self._int(7)))
                continue
            if first & 0xe0 == 0x20:
                self.limit = self._int(5)
                self._evict()
                continue
            keep = first & 0x40
            index = self._int(6 if keep else 4)
            name = self._entry(index)[0] if index else self._string()
            value = self._string()
            out.append((name, value))
            if keep:
                self.dynamic.insert(0, (name, value))
                self.size += len(name) + len(value) + 32
                self._evict()
        return out
