"""The calls of the language host."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from tests.world.plugins.serve import Refused, clear_errors
from tests.world.plugins.values import from_struct

RUN: Final = Path(__file__).with_name("run.py")
# Said by run.py when the person has seen already what is wrong.
SHOWN: Final = 32
_OPTIONS: Final = frozenset({"virtualenv", "toolchain", "typechecker"})


class PythonHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs Python programs in processes of their own.

    Args:
        engine: the engine's address, for the programs.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def GetPluginInfo(  # noqa: N802
        self, request: Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """No version: the host comes with the command line."""
        return plugin_pb2.PluginInfo()

    def GetRequiredPlugins(  # noqa: N802
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        """None in advance: the engine learns of each plugin when a resource needs it."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(  # noqa: N802
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """None in advance, as above."""
        return language_pb2.GetRequiredPackagesResponse()

    def InstallDependencies(  # noqa: N802
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Nothing to do: the interpreter is one that has the packages."""
        return iter(())

    def RuntimeOptionsPrompts(  # noqa: N802
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Nothing to ask."""
        return language_pb2.RuntimeOptionsResponse()

    @clear_errors
    def About(  # noqa: N802
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """The interpreter and its version."""
        python = interpreter(request.info)
        code = "import platform; print(platform.python_version())"
        version = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        return language_pb2.AboutResponse(executable=python, version=version.stdout.strip())

    @clear_errors
    def GetProgramDependencies(  # noqa: N802
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """The packages that the interpreter has."""
        listing = subprocess.run(
            [interpreter(request.info), "-m", "pip", "list", "--format=json"],
            capture_output=True,
            text=True,
            check=False,
        )
        if listing.returncode:
            raise Refused(f"The program's packages can't be listed: {listing.stderr.strip()}")
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=found["name"], version=found["version"])
                for found in json.loads(listing.stdout)
            ]
        )

    @clear_errors
    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run the program to its end; what it prints goes where the host's output goes."""
        order = {
            "program": str(Path(request.info.program_directory) / request.info.entry_point),
            "root_directory": request.info.root_directory,
            "arguments": list(request.args),
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
        }
        command = [interpreter(request.info), "-u", str(RUN)]
        program = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            cwd=request.pwd or request.info.program_directory,
            env=_environment(),
        )
        with self._lock:
            self._running.add(program)
        try:
            program.communicate(json.dumps(order).encode())
        finally:
            with self._lock:
                self._running.discard(program)
        if program.returncode == SHOWN:
            return language_pb2.RunResponse(bail=True)
        if program.returncode:
            return language_pb2.RunResponse(
                error=f"Program exited with non-zero exit code: {program.returncode}"
            )
        return language_pb2.RunResponse()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """End the programs that run."""
        with self._lock:
            for program in self._running:
                program.terminate()
        return Empty()


def interpreter(info: language_pb2.ProgramInfo) -> str:
    """The Python that runs a program: of the project's virtual environment, else of PATH.

    Raises:
        Refused: there is none, or the project asks for something that is not known.
    """
    options: dict[str, Any] = from_struct(info.options)
    unknown = set(options) - _OPTIONS
    if unknown or options.get("toolchain", "pip") != "pip":
        what = f"{min(unknown)!r}" if unknown else f"'toolchain: {options['toolchain']}'"
        raise Refused(
            f"Runtime option {what} of Pulumi.yaml is not known to the stand-in for the Python "
            "language host: use 'virtualenv', or none."
        )
    if virtualenv := options.get("virtualenv"):
        python = Path(info.root_directory, virtualenv, "bin", "python")
        if not python.exists():
            raise Refused(
                f"The virtual environment {virtualenv!r} of Pulumi.yaml has no {python}: make it, "
                "or leave the option out."
            )
        return str(python)
    for name in (os.environ.get("PULUMI_PYTHON_CMD"), "python3", "python"):
        if name and (found := shutil.which(name)):
            return found
    raise Refused("There is no python3 on PATH to run the program with.")


def _environment() -> dict[str, str]:
    """The environment without the folder that the launcher put in front of PYTHONPATH."""
    _, _, rest = os.environ.get("PYTHONPATH", "").partition(os.pathsep)
    others = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {**others, "PYTHONPATH": rest} if rest else others
