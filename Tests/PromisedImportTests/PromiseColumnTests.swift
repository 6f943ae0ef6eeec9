import PromisedImport
import PromisedModel
import Testing

/// The columns that promises need beyond a plain timetable; each may be absent.
@Suite struct PromiseColumnTests {
  /// The sound world with every optional column filled.
  static let richWorld: [ImportFile: String] = {
    var world = soundWorld
    world[.nodes] = """
      node,title,kind,time_zone,calendar,dwell_minutes,processing_minutes,country,postcode,latitude,longitude,handling,units_per_hour
      SEA1,"Seattle, WA",fc,America/Los_Angeles,work,0,120,US,98108,47.5,-122.33,0:0.9 30:0.1,900
      STA1,,station,America/Los_Angeles,,30,0,US,98109,47.6,-122.34,,

      """
    world[.waves] =
      "station,days,cutoff,from,to,level,capacity_units\n"
      + "STA1,daily,08:00,09:00,20:00,,\nSTA1,daily,11:30,12:00,14:00,two-hour,120\n"
    world[.lanes] = """
      origin,service,zone,mode,pickup_calendar,transit_calendar,delivery_calendar,cutoff,transit,delivery_time_zone,carrier,level,refuses
      SEA1,2DAY,west,air,work,work,all,16:00,2:0.97 3:0.03,America/Los_Angeles,Skyline,expedited,oversize

      """
    world[.legs] = """
      leg,origin,destination,mode,days,departure,duration_minutes,calendar,level,refuses,capacity_units,delays
      L1,SEA1,STA1,road,Mon-Sat,22:00,45,,standard,hazmat;oversize,2000,0:0.75 20:0.25

      """
    world[.items] = """
      item,seller,storage_type,volume_cubic_feet,weight_g,handling_minutes,release,restrictions,length_mm,width_mm,height_mm
      B01,S1,standard,0.125,900,0,2026-12-01T08:00:00-08:00,hazmat,200,150,120
      B02,S1,standard,0.125,900,0,,,,,

      """
    return world
  }()

  struct Failure: Error {}

