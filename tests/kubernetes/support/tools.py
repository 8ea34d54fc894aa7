"""Where the tools of fetch.sh are, and how they are run."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOLS = ROOT / "build" / "tools" / "kubernetes"
LOGS = ROOT / "build" / "kubernetes"
DISK = pathlib.Path(os.environ["WOAD_KUBERNETES_DISK"])  # run.py's, gone with it; user 1337 reaches it
CHART = ROOT / "helm" / "woad"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
VERSIONS = ("1.29", "1.32", "1.34")
WOAD = pathlib.Path(os.environ.get("WOAD", ROOT / "build" / "release" / "woad")).resolve()


def environment():
    """Nothing that a person's own helm and kubectl are set up with gets in, nothing is left behind there."""
    return {"PATH": os.environ["PATH"], "HOME": str(DISK), "KUBECONFIG": str(DISK / "kubeconfig")}


def run(tool, *args, stdin="", code=0, seconds=300):
    """(stdout, stderr) of a tool that ends as expected; `code` None: however it ends, and its code too."""
    done = subprocess.run([str(TOOLS / tool), *map(str, args)], input=stdin, capture_output=True, text=True,
                          env=environment(), timeout=seconds, check=False)
    if code is None:
        return done.returncode, done.stdout, done.stderr
    if done.returncode != code:
        raise AssertionError(f"{tool} {' '.join(map(str, args))}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout, done.stderr


def template(*args, version="1.34", namespace="woad-system"):
    """The chart as YAML, as helm renders it without a cluster."""
    return run("helm", "template", "woad", CHART, "--namespace", namespace, "--kube-version", f"{version}.0", *args)[0]
