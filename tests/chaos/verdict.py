"""What must hold when nobody asks for anything any more."""
import re

from support.sidecar import until

PATIENCE = 120
DESCRIPTORS, MEMORY_KIB = 64, 96 << 10  # what may have been added since the world was warm


def findings_of(name, pod, start):
    """start: its (descriptors, memory) when it was warm."""
    found = []

    def wants(what, check):
        seen = []
        if not until(lambda: check(seen), PATIENCE, 0.1):
            found.append(f"{name}: {what}: {seen[-1] if seen else ''}")

    def seen_is(value, wanted, seen):
        seen.append(value)
        return value == wanted
    for direction in ("inbound", "outbound"):
        wants(f"{direction} requests are still active", lambda seen: seen_is(
            pod.metrics("woad_requests_active", direction=direction), 0, seen))
        wants(f"{direction} requests that began are those that ended", lambda seen: seen_is(
            pod.metrics("woad_requests_started_total", direction=direction)
            - pod.metrics("woad_requests_total", direction=direction), 0, seen))
    wants("endpoints are still active", lambda seen: seen_is(
        [e for s in pod.json("/services")["services"] for p in s["pools"] for e in p["endpoints"]
         if e["active"]], [], seen))
    wants("connections to endpoints are still in use", lambda seen: seen_is(
        pod.metrics("woad_upstream_connections", state="active"), 0, seen))
    wants("contexts are still remembered", lambda seen: seen_is(
        pod.metrics("woad_context_table_entries"), 0, seen))
    if name == "cart":  # the others have connections of cart
        wants("clients are still connected", lambda seen: seen_is(
            pod.metrics("woad_client_connections"), 0, seen))

    def few(seen):
        seen.append(pod.descriptors())
        return seen[-1] <= start[0] + DESCRIPTORS
    wants(f"descriptors, of {start[0]}", few)
    memory = pod.rss_kib()
    if memory > start[1] * 1.5 + MEMORY_KIB:
        found.append(f"{name}: memory grew from {start[1]} to {memory} KiB")
    return found


def log_findings(name, pod):
    text = pod.stderr()
    words = re.findall(r"^.*(?:Sanitizer|runtime error:|\bbug\b|assert).*$", text, re.M | re.I)
    return [f"{name}: its log says: {line[:500]}" for line in words[:5]]


def balance_of(pod):
    """{direction: (started, answered, failed, cancelled)}"""
    rows = {}
    for direction in ("inbound", "outbound"):
        started = pod.metrics("woad_requests_started_total", direction=direction)
        ended = pod.metrics("woad_requests_total", direction=direction)
        cancelled = pod.metrics("woad_requests_total", direction=direction, code_class="none")
        answered = pod.metrics("woad_requests_total", direction=direction, error="") - pod.metrics(
            "woad_requests_total", direction=direction, error="", code_class="none")
        rows[direction] = [int(n) for n in (started, answered, ended - answered - cancelled, cancelled)]
    return rows
