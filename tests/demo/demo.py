#!/usr/bin/env python3
"""Shows where a request goes in a small mesh of apps that pass on next to nothing, and what keeps
it in its lane, and who proved what to whom; --once checks that it went there and ends."""
import json
import os
import re
import sys
import time
import urllib.parse

from mesh import CALLS, FORWARDS, IDENTITY, YOU, Mesh
from person import Person, get
from stage import paint, run

# What is asked for -> the builds that must answer, and for each hop (the entry first) the lane, its
# source, the reason for the pool, and what the caller's sidecar counts as unattributed.
BASE, UNDYED = ["base"] * 4, ("base", "none", "undyed", 0)
EXPECTED = {
    "": (BASE, [("base", "none", "", 0), UNDYED, UNDYED, UNDYED]),
    "x-woad-color: red": (["base", "base", "red", "red"], [
        ("red", "header", "", 0), ("red", "table", "base_absent", 0), ("red", "table", "exact", 0),
        ("red", "instance", "exact", 1)]),
    "x-woad-color: blue": (BASE, [
        ("blue", "header", "", 0), ("blue", "table", "base_absent", 0),
        ("blue", "table", "base_absent", 0), ("base", "none", "undyed", 1)]),
    "x-qa-user: qa-alice": (["base", "base", "red", "red"], [
        ("red.alice", "dye", "", 0), ("red.alice", "table", "base_absent", 0),
        ("red.alice", "table", "parent", 0), ("red", "instance", "exact", 1)]),
}
REASONS = {"undyed": "base", "exact": "red", "parent": "red, its parent",
           "base_absent": "base, there is no other"}


def admin(pod, path):
    return get(f"http://127.0.0.1:{pod.ports['admin']}{path}")


def unattributed(pod):
    return int(re.search(r"^woad_context_unattributed_total (\d+)", admin(pod, "/metrics"), re.M)[1])


def log_row(mesh, pod, direction, since):
    """The sidecar's own word: its access log's line (written when the exchange ended)."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with open(mesh.log_path(pod), encoding="utf-8") as file:
            file.seek(since)
            for line in file.read().split("\n")[:-1]:
                row = json.loads(line)
                if row["direction"] == direction:
                    return row
        time.sleep(0.01)
    raise RuntimeError(f"no {direction} line in the access log of {pod.name}")


def explain(pod, callee, entered):
    """What the sidecar says of a request with nothing but the header that the app forwards."""
    ids = {"traceparent": f"00-{entered['trace_id']}-00f067aa0ba902b7-01",
           "x-request-id": entered["request_id"]}
    name = FORWARDS.get(pod.service)
    query = {"url": f"http://{callee}/", **({"header": f"{name}: {ids[name]}"} if name else {})}
    return json.loads(admin(pod, "/explain?" + urllib.parse.urlencode(query)))


def why(pod, row, lost):
    """Where a hop's lane came from, for people."""
    if row["direction"] == "inbound":
        return {"dye": "a dye rule of the first sidecar", "header": "the client says it"}.get(
            row["ctx_source"], "")
    if row["ctx_source"] == "table":
        return f"the app forwards {FORWARDS[pod.service]} alone"
    if not lost:
        return ""
    return "the app forwards nothing: " + (
        "its pod's own colour" if row["ctx_source"] == "instance" else "the lane ends")


def print_hop(name, pod, row, lost):
    pool = "" if row["direction"] == "inbound" else REASONS[row["pool_reason"]]
    line = f"    {name:<17}{row['color']:<10} {row['ctx_source']:<9} {why(pod, row, lost):<47} "
    print((line + paint("2", pool) + paint("33", ", unattributed +1" if lost else "")).rstrip())


def show(mesh, you, header):
    """Sends, prints, and returns what differs from what must be."""
    marks = {name: os.path.getsize(mesh.log_path(pod)) for name, pod in mesh.pods.items()}
    counts = {name: unattributed(pod) for name, pod in mesh.pods.items()}
    entry = mesh.pods["frontend"]
    path, step = [], you.ask(header)
    while step:
        path.append(mesh.pods[step["pod"]])
        step = step.get("called")
    print("\n" + paint("1", f"{header or 'no colour':<22}") + paint("2", " → ").join(
        f"{p.service}({paint('1;31', p.build) if p.build == 'red' else paint('2', p.build)})"
        for p in path))

    wrong, hops = [], []
    entered = log_row(mesh, entry, "inbound", marks["frontend"])
    print_hop("→ frontend", entry, entered, 0)
    hops.append((entered["color"], entered["ctx_source"], "", 0))
    for pod, callee in zip(path, path[1:]):
        row = log_row(mesh, pod, "outbound", marks[pod.name])
        lost = unattributed(pod) - counts[pod.name]
        print_hop(f"{pod.service} → {callee.service}", pod, row, lost)
        hops.append((row["color"], row["ctx_source"], row["pool_reason"], lost))
        said = explain(pod, callee.service, log_row(mesh, pod, "inbound", marks[pod.name]))
        if any(said[key] != row[log] for key, log in (
                ("color", "color"), ("source", "ctx_source"), ("pool", "pool"),
                ("reason", "pool_reason"))):
            wrong.append(f"/explain of {pod.name} says {said['source']}, {said['pool']}")
    went = [p.build for p in path], hops
    if [p.service for p in path] != list(CALLS) or went != EXPECTED[header]:
        wrong.append(f"{header or 'undyed'}: went {went}, not {EXPECTED[header]}")
    return wrong


