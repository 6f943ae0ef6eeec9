import Glibc

/// Reads the keys that questions are drawn from out of an import directory.
enum WorldReader {
  static func read(_ directory: String, needsPositions: Bool) -> World {
    var world = World()
    var indexes: [[UInt8]: UInt32] = [:]
    rows(directory + "/items.csv", columns: ["item"]) { cells in
      indexes[cells[0]] = UInt32(world.items.count)
      world.items.append(cells[0])
    }
    rows(directory + "/zones.csv", columns: ["postcode_prefix"]) { cells in
      var postcode = cells[0]
      while postcode.count < 5 { postcode.append(UInt8(ascii: "0")) }
      world.postcodes.append(postcode)
    }
    if world.items.isEmpty || world.postcodes.isEmpty { fail("\(directory): no items or zones") }
    guard needsPositions else { return world }
    var nodes: [[UInt8]: UInt16] = [:]
    rows(directory + "/positions.csv", columns: ["item", "node", "on_hand"]) { cells in
      guard let item = indexes[cells[0]], cells[2] != [UInt8(ascii: "0")] else { return }
      if nodes[cells[1]] == nil {
        nodes[cells[1]] = UInt16(world.nodes.count)
        world.nodes.append(cells[1])
      }
      world.positionItems.append(item)
      world.positionNodes.append(nodes[cells[1]] ?? 0)
    }
    return world
  }

  private static func rows(_ path: String, columns: [String], _ body: ([[UInt8]]) -> Void) {
    guard let file = fopen(path, "r") else { fail("cannot read \(path)") }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    var wanted: [Int] = []
    var isHeader = true
    while true {
      let count = getline(&line, &capacity, file)
      if count <= 0 { return }
      let bytes = UnsafeRawBufferPointer(start: line, count: count)
      let cells = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        .map { cell in cell.filter { $0 != 10 && $0 != 13 } }
      if isHeader {
        isHeader = false
        let names = cells.map { String(decoding: $0, as: UTF8.self) }
        wanted = columns.compactMap { names.firstIndex(of: $0) }
        if wanted.count != columns.count { fail("\(path): a column is missing") }
      } else {
        body(wanted.map { Array(cells[$0]) })
      }
    }
  }
}
