"""The manifests: what the API server takes, and what they have to agree about with each other and the configuration."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.integration.cli.program import Program, get
from tests.integration.installed import free_port, program
from vizgate.cli.main import main
from vizgate.config import load_config
from vizgate.units import parse_duration

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"
FOLDERS = ["base", "components/redis", "components/discovery", "components/monitoring"]
CONFIGS = [KUBERNETES / "base" / "vizgate.yaml", KUBERNETES / "overlays" / "production" / "vizgate.yaml"]
#: The oldest version that is still maintained somewhere, and the newest one whose schemas are installed.
VERSIONS = ["1.29", kubernetes_validate.latest_version()]
#: Kinds of the Prometheus operator, which no schema of Kubernetes describes.
FOREIGN = {"ServiceMonitor"}
NAME = {"app.kubernetes.io/name": "vizgate"}

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def kustomization(folder: str) -> Manifest:
    return documents(KUBERNETES / folder / "kustomization.yaml")[0]


def resources(folder: str) -> list[Manifest]:
    """What *folder* brings, as its kustomization lists it."""
    names = kustomization(folder)["resources"]
    return [each for name in names for each in documents(KUBERNETES / folder / name)]


def built(folder: str) -> list[Manifest]:
    """What kustomize makes of *folder*; the test skips without it."""
    command = [program("kubectl"), "kustomize", str(KUBERNETES / folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return list(yaml.safe_load_all(done.stdout))


def one(manifests: list[Manifest], kind: str, name: str = "vizgate") -> Manifest:
    (found,) = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def pod(manifests: list[Manifest]) -> Manifest:
    spec: Manifest = one(manifests, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(manifests: list[Manifest]) -> Manifest:
    (found,) = pod(manifests)["containers"]
    return found


@pytest.fixture
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIZGATE_ADMIN_TOKEN", "VIZGATE_METRICS_TOKEN"):
        monkeypatch.setenv(name, name.ljust(64, "x"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_manifests_are_valid(folder: str, version: str) -> None:
    """Each manifest meets the schema of its kind, strictly: no field that Kubernetes does not know."""
    for each in resources(folder):
        if each["kind"] not in FOREIGN:
            kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.system
@pytest.mark.parametrize("folder", ["base", "overlays/production"])
def test_built_manifests_are_valid(folder: str) -> None:
    """What kustomize makes of base and components, patches included, is valid and names no object twice."""
    made = built(folder)
    for each in made:
        if each["kind"] not in FOREIGN:
            kubernetes_validate.validate(each, VERSIONS[-1], strict=True)
    names = [(each["kind"], each["metadata"]["name"]) for each in made]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.system
def test_overlay_has_what_the_components_bring() -> None:
    """Redis, discovery and monitoring reach the deployment: settings, a token of the API server, network rules."""
    made = built("overlays/production")
    names = {each["name"] for each in container(made)["env"]}
    assert {"VIZGATE_ADMIN_TOKEN", "VIZGATE_STORE__KIND", "VIZGATE_STORE__PASSWORD"} <= names
    assert pod(made)["automountServiceAccountToken"] is True
    assert one(made, "RoleBinding", "vizgate-discovery")["subjects"][0]["namespace"] == "edge"
    assert {"vizgate", "vizgate-redis", "vizgate-discovery"} == {
        each["metadata"]["name"] for each in made if each["kind"] == "NetworkPolicy"
    }


@pytest.mark.system
def test_changed_configuration_is_rolled_out() -> None:
    """The pods name the configuration by a hash of its contents, so that a change makes new pods."""
    made = built("base")
    (config,) = [each for each in made if each["kind"] == "ConfigMap"]
    (volume,) = [each for each in pod(made)["volumes"] if "configMap" in each]
    assert config["metadata"]["name"] == volume["configMap"]["name"]
    assert re.fullmatch(r"vizgate-\w{10}", config["metadata"]["name"])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.parent.name)
@pytest.mark.usefixtures("_token")
def test_configuration_passes_its_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``vizgate check`` has nothing against the configurations in the manifests, nor the audit; their tests pass."""
    assert 0 == main(["check", str(path), "--audit", "--fail-on", "note"]), capsys.readouterr()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.parent.name)
@pytest.mark.usefixtures("_token")
def test_ports_are_those_of_the_configuration(path: Path) -> None:
    """The container's ports, by which services and probes name them, are the ones that the gateway listens on."""
    server = load_config(path).server
    ports = {each["name"]: each["containerPort"] for each in container(resources("base"))["ports"]}
    assert {"http": server.listen[0].address.port, "admin": server.admin.port} == ports


def test_names_of_ports_exist() -> None:
    """Services, probes and network rules name ports that the container has."""
    base, monitoring = resources("base"), resources("components/monitoring")
    ports = {each["name"] for each in container(base)["ports"]}
    named = {port["targetPort"] for each in [*base, *monitoring] if each["kind"] == "Service"
             for port in each["spec"]["ports"]}  # fmt: skip
    named |= {rule["port"] for part in one(base, "NetworkPolicy")["spec"]["ingress"] for rule in part["ports"]}
    named |= {container(base)[probe]["httpGet"]["port"] for probe in PROBES}
    assert ports == named


PROBES = {"startupProbe": "/readiness", "readinessProbe": "/readiness", "livenessProbe": "/liveness"}


