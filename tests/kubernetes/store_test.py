"""`woad control --store kubernetes` at a real API server: what runs there is what replicas know, through everything that
happens to lists, watches and credentials."""
import base64
import json
import urllib.request

from support.api import until
from support.cluster import ETCD
from support.replica import Replica
from support.suite import SYSTEM, ClusterSuite, cluster

SHOP = "shop"
MESH = "outbound: [{ address: 127.0.0.1:15001 }]\n"
SERVICES = f"/api/v1/namespaces/{SHOP}/services"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{SHOP}/deployments"
MAPS = f"/api/v1/namespaces/{SYSTEM}/configmaps"


def compact_etcd():
    """All history up to now is gone: watches from before get 410."""
    def call(what, body):
        request = urllib.request.Request(f"http://127.0.0.1:{ETCD}/v3/{what}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())
    now = call("kv/range", {"key": base64.b64encode(b"x").decode()})["header"]["revision"]
    call("kv/compaction", {"revision": now, "physical": True})


class Store(ClusterSuite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in (SYSTEM, SHOP):
            cls.namespace(name)
        cls.api.post(MAPS, {"metadata": {"name": "woad-mesh", "labels": {"woad.dev/document": "mesh"}},
                            "data": {"document": MESH}})
        cls.replicas = [cls.replica(cluster().dir / "kubeconfig") for _ in range(2)]
        for replica in cls.replicas:
            until(replica.is_ready, "a replica is ready")

    @classmethod
    def replica(cls, kubeconfig):
        replica = Replica(kubeconfig)
        cls.addClassCleanup(replica.stop)
        return replica

    def deploy(self, name, replicas=2, labels=None):
        """A Service and its pods, which kwok says run; gone with the test."""
        pod = {"metadata": {"labels": {"app": name, **(labels or {})}},
               "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]}}
        self.api.post(SERVICES, {"metadata": {"name": name}, "spec": {
            "selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080, "appProtocol": "kubernetes.io/h2c"}]}})
        self.addCleanup(self.api.delete, f"{SERVICES}/{name}")
        self.api.post(DEPLOYMENTS, {"metadata": {"name": name}, "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod}})
        self.addCleanup(self.api.delete, f"{DEPLOYMENTS}/{name}")
        self.all_know(name, replicas)

    def scale(self, name, replicas):
        self.api.patch(f"{DEPLOYMENTS}/{name}", {"spec": {"replicas": replicas}})

    def ready_pods(self, name):
        """pod -> (address, colour), as the API server has them; None while they are not the Deployment's number."""
        wanted = self.api.get(f"{DEPLOYMENTS}/{name}")["spec"]["replicas"]
        pods = {}
        for pod in self.pods(SHOP, f"app={name}"):
            conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
            if conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]:
                color = pod["metadata"]["labels"].get("woad.dev/color")
                pods[pod["metadata"]["name"]] = (pod["status"]["podIP"] + ":8080", color)
        return pods if len(pods) == wanted else None

    def all_know(self, name, count=None, replicas=None, seconds=180):
        """Both replicas say of the service what the API server says."""
        def agree():
            pods = self.ready_pods(name)
            if pods is None or count not in (None, len(pods)):
                return False
            for replica in replicas or self.replicas:
                known = {instance: (address, labels.get("color"))
                         for instance, (address, labels) in replica.instances(f"{name}.{SHOP}").items()}
                if known != pods:
                    return False
            return True
        until(agree, f"{name} as it is", seconds)

    @staticmethod
    def restart_api_server(*more):
        """As if its machine had been switched off: no stream is ended."""
        cluster().kill_api_server()
        cluster().start_api_server(*more)
        cluster().wait_for_api_server()

    def test_scaled_relabelled_rolled(self):
        self.deploy("price", 2)
        self.scale("price", 4)
        self.all_know("price", 4)
        self.scale("price", 1)
        self.all_know("price", 1)
        pod = next(iter(self.ready_pods("price")))
        self.api.patch(f"/api/v1/namespaces/{SHOP}/pods/{pod}", {"metadata": {"labels": {"woad.dev/color": "red"}}})
        self.all_know("price", 1)
        before = set(self.ready_pods("price"))
        self.api.patch(f"{DEPLOYMENTS}/price", {"spec": {"template": {"metadata": {"labels": {"woad.dev/color": "blue"}}}}})

        def rolled():
            pods = self.ready_pods("price")
            return pods and not before & set(pods)
        until(rolled, "new pods", 180)
        self.all_know("price", 1)
        self.assertEqual([color for _, color in self.ready_pods("price").values()], ["blue"])

    def test_each_port_of_a_service(self):
        """Its further ports are services on the same hosts, while it has them."""
        self.deploy("many", 2)
        web = {"name": "web", "port": 80, "targetPort": 8080, "appProtocol": "kubernetes.io/h2c"}
        db = {"name": "db", "port": 5432, "targetPort": 5000, "appProtocol": "postgresql"}
        replica = self.replicas[0]

        def port_of(service):
            addresses = [address for address, _ in replica.instances(service).values()]
            return {address.rsplit(":", 1)[1] for address in addresses} if len(addresses) == 2 else None
        self.api.patch(f"{SERVICES}/many", {"spec": {"ports": [web, db]}})
        until(lambda: (port_of("many.shop"), port_of("many.shop_db")) == ({"8080"}, {"5000"}), "both ports", 60)
        self.api.patch(f"{SERVICES}/many", {"spec": {"ports": [web]}})
        until(lambda: replica.ask("/v1/instances/many.shop_db")[0] == 404, "the port is gone", 60)
        self.assertEqual(port_of("many.shop"), {"8080"})

    def test_a_service_goes_with_its_object(self):
        self.deploy("gone", 1)
        self.api.delete(f"{SERVICES}/gone")
        self.addCleanup(self.api.post, SERVICES, {"metadata": {"name": "gone"}, "spec": {"ports": [{"port": 80}]}})
        for replica in self.replicas:
            until(lambda replica=replica: replica.ask(f"/v1/instances/gone.{SHOP}")[0] == 404, "it is not known")

    def test_api_server_restarted(self):
        self.deploy("stock", 2)
        known = self.replicas[0].instances(f"stock.{SHOP}")
        self.restart_api_server()
        self.assertEqual(self.replicas[0].instances(f"stock.{SHOP}"), known)
        self.scale("stock", 3)
        self.all_know("stock", 3)
        for replica in self.replicas:
            until(lambda replica=replica: "warning: the store" not in replica.readyz()[1], "the store is back")

    def test_api_server_away(self):
        """What is known stays; /readyz says since when."""
        self.deploy("held", 1)
        known = self.replicas[0].instances(f"held.{SHOP}")
        cluster().kill_api_server()
        for replica in self.replicas:
            until(lambda replica=replica: "warning:" in replica.readyz()[1], "a warning")
            self.assertEqual(replica.readyz()[0], 200)
            self.assertEqual(replica.instances(f"held.{SHOP}"), known)
        fresh = self.replica(cluster().dir / "kubeconfig")
        until(lambda: fresh.readyz()[0] == 503, "no store, not ready")
        cluster().start_api_server()
        cluster().wait_for_api_server()
        until(fresh.is_ready, "a replica that came while the store was away")
        self.all_know("held", 1, [fresh, *self.replicas])

    def test_compacted_while_a_replica_slept(self):
        """410: its watches are from a version that is no more."""
        self.deploy("cart", 2)
        self.addCleanup(self.restart_api_server)
        self.restart_api_server("--watch-cache=false")
        self.all_know("cart", 2)
        sleeper = self.replicas[1]
        sleeper.pause()
        try:
            self.restart_api_server("--watch-cache=false")
            self.scale("cart", 3)
            self.all_know("cart", 3, self.replicas[:1])
            self.scale("cart", 1)
            self.all_know("cart", 1, self.replicas[:1])
            compact_etcd()
        finally:
            sleeper.go_on()
        self.all_know("cart", 1)

    def test_compacted_under_load(self):
        self.deploy("busy", 1)
        for count in (3, 2, 4, 1):
            self.scale("busy", count)
            compact_etcd()
        self.all_know("busy", 1)

    def test_token_is_read_again(self):
        """A replica with a token that is not good yet is not ready; once the file has another one it is."""
        folder = cluster().dir
        config = json.loads((folder / "kubeconfig").read_text())
        token = config["users"][0]["user"]["token"]
        config["users"][0]["user"] = {"tokenFile": "rotating-token"}
        (folder / "rotating-kubeconfig").write_text(json.dumps(config))
        (folder / "rotating-token").write_text("stale\n")
        replica = self.replica(folder / "rotating-kubeconfig")
        until(lambda: replica.readyz()[0] == 503, "it is up")
        (folder / "rotating-token.new").write_text(token + "\n")
        (folder / "rotating-token.new").rename(folder / "rotating-token")
        until(replica.is_ready, "the new token is used")

    def test_what_one_replica_hears_of_a_sidecar_the_other_shows(self):
        self.deploy("told", 1)
        status, _ = self.replicas[0].ask(f"/v1/status/told.{SHOP}/told-1", {
            "sha256": "0" * 64, "version": "x", "result": "rejected", "error": "line 3: no"})
        self.assertEqual(status, 204)
        until(lambda: "line 3: no" in json.dumps(self.replicas[1].page("problems")), "the other replica knows")
        kept = self.api.items(f"{MAPS}?labelSelector=woad.dev/state=status")
        self.assertTrue(any("told-1" in each.get("data", {}) for each in kept))
