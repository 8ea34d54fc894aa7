"""The proxies of ./dev bench, each set up for the same work: one worker, route on x-woad-color with
base as the fallback, keep upstream connections, limit each request's time, log nothing."""
import os
import shutil
import subprocess
import tempfile
import time
import socket

WOAD = """\
node: {{ service: bench }}
admin: {{ address: 127.0.0.1:{admin} }}
outbound: [ {{ address: 127.0.0.1:{port} }} ]
services:
  svc:
    hosts: ["*"]
    protocol: {protocol}
    endpoints:
      - {{ address: 127.0.0.1:{origin} }}
      - {{ address: 127.0.0.1:{red}, labels: {{ color: red }} }}
filters: {{ outbound: [color_routing, timeout] }}
limits: {{ http2: {{ concurrent_streams: 256, resets_per_second: 100 }} }}
"""
NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_x_woad_color $pool {{ red red; default base; }}
  upstream base {{ server 127.0.0.1:{origin}; keepalive 256; keepalive_requests 1000000000; }}
  upstream red {{ server 127.0.0.1:{red}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port}{http2};
    http2_max_requests 1000000000;
    location / {{
      proxy_pass http://$pool; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_read_timeout 15s;
    }}
  }}
}}
"""
HAPROXY = """\
global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 300s
  timeout server 15s
  http-reuse always
frontend in
  bind 127.0.0.1:{port}{bind_proto}
  use_backend red if {{ req.hdr(x-woad-color) red }}
  default_backend base
backend base
  server a 127.0.0.1:{origin}{server_proto}
backend red
  server b 127.0.0.1:{red}{server_proto}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """One proxy process, pinned to core 0. client and upstream: h1 or h2."""

    def __init__(self, name, binary, client, upstream, origin, red):
        self.name, self.port = name, free_port()
        self.folder = tempfile.TemporaryDirectory(prefix=f"woad-bench-{name}-")
        values = {"port": self.port, "admin": free_port(), "origin": origin, "red": red,
                  "folder": self.folder.name, "protocol": "http2" if upstream == "h2" else "http1",
                  "http2": " http2" if client == "h2" else "",
                  "bind_proto": " proto h2" if client == "h2" else "",
                  "server_proto": " proto h2" if upstream == "h2" else ""}
        path = os.path.join(self.folder.name, "conf")
        text = {"woad": WOAD, "nginx": NGINX, "haproxy": HAPROXY}[name].format(**values)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = {"woad": [binary, "run", "-c", path], "nginx": [binary, "-c", path],
                   "haproxy": [binary, "-db", "-f", path]}[name]
        with open(os.path.join(self.folder.name, "log"), "wb") as log:
            self.process = subprocess.Popen(["taskset", "-c", "0", *command], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)

    def cpu_ns(self):
        """CPU time so far, of the process and its worker (nginx has one)."""
        total = 0
        for pid in [self.process.pid, *children(self.process.pid)]:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
        return total

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def wait_for_port(port, process):
    for _ in range(1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"{process.args} does not listen on {port}")


def installed(woad):
    """name -> binary"""
    found = {"woad": os.path.abspath(woad)}
    for name in ("nginx", "haproxy"):
        binary = shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if binary:
            found[name] = binary
    return found


# name -> the protocols it speaks upstream
SPEAKS = {"woad": {"h1", "h2"}, "nginx": {"h1"}, "haproxy": {"h1", "h2"}}
