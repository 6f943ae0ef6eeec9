import CZstd
import PromisedBytes
import PromisedInvariants

/// Compresses blocks, each to one zstd frame that states its content size.
struct Compressor: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer

  init() {
    guard let context = ZSTD_createCCtx() else {
      invariant(false, "zstd makes a context")
      fatalError()
    }
    self.context = context
    // Level 1: higher levels gain nothing on columns of varints and cost two to five times more.
    let result = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
    invariant(ZSTD_isError(result) == 0, "zstd has level 1")
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Appends the frame of `bytes` to `buffer`.
  func compress(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
    buffer.append(upTo: ZSTD_compressBound(bytes.count)) { room in
      let count = ZSTD_compress2(
        context, room.baseAddress, room.count, bytes.baseAddress, bytes.count)
      invariant(ZSTD_isError(count) == 0, "zstd compresses into its own bound")
      return count
    }
  }
}

/// Decompresses frames whose sizes were declared beforehand, and believes no frame.
struct Decompressor: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer

  init() {
    guard let context = ZSTD_createDCtx() else {
      invariant(false, "zstd makes a context")
      fatalError()
    }
    self.context = context
    let result = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23)
    invariant(ZSTD_isError(result) == 0, "zstd limits windows to 8 MiB")
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Replaces `buffer` by the content of `frame`, or says why the frame is not what was declared.
  ///
  /// The output has room for `declared` bytes and no more, and nothing is decompressed before the
  /// frame agrees with its declaration: a bomb costs what it declared.
  func decompress(
    _ frame: UnsafeRawBufferPointer, declared: Int, into buffer: inout ByteBuffer
  ) -> String? {
    buffer.clear()
    guard ZSTD_getFrameContentSize(frame.baseAddress, frame.count) == UInt64(declared) else {
      return "the frame does not state the declared content size"
    }
    guard ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count) == frame.count else {
      return "the block is not one whole frame"
    }
    var flaw: String?
    buffer.append(upTo: declared) { room in
      let count = ZSTD_decompressDCtx(
        context, room.baseAddress, room.count, frame.baseAddress, frame.count)
      guard ZSTD_isError(count) == 0, count == declared else {
        flaw = "the frame does not decompress to the declared size"
        return 0
      }
      return count
    }
    return flaw
  }
}
