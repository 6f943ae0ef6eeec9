import PromisedInvariants
import PromisedModel

/// What sells, into blocks and back, and its part of the digest.
extension State {
  /// What items have in common; before the items, which name its categories.
  func exportDemandPool() -> [StateBlock] {
    demand.items.placeCount == 0 && categoryKeys.count == 0 ? [] : [.demandPool(demandPool())]
  }

  func exportDemand() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var start = 0
    while start < demand.items.placeCount {
      let end = min(demand.items.placeCount, start + Self.blockRows / 8)
      blocks.append(.demandItems(demandItems(start..<end)))
      start = end
    }
    return blocks
  }

  func exportForecasts() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = ForecastRows()
    func flush() {
      if rows.keys.count > 0 { blocks.append(.put(.forecasts(rows))) }
      rows = ForecastRows()
    }
    for place in 0..<forecasts.placeCount {
      let forecast = forecasts.row(place)
      let levels = (0..<Int(forecast.levelCount)).map { UInt16(forecasts.rawLevel(forecast, $0)) }
      // Rows of one block share their levels.
      if rows.keys.count == 4096 || rows.levels != levels { flush() }
      rows.levels = levels
      append(forecast, to: &rows)
    }
    flush()
    return blocks
  }

  private func append(_ forecast: Forecast, to rows: inout ForecastRows) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ItemKeys.maximumByteCount) { key in
      guard let base = key.baseAddress else { return }
      let count = itemKeys.write(forecast.item, to: base)
      rows.keys.append(UnsafeBufferPointer(start: base, count: count))
    }
    let region = regionKeys.name(Int(forecast.region)).name
    let known = rows.regionNames.firstIndex(of: region)
    if known == nil { rows.regionNames.append(region) }
    rows.regions.append(UInt32(known ?? rows.regionNames.count - 1))
    rows.issuedUnixSeconds.append(forecast.issuedUnixSeconds)
    rows.startDays.append(forecast.startDay)
    rows.periodDays.append(forecast.periodDays)
    rows.periods.append(forecast.periods)
    rows.cumulative.append(forecast.isCumulative)
    for index in 0..<forecast.valueCount {
      rows.valuesMilli.append(forecasts.rawValue(forecast, index))
    }
  }

  func digestForecasts(_ sum: inout DigestSum) {
    for place in 0..<forecasts.placeCount {
      let row = forecasts.row(place)
      sum.begin(62)
      sum.add(row.item)
      sum.add(regionKeys.name(Int(row.region)))
      sum.add(row.issuedUnixSeconds)
      sum.add(row.startDay)
      sum.add(row.periodDays)
      sum.add(row.periods)
      sum.add(row.isCumulative)
      for index in 0..<Int(row.levelCount) { sum.add(forecasts.rawLevel(row, index)) }
      for index in 0..<row.valueCount { sum.add(forecasts.rawValue(row, index)) }
      sum.end()
    }
  }

  private func demandPool() -> DemandPoolRows {
    var rows = DemandPoolRows()
    rows.categories = (0..<categoryKeys.count).map { categoryKeys.name($0).name }
    rows.categoryValues = demand.categories.values
    for classes in demand.classes {
      rows.days.append(classes.day)
      rows.sums += classes.sums
      rows.shares += classes.shares
      rows.tables += classes.table
    }
    rows.cursor = UInt64(demandCursor)
    rows.passBeganUnixSeconds = demandPassBegan
    return rows
  }

  /// Every place, free ones too: where an item stands decides when its days are closed.
  private func demandItems(_ places: Range<Int>) -> DemandItemRows {
    var rows = DemandItemRows()
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ItemKeys.maximumByteCount) { key in
      guard let base = key.baseAddress else { return }
      for place in places {
        let item = demand.items.at(place).pointee
        let count = item.token == 0 ? 0 : itemKeys.write(item.token, to: base)
        rows.keys.append(UnsafeBufferPointer(start: base, count: count))
        rows.append(item)
        for age in 0..<Int32(item.keptDays) {
          let day = demand.items.day(place, item.day - Int32(item.keptDays) + age).pointee
          rows.dayOnHand.append(day.onHand)
          rows.dayUnits.append(day.units)
          rows.dayExposures.append(day.exposure)
          rows.dayInStock.append(day.inStock)
        }
      }
    }
    return rows
  }

  func importDemand(_ rows: DemandPoolRows) {
    for name in rows.categories { _ = categoryKeys.insert(name) }
    guard let categories = DemandCategories(values: rows.categoryValues),
      categories.count == categoryKeys.count + 1
    else { return invariant(false, "a snapshot's categories have no values") }
    demand.categories = categories
    let (sums, shares, table) = DemandClasses.sizes
    for index in 0..<DemandLearner.lengthCount {
      guard
        let classes = DemandClasses(
          sums: Array(rows.sums[index * sums..<(index + 1) * sums]),
          shares: Array(rows.shares[index * shares..<(index + 1) * shares]),
          table: Array(rows.tables[index * table..<(index + 1) * table]), day: rows.days[index])
      else { return invariant(false, "a snapshot's classes of demand are not of this form") }
      demand.classes[index] = classes
    }
    demandCursor = Int(clamping: rows.cursor)
    demandPassBegan = rows.passBeganUnixSeconds
  }

  func importDemand(_ rows: DemandItemRows) {
    rows.keys.withKeyColumn { keys in
      var (offset, start) = (0, 0)
      for row in 0..<keys.count {
        let key = keys.key(row, at: &offset)
        var item = rows.item(row)
        if key.count > 0 { item.token = itemKeys.insert(key) }
        let place = demand.items.restore(item)
        for age in 0..<Int(item.keptDays) {
          demand.items.day(place, item.day - Int32(item.keptDays) + Int32(age)).pointee = ItemDay(
            onHand: rows.dayOnHand[start + age], units: rows.dayUnits[start + age],
            exposure: rows.dayExposures[start + age], inStock: rows.dayInStock[start + age])
        }
        start += Int(item.keptDays)
        if item.token == 0 { continue }
        let slot = positions.find(item.token)
        let index = slot < 0 ? 0 : Int(positions.attribute(slot))
        invariant(index != 0, "an item that sells has no attributes")
        if index != 0 { attributes.at(index).pointee.selling = SellingItem(place, item) }
      }
    }
  }

  func digestDemand(_ sum: inout DigestSum) {
    let pool = demandPool()
    sum.begin(60)
    for name in pool.categories { sum.add(name) }
    for values in [pool.categoryValues, pool.sums, pool.shares, pool.tables] {
      for value in values { sum.add(value) }
    }
    for day in pool.days { sum.add(day) }
    sum.add(demandCursor)
    sum.add(demandPassBegan)
    sum.end()
    for place in 0..<demand.items.placeCount {
      let item = demand.items.at(place).pointee
      sum.begin(61)
      sum.add(place)
      sum.add(item.token)
      for part in [item.rate.fast, item.rate.slow] {
        sum.add(part.units)
        sum.add(part.exposure)
        sum.add(part.squares)
      }
      sum.add(item.units)
      sum.add(item.dayEnds)
      sum.add(item.countedTo)
      sum.add(item.day)
      sum.add(item.inStockSeconds)
      sum.add(item.lastSale)
      sum.add(item.category)
      sum.add(item.isInStock)
      for age in 0..<Int32(item.keptDays) {
        let day = demand.items.day(place, item.day - 1 - age).pointee
        sum.add(day.onHand)
        sum.add(day.units)
        sum.add(day.exposure)
        sum.add(day.inStock)
      }
      sum.end()
    }
  }
}

