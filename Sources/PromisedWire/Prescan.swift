import CPromisedMessages
import CProtobufC
import PromisedInvariants
import PromisedModel

/// A linear pass over an encoded message before libprotobuf-c unpacks it.
///
/// The library is memory-safe but generous: it merges a repeated singular sub-message in quadratic
/// time, grows unknown fields forty-fold, and cuts a `uint32` of 2^32+5 to 5. What passes here has
///
/// - at most `Limits.fieldsPerMessage` fields, nested ones included and packed elements not, and
///   at most `unknownFieldLimit` that the schema does not know;
/// - at most `packedValueLimit` values in its packed columns;
/// - no singular sub-message twice, no group, nesting of at most `Limits.nestingDepth`;
/// - every known field in a wire type its type allows, every length inside its message;
/// - every varint of at most 64 bits, and of 32 where the field has 32; every bool 0 or 1.
struct Prescan {
  static var unknownFieldLimit: Int { 256 }
  /// More than the greatest batch has columns; each value takes up to 8 bytes unpacked.
  static var packedValueLimit: Int { 24 * Limits.batchRows }

  typealias Descriptor = UnsafePointer<ProtobufCMessageDescriptor>
  private typealias Field = UnsafePointer<ProtobufCFieldDescriptor>

  private var fieldsLeft = Limits.fieldsPerMessage
  private var unknownLeft = Prescan.unknownFieldLimit
  private var packedLeft = Prescan.packedValueLimit

  /// Checks `payload` against the schema. Linear in its bytes; allocates nothing when it passes.
  static func check(_ payload: BorrowedBytes, _ descriptor: Descriptor) throws(Refusal) {
    var scan = Prescan()
    try scan.message(payload, descriptor, depth: 1)
  }

