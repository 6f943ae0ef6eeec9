"""What the stock must be, worked out from the answers alone.

It shares no code and no rules of rounding or layout with the server: a dictionary of (item, node)
and three numbers, and a dictionary of holds.
"""
import collections

HELD, COMMITTED, RELEASED = 1, 2, 3


class Position:
    __slots__ = ("on_hand", "held", "allocated")

    def __init__(self, on_hand):
        self.on_hand, self.held, self.allocated = on_hand, 0, 0

    @property
    def available(self):
        return self.on_hand - self.held - self.allocated


class Hold:
    __slots__ = ("lines", "state")

    def __init__(self, lines):
        self.lines, self.state = lines, HELD


class Shadow:
    def __init__(self, stock):
        self.positions = {place: Position(units) for place, units in stock.items()}
        self.holds = {}
        self.last_sequence = collections.Counter()

    def held(self, hold_id, lines):
        if hold_id in self.holds:
            raise AssertionError(f"hold {hold_id} was given out twice")
        self.holds[hold_id] = Hold(lines)
        for place, units in lines:
            position = self.positions[place]
            position.held += units
            if position.available < 0:
                raise AssertionError(f"{place} was oversold by {-position.available}")

    def committed(self, hold_id):
        hold = self.holds[hold_id]
        assert hold.state == HELD, f"hold {hold_id} was committed in state {hold.state}"
        hold.state = COMMITTED
        for place, units in hold.lines:
            self.positions[place].held -= units
            self.positions[place].allocated += units

    def released(self, hold_id):
        hold = self.holds[hold_id]
        assert hold.state in (HELD, COMMITTED), f"hold {hold_id} was released twice"
        for place, units in hold.lines:
            if hold.state == HELD:
                self.positions[place].held -= units
            else:
                self.positions[place].allocated -= units
        hold.state = RELEASED

    def applied(self, source, last_sequence, rows):
        """Rows of (place, change) where a change is ("add", n) or ("count", n)."""
        if last_sequence - len(rows) != self.last_sequence[source]:
            raise AssertionError(f"{source} was applied with a gap before {last_sequence}")
        self.last_sequence[source] = last_sequence
        for place, (kind, units) in rows:
            position = self.positions[place]
            position.on_hand = units if kind == "count" else position.on_hand + units

    def differences(self, found):
        """Lines that say where `found`, as `world.positions` gives it, is not what it must be."""
        lines = []
        for place, position in sorted(self.positions.items()):
            row = found.get(place)
            expected = {
                "on_hand": position.on_hand, "held": position.held,
                "allocated": position.allocated, "available_now": position.available}
            if row is None:
                lines.append(f"{place}: no position, expected {expected}")
                continue
            for name, value in expected.items():
                if row[name] != value:
                    lines.append(f"{place}: {name} is {row[name]}, expected {value}")
        return lines
