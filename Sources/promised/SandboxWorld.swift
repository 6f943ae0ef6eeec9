import PromisedImport
import PromisedModel
import PromisedSample
import PromisedServer

/// The world that `--sandbox` starts with: the sample files, through the same importer and the same
/// decisions as a load, without a connection.
enum SandboxWorld {
  static func load<Store>(into server: Server<Store>, items: Int, at start: UnixMilliseconds) {
    let world = SampleWorld(items: items, startUnixSeconds: start.seconds)
    for name in SampleWorld.fileNames {
      guard let file = ImportFile(fileName: name) else { continue }
      let bytes = world.file(name)
      bytes.withUnsafeBufferPointer { bytes in
        let importer = Importer(
          [ImportSource(file: file, bytes: bytes)],
          options: ImportOptions(mode: .merge, isPartial: true))
        do {
          let problems = try importer.readChunks(from: 0) { chunk in
            try server.put(chunk.rows)
          }
          if problems.count > 0 { fatalError("the sample world does not import: \(problems.kept)") }
        } catch {
          fatalError("the sample world is refused: \(error)")
        }
      }
    }
  }
}
