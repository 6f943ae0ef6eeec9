import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ProfileSetTests {
  let base = utc(2026, 1, 12)

  private func image(sortCentres: Int = 4) throws -> NetworkImage {
    let rows = NetworkGenerator(centres: 6, sortCentres: sortCentres, stations: 9, hubs: 3).rows()
    return try tables(rows).image()
  }

  @Test("Some destinations built alone have the rows they have among all")
  func someDestinations() throws {
    let image = try image()
    let whole = ProfileBuild.build(image: image, horizonBase: base)
    let some = ProfileBuild.build(image: image, horizonBase: base, destinations: [7, 2])
    #expect(some.destinationCount == 9)
    for destination in 0..<9 {
      let isBuilt = [2, 7].contains(destination)
      #expect((some.blocks[destination].digest == whole.blocks[destination].digest) == isBuilt)
      #expect((some.blocks[destination].entryCount > 0) == isBuilt)
    }
    #expect(some.digest != whole.digest)
    let order = base + 36 * 3600
    #expect(some.decide([0, 1, 2], 7, at: order) == whole.decide([0, 1, 2], 7, at: order))
    #expect(some.decide([0, 1, 2], 3, at: order) == .refused(.noRoute))
  }

  @Test("A set with replaced blocks shares the others, and its digest tells them apart")
  func replacing() throws {
    let image = try image()
    let whole = ProfileBuild.build(image: image, horizonBase: base)
    let other = whole.replacing([(destination: 4, block: whole.blocks[5])])
    #expect(other.digest != whole.digest)
    #expect(other.blocks[3] === whole.blocks[3] && other.blocks[4] === whole.blocks[5])
    let back = other.replacing([(destination: 4, block: whole.blocks[4])])
    #expect(back.digest == whole.digest)
  }

  @Test("A block knows every leg its rows take, and no other")
  func usedLegs() throws {
    let set = ProfileBuild.build(image: try image(), horizonBase: base)
    for block in set.blocks {
      var taken = LegSet(count: set.image.legs.count)
      for index in 0..<block.entryCount {
        let via = block.view.vias[index]
        if !via.isWave, !via.isLane { taken.insert(via.index) }
      }
      #expect(taken == block.legs)
    }
  }

  @Test("Legs are found in a set of any size")
  func legSet() {
    var set = LegSet(count: 1)
    for leg in [0, 63, 64, 1000] { set.insert(leg) }
    let found = (0..<1100).filter { set.contains($0) }
    #expect(found == [0, 63, 64, 1000])
    #expect(!LegSet().contains(0))
  }
}