extension DemandItemRows {
  fileprivate mutating func append(_ item: ActiveItem) {
    rates += [
      item.rate.fast.units, item.rate.fast.exposure, item.rate.fast.squares,
      item.rate.slow.units, item.rate.slow.exposure, item.rate.slow.squares,
    ]
    units.append(item.units)
    dayEndsUnixSeconds.append(item.dayEnds)
    countedToUnixSeconds.append(item.countedTo)
    days.append(item.day)
    inStockSeconds.append(item.inStockSeconds)
    lastSales.append(item.lastSale)
    categories.append(item.category)
    keptDays.append(item.keptDays)
    inStock.append(item.isInStock)
  }

  /// A row without its token.
  fileprivate func item(_ row: Int) -> ActiveItem {
    var item = ActiveItem()
    let start = row * 6
    item.rate.fast = DecayedDemand(
      units: rates[start], exposure: rates[start + 1], squares: rates[start + 2])
    item.rate.slow = DecayedDemand(
      units: rates[start + 3], exposure: rates[start + 4], squares: rates[start + 5])
    item.units = units[row]
    item.dayEnds = dayEndsUnixSeconds[row]
    item.countedTo = countedToUnixSeconds[row]
    item.day = days[row]
    item.inStockSeconds = inStockSeconds[row]
    item.lastSale = lastSales[row]
    item.category = categories[row]
    item.keptDays = keptDays[row]
    item.isInStock = inStock[row]
    return item
  }
}
