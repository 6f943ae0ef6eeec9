enum SnapshotFormat {
  static func name(_ position: UInt64) -> String { "snapshot-" + padded(position) + ".snap" }
}
