"""schemas.py WHEEL OUT VERSION…: kubernetes-validate's strict schemas, as kubeconform reads them: OUT/VERSION/KIND.json.

They name themselves and their definitions by absolute paths; beside each other they need relative ones.
"""
import json
import pathlib
import sys
import zipfile

wheel, out, *versions = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for version in versions:
        folder = pathlib.Path(out) / version
        folder.mkdir(parents=True)
        prefix = f"kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict/"
        for name in archive.namelist():
            if name.startswith(prefix) and name.endswith(".json"):
                text = archive.read(name).decode().replace("/api/_definitions.json#", "_definitions.json#")
                schema = json.loads(text)
                schema.pop("$id", None)
                (folder / name.removeprefix(prefix)).write_text(json.dumps(schema), encoding="utf-8")
