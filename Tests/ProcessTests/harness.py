"""Real processes for tests: the server in a temporary directory, the client tool, raw frames."""
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tools/clients/python"))
import promised_client as wire  # noqa: E402  (the path has to be set first)
from promised_client import Client, Disconnected, Refused  # noqa: E402,F401

BUILD = pathlib.Path(os.environ.get("PROMISED_BUILD", ROOT / ".build/release"))
SERVER, TOOL, SAMPLE = BUILD / "promised", BUILD / "promise", BUILD / "promised-sample"
READY_SECONDS = 60
EXIT_CONFIGURATION, EXIT_DATA, EXIT_IO, EXIT_LOCKED = 64, 65, 74, 75


def needs_server(test):
    """Names the test as not run where the server is not built."""
    return unittest.skipUnless(SERVER.exists(), f"{SERVER} is not built")(test)


def data_directory(*parts):
    """A directory of the evaluation data, or the test is named as not run."""
    root = os.environ.get("PROMISED_DATA")
    if not root:
        raise unittest.SkipTest("PROMISED_DATA is not set")
    path = pathlib.Path(root, *parts)
    if not path.exists():
        raise unittest.SkipTest(f"{path} does not exist")
    return path


class Server:
    """One data directory and the `promised` that runs on it, now or next."""

    def __init__(self, *options, data=None, program=(str(SERVER),)):
        self.program = list(program)
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="promised-test."))
        self.data = pathlib.Path(data) if data else self.home / "data"
        self.options = list(options)
        self.process = self.address = None
        self.log = open(self.home / "stderr.log", "ab")

    def command(self, *more):
        given = self.options + list(more)
        data = [] if "--sandbox" in given else ["--data", str(self.data)]
        listen = [] if "--listen" in given else ["--listen", "127.0.0.1:0"]
        return [*self.program, *data, *listen, *given]

    def launch(self, *more):
        """Starts the process and does not wait for it to be ready."""
        self.address = None
        self.process = subprocess.Popen(
            self.command(*more), stdout=subprocess.PIPE, stderr=self.log, text=True)
        return self

    def start(self, *more):
        """Starts the process and waits for `ready tcp=HOST:PORT`, its first line."""
        self.launch(*more)
        line = self.first_line()
        if not line.startswith("ready tcp="):
            self.process.kill()
            raise AssertionError(
                f"first line {line!r}, exit code {self.process.wait()}\n{self.stderr()}")
        self.address = line.split()[1].removeprefix("tcp=")
        return self

    def first_line(self):
        lines = []
        reader = threading.Thread(
            target=lambda: lines.append(self.process.stdout.readline()), daemon=True)
        reader.start()
        reader.join(READY_SECONDS)
        if not lines:
            self.process.kill()
            raise AssertionError(f"no line within {READY_SECONDS} s\n{self.stderr()}")
        return lines[0].strip()

    def client(self, **options):
        return Client(self.address, **options)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Ends it politely and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(READY_SECONDS)
        self.process.stdout.close()
        return code

    def restart(self):
        self.kill()
        return self.start()

    def stderr(self):
        return (self.home / "stderr.log").read_text(errors="replace")[-4000:]

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        if self.process and not self.process.stdout.closed:
            self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def resident_bytes(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def tool(self, *arguments, check=0):
        return tool(*arguments, server=self.address, check=check)

    def json(self, *arguments, check=0):
        done = self.tool(*arguments, "--json", check=check)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"not JSON from promise {arguments}: {done.stdout!r}") from None


def run_server(*arguments, seconds=READY_SECONDS):
    """Runs `promised` to its end: for wrong configurations and for --restore."""
    return subprocess.run(
        [str(SERVER), *map(str, arguments)], capture_output=True, text=True, timeout=seconds)


def tool(*arguments, server=None, check=0):
    """Runs `promise`; `check` is the exit code it must have, None for any."""
    environment = {k: v for k, v in os.environ.items() if k != "PROMISED_SERVER"}
    if server:
        environment["PROMISED_SERVER"] = server
    done = subprocess.run(
        [str(TOOL), *map(str, arguments)], capture_output=True, text=True, env=environment,
        timeout=300)
    if check is not None and done.returncode != check:
        raise AssertionError(
            f"promise {' '.join(map(str, arguments))}: exit code {done.returncode}, not {check}\n"
            f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def make_sample(items=2000):
    """A sample world in a temporary directory; the caller removes it."""
    directory = tempfile.mkdtemp(prefix="promised-world.")
    subprocess.run(
        [str(SAMPLE), directory, "--items", str(items)], check=True, stdout=subprocess.DEVNULL)
    return directory


class RawConnection:
    """A socket that sends what it is told, right or wrong."""

    def __init__(self, address, seconds=20):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), seconds)
        self.received = b""

    def send(self, data):
        self.socket.sendall(data)

    def request(self, stream_id, service, method, payload=b"", kind=wire.REQUEST, flags=0, **more):
        self.send(wire.frame(
            stream_id, kind, flags, wire.request(service, method, payload, **more)))

    def frame(self):
        """The next frame as (stream id, kind, data), or None at the end of the connection."""
        try:
            while len(self.received) < 10 or len(self.received) < 10 + self.length():
                piece = self.socket.recv(1 << 16)
                if not piece:
                    return None
                self.received += piece
        except ConnectionResetError:
            return None
        length, stream_id, kind, _ = struct.unpack_from(">IIBB", self.received)
        data = self.received[10:10 + length]
        self.received = self.received[10 + length:]
        return stream_id, kind, data

    def length(self):
        return struct.unpack_from(">I", self.received)[0]

    def answer(self, stream_id):
        """The payload that answers `stream_id`, which must come next; raises Refused."""
        found = self.frame()
        if found is None:
            raise Disconnected("the connection ended")
        if found[0] != stream_id:
            raise AssertionError(f"an answer on stream {found[0]}, not {stream_id}")
        return wire.answer(found[2])

    def is_usable(self, stream_id):
        """Whether a ping is still answered here."""
        self.request(stream_id, "promised.v1.Admin", "Ping", wire.field(1, b"still there"))
        return b"still there" in self.answer(stream_id)

    def close(self):
        self.socket.close()


def wait_until(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("it did not happen in time")
        time.sleep(0.02)
