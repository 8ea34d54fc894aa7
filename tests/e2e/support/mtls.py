"""Peers that speak TLS with the sidecar: its configuration, python's ssl, curl, openssl s_client."""
import re
import ssl
import subprocess

from .client import H1, TIMEOUT, Closed
from .ports import free_port
from .sidecar import service

# Alerts of RFC 8446 section 6 as OpenSSL names them.
ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_ALERT_([A-Z_]+)")


def mtls_service(*endpoints, mode="mtls", peer=None, sni=None, **more):
    tls = {"mode": mode, **({"peer": peer} if peer else {}), **({"sni": sni} if sni else {})}
    return service(*endpoints, tls=tls, **more)


def _context(protocol, files, alpn):
    """Shows any chain, strong or weak; `files` are those of Chain.write(), or None to show none."""
    context = ssl.SSLContext(protocol)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.check_hostname = False
    if files:
        context.load_cert_chain(files["certificate"], files["key"])
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def client_context(roots, files=None, alpn=()):
    """roots: the certificates that the server's chain must lead to."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, files, alpn)
    context.load_verify_locations(cadata="".join(root.pem for root in roots))
    return context


def server_context(roots, files, alpn=("http/1.1",)):
    """Asks for the client's certificate, and serves nobody without."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, files, alpn)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata="".join(root.pem for root in roots))
    return context


def alert_of(error):
    """The alert in an ssl.SSLError, "unknown_ca" say; None for other errors."""
    found = ALERT.search(str(error).upper().replace(" ", "_"))
    return found and found[1].lower().strip("_")


def knock(port, context, target="/", sni=None):
    """One request: (status, None), or (None, the alert that refused it). In TLS 1.3 a client hears
    of its refusal when it reads."""
    client = None
    try:
        client = H1(port, tls=context, sni=sni)
        return client.request("GET", target).status, None
    except ssl.SSLError as error:
        return None, alert_of(error) or repr(error)
    except (OSError, Closed) as error:
        return None, repr(error)
    finally:
        if client:
            client.close()


def curl(url, files=None, *args):
    """(status, HTTP version, body, stderr) of the curl command; status 0 when there was no answer."""
    shown = ["--cert", files["certificate"], "--key", files["key"]] if files else []
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code} %{http_version}", "-m", str(TIMEOUT), *shown, *args, url],
        capture_output=True, check=False)
    body, _, last = done.stdout.decode().rpartition("\n")
    status, _, version = last.partition(" ")
    return int(status or 0), version, body, done.stderr.decode()


def s_client(port, files, *args, request="GET / HTTP/1.1\r\nHost: svc\r\nConnection: close\r\n\r\n"):
    """What `openssl s_client` prints, the answer to `request` in it."""
    shown = ["-cert", files["certificate"], "-cert_chain", files["certificate"],
             "-key", files["key"], "-CAfile", files["trust_bundle"]] if files else []
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", *shown, *args],
        input=request.encode(), capture_output=True, check=False, timeout=TIMEOUT)
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


class OpensslServer:
    """`openssl s_server`: answers each request with a page about the connection."""

    def __init__(self, files):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", self.address, "-www", "-cert", files["certificate"],
             "-key", files["key"]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        while b"ACCEPT" not in (line := self.process.stdout.readline()):
            assert line, "openssl s_server did not start"

    def close(self):
        self.process.kill()
        self.process.communicate()
