import PromisedModel
import Testing

@testable import PromisedWire

@Suite struct SchemaTests {
  let schema = Schema()

  @Test func readsTheDescriptorSet() {
    #expect(schema.calls.count > 50 && schema.messages.count > 80)
  }

  /// libprotobuf-c has no depth limit, refuses proto3 `optional`, and does not know maps.
  @Test func noMessageRecursesNoOptionalNoMap() {
    for name in schema.names {
      guard let message = schema.messages[name] else { continue }
      #expect(!message.isMapEntry, "\(name)")
      #expect(message.fields.count <= 64, "\(name) has more fields than the pre-scan can mark")
      for field in message.fields { #expect(!field.isOptional, "\(name).\(field.name)") }
      #expect(depth(name, []) != nil, "\(name) contains itself")
    }
  }

  /// Levels of a message; nil when it contains itself.
  private func depth(_ name: String, _ above: [String]) -> Int? {
    if above.contains(name) { return nil }
    var deepest = 1
    for field in schema.messages[name]?.fields ?? [] where field.type == 11 {
      guard let inner = depth(field.typeName, above + [name]) else { return nil }
      deepest = max(deepest, inner + 1)
    }
    return deepest
  }

  @Test func requestsStayWithinTheNestingDepth() {
    for call in schema.calls {
      #expect((depth(call.request, []) ?? .max) <= Limits.nestingDepth, "\(call.request)")
    }
  }

  @Test func everyCallHasExactlyOneMethod() {
    var rows = Set(PromisedWire.Method.allCases.map(\.fullName))
    #expect(rows.count == PromisedWire.Method.allCases.count)
    for call in schema.calls {
      #expect(rows.remove("\(call.service)/\(call.method)") != nil, "\(call)")
    }
    #expect(rows.isEmpty, "methods that no .proto declares")
    for call in schema.calls {
      let method = PromisedWire.Method.allCases.first {
        $0.fullName == "\(call.service)/\(call.method)"
      }
      #expect(method?.row.isStream == call.isStream)
    }
  }

  /// What is not built says so in its comment, and only that.
  @Test func commentsSayWhatIsNotBuilt() throws {
    for (path, service) in [
      ("promises", "Promises"), ("inventory", "Inventory"), ("holds", "Holds"),
      ("capacity", "Capacity"), ("network", "Network"), ("admin", "Admin"), ("meta", "Meta"),
    ] {
      let proto = try #require(text("Protocol/promised/v1/\(path).proto"))
      var comment = ""
      for line in proto.split(separator: "\n") {
        if line.hasPrefix("  //") {
          comment += line
          continue
        }
        if line.hasPrefix("  rpc ") {
          let name = String(line.dropFirst(6).prefix { $0 != "(" })
          let method = try #require(
            PromisedWire.Method.allCases.first {
              $0.fullName == "promised.v1.\(service)/\(name)"
            })
          #expect(comment.contains("UNIMPLEMENTED") == !method.isBuilt, "\(method.fullName)")
        }
        comment = ""
      }
    }
  }

  /// The decoder can only meet a field that the tests' complete requests set.
  @Test func completeRequestsSetEveryField() throws {
    for method in PromisedWire.Method.allCases where method.isDecoded {
      let call = try #require(
        schema.calls.first { "\($0.service)/\($0.method)" == method.fullName })
      expectComplete(completePayload(method), call.request)
    }
  }

  private func expectComplete(_ payload: [UInt8], _ message: String) {
    let present = fields(payload) ?? []
    for field in schema.messages[message]?.fields ?? [] {
      #expect(present[field: field.number] != nil, "\(message).\(field.name)")
      guard field.type == 11 else { continue }
      let inner = present.filter { $0.number == field.number }.map(\.bytes)
      // The fields of a repeated message may be spread over its rows.
      expectComplete(inner.flatMap { $0 }, field.typeName)
    }
  }
}
