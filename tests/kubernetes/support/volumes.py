"""What a kubelet and the CSI drivers for certificates put into a pod's volumes."""
import base64
import os
import subprocess
import threading

USER = 1337  # the image's
TRUST_DOMAIN = "shop.example"  # that the SPIFFE driver is set up with
ONE_CA = threading.Lock()


def fill(api, pod, volume, folder, disk):
    """Makes `folder`, with the files of one of the pod's volumes. `disk` holds the binary and the CA."""
    space = f"/api/v1/namespaces/{pod['metadata']['namespace']}"
    folder.mkdir(parents=True)
    os.chown(folder, USER, USER)
    files = {}
    if "configMap" in volume:
        files = config_map(api, space, volume["configMap"])
    elif "secret" in volume:
        found = api.get(f"{space}/secrets/{volume['secret']['secretName']}")
        files = {name: base64.b64decode(data) for name, data in found.get("data", {}).items()}
    elif "projected" in volume:
        for source in volume["projected"]["sources"]:
            files |= projected(api, space, pod, source)
    elif "csi" in volume:
        return certificate(spiffe_id(pod, volume["csi"]), folder, disk)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def config_map(api, space, wanted):
    data = api.get(f"{space}/configmaps/{wanted['name']}").get("data", {})
    names = {item["key"]: item["path"] for item in wanted.get("items", [])} or {name: name for name in data}
    return {path: data[key].encode() for key, path in names.items()}


def projected(api, space, pod, source):
    """The three that the API server gives to a pod for its ServiceAccount."""
    if "configMap" in source:
        return config_map(api, space, source["configMap"])
    if "downwardAPI" in source:
        return {item["path"]: field(pod, item["fieldRef"]["fieldPath"]).encode() for item in source["downwardAPI"]["items"]}
    wanted = source["serviceAccountToken"]
    made = api.post(f"{space}/serviceaccounts/{pod['spec']['serviceAccountName']}/token", {
        "spec": {"expirationSeconds": wanted["expirationSeconds"]}})
    return {wanted["path"]: made["status"]["token"].encode()}


def field(pod, path):
    """metadata.name, metadata.labels['woad.dev/color'] and the like."""
    if "[" in path:
        path, key = path.rstrip("']").split("['")
        return field(pod, path).get(key, "")
    for key in path.split("."):
        pod = pod.get(key, {})
    return pod or ""


def spiffe_id(pod, csi):
    names = {"${POD_NAMESPACE}": pod["metadata"]["namespace"], "${SERVICE_ACCOUNT_NAME}": pod["spec"]["serviceAccountName"]}
    wanted = csi["volumeAttributes"].get("csi.cert-manager.io/uri-sans",
                                         f"spiffe://{TRUST_DOMAIN}/ns/${{POD_NAMESPACE}}/sa/${{SERVICE_ACCOUNT_NAME}}")
    for name, value in names.items():
        wanted = wanted.replace(name, value)
    return wanted


def certificate(identity, folder, disk):
    with ONE_CA:
        subprocess.run([disk / "woad", "certs", "--dir", disk / "ca", "--id", identity, "--out", folder], check=True,
                       capture_output=True)
    for file in folder.iterdir():
        os.chown(file, USER, USER)
