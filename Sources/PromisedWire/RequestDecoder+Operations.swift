import CPromisedMessages
import CProtobufC
import PromisedModel

// Loads, the service's clock, and the conversation itself.
extension RequestDecoder {
  func beginLoad(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__BeginLoadRequest.self).pointee
    let id = try FieldPath("load_id").name(message.load_id)
    let mode: UInt8 = try FieldPath("mode").number(message.mode, in: 1...2)
    let chunks: UInt32 = try FieldPath("chunk_count").number(
      message.chunk_count, in: 1...Self.loadChunks)
    return .beginLoad(
      LoadDescription(
        id: id, mode: LoadMode(rawValue: mode) ?? .merge, chunkCount: chunks,
        force: message.force != 0))
  }

  func loadID(_ raw: UnsafeRawPointer) throws(Refusal) -> Name {
    let message = raw.assumingMemoryBound(to: Promised__V1__LoadRequest.self).pointee
    return try FieldPath("load_id").name(message.load_id)
  }

  func ping(_ raw: UnsafeRawPointer) -> Request {
    .ping(
      BorrowedBytes(raw.assumingMemoryBound(to: Promised__V1__PingRequest.self).pointee.payload))
  }

  func setTime(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__SetTimeRequest.self).pointee
    return .setTime(
      unixSeconds: try FieldPath("unix_s").number(message.unix_s, in: Self.instants))
  }

  func hello(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__HelloRequest.self).pointee
    return .hello(
      HelloQuery(
        clientName: try FieldPath("client_name").optionalKey(BorrowedBytes(message.client_name)),
        wantedFeatures: try names(
          message.wanted_features, message.n_wanted_features, "wanted_features")))
  }

  func health(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Grpc__Health__V1__HealthCheckRequest.self).pointee
    return .health(
      service: try FieldPath("service").optionalKey(BorrowedBytes(message.service)))
  }
}
