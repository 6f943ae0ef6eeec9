#!/usr/bin/python3
"""A stand-in for `promised` that holds stock in a dictionary and logs JSON lines. It exists so that
the kill campaign can be shown to find each of its planted faults (--fault NAME):

  early-answer   answers before the record is written
  half-hold      writes the lines of a hold one by one
  half-feed      likewise the rows of a feed batch
  forgets-keys   does not remember idempotency keys over a restart
  oversells      grants one unit more than there is
  loses-commit   does not log commits
"""
import json
import pathlib
import socket
import struct
import sys
import threading
import time

from fake_server import descriptor_set
from harness import wire

HELD, COMMITTED, RELEASED = 1, 2, 3


class No(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code, self.reason = code, reason


class Toy:
    def __init__(self, data, fault):
        self.fault = fault
        self.lock = threading.Lock()
        self.stock, self.holds, self.answers, self.marks = {}, {}, {}, {}
        self.position, self.late = 0, []
        path = pathlib.Path(data)
        path.mkdir(parents=True, exist_ok=True)
        self.path = path / "log"
        text = self.path.read_text() if self.path.exists() else ""
        whole = text[:text.rfind("\n") + 1]
        self.path.write_text(whole)  # a torn last line was never acknowledged
        for line in whole.splitlines():
            record = json.loads(line)
            self.apply(record)
            if fault != "forgets-keys" and record.get("key"):
                self.answers[record["key"]] = record["answer"]
        self.file = open(self.path, "a")
        if fault == "early-answer":
            threading.Thread(target=self.write_late, daemon=True).start()

    def write_late(self):
        while True:
            time.sleep(0.02)
            with self.lock:
                late, self.late = self.late, []
                self.file.write("".join(late))
                self.file.flush()

    def log(self, record):
        """Makes a record true, then durable (as far as a kill goes), then answerable."""
        self.apply(record)
        record["answer"] = dict(record.get("answer", {}), position=self.position)
        if record.get("key"):
            self.answers[record["key"]] = record["answer"]
        if self.fault == "loses-commit" and record["kind"] == "Commit":
            return record["answer"]
        lines = [json.dumps(record) + "\n"]
        split = {"half-hold": "hold", "half-feed": "feed"}.get(self.fault)
        if record["kind"] == split and len(record["rows"]) > 1:
            rows = record["rows"]
            lines = [json.dumps(dict(record, rows=[row], last=record.get("last", 0)
                                     - len(rows) + i + 1)) + "\n" for i, row in enumerate(rows)]
        for line in lines:
            if self.fault == "early-answer":
                self.late.append(line)
                continue
            self.file.write(line)
            self.file.flush()
            if len(lines) > 1:
                time.sleep(0.004)
        return record["answer"]

    def apply(self, record):
        self.position += 1
        kind = record["kind"]
        if kind == "stock":
            for place, units in record["rows"]:
                self.stock[tuple(place)] = [units, 0, 0]
        elif kind == "hold":
            lines = self.holds.setdefault(record["hold"], [HELD, []])[1]
            for place, units in record["rows"]:
                lines.append((place, units))
                self.stock[tuple(place)][1] += units
        elif kind == "feed":
            self.marks[record["source"]] = record["last"]
            for place, what, units in record["rows"]:
                row = self.stock[tuple(place)]
                row[0] = units if what == 4 else row[0] + units
        else:
            hold = self.holds[record["hold"]]
            for place, units in hold[1]:
                row = self.stock[tuple(place)]
                if kind == "Commit":
                    row[1] -= units
                    row[2] += units
                else:
                    row[1 if hold[0] == HELD else 2] -= units
            hold[0] = COMMITTED if kind == "Commit" else RELEASED

    def ask(self, method, asked):
        key = getattr(asked, "idempotency_key", "")
        if key and key in self.answers:
            return dict(self.answers[key], repeated=True)
        if method in ("Put", "PutSellers", "PutItems", "TakeSnapshot", "Check"):
            return {}
        if method == "PutPositions":
            places = zip(split(asked), (asked.nodes[i] for i in asked.node_indexes))
            return self.log(dict(
                kind="stock", key=key, rows=list(zip(map(list, places), asked.on_hand))))
        if method == "Hold":
            return self.hold(asked, key)
        if method in ("Commit", "Release"):
            return self.change(method, asked, key)
        if method == "Apply":
            return self.feed(asked)
        raise No(12, "METHOD_NOT_BUILT")

    def hold(self, asked, key):
        rows = [[[item, asked.nodes[node]], units] for item, node, units in zip(
            split(asked), asked.node_indexes, asked.quantities)]
        spare = 1 if self.fault == "oversells" else 0
        for place, units in rows:
            on_hand, held, allocated = self.stock[tuple(place)]
            if on_hand - held - allocated + spare < units:
                raise No(9, "INSUFFICIENT_STOCK")
        number = len(self.holds) + 1
        return self.log(dict(
            kind="hold", key=key, hold=number, rows=rows, answer=dict(hold_id=number, state=HELD)))

    def change(self, method, asked, key):
        state = self.holds[asked.hold_id][0]
        answer = dict(hold_id=asked.hold_id, state=COMMITTED if method == "Commit" else RELEASED)
        if method == "Commit" and state == COMMITTED:
            return dict(answer, position=self.position)  # it changes nothing
        return self.log(dict(kind=method, key=key, hold=asked.hold_id, answer=answer))

    def feed(self, asked):
        rows = [[[item, asked.nodes[node]], kind, units] for item, node, kind, units in zip(
            split(asked), asked.node_indexes, asked.kinds, asked.quantities)]
        mark = self.marks.get(asked.source, 0)
        last = asked.first_sequence + len(rows) - 1
        done = max(0, min(len(rows), mark - asked.first_sequence + 1))
        outcomes = [48] * done + [0] * (len(rows) - done)
        answer = dict(outcomes=outcomes, last_sequence=max(mark, last))
        if done == len(rows):
            return dict(answer, position=self.position)
        record = dict(kind="feed", source=asked.source, last=last, rows=rows[done:], answer=answer)
        return self.log(record)

    def availability(self, asked, answer):
        names = []
        for item in split(asked):
            places = [place for place in self.stock if place[0] == item]
            answer.outcomes.append(0)
            answer.position_counts.append(len(places))
            for place in places:
                on_hand, held, allocated = self.stock[place]
                if place[1] not in names:
                    names.append(place[1])
                answer.nodes.append(names.index(place[1]))
                answer.on_hand.append(on_hand)
                answer.fulfillable.append(on_hand)
                answer.held.append(held)
                answer.allocated.append(allocated)
                answer.available_now.append(on_hand - held - allocated)
        answer.node_names.extend(names)


def split(asked):
    keys, at = [], 0
    for length in asked.item_key_lengths:
        keys.append(asked.item_keys[at:at + length].decode())
        at += length
    return keys


def reply(toy, schema, descriptors, service, method, payload):
    asked_class, answered_class = schema.method(service, method)
    asked, answer = asked_class.FromString(payload), answered_class()
    if method == "GetDescriptorSet":
        answer.file_descriptor_set = descriptors
    elif method == "Availability":
        toy.availability(asked, answer)
        answer.as_of.position = toy.position
    elif method == "Get":
        state, lines = toy.holds[asked.hold_id]
        answer.state = state
        for (item, node), units in lines:
            answer.items.append(item)
            answer.nodes.append(node)
            answer.quantities.append(units)
    else:
        for name, value in toy.ask(method, asked).items():
            if name == "position":
                answer.as_of.position = value
            elif name == "repeated":
                answer.repeated_answer = value
            elif name == "outcomes":
                answer.outcomes.extend(value)
            else:
                setattr(answer, name, value)
    return wire.field(2, answer.SerializeToString())


def serve(connection, toy, schema, descriptors):
    received = b""
    while True:
        piece = connection.recv(1 << 16)
        if not piece:
            return
        received += piece
        while len(received) >= 10:
            length, stream_id, _, _ = struct.unpack_from(">IIBB", received)
            if len(received) < 10 + length:
                break
            fields = dict(wire.fields(received[10:10 + length]))
            received = received[10 + length:]
            with toy.lock:
                try:
                    data = reply(toy, schema, descriptors, fields[1].decode(), fields[2].decode(),
                                 fields.get(3, b""))
                except KeyError:  # a fault has lost what is asked for
                    data = wire.field(1, wire.field(1, 5))
                except No as no:
                    detail = wire.field(1, "x/promised.v1.ErrorInfo") + wire.field(
                        2, wire.field(1, no.reason))
                    data = wire.field(1, wire.field(1, no.code) + wire.field(3, detail))
            connection.sendall(wire.frame(stream_id, wire.RESPONSE, 0, data))


def main():
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    descriptors = descriptor_set()
    schema = wire.Schema(descriptors)
    toy = Toy(options["--data"], options.get("--fault"))
    listener = socket.create_server(("127.0.0.1", 0))
    print("ready tcp=127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(
            target=serve, args=(connection, toy, schema, descriptors), daemon=True).start()


if __name__ == "__main__":
    main()
