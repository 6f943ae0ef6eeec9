import CLinux
import Glibc
import PromisedBytes

/// Fills the peer with as many keys as the world has items: 10-byte keys, 16-byte values.
enum RedisFill {
  static func run(port: UInt16, keys: UInt64) {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if connected != 0 { fail("connect to redis: errno \(errno)") }
    var index: UInt64 = 0
    while index < keys {
      let count = min(1000, keys - index)
      var out = ByteBuffer(capacity: 1 << 16)
      for key in index..<(index + count) {
        Array("*3\r\n$3\r\nSET\r\n$10\r\n".utf8).withUnsafeBytes { out.append(bytes: $0) }
        RedisGetWorkload.key(key).withUnsafeBytes { out.append(bytes: $0) }
        Array("\r\n$16\r\n0123456789abcdef\r\n".utf8).withUnsafeBytes { out.append(bytes: $0) }
      }
      _ = send(socket, out.bytes.baseAddress, out.count, 0)
      // "+OK\r\n" for each.
      var waiting = Int(count) * 5
      var sink = [UInt8](repeating: 0, count: 1 << 14)
      while waiting > 0 {
        let got = recv(socket, &sink, min(sink.count, waiting), 0)
        if got <= 0 { fail("redis closed the connection") }
        waiting -= got
      }
      index += count
    }
    close(socket)
  }
}