def show_identities(you):
    """Who called whom, as each sidecar proved it and tells its app."""
    print("\n" + paint("1", "Every hop is mTLS") + "; who calls, as the app is told by its sidecar:")
    wrong, caller, step = [], YOU, you.ask()
    while step:
        told = dict(part.split("=", 1) for part in (step["caller"] or "").split(";") if part)
        print(f"    {caller:>8} → {step['service']:<10}{told.get('URI', 'nobody')}")
        if (told.get("URI"), told.get("By")) != (IDENTITY + caller, IDENTITY + step["service"]):
            wrong.append(f"{step['service']} was told {told}, but {caller} called")
        caller, step = step["service"], step.get("called")
    return wrong


def price_instances(pod):
    services = json.loads(admin(pod, "/services"))["services"]
    price = next(s for s in services if s["name"] == "price")
    return next(p for p in price["pools"] if p["name"] == "base")["endpoints"]


def show_failover(mesh, you):
    """Ends one of price's base builds while requests run; nobody notices, and cart's sidecar tells."""
    cart, price = mesh.pods["cart"], mesh.pods["price"]
    print("\n" + paint("1", "One of the two base builds of price is killed") + " while you ask on:")
    answers, lines = [], []
    price.kill()
    while not lines:
        answers.append(you.ask_for_status())
        lines = [each for each in mesh.stderr(cart).split("\n") if "put out of its pool" in each]
        if len(answers) > 500:
            return ["the killed build was never put out of its pool"]
    failed = sum(status != 200 for status in answers)
    print(f"    {len(answers)} requests meanwhile, {failed} of them failed")
    print(f"    cart's log    {lines[0]}")
    for each in price_instances(cart):
        print(f"    /services     {each['address']:<22}" + ("ejected" if each["ejected"] else "in use"))
    mesh.start_pod(price)
    mesh.wait(price)
    back = []
    while not back:
        failed += you.ask_for_status() != 200
        back = [each for each in mesh.stderr(cart).split("\n") if "in its pool again" in each]
    print(f"    it is started again: {back[0]}")
    return [f"{failed} requests failed beside a killed build"] if failed else []


def show_refusals(mesh, you):
    plaintext = you.ask_in_plaintext()
    past = you.ask_past_the_frontend(mesh.pods["price"].ports["inbound"])
    alert = you.ask_without_certificate()
    print(f"""
{paint('1', 'Refused')}
    in plaintext          {plaintext[0]} {plaintext[2]}
    without certificate   the TLS alert {alert}
    you, asking price     {past[0]} {past[2]}""")
    wrong = [] if plaintext[:2] == (403, "mtls_required") else [f"plaintext got {plaintext[:2]}"]
    wrong += [] if past[:2] == (403, "denied") else [f"asking price got {past[:2]}"]
    return wrong + ([] if alert == "certificate_required" else [f"no certificate got {alert}"])


def invite(mesh, you):
    cart, price = (mesh.pods[name].ports for name in ("cart", "price"))
    url = f"https://localhost:{you.port}/"
    curl = f"curl -sK {you.write_curl_words()} {url}"
    uuid = "0f9c6a4e-3f86-4bb2-9d8e-7c1c8f6a1d20"
    print(f"""
{paint('1', 'Try it')} (Ctrl-C ends all of it)
  {curl}
  {curl} -H 'x-qa-user: qa-alice'
  {curl} -H 'x-woad-color: red' -H 'x-request-id: {uuid}'
  curl -s {url.replace('https', 'http')}      # refused: plaintext
  curl -s 'http://127.0.0.1:{cart['admin']}/context?id={uuid}'      # known for 30 s
  curl -s 'http://127.0.0.1:{cart['admin']}/explain?url=http://price/&header=x-request-id:+{uuid}&format=text'
  curl -s http://127.0.0.1:{price['admin']}/metrics | grep unattributed
  {os.path.relpath(mesh.binary)} explain -c {mesh.config_path(mesh.pods['frontend'])} -H 'x-qa-user: qa-alice' http://cart/
  {os.path.relpath(mesh.binary)} certs --dir {os.path.dirname(you.folder)} --id {IDENTITY}cart      # renewed, while it runs
  tail -f {mesh.log_path(mesh.pods['cart'])}
  kill -9 {' '.join(str(p.pid) for p in mesh.pods['price-2'].processes)}; while sleep 0.2; do {curl}; done
                                   # nobody notices; the log and /services say what happened:
  tail -f {mesh.log_path(mesh.pods['cart']).replace('access.log', 'stderr')}; curl -s http://127.0.0.1:{cart['admin']}/services
  $EDITOR {mesh.config_path(mesh.pods['cart'])}      # saved is live: no restart, no request lost
""", flush=True)


def show_all(mesh):
    print(paint("1", "frontend → cart → price → stock") + ", each beside its own woad; price "
          "and stock have a red build too, and there are two of price's base.\nNo app passes on a colour: frontend forwards "
          "traceparent, cart x-request-id, price nothing.")
    you = person_of(mesh)
    wrong = [line for header in EXPECTED for line in show(mesh, you, header)]
    wrong += show_identities(you) + show_refusals(mesh, you) + show_failover(mesh, you)
    for line in wrong:
        print(paint("1;31", f"WRONG: {line}"))
    if not wrong:
        print(paint("1;32", "\nEvery request took the path it should."), flush=True)
    return wrong


def person_of(mesh):
    return Person(mesh.certificates(YOU), mesh.pods["frontend"].ports["inbound"])


if __name__ == "__main__":
    sys.exit(run(Mesh, show_all, lambda mesh: invite(mesh, person_of(mesh))))
