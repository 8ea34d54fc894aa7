"""The chart without a cluster: lint, schemas, what values.schema.json refuses, what its README says."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support.tools import CHART, DISK, EXAMPLES, ROOT, TOOLS, VERSIONS, WOAD, run, template
from support.yaml import documents

FOREIGN = "PodMonitor,PrometheusRule,Certificate,Issuer"  # kinds of other projects: no schema here

# values given as YAML -> the place that the refusal must name
REFUSED = [
    ("imgae: {}", "imgae"),
    ("image: {tga: x}", "/image"),
    ("image: {tag: 1.0}", "/image/tag"),
    ("image: {digest: md5:12}", "/image/digest"),
    ("image: {pullPolicy: Sometimes}", "/image/pullPolicy"),
    ("image: {pullSecrets: registry}", "/image/pullSecrets"),
    ("image: woad", "/image"),
    ("replicas: 0", "/replicas"),
    ('replicas: "2"', "/replicas"),
    ("redirect: 'yes'", "/redirect"),
    ("native: 1", "/native"),
    ("image: {repository: 'woad:1.0'}", "/image/repository"),
    ("image: {repository: 'registry.example:5000'}", "/image/repository"),
    ("image: {repository: registry.example//woad}", "/image/repository"),
    ("image: {pullSecrets: [a..b]}", "/image/pullSecrets/0"),
    ("nameOverride: a.b", "/nameOverride"),
    ("fullnameOverride: my.mesh", "/fullnameOverride"),
    ("fullnameOverride: 1mesh", "/fullnameOverride"),
    ("controlPlane: woad-control:9000", "/controlPlane"),
    ("controlPlane: http://woad-control:9000", "/controlPlane"),
    ("controlPlane: 'https://woad-control:0'", "/controlPlane"),
    ("controlPlane: 'https://woad-control:65536'", "/controlPlane"),
    ("controlPlane: https://woad-control/v1", "/controlPlane"),
    ("failurePolicy: Retry", "/failurePolicy"),
    ("identity: {source: vault}", "/identity/source"),
    ("identity: {trustDomain: Shop Example}", "/identity/trustDomain"),
    ("identity: {issuer: {nmae: x}}", "/identity/issuer"),
    ("resources: {limits: {cpus: 1}}", "/resources/limits"),
    ("identity: {secretName: a..b}", "/identity/secretName"),
    ("resources: {requests: {cpu: ten}}", "/resources/requests/cpu"),
    ("resources: {limits: {memory: 1e99}}", "/resources/limits/memory"),
    ("resources: {limits: {memory: '1e99'}}", "/resources/limits/memory"),
    ("metrics: {podMonitor: true}", "/metrics/podMonitor"),
    ("metrics: {podMonitor: {interval: 30}}", "/metrics/podMonitor/interval"),
    ("inject: {timeoutSeconds: 31}", "/inject/timeoutSeconds"),
    ("inject: {certificate: {source: secret}}", "/inject/certificate/secretName"),
    ("inject: {namespaces: {shop: {confg: {}}}}", "/inject/namespaces/shop"),
    ("inject: {namespaces: {shop: {config: {servces: {}}}}}", "/inject/namespaces/shop/config"),
    ("inject: {namespaces: {Shop: {}}}", "Shop"),
    ("inject: {antiAffinity: always}", "/inject/antiAffinity"),
    ("inject: {tolerations: [{kye: a}]}", "/inject/tolerations/0"),
    ("inject: {topologySpreadConstraints: [{maxSkew: 1}]}", "/inject/topologySpreadConstraints/0"),
    ("inject: {podDisruptionBudget: {maxUnavailable: 0}}", "/inject/podDisruptionBudget/maxUnavailable"),
    ("inject: {networkPolicy: {from: [everywhere]}}", "/inject/networkPolicy/from/0"),
    ("inject: {networkPolicy: {from: [10.0.0.256/32]}}", "/inject/networkPolicy/from/0"),
    ("inject: {networkPolicy: {from: ['fd00:/8']}}", "/inject/networkPolicy/from/0"),
    ("inject: {networkPolicy: {from: ['::1::/64']}}", "/inject/networkPolicy/from/0"),
    ("inject: {networkPolicy: {from: ['::/129']}}", "/inject/networkPolicy/from/0"),
    ("inject: {nodeSelector: {a..b/c: d}}", "a..b/c"),
    ("inject: {labels: {team: [a]}}", "/inject/labels/team"),
    ("control: false", "/control"),
    ("control: {enabled: 'no'}", "/control/enabled"),
    ("control: {replicas: 3}", "/control"),
    ("control: {mesh: {services: {}}}", "/control/mesh"),
    ("control: {mesh: {node: {service: a}}}", "/control/mesh"),
    ("control: {mesh: {control: {leese: 90s}}}", "/control/mesh/control"),
    ("control: {services: {Price: {}}}", "Price"),
    ("control: {services: {price.shop.svc: {}}}", "price.shop.svc"),
    ("control: {services: {price: {sevice: {}}}}", "/control/services/price"),
    ("control: {services: {price: {uses: stock}}}", "/control/services/price/uses"),
    ("control: {operators: [ops]}", "/control/operators/0"),
    ("control: {readers: spiffe://a/b}", "/control/readers"),
    ("control: {serviceAccount: {name: other}}", "/control/serviceAccount"),
    ("control: {networkPolicy: {apiServerPorts: []}}", "/control/networkPolicy/apiServerPorts"),
    ("control: {networkPolicy: {to: [10.0.0.1]}}", "/control/networkPolicy/to/0"),
    ("control: {podDisruptionBudget: {maxUnavailable: 0%}}", "/control/podDisruptionBudget/maxUnavailable"),
]

# values given as YAML that are as good as they look odd
ACCEPTED = [
    "image: {repository: 'localhost:5000/mesh/woad__x-y.z', tag: '1'}",
    "controlPlane: 'https://cp-a.mesh:15010,https://[fd00::1]:65535/,https://192.0.2.1'",
    "resources: {limits: {memory: 1e9, cpu: '0.5'}, requests: {memory: 128000000, cpu: ''}}",
    "inject: {networkPolicy: {from: [0.0.0.0/0, 255.255.255.255/32, '::/0', '::1/128', 'fd00::/8', 'a::b:c/64']}}",
    "inject: {networkPolicy: {from: ['2001:db8:1:2:3:4:5:6/128', '1:2:3:4:5:6:7::/112']}}",
    "inject: {priorityClassName: a.b-c, nodeSelector: {a.b/c_D.e: f}}",
]

# Names that YAML could take for something else.
ODD_NAMES = """
fullnameOverride: "true"
nameOverride: "123"
image: {pullSecrets: ["123"]}
identity: {source: secret, secretName: "123", issuer: {name: "123"}}
metrics: {podMonitor: {enabled: true, labels: {"1": "1"}}, rules: {enabled: true}}
inject:
  configMap: "123"
  namespaces: {"2024": {}}
  excludeNamespaces: ["2025"]
  priorityClassName: "123"
  serviceAccount: {name: "123"}
  certificate: {source: SOURCE, issuer: {name: "123"}, secretName: "123", caBundle: "-----BEGIN CERTIFICATE-----"}
  labels: {"1": "1"}
  nodeSelector: {"1": "true"}
  networkPolicy: {from: ["::/0"]}
