"""Free loopback ports, below the range that outgoing connections take theirs from."""
import random
import socket

_given = set()


def free_port():
    for _ in range(1000):
        port = random.randint(10240, 30000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise OSError("no free port")
