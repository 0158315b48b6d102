"""examples/deploy: dashboard and alerts ask for numbers that the server has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from support.proxy import CONFIGURATION

from mascot_server.observability.metrics import Metrics

if TYPE_CHECKING:
    from .conftest import Stage

DEPLOY = Path(__file__).parents[2] / "examples/deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/dashboards/mascot.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
ADAPTER = yaml.safe_load((DEPLOY / "kubernetes/prometheus-adapter.yaml").read_text())["rules"]["custom"][0]

PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = {
    **{
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in PANELS
        for target in panel["targets"]
    },
    **{rule["alert"]: rule["expr"] for rule in RULES},
    "adapter": ADAPTER["metricsQuery"]
    .replace("<<.LabelMatchers>>", 'pod="a"')
    .replace("<<.GroupBy>>", "pod"),
}
query = pytest.mark.parametrize("expression", QUERIES.values(), ids=QUERIES)

OTHERS = {"haproxy_server_status", "up"}
"""Of HAProxy, read by the test of the topology; and of Prometheus itself."""

LABELS_OF_OTHERS = {"instance", "job", "pod", "le", "worker", "proxy", "server", "state"}


@pytest.fixture(scope="module")
def exported(stage: Stage) -> set[str]:
    """Names of all series that the server has."""
    text = httpx.get(f"{stage.server.origin}/metrics").raise_for_status().text
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
    parts = {"histogram": ("_bucket", "_sum", "_count")}
    return {name + part for name, kind in kinds for part in parts.get(kind, ("",))}


@query
def test_metrics_exist(expression: str, exported: set[str]) -> None:
    named = set(re.findall(r"\b(?:mascot|haproxy)_\w+|\bup\b", expression))
    assert named
    assert named <= exported | OTHERS


@query
def test_labels_exist(expression: str) -> None:
    labels = {
        label for metric in Metrics() for label in getattr(metric, "labels", ()) if metric.name in expression
    }
    grouped = re.findall(r"(?:by|ignoring) \(([^)]*)\)", expression)
    matched = re.findall(r"(\w+)=~?\"", expression)
    used = {label.strip() for labels in grouped for label in labels.split(",")} | set(matched)
    assert used <= labels | LABELS_OF_OTHERS


def test_every_metric_is_shown() -> None:
    shown = " ".join(QUERIES.values())
    assert [metric.name for metric in Metrics() if metric.name not in shown] == []


def test_prometheus_takes_every_query(tmp_path: Path) -> None:
    promtool = _promtool()
    rules = [
        {"record": "checked", "expr": expression.replace("$__rate_interval", "1m").replace("$instance", ".*")}
        for expression in QUERIES.values()
    ]
    groups = {"groups": [{"name": f"{number}", "rules": [rule]} for number, rule in enumerate(rules)]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(groups))
    _succeeds(promtool, "check", "rules", str(tmp_path / "rules.yml"))
    _succeeds(promtool, "check", "config", str(DEPLOY / "prometheus/prometheus.yml"))


def test_alerts_say_what_to_do() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_the_nodes_are_named_as_in_the_proxy() -> None:
    backends = re.findall(r"^backend (\S+)$", CONFIGURATION.read_text(), re.MULTILINE)
    asked = {name for text in QUERIES.values() for name in re.findall(r'proxy="(\w+)"', text)}
    assert asked == set(backends)


def test_panels_have_their_places() -> None:
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_source_of_data_is_the_provisioned_one() -> None:
    provisioned = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    (source,) = provisioned["datasources"]
    used = {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert used == {source["uid"]}


def test_the_metric_of_the_autoscaler_is_the_adapters() -> None:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes/scaling.yaml").read_text())
    scaler = next(document for document in documents if document["kind"] == "HorizontalPodAutoscaler")
    (metric,) = scaler["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] == ADAPTER["name"]["as"]


def _promtool() -> str:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on this machine (Debian and Ubuntu: apt-get install prometheus)")
    return promtool


def _succeeds(*command: str) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