  private mutating func message(
    _ bytes: BorrowedBytes, _ descriptor: Descriptor, depth: Int
  ) throws(Refusal) {
    guard depth <= Limits.nestingDepth else {
      throw Refusal(
        .messageMalformed, "messages are nested deeper than \(Limits.nestingDepth) levels")
    }
    invariant(descriptor.pointee.n_fields <= 64, "more fields than the seen-set has bits")
    var seen: UInt64 = 0
    var index = 0
    var cursor = WireCursor(bytes)
    while !cursor.isAtEnd {
      let offset = cursor.offset
      fieldsLeft -= 1
      if fieldsLeft < 0 {
        throw Refusal(
          .tooManyFields, "the message has more than \(Limits.fieldsPerMessage) fields")
      }
      guard let tag = cursor.tag() else { throw Self.unreadable(descriptor, offset) }
      guard let known = Self.find(tag.number, descriptor, from: index) else {
        unknownLeft -= 1
        if unknownLeft < 0 {
          throw Refusal(
            .tooManyFields,
            "\(Self.name(descriptor)) has more than \(Self.unknownFieldLimit) unknown fields")
        }
        guard cursor.skipValue(tag.wireType) else { throw Self.unreadable(descriptor, offset) }
        continue
      }
      index = known
      let field = descriptor.pointee.fields + index
      if field.pointee.type == PROTOBUF_C_TYPE_MESSAGE {
        guard tag.wireType == WireType.lengthDelimited, let inner = cursor.lengthDelimited() else {
          throw Self.unreadable(descriptor, offset)
        }
        let bit: UInt64 = 1 << UInt64(index)
        if field.pointee.label != PROTOBUF_C_LABEL_REPEATED {
          guard seen & bit == 0 else {
            throw Refusal(.messageMalformed, "\(Self.path(descriptor, field)) is given twice")
          }
          seen |= bit
        }
        try message(
          inner, field.pointee.descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self),
          depth: depth + 1)
      } else {
        try scalar(&cursor, tag.wireType, field, descriptor, offset)
      }
    }
  }

  private mutating func scalar(
    _ cursor: inout WireCursor, _ wireType: UInt8, _ field: Field, _ descriptor: Descriptor,
    _ offset: Int
  ) throws(Refusal) {
    let width = Width(field.pointee.type)
    if wireType == width.wireType {
      switch width {
      case .bytes:
        guard cursor.lengthDelimited() != nil else { throw Self.unreadable(descriptor, offset) }
      case .fixed32, .fixed64:
        guard cursor.skipValue(wireType) else { throw Self.unreadable(descriptor, offset) }
      default:
        guard let value = cursor.varint() else { throw Self.unreadable(descriptor, offset) }
        guard width.holds(value) else { throw Self.outOfRange(descriptor, field, width) }
      }
      return
    }
    // A packed column: scalars only, and only where the field repeats.
    guard wireType == WireType.lengthDelimited, width != .bytes,
      field.pointee.label == PROTOBUF_C_LABEL_REPEATED, let column = cursor.lengthDelimited()
    else { throw Self.unreadable(descriptor, offset) }
    packedLeft -= Self.lastBytes(column)
    guard packedLeft >= 0 else {
      throw Refusal(
        .tooManyRows,
        "\(Self.path(descriptor, field)): the packed columns of the message have more than "
          + "\(Self.packedValueLimit) values")
    }
    switch width {
    case .fixed32:
      guard column.count % 4 == 0 else { throw Self.unreadable(descriptor, offset) }
    case .fixed64:
      guard column.count % 8 == 0 else { throw Self.unreadable(descriptor, offset) }
    case .unsigned32:
      guard Self.varints(column, haveAtMost: 5, last: 0x0f) else {
        throw Self.outOfRange(descriptor, field, width)
      }
    case .any64:
      guard Self.varints(column, haveAtMost: 10, last: 0x01) else {
        throw Self.outOfRange(descriptor, field, width)
      }
    default:
      var values = WireCursor(column)
      while !values.isAtEnd {
        guard let value = values.varint(), width.holds(value) else {
          throw Self.outOfRange(descriptor, field, width)
        }
      }
    }
  }

  /// How many bytes end a varint, which is how many values a column of varints has. (A column of
  /// fixed width has at most a quarter of its bytes in values, which the frame's length bounds.)
  static func lastBytes(_ column: BorrowedBytes) -> Int {
    guard let base = column.base else { return 0 }
    let raw = UnsafeRawPointer(base)
    var total = 0
    var index = 0
    while column.count - index >= 8 {
      let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      total += (~word & 0x8080_8080_8080_8080).nonzeroBitCount
      index += 8
    }
    while index < column.count {
      if base[index] < 0x80 { total += 1 }
      index += 1
    }
    return total
  }

  /// Whether `column` is whole varints of at most `haveAtMost` bytes each, a full-length one
  /// ending in a byte of at most `last`.
  ///
  /// Only runs of `haveAtMost − 1` continuation bytes can be wrong, so the scan looks at the last
  /// byte of such a run first and jumps behind it when it ends a varint: most bytes are never
  /// read. `start` is always the start of a varint.
  static func varints(_ column: BorrowedBytes, haveAtMost: Int, last: UInt8) -> Bool {
    guard column.count > 0, let bytes = column.base else { return true }
    guard bytes[column.count - 1] < 0x80 else { return false }
    let run = haveAtMost - 1
    var start = 0
    scan: while column.count - start > run {
      var probe = start + run - 1
      while probe >= start {
        if bytes[probe] < 0x80 {
          start = probe + 1
          continue scan
        }
        probe -= 1
      }
      guard bytes[start + run] <= last else { return false }
      start += haveAtMost
    }
    return true
  }

  /// The index of a field by its number: the one after the last found, or by binary search.
  @inline(__always)
  private static func find(_ number: UInt32, _ descriptor: Descriptor, from index: Int) -> Int? {
    let count = Int(descriptor.pointee.n_fields)
    guard count > 0, let fields = descriptor.pointee.fields else { return nil }
    if fields[index].id == number { return index }
    if index + 1 < count, fields[index + 1].id == number { return index + 1 }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].id < number { low = middle + 1 } else { high = middle }
    }
    return low < count && fields[low].id == number ? low : nil
  }

  private static func name(_ descriptor: Descriptor) -> String {
    String(cString: descriptor.pointee.short_name)
  }

  private static func path(_ descriptor: Descriptor, _ field: Field) -> String {
    "\(name(descriptor)).\(String(cString: field.pointee.name))"
  }

  private static func unreadable(_ descriptor: Descriptor, _ offset: Int) -> Refusal {
    Refusal(
      .messageMalformed, "\(name(descriptor)): the field at byte \(offset) cannot be read")
  }

  private static func outOfRange(
    _ descriptor: Descriptor, _ field: Field, _ width: Width
  ) -> Refusal {
    Refusal(
      .fieldOutOfRange,
      "\(path(descriptor, field)) has a value that does not fit its type; \(width.allowed)")
  }
}

/// How a scalar field is encoded and what it can hold.
private enum Width {
  case unsigned32, signed32, bool, any64, fixed32, fixed64, bytes

  init(_ type: ProtobufCType) {
    switch type {
    case PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_SINT32: self = .unsigned32
    case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_ENUM: self = .signed32
    case PROTOBUF_C_TYPE_BOOL: self = .bool
    case PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FLOAT: self = .fixed32
    case PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_DOUBLE: self = .fixed64
    case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES: self = .bytes
    default: self = .any64
    }
  }

  var wireType: UInt8 {
    switch self {
    case .unsigned32, .signed32, .bool, .any64: WireType.varint
    case .fixed32: WireType.fixed32
    case .fixed64: WireType.fixed64
    case .bytes: WireType.lengthDelimited
    }
  }

  func holds(_ value: UInt64) -> Bool {
    switch self {
    case .unsigned32: value <= UInt64(UInt32.max)
    case .signed32: Int32(exactly: Int64(bitPattern: value)) != nil
    case .bool: value <= 1
    default: true
    }
  }

  var allowed: String {
    switch self {
    case .unsigned32: "allowed are whole numbers of at most 32 bits"
    case .signed32: "allowed are -2147483648 to 2147483647"
    case .bool: "allowed are 0 and 1"
    default: "allowed are whole varints of at most 64 bits"
    }
  }
}
