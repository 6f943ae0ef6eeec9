"""What must never happen, tried hard: an oversold unit, a sum that does not add up, an answer that a
naive model would not give."""
import json
import os
import subprocess
import unittest
import urllib.request

from harness import BUILD, TOOL, Server, needs_server, tool, wait_until
from world import positions, put_small_world

BENCH, MODEL_CHECK = BUILD / "promised-bench", BUILD / "promised-model-check"
SEED = int(os.environ.get("PROMISED_SEED", "1"))
# 10,000,000 in the long mode: Tests/README.md.
COMMANDS = int(os.environ.get("PROMISED_COMMANDS", "150000"))
ATTEMPTS = int(os.environ.get("PROMISED_ATTEMPTS", "100000"))
# More keys than the service remembers at a time cannot be used within ten minutes of its clock.
KEYS_PER_ROUND = 2_000_000


@needs_server
class Oversell(unittest.TestCase):
    """Reliability R16, and the first complaints of the field: two checkouts of the last unit both
    succeed (1), a batch checks each line against the undecremented quantity (3), concurrent
    reservations lose updates (4), excess reservation on simultaneous creation (6)."""

    def command(self, server, *options):
        if not BENCH.exists():
            self.skipTest(f"{BENCH} is not built")
        return [
            str(BENCH), "--port", server.address.rsplit(":", 1)[1], "--run", str(SEED), *options]

    def hammer(self, server, *options):
        done = subprocess.run(
            self.command(server, *options), capture_output=True, text=True, timeout=3600)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-1000:])
        return json.loads(done.stdout.splitlines()[-1])

    def server(self, *options):
        server = Server(*options)
        self.addCleanup(server.remove)
        return server.start()

    def test_complaints_1_3_4_6_of_a_stock_exactly_that_is_granted(self):
        server = self.server("--snapshot-every", "0")
        found = self.hammer(server, "--oversell", str(min(ATTEMPTS, 100_000) // 2), "--stock", "500")
        self.assertEqual((found["most_granted"], found["violations"]), (500, 0))
        self.assertEqual((found["connections"], found["races"]), (64, 100))
        # The hammer hit something: refusals, repeated requests, releases.
        for what in ("refused", "repeated", "released", "granted"):
            self.assertGreater(found[what], 100, found)
        server.restart()
        with server.client() as client:
            self.assertTrue(client.Admin.Audit().sound)

    def test_the_hammer_finds_units_that_were_not_there(self):
        server = self.server("--snapshot-every", "0")
        hammer = subprocess.Popen(
            self.command(server, "--oversell", "50000", "--stock", "200"),
            stdout=subprocess.PIPE, text=True)
        with server.client() as client:
            wait_until(lambda: client.Admin.Status().open_holds > 0 or hammer.poll() is not None)
            # Behind the hammer's back: to it they are oversold.
            client.Inventory.Apply(
                source="fault", first_sequence=1, item_keys=["HOT"], nodes=["N1"],
                node_indexes=[0], kinds=[1], quantities=[7])
        said = hammer.communicate(timeout=120)[0]
        self.assertEqual(hammer.returncode, 1, said[-2000:])
        self.assertIn("207 units were granted at a time, of 200", said)

    def test_holds_that_expire_at_the_same_moment_are_granted_again_once(self):
        server = self.server("--sandbox", "--sandbox-items", "100")
        rounds = max(3, ATTEMPTS // KEYS_PER_ROUND)
        found = self.hammer(
            server, "--oversell", str(max(ATTEMPTS // 2, 3000)), "--stock", "300",
            "--rounds", str(rounds), "--clock", "sandbox")
        self.assertEqual((found["most_granted"], found["violations"]), (300, 0))


@needs_server
class Fresh(unittest.TestCase):
    def test_complaint_19_an_answer_is_never_older_than_a_change_that_was_acknowledged(self):
        server = Server("--snapshot-every", "0").start()
        self.addCleanup(server.remove)
        with server.client() as writer, server.client() as reader:
            key = put_small_world(writer, items=1)[0]
            for units in range(1, 200):
                writer.Inventory.Apply(
                    source="wms", first_sequence=units, item_keys=[key], nodes=["AAA1"],
                    node_indexes=[0], kinds=[4], quantities=[units])
                # Another connection, which asks for no position.
                self.assertEqual(positions(reader, [key])[0][key, "AAA1"]["on_hand"], units)


@needs_server
class Audit(unittest.TestCase):
    def setUp(self):
        self.server = Server("--snapshot-every", "0").start()
        self.addCleanup(self.server.remove)

    def test_an_audit_of_a_busy_state_is_sound_and_counts_what_it_compared(self):
        with self.server.client() as client:
            keys = put_small_world(client)
            for number in range(30):
                held = client.Holds.Hold(
                    idempotency_key=f"h{number}", owner="cart", ttl_s=600, nodes=["AAA1"],
                    item_keys=[keys[number]], node_indexes=[0], quantities=[number + 1])
                if number % 2:
                    client.Holds.Commit(
                        idempotency_key=f"c{number}", owner="cart", hold_id=held.hold_id)
            report = client.Admin.Audit()
            self.assertTrue(report.sound)
            self.assertEqual((report.items, report.positions, report.holds), (40, 80, 30))
            checked = dict(zip(report.identities, report.checked))
            self.assertEqual((checked["reserved"], checked["movements"]), (80, 1))
            self.assertFalse(any(report.violations))
            self.assertGreaterEqual(report.as_of.position, held.as_of.position)

    def test_the_standing_audit_runs_by_itself_and_is_seen(self):
        with self.server.client() as client:
            put_small_world(client)
            wait_until(lambda: client.Admin.Status().audit_passes > 0)
            client.Admin.Audit()
            status = client.Admin.Status()
            self.assertGreaterEqual(status.audit_positions_checked, 80)
            self.assertEqual(status.audit_violations, 0)
            self.assertGreater(status.audit_last_unix_s, 0)
        host, port = self.server.address.rsplit(":", 1)
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        self.assertIn('promised_audit_violations_total{identity="reserved"} 0', text)
        self.assertIn("promised_audit_last_pass_age_seconds ", text)
        self.assertIn("promised_audit_positions_checked_total ", text)

    def test_promise_audit_says_so_and_ends_with_0(self):
        if not TOOL.exists():
            self.skipTest("promise is not built")
        with self.server.client() as client:
            put_small_world(client)
        self.assertIn("everything adds up", self.server.tool("audit").stdout)
        found = self.server.json("audit")
        self.assertTrue(found["sound"])
        self.assertEqual(found["violations"], [])
        self.assertEqual(tool("audit", server="127.0.0.1:1", check=69).returncode, 69)


class ModelCheck(unittest.TestCase):
    def run_check(self, *options):
        if not MODEL_CHECK.exists():
            self.skipTest(f"{MODEL_CHECK} is not built")
        return subprocess.run(
            [str(MODEL_CHECK), *options], capture_output=True, text=True, timeout=3600)

    def test_random_commands_agree_with_a_naive_model(self):
        done = self.run_check("--commands", str(COMMANDS), "--seed", str(SEED))
        self.assertEqual(done.returncode, 0, done.stdout[-5000:])
        self.assertIn("no difference", done.stdout)
        # It reached what it is meant to reach.
        for what in (
                "reclaimed", "restarts", "crashes", "hold repeated", "commit load", "amend",
                "hold of a group", "hold of a kit", "hold of a channel", "hold for later",
                "hold that replaces", "supply that comes claimed", "backordered",
                "shortfalls seen", "shortfalls compared", "rows undone", "told row 100",
                "told row 102", "told row 104", "reversal row 105"):
            self.assertIn(f"{what}: ", done.stdout)

    def test_planted_faults_are_found(self):
        listed = self.run_check("--fault", "?").stdout
        faults = listed.split(": ", 1)[1].strip().split(", ")
        self.assertGreater(len(faults), 8, listed)
        for fault in faults:
            with self.subTest(fault):
                done = self.run_check("--commands", "400000", "--seed", "5", "--fault", fault)
                self.assertEqual(done.returncode, 1, done.stdout[-500:])
                self.assertIn(f"{fault} was found", done.stdout)


if __name__ == "__main__":
    unittest.main()
