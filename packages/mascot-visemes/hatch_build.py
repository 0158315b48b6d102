"""Build hook: compile the kernels in `csrc`, if there is a C compiler.

Without one the wheel is the same for all platforms, and numpy does the work. The environment variable
``MASCOT_BUILD_KERNELS`` decides otherwise: ``0`` never compiles, ``1`` fails if it cannot compile.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

_MODULE = "mascot_visemes._kernels"
_OPTIMISED = ["-O3", "-g0", "-std=gnu11", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"]


class KernelsHook(BuildHookInterface):
    """Adds the compiled module to the wheel, or to the sources of an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless this is an sdist or `MASCOT_BUILD_KERNELS=0`."""
        wanted = os.environ.get("MASCOT_BUILD_KERNELS", "")
        if self.target_name != "wheel" or wanted == "0":
            return
        self._folder = tempfile.mkdtemp(prefix="mascot-kernels-")
        try:
            built = _compile(Path(self.root), Path(self._folder))
        except (BaseError, CCompilerError) as error:
            if wanted == "1":
                raise
            self.app.display_warning(f"the kernels were not compiled, numpy is used instead: {error}")
            return
        if version == "editable":
            shutil.copy2(built, Path(self.root, "src", "mascot_visemes", built.name))
            return
        build_data["force_include"][str(built)] = f"mascot_visemes/{built.name}"
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"cp311-abi3-{platform}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling calls it with these
        """Delete what was compiled, which the wheel now has."""
        shutil.rmtree(self._folder, ignore_errors=True)

    _folder = ""


def _compile(root: Path, folder: Path) -> Path:
    """Compile the module and return its file.

    Raises:
        BaseError: There is no compiler.
        CCompilerError: It failed.
    """
    sources = sorted(map(str, (root / "csrc").glob("*.c")))
    extension = Extension(_MODULE, sources, extra_compile_args=_OPTIMISED, py_limited_api=True)
    command = build_ext(Distribution({"name": "mascot-visemes", "ext_modules": [extension]}))
    command.build_lib, command.build_temp = str(folder / "lib"), str(folder / "objects")
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(_MODULE))