def test_probes_ask_for_what_they_mean() -> None:
    """A pod that drains or misses a service gets no traffic, but only one that does not work is killed."""
    found = {name: container(resources("base"))[name]["httpGet"]["path"] for name in PROBES}
    assert found == PROBES


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.parent.name)
@pytest.mark.usefixtures("_token")
def test_pod_has_time_to_drain(path: Path) -> None:
    """What preStop waits, the delay and the requests in flight are done before the kubelet kills."""
    server, base = load_config(path).server, resources("base")
    command = container(base)["lifecycle"]["preStop"]["exec"]["command"]
    waits_s = parse_duration(command[command.index("--wait") + 1])
    needed_s = waits_s + server.shutdown_delay + server.shutdown_timeout
    assert needed_s < pod(base)["terminationGracePeriodSeconds"] <= needed_s + 10


def test_pod_may_nothing() -> None:
    """No root, no capability, no way to get one, no writable root, no token of the API server, no mutable image."""
    base = resources("base")
    context = container(base)["securityContext"]
    assert {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } == context
    assert pod(base)["securityContext"]["runAsNonRoot"] is True
    assert "RuntimeDefault" == pod(base)["securityContext"]["seccompProfile"]["type"]
    assert pod(base)["automountServiceAccountToken"] is False
    assert re.fullmatch(r"vizgate:\d+\.\d+\.\d+", container(base)["image"])


def selectors(manifests: list[Manifest]) -> Iterator[Manifest]:
    """What chooses the gateway's pods, in every object that does."""
    for each in manifests:
        spec = each.get("spec", {})
        match each["kind"]:
            case "Deployment":
                yield spec["selector"]["matchLabels"]
                yield spec["template"]["metadata"]["labels"]
                yield from (
                    each["labelSelector"]["matchLabels"] for each in pod(manifests)["topologySpreadConstraints"]
                )
            case "Service":
                yield spec["selector"]
            case "PodDisruptionBudget":
                yield spec["selector"]["matchLabels"]
            case "NetworkPolicy":
                yield spec["podSelector"]["matchLabels"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_selectors_choose_the_pods(folder: str) -> None:
    """Every object chooses the gateway's pods and no others: an empty selector would be the whole namespace."""
    assert all(each == NAME for each in selectors(resources(folder)))


def test_autoscaler_and_budget_leave_somebody() -> None:
    """At least two pods, and only one at a time may be taken away on purpose; the deployment sets no number."""
    base = resources("base")
    scaler = one(base, "HorizontalPodAutoscaler")["spec"]
    assert scaler["minReplicas"] >= 2
    assert "replicas" not in one(base, "Deployment")["spec"]
    assert {"apiVersion": "apps/v1", "kind": "Deployment", "name": "vizgate"} == scaler["scaleTargetRef"]
    assert 1 == one(base, "PodDisruptionBudget")["spec"]["maxUnavailable"]
    assert 0 == one(base, "Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]


def test_discovery_may_read_slices_and_nothing_else() -> None:
    """The account of the gateway may list and watch EndpointSlices of its namespace."""
    role, binding = resources("components/discovery")[:2]
    slices = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]}
    assert [slices] == role["rules"]
    assert (role["kind"], binding["kind"]) == ("Role", "RoleBinding")
    assert binding["subjects"][0]["name"] == pod(resources("base"))["serviceAccountName"]


def test_monitor_scrapes_the_metrics_service() -> None:
    """The monitor finds the service by its label and asks the port for metrics."""
    service, monitor = resources("components/monitoring")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    endpoint = monitor["spec"]["endpoints"][0]
    assert ({"admin"}, "/metrics") == ({each["name"] for each in service["spec"]["ports"]}, endpoint["path"])
    assert endpoint["port"] == "admin"
    # That of a reader: who can read the monitor's secret must not be able to drain the gateway.
    assert {"name": "vizgate-admin", "key": "metrics-token"} == endpoint["authorization"]["credentials"]


def test_redis_component_makes_a_redis_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the component adds to the environment is a store that the loader takes, whatever the file says."""
    (patch,) = documents(KUBERNETES / "components" / "redis" / "store.yaml")
    for each in container([patch])["env"]:
        monkeypatch.setenv(each["name"], each.get("value", "secret"))
    monkeypatch.setenv("VIZGATE_ADMIN_TOKEN", "x" * 64)
    monkeypatch.setenv("VIZGATE_METRICS_TOKEN", "y" * 64)
    store = load_config(CONFIGS[0]).store
    assert ("redis", "redis://redis:6379/0") == (store.kind, store.url)


@pytest.mark.slow
def test_hook_before_the_stop_takes_the_pod_out_of_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Probes are content with the base's gateway; after the hook readiness fails, and it lives and serves on."""
    monkeypatch.setenv("VIZGATE_ADMIN_TOKEN", "x" * 64)
    monkeypatch.setenv("VIZGATE_METRICS_TOKEN", "y" * 64)
    port, admin = free_port(), free_port()
    config = tmp_path / "vizgate.yaml"
    text = CONFIGS[0].read_text("utf-8").replace("0.0.0.0:8080", f"127.0.0.1:{port}").replace("9900", str(admin))
    config.write_text(text)
    with Program(["serve", str(config)], tmp_path) as serving:
        serving.wait_serving()
        probed = {name: container(resources("base"))[name]["httpGet"]["path"] for name in PROBES}
        assert [200, 200, 200] == [get(admin, path)[0] for path in probed.values()]
        hook = container(resources("base"))["lifecycle"]["preStop"]["exec"]["command"]
        words = [{"/etc/vizgate/vizgate.yaml": str(config), "10s": "10ms"}.get(word, word) for word in hook[1:]]
        subprocess.run([sys.executable, "-m", "vizgate", *words], check=True, capture_output=True, timeout=60)
        assert (503, 200) == (get(admin, probed["readinessProbe"])[0], get(admin, probed["livenessProbe"])[0])
        assert 200 == get(port, "/hello")[0]
