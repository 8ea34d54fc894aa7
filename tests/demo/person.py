"""The person at the keyboard: they have a certificate too, for nobody comes in without one."""
import json
import re
import ssl
import urllib.error
import urllib.request

DIRECT = urllib.request.ProxyHandler({})


def fetch(url, header="", context=None):
    """(status, headers, body) of a GET; header: "name: value"."""
    headers = dict([header.split(": ", 1)]) if header else {}
    opener = urllib.request.build_opener(DIRECT, urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def get(url, header="", context=None):
    status, _, text = fetch(url, header, context)
    if status != 200:
        raise RuntimeError(f"{url}: {status} {text.strip()}")
    return text


class Person:
    def __init__(self, folder, port):
        """folder: what `woad certs` wrote for them; port: the inbound of the first sidecar."""
        self.folder, self.port = folder, port
        self.context = self.trusting()
        self.context.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")

    def trusting(self):
        """Trusts the mesh's CA. Sidecars are known by SPIFFE id, not by the name of a host."""
        context = ssl.create_default_context(cafile=f"{self.folder}/ca.crt")
        context.check_hostname = False
        return context

    def ask(self, header=""):
        return json.loads(get(f"https://127.0.0.1:{self.port}/", header, self.context))

    def ask_for_status(self):
        return fetch(f"https://127.0.0.1:{self.port}/", context=self.context)[0]

    def ask_in_plaintext(self):
        """(status, x-woad-error, the sentence)."""
        status, headers, text = fetch(f"http://127.0.0.1:{self.port}/")
        return status, headers.get("x-woad-error"), text.strip()

    def ask_past_the_frontend(self, port):
        """The same of another sidecar."""
        status, headers, text = fetch(f"https://127.0.0.1:{port}/", context=self.context)
        return status, headers.get("x-woad-error"), text.strip()

    def ask_without_certificate(self):
        """The alert that TLS answers with."""
        try:
            return get(f"https://127.0.0.1:{self.port}/", context=self.trusting())
        except OSError as error:  # ssl.SSLError is one
            found = re.search(r"ALERT_([A-Z_]+)", str(error))
            return found[1].lower() if found else str(error)

    def write_curl_words(self):
        """A file for curl -K, with what curl must show and trust."""
        path = f"{self.folder}/curl"
        with open(path, "w", encoding="utf-8") as file:
            for word, name in (("cert", "tls.crt"), ("key", "tls.key"), ("cacert", "ca.crt")):
                file.write(f'{word} = "{self.folder}/{name}"\n')
        return path
