"""YAML as Python values, read by helm: the standard library has no reader, and helm's is the one that counts."""
import json
import pathlib
import tempfile

from .tools import run

READER = """\
documents:
{{- range splitList "\\n---\\n" (print "\\n" .Values.text "\\n") }}
{{- with fromYaml . }}
- {{ toJson . }}
{{- end }}
{{- end }}
"""


def documents(text):
    with tempfile.TemporaryDirectory(prefix="woad-yaml-") as name:
        chart = pathlib.Path(name)
        (chart / "templates").mkdir()
        (chart / "Chart.yaml").write_text("{apiVersion: v2, name: reader, version: 0.0.0}")
        (chart / "templates" / "all.yaml").write_text(READER)
        (chart / "text").write_text(text)
        out, _ = run("helm", "template", chart, "--set-file", f"text={chart / 'text'}")
    found = [json.loads(line[2:]) for line in out.splitlines() if line.startswith("- ")]
    broken = [d["Error"] for d in found if set(d) == {"Error"}]
    if broken:
        raise AssertionError(broken)
    return found
