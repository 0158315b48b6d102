"""The hostile suite: attacks and faults of clients, token holders, providers and networks on a running server.

Each test is a case and records figures with the `figure` fixture; the summary prints them beside those of the server
before it was hardened. `nox -s hostile` runs the suite; `nox -s hostile -- --baseline REVISION` runs the same cases
against the wheels of an older commit and writes `before.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.processes import ServerProcess, serve_process
from support.servers import Providers, run_simulators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BEFORE: Final = Path(__file__).parent / "before.json"


@dataclass(frozen=True)
class Figure:
    """A measurement of a case.

    Attributes:
        case: Test that measured it.
        name: Name of the figure.
        value: The measurement.
        unit: Its unit; empty for a count.
        goal: Its limit, in words.
        passed: Whether it is within the limit.
    """

    case: str
    name: str
    value: float
    unit: str
    goal: str
    passed: bool

    @property
    def key(self) -> str:
        """Name of this figure in `before.json`."""
        return f"{self.case}: {self.name}"

    @property
    def text(self) -> str:
        """The measurement with its unit."""
        return f"{self.value:.4g} {self.unit}".rstrip()


class Figures:
    """Recorder of the figures of one case.

    Args:
        case: Name of the test.
        record: Called with each figure.
        enforce: Whether a figure outside its limit fails the test.
    """

    def __init__(self, case: str, record: Callable[[Figure], None], *, enforce: bool) -> None:
        self._case = case
        self._record = record
        self._enforce = enforce

    def __call__(
        self,
        name: str,
        value: float,
        unit: str = "",
        *,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """Record a measurement and check its limit.

        Args:
            name: Name in the summary.
            value: The measurement.
            unit: Its unit.
            at_most: Largest value that passes.
            at_least: Smallest value that passes.
        """
        passed = (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
        bounds = [
            f"{sign} {bound:g}" for sign, bound in (("≤", at_most), ("≥", at_least)) if bound is not None
        ]
        figure = Figure(self._case, name, value, unit, " and ".join(bounds), passed)
        self._record(figure)
        assert passed or not self._enforce, f"{name}: {figure.text}, must be {figure.goal}"


_FIGURES = pytest.StashKey[list[Figure]]()
_OUTCOMES = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-baseline", type=Path, help="write figures and outcomes to this file; fail nothing"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = []
    config.stash[_OUTCOMES] = {}


def _case(item: pytest.Item) -> str:
    return f"{item.path.stem.removeprefix('test_')}/{item.name.removeprefix('test_')}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    outcomes = item.config.stash[_OUTCOMES]
    if call.when == "call" or report.outcome != "passed":
        outcomes[_case(item)] = report.outcome
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    figures, outcomes = config.stash[_FIGURES], config.stash[_OUTCOMES]
    before = json.loads(BEFORE.read_text()) if BEFORE.is_file() else {"figures": {}, "outcomes": {}}
    rows = [("case", "figure", "before", "now", "goal", "")]
    for case, outcome in outcomes.items():
        taken = [figure for figure in figures if figure.case == case]
        rows += [
            (case, f.name, before["figures"].get(f.key, "-"), f.text, f.goal, "" if f.passed else "FAILED")
            for f in taken
        ]
        if not taken or (outcome != "passed" and all(figure.passed for figure in taken)):
            rows.append((case, "outcome", before["outcomes"].get(case, "-"), outcome, "passed", ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    terminalreporter.section("hostile cases")
    for row in rows:
        terminalreporter.write_line("  ".join(map(str.ljust, row, widths)).rstrip())
    if (file := config.getoption("--record-baseline")) is not None:
        document = {"figures": {figure.key: figure.text for figure in figures}, "outcomes": outcomes}
        file.write_text(json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--record-baseline") is not None:
        session.exitstatus = pytest.ExitCode.OK


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figures:
    """Return the recorder of this case."""
    enforce = request.config.getoption("--record-baseline") is None
    return Figures(_case(request.node), request.config.stash[_FIGURES].append, enforce=enforce)


@pytest.fixture(scope="session")
def providers() -> Iterator[Providers]:
    """Yield the simulated providers, sending faster than real time."""
    with run_simulators(burst=50) as providers:
        yield providers


@pytest.fixture
def server(tmp_path: Path, providers: Providers) -> Iterator[ServerProcess]:
    """Yield a fresh server process in front of the simulated providers."""
    with serve_process(tmp_path, providers.origin) as server:
        yield server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
