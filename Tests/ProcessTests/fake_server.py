"""A ttRPC server of a few lines, so that the Python client is tested where no real one is built.

It keeps one item in one node, answers out of order when told to, and breaks off when told to.
"""
import socket
import struct
import subprocess
import tempfile
import threading

from harness import ROOT, wire


def descriptor_set():
    protocol = ROOT / "Protocol"
    files = sorted(str(path.relative_to(protocol)) for path in protocol.rglob("*.proto"))
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(
            ["protoc", "-I.", "--include_imports", f"--descriptor_set_out={out.name}", *files],
            cwd=protocol, check=True)
        return out.read()


class FakeServer:
    def __init__(self, unix_path=None):
        self.descriptors = descriptor_set()
        self.schema = wire.Schema(self.descriptors)
        self.seen = []  # (method, timeout, metadata)
        if unix_path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(unix_path)
            self.listener.listen()
            self.address = f"unix:{unix_path}"
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        received, delayed = b"", []
        while True:
            piece = connection.recv(65536)
            if not piece:
                return
            received += piece
            while len(received) >= 10:
                length, stream_id, _, _ = struct.unpack_from(">IIBB", received)
                if len(received) < 10 + length:
                    break
                data, received = received[10:10 + length], received[10 + length:]
                envelope = list(wire.fields(data))
                fields = dict(envelope)
                service, method = fields[1].decode(), fields[2].decode()
                metadata = [dict(wire.fields(v)) for number, v in envelope if number == 5]
                self.seen.append((method, fields.get(4, 0), metadata))
                if method == "Drain":  # breaks off
                    connection.close()
                    return
                if method == "Audit":  # never answers
                    continue
                reply = wire.frame(
                    stream_id, wire.RESPONSE, 0, self.reply(service, method, fields.get(3, b"")))
                if method == "Ping":  # answers late, latest first
                    delayed.append(reply)
                    continue
                connection.sendall(reply + b"".join(reversed(delayed)))
                delayed = []

    def reply(self, service, method, payload):
        asked, answered = self.schema.method(service, method)
        question = asked.FromString(payload)
        if method == "GetDescriptorSet":
            return wire.field(2, answered(file_descriptor_set=self.descriptors).SerializeToString())
        if method == "Ping":
            return wire.field(2, answered(payload=question.payload).SerializeToString())
        if method == "Availability" and question.item_keys != b"KNOWN":
            info = self.schema.message(
                self.schema.pool.FindMessageTypeByName("promised.v1.ErrorInfo"))(
                    reason="ITEM_UNKNOWN", outcome=1, key=question.item_keys.decode(), row=3,
                    available_units=-1)
            detail = wire.field(1, "type.googleapis.com/promised.v1.ErrorInfo") + wire.field(
                2, info.SerializeToString())
            status = wire.field(1, 5) + wire.field(2, "no such item") + wire.field(3, detail)
            return wire.field(1, status)
        if method == "Availability":
            return wire.field(2, answered(outcomes=[0], available_now=[-7]).SerializeToString())
        return b""

    def close(self):
        self.listener.close()
