"""A listener that says of each connection where it was meant to go, and calls that ask it."""
import json
import os
import socket
import struct
import threading

SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h; IP6T_SO_ORIGINAL_DST is the same number


def original(connection):
    """host and port, as the kernel knows them; None without connection tracking."""
    try:
        if connection.family == socket.AF_INET:
            raw = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
            return [socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack("!H", raw[2:4])[0]]
        raw = connection.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28)
        return [socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack("!H", raw[2:4])[0]]
    except OSError:
        return None


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Teller:
    """Answers each connection with a line of JSON and then echoes; made inside of a namespace."""

    def __init__(self, host, port, name):
        self.name = name
        self.listener = socket.socket(family_of(host), socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.listener.family == socket.AF_INET6:
            self.listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.listener.bind((host, port))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, peer = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection, peer), daemon=True).start()

    def serve(self, connection, peer):
        told = {"name": self.name, "peer": peer[0], "original": original(connection)}
        with connection:
            try:
                connection.sendall(json.dumps(told).encode() + b"\n")
                while data := connection.recv(4096):
                    connection.sendall(data)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def connect(host, port, source=None):
    """A connection that has read what it was told, and that."""
    connection = socket.socket(family_of(host), socket.SOCK_STREAM)
    connection.settimeout(60)
    try:
        if source:
            connection.bind((source, 0))
        connection.connect((host, port))
        with connection.makefile("rb") as lines:
            return connection, json.loads(lines.readline())
    except BaseException:
        connection.close()
        raise


def ask_as(user, host, port, source=None):
    """What a call of that user was told, from a process of its own; the error's text when none."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setresuid(user, user, user)
            connection, answer = connect(host, port, source)
            connection.close()
        except OSError as error:
            answer = {"name": error.strerror or str(error)}
        os.write(write_end, json.dumps(answer).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)
