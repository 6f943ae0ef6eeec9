import PromisedImport
import PromisedModel
import Testing

/// A small world in which every file has rows and nothing is wrong.
let soundWorld: [ImportFile: String] = [
  .marketplaces: "marketplace,country,currency,time_zone,postcode_digits\nUS,US,USD,Etc/UTC,5\n",
  .calendars: """
  calendar,days,open,close
  work,Mon-Fri,08:00,17:00
  work,2026-12-25,,
  all,daily,00:00,24:00

  """,
  .nodes: """
  node,title,kind,time_zone,calendar,dwell_minutes,processing_minutes,country,postcode,latitude,longitude
  SEA1,"Seattle, WA",fc,America/Los_Angeles,work,0,120,US,98108,47.5,-122.33
  STA1,,station,America/Los_Angeles,,30,0,US,98109,47.6,-122.34

  """,
  .waves: "station,days,cutoff,from,to\nSTA1,daily,08:00,09:00,20:00\n",
  .zones: "country,postcode_prefix,zone,station\nUS,981,west,STA1\n",
  .lanes: """
  origin,service,zone,mode,pickup_calendar,transit_calendar,delivery_calendar,cutoff,transit,delivery_time_zone
  SEA1,GROUND,west,road,work,work,all,17:00,2:0.70 3:0.25 5:0.05,America/Los_Angeles

  """,
  .legs: """
  leg,origin,destination,mode,days,departure,duration_minutes,calendar
  L1,SEA1,STA1,road,Mon-Sat,22:00,45,

  """,
  .rates: """
  origin,level,zone,fixed_cost,breaks,cost_per_further_kg,cubic_mm_per_gram
  SEA1,standard,west,2.56,250:0 500:0.48 1000:1.12,0.6,5000
  ,two-hour,,6.9,,,

  """,
  .kits: "kit,component,units\nB02,B01,3\n",
  .opportunity: "item,node,value\nB01,SEA1,-0.45\n",
  .forecasts: """
  item,issued,start,period_days,period,quantiles,region,cumulative
  B01,2026-12-20T18:00:00Z,2026-12-21,7,1,0.5:56 0.9:81.5,,
  B01,2026-12-20T18:00:00Z,2026-12-21,7,2,0.5:50 0.9:80,,
  B02,2026-12-20T18:00:00Z,2026-12-21,7,1,0.5:1 0.9:2,west,yes

  """,
  .policies: "marketplace,seller,charges_overage,plan_days\nUS,,yes,45\n",
  .buildings: "node,storage_type,usable_cubic_feet,alarm\nSEA1,standard,250000,0.9\n",
  .signals: "seller,item,month,kind,low,high,confidence\nS1,B01,2026-12,promotion,-5,250,0.7\n",
  .groups: "group,node\nwest,SEA1\nwest,STA1\n",
  .channels: "channel,item,node,buffer,set_aside\napp,B01,SEA1,2,0\nb2b,B01,SEA1,0,5\n",
  .backorders: """
  item,node,kind,cap,from,until,lead_days
  B01,SEA1,backorder,7,,2026-12-31T00:00:00Z,14
  B02,SEA1,preorder,9,2026-12-20T18:00:00Z,,

  """,
  .sellers: "seller,title,marketplace\nS1,Acme,US\n",
  .items: """
  item,seller,storage_type,volume_cubic_feet,weight_g,handling_minutes,demand_per_day,demand_variance_ratio
  B01,S1,standard,0.125,900,0,2.5,1
  B02,S1,extra-large,3.0000001,90000,60,,

  """,
  .positions: "item,node,on_hand\nB01,SEA1,120\nB02,SEA1,0\n",
  .inbound: "shipment,item,node,quantity,eta,stage\nX1,B01,SEA1,40,2026-12-20T18:00:00Z,shipped\n",
  .limits: """
  seller,storage_type,month,kind,limit_cubic_feet
  S1,standard,2026-12,confirmed,1200.5
  S1,oversize,2026-12,no-limit,

  """,
]

