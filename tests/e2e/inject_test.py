"""`woad inject`: documents in, documents out; what it refuses, and that it prints nothing then."""
import copy
import os
import subprocess
import tempfile

from support.suite import *

DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "price"},
    "spec": {"template": {
        "metadata": {"labels": {"app": "price", "woad.dev/color": "red"}},
        "spec": {"containers": [{
            "name": "app", "image": "price:1", "args": ["yes", "0123", "1e3", "null"],
            "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        }]},
    }},
}
# Comments, styles and scalars that a rewriter would lose.
YAML = """\
# the head
apiVersion: v1
kind: Service
metadata: {name: price}   # flow
spec:
  clusterIP: None
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: price
  annotations:
    "yes": 'no'
    on: "0123"
spec:
  # the template
  template:
    metadata:
      labels: {app: price, woad.dev/color: red}   # colour
    spec:
      # the app
      containers:
      - name: app   # first
        image: "price:1"
        args: [yes, 0123, 1e3, ~, 12345678901234567890123]
        command:
        - |+
          #!/bin/sh
          # no comment

          echo "it's"

        - >-
          folded
          text
        env:
          - {name: A, value: 'it''s'}
        volumeMounts:
        - {name: data, mountPath: /data}
      volumes:
      - name: data
        configMap: {name: data, defaultMode: 0644}
      # the end of the pod
  # the end of the spec
---
kind: Unknown
text: "a: [b"
...
"""


def pod_of(document):
    if document["kind"] == "Pod":
        return document
    spec = document["spec"]
    return (spec["jobTemplate"]["spec"] if document["kind"] == "CronJob" else spec)["template"]


def container(document, name="woad", where="initContainers"):
    found = [c for c in pod_of(document)["spec"].get(where, []) if c["name"] == name]
    return found[0] if found else None


def environment(document, where="initContainers"):
    return {v["name"]: v.get("value", v.get("valueFrom"))
            for v in container(document, where=where)["env"]}


class Inject(Suite):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="woad-inject-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, text, name="in.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text if isinstance(text, str) else json.dumps(text, indent=2))
        return path

    def inject(self, text, *args, code=0):
        """stdout and stderr."""
        done = subprocess.run([BINARY, "inject", "-f", self.file(text), *args],
                              capture_output=True, check=False, timeout=120)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, err)
        if code:
            self.assertEqual(out, "")
        return out, err

    def injected(self, document, *args):
        return json.loads(self.inject(document, *args)[0])

    def deployment(self, annotations=None, **spec):
        document = copy.deepcopy(DEPLOYMENT)
        template = document["spec"]["template"]
        if annotations:
            template["metadata"]["annotations"] = annotations
        template["spec"].update(spec)
        return document

    def test_deployment(self):
        got = self.injected(self.deployment())
        spec = pod_of(got)["spec"]
        self.assertEqual([c["name"] for c in spec["initContainers"]], ["woad-redirect", "woad"])
        self.assertEqual(spec["containers"], pod_of(DEPLOYMENT)["spec"]["containers"])
        woad = container(got)
        self.assertEqual(woad["restartPolicy"], "Always")
        self.assertEqual(woad["startupProbe"]["httpGet"], {"path": "/readyz", "port": 15021})
        self.assertEqual(woad["resources"], {"requests": {"cpu": "10m", "memory": "16Mi"},
                                             "limits": {"memory": "128Mi"}})
        context = woad["securityContext"]
        self.assertEqual((context["runAsUser"], context["runAsNonRoot"]), (1337, True))
        self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
        env = environment(got)
        self.assertEqual(env["WOAD_SERVICE"], "price")
        self.assertEqual(env["WOAD_INSTANCE"], {"fieldRef": {"fieldPath": "metadata.name"}})
        self.assertEqual(env["WOAD_LABELS"], "color=$(WOAD_COLOR)")
        self.assertEqual(env["WOAD_PROBE_PATHS"], "/live,/ready")
        redirect = container(got, "woad-redirect")["securityContext"]
        self.assertEqual((redirect["runAsUser"], redirect["runAsNonRoot"]), (0, False))
        self.assertEqual(redirect["capabilities"], {"drop": ["ALL"], "add": ["NET_ADMIN"]})
        self.assertIs(redirect["allowPrivilegeEscalation"], False)
        self.assertIs(redirect["readOnlyRootFilesystem"], True)

    def test_kinds(self):
        for kind, group in [("StatefulSet", "apps/v1"), ("DaemonSet", "apps/v1"),
                            ("ReplicaSet", "apps/v1"), ("Job", "batch/v1")]:
            document = self.deployment()
            document.update(kind=kind, apiVersion=group)
            self.assertIsNotNone(container(self.injected(document)), kind)
        cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "report"}, "spec": {
            "jobTemplate": {"spec": {"template": {"spec": {
                "containers": [{"name": "app", "image": "x"}]}}}}}}
        self.assertEqual(environment(self.injected(cron))["WOAD_SERVICE"], "report")
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"},
               "spec": {"containers": [{"name": "app", "image": "x"}]}}
        self.assertEqual(environment(self.injected(pod))["WOAD_SERVICE"], "one")
        other = {"apiVersion": "example.org/v1", "kind": "Deployment", "spec": {"template": 5}}
        listed = {"apiVersion": "v1", "kind": "List", "items": [pod, other, cron]}
        got = self.injected(listed)["items"]
        self.assertIsNotNone(container(got[0]))
        self.assertEqual(got[1], other)
        self.assertIsNotNone(container(got[2]))

    def test_typed_lists(self):
        item = {k: v for k, v in self.deployment().items() if k in ("metadata", "spec")}
        listed = {"kind": "DeploymentList", "apiVersion": "apps/v1", "items": [item]}
        got = self.injected(listed)
        spec = got["items"][0]["spec"]["template"]["spec"]
        self.assertEqual([c["name"] for c in spec["initContainers"]], ["woad-redirect", "woad"])
        self.assertEqual(self.injected(got, "--remove"), listed)

    def test_what_was_empty_is_so_again(self):
        text = """\
apiVersion: v1
kind: List
items:
- kind: ConfigMap   # first
  data: {mode: 0644, a: .5, b: 1e3}
- apiVersion: v1
  kind: Pod
  metadata:
    name: x
    annotations:
      # woad.dev/inject: disabled
  spec:
    initContainers: []   # none yet
    containers:
    - name: app
    volumes: [ # none
      ]"""
        for given in (text, text.replace("\n", "\r\n")):
            once = self.inject(given)[0]
            for line in text.splitlines():
                if "#" in line:
                    self.assertIn(line[line.index("#"):], once)
            self.assertEqual(self.inject(once)[0], once)
            self.assertEqual(self.inject(once, "--remove")[0], given)

    def test_many_annotations(self):
        document = self.deployment({f"woad.dev/k{i}": "" for i in range(60_000)})
        out, err = self.inject(document)  # a time for each key that grew with all keys would take minutes
        self.assertIsNotNone(container(json.loads(out)))
        self.assertLess(len(err.splitlines()), 100)

    def test_yaml_is_changed_in_places_alone(self):
        for text in (YAML, YAML.replace("\n", "\r\n"), "\ufeff" + YAML, YAML.rstrip(".\n")):
            once, _ = self.inject(text)
            self.assertIn("name: woad-redirect", once)
            rest = iter(once.splitlines())
            for line in text.splitlines():  # each of them is there still, and in this order
                self.assertTrue(any(line == other for other in rest), line)
            self.assertEqual(self.inject(once)[0], once)
            self.assertEqual(self.inject(once, "--remove")[0], text)

    def test_json_and_yaml_say_the_same(self):
        once = self.inject(self.deployment())[0]
        self.assertEqual(self.inject(once)[0], once)
        self.assertEqual(json.loads(self.inject(once, "--remove")[0]), DEPLOYMENT)
        compact = json.dumps(self.deployment())
        self.assertEqual(json.loads(self.inject(compact)[0]), json.loads(once))
        odd = compact.replace(" ", "\t").replace('"price:1"', '"\\ud83d\\ude00 \\/"')
        self.assertIn("\\ud83d\\ude00 \\/", self.inject(odd)[0])

    def test_again_after_a_change(self):
        first = self.injected(self.deployment({"woad.dev/config": "one", "other": "x"}))
        changed = {"woad.dev/service": "other", "woad.dev/cpu-limit": "1",
                   "woad.dev/exclude-inbound-ports": "22, 9100", "other": "x"}
        again = copy.deepcopy(first)
        notes = pod_of(again)["metadata"]["annotations"]
        del notes["woad.dev/config"]
        notes.update(changed)
        fresh = self.injected(self.deployment(changed))
        self.assertEqual(self.injected(again), fresh)
        self.assertIn("22,9100", container(fresh, "woad-redirect")["args"])
        self.assertEqual(container(fresh)["resources"]["limits"]["cpu"], "1")
        self.assertEqual(self.injected(first, "--remove"),
                         self.deployment({"woad.dev/config": "one", "other": "x"}))
        notes["woad.dev/inject"] = "disabled"
        self.assertIsNone(container(self.injected(again)))

    def test_no_native_sidecar(self):
        config = self.file("redirect: true\n", "values.yaml")
        init = [{"name": "prepare", "image": "x"}]
        got = self.injected(self.deployment(initContainers=init), "--native=false", "--config", config)
        spec = pod_of(got)["spec"]
        self.assertEqual([c["name"] for c in spec["containers"]], ["woad", "app"])
        self.assertEqual([c["name"] for c in spec["initContainers"]], ["prepare", "woad-redirect"])
        command = container(got, where="containers")["lifecycle"]["postStart"]["exec"]["command"]
        self.assertEqual(command[:2], ["woad", "wait"])
        self.assertEqual(self.injected(got, "--remove"), self.deployment(initContainers=init))
        job = self.deployment()
        job.update(kind="Job", apiVersion="batch/v1")
        _, err = self.inject(job, "--native=false", code=1)
        self.assertIn("never finish", err)

    def test_settings(self):
        for source, volume in [
                ("csi-cert-manager", "csi.cert-manager.io"), ("csi-spiffe", "spiffe.csi.cert-manager.io"),
                ("secret", "price-tls")]:
            config = self.file(f"""
image: {{ repository: reg/woad, tag: "1.2", pullSecrets: [reg] }}
redirect: false
controlPlane: https://woad-control:15010
identity: {{ source: {source}, secretName: price-tls, trustDomain: example.org }}
resources: {{ limits: {{ memory: 64Mi, cpu: 1 }} }}
metrics: {{ annotations: true, interval: 30s }}
inject: {{ anything: true }}
replicas: 3
""", "values.yaml")
            got = self.injected(self.deployment(), "--config", config)
            spec = pod_of(got)["spec"]
            self.assertEqual([c["name"] for c in spec["initContainers"]], ["woad"])
            self.assertEqual(container(got)["image"], "reg/woad:1.2")
            self.assertIn(volume, json.dumps(spec["volumes"]))
            self.assertIn({"name": "woad-config", "emptyDir": {}}, spec["volumes"])
            self.assertEqual(spec["imagePullSecrets"], [{"name": "reg"}])
            env = environment(got)
            self.assertEqual(env["WOAD_CONTROL_PLANE"], "https://woad-control:15010")
            self.assertEqual(list(env)[:2], ["WOAD_NAMESPACE", "WOAD_SERVICE"])  # the second is made of the first
            self.assertEqual(env["WOAD_NAMESPACE"], {"fieldRef": {"fieldPath": "metadata.namespace"}})
            self.assertEqual(env["WOAD_SERVICE"], "price.$(WOAD_NAMESPACE)")
            own = environment(self.injected(self.deployment({"woad.dev/config": "own"}), "--config", config))
            self.assertEqual(own["WOAD_SERVICE"], "price")
            self.assertEqual(env["WOAD_TLS_DIR"], "/var/run/woad/tls")
            notes = pod_of(got)["metadata"]["annotations"]
            self.assertEqual(notes["prometheus.io/port"], "15020")
            self.assertEqual(self.injected(got, "--remove"), DEPLOYMENT)
        for text, words in [("imgae: {}\n", ["1:1", "imgae", '"image"']),
                            ("identity: { source: csi }\n", ["1:21", "csi-cert-manager"]),
                            ("native: 5\n", ["native", "true or false"]),
                            ("image: [\n", ["not valid YAML"])]:
            _, err = self.inject(self.deployment(), "--config", self.file(text, "values.yaml"), code=1)
            for word in words:
                self.assertIn(word, err)

    def test_refusals(self):
        cases = [
            ({"woad.dev/inject": "yes"}, {}, "enabled or disabled"),
            ({"woad.dev/service": "a b"}, {}, "woad.dev/service"),
            ({"woad.dev/exclude-inbound-ports": "22,x"}, {}, '"x" is no port'),
            ({"woad.dev/exclude-outbound-ports": "70000"}, {}, '"70000" is no port'),
            ({"woad.dev/exclude-cidrs": "10.0.0.1"}, {}, "is no network"),
            ({"woad.dev/cpu-request": "much"}, {}, "is no quantity"),
            ({"woad.dev/memory-request": "1Gi", "woad.dev/memory-limit": "1Mi"}, {}, "more than the limit"),
            ({"woad.dev/config": "No_Name"}, {}, "ConfigMap"),
            ({"woad.dev/cpu-limit": 5}, {}, "in quotes"),
            ({}, {"containers": [{"name": "woad", "image": "x"}]}, "call it otherwise"),
            ({}, {"volumes": [{"name": "woad-tls"}]}, "call it otherwise"),
            ({}, {"containers": []}, "needs containers"),
        ]
        for annotations, spec, words in cases:
            _, err = self.inject(self.deployment(annotations, **spec), code=1)
            self.assertRegex(err, r"in\.yaml:\d+:\d+: error: spec\.template\.")
            self.assertIn(words, err)
        leak = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  initContainers: &c\n  - name: a\n  containers: *c\n"
        for text, words in [("a: [\n", "not valid YAML"), (leak, "in.yaml:7:3: error: stands for what is changed at its anchor &c"),
                            ('{"a": 1, "a": 2}', "1:10: error: the key \"a\" stands here twice"), ("a: 1\na: 2\n", "2:1"), ("\xff: \0", "NUL"),
                            ("{{ if }}\na: 1\n", "template")]:
            _, err = self.inject(text, code=1)
            self.assertIn(words, err)

    def test_warnings(self):
        for annotations, spec, words in [
                ({"woad.dev/servise": "x"}, {}, 'did you mean "woad.dev/service"?'),
                ({}, {"securityContext": {"runAsUser": 1337}}, "runs as user 1337"),
                ({}, {"containers": [{"name": "app", "livenessProbe": {"grpc": {"port": 9}}}]}, "a gRPC probe"),
                ({}, {"containers": [{"name": "app", "livenessProbe": {"httpGet": {"path": "/a b"}}}]}, "spelled as in a URL"),
                ({"woad.dev/cpu-limit": "much"}, {"hostNetwork": True}, "network of its host")]:
            document = self.deployment(annotations, **spec)
            out, err = self.inject(document)
            self.assertRegex(err, r"in\.yaml:\d+:\d+: warning: ")
            self.assertIn(words, err)
            self.assertEqual(container(json.loads(out)) is None, "hostNetwork" in spec)

    def test_usage(self):
        good = self.file(DEPLOYMENT)
        for args in ([], ["-f"], ["-f", good, "--serve", "127.0.0.1:1"], ["--serve", "127.0.0.1:1"],
                     ["--serve", "x", "--cert", "."], ["--remove"], ["-f", good, "--native=what"]):
            code, out, err = run("inject", *args)
            self.assertEqual((code, out), (2, ""), args)
            self.assertTrue(err)
        code, out, err = run("inject", "-f", os.path.join(self.folder, "none.yaml"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("none.yaml", err)

    def test_standard_input(self):
        done = subprocess.run([BINARY, "inject", "-f", "-"], input=YAML.encode(), capture_output=True,
                              check=False, timeout=120)
        self.assertEqual(done.stdout.decode(), self.inject(YAML)[0])

