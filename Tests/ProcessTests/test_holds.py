"""Holds by group, due date, kit and channel from the cart until the last unit left, against a real server
that is killed between any two steps; and that every refusal says how many there are and when more come."""
import datetime
import unittest

from harness import Refused, Server, needs_server
from world import NODES, put_small_world

NODE, OTHER = NODES
DAY = 86_400
START = 1_790_000_000
RECEIPT, SHIPMENT, COUNT, INBOUND_RECEIPT, WITHOUT_PICKED = 1, 2, 4, 15, 16
HELD, COMMITTED, RELEASED, EXPIRED, CONSUMED = 1, 2, 3, 4, 5
FIGURES = ("on_hand", "held", "allocated", "picked", "available_now")


class Life(unittest.TestCase):
    def setUp(self):
        self.now = START
        self.server = Server("--snapshot-every", "0")
        self.addCleanup(self.server.remove)
        self.start()
        self.keys = put_small_world(self.client, items=4, stock=lambda key: 10)
        self.number = 0
        self.sequences = {}

    def start(self):
        instant = datetime.datetime.fromtimestamp(self.now, datetime.timezone.utc)
        self.server.start("--unsafe-fixed-time", instant.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.client = self.server.client().__enter__()
        self.addCleanup(self.client.__exit__, None, None, None)

    def kill(self, seconds=0):
        """Kills the server; when it is back, so many seconds have passed."""
        self.server.kill()
        self.now += seconds
        self.start()

    def later(self, seconds):
        """The same by way of a snapshot."""
        self.client.Admin.TakeSnapshot()
        self.kill(seconds)

    def call(self, method, *lines, key=None, owner="cart", dues=None, groups=(), **more):
        """`lines` are (item, quantity) or (item, quantity, node or group)."""
        self.number += 1
        if lines:
            places = [NODE, OTHER, *groups]
            more.update(
                nodes=NODES, item_keys=[line[0] for line in lines],
                node_indexes=[places.index(line[2] if len(line) > 2 else NODE) for line in lines],
                quantities=[line[1] for line in lines])
        if groups:
            more["groups"] = list(groups)
        if dues:
            more["due_unix_s"] = dues
        return getattr(self.client.Holds, method)(
            idempotency_key=key or f"intent-{self.number}", owner=owner, **more)

    def refused(self, method, *lines, **more):
        with self.assertRaises(Refused) as caught:
            self.call(method, *lines, **more)
        return caught.exception

    def short(self, method, *lines, row=0, key, there, more_at=0, **more):
        """A refusal for want of stock: which line, how many there are, and when more will be."""
        refusal = self.refused(method, *lines, **more)
        self.assertEqual(
            (refusal.reason, refusal.row, refusal.key, refusal.available_units,
             refusal.next_supply_unix_s), ("INSUFFICIENT_STOCK", row, key, there, more_at),
            refusal.message)
        return refusal

    def feed(self, item, kind, units, source="wms", outcome=0, **columns):
        self.sequences[source] = self.sequences.get(source, 0) + 1
        reply = self.client.Inventory.Apply(
            source=source, first_sequence=self.sequences[source], item_keys=[item], nodes=[NODE],
            node_indexes=[0], kinds=[kind], quantities=[units], **columns)
        self.assertEqual(list(reply.outcomes), [outcome])

    def inbound(self, item, units, in_days, name="SHIP-1", node=NODE):
        at = self.now + in_days * DAY
        self.client.Inventory.PutInbound(
            shipment_keys=[name], item_keys=[item], nodes=[node], node_indexes=[0],
            quantities=[units], eta_unix_s=[at], stages=[3])
        return at

    def position(self, item, node=NODE):
        reply = self.client.Inventory.Availability(item_keys=[item], nodes=[node])
        return {name: getattr(reply, name)[0] for name in FIGURES}

    def assertPosition(self, item, on_hand, held, allocated, picked, available, node=NODE):
        self.assertEqual(
            self.position(item, node),
            dict(zip(FIGURES, (on_hand, held, allocated, picked, available))))

    def hold(self, **hold):
        return self.client.Holds.Get(**hold)

    def lines(self, **hold):
        reply = self.hold(**hold)
        return list(zip(reply.items, reply.nodes, reply.quantities, reply.picked, reply.shipped))

    def shortfalls(self, **more):
        reply = self.client.Holds.Shortfalls(**more)
        return list(zip(reply.hold_ids, reply.items, reply.units))

    def assertSound(self):
        self.server.tool("audit")


@needs_server
class Holds(Life):
    def test_a_claim_of_a_group_is_sourced_picked_and_shipped(self):
        item = self.keys[0]
        self.client.Inventory.PutGroups(
            groups=["west"], node_counts=[2], nodes=NODES, node_indexes=[0, 1])
        west = dict(groups=["west"])
        hold = self.call("Hold", (item, 15, "west"), name="order-1", **west).hold_id
        self.kill()
        # Ten in each node: five are left to all, and no node may give more.
        self.short("Hold", (item, 6, "west"), key=item, there=5, owner="other", **west)
        self.short("Hold", (item, 6), key=item, there=5, owner="other")
        self.call("Commit", hold_id=hold)
        self.assertEqual(self.lines(hold_id=hold), [(item, "west", 15, 0, 0)])
        refusal = self.refused("Consume", (item, 1), hold_id=hold)
        self.assertEqual((refusal.reason, refusal.row, refusal.key), ("LINE_NOT_SOURCED", 0, item))
        self.kill()
        self.call("Amend", (item, 9), (item, 6, OTHER), hold_id=hold)
        self.later(0)
        self.assertEqual(
            self.lines(hold_id=hold), [(item, NODE, 9, 0, 0), (item, OTHER, 6, 0, 0)])
        self.call("Pick", (item, 9), hold_id=hold)
        self.kill()
        self.call("Consume", (item, 9), hold_id=hold)
        self.kill()
        self.assertEqual(self.call("Consume", hold_id=hold).state, CONSUMED)
        self.assertPosition(item, 1, 0, 0, 0, 1)
        self.assertPosition(item, 4, 0, 0, 0, 4, node=OTHER)
        self.assertSound()

    def test_a_claim_for_a_date_takes_what_comes_and_is_an_order_like_any_other_then(self):
        item = self.keys[0]
        eta = self.inbound(item, 8, in_days=2)
        due = self.now + 3 * DAY
        first = self.call("Hold", (item, 12), dues=[due], name="later", ttl_s=DAY).hold_id
        self.kill()
        self.call("Commit", hold_id=first)
        # Six of the eighteen are left for then and for now: a later promise keeps its supply.
        self.short("Hold", (item, 7), key=item, there=6, more_at=eta, owner="other")
        self.short("Hold", (item, 7), dues=[due], key=item, there=6, owner="other")
        self.assertEqual(self.call("Hold", (item, 6), owner="other", ttl_s=60).state, HELD)
        self.assertPosition(item, 10, 6, 0, 0, 0)
        self.kill(2 * DAY)
        self.assertEqual(list(self.hold(hold_id=first).due_unix_s), [due])
        self.feed(item, INBOUND_RECEIPT, 8, references=b"SHIP-1", reference_lengths=[6])
        self.assertPosition(item, 18, 0, 0, 0, 6)
        self.later(DAY)
        self.assertPosition(item, 18, 0, 12, 0, 6)
        self.assertEqual(list(self.hold(hold_id=first).due_unix_s), [0])
        self.short("Hold", (item, 7), key=item, there=6, owner="other")
        self.call("Pick", (item, 12), name="later")
        self.kill()
        self.assertEqual(self.call("Consume", hold_id=first).state, CONSUMED)
        self.assertPosition(item, 6, 0, 0, 0, 6)
        self.assertSound()

    def test_supply_that_does_not_come_names_whom_it_breaks(self):
        item = self.keys[0]
        self.inbound(item, 8, in_days=2)
        due = self.now + 3 * DAY
        orders = [
            self.call("Hold", (item, units), dues=[due], name=name).hold_id
            for name, units in (("early", 10), ("late", 6))]
        for order in orders:
            self.call("Commit", hold_id=order)
        self.assertEqual(self.shortfalls(), [])
        self.kill(3 * DAY)
        self.assertEqual(self.shortfalls(), [(orders[1], item, 6)])
        self.assertPosition(item, 10, 0, 16, 0, -6)
        self.later(0)
        self.assertEqual(self.shortfalls(name="late"), [(orders[1], item, 6)])
        self.assertEqual(self.client.Admin.Status().short_units, 6)
        self.short("Hold", (item, 1), key=item, there=0, owner="other")
        # A day later it is there, and nobody is short any more.
        self.feed(item, INBOUND_RECEIPT, 8, references=b"SHIP-1", reference_lengths=[6])
        self.kill()
        self.assertEqual(self.shortfalls(), [])
        for order in orders:
            self.assertEqual(self.call("Consume", hold_id=order).state, CONSUMED)
        self.assertPosition(item, 2, 0, 0, 0, 2)
        self.assertSound()

    def test_what_is_not_there_claims_what_comes_and_no_more_than_may_be_backordered(self):
        item = self.keys[0]
        eta = self.inbound(item, 5, in_days=1)
        self.client.Inventory.PutBackorders(
            idempotency_key="caps", item_keys=[item], nodes=[NODE], node_indexes=[0], kinds=[1],
            caps=[3])
        hold = self.call("Hold", (item, 15), fill=1, name="all")
        granted = (
            list(hold.granted), list(hold.granted_later), list(hold.later_due_unix_s),
            list(hold.backordered))
        self.assertEqual(granted, ([10], [5], [eta], [0]))
        self.kill()
        again = self.call("Hold", (item, 15), fill=1, name="all", key="intent-1")
        self.assertTrue(again.repeated_answer)
        self.assertEqual(
            (list(again.granted), list(again.granted_later), list(again.later_due_unix_s),
             list(again.backordered)), granted)
        more = self.call("Hold", (item, 3), fill=1, owner="other")
        self.assertEqual((list(more.granted), list(more.backordered)), ([0], [3]))
        self.assertEqual(self.refused("Hold", (item, 1), fill=1, owner="third").available_units, 0)
        self.assertEqual(self.refused("Hold", (item, 1), fill=2, owner="third").available_units, 0)
        self.assertSound()

    def test_a_kit_is_made_of_what_its_components_make_together(self):
        kit, screw, board, other = "KIT-1", *self.keys[:3]
        self.client.Inventory.PutPositions(
            idempotency_key="kit-stock", item_keys=[kit], nodes=[NODE], node_indexes=[0],
            on_hand=[1])
        self.client.Inventory.PutKits(
            idempotency_key="kits", kit_keys=[kit, kit], component_keys=[screw, board],
            units=[4, 1])
        # One is assembled, two more can be made of ten screws.
        eta = self.inbound(screw, 40, in_days=1)
        self.short("Hold", (other, 1), (kit, 4), row=1, key=kit, there=3)
        hold = self.call("Hold", (kit, 3), name="kits", ttl_s=600).hold_id
        self.kill()
        # What the kits took of the screws is nobody else's, in one batch or in the next.
        self.short("Hold", (screw, 3), key=screw, there=2, more_at=eta, owner="other")
        self.assertEqual(
            self.lines(hold_id=hold),
            [(kit, NODE, 1, 0, 0), (kit, NODE, 2, 0, 0), (screw, NODE, 8, 0, 0),
             (board, NODE, 2, 0, 0)])
        self.call("Commit", hold_id=hold)
        self.call("Pick", (screw, 8), (board, 2), hold_id=hold)
        self.later(0)
        self.call("Consume", (screw, 4), (board, 1), hold_id=hold)
        self.kill()
        self.assertEqual(self.call("Consume", hold_id=hold).state, CONSUMED)
        self.assertPosition(screw, 2, 0, 0, 0, 2)
        self.assertPosition(board, 8, 0, 0, 0, 8)
        self.assertEqual(self.position(kit)["on_hand"], 0)
        self.assertSound()

    def test_what_is_kept_for_a_channel_is_claimed_by_it_alone(self):
        item = self.keys[0]
        self.client.Inventory.PutChannelStock(
            channels=["shop", "app"], channel_indexes=[0, 1], item_keys=[item, item], nodes=[NODE],
            node_indexes=[0, 0], buffers=[0, 3], set_asides=[4, 0])
        # Six are for everybody; three fewer for the app; all ten for the shop.
        self.short("Hold", (item, 7), key=item, there=6)
        self.short("Hold", (item, 4), key=item, there=3, channel="app")
        self.short("Hold", (item, 11), key=item, there=10, channel="shop")
        hold = self.call("Hold", (item, 8), channel="shop", name="shop-1").hold_id
        self.kill()
        self.short("Hold", (item, 3), key=item, there=2, owner="other")
        self.call("Commit", hold_id=hold)
        self.call("Consume", (item, 3), hold_id=hold)
        self.later(0)
        self.assertEqual(self.call("Consume", hold_id=hold).state, CONSUMED)
        # What was kept is used up: the last two are everybody's.
        self.assertPosition(item, 2, 0, 0, 0, 2)
        self.assertEqual(self.call("Hold", (item, 2), owner="other").state, HELD)
        self.assertSound()

    def test_an_expired_hold_counts_at_once_no_more_and_claims_again_or_is_refused(self):
        item = self.keys[0]
        first = self.call("Hold", (item, 6), name="first", ttl_s=60).hold_id
        second = self.call("Hold", (item, 4), name="second", ttl_s=60).hold_id
        self.short("Hold", (item, 1), key=item, there=0, owner="other")
        self.kill(60)
        self.assertEqual(self.hold(hold_id=first).state, EXPIRED)
        self.assertPosition(item, 10, 0, 0, 0, 10)
        # Extended, it claims again; another takes what is left, and the second cannot any more.
        extended = self.call("Extend", hold_id=first, ttl_s=120)
        self.assertEqual((extended.state, extended.expires_at_unix_s), (HELD, self.now + 120))
        self.kill()
        taken = self.call("Hold", (item, 2), owner="other").hold_id
        eta = self.inbound(item, 5, in_days=1)
        self.short("Commit", key=item, there=2, more_at=eta, hold_id=second)
        self.assertEqual(self.hold(hold_id=second).state, EXPIRED)
        self.assertEqual(self.refused("Release", hold_id=second).reason, "HOLD_EXPIRED")
        self.call("Release", hold_id=taken, owner="other")
        self.later(0)
        committed = self.call("Commit", hold_id=second)
        self.assertEqual((committed.state, committed.reclaimed), (COMMITTED, True))
        self.kill(DAY)
        # An allocation does not expire.
        self.assertPosition(item, 10, 0, 4, 0, 6)
        self.assertEqual(self.refused("Extend", hold_id=second).reason, "HOLD_COMMITTED")
        self.assertSound()

    def test_complaint_16_my_own_hold_does_not_block_me_however_it_is_made(self):
        item = self.keys[0]
        self.client.Inventory.PutGroups(
            groups=["west"], node_counts=[2], nodes=NODES, node_indexes=[0, 1])
        due = self.now + DAY
        for lines, more in (
                ([(item, 9)], {}), ([(item, 19, "west")], dict(groups=["west"])),
                ([(item, 9)], dict(dues=[due]))):
            hold = self.call("Hold", *lines, **more).hold_id
            bigger = [(*line[:1], line[1] + 1, *line[2:]) for line in lines]
            refusal = self.refused("Hold", *bigger, **more)
            self.assertEqual((refusal.reason, refusal.row), ("INSUFFICIENT_STOCK", 0))
            self.assertIn(f"hold {hold}", refusal.message)
            self.kill()
            after = self.call("Hold", *bigger, replaces_hold_id=hold, **more).hold_id
            self.assertEqual(self.hold(hold_id=hold).state, RELEASED)
            self.call("Release", hold_id=after)
        self.assertPosition(item, 10, 0, 0, 0, 10)

    def test_a_refusal_names_the_line_what_there_is_and_when_more_comes(self):
        first, second = self.keys[:2]
        eta = self.inbound(second, 3, in_days=2)
        self.short("Hold", (first, 1), (second, 11), row=1, key=second, there=10, more_at=eta)
        # The lines of one request are judged together.
        self.short("Hold", (second, 6), (first, 1), (second, 5), row=2, key=second, there=10,
                   more_at=eta)
        hold = self.call("Hold", (first, 2), (second, 2)).hold_id
        refusal = self.short("Amend", (first, 2), (second, 11), row=1, key=second, there=10,
                             more_at=eta, hold_id=hold)
        self.assertIn("11 of item", refusal.message)
        self.assertNotIn("replaces_hold_id", refusal.message)
        self.call("Commit", hold_id=hold)
        refusal = self.refused("Pick", (first, 1), (second, 3), hold_id=hold)
        self.assertEqual(
            (refusal.reason, refusal.row, refusal.key, refusal.available_units),
            ("LINE_QUANTITY_EXCEEDED", 1, second, 2))
        self.feed(second, COUNT, 1)
        refusal = self.refused("Consume", (first, 1), (second, 2), hold_id=hold)
        self.assertEqual(
            (refusal.reason, refusal.row, refusal.key, refusal.available_units),
            ("ON_HAND_NEGATIVE", 1, second, 1))
        self.call("Pick", (first, 2), hold_id=hold)
        refusal = self.refused("Amend", (first, 1), (second, 2), hold_id=hold)
        self.assertEqual(
            (refusal.reason, refusal.row, refusal.key, refusal.available_units),
            ("LINE_PICKED", 0, first, 2))
        for lines, reason, row in (
                ([(first, 1), ("NOTHING", 1)], "ITEM_UNKNOWN", 1), ([(first, 0)], "FIELD_OUT_OF_RANGE", 0)):
            refusal = self.refused("Hold", *lines)
            self.assertEqual((refusal.reason, refusal.row), (reason, row))


@needs_server
class Counts(Life):
    """A count of an instant never undoes what happened since, whoever did it."""

    def count(self, item, units, seconds_ago, kind=COUNT, **more):
        self.feed(item, kind, units, source="scan",
                  occurred_unix_ms=[(self.now - seconds_ago) * 1000], **more)

    def test_a_count_does_not_undo_a_shipment(self):
        item = self.keys[0]
        hold = self.call("Hold", (item, 6)).hold_id
        self.call("Commit", hold_id=hold)
        self.kill(600)
        self.call("Pick", (item, 4), hold_id=hold, missing=[1])
        self.call("Consume", (item, 3), hold_id=hold)
        self.assertEqual(self.position(item)["on_hand"], 6)
        self.kill(600)
        # Ten were there a quarter of an hour ago: one was not found and three have left since.
        self.count(item, 10, 900)
        self.assertPosition(item, 6, 0, 3, 1, 3)
        self.later(60)
        # Six beside the four that were picked then, or four beside the six that were allocated.
        self.count(item, 5, 300, kind=WITHOUT_PICKED)
        self.assertPosition(item, 6, 0, 3, 1, 3)
        self.kill()
        self.count(item, 3, 200, net_of_allocations=True)
        self.assertPosition(item, 6, 0, 3, 1, 3)
        self.assertSound()

    def test_a_count_does_not_undo_what_a_plan_received_or_an_operator_said(self):
        item, other = self.keys[:2]
        self.client.Capacity.PutLimits(
            sellers=["seller"], seller_indexes=[0], storage_types=[1],
            months=[202609], limits_micro_cubic_feet=[10**12], kinds=[1])
        self.client.Capacity.Admit(
            idempotency_key="p", seller="seller", plan="PLAN-1", item_keys=[item], nodes=[NODE],
            node_indexes=[0], quantities=[20], eta_unix_s=[self.now + DAY])
        self.kill(600)
        self.client.Capacity.Receive(
            idempotency_key="r", plan="PLAN-1", item_keys=[item], nodes=[NODE], node_indexes=[0],
            quantities=[20])
        self.client.Inventory.PutPositions(
            idempotency_key="put", item_keys=[other], nodes=[NODE], node_indexes=[0], on_hand=[50])
        self.kill(600)
        self.count(item, 9, 900)
        self.assertEqual(self.position(item)["on_hand"], 29)
        already_counted = 102
        self.feed(other, COUNT, 9, source="scan", outcome=already_counted,
                  occurred_unix_ms=[(self.now - 900) * 1000])
        self.later(0)
        self.count(other, 49, 60)
        self.assertEqual(self.position(other)["on_hand"], 49)
        self.assertSound()


if __name__ == "__main__":
    unittest.main()
