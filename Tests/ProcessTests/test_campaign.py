"""The kill campaign itself: it passes over a sound stand-in and finds every planted fault."""
import os
import pathlib
import re
import unittest

import test_kills
import toy_server
from harness import Refused

TOY = ["/usr/bin/python3", str(pathlib.Path(toy_server.__file__).resolve())]
FAULTS = re.findall(r"^  ([a-z-]+)  ", toy_server.__doc__, re.MULTILINE)


class Faults(unittest.TestCase):
    def campaign(self, kills, *more):
        campaign = test_kills.Campaign(seed=5, program=TOY + list(more))
        self.addCleanup(campaign.server.remove)
        for number in range(1, kills + 1):
            campaign.round(number)
        return campaign

    def test_a_sound_server_passes(self):
        campaign = self.campaign(4)
        self.assertGreater(sum(caller.done for caller in campaign.callers), 20)

    def test_every_planted_fault_is_found(self):
        self.assertEqual(len(FAULTS), 6)
        for fault in FAULTS:
            with self.subTest(fault):
                with self.assertRaises((AssertionError, Refused, KeyError)) as caught:
                    self.campaign(40, "--fault", fault)
                if os.environ.get("PROMISED_VERBOSE"):
                    print(f"    {fault}: {caught.exception!r:.300}")


if __name__ == "__main__":
    unittest.main()
