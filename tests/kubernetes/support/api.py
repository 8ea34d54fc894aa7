"""The Kubernetes API for the harness: JSON over HTTPS with a bearer token."""
import http.client
import json
import ssl
import time

JSON, MERGE = "application/json", "application/merge-patch+json"


class Refused(Exception):
    """The API server's answer over 299: `code`, `reason`, and its sentence as text."""

    def __init__(self, code, status):
        super().__init__(status.get("message", ""))
        self.code, self.reason = code, status.get("reason", "")


class Api:
    def __init__(self, host, port, ca, token):
        self.host, self.port, self.token = host, port, token
        self.context = ssl.create_default_context(cafile=ca)

    def call(self, method, path, body=None, kind=JSON):
        connection = http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=60)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, "Accept": JSON}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            self.warnings = answer.headers.get_all("Warning") or []
            if answer.status > 299:
                raise Refused(answer.status, json.loads(text) if text[:1] == b"{" else {"message": text.decode()})
            return json.loads(text) if text[:1] == b"{" else text.decode()
        except http.client.HTTPException as error:  # cut off within an answer
            raise ConnectionError(repr(error)) from error
        finally:
            connection.close()

    def get(self, path):
        return self.call("GET", path)

    def items(self, path):
        return self.get(path)["items"]

    def post(self, path, body):
        return self.call("POST", path, body)

    def patch(self, path, body):
        return self.call("PATCH", path, body, MERGE)

    def delete(self, path, grace=None):
        return self.call("DELETE", path, None if grace is None else {"gracePeriodSeconds": grace})


def until(condition, what, seconds=120):
    """What `condition` answers, once that is true; while it is refused or not connected, it is not."""
    end, why = time.monotonic() + seconds, None
    while True:
        try:
            found, why = condition(), None
            if found:
                return found
        except (OSError, Refused) as error:
            why = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}" + (f" ({why})" if why else ""))
        time.sleep(0.1)
