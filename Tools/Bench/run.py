#!/usr/bin/python3
"""Runs the benchmark table: promised and redis-server in turn, ratios first.

The server is pinned to one processor and the load generator to the other. CPU per request comes from the
served process's own schedstat, so that it survives a noisy machine; every row is the median of interleaved
repetitions. `--smoke` runs everything once and small, so that the benchmarks cannot rot.
"""
import argparse
import json
import os
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("PROMISED_BUILD") or os.path.join(ROOT, ".build", "release")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(cpu, command):
    if os.cpu_count() and os.cpu_count() > 1 and shutil.which("taskset"):
        return ["taskset", "-c", str(cpu)] + command
    return command


def ahead(command):
    """At the highest priority, where that may be asked for: what else the machine does is not measured."""
    may = shutil.which("nice") and hasattr(os, "geteuid") and os.geteuid() == 0
    return ["nice", "-n", "-20"] + command if may else command


def resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


# Whatever happens, none of these outlives the run.
STARTED = []
# A program that takes longer than this has hung. Loading and measuring a large world stay far below.
PROGRAM_SECONDS = 300
READY_SECONDS = 60


def output_of(command, seconds=PROGRAM_SECONDS):
    """What `command` prints. When it fails or hangs the run ends, with what it said on standard error."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=seconds)
    except subprocess.TimeoutExpired as hung:
        said = hung.stderr or b""
        raise SystemExit(f"no end within {seconds} s: {' '.join(command)}\n"
                         f"{said.decode(errors='replace')[-4000:]}") from None
    if done.returncode != 0:
        raise SystemExit(f"exit code {done.returncode}: {' '.join(command)}\n"
                         f"{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


class Promised:
    def __init__(self, directory, extra=(), environment=None, is_ahead=False):
        command = [f"{BIN}/promised", "--data", directory, "--listen", "127.0.0.1:0", "--snapshot-every", "0", *extra]
        self.process = subprocess.Popen(
            pinned(0, ahead(command) if is_ahead else command),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})})
        STARTED.append(self.process)
        # The line is written whole, so that waiting for its first byte is enough.
        if not select.select([self.process.stdout], [], [], READY_SECONDS)[0]:
            raise SystemExit(f"promised was not ready within {READY_SECONDS} s")
        line = self.process.stdout.readline()
        if not line.startswith("ready tcp="):
            raise SystemExit(f"promised did not start: exit code {self.process.wait(READY_SECONDS)}")
        self.address = line.split("=", 1)[1].strip()
        self.port = int(self.address.rsplit(":", 1)[1])
        self.pid = self.process.pid

    def promise(self, *arguments):
        return output_of([f"{BIN}/promise", *arguments, "--server", self.address])

    def stop(self, with_signal=signal.SIGTERM):
        self.process.send_signal(with_signal)
        self.process.wait(timeout=60)


class Redis:
    def __init__(self, directory):
        self.port = free_port()
        self.process = subprocess.Popen(
            pinned(0, ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                       "--appendonly", "no", "--dir", directory]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        STARTED.append(self.process)
        self.pid = self.process.pid
        for _ in range(200):
            if self.process.poll() is not None:
                raise SystemExit(f"redis-server did not start: exit code {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("redis-server did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


RUN = [0]


def load(server, workload, connections, depth, batch, seconds, world=None, keys=None):
    RUN[0] += 1
    command = [f"{BIN}/promised-bench", "--workload", workload, "--port", str(server.port),
               "--pid", str(server.pid), "--connections", str(connections), "--depth", str(depth),
               "--batch", str(batch), "--seconds", str(seconds),
               "--run", str(int(time.time()) * 100 + RUN[0])]
    if world:
        command += ["--world", world]
    if keys:
        command += ["--keys", str(keys)]
    out = output_of(pinned(1, command))
    return json.loads(out) if out.strip() else None


def median(rows):
    figures = {}
    for name, value in rows[0].items():
        figures[name] = value if isinstance(value, str) else statistics.median(r[name] for r in rows)
    return figures


CASES = [
    # title, workload, connections, depth, batch, redis peer shape
    ("Offer, one call at a time", "offer", 1, 1, 1, True),
    ("Offer, 4 connections x 64", "offer", 4, 64, 1, True),
    ("Offer, batch of 100", "offer", 1, 16, 100, False),
    ("Availability, 4 x 64", "availability", 4, 64, 1, True),
    ("InStock, 4 x 64", "instock", 4, 64, 1, False),
    ("Hold of one line, durable, 4 x 64", "hold", 4, 64, 1, False),
    ("Apply, durable, batches of 1,000, 4 x 4", "apply", 4, 4, 1000, False),
]


def table(rows):
    out = ["| what | rows/s | CPU µs per call | CPU ns per row | p50 µs | p99 µs | p99.9 µs | refusals |"
           " Redis GET CPU µs | CPU ratio to Redis GET |",
           "|---|---|---|---|---|---|---|---|---|---|"]
    for title, ours, peer in rows:
        peer_cpu = f"{peer['server_us_per_request']:.2f}" if peer else "–"
        ratio = (f"{ours['server_us_per_request'] / peer['server_us_per_request']:.2f}"
                 if peer and peer["server_us_per_request"] else "–")
        per_row = ours["server_us_per_request"] * 1000 / ours["rows_per_request"]
        out.append(
            f"| {title} | {ours['rows_per_s']:,.0f} | {ours['server_us_per_request']:.2f} | "
            f"{per_row:,.0f} | {ours['p50_us']:,.0f} | {ours['p99_us']:,.0f} | {ours['p999_us']:,.0f} | "
            f"{ours['refusals'] / max(ours['requests'], 1):.1%} | {peer_cpu} | {ratio} |")
    return "\n".join(out)


# What the engine's bench measures, in its order.
ENGINE_CASES = ["offer", "availability", "instock", "headroom", "optimistic", "atp", "plan4", "plan8", "feed", "hold"]


def engine(options):
    """The engine without a server: a row per kind of decision."""
    size = ["--items", "2000", "--rows", "2000", "--rounds", "1"] if options.smoke else []
    out = subprocess.run(pinned(0, [f"{BIN}/promised-bench", "--engine", *size]), check=True,
                         capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    if [row["case"] for row in rows] != ENGINE_CASES or any(row["ns_per_row"] <= 0 for row in rows):
        raise SystemExit(f"the engine's bench did not measure every case: {out!r}")
    print("| engine alone | CPU ns per row |")
    print("|---|---|")
    for row in rows:
        print(f"| {row['case']} | {row['ns_per_row']:,.0f} |")
    print()


def timed(action):
    begin = time.monotonic()
    result = action()
    return time.monotonic() - begin, result


# What is measured of the promise alone, without a server: case, unit, budget (shared goals of the project).
PROMISE = [
    (["--case", "offer"], "offer, five positions", None),
    (["--case", "plan4"], "cart of 4 lines, 10 centres", "2 us"),
    (["--case", "plan8"], "cart of 8 lines, 10 centres", "15 us"),
    (["--network", "build"], "full profile build, 300 x 1,000", "6 s"),
    (["--network", "decision"], "decision over 10 centres", "0.4 us"),
    (["--network", "cancel"], "one leg cancelled: safe, patched, worst", "10 ms, worst 0.3 s"),
    (["--network", "confident"], "uncertain network, all confidences", "10 s after a closure"),
    (["--case", "changed"], "pairs changed by a closed hub, 1 M items", "1-2 s"),
]


def promise():
    """The rows of the promise, as the bench prints them, beside their budgets."""
    for arguments, what, budget in PROMISE:
        done = subprocess.run(pinned(0, [f"{BIN}/promised-bench", "--engine", *arguments]), check=True,
                              capture_output=True, text=True)
        print(f"{what} (budget {budget or 'none'})")
        for line in done.stdout.splitlines():
            print(f"  {line}", flush=True)


# Every fdatasync takes so much longer, as on a disk that flushes to its medium.
SYNC_DELAY_MILLISECONDS = 5
SLOW_SYNC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  struct timespec delay = {0, %d * 1000000L};
  nanosleep(&delay, 0);
  return real(file);
}
""" % SYNC_DELAY_MILLISECONDS