control:
  services: {price.2024: {}, "on": {}}
  priorityClassName: "123"
  networkPolicy: {to: ["::/0"]}
"""

# What a release may have, all of it.
EVERYTHING = """
redirect: {redirect}
identity: {{source: {identity}}}
metrics: {{podMonitor: {{enabled: true}}, rules: {{enabled: true}}}}
inject: {{namespaces: {{shop: {{}}}}, certificate: {{source: {certificate}}}}}
control: {{services: {{price.shop: {{}}}}}}
"""
KEYS = re.compile(r"(tls\.crt|tls\.key|ca\.crt|caBundle|renew-after): .+")  # new ones each time

IDENTITY = ("--set", "identity.source=secret,identity.trustDomain=shop.example")


def leaves(value, path=""):
    """Dotted paths of all values that are no further maps."""
    if isinstance(value, dict) and value:
        return [p for key, inner in value.items() for p in leaves(inner, f"{path}.{key}" if path else key)]
    return [path]


def places(values, path=""):
    """Dotted paths of all values, maps too."""
    for key, inner in values.items():
        yield path + key
        if isinstance(inner, dict):
            yield from places(inner, f"{path}{key}.")


class Chart(unittest.TestCase):
    maxDiff = None

    def each_example(self):
        yield "values.yaml", ()
        for example in EXAMPLES:
            yield example.name, ("-f", example)

    def assertValid(self, texts, version="1.34"):
        """To the schemas of Kubernetes, all of these at once."""
        with tempfile.TemporaryDirectory(dir=DISK) as folder:
            for number, text in enumerate(texts):
                pathlib.Path(folder, f"{number}.yaml").write_text(text)
            schemas = TOOLS / "schemas" / version / "{{.ResourceKind}}{{.KindSuffix}}.json"
            code, out, err = run("kubeconform", "-strict", "-summary", "-skip", FOREIGN, "-schema-location", schemas, folder,
                                 code=None)
        self.assertEqual(code, 0, out + err)
        self.assertRegex(out, r"Valid: [1-9]\d*, Invalid: 0, Errors: 0")

    def test_lint(self):
        for name, args in self.each_example():
            with self.subTest(values=name):
                run("helm", "lint", "--strict", CHART, *args)

    def test_schemas_of_kubernetes(self):
        for version in VERSIONS:
            with self.subTest(kubernetes=version):
                self.assertValid([template(*args, version=version) for _, args in self.each_example()], version)

    def test_kubernetes_too_old(self):
        code, _, err = run("helm", "template", CHART, "--kube-version", "1.28.9", code=None)
        self.assertNotEqual(code, 0)
        self.assertIn("1.29", err)

    def test_refused_values(self):
        for values, place in REFUSED:
            with self.subTest(values=values):
                code, out, err = run("helm", "template", CHART, "-f", "-", stdin=values, code=None)
                self.assertNotEqual(code, 0, "not refused")
                self.assertEqual(out, "")
                self.assertIn(place, err)

    def test_accepted_values(self):
        for values in ACCEPTED:
            with self.subTest(values=values):
                self.assertValid([run("helm", "template", CHART, "-f", "-", stdin=values)[0]])

    def test_refused_names_of_a_release(self):
        """A Service cannot be called so."""
        for release in ("2woad", "123", "my.mesh"):
            with self.subTest(release=release):
                code, out, err = run("helm", "template", release, CHART, code=None)
                self.assertNotEqual(code, 0, "not refused")
                self.assertEqual(out, "")
                self.assertIn("set fullnameOverride", err)
                self.assertIn(f'"{release}', err)
                run("helm", "template", release, CHART, "--set", "fullnameOverride=mesh")

    def test_names_that_look_like_something_else(self):
        texts = []
        for source in ("secret", "cert-manager"):
            values = ODD_NAMES.replace("SOURCE", source)
            for identity in ("secret", "csi-cert-manager", "csi-spiffe"):
                texts.append(run("helm", "template", "123", CHART, "--namespace", "2024", "-f", "-",
                                 "--set", f"identity.source={identity}", stdin=values)[0])
        self.assertValid(texts)
        for document in documents("\n---\n".join(texts)):
            self.assert_all_texts(document["metadata"])

    def assert_all_texts(self, value):
        for inner in value.values():
            if isinstance(inner, dict):
                self.assert_all_texts(inner)
            else:
                self.assertIsInstance(inner, str)

    def test_values_taken_away(self):
        """`null` takes a default away: either the schema says that it is needed, or all is as whole without it."""
        given = documents((CHART / "values.yaml").read_text())[0]
        for identity, certificate, redirect in (("secret", "helm", "true"), ("csi-cert-manager", "cert-manager", "false")):
            values = EVERYTHING.format(identity=identity, certificate=certificate, redirect=redirect)
            texts = {}
            for place in places(given):
                with self.subTest(values=values, place=place):
                    code, out, err = run("helm", "template", CHART, "-f", "-", "--set", f"{place}=null",
                                         stdin=values, code=None)
                    if code:
                        self.assertIn(f"missing property '{place.rsplit('.', 1)[-1]}'", err)
                    else:
                        texts.setdefault(KEYS.sub(r"\1: eA==", out), place)
            self.assertValid(texts)
            settings = set()
            for document in documents("\n---\n".join(f"place: {place}\n---\n{text}" for text, place in texts.items())):
                place = document.get("place", place)
                with self.subTest(values=values, place=place):
                    self.assert_whole(document, document.get("kind"))
                    settings.add(document.get("data", {}).get("inject.yaml", ""))
            for text in settings:
                with self.subTest(settings=text):
                    (DISK / "inject.yaml").write_text(text)
                    done = subprocess.run([WOAD, "inject", "-f", "-", "--config", DISK / "inject.yaml"], input="{}",
                                          capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def assert_whole(self, value, path):
        """Nothing is there by name alone."""
        if isinstance(value, dict):
            for key, inner in value.items():
                self.assert_whole(inner, f"{path}/{key}")
        elif isinstance(value, list):
            for inner in value:
                self.assert_whole(inner, path)
        elif not path.endswith("/apiGroups"):
            self.assertNotIn(value, (None, ""), path)

    def test_schema_is_closed(self):
        """Each object of it says what it may hold; `global` alone is helm's own."""
        def walk(schema, path):
            if isinstance(schema, dict):
                if schema.get("type") == "object" and path != "/properties/global":
                    self.assertIn("additionalProperties", schema, path)
                    self.assertIsNot(schema["additionalProperties"], True, path)
                for key, inner in schema.items():
                    walk(inner, f"{path}/{key}")
        walk(json.loads((CHART / "values.schema.json").read_text()), "")

    def test_config_of_a_namespace_has_the_keys_of_woad_yaml(self):
        values = json.loads((CHART / "values.schema.json").read_text())
        config = json.loads((ROOT / "config" / "schema.json").read_text())
        own = list(config["properties"])
        self.assertEqual(list(values["definitions"]["sidecarConfig"]["properties"]), own)
        mesh = [key for key in own if key not in ("version", "node", "services")] + ["control"]
        self.assertEqual(list(values["definitions"]["mesh"]["properties"]), mesh)

    def test_readme_has_every_value(self):
        values = documents((CHART / "values.yaml").read_text())[0]
        readme = set(re.findall(r"`([A-Za-z.]+)`", (CHART / "README.md").read_text()))
        self.assertEqual([path for path in leaves(values) if path not in readme], [])

    def test_no_value_without_use(self):
        values = documents((CHART / "values.yaml").read_text())[0]
        schema = json.loads((CHART / "values.schema.json").read_text())
        self.assertEqual(sorted(values), sorted(set(schema["properties"]) - {"global"}))

    def test_every_source_of_identity_has_its_example(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        for source in schema["properties"]["identity"]["properties"]["source"]["enum"]:
            example = documents((CHART / "examples" / f"identity-{source}.yaml").read_text())[0]
            self.assertEqual(example["identity"]["source"], source)

    def test_config_of_namespaces_is_good(self):
        """What sidecars find at WOAD_TLS_DIR and in their environment makes each of these files whole."""
        identity = "spiffe://shop.example/ns/shop/sa/price"
        subprocess.run([WOAD, "certs", "--dir", DISK / "ca", "--id", identity], check=True, capture_output=True)
        for name, args in self.each_example():
            for document in documents(template(*args)):
                text = document.get("data", {}).get("woad.yaml")
                if text is None:
                    continue
                with self.subTest(values=name, namespace=document["metadata"]["namespace"]):
                    file = DISK / "woad.yaml"
                    file.write_text(text)
                    env = {"WOAD_SERVICE": "price", "WOAD_INSTANCE": "price-1"}
                    if name != "identity-none.yaml" and name.startswith("identity-"):
                        env["WOAD_TLS_DIR"] = str(DISK / "ca" / "price")
                    done = subprocess.run([WOAD, "validate", "-c", file], env=env, capture_output=True, text=True,
                                          check=False)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def objects(self, *args, **where):
        """(kind, name) -> document, of what is rendered."""
        return {(d["kind"], d["metadata"]["name"]): d for d in documents(template(*args, **where))}

    def test_where_there_is_a_control_plane(self):
        for values, there in (((), False), (IDENTITY, True),
                              ((*IDENTITY, "--set", "control.enabled=false"), False),
                              ((*IDENTITY, "--set", "controlPlane=https://other.example:15010"), False)):
            with self.subTest(values=values):
                found = self.objects(*values)
                parts = [key for key in found if key[1].endswith("woad-control") or key[1] == "woad-mesh"]
                self.assertEqual(bool(parts), there, parts)
                settings = documents(found["ConfigMap", "woad-inject"]["data"]["inject.yaml"])[0]
                url = "https://woad-control.woad-system.svc:15010" if there else \
                    "https://other.example:15010" if "controlPlane" in str(values) else ""
                self.assertEqual(settings["controlPlane"], url)
                self.assertNotIn("control", settings)

    def test_sidecars_know_the_account_of_the_control_plane(self):
        """By its name, whatever the release is called."""
        found = documents(run("helm", "template", "mesh", CHART, "--namespace", "infra", *IDENTITY)[0])
        pod = [d for d in found if d["kind"] == "Deployment" and d["metadata"]["name"] == "mesh-woad-control"][0]
        self.assertEqual(pod["spec"]["template"]["spec"]["serviceAccountName"], "woad-control")
        for binding in (d for d in found if d["kind"].endswith("RoleBinding")):
            self.assertEqual(binding["subjects"],
                             [{"kind": "ServiceAccount", "name": "woad-control", "namespace": "infra"}])

    def test_what_the_control_plane_may(self):
        found = self.objects(*IDENTITY)
        rules = [(kind, rule["resources"], rule["verbs"]) for (kind, _), d in sorted(found.items())
                 if kind in ("ClusterRole", "Role") for rule in d["rules"]]
        self.assertEqual(rules, [
            ("ClusterRole", ["configmaps", "pods", "services"], ["list", "watch"]),
            ("ClusterRole", ["endpointslices"], ["list", "watch"]),
            ("Role", ["configmaps"], ["create", "patch", "delete"])])

    def test_pods_of_the_control_plane_have_the_identity_of_injected_ones(self):
        """The chart and the injection write the same volume."""
        for source in ("csi-cert-manager", "csi-spiffe", "secret"):
            with self.subTest(source=source):
                found = self.objects("-f", CHART / "examples" / f"identity-{source}.yaml")
                pod = found["Deployment", "woad-control"]["spec"]["template"]["spec"]
                settings = DISK / "inject.yaml"
                settings.write_text(found["ConfigMap", "woad-inject"]["data"]["inject.yaml"])
                bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
                        "spec": {"containers": [{"name": "a", "image": "a"}]}}
                done = subprocess.run([WOAD, "inject", "-f", "-", "--config", settings], input=json.dumps(bare),
                                      capture_output=True, text=True, check=True)
                injected = {v.pop("name"): v for v in json.loads(done.stdout)["spec"]["volumes"]}
                own = {v.pop("name"): v for v in pod["volumes"]}
                self.assertEqual(own["identity"], injected["woad-tls"])

    def test_end_of_a_control_plane_is_long_enough(self):
        pod = self.objects(*IDENTITY)["Deployment", "woad-control"]["spec"]["template"]["spec"]
        container = pod["containers"][0]
        drain = int(container["args"][container["args"].index("--drain-timeout") + 1].rstrip("s"))
        sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        self.assertGreater(pod["terminationGracePeriodSeconds"], drain + sleep)

    def mesh(self, *args):
        return documents(self.objects(*args)["ConfigMap", "woad-mesh"]["data"]["document"])[0]

    def test_mesh(self):
        for source, account in (("secret", "*"), ("csi-cert-manager", "{name}"), ("csi-spiffe", "{name}")):
            mesh = self.mesh("--set", f"identity.source={source},identity.trustDomain=shop.example")
            self.assertEqual(mesh["control"]["identities"], f"spiffe://shop.example/ns/{{namespace}}/sa/{account}")
            self.assertEqual(mesh["context"]["trust"]["identities"], ["spiffe://shop.example/ns/*/sa/*"])
            self.assertEqual([one["address"] for one in mesh["inbound"]], ["0.0.0.0:15006", "[::]:15006"])
        mesh = self.mesh(*IDENTITY, "--set", "redirect=false")
        self.assertNotIn("inbound", mesh)
        mesh = self.mesh(*IDENTITY, "-f", CHART / "examples" / "control-plane.yaml", "--set", "control.mesh.inbound=null")
        self.assertEqual(mesh["control"]["rollout"], {"steps": [1, "25%", "100%"], "pause": "30s", "timeout": "2m"})
        self.assertEqual(mesh["control"]["operators"], ["spiffe://shop.example/ns/platform/sa/release"])
        self.assertEqual(mesh["limits"], {"idle_timeout": "30s"})
        self.assertIsNone(mesh.get("inbound"))

    def test_mesh_is_good(self):
        """Of each example that has one: with nothing added, it is a sidecar's whole file."""
        identity = "spiffe://shop.example/ns/shop/sa/price"
        subprocess.run([WOAD, "certs", "--dir", DISK / "ca", "--id", identity], check=True, capture_output=True)
        env = {"WOAD_SERVICE": "price.shop", "WOAD_TLS_DIR": str(DISK / "ca" / "price")}
        seen = 0
        for name, args in self.each_example():
            mesh = self.objects(*args).get(("ConfigMap", "woad-mesh"))
            if not mesh:
                continue
            with self.subTest(values=name):
                seen += 1
                file = documents(mesh["data"]["document"])[0]
                del file["control"]
                (DISK / "mesh.yaml").write_text(json.dumps(file))
                done = subprocess.run([WOAD, "validate", "-c", DISK / "mesh.yaml"], env=env, capture_output=True, text=True,
                                      check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreater(seen, 3)

    def test_documents_of_services(self):
        found = [d for d in documents(template(*IDENTITY, "--set", "control.services.price\\.shop.uses={stock.shop}",
                                               "--set-json", "control.services.audit.uses=[]"))
                 if d["metadata"]["labels"].get("woad.dev/document") == "service"]
        self.assertEqual([(d["metadata"]["namespace"], d["metadata"]["annotations"], d["data"]) for d in found], [
            ("woad-system", {"woad.dev/service": "audit"}, {"document": "uses: []"}),
            ("shop", {"woad.dev/service": "price"}, {"document": "uses:\n- stock.shop"})])

    def test_one_document_a_service(self):
        services = 'control.services={"price": {}, "price.woad-system": {}}'
        code, _, err = run("helm", "template", CHART, "--namespace", "woad-system", *IDENTITY, "--set-json", services,
                           code=None)
        self.assertNotEqual(code, 0, "not refused")
        self.assertIn("price and price.woad-system, which are one service", err)
        run("helm", "template", CHART, "--namespace", "elsewhere", *IDENTITY, "--set-json", services)

    def test_what_others_call_is_served_in_both_families(self):
        """The web addresses of woad by [::], listeners of sidecars by an entry for each family."""
        for name, args in self.each_example():
            with self.subTest(values=name):
                for key, document in self.objects(*args).items():
                    if key[0] == "Deployment":
                        words = document["spec"]["template"]["spec"]["containers"][0]["args"]
                        served = [words[i + 1] for i, word in enumerate(words) if word in ("--serve", "--listen", "--admin")]
                        self.assertEqual(served, [a for a in served if re.fullmatch(r"\[::\]:\d+", a)])
                        self.assertTrue(served)
                    for file, text in document.get("data", {}).items() if key[0] == "ConfigMap" else ():
                        if file in ("woad.yaml", "document", "base.yaml", "red.yaml", "caller.yaml"):
                            self.assert_in_both_families(documents(text)[0])

    def assert_in_both_families(self, file):
        for address in file.get("admin", {}).values():
            self.assertRegex(address, r"^(\[::\]|127\.0\.0\.1):\d+$")
        for kind in ("inbound", "outbound"):
            addresses = {one["address"] for one in file.get(kind, []) if not one["address"].startswith("127.0.0.1:")}
            ports = {address.rsplit(":", 1)[1] for address in addresses}
            self.assertEqual(addresses, {f"{any_address}:{port}" for port in ports for any_address in ("0.0.0.0", "[::]")})

    def notes(self, *args):
        return run("helm", "install", "woad", CHART, "--dry-run=client", *args)[0].rpartition("\nNOTES:\n")[2]

    def test_notes_of_a_control_plane_without_identities(self):
        other = ("--set", "controlPlane=https://other.example:15010")
        self.assertIn("Sidecars will not become ready: the control plane at https://other.example:15010", self.notes(*other))
        for args in ((), (*IDENTITY,), (*IDENTITY, *other)):
            self.assertNotIn("will not become ready", self.notes(*args))
        self.assertIn("from the control plane at https://other.example:15010.", self.notes(*IDENTITY, *other))

    def test_each_source_of_the_webhooks_certificate_has_a_secret_of_its_own(self):
        """What cert-manager made would be in helm's way."""
        names = []
        for source in ("helm", "cert-manager"):
            found = self.objects("--set", f"inject.certificate.source={source}")
            volumes = found["Deployment", "woad-inject"]["spec"]["template"]["spec"]["volumes"]
            names += [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]
            made = found.get(("Certificate", "woad-inject"))
            self.assertTrue(("Secret", names[-1]) in found or made["spec"]["secretName"] == names[-1])
        self.assertEqual(names, ["woad-inject-cert", "woad-inject-tls"])

    @unittest.skipUnless(os.environ.get("PROMTOOL"), "LEFT OUT: no promtool")
    def test_rules(self):
        for words in (("check", "rules", CHART / "files" / "rules.yaml"),
                      ("test", "rules", ROOT / "tests" / "kubernetes" / "alerts.yaml")):
            done = subprocess.run([os.environ["PROMTOOL"], *words], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_ask_for_metrics_that_there_are(self):
        reference = (ROOT / "config" / "reference.md").read_text()
        asked = set(re.findall(r"\bwoad_\w+", (CHART / "files" / "rules.yaml").read_text()))
        self.assertGreater(len(asked), 4)
        self.assertEqual([name for name in asked if f"`{name}" not in reference], [])

    def test_names_fit(self):
        """Long release names are cut, and cut names are still those of objects."""
        for release in ("x", "woad", "a" * 53):
            for document in documents(run("helm", "template", release, CHART, *IDENTITY)[0]):
                self.assertRegex(document["metadata"]["name"], r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")


if __name__ == "__main__":
    unittest.main()
