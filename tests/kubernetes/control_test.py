"""The chart's control plane at the real API server: whatever changes in the cluster is seen by a caller's sidecar.

All pods run as they would: the webhook injects, `woad redirect` redirects, a driver brings certificates, and sidecars
start with nothing but their environment.
"""
from support.api import until
from support.mesh import Space, ask, pages_of_control
from support.suite import SYSTEM, ClusterSuite, cluster
from support.tools import CHART

MESH = f"/api/v1/namespaces/{SYSTEM}/configmaps/woad-mesh"


class Control(ClusterSuite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.namespace(SYSTEM, enforce="restricted")
        cls.namespace("checkout")
        cls.namespace("shop", inject="enabled")
        cls.install("-f", CHART / "examples" / "identity-csi-spiffe.yaml")
        cls.addClassCleanup(cls.helm, "uninstall", "woad", "--wait", "--timeout", "5m")
        cls.shop = Space(cls.api, "shop")
        cls.shop.deploy("price", 2)
        cls.shop.deploy("cart")
        cls.shop.settled("price", 2)
        cls.shop.settled("cart", 1)

    def planes(self):
        found = self.pods(SYSTEM, "app.kubernetes.io/component=control")
        return [pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def assert_seen(self, pods, color=None):
        """Sooner or later exactly these answer to cart, each of them within many requests, and nobody else."""
        def all_of_them():
            return {ask(caller, "price.shop", color) for _ in range(8 * len(pods))} == pods
        caller = next(iter(self.shop.pods("cart")))
        until(all_of_them, f"answers of {sorted(pods)}", 300)

    def test_scaled(self):
        for replicas in (3, 1, 2):
            self.shop.change("price", {"replicas": replicas})
            self.assert_seen(self.shop.settled("price", replicas))

    def test_rolled(self):
        before = self.shop.settled("price", 2)
        self.shop.change("price", {"template": {"metadata": {"annotations": {"rolled": "once"}}}})
        until(lambda: not self.shop.pods("price") & before, "new pods", 300)
        self.assert_seen(self.shop.settled("price", 2))

    def test_relabelled(self):
        pods = self.shop.settled("price", 2)
        red = sorted(pods)[0]
        path = f"/api/v1/namespaces/shop/pods/{red}"
        self.assert_seen(pods)
        self.api.patch(path, {"metadata": {"labels": {"woad.dev/color": "red"}}})
        self.assert_seen({red}, "red")
        self.assert_seen(pods - {red})
        self.assert_seen(pods - {red}, "green")
        self.api.patch(path, {"metadata": {"labels": {"woad.dev/color": None}}})
        self.assert_seen(pods)

    def test_api_server_restarted(self):
        pods, caller = self.shop.settled("price", 2), next(iter(self.shop.settled("cart", 1)))
        self.assert_seen(pods)
        cluster().kill_api_server()
        self.addCleanup(cluster().wait_for_api_server)
        self.addCleanup(cluster().start_api_server)
        for _ in range(10):
            self.assertIn(ask(caller, "price.shop"), pods)
        self.doCleanups()
        self.shop.change("price", {"replicas": 3})
        self.assert_seen(self.shop.settled("price", 3))
        self.shop.change("price", {"replicas": 2})
        self.assert_seen(self.shop.settled("price", 2))

    def test_document_with_a_mistake(self):
        """It is told with its place by each replica, and changes nothing."""
        good = self.api.get(MESH)["data"]["document"]
        self.addCleanup(self.api.patch, MESH, {"data": {"document": good}})
        self.api.patch(MESH, {"data": {"document": good + "limts: {}\n"}})
        line = len(good.splitlines()) + 1

        def problems():
            pages = [page["problems"] for page in pages_of_control(self.planes(), "/v1/problems")]
            return all(pages) and pages
        for page in until(problems, "the problem is told"):
            self.assertEqual([problem["line"] for problem in page], [line] * len(page))
            self.assertIn("limts", str(page[0]))
            self.assertIn("woad-mesh", page[0]["document"])
        self.assert_seen(self.shop.settled("price", 2))
        self.api.patch(MESH, {"data": {"document": good}})
        until(lambda: not any(page["problems"] for page in pages_of_control(self.planes(), "/v1/problems")), "it is mended")


if __name__ == "__main__":
    import unittest
    unittest.main()
