"""What the end of one of several upstreams costs callers: killed, unreachable, tired of connections."""
import heapq
import random
import re
import selectors
import signal
import socket
import subprocess
import tempfile
import threading
import time
from datetime import datetime, timezone

from support.suite import *


class Load:
    """Threads that send GETs until told to stop; what came back is counted by status."""

    def __init__(self, port, *versions):
        self.port, self.stop, self.answers = port, threading.Event(), []
        self.threads = [threading.Thread(target=self._run, args=(v,), daemon=True)
                        for v in versions]

    def _run(self, version):
        with CLIENTS[version](self.port) as client:
            while not self.stop.is_set():
                self.answers.append(client.request("GET", "/", host="price").status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)


class Hole:
    """An address where connects get no answer: the queue of a listening socket that is full, where
    Linux drops every SYN. open() lets them in, for an origin that is behind it."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.filling = []
        while len(self.filling) < 2 or self.last_got_in():
            last = socket.socket()
            last.setblocking(False)
            last.connect_ex(self.listener.getsockname())
            self.filling.append(last)

    def last_got_in(self):
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.filling[-1], selectors.EVENT_WRITE)
            return bool(waiting.select(0.5))

    def callers(self):
        """The ports of those that wait to be connected now."""
        syn_sent, target = "02", "0100007F:%04X" % self.listener.getsockname()[1]
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split()[1:4] for line in table]
        waiting = {local for local, remote, state in rows if (remote, state) == (target, syn_sent)}
        return waiting - {"0100007F:%04X" % each.getsockname()[1] for each in self.filling}

    def open(self):
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self.filling += [client, server]
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        for each in self.filling:
            each.close()
        self.listener.close()


class Tired:
    """An HTTP/1.1 origin that gets tired of a share of its connections after an answer: at once,
    its end in one packet with the answer's (a request on that connection is the caller's fault), or
    `later`, up to so many seconds, so that its end and a request may cross on their way. It counts
    what it executes, and what it drops: requests that were there when it closed."""

    ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    def __init__(self, share, later=0, seed=1):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.share, self.later, self.random = share, later, random.Random(seed)
        self.executed, self.closed, self.dropped = {"GET": 0, "POST": 0}, 0, 0
        self.selector, self.stop = selectors.DefaultSelector(), threading.Event()
        self.due = []  # (when, number, connection)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop.is_set():
            wait = max(self.due[0][0] - time.monotonic(), 0) if self.due else 0.2
            for key, _ in self.selector.select(min(wait, 0.2)):
                if key.fileobj is self.listener:
                    client, _ = self.listener.accept()
                    client.setblocking(False)
                    self.selector.register(client, selectors.EVENT_READ, bytearray())
                else:
                    self._read(key.fileobj, key.data)
            while self.due and self.due[0][0] <= time.monotonic():
                client = heapq.heappop(self.due)[2]
                if client.fileno() >= 0:
                    self._end(client)

    def _read(self, client, buffer):
        try:
            data = client.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            return self._forget(client)
        buffer += data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(buffer[:end]).lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15:].split(b"\r\n")[0]) if at >= 0 else 0
            if len(buffer) < end + 4 + size:
                return
            del buffer[:end + 4 + size]
            self.executed[head.split(b" ")[0].decode().upper()] += 1
            tired = self.random.random() < self.share
            client.send(self.ANSWER, socket.MSG_MORE if tired and not self.later else 0)
            if tired and not self.later:
                return self._end(client)
            if tired:
                when = time.monotonic() + self.random.random() * self.later
                heapq.heappush(self.due, (when, id(client), client))

    def _end(self, client):
        """What comes behind its end is not read; the kernel answers it with a reset."""
        self.closed += 1
        try:
            client.shutdown(socket.SHUT_WR)
            self.dropped += bool(self.selector.get_key(client).data or client.recv(65536))
        except OSError:
            pass
        self._forget(client)

    def _forget(self, client):
        self.selector.unregister(client)
        client.close()

    def close(self):
        self.stop.set()
        self.thread.join(10)
        self.listener.close()


class Failover(Suite):
    def ejected(self, woad, address):
        pool = woad.json("/services")["services"][0]["pools"][0]
        return next(e["ejected"] for e in pool["endpoints"] if e["address"] == address)

    def answered_by(self, woad, address):
        return len(woad.access_log(upstream_host=address, response_code=200))

    def test_killed_under_load(self):
        ports = [free_port() for _ in range(3)]
        instances = [self.instance(port) for port in ports]
        names = [f"127.0.0.1:{port}" for port in ports]
        woad = self.sidecar(services={"price": service(*names)})
        with Load(woad.outbound, "h1", "h1", "h2", "h2") as load:
            self.assertTrue(until(lambda: all(self.answered_by(woad, n) for n in names), 30))
            for _ in range(2):
                instances[0].send_signal(signal.SIGKILL)
                instances[0].wait()
                self.assertTrue(until(lambda: self.ejected(woad, names[0]), 30))
                instances[0] = self.instance(ports[0])
                self.assertTrue(until(lambda: not self.ejected(woad, names[0]), 30))
                before = self.answered_by(woad, names[0])
                self.assertTrue(until(lambda: self.answered_by(woad, names[0]) > before, 30))
        self.assertEqual(set(load.answers), {200})

    def test_nobody_waits_for_the_trials_of_one_that_cannot_be_reached(self):
        origins = [self.origin(str(i)) for i in range(3)]
        hole = Hole(origins[2].port)
        self.addCleanup(hole.close)
        woad = self.sidecar(services={"price": service(origins[0].address, origins[1].address,
                                                       hole.address)})
        callers = set()

        def dials():
            callers.update(hole.callers())
            return len(callers)
        with Load(woad.outbound, *["h1"] * 8) as load:
            self.assertTrue(until(lambda: self.ejected(woad, hole.address), 60))
            # Who was on the way there may still be waiting.
            self.assertTrue(until(lambda: not self.active(woad, hole.address), 60))
            from_here = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
            tried = dials()
            self.assertTrue(until(lambda: dials() >= tried + 3, 60), "it is tried again and again")
            rows = [r for r in woad.access_log() if r["start_time"] > from_here]
            self.assertGreater(len(rows), 0)
            self.assertEqual([r for r in rows if r["attempts"] > 1], [])
            hole.open()
            self.assertTrue(until(lambda: self.answered_by(woad, hole.address), 60))
            self.assertTrue(until(lambda: not self.ejected(woad, hole.address), 30))
        self.assertEqual(set(load.answers), {200})

    def active(self, woad, address):
        pool = woad.json("/services")["services"][0]["pools"][0]
        return next(e["active"] for e in pool["endpoints"] if e["address"] == address)

    def tired(self, version, later, body, requests):
        origin = Tired(0.2, later)
        self.addCleanup(origin.close)
        woad = self.sidecar(services={"price": service(origin.address, hosts=["*"])})
        command = ["h2load", "-n", str(requests), "-c", "8", "-t", "1",
                   f"http://127.0.0.1:{woad.outbound}/"]
        if version == "h1":
            command.insert(1, "--h1")
        if body is not None:
            command[1:1] = ["-d", body]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        self.assertIn(f"{requests} done", done.stdout, done.stderr)
        self.assertGreater(origin.closed, requests // 20)
        good = int(re.search(r"status codes: (\d+) 2xx", done.stdout).group(1))
        told = woad.metrics("woad_requests_total", error="upstream_reset")
        self.assertEqual(good + told, requests)
        return good, origin

    def test_connections_that_end_at_any_time(self):
        requests = 1_000 if SANITIZED else 6_250
        with tempfile.NamedTemporaryFile() as body:
            body.write(b"pay 1")
            body.flush()
            for version in ("h1", "h2"):
                for later in (0, 0.002):
                    with self.subTest(version, later=later):
                        good, origin = self.tired(version, later, None, requests)
                        self.assertEqual(good, requests)
                        self.assertGreaterEqual(origin.executed["GET"], requests)
                        good, origin = self.tired(version, later, body.name, requests)
                        self.assertEqual(origin.executed["POST"], good, "never twice")
                        # What had got there when it closed may have been executed for all we know.
                        self.assertLessEqual(requests - good, origin.dropped)
                        if not later:
                            self.assertEqual(good, requests, "exactly once")