def slow_sync(work):
    """A library that a server is started with, so that its disk is slow."""
    compiler = shutil.which("clang") or shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        swift = shutil.which("swift")
        beside = os.path.join(os.path.dirname(os.path.realpath(swift)), "clang") if swift else ""
        if not os.path.exists(beside):
            raise SystemExit("the feed's bench needs a C compiler for the slow disk")
        compiler = beside
    source, library = os.path.join(work, "slow_sync.c"), os.path.join(work, "slow_sync.so")
    with open(source, "w", encoding="utf-8") as file:
        file.write(SLOW_SYNC)
    output_of([compiler, "-shared", "-fPIC", "-O2", source, "-o", library, "-ldl"])
    return {"LD_PRELOAD": library}


def feed(options, work):
    """The feed: as fast as it goes, and beside offers; then both on a disk that is slow to sync."""
    world, data = os.path.join(work, "world"), os.path.join(work, "data")
    output_of([f"{BIN}/promised-sample", world, "--items", str(options.items),
               "--start", time.strftime("%Y-%m-%d", time.gmtime())])
    server = Promised(data, is_ahead=True)
    server.promise("load", world, "--json")
    wait_for_profiles(server)
    positions = json.loads(server.promise("status", "--json"))["positions"]
    rows = []
    for name, environment in (("as it is", None),
                              (f"every fdatasync {SYNC_DELAY_MILLISECONDS} ms longer", slow_sync(work))):
        if environment:
            server.stop()
            server = Promised(data, environment=environment, is_ahead=True)
            wait_for_profiles(server)
        # What is in flight must cover the time of a sync, or the client waits and not the disk.
        depth = 16 if environment else 4
        fast = median([load(server, "apply", 4, depth, 1000, options.seconds, world=world)
                       for _ in range(options.repeat)])
        RUN[0] += 1
        beside = json.loads(output_of(pinned(1, [
            f"{BIN}/promised-bench", "--alongside", str(options.offers), "--world", world,
            "--port", str(server.port), "--pid", str(server.pid), "--rounds", str(options.rounds),
            "--seconds", str(min(options.seconds, 1)), "--run", str(int(time.time()) * 100 + RUN[0])])))
        rows.append((name, fast, beside))
        print(f"{name}: {fast['rows_per_s']:,.0f} updates/s", file=sys.stderr, flush=True)
    server.stop()
    print(f"| disk ({positions:,} positions) | updates/s, durable, batches of 1,000 | "
          "feed beside offers, updates/s | offers/s | p50 without µs | p50 with µs | p99 without µs | "
          "p99 with µs | ratio of p99 (least to most) | server ready and not running, ms/s, without and with |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, fast, beside in rows:
        if fast["refusals"] or not beside["updates_per_s"]:
            raise SystemExit(f"the feed was refused: {fast} {beside}")
        print(f"| {name} | {fast['rows_per_s']:,.0f} | {beside['updates_per_s']:,} | "
              f"{beside['offers_per_s']:,} | {beside['p50_without_us']:,.0f} | "
              f"{beside['p50_with_us']:,.0f} | {beside['p99_without_us']:,.0f} | "
              f"{beside['p99_with_us']:,.0f} | {beside['ratio']:.2f} "
              f"({beside['ratio_least']:.2f} to {beside['ratio_most']:.2f}) | "
              f"{beside['server_waited_without_us_per_s'] / 1000:.1f} and "
              f"{beside['server_waited_with_us_per_s'] / 1000:.1f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", choices=["all", "promise", "feed"], default="all",
                        help="promise: decisions, carts, builds and closures only, without a server; "
                             "feed: the update feed alone, beside offers, and on a slow disk")
    parser.add_argument("--items", type=int, default=350_000, help="items of the world (about 3 positions each)")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=9,
                        help="rounds of a second, each without and with the feed beside offers")
    parser.add_argument("--offers", type=int, default=20_000, help="offers a second beside the feed")
    parser.add_argument("--smoke", action="store_true", help="once and small")
    options = parser.parse_args()
    if options.what == "promise":
        return promise()
    if options.smoke:
        options.items, options.seconds, options.repeat, options.rounds = 2000, 0.2, 1, 1
    # Ended from outside, it still ends what it started.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    work = tempfile.mkdtemp(prefix="promised-bench-")
    try:
        if options.what == "feed":
            feed(options, work)
        else:
            engine(options)
            run(options, work)
            if options.smoke:
                os.mkdir(os.path.join(work, "feed"))
                feed(options, os.path.join(work, "feed"))
    finally:
        for process in STARTED:
            if process.poll() is None:
                process.kill()
                process.wait(timeout=READY_SECONDS)
        shutil.rmtree(work, ignore_errors=True)


