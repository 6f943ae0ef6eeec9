import Glibc

/// Random commands against the service and a naive model that shares no code with it.
@main
enum Program {
  static func main() {
    var options: [String: String] = [:]
    var arguments = CommandLine.arguments.dropFirst()
    while let name = arguments.popFirst() {
      guard name.hasPrefix("--"), name != "--help", let value = arguments.popFirst() else {
        print(usage)
        exit(name == "--help" ? 0 : 64)
      }
      options[String(name.dropFirst(2))] = value
    }
    let seed = UInt64(options["seed"] ?? "") ?? 1
    if let name = options["fault"] {
      guard let fault = Fault(rawValue: name) else {
        print("--fault is one of: " + Fault.allCases.map(\.rawValue).joined(separator: ", "))
        exit(64)
      }
      return plant(fault, Int(options["commands"] ?? "") ?? 100_000, seed: seed)
    }
    if let only = options["only"] {
      let numbers = only.split(separator: ",").compactMap { Int($0) }
      replay(numbers, seed: seed)
    } else {
      run(Int(options["commands"] ?? "") ?? 100_000, seed: seed)
    }
  }

  private static func run(_ commands: Int, seed: UInt64) {
    let began = seconds()
    do throws(Run.Difference) {
      let run = try Run(seed: seed)
      for number in 0..<commands {
        do throws(Run.Difference) {
          try run.step(number)
        } catch {
          fail(error.description, number: number, seed: seed)
        }
        if (number + 1) % 1_000_000 == 0 {
          print("\(number + 1) commands, \(Int(seconds() - began)) s")
        }
      }
      for (what, count) in run.counts.sorted(by: { $0.key < $1.key }) {
        print("  \(what): \(count)")
      }
      let elapsed = seconds() - began
      print(
        "\(commands) commands of seed \(seed): no difference; \(run.auditPasses) audits were sound; "
          + "\((elapsed * 10).rounded() / 10) s")
    } catch {
      fail(error.description, number: 0, seed: seed)
    }
  }

  /// Runs with a planted fault: found is what it should be.
  private static func plant(_ fault: Fault, _ commands: Int, seed: UInt64) {
    do throws(Run.Difference) {
      let run = try Run(seed: seed, fault: fault)
      for number in 0..<commands {
        do throws(Run.Difference) {
          try run.step(number)
        } catch {
          print("\(fault.rawValue) was found at command \(number) of seed \(seed): \(error)")
          exit(1)
        }
      }
      print("\(commands) commands of seed \(seed) did not find \(fault.rawValue)")
    } catch {
      print("\(fault.rawValue): \(error)")
      exit(70)
    }
  }

  private static func fail(_ message: String, number: Int, seed: UInt64) -> Never {
    print("command \(number) of seed \(seed): \(message)")
    print("shrinking …")
    var shrink = Shrink(seed: seed)
    let kept = shrink.shrunk(Array(0...number))
    let list = kept.map(String.init).joined(separator: ",")
    print("\(kept.count) commands reproduce it: --seed \(seed) --only \(list)")
    show(kept, seed: seed)
    exit(1)
  }

  private static func replay(_ numbers: [Int], seed: UInt64) {
    show(numbers, seed: seed)
    if Shrink.difference(of: numbers, seed: seed) != nil { exit(1) }
    print("no difference")
  }

  private static func show(_ numbers: [Int], seed: UInt64) {
    for number in numbers { print("  \(number) \(Command.numbered(number, seed: seed))") }
    if let found = Shrink.difference(of: numbers, seed: seed) { print(found.message) }
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static let usage = """
    usage: promised-model-check [--commands 100000] [--seed 1]
           promised-model-check --seed N --only NUMBER,NUMBER,...
           promised-model-check --seed N --commands N --fault NAME
    Runs random commands against the service and a naive model that shares no code with it, and compares
    every answer, every position that a command may have touched, what is on its way there, and what is
    short. The service's audit runs all the time, and whole after each restart. Covered:
      holds by every fill policy, of channels, groups and kits, for later, in place of others; commit,
      extend, amend, release, expiry, picks, short picks, shipments, shortfalls;
      the feed: every kind of row, late and repeated rows, gaps, sparse sources, counts of an instant
      (gross, net of allocations, without picked units), named shipments, transfers, returns, inbound,
      rows that wait for their item, ranges undone;
      stock, inbound, groups, channel stock, backorders, pre-orders and kits put, loads, repeated keys,
      snapshots, restarts, and crashes before anything is on disk.
    A difference is shrunk to a short list of commands, which --only runs again. --fault plants one that
    must be found. Exit code 1 on a difference.
    """
}
