"""Processes of the program without the time of starting Python: forked from a server that has imported it.

`python forked_program.py SOCKET` is the server, which has not imported pytest. `Server` starts and ends one: `program`
is a file to run as `postroom`, `start` gives the likes of a `Popen`. Folder, environment and files are the caller's.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

_CLIENT = """#!{python} -IS
import json, os, socket, struct, sys
server = socket.socket(socket.AF_UNIX)
server.connect({place!r})
call = json.dumps(["", sys.argv[1:], os.getcwd(), dict(os.environ)]).encode("utf-8", "surrogatepass")
socket.send_fds(server, [struct.pack("!I", len(call))], [0, 1, 2])
server.sendall(call)
server.recv(4)
code = server.recv(4)
os._exit(abs(struct.unpack("!i", code)[0]) if code else 70)
"""
_PROGRAM = """
import sys
from postroom.tui.cli.main import main
code = main()
"""


class Server:
    """A running server; `program` is what to call."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postroom-program-"))
        self.place = str(self.folder / "server")
        self.program = self.folder / "bin" / "postroom"
        self.program.parent.mkdir()
        self.program.write_text(_CLIENT.format(python=sys.executable, place=self.place))
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)
        self.process = subprocess.Popen(
            [sys.executable, __file__, self.place], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def start(self, code: str, arguments: Sequence[str], environment: dict[str, str], output: int) -> Forked:
        """A process that runs Python code with these arguments; its output, errors too, goes to an open file."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.place)
        call = json.dumps([code, list(arguments), os.getcwd(), environment]).encode("utf-8", "surrogatepass")
        with open(os.devnull, "rb") as nothing:
            socket.send_fds(connection, [struct.pack("!I", len(call))], [nothing.fileno(), output, output])
        connection.sendall(call)
        return Forked(connection)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        shutil.rmtree(self.folder)


@cache
def server() -> Server:
    """The one of this test process."""
    started = Server()
    atexit.register(started.close)
    return started


class Forked:
    """A process of the server, with what the tests need of a `Popen`."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        (self.pid,) = struct.unpack("!i", connection.recv(4))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["postroom"], timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self.connection.settimeout(timeout)
            try:
                (self.returncode,) = struct.unpack("!i", self.connection.recv(4))
            except (BlockingIOError, TimeoutError):
                return None
            self.connection.close()
        return self.returncode


def serve(place: str) -> None:
    """Fork a process per call, which forks the program, tells its process id and in the end its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen(64)
    print("ready", flush=True)  # noqa: T201  the answer to who started it
    while True:
        connection, _ = listening.accept()
        if os.fork():
            connection.close()
            continue
        listening.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        size, files, _, _ = socket.recv_fds(connection, 4, 3)
        call = b""
        while len(call) < struct.unpack("!I", size)[0]:
            call += connection.recv(65536)
        has_begun, begun = os.pipe()
        program = os.fork()
        if not program:
            os.setsid()
            os.close(begun)
            connection.close()
            run(*json.loads(call.decode("utf-8", "surrogatepass")), files)
        for file in files:
            os.close(file)
        os.close(begun)
        os.read(has_begun, 1)  # until it leads a group of its own, which may then be killed
        connection.sendall(struct.pack("!i", program))
        _, status = os.waitpid(program, 0)
        try:
            connection.sendall(struct.pack("!i", os.waitstatus_to_exitcode(status)))
        finally:
            os._exit(0)


def run(code: str, arguments: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """Be the process."""
    ended: Any = 70
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = [str(Path(sys.executable).with_name("postroom")), *arguments]
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(code or _PROGRAM, names)
        ended = names.get("code", 0)
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit as error:
        ended = error.code
    finally:
        os._exit(ended if isinstance(ended, int) else 1 if ended else 0)


if __name__ == "__main__":
    import postroom.core.demo
    import postroom.core.importing
    import postroom.queue.consumer  # noqa: F401
    from postroom.tui.cli.main import COMMANDS

    for module, _ in COMMANDS.values():
        importlib.import_module(f"postroom.tui.cli.{module}")
    serve(sys.argv[1])