def run(options, work):
    world, data = os.path.join(work, "world"), os.path.join(work, "data")
    sample_s, _ = timed(lambda: output_of(
        [f"{BIN}/promised-sample", world, "--items", str(options.items),
         "--start", time.strftime("%Y-%m-%d", time.gmtime())]))
    server = Promised(data)
    load_s, _ = timed(lambda: server.promise("load", world, "--json"))
    wait_for_profiles(server)
    status = json.loads(server.promise("status", "--json"))
    positions = status["positions"]
    redis = Redis(work)
    load(redis, "redis-fill", 1, 1, 1, 0, keys=options.items)
    rows = []
    for title, workload, connections, depth, batch, with_peer in CASES:
        ours, peers = [], []
        for _ in range(options.repeat):
            ours.append(load(server, workload, connections, depth, batch, options.seconds, world=world))
            if with_peer:
                peers.append(load(redis, "redis-get", connections, depth, 1, options.seconds,
                                  keys=options.items))
        rows.append((title, median(ours), median(peers) if peers else None))
        print(f"{title}: {rows[-1][1]['rows_per_s']:,.0f} rows/s", file=sys.stderr, flush=True)
    redis.stop()
    memory = resident(server.pid)
    snapshot_s, _ = timed(lambda: server.promise("snapshot", "take"))
    snapshots = json.loads(server.promise("snapshot", "list", "--json"))
    newest = max(snapshots["snapshots"], key=lambda s: s["position"])
    server.stop(signal.SIGKILL)
    restart_s, server = timed(lambda: Promised(data))
    server.stop()
    print(table(rows))
    print()
    print("| what | figure |")
    print("|---|---|")
    print(f"| world | {status['items']:,} items, {positions:,} positions |")
    print(f"| written as CSV in | {sample_s:.2f} s |")
    print(f"| loaded through `promise load` in | {load_s:.2f} s, {positions / load_s:,.0f} positions/s with all else |")
    print(f"| resident memory after the load and the runs above | {memory / 1e6:,.0f} MB |")
    print(f"| snapshot taken and verified in | {snapshot_s:.2f} s |")
    print(f"| snapshot size | {newest['bytes'] / 1e6:,.1f} MB, {newest['bytes'] / max(positions, 1):.2f} bytes per position with all else |")
    print(f"| restart after kill -9 to ready | {restart_s:.2f} s |")


def wait_for_profiles(server):
    for _ in range(600):
        if json.loads(server.promise("status", "--json")).get("profile_current"):
            return
        time.sleep(0.1)
    raise SystemExit("the profiles were not built within a minute")


if __name__ == "__main__":
    main()
