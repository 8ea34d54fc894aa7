"""A release from install to uninstall, in a namespace where the API server enforces the restricted level."""
import base64
import time

from support.api import until
from support.suite import SYSTEM, ClusterSuite
from support.tools import CHART, EXAMPLES, run, template
from support.yaml import documents

SECRET = f"/api/v1/namespaces/{SYSTEM}/secrets/woad-inject-cert"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/woad-inject"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
FOREIGN = {  # kinds of other projects that the chart may make: (group, version, plural)
    "PodMonitor": ("monitoring.coreos.com", "v1", "podmonitors"),
    "PrometheusRule": ("monitoring.coreos.com", "v1", "prometheusrules"),
    "Certificate": ("cert-manager.io", "v1", "certificates"),
    "Issuer": ("cert-manager.io", "v1", "issuers"),
}


class Release(ClusterSuite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.namespace(SYSTEM, enforce="restricted")
        for name in ("shop", "checkout"):
            cls.namespace(name)
        for kind, (group, version, plural) in FOREIGN.items():
            cls.api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd(kind, group, version, plural))
            cls.addClassCleanup(cls.api.delete, f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}")
        for group, version, plural in FOREIGN.values():
            until(lambda path=f"/apis/{group}/{version}/{plural}": cls.exists(path), plural)

    def bundle(self):
        """The roots that the API server trusts; the same in all entries."""
        entries = self.api.get(f"{WEBHOOKS}/woad-inject")["webhooks"]
        self.assertEqual(len({entry["clientConfig"]["caBundle"] for entry in entries}), 1)
        return base64.b64decode(entries[0]["clientConfig"]["caBundle"]).decode()

    def ready_replicas(self):
        return self.api.get(DEPLOYMENT)["status"].get("readyReplicas", 0)

    def all_objects(self):
        """Names of what there is of the release, whatever kind helm makes; what the control plane has kept stays."""
        found = []
        for path in (f"/api/v1/namespaces/{SYSTEM}/pods", f"/api/v1/namespaces/{SYSTEM}/services",
                     f"/api/v1/namespaces/{SYSTEM}/configmaps", f"/api/v1/namespaces/{SYSTEM}/secrets",
                     f"/api/v1/namespaces/{SYSTEM}/serviceaccounts", "/api/v1/namespaces/shop/configmaps",
                     f"/apis/apps/v1/namespaces/{SYSTEM}/deployments", f"/apis/apps/v1/namespaces/{SYSTEM}/replicasets",
                     f"/apis/policy/v1/namespaces/{SYSTEM}/poddisruptionbudgets",
                     f"/apis/networking.k8s.io/v1/namespaces/{SYSTEM}/networkpolicies", WEBHOOKS,
                     "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                     "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles",
                     "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings"):
            found += [f"{path}/{item['metadata']['name']}" for item in self.api.items(path)
                      if "woad" in item["metadata"]["name"] and "woad.dev/state" not in item["metadata"].get("labels", {})]
        return found

    def test_install_test_upgrade_rollback_uninstall(self):
        out, _ = self.helm("install", "woad", CHART, "--wait", "--timeout", "5m",
                           "-f", CHART / "examples" / "identity-csi-spiffe.yaml")
        for command in ("helm test woad", "kubectl label namespace", "rollout restart"):
            self.assertIn(command, out)
        self.assertEqual(self.ready_replicas(), 2)
        certificate, bundle = self.api.get(SECRET)["data"], self.bundle()
        out, _ = self.helm("test", "woad", "--timeout", "3m")
        self.assertRegex(out, r"Phase:\s+Succeeded")

        self.install("--reuse-values", "--set", "replicas=3")
        self.assertEqual(self.ready_replicas(), 3)
        self.assertEqual(self.api.get(SECRET)["data"], certificate)
        self.assertEqual(self.bundle(), bundle)

        self.helm("rollback", "woad", "1", "--wait", "--timeout", "5m")
        until(lambda: self.ready_replicas() == 2, "two pods again")
        self.assertEqual(self.api.get(SECRET)["data"], certificate)

        self.helm("uninstall", "woad", "--wait", "--timeout", "5m")
        until(lambda: not self.all_objects(), "nothing is left", 300)

    def test_certificate_is_renewed_without_a_gap(self):
        """The new one comes with both roots, since pods have the old one for a while; then the old root goes."""
        self.install()
        self.addCleanup(self.helm, "uninstall", "woad", "--wait", "--timeout", "5m")
        secret, old = self.api.get(SECRET), self.bundle()
        self.assertGreater(int(secret["metadata"]["annotations"]["woad.dev/renew-after"]), time.time() + 4 * 365 * 86400)
        self.api.patch(SECRET, {"metadata": {"annotations": {"woad.dev/renew-after": "1"}}})
        self.install("--force-conflicts")  # over that
        self.assertNotEqual(self.api.get(SECRET)["data"]["tls.crt"], secret["data"]["tls.crt"])
        both = self.bundle()
        self.assertTrue(both.endswith(old) and len(both) > len(old))
        self.install()
        self.assertEqual(self.bundle() + old, both)

    def test_source_of_the_certificate_is_changed_and_back(self):
        """Helm and cert-manager, whose part is played here, are not in each other's way."""
        self.install()
        self.addCleanup(self.helm, "uninstall", "woad", "--wait", "--timeout", "5m")
        of_helm, bundle = self.api.get(SECRET)["data"], self.bundle()
        self.helm("upgrade", "woad", CHART, "--set", "inject.certificate.source=cert-manager")
        until(lambda: not self.exists(SECRET), "helm's Secret is gone")
        self.api.post(f"/api/v1/namespaces/{SYSTEM}/secrets", {
            "metadata": {"name": "woad-inject-tls"}, "type": "kubernetes.io/tls", "data": of_helm})
        self.addCleanup(self.api.delete, f"/api/v1/namespaces/{SYSTEM}/secrets/woad-inject-tls")
        entries = self.api.get(f"{WEBHOOKS}/woad-inject")["webhooks"]
        self.assertEqual([entry["clientConfig"].get("caBundle") for entry in entries], [None, None])
        for entry in entries:
            entry["clientConfig"]["caBundle"] = base64.b64encode(bundle.encode()).decode()
        self.api.patch(f"{WEBHOOKS}/woad-inject", {"webhooks": entries})
        self.install("--set", "inject.certificate.source=cert-manager")
        self.assertEqual(self.bundle(), bundle)

        back = ("upgrade", "woad", CHART, "--set", "inject.certificate.source=helm", "--wait", "--timeout", "5m")
        _, _, err = self.helm(*back, code=None)
        self.assertIn("caBundle", err)  # as the README says
        self.helm(*back, "--force-conflicts")
        self.assertNotEqual(self.bundle(), bundle)
        self.helm("rollback", "woad", "2", "--wait", "--timeout", "5m")
        self.assertFalse(self.exists(SECRET))

    def test_server_takes_every_object(self):
        """Strict dry run of all examples; the API server's own eye on Pod Security, since their Pods are among it."""
        for values in (None, *EXAMPLES):
            with self.subTest(values=values and values.name):
                text = template(*(("-f", values) if values else ()))
                out, err = run("kubectl", "apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)
                self.assertEqual(err, "")
                self.assertEqual(out.count("(server dry run)"), len(documents(text)))
                for pod in templates_of_pods(documents(text)):
                    self.api.post(f"/api/v1/namespaces/{SYSTEM}/pods?dryRun=All&fieldValidation=Strict", pod)


def templates_of_pods(found):
    """Pods as the Deployments among the documents would make them; a Deployment itself is warned of only."""
    for document in found:
        if document["kind"] == "Deployment":
            pod = document["spec"]["template"]
            pod["metadata"]["name"] = document["metadata"]["name"]
            pod["spec"].pop("serviceAccountName")  # it does not exist yet
            pod["spec"].pop("priorityClassName", None)
            yield pod


def crd(kind, group, version, plural):
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
                     "versions": [{"name": version, "served": True, "storage": True,
                                   "schema": {"openAPIV3Schema": schema}}]}}
