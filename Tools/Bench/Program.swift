import Glibc
import PromisedBytes

/// The load generator: one workload, one line of JSON with what was measured.
@main
enum Program {
  static func main() {
    var options: [String: String] = [:]
    var arguments = CommandLine.arguments.dropFirst()
    let isEngine = arguments.first == "--engine"
    if isEngine { arguments.removeFirst() }
    while let name = arguments.popFirst() {
      if name == "--oversell", arguments.first?.hasPrefix("--") ?? true {
        options["oversell"] = ""
        continue
      }
      guard name.hasPrefix("--"), name != "--help", let value = arguments.popFirst() else {
        print(usage)
        exit(name == "--help" ? 0 : 64)
      }
      options[String(name.dropFirst(2))] = value
    }
    if isEngine, let only = options["network"] {
      EngineNetworkBench.run(
        rounds: max(1, Int(options["rounds"] ?? "") ?? 21), only: only == "all" ? nil : only)
      return
    }
    if isEngine, options["case"] == "changed" {
      EngineChangedBench.run(rounds: max(1, Int(options["rounds"] ?? "") ?? 3))
      return
    }
    if isEngine {
      EngineBench.run(
        items: max(1, Int(options["items"] ?? "") ?? 200_000),
        rows: max(1, Int(options["rows"] ?? "") ?? 100_000),
        rounds: max(1, Int(options["rounds"] ?? "") ?? 9), only: options["case"])
      return
    }
    if options["alongside"] != nil { return alongside(options) }
    if options["oversell"] != nil { return oversell(options) }
    let kind = options["workload"] ?? "offer"
    let generator = LoadGenerator(
      host: "127.0.0.1", port: UInt16(options["port"] ?? "") ?? 7420,
      connections: Int(options["connections"] ?? "") ?? 4,
      depth: Int(options["depth"] ?? "") ?? 64,
      seconds: Double(options["seconds"] ?? "") ?? 2,
      serverPID: Int32(options["pid"] ?? "") ?? 0)
    let batch = Int(options["batch"] ?? "") ?? 1
    let run = UInt64(options["run"] ?? "") ?? 1
    let measurement: Measurement
    var rows = 1
    if kind == "redis-get" {
      var workload = RedisGetWorkload(
        keyCount: UInt64(options["keys"] ?? "") ?? 1_000_000, run: run)
      measurement = generator.run(&workload)
    } else if kind == "redis-fill" {
      RedisFill.run(port: generator.port, keys: UInt64(options["keys"] ?? "") ?? 1_000_000)
      return
    } else {
      guard let known = WorkloadKind(rawValue: kind), let directory = options["world"] else {
        print(usage)
        exit(64)
      }
      let world = WorldReader.read(
        directory, needsPositions: known == .hold || known == .apply)
      var workload = PromisedWorkload(
        kind: known, world: world, batch: batch, run: run,
        connections: generator.connections)
      rows = workload.rowsPerRequest
      measurement = generator.run(&workload)
    }
    print(line(kind, generator, rows, measurement))
  }

  private static func alongside(_ options: [String: String]) {
    guard let directory = options["world"] else {
      print(usage)
      exit(64)
    }
    let world = WorldReader.read(directory, needsPositions: true)
    var bench = FeedAlongside(
      world: world, port: UInt16(options["port"] ?? "") ?? 7420,
      offersPerSecond: Double(options["alongside"] ?? "") ?? 20_000,
      updatesPerSecond: Double(options["updates"] ?? "") ?? 116_000,
      batch: Int(options["batch"] ?? "") ?? 1000, run: UInt64(options["run"] ?? "") ?? 1,
      serverPID: Int32(options["pid"] ?? "") ?? 0)
    bench.run(
      rounds: max(1, Int(options["rounds"] ?? "") ?? 7),
      seconds: Double(options["seconds"] ?? "") ?? 1)
  }

