"""Distinguished Encoding Rules, as much as a certificate needs. Any bytes go anywhere: what no tool
would write is what the tests want to send."""
import time

SEQUENCE, SET, INTEGER, BITS, OCTETS, OID, BOOLEAN, UTF8 = 0x30, 0x31, 2, 3, 4, 6, 1, 0x0c


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*parts):
    return tlv(SEQUENCE, *parts)


def integer(value):
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def boolean(value):
    return tlv(BOOLEAN, b"\xff" if value else b"\0")


def bit_string(data, unused=0):
    return tlv(BITS, bytes([unused]), data)


def octets(data):
    return tlv(OCTETS, data)


def oid(dotted):
    first, second, *rest = (int(n) for n in dotted.split("."))
    out = bytearray([first * 40 + second])
    for number in rest:
        group = [number & 127]
        while number := number >> 7:
            group.append(number & 127 | 128)
        out += bytes(reversed(group))
    return tlv(OID, bytes(out))


def context(number, *parts, constructed=True):
    return tlv(0x80 | (0x20 if constructed else 0) | number, *parts)


def utc_time(seconds):
    """UTCTime, which RFC 5280 wants until 2049."""
    return tlv(0x17, time.strftime("%y%m%d%H%M%SZ", time.gmtime(seconds)).encode())


def common_name(text):
    if not text:
        return sequence()
    return sequence(tlv(SET, sequence(oid("2.5.4.3"), tlv(UTF8, text.encode()))))


def bits(numbers):
    """A named bit list: the bits of these numbers, without trailing zeros."""
    size = max(numbers) + 1
    value = sum(1 << (size - 1 - n) for n in numbers)
    unused = -size % 8
    return bit_string((value << unused).to_bytes((size + 7) // 8, "big"), unused)
