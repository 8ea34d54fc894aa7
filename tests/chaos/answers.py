"""What a right answer is: a body is a function of its target, so whoever gets one can tell."""
import collections
import hashlib
import threading


def body_of(target):
    """Of "/<size>/<anything>"."""
    size = int(target.split("/")[1])
    seed = hashlib.sha256(target.encode()).digest()
    return (seed * (size // len(seed) + 1))[:size]


def receipt_of(body):
    return b"%d %s" % (len(body), hashlib.sha256(body).hexdigest().encode())


class Ledger:
    """How often each POST was executed, whoever did it."""

    def __init__(self):
        self.lock, self.counts = threading.Lock(), collections.Counter()

    def note(self, request):
        with self.lock:
            self.counts[request.get("x-chaos-id")] += 1

    def of(self, number):
        return self.counts[number]

    def twice(self):
        return [number for number, count in self.counts.items() if number and count > 1]


def right_answer(request, body, ledger):
    """The body of the answer; a POST is executed by this."""
    if request.method != "POST":
        return body_of(request.target)
    ledger.note(request)
    return receipt_of(body)
