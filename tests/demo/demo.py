#!/usr/bin/env python3
"""Shows where a request goes in a small mesh, and why; --once checks that it went there and ends."""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from mesh import CALLS, Mesh

# colour -> the builds that must answer, and why each hop went where it went
EXPECTED = {
    "": (["base", "base", "base", "base"], ["undyed", "undyed", "undyed"]),
    "red": (["base", "base", "red", "red"], ["base_absent", "exact", "exact"]),
    "red.alice": (["base", "base", "red", "red"], ["base_absent", "parent", "parent"]),
    "blue": (["base", "base", "base", "base"], ["base_absent", "base_absent", "base_absent"]),
}
MEANING = {
    "undyed": "no colour asked for",
    "exact": "it has that colour",
    "parent": "not that colour, but its parent",
    "base_absent": "no such build here, so base; the colour stays on the request",
}
TTY = sys.stdout.isatty()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if TTY else text


def build(service, name):
    return f"{service}({paint('1;31', name) if name == 'red' else paint('2', name)})"


def ask(mesh, color, number):
    """One request from outside; the builds that answered, front to back."""
    headers = {"x-request-id": f"demo-{number}"}
    if color:
        headers["x-woad-color"] = color
    port = mesh.pods["frontend"].ports["inbound"]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            step = json.load(answer)
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{error.code} {error.read().decode().strip()}") from error
    path = []
    while step:
        path.append((step["service"], step["build"]))
        step = step.get("called")
    return path


def outbound_line(mesh, pod, request_id, since):
    """The sidecar's own word on a hop: its access log's line (written when the exchange ended)."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with open(mesh.log_path(pod), encoding="utf-8") as file:
            file.seek(since)
            for line in file.read().split("\n")[:-1]:
                row = json.loads(line)
                if row["direction"] == "outbound" and row["request_id"] in (request_id, None, ""):
                    return row
        time.sleep(0.01)
    raise RuntimeError(f"no access log line of {request_id} at {pod.name}")


def explain(mesh, pod, service, color):
    """What the caller's sidecar says it would do, from `woad explain --json`."""
    command = [mesh.binary, "explain", "-c", mesh.config_path(pod), "--json"]
    command += ["-H", f"x-woad-color: {color}"] if color else []
    done = subprocess.run(command + [f"http://{service}/"], capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"explain: {done.stdout.decode()}{done.stderr.decode()}")
    return json.loads(done.stdout)


def show(mesh, color, number):
    """Sends, prints, and returns what differs from what must be."""
    marks = {name: os.path.getsize(mesh.log_path(pod)) for name, pod in mesh.pods.items()}
    path = ask(mesh, color, number)
    wrong, reasons = [], []
    label = f"x-woad-color: {color}" if color else "no colour"
    print(f"\n{paint('1', label):<28}  " + paint("2", " → ").join(build(*hop) for hop in path))
    for (caller, caller_build), (callee, _) in zip(path, path[1:]):
        pod = mesh.pods[caller if caller_build == "base" else f"{caller}-{caller_build}"]
        row = outbound_line(mesh, pod, f"demo-{number}", marks[pod.name])
        planned = explain(mesh, pod, callee, color)
        reasons.append(row["pool_reason"])
        if (planned["pool"], planned["reason"]) != (row["pool"], row["pool_reason"]):
            wrong.append(f"explain says {planned['pool']}, {planned['reason']} for {callee}")
        print(f"    {caller:>8} → {callee:<6} pool {row['pool']:<5} {row['pool_reason']:<12}"
              + paint("2", f" {row['why'] or MEANING.get(row['pool_reason'], '')}"))
    builds = [name for _, name in path]
    if [name for name, _ in path] != list(CALLS) or (builds, reasons) != EXPECTED[color]:
        wrong.append(f"{color or 'undyed'}: went {builds} for {reasons}, not {EXPECTED[color]}")
    return wrong


def invite(mesh):
    front, cart = mesh.pods["frontend"].ports, mesh.pods["cart"]
    print(f"""
{paint('1', 'Try it')} (Ctrl-C ends all of it)
  curl -s http://127.0.0.1:{front['inbound']}/
  curl -s http://127.0.0.1:{front['inbound']}/ -H 'x-woad-color: red'
  curl -s http://127.0.0.1:{cart.ports['outbound']}/ -H 'Host: price' -H 'x-woad-color: red.alice'
  curl -s 'http://127.0.0.1:{cart.ports['admin']}/explain?url=http://price/&header=x-woad-color:+red&format=text'
  curl -s http://127.0.0.1:{cart.ports['admin']}/services
  {os.path.relpath(mesh.binary)} explain -c {mesh.config_path(cart)} -H 'x-woad-color: blue' http://price/
  tail -f {mesh.log_path(cart)}
  $EDITOR {mesh.config_path(cart)}      # saved is live: no restart, no request lost
""", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/woad")
    parser.add_argument("--once", action="store_true", help="check and end")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="woad-demo-") as folder:
        mesh = Mesh(os.path.abspath(args.binary), folder)
        try:
            mesh.start()
            print(paint("1", "frontend → cart → price → stock") +
                  ", each beside its own woad; price and stock have a red build too")
            wrong = []
            for number, color in enumerate(EXPECTED, 1):
                wrong += show(mesh, color, number)
            for line in wrong:
                print(paint("1;31", f"WRONG: {line}"))
            if not wrong:
                print(paint("1;32", "\nEvery request took the path it should."), flush=True)
            if args.once or wrong:
                return 1 if wrong else 0
            invite(mesh)
            signal.pause()
        except (RuntimeError, OSError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print()
        finally:
            mesh.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
