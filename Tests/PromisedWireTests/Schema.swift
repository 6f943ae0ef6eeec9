import PromisedModel
import PromisedWire

/// One field on the wire.
struct ProtoField: Equatable {
  var number: UInt64
  var wireType: UInt64
  var value: UInt64 = 0
  var bytes: [UInt8] = []
}

/// Reads a message's fields by hand; nil when it is none.
func fields(_ bytes: [UInt8]) -> [ProtoField]? {
  var result: [ProtoField] = []
  var offset = 0
  func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < bytes.count, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }
  while offset < bytes.count {
    guard let tag = varint() else { return nil }
    var field = ProtoField(number: tag >> 3, wireType: tag & 7)
    switch field.wireType {
    case 0:
      guard let value = varint() else { return nil }
      field.value = value
    case 2:
      guard let length = varint(), Int(length) <= bytes.count - offset else { return nil }
      field.bytes = Array(bytes[offset..<(offset + Int(length))])
      offset += Int(length)
    default: return nil
    }
    result.append(field)
  }
  return result
}

func varints(_ bytes: [UInt8]) -> [UInt64] {
  var values: [UInt64] = []
  var value: UInt64 = 0
  var shift: UInt64 = 0
  for byte in bytes {
    value |= UInt64(byte & 0x7f) << shift
    shift += 7
    if byte < 0x80 {
      values.append(value)
      value = 0
      shift = 0
    }
  }
  return values
}

func unzigzag(_ value: UInt64) -> Int64 { Int64(value >> 1) ^ -Int64(value & 1) }

extension [ProtoField] {
  subscript(field number: UInt64) -> ProtoField? { last { $0.number == number } }
  func text(_ number: UInt64) -> String {
    String(decoding: self[field: number]?.bytes ?? [], as: UTF8.self)
  }
  func texts(_ number: UInt64) -> [String] {
    filter { $0.number == number }.map { String(decoding: $0.bytes, as: UTF8.self) }
  }
  func numbers(_ number: UInt64) -> [UInt64] { varints(self[field: number]?.bytes ?? []) }
}

/// The schema as compiled in: what `Meta.GetDescriptorSet` answers, read by hand.
struct Schema {
  struct Field {
    var name: String
    var number: UInt64
    /// FieldDescriptorProto.Type: 3 int64, 4 uint64, 5 int32, 8 bool, 9 string, 11 message,
    /// 12 bytes, 13 uint32, 14 enum, 17 sint32, 18 sint64.
    var type: UInt64
    var isRepeated: Bool
    var isOptional: Bool
    var typeName: String
    var isNumeric: Bool { [3, 4, 5, 8, 13, 14, 17, 18].contains(type) }
  }
  struct Message {
    var name: String
    var fields: [Field]
    var isMapEntry: Bool
  }
  struct Call {
    var service: String
    var method: String
    var request: String
    var isStream: Bool
  }
  var messages: [String: Message] = [:]
  var names: [String] = []
  var calls: [Call] = []

  init() {
    let encoder = ReplyEncoder()
    var output = FrameBuffer()
    encoder.encodeDescriptorSet(streamID: 1, into: &output)
    let response = PromisedWireTests.fields(Array(output.bytes.dropFirst(10))) ?? []
    let payload = PromisedWireTests.fields(response[field: 2]?.bytes ?? []) ?? []
    for file in PromisedWireTests.fields(payload[field: 1]?.bytes ?? []) ?? []
    where file.number == 1 {
      let parts = PromisedWireTests.fields(file.bytes) ?? []
      let package = parts.text(2)
      for part in parts where part.number == 4 { add(part.bytes, "." + package) }
      for part in parts where part.number == 6 { addService(part.bytes, package) }
    }
  }

  private mutating func add(_ bytes: [UInt8], _ scope: String) {
    let parts = PromisedWireTests.fields(bytes) ?? []
    var message = Message(name: scope + "." + parts.text(1), fields: [], isMapEntry: false)
    for part in parts {
      switch part.number {
      case 2:
        let field = PromisedWireTests.fields(part.bytes) ?? []
        message.fields.append(
          Field(
            name: field.text(1), number: field[field: 3]?.value ?? 0,
            type: field[field: 5]?.value ?? 0,
            isRepeated: field[field: 4]?.value == 3, isOptional: field[field: 17]?.value == 1,
            typeName: field.text(6)))
      case 3: add(part.bytes, message.name)
      case 7:
        let options = PromisedWireTests.fields(part.bytes) ?? []
        message.isMapEntry = options[field: 7]?.value == 1
      default: break
      }
    }
    messages[message.name] = message
    names.append(message.name)
  }

  private mutating func addService(_ bytes: [UInt8], _ package: String) {
    let parts = PromisedWireTests.fields(bytes) ?? []
    for part in parts where part.number == 2 {
      let call = PromisedWireTests.fields(part.bytes) ?? []
      calls.append(
        Call(
          service: package + "." + parts.text(1), method: call.text(1), request: call.text(2),
          isStream: call[field: 5]?.value == 1 || call[field: 6]?.value == 1))
    }
  }
}