  @Test func everyColumnIsRead() throws {
    let (report, chunks) = check(Self.richWorld)
    #expect(report.files.flatMap(\.problems.kept) == [])
    var network = NetworkRows()
    var items = ItemRows()
    for chunk in chunks {
      if case .items(let rows) = chunk.rows { items = rows }
      if case .network(let rows) = chunk.rows {
        network.nodes += rows.nodes
        network.waves += rows.waves
        network.lanes += rows.lanes
        network.legs += rows.legs
      }
    }
    #expect(
      network.nodes.map(\.handling) == [
        [
          DelayOutcome(minutes: 0, probability: 58_982),
          DelayOutcome(minutes: 30, probability: 6553),
        ], [],
      ])
    #expect(network.nodes.map(\.unitsPerHour) == [900, 0])
    #expect(network.waves.map(\.level) == [.economy, .twoHour])
    #expect(network.waves.map(\.capacityUnits) == [0, 120])
    #expect(network.lanes.map(\.carrier) == [Name("Skyline")])
    #expect(network.lanes.map(\.level) == [.expedited])
    #expect(network.lanes.map(\.refuses) == [.oversize])
    #expect(network.legs.map(\.level) == [.standard])
    #expect(network.legs.map(\.refuses) == [.all])
    #expect(network.legs.map(\.capacityUnits) == [2000])
    #expect(network.legs[0].delays.map(\.minutes) == [0, 20])
    #expect(network.legs[0].delays.map(\.probability) == [49_151, 16_384])
    #expect(items.releaseUnixSeconds == [1_796_140_800, 0])
    #expect(items.restrictions == [ItemRestrictions.hazmat.rawValue, 0])
    #expect(items.volumesCubicMillimetres == [3_600_000, 0])
  }

  @Test func absentColumnsAreTheDefaults() throws {
    let (_, chunks) = check(soundWorld)
    for chunk in chunks {
      if case .items(let rows) = chunk.rows {
        #expect(rows.releaseUnixSeconds.isEmpty && rows.restrictions.isEmpty)
        #expect(rows.volumesCubicMillimetres.isEmpty)
      }
      guard case .network(let rows) = chunk.rows else { continue }
      for node in rows.nodes { #expect(node.handling.isEmpty && node.unitsPerHour == 0) }
      for wave in rows.waves { #expect(wave.level == .economy && wave.capacityUnits == 0) }
      for lane in rows.lanes { #expect(lane.carrier == .empty && lane.refuses == []) }
      for leg in rows.legs { #expect(leg.delays.isEmpty && leg.level == .economy) }
    }
  }

  /// Each row breaks one cell, and names the place the error must name.
  static let wrongs: [ImporterTests.Wrong] = [
    .init(file: .nodes, from: "30:0.1,", to: "30:0.2,", expected: "2 handling"),
    .init(file: .nodes, from: "30:0.1,", to: "0:0.1,", expected: "2 handling"),
    .init(file: .nodes, from: "30:0.1,", to: "10081:0.1,", expected: "2 handling"),
    .init(file: .nodes, from: ",900", to: ",-1", expected: "2 units_per_hour"),
    .init(file: .nodes, from: ",900", to: ",1000000001", expected: "2 units_per_hour"),
    .init(file: .waves, from: "two-hour", to: "twohour", expected: "3 level"),
    .init(file: .waves, from: ",120", to: ",many", expected: "3 capacity_units"),
    .init(file: .lanes, from: "Skyline", to: "Sky\u{7}line", expected: "2 carrier"),
    .init(file: .lanes, from: "expedited", to: "Expedited", expected: "2 level"),
    .init(file: .lanes, from: "oversize", to: "oversize;", expected: "2 refuses"),
    .init(file: .legs, from: "hazmat;oversize", to: "hazmat;hazmat", expected: "2 refuses"),
    .init(file: .legs, from: "hazmat;oversize", to: "hazmat oversize", expected: "2 refuses"),
    .init(file: .legs, from: ",2000", to: ",2.5", expected: "2 capacity_units"),
    .init(file: .legs, from: "0:0.75", to: "-5:0.75", expected: "2 delays"),
    .init(file: .rates, from: "SEA1,", to: "SEA9,", expected: "2 origin"),
    .init(file: .rates, from: "standard", to: "", expected: "2 level"),
    .init(file: .rates, from: "west", to: "east", expected: "2 zone"),
    .init(file: .rates, from: "2.56", to: "-2.56", expected: "2 fixed_cost"),
    .init(file: .rates, from: "2.56", to: "100000000.0001", expected: "2 fixed_cost"),
    .init(file: .rates, from: "500:0.48", to: "250:0.48", expected: "2 breaks"),
    .init(file: .rates, from: "1000:1.12", to: "1000:0.47", expected: "2 breaks"),
    .init(file: .rates, from: ",0.6,", to: ",x,", expected: "2 cost_per_further_kg"),
    .init(file: .rates, from: ",5000", to: ",-1", expected: "2 cubic_mm_per_gram"),
    .init(file: .kits, from: "B02,B01", to: "B09,B01", expected: "2 kit"),
    .init(file: .kits, from: "B02,B01", to: "B02,B09", expected: "2 component"),
    .init(file: .kits, from: ",3", to: ",10001", expected: "2 units"),
    .init(file: .opportunity, from: "B01,", to: "B09,", expected: "2 item"),
    .init(file: .opportunity, from: "SEA1", to: "SEA9", expected: "2 node"),
    .init(file: .opportunity, from: "-0.45", to: "0.45 USD", expected: "2 value"),
    .init(file: .groups, from: "west,SEA1", to: "west,SEA9", expected: "2 node"),
    .init(file: .channels, from: "app,B01", to: "app,B09", expected: "2 item"),
    .init(file: .channels, from: ",2,0", to: ",-2,0", expected: "2 buffer"),
    .init(file: .channels, from: ",0,5", to: ",0,x", expected: "3 set_aside"),
    .init(file: .backorders, from: ",backorder", to: ",later", expected: "2 kind"),
    .init(file: .backorders, from: ",7,", to: ",,", expected: "2 cap"),
    .init(
      file: .backorders, from: "9,2026-12-20T18:00:00Z", to: "9,", expected: "3 from"),
    .init(file: .backorders, from: "2026-12-31T", to: "2026-12-32T", expected: "2 until"),
    .init(file: .backorders, from: "Z,14", to: "Z,3651", expected: "2 lead_days"),
    .init(file: .backorders, from: "18:00:00Z,,", to: "18:00:00Z,,3", expected: "3 lead_days"),
    .init(file: .items, from: "-08:00", to: "", expected: "2 release"),
    .init(file: .items, from: "hazmat", to: "fragile", expected: "2 restrictions"),
    .init(file: .items, from: ",150,", to: ",,", expected: "2 width_mm"),
    .init(file: .items, from: ",120\n", to: ",20001\n", expected: "2 height_mm"),
    .init(file: .items, from: ",200,", to: ",0,", expected: "2 length_mm"),
  ]

  @Test(arguments: wrongs) func namesThePlace(_ wrong: ImporterTests.Wrong) throws {
    var world = Self.richWorld
    let text = try #require(world[wrong.file])
    let broken = text.replacingFirst(wrong.from, with: wrong.to)
    #expect(broken != text)
    world[wrong.file] = broken
    let problems = check(world).report.files.flatMap(\.problems.kept)
    #expect(problems.map { "\($0.line) \($0.column)" } == [wrong.expected])
    let allowed = wrong.file.columns.first { wrong.expected.hasSuffix(" " + $0.name) }?.allowed
    #expect(problems.first?.allowed == allowed)
  }

  /// What the columns allow and the rows together do not.
  @Test(
    arguments: [
      (ImportFile.kits, "B02,B01,3\n", "B02,B02,3\n", "2 component"),
      (.kits, "B02,B01,3\n", "B02,B01,3\nB02,B01,1\n", "3 component"),
      (.kits, "B02,B01,3\n", "B02,B01,3\nB01,B02,1\nB02,B01,1\n", "4 kit"),
      (
        .rates, ",two-hour,,6.9,,,\n", ",two-hour,,6.9,,,\n,two-hour,,7,,,\n", "4 level"
      ),
      (.groups, "west,STA1\n", "west,SEA1\n", "3 node"),
      (.groups, "west,STA1\n", "east,STA1\nwest,STA1\n", "4 group"),
      (.channels, "b2b,", "app,", "3 channel"),
      (.backorders, "B02,SEA1,preorder", "B01,SEA1,preorder", "3 item"),
      (.opportunity, "B01,SEA1,-0.45\n", "B01,SEA1,-0.45\nB01,SEA1,1\n", "3 item"),
    ])
  func rowsThatDoNotGoTogether(
    _ file: ImportFile, _ from: String, _ to: String, _ expected: String
  ) throws {
    var world = soundWorld
    world[file] = try #require(world[file]).replacingFirst(from, with: to)
    let problems = check(world).report.files.flatMap(\.problems.kept)
    #expect(
      problems.first.map { "\($0.file) \($0.line) \($0.column)" } == "\(file.fileName) \(expected)")
  }

  /// A kit's rows replace what it was made of, so a chunk never cuts them.
  @Test func kitsAreNotCut() throws {
    var items = "item,seller,storage_type,volume_cubic_feet,weight_g,handling_minutes\n"
    var kits = "kit,component,units\n"
    for index in 0..<600 {
      items += "K\(index),S1,standard,1,1,0\n"
      for part in 0..<64 where index < 400 {
        kits += "K\(index),K\(401 + (index + part) % 199),1\n"
      }
    }
    var world = soundWorld
    world[.items] = items
    world[.kits] = kits
    (world[.positions], world[.inbound], world[.opportunity]) = (nil, nil, nil)
    (world[.channels], world[.backorders]) = (nil, nil)
    (world[.signals], world[.forecasts]) = (nil, nil)
    let (report, chunks) = check(world)
    #expect(report.files.flatMap(\.problems.kept) == [])
    var counts: [Int] = []
    for case .kits(let rows) in chunks.map(\.rows) { counts.append(rows.units.count) }
    #expect(counts == [20_032, 5568])
  }
}
