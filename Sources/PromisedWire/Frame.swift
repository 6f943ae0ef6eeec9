import PromisedModel

/// What a frame is, by its type byte. Other types exist in no version we know and are ignored.
package enum FrameType {
  package static var request: UInt8 { 1 }
  package static var response: UInt8 { 2 }
  package static var data: UInt8 { 3 }
}

package enum FrameFlags {
  /// On a Request: the client sends nothing more and expects a stream. On Data: the last one.
  package static var remoteClosed: UInt8 { 0x01 }
  /// On a Request: the client will send Data.
  package static var remoteOpen: UInt8 { 0x02 }
  /// On Data: carries no message, not even an empty one.
  package static var noData: UInt8 { 0x04 }
}

/// The ten bytes before a frame's data.
///
/// ```
/// 0..3  data length, big-endian     8  type
/// 4..7  stream id, big-endian       9  flags
/// ```
package struct FrameHeader: BitwiseCopyable, Equatable, Sendable {
  /// Bytes on the wire.
  package static var byteCount: Int { 10 }

  package var length: UInt32
  package var streamID: UInt32
  package var type: UInt8
  package var flags: UInt8

  package init(length: UInt32, streamID: UInt32, type: UInt8, flags: UInt8 = 0) {
    self.length = length
    self.streamID = streamID
    self.type = type
    self.flags = flags
  }

  /// Reads a header from at least ten bytes.
  @inline(__always)
  package init(reading bytes: UnsafeRawPointer) {
    length = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
    streamID = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    type = bytes.load(fromByteOffset: 8, as: UInt8.self)
    flags = bytes.load(fromByteOffset: 9, as: UInt8.self)
  }
}

extension FrameBuffer {
  /// Appends a frame's header.
  package mutating func append(_ header: FrameHeader) {
    let target = reserve(FrameHeader.byteCount)
    target.storeBytes(of: header.length.bigEndian, as: UInt32.self)
    target.storeBytes(of: header.streamID.bigEndian, toByteOffset: 4, as: UInt32.self)
    target.storeBytes(of: header.type, toByteOffset: 8, as: UInt8.self)
    target.storeBytes(of: header.flags, toByteOffset: 9, as: UInt8.self)
    commit(FrameHeader.byteCount)
  }
}
