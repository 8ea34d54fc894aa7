"""Pods through the real webhook: the API server calls it by its Service, as it runs in the chart's pods."""
import base64

from support.api import Refused, until
from support.suite import SYSTEM, ClusterSuite, app, names
from support.tools import CHART, DISK
from support.volumes import certificate

INJECTED = (["woad-redirect", "woad"], ["app"])
BARE = ([], ["app"])
DEPLOYMENT = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/woad-inject"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices?labelSelector=kubernetes.io/service-name=woad-inject"
KEY = "woad.dev/inject"

# namespace, label, annotation of woad.dev/inject -> injected?
CHOICES = [
    ("on", None, None, True),
    ("on", "enabled", None, True),
    ("on", "disabled", None, False),
    ("on", None, "disabled", False),
    ("on", "disabled", "enabled", False),
    ("off", None, None, False),
    ("off", "enabled", None, True),
    ("off", None, "enabled", True),
    ("off", "enabled", "disabled", False),
    ("off", "other", None, False),
    ("never", None, None, False),
    ("never", "enabled", None, False),
    ("never", None, "enabled", False),
]


class Injection(ClusterSuite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.namespace(SYSTEM, enforce="restricted")
        cls.namespace("on", inject="enabled")
        cls.namespace("off")
        cls.namespace("never", inject="disabled")
        cls.namespace("strict", inject="enabled", enforce="restricted")
        for name in ("shop", "checkout"):
            cls.namespace(name, inject="enabled")
        cls.install()
        cls.addClassCleanup(cls.helm, "uninstall", "woad", "--wait", "--timeout", "5m")
        cls.wait_for_webhook()

    @classmethod
    def wait_for_webhook(cls):
        """The API server learns of endpoints by watching: ready pods are called a moment later."""
        def called():
            pod = cls.api.post("/api/v1/namespaces/on/pods?dryRun=All", app("asked"))
            return names(pod) == INJECTED
        until(called, "the webhook is called")

    def test_deployment(self):
        pod = app(labels={"app.kubernetes.io/name": "price", "woad.dev/color": "red"})
        self.api.post("/apis/apps/v1/namespaces/on/deployments", {
            "metadata": {"name": "price-red"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app.kubernetes.io/name": "price"}}, "template": pod}})
        selector = "app.kubernetes.io/name=price"

        def running():
            found = self.pods("on", selector)
            return len(found) == 2 and all(p["status"]["phase"] == "Running" for p in found) and found
        for made in until(running, "two pods that run"):
            self.assertEqual(names(made), INJECTED)
            redirect, woad = made["spec"]["initContainers"]
            self.assertEqual(woad["restartPolicy"], "Always")
            self.assertEqual(woad["startupProbe"]["httpGet"]["path"], "/readyz")
            self.assertEqual(redirect["securityContext"]["capabilities"], {"add": ["NET_ADMIN"], "drop": ["ALL"]})
            self.assertEqual(woad["securityContext"]["capabilities"], {"drop": ["ALL"]})
            self.assertEqual(made["spec"]["containers"][0]["image"], "registry.example/app:1")
            variables = {v["name"]: v.get("value") for v in woad["env"]}
            self.assertEqual(variables["WOAD_SERVICE"], "price")
            self.assertEqual(woad["image"], "woad:0.1.0")

    def test_who_gets_a_sidecar(self):
        for namespace, label, annotation, injected in CHOICES:
            with self.subTest(namespace=namespace, label=label, annotation=annotation):
                pod = app(labels={KEY: label} if label else None, annotations={KEY: annotation} if annotation else None)
                self.assertEqual(names(self.create(namespace, pod)), INJECTED if injected else BARE)

    def test_twice_changes_nothing(self):
        once = self.create("on", app())
        again = self.create("on", {"metadata": {k: once["metadata"].get(k) for k in ("name", "labels", "annotations")},
                                   "spec": once["spec"]})
        self.assertEqual(names(once), INJECTED)
        self.assertEqual(again["spec"], once["spec"])
        self.assertEqual(again["metadata"]["annotations"], once["metadata"]["annotations"])

    def test_host_network_is_left_alone_and_warned_of(self):
        pod = self.create("on", app(hostNetwork=True))
        self.assertEqual(names(pod), BARE)
        self.assertIn("host", " ".join(self.api.warnings))

    def test_annotation_that_cannot_be_meant_is_refused(self):
        with self.assertRaises(Refused) as caught:
            self.create("on", app(annotations={"woad.dev/exclude-outbound-ports": "http"}))
        self.assertIn("woad.dev/exclude-outbound-ports", str(caught.exception))

    def test_without_interception_the_restricted_level_lets_pods_in(self):
        with self.assertRaises(Refused) as caught:
            self.create("strict", app())
        self.assertIn("NET_ADMIN", str(caught.exception))
        self.install("--set", "redirect=false")
        self.addCleanup(self.back_to_defaults)
        self.assertEqual(names(until(lambda: self.create("strict", app()), "the new settings")), (["woad"], ["app"]))

    def back_to_defaults(self):
        self.install("--reset-values", "--force-conflicts")
        self.wait_for_webhook()

    def test_identities(self):
        """Each example's values are what the webhook starts with, and what its pods come out with."""
        self.addCleanup(self.back_to_defaults)
        certificate(f"spiffe://shop.example/ns/{SYSTEM}/sa/woad-control", DISK / "control", DISK)
        files = {file.name: base64.b64encode(file.read_bytes()).decode() for file in (DISK / "control").iterdir()}
        self.api.post(f"/api/v1/namespaces/{SYSTEM}/secrets", {"metadata": {"name": "woad-identity"}, "data": files})
        for source, volume in (
                ("csi-cert-manager", lambda v: v.get("csi", {}).get("driver") == "csi.cert-manager.io"),
                ("csi-spiffe", lambda v: v.get("csi", {}).get("driver") == "spiffe.csi.cert-manager.io"),
                ("secret", lambda v: v.get("secret", {}).get("secretName") == "woad-identity"),
                ("none", None)):
            with self.subTest(source=source):
                self.install("--reset-values", "-f", CHART / "examples" / f"identity-{source}.yaml")

                def as_meant():
                    pod = self.create("shop", app())
                    woad = pod["spec"]["initContainers"][-1]
                    names_of = [v["name"] for v in woad["env"]]
                    has = "WOAD_TLS_DIR" in names_of and "WOAD_CONTROL_PLANE" in names_of
                    found = [v for v in pod["spec"]["volumes"] if volume and volume(v)]
                    return has == bool(volume) and len(found) == (1 if volume else 0)
                until(as_meant, f"pods with identity from {source}")
                self.assertIn("woad.yaml", self.api.get("/api/v1/namespaces/shop/configmaps/woad")["data"])

    def test_webhook_down(self):
        """Pods are made all the same; by failurePolicy Fail they are not, but the webhook's own are, even where its
        own namespace is opted in: it would never come back."""
        self.api.patch(f"/api/v1/namespaces/{SYSTEM}", {"metadata": {"labels": {KEY: "enabled"}}})
        self.addCleanup(self.api.patch, f"/api/v1/namespaces/{SYSTEM}", {"metadata": {"labels": {KEY: None}}})
        self.addCleanup(self.back_to_defaults)
        self.scale(0)
        until(lambda: names(self.create("on", app())) == BARE, "pods without sidecar")
        self.assertEqual(names(self.create("on", app("bare"), dry=False)), BARE)
        self.api.delete("/api/v1/namespaces/on/pods/bare", grace=0)

        self.install("--set", "failurePolicy=Fail", "--force-conflicts")  # over what scale() did
        until(lambda: names(self.create("on", app())) == INJECTED, "the webhook is back")
        self.scale(0)
        until(lambda: "failed calling webhook" in (self.refusal("on") or ""), "pods are refused")
        self.assertEqual(names(self.create("off", app())), BARE)
        self.scale(1)
        until(lambda: names(self.create("on", app())) == INJECTED, "the webhook is back again")

    def scale(self, replicas):
        self.api.patch(DEPLOYMENT, {"spec": {"replicas": replicas}})
        until(lambda: len([e for s in self.api.items(SLICES) for e in s.get("endpoints") or []]) == replicas,
              f"{replicas} endpoints")

    def refusal(self, namespace):
        try:
            self.create(namespace, app())
        except Refused as refused:
            return str(refused)
        return None