/// Checks a world, and gives also its chunks.
func check(
  _ world: [ImportFile: String], mode: LoadMode = .merge, partial: Bool = false, from: UInt32 = 0
) -> (report: ImportReport, chunks: [ImportChunk]) {
  var buffers: [UnsafeBufferPointer<UInt8>] = []
  defer { for buffer in buffers { buffer.deallocate() } }
  var sources: [ImportSource] = []
  for file in ImportFile.allCases {
    guard let text = world[file] else { continue }
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
    _ = bytes.initialize(from: text.utf8)
    buffers.append(UnsafeBufferPointer(bytes))
    sources.append(ImportSource(file: file, bytes: UnsafeBufferPointer(bytes)))
  }
  let importer = Importer(
    sources.reversed(), options: ImportOptions(mode: mode, isPartial: partial))
  let zones: Set<Name> = [Name("Etc/UTC"), Name("America/Los_Angeles")]
  let report = importer.check(isTimeZone: { zones.contains($0) }, progress: { _, _ in })
  var chunks: [ImportChunk] = []
  _ = importer.readChunks(from: from) { chunks.append($0) }
  return (report, chunks)
}

@Suite struct ImporterTests {
  @Test func aSoundWorldHasNoProblemAndEveryRow() throws {
    let (report, chunks) = check(soundWorld)
    #expect(report.files.flatMap(\.problems.kept) == [])
    let rowCounts = [1, 3, 2, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 2, 2, 2, 3]
    #expect(report.files.map(\.rowCount) == rowCounts)
    #expect(report.rowCount == rowCounts.reduce(0, +))
    #expect(chunks.map(\.number) == Array(0..<UInt32(report.chunkCount)))
    #expect(chunks.map(\.file) == ImportFile.allCases)
    guard case .items(let items) = chunks[9].rows, case .positions(let positions) = chunks[11].rows,
      case .network(let lanes) = chunks[5].rows, case .network(let calendars) = chunks[1].rows,
      case .limits(let limits) = chunks[14].rows, case .inbound(let inbound) = chunks[13].rows,
      case .network(let rates) = chunks[7].rows, case .kits(let kits) = chunks[10].rows,
      case .opportunity(let opportunity) = chunks[12].rows,
      case .policies(let policies) = chunks[15].rows,
      case .buildings(let buildings) = chunks[16].rows,
      case .signals(let signals) = chunks[17].rows,
      case .groups(let groups) = chunks[18].rows,
      case .channelStock(let channels) = chunks[19].rows,
      case .backorders(let backorders) = chunks[20].rows,
      case .forecasts(let forecasts) = chunks[21].rows
    else { throw Failure() }
    #expect(items.volumesMicroCubicFeet == [125_000, 3_000_001])
    #expect(items.demandPerDayMilli == [2500, 0])
    #expect(items.demandVarianceRatioMilli == [1000, 1000])
    #expect(items.storageTypes == [1, 3])
    #expect(forecasts.keys.bytes == Array("B01B02".utf8) && forecasts.periods == [2, 1])
    #expect(forecasts.levels == [5000, 9000] && forecasts.cumulative == [0, 1])
    #expect(forecasts.valuesMilli == [56_000, 81_500, 50_000, 80_000, 1000, 2000])
    #expect(forecasts.regionNames == [.empty, Name("west")] && forecasts.regions == [0, 1])
    #expect(forecasts.startDays == [20_808, 20_808])
    #expect(positions.keys.bytes == Array("B01B02".utf8))
    #expect(positions.onHand == [120, 0])
    #expect(positions.withheld == [0, 0])
    #expect(positions.nodeNames == [Name("SEA1")])
    #expect(lanes.lanes[0].transit.map(\.probability) == [45_874, 16_384, 3277])
    #expect(calendars.calendars.map(\.rules.count) == [2, 1])
    #expect(calendars.calendars[0].rules[1].date == LocalDate(year: 2026, month: 12, day: 25))
    #expect(limits.limitsMicroCubicFeet == [1_200_500_000, 0])
    #expect(inbound.etaUnixSeconds == [1_797_789_600])
    #expect(rates.rates.map(\.fixedCost) == [25_600, 69_000])
    #expect(
      rates.rates[0].breaks == [
        WeightBreak(grams: 250, cost: 0), WeightBreak(grams: 500, cost: 4800),
        WeightBreak(grams: 1000, cost: 11_200),
      ])
    #expect(rates.rates.map(\.level) == [.standard, .twoHour])
    #expect(rates.rates.map(\.origin) == [Name("SEA1"), .empty])
    #expect(rates.rates.map(\.costPerFurtherKilogram) == [6000, 0])
    #expect(rates.rates.map(\.cubicMillimetresPerGram) == [5000, 0])
    #expect(kits.kits.bytes == Array("B02".utf8) && kits.components.bytes == Array("B01".utf8))
    #expect(kits.units == [3])
    var policy = CapacityPolicy(marketplace: Name("US"))
    policy.chargesOverage = true
    policy.planDays = 45
    #expect(policies == [policy])
    #expect(buildings.nodeNames == [Name("SEA1")] && buildings.storageTypes == [1])
    #expect(buildings.usableVolumes == [250_000_000_000])
    #expect(buildings.warningPermille == [850] && buildings.alarmPermille == [900])
    #expect(signals.sellerNames == [Name("S1")] && signals.keys.bytes == Array("B01".utf8))
    #expect(signals.months == [202_612] && signals.kinds == [SignalKind.promotion.rawValue])
    #expect(signals.lows == [-5] && signals.highs == [250] && signals.confidences == [700])
    #expect(groups.names == [Name("west")] && groups.counts == [2] && groups.nodes == [0, 1])
    #expect(channels.channelNames == [Name("app"), Name("b2b")] && channels.channels == [0, 1])
    #expect(channels.buffers == [2, 0] && channels.setAsides == [0, 5])
    #expect(backorders.kinds == [1, 2] && backorders.caps == [7, 9])
    #expect(backorders.fromUnixSeconds == [0, 1_797_789_600])
    #expect(backorders.untilUnixSeconds == [1_798_675_200, 0])
    #expect(backorders.leadDays == [14, 0])
    #expect(opportunity.values == [-4500] && opportunity.nodeNames == [Name("SEA1")])
  }

  struct Failure: Error {}

  struct Wrong: Sendable, CustomTestStringConvertible {
    var file: ImportFile
    var from: String
    var to: String
    /// `line column` of the only problem.
    var expected: String
    var testDescription: String { "\(file.fileName): \(from) -> \(to)" }
  }

  /// Each row breaks one cell of the sound world, and names the place the error must name.
  static let wrongs: [Wrong] = [
    Wrong(file: .marketplaces, from: ",US,", to: ",us,", expected: "2 country"),
    Wrong(file: .marketplaces, from: "USD", to: "USDX", expected: "2 currency"),
    Wrong(file: .marketplaces, from: "Etc/UTC", to: "Mars/Base", expected: "2 time_zone"),
    Wrong(file: .marketplaces, from: ",5\n", to: ",17\n", expected: "2 postcode_digits"),
    Wrong(file: .calendars, from: "Mon-Fri", to: "Mon-Frei", expected: "2 days"),
    Wrong(file: .calendars, from: "2026-12-25", to: "2026-12-32", expected: "3 days"),
    Wrong(file: .calendars, from: "08:00,17:00", to: "18:00,17:00", expected: "2 close"),
    Wrong(file: .calendars, from: "08:00,17:00", to: ",17:00", expected: "2 open"),
    Wrong(file: .nodes, from: ",fc,", to: ",shop,", expected: "2 kind"),
    Wrong(file: .nodes, from: "work", to: "", expected: "2 calendar"),
    Wrong(file: .nodes, from: "work", to: "never", expected: "2 calendar"),
    Wrong(file: .nodes, from: "47.5", to: "97.5", expected: "2 latitude"),
    Wrong(file: .nodes, from: ",120,", to: ",20161,", expected: "2 processing_minutes"),
    Wrong(file: .nodes, from: "STA1,,station", to: "SEA1,,fc", expected: "3 calendar"),
    Wrong(file: .waves, from: "STA1", to: "SEA1", expected: "2 station"),
    Wrong(file: .waves, from: "09:00,20:00", to: "20:00,20:00", expected: "2 from"),
    Wrong(file: .waves, from: "08:00", to: "20:30", expected: "2 cutoff"),
    Wrong(file: .zones, from: "STA1", to: "STA9", expected: "2 station"),
    Wrong(file: .zones, from: "981", to: "", expected: "2 postcode_prefix"),
    Wrong(file: .lanes, from: "west", to: "east", expected: "2 zone"),
    Wrong(file: .lanes, from: "road", to: "rail", expected: "2 mode"),
    Wrong(file: .lanes, from: "0.05", to: "0.15", expected: "2 transit"),
    Wrong(file: .legs, from: "STA1", to: "SEA1", expected: "2 destination"),
    Wrong(file: .legs, from: "22:00", to: "24:00", expected: "2 departure"),
    Wrong(file: .legs, from: ",45,", to: ",0,", expected: "2 duration_minutes"),
    Wrong(file: .sellers, from: ",US", to: ",CA", expected: "2 marketplace"),
    Wrong(file: .items, from: "B01,S1", to: "B01,S2", expected: "2 seller"),
    Wrong(file: .items, from: "standard", to: "Standard", expected: "2 storage_type"),
    Wrong(file: .items, from: "0.125", to: "0", expected: "2 volume_cubic_feet"),
    Wrong(file: .items, from: "2.5,1", to: "2.5,", expected: "2 demand_variance_ratio"),
    Wrong(file: .items, from: "2.5,1", to: ",1", expected: "2 demand_per_day"),
    Wrong(file: .items, from: "2.5,1", to: "2.5,0.9", expected: "2 demand_variance_ratio"),
    Wrong(file: .items, from: "B02", to: "B01", expected: "3 item"),
    Wrong(file: .positions, from: "B02,SEA1,0", to: "B02,SEA1,-1", expected: "3 on_hand"),
    Wrong(file: .positions, from: "B02,SEA1,0", to: "B02,SEA1,abc", expected: "3 on_hand"),
    Wrong(file: .positions, from: "B02,SEA1,0", to: "B02,SEA9,0", expected: "3 node"),
    Wrong(file: .positions, from: "B02,SEA1", to: "B03,SEA1", expected: "3 item"),
    Wrong(file: .positions, from: "B02,SEA1", to: "B01,SEA1", expected: "3 item"),
    Wrong(file: .positions, from: "B02,SEA1,0", to: "B02,SEA1", expected: "3 "),
    Wrong(file: .positions, from: "B02", to: "B\0", expected: "3 item"),
    Wrong(file: .positions, from: "on_hand", to: "onhand", expected: "1 onhand"),
    Wrong(file: .positions, from: "B02", to: "B\"2", expected: "3 item"),
    Wrong(file: .inbound, from: "shipped", to: "lost", expected: "2 stage"),
    Wrong(file: .inbound, from: "18:00:00Z", to: "18:00:00", expected: "2 eta"),
    Wrong(file: .inbound, from: "B01", to: "B09", expected: "2 item"),
    Wrong(file: .limits, from: "2026-12,confirmed", to: "2026-00,confirmed", expected: "2 month"),
    Wrong(file: .limits, from: "no-limit,", to: "no-limit,5", expected: "3 limit_cubic_feet"),
    Wrong(
      file: .limits, from: "confirmed,1200.5", to: "confirmed,", expected: "2 limit_cubic_feet"),
    Wrong(file: .limits, from: "confirmed", to: "maybe", expected: "2 kind"),
  ]

  @Test(arguments: wrongs) func namesThePlace(_ wrong: Wrong) throws {
    var world = soundWorld
    let text = try #require(world[wrong.file])
    let broken = text.replacingFirst(wrong.from, with: wrong.to)
    #expect(broken != text)
    world[wrong.file] = broken
    let problems = check(world).report.files.flatMap(\.problems.kept)
    let first = try #require(problems.first { $0.file == wrong.file.fileName })
    #expect("\(first.line) \(first.column)" == wrong.expected)
    #expect(!first.allowed.isEmpty)
  }

  @Test func columnsInAnyOrderAndOptionalOnes() throws {
    var world = soundWorld
    world[.positions] = "withheld,on_hand,node,item\r\n3,7,SEA1,B01\r\n"
    let (report, chunks) = check(world)
    #expect(report.problemCount == 0)
    guard case .positions(let rows) = chunks[11].rows else { throw Failure() }
    #expect(rows.onHand == [7])
    #expect(rows.withheld == [3])
    #expect(rows.unfulfillable == [0])
  }

  /// Keys of several cells are compared cell by cell, not by their letters in a row.
  @Test func compositeKeysKeepTheirParts() {
    var world = soundWorld
    world[.limits] =
      "seller,storage_type,month,kind,limit_cubic_feet\nS1,standard,2026-12,confirmed,1\n"
    world[.zones] =
      "country,postcode_prefix,zone,station\nUS,981,west,\nUS,98,east,\nUS,9,1west,\n"
    world[.inbound] =
      "shipment,item,node,quantity,eta,stage\nX,B01,SEA1,40,2026-12-20T18:00:00Z,shipped\n"
      + "XB,01,SEA1,40,2026-12-20T18:00:00Z,shipped\n"
    #expect(check(world, partial: true).report.problemCount == 0)
    world[.inbound] =
      "shipment,item,node,quantity,eta,stage\nX,B01,SEA1,40,2026-12-20T18:00:00Z,shipped\n"
      + "X,B01,SEA1,40,2026-12-21T18:00:00Z,shipped\n"
    #expect(check(world).report.problemCount == 1)
  }

  /// More nodes of one item than its share of the table holds, each twice.
  @Test func duplicatesAreFoundBeyondAnItemsShare() {
    let rows = (0..<3000).map { "B1,N\($0),1\n" }.joined()
    let world: [ImportFile: String] = [.positions: "item,node,on_hand\n" + rows + rows]
    #expect(check(world).report.problemCount == 3000)
  }

  @Test func aMissingColumnIsNamed() {
    var world = soundWorld
    world[.positions] = "item,node\nB01,SEA1\n"
    let problems = check(world).report.files.flatMap(\.problems.kept)
    #expect(problems.map(\.column) == ["on_hand"])
    #expect(
      problems.map(\.description)
        == ["positions.csv line 1 column on_hand: empty — allowed: this column is needed"])
  }

  @Test func twentyProblemsAreKeptAndAllAreCounted() throws {
    var world = soundWorld
    world[.positions] =
      "item,node,on_hand\n" + (0..<50).map { "B01,SEA1,x\($0)\n" }.joined()
    let file = try #require(check(world).report.files.first { $0.file == .positions })
    #expect(file.problems.count == 50)
    #expect(file.problems.kept.count == 20)
    #expect(file.problems.kept[19].value == "x19")
  }

  /// References are open where the defining file is absent, closed where replacing removes it.
  @Test func referencesFollowTheFilesPresent() {
    let positions: [ImportFile: String] = [.positions: soundWorld[.positions] ?? ""]
    #expect(check(positions).report.problemCount == 0)
    #expect(check(positions, mode: .replace).report.problemCount == 2)
    var world = soundWorld
    world[.items] = "item,seller,storage_type,volume_cubic_feet,weight_g,handling_minutes\n"
    // Two positions, one inbound row, a kit and its component, an opportunity value, a signal, two
    // rows of channels, two of backorders, three of forecasts.
    #expect(check(world).report.problemCount == 14)
    #expect(check(world, partial: true).report.problemCount == 0)
  }

  @Test func chunksKeepTheLimitsAndResume() throws {
    var world = soundWorld
    world[.zones] =
      "country,postcode_prefix,zone,station\nUS,981,west,STA1\n"
      + (10_000..<10_600).map { "US,\($0),west,\n" }.joined()
    world[.items] =
      "item,seller,storage_type,volume_cubic_feet,weight_g,handling_minutes\n"
      + (0..<20_001).map { "B0\($0),S1,standard,1,1,0\n" }.joined()
    world[.positions] =
      "item,node,on_hand\n" + (0..<20_001).map { "B0\($0),SEA1,\($0)\n" }.joined()
    world[.inbound] = nil
    let (report, chunks) = check(world)
    #expect(report.problemCount == 0)
    #expect(chunks.filter { $0.file == .zones }.map(\.rowCount) == [250, 250, 101])
    #expect(chunks.filter { $0.file == .items }.map(\.rowCount) == [20_000, 1])
    #expect(chunks.filter { $0.file == .positions }.map(\.rowCount) == [20_000, 1])
    let rest = check(world, from: 9).chunks
    #expect(rest.map(\.number) == chunks.map(\.number).filter { $0 >= 9 })
    #expect(rest.map(\.rows) == chunks.filter { $0.number >= 9 }.map(\.rows))
  }

  @Test func manyNodesCloseAChunk() {
    let header =
      "node,title,kind,time_zone,calendar,dwell_minutes,processing_minutes,country,"
      + "postcode,latitude,longitude\n"
    let nodes = (0..<4000).map { "N\($0),,sort,Etc/UTC,,0,0,US,,0,0\n" }.joined()
    let world: [ImportFile: String] = [
      .nodes: header + nodes,
      .positions: "item,node,on_hand\n" + (0..<4000).map { "B,N\($0),1\n" }.joined(),
    ]
    let (report, chunks) = check(world)
    #expect(report.problemCount == 0)
    #expect(chunks.filter { $0.file == .positions }.map(\.rowCount) == [3800, 200])
    for chunk in chunks {
      if case .network(let rows) = chunk.rows { #expect(rows.nodes.count * 12 <= 3600) }
    }
  }

  @Test func theLoadIDNamesBytesAndMode() {
    let first = check(soundWorld).report.loadID
    #expect(first.bytes.count == 32)
    #expect(check(soundWorld).report.loadID == first)
    #expect(check(soundWorld, mode: .replace).report.loadID != first)
    var world = soundWorld
    world[.positions] = soundWorld[.positions]?.replacingFirst("120", with: "121")
    #expect(check(world).report.loadID != first)
  }
}

extension String {
  /// This text with the first occurrence of `old` replaced.
  func replacingFirst(_ old: String, with new: String) -> String {
    guard let range = firstRange(of: old) else { return self }
    return replacingCharacters(in: range, with: new)
  }

  private func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
    String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}
