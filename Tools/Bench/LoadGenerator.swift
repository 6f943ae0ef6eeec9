import CLinux
import Glibc
import PromisedBytes

/// What a run measured. `serverCPU…` is the served process's own accounting: it survives a noisy
/// machine, where throughput does not.
struct Measurement {
  var requests: UInt64 = 0
  var refusals: UInt64 = 0
  var seconds: Double = 0
  var serverCPUSeconds: Double = 0
  var latencies = Histogram()

  var requestsPerSecond: Double { Double(requests) / seconds }
  var serverCPUMicroseconds: Double { serverCPUSeconds * 1e6 / Double(max(requests, 1)) }
  var serverCores: Double { serverCPUSeconds / seconds }
}

/// Keeps `depth` requests in flight on each of `connections` connections; one write per read.
struct LoadGenerator {
  let host: String
  let port: UInt16
  let connections: Int
  let depth: Int
  let seconds: Double
  /// The process whose CPU time is charged.
  let serverPID: Int32

  func run(_ workload: inout some Workload) -> Measurement {
    var streams = (0..<connections).map { _ in
      Stream(socket: connectedSocket(host: host, port: port), depth: depth)
    }
    let epoll = clinux_epoll_create()
    for index in streams.indices {
      _ = clinux_epoll_control(
        epoll, clinux_epoll_add, streams[index].socket, clinux_epoll_in, UInt64(index))
      fill(&streams[index], index, &workload, count: depth)
    }
    var measurement = Measurement()
    let begin = now()
    let cpuBefore = cpuSeconds(serverPID)
    let end = begin + UInt64(seconds * 1e9)
    let events = UnsafeMutablePointer<clinux_event>.allocate(capacity: 256)
    defer { events.deallocate() }
    var inFlight = connections * depth
    while inFlight > 0 {
      let found = clinux_epoll_wait(epoll, events, 256, 2000)
      if found <= 0 { fail("no reply for two seconds") }
      let time = now()
      for event in 0..<Int(found) {
        let index = Int(events[event].data)
        let done = take(&streams[index], &workload, time, &measurement)
        inFlight -= done
        if time < end {
          fill(&streams[index], index, &workload, count: done)
          inFlight += done
        }
      }
    }
    measurement.seconds = Double(now() - begin) / 1e9
    measurement.serverCPUSeconds = cpuSeconds(serverPID) - cpuBefore
    for stream in streams { close(stream.socket) }
    close(epoll)
    return measurement
  }

  private struct Stream {
    let socket: Int32
    var input: [UInt8] = Array(repeating: 0, count: 1 << 20)
    var inputCount = 0
    var nextStreamID: UInt32 = 1
    var nextIndex: UInt64 = 0
    /// When each request in flight was sent, by stream id, or in order where there is none.
    var sentAt: [UInt64]
    var oldest: UInt64 = 0

    init(socket: Int32, depth: Int) {
      self.socket = socket
      sentAt = Array(repeating: 0, count: 8192)
    }
  }

  private func fill(
    _ stream: inout Stream, _ index: Int, _ workload: inout some Workload, count: Int
  ) {
    if count == 0 { return }
    var out = ByteBuffer(capacity: 1 << 16)
    let time = now()
    for _ in 0..<count {
      workload.append(
        streamID: stream.nextStreamID, connection: index, index: stream.nextIndex, to: &out)
      stream.sentAt[Int(stream.nextIndex % 8192)] = time
      stream.nextStreamID &+= 2
      stream.nextIndex += 1
    }
    var sent = 0
    while sent < out.count {
      let rest = UnsafeRawBufferPointer(rebasing: out.bytes[sent...])
      let count = send(stream.socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      if count < 0 {
        if errno == EAGAIN { continue }
        fail("send: errno \(errno)")
      }
      sent += count
    }
  }

  private func take(
    _ stream: inout Stream, _ workload: inout some Workload, _ time: UInt64,
    _ measurement: inout Measurement
  ) -> Int {
    let count = stream.input.withUnsafeMutableBytes { bytes in
      recv(
        stream.socket, bytes.baseAddress.unsafelyUnwrapped + stream.inputCount,
        bytes.count - stream.inputCount, 0)
    }
    if count == 0 { fail("the server closed a connection") }
    if count < 0 { return 0 }
    stream.inputCount += count
    var offset = 0
    var done = 0
    let total = stream.inputCount
    let oldest = stream.oldest
    stream.input.withUnsafeBytes { bytes in
      let whole = UnsafeRawBufferPointer(rebasing: bytes[..<total])
      while let reply = workload.reply(in: whole, from: offset) {
        offset = reply.end
        let request =
          reply.streamID == 0 ? oldest + UInt64(done) : UInt64((reply.streamID - 1) / 2)
        measurement.latencies.record(time - stream.sentAt[Int(request % 8192)])
        if reply.isRefusal { measurement.refusals += 1 }
        done += 1
      }
    }
    stream.oldest += UInt64(done)
    measurement.requests += UInt64(done)
    stream.input.withUnsafeMutableBytes { bytes in
      let base = bytes.baseAddress.unsafelyUnwrapped
      memmove(base, base + offset, total - offset)
    }
    stream.inputCount = total - offset
    return done
  }
}

func now() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Seconds on a processor over all threads of `pid`.
func cpuSeconds(_ pid: Int32) -> Double { Double(schedulerFigures(pid).ranNanoseconds) / 1e9 }

/// Over all threads of `pid`, from their schedstat: nanoseconds that they ran, and that they were
/// ready to run and did not. 0 of a process that is not there.
func schedulerFigures(_ pid: Int32) -> (ranNanoseconds: UInt64, waitedNanoseconds: UInt64) {
  var figures: (UInt64, UInt64) = (0, 0)
  guard let tasks = opendir("/proc/\(pid)/task") else { return figures }
  defer { closedir(tasks) }
  while let entry = readdir(tasks) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard Int(name) != nil else { continue }
    guard let file = fopen("/proc/\(pid)/task/\(name)/schedstat", "r") else { continue }
    var text = [CChar](repeating: 0, count: 64)
    if fgets(&text, 64, file) != nil {
      let words = text.split(separator: 32).map { word in
        word.prefix { $0 >= 48 && $0 <= 57 }.reduce(UInt64(0)) { $0 * 10 + UInt64($1 - 48) }
      }
      if words.count >= 2 { figures = (figures.0 + words[0], figures.1 + words[1]) }
    }
    fclose(file)
  }
  return figures
}

func fail(_ message: String) -> Never {
  let line = Array("promised-bench: \(message)\n".utf8)
  _ = write(2, line, line.count)
  exit(1)
}