  private static func oversell(_ options: [String: String]) {
    let attempts =
      Int(options["attempts"] ?? "") ?? Int(options["oversell"] ?? "") ?? 100_000
    let isSandbox = options["clock"] == "sandbox"
    if attempts > OversellHammer.mostAttemptsPerRound && !isSandbox {
      print(
        "more than \(OversellHammer.mostAttemptsPerRound) attempts need more keys than a server"
          + " remembers: --clock sandbox, whose clock is moved between rounds")
      exit(64)
    }
    let fewest =
      (attempts + OversellHammer.attemptsPerRound - 1) / OversellHammer.attemptsPerRound
    var hammer = OversellHammer(
      port: UInt16(options["port"] ?? "") ?? 7420,
      connections: max(1, Int(options["connections"] ?? "") ?? 64),
      attempts: attempts,
      stock: Int64(options["stock"] ?? "") ?? 1000,
      rounds: max(isSandbox ? fewest : 1, Int(options["rounds"] ?? "") ?? 1),
      seed: UInt64(options["run"] ?? "") ?? 1, isSandbox: isSandbox)
    if !hammer.run() { exit(1) }
  }

  private static func line(
    _ kind: String, _ generator: LoadGenerator, _ rows: Int, _ measured: Measurement
  ) -> String {
    func figure(_ value: Double, _ digits: Double = 1000) -> String {
      "\((value * digits).rounded() / digits)"
    }
    let fields: [(String, String)] = [
      ("workload", "\"\(kind)\""),
      ("connections", "\(generator.connections)"),
      ("depth", "\(generator.depth)"),
      ("rows_per_request", "\(rows)"),
      ("requests", "\(measured.requests)"),
      ("refusals", "\(measured.refusals)"),
      ("seconds", figure(measured.seconds)),
      ("requests_per_s", figure(measured.requestsPerSecond, 1)),
      ("rows_per_s", figure(measured.requestsPerSecond * Double(rows), 1)),
      ("server_cores", figure(measured.serverCores)),
      ("server_us_per_request", figure(measured.serverCPUMicroseconds)),
      ("p50_us", figure(Double(measured.latencies.quantile(0.5)) / 1000)),
      ("p99_us", figure(Double(measured.latencies.quantile(0.99)) / 1000)),
      ("p999_us", figure(Double(measured.latencies.quantile(0.999)) / 1000)),
    ]
    return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  private static let usage = """
    usage: promised-bench --workload offer|availability|instock|hold|apply|ping --world DIR
             --port N --pid SERVER [--connections 4] [--depth 64] [--batch 1] [--seconds 2] [--run N]
           promised-bench --workload redis-fill|redis-get --port N [--pid SERVER] [--keys 1000000]
           promised-bench --oversell --attempts N --port N [--connections 64] [--stock 1000]
             [--rounds 1] [--clock sandbox] [--run N]
           promised-bench --alongside OFFERS_PER_S --world DIR --port N [--updates 116000]
             [--batch 1000] [--rounds 7] [--seconds 1] [--run N] [--pid SERVER]
           promised-bench --engine [--items 200000] [--rows 100000] [--rounds 9]
             [--case offer|availability|instock|headroom|optimistic|atp|feed|hold]
           promised-bench --engine --network all|build|decision|cancel|confident [--rounds 21]
    --alongside asks for offers at a steady rate, without and with a feed beside them, in turn.
    --oversell fights for one item's units and checks that they are granted exactly once; with
    --clock sandbox the holds of a round expire at the same moment before the next, and a round has at
    most 500,000 attempts, so that any number of them is possible.
    DIR is a world in the import format; keys are drawn from it. Prints one JSON object. --engine
    measures decisions in this process, without a server, five positions an item: ns of thread CPU
    time a row, the median and the least of the rounds, one JSON object a case. --network measures
    delivery profiles of 300 fulfilment centres and 1,000 stations.
    """
}
