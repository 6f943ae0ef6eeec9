"""Restarts, restores, damaged files, cut loads: what is on disk is what was promised."""
import shutil
import signal
import subprocess
import time
import unittest

from harness import (
    EXIT_DATA, SAMPLE, TOOL, Disconnected, Refused, Server, make_sample, needs_server, run_server,
    tool, wait_until)
from world import NODES, load, positions, put_small_world


def hold(client, key, item, units, node=NODES[0]):
    return client.Holds.Hold(
        idempotency_key=key, owner="cart", ttl_s=86_400, nodes=[node], item_keys=[item],
        node_indexes=[0], quantities=[units])


def flip(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)


@needs_server
class Durability(unittest.TestCase):
    def setUp(self):
        self.server = Server("--snapshot-every", "0").start()
        self.addCleanup(self.server.remove)
        with self.server.client() as client:
            self.keys = put_small_world(client, items=8)

    def snapshots(self):
        """The snapshot files, oldest first, by the names the server gives."""
        with self.server.client() as client:
            listed = client.Admin.ListSnapshots()
        ordered = sorted(zip(listed.positions, listed.names))
        return [next(self.server.data.rglob(f"*{name}*")) for _, name in ordered]

    def test_the_same_key_after_a_kill_gives_the_same_answer_once(self):
        with self.server.client() as client:
            first = hold(client, "intent", self.keys[0], 5)
        self.server.restart()
        with self.server.client() as client:
            again = hold(client, "intent", self.keys[0], 5)
            self.assertEqual(again.hold_id, first.hold_id)
            self.assertTrue(again.repeated_answer)
            found, _ = positions(client, self.keys)
            self.assertEqual(found[self.keys[0], NODES[0]]["held"], 5)
            with self.assertRaises(Refused) as caught:
                hold(client, "intent", self.keys[0], 6)
            self.assertEqual(caught.exception.reason, "IDEMPOTENCY_CONFLICT")
            self.assertEqual(caught.exception.code, "ALREADY_EXISTS")

    def test_a_polite_stop_and_a_kill_leave_the_same_state(self):
        with self.server.client() as client:
            hold(client, "before", self.keys[1], 7)
            expected, _ = positions(client, self.keys)
        for end in (self.server.stop, self.server.kill):
            end()
            self.server.start()
            with self.server.client() as client:
                self.assertEqual(positions(client, self.keys)[0], expected)

    def test_a_snapshot_and_the_log_after_it(self):
        with self.server.client() as client:
            hold(client, "in-snapshot", self.keys[0], 3)
            taken = client.Admin.TakeSnapshot()
            self.assertGreater(taken.bytes, 0)
            hold(client, "in-log", self.keys[0], 4)
            expected, _ = positions(client, self.keys)
        self.server.restart()
        with self.server.client() as client:
            self.assertEqual(positions(client, self.keys)[0], expected)
            self.assertEqual(client.Admin.Status().last_snapshot_position, taken.as_of.position)

    def test_a_damaged_snapshot_falls_back_to_the_older_and_says_so(self):
        with self.server.client() as client:
            hold(client, "first", self.keys[0], 1)
            client.Admin.TakeSnapshot()
            hold(client, "second", self.keys[0], 2)
            client.Admin.TakeSnapshot()
            hold(client, "third", self.keys[0], 4)
            expected, _ = positions(client, self.keys)
        newest = self.snapshots()[-1]
        self.server.stop()
        flip(newest, newest.stat().st_size // 2)
        self.server.start()
        self.assertIn(newest.name, self.server.stderr())
        with self.server.client() as client:
            self.assertEqual(positions(client, self.keys)[0], expected)

    def log_segments(self):
        snapshots = set(self.snapshots())
        files = [
            path for path in self.server.data.rglob("*")
            if path.is_file() and path not in snapshots and "log" in str(path.relative_to(
                self.server.data)).lower()]
        return sorted(files)

    def test_damage_to_the_acknowledged_log_is_65_and_never_a_shorter_history(self):
        with self.server.client() as client:
            for number in range(50):
                hold(client, f"log-{number}", self.keys[0], 1)
        segment = self.log_segments()[0]
        self.server.stop()
        # Right in the world that was put, long before the tail.
        where = segment.read_bytes().find(self.keys[3].encode())
        self.assertGreater(where, 0, f"{segment} does not hold what was put")
        flip(segment, where)
        self.server.launch()
        self.assertEqual(self.server.process.wait(30), EXIT_DATA)
        self.server.process.stdout.close()
        if TOOL.exists():
            tool("verify", str(self.server.data), check=65)

    def test_verify_finds_a_sound_directory_sound(self):
        with self.server.client() as client:
            client.Admin.TakeSnapshot()
            hold(client, "after", self.keys[0], 1)
        self.server.stop()
        tool("verify", str(self.server.data), check=0)
        tool("verify", str(self.server.home / "nowhere"), check=74)

    def test_restore_into_a_new_directory_serves_the_same(self):
        with self.server.client() as client:
            client.Admin.TakeSnapshot()
            middle = hold(client, "middle", self.keys[2], 2).as_of.position
            hold(client, "end", self.keys[2], 5)
            expected, _ = positions(client, self.keys)
        self.server.stop()
        for until, held in ((None, 7), (middle, 2)):
            with self.subTest(until=until):
                restored = Server()
                self.addCleanup(restored.remove)
                more = ["--until", str(until)] if until else []
                done = run_server("--restore", self.server.data, "--data", restored.data, *more)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn("ready", done.stdout)
                restored.start()
                with restored.client() as client:
                    found, _ = positions(client, self.keys)
                self.assertEqual(found[self.keys[2], NODES[0]]["held"], held)
                if until is None:
                    self.assertEqual(found, expected)
        with self.subTest("a directory that is not empty"):
            done = run_server("--restore", self.server.data, "--data", self.server.data)
            self.assertNotEqual(done.returncode, 0)

    def test_read_your_writes(self):
        with self.server.client() as client:
            position = hold(client, "mine", self.keys[0], 1).as_of.position
            found, seen = positions(client, self.keys, min_position=position)
            self.assertGreaterEqual(seen, position)
            self.assertEqual(found[self.keys[0], NODES[0]]["held"], 1)
            with self.assertRaises(Refused) as caught:
                positions(client, self.keys, min_position=position + 1_000_000_000)
            self.assertTrue(caught.exception.retryable)
            self.assertEqual(caught.exception.reason, "POSITION_NOT_REACHED")

    def test_stopped_for_a_while_it_goes_on(self):
        with self.server.client() as client:
            self.server.process.send_signal(signal.SIGSTOP)
            waiting = client.send(
                "promised.v1.Holds", "Hold", idempotency_key="stopped", owner="cart",
                nodes=[NODES[0]], item_keys=[self.keys[0]], node_indexes=[0], quantities=[1])
            time.sleep(0.3)
            self.assertFalse(waiting.done())
            self.server.process.send_signal(signal.SIGCONT)
            self.assertGreater(waiting.result(20).hold_id, 0)


@needs_server
class Loading(unittest.TestCase):
    def setUp(self):
        if not (SAMPLE.exists() and TOOL.exists()):
            raise unittest.SkipTest("promise and promised-sample are not built")
        self.server = Server("--snapshot-every", "0").start()
        self.addCleanup(self.server.remove)

    def world(self, items):
        directory = make_sample(items)
        self.addCleanup(shutil.rmtree, directory)
        return directory

    def test_a_load_that_is_cut_by_a_kill_is_invisible_and_resumes(self):
        directory = self.world(150_000)
        loading = subprocess.Popen(
            [str(TOOL), "load", directory, "--server", self.server.address],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with self.server.client() as client:
            try:
                wait_until(lambda: client.Admin.Status().load_next_chunk >= 2
                           or loading.poll() is not None)
            except Disconnected:
                self.fail("the server ended during the load")
            sent = client.Admin.Status().load_next_chunk
        self.server.kill()
        loading.wait(60)
        self.server.start()
        with self.server.client() as client:
            status = client.Admin.Status()
            if status.items:
                self.skipTest("the load was over before the kill")
            self.assertEqual((status.items, status.positions, status.nodes), (0, 0, 0))
            # What was acknowledged before the kill is not sent again.
            self.assertGreaterEqual(status.load_next_chunk, sent)
        load(self.server, directory)
        with self.server.client() as client:
            self.assertEqual(client.Admin.Status().items, 150_000)
            before = client.Admin.Status().positions
        self.server.restart()
        with self.server.client() as client:
            self.assertEqual(client.Admin.Status().positions, before)

    def test_a_world_replaces_itself_on_a_live_server(self):
        directory = self.world(200)
        load(self.server, directory)
        with self.server.client() as client:
            before = client.Admin.Status()
        # The network that is replaced knows the time zones; the one that replaces it must learn them.
        load(self.server, directory, "--replace", "--again", "--force")
        with self.server.client() as client:
            after = client.Admin.Status()
        self.assertEqual((after.items, after.positions, after.nodes),
                         (before.items, before.positions, before.nodes))

    def test_a_dry_run_changes_nothing_and_a_mistake_is_placed(self):
        directory = self.world(200)
        load(self.server, directory, "--dry-run")
        with self.server.client() as client:
            self.assertEqual(client.Admin.Status().items, 0)
        path = f"{directory}/positions.csv"
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        lines[7] = lines[7].replace(lines[7].split(",")[2], "many", 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        said = load(self.server, directory, "--dry-run", check=None)
        self.assertIn(said.returncode, (1, 2))
        for part in ("positions.csv", "8", "on_hand"):
            self.assertIn(part, said.stdout + said.stderr)


if __name__ == "__main__":
    unittest.main()
