import PromisedModel

/// What nodes have of the components of a cart, as claims would get it.
extension State {
  /// What nodes have of components that are not plain. A component that is a kit itself is taken
  /// assembled.
  func findPlanStock(channel: UInt16, at now: UnixMilliseconds) {
    scratch.plan.now = now
    scratch.plan.stock.removeAll()
    beginTaking()
    for index in 0..<scratch.plan.components.count {
      let slot = scratch.plan.components[index].slot
      if slot < 0 || isPlain(slot) { continue }
      fillModel(of: positions.key(slot), slot, node: nil, backorders: .none, at: now.seconds)
      scratch.model.fillLimits(due: 0, channel: channel)
      let component = scratch.plan.components.at(index)
      component.pointee.firstStock = Int32(scratch.plan.stock.count)
      component.pointee.stockCount = Int32(scratch.model.spans.count)
      component.pointee.hasDemand = scratch.model.demands.count > 0
      for place in 0..<scratch.model.spans.count {
        scratch.plan.stock.append(
          PlanStock(units: scratch.model.limits[place], node: scratch.model.spans[place].node))
      }
    }
  }

  /// Calls for each node that has units of a component, ascending.
  func forEachPlanStock(of component: Int, _ body: (UInt16, Int64) -> Void) {
    let part = scratch.plan.components[component]
    if part.slot < 0 { return }
    if isPlain(part.slot) {
      for place in 0..<positions.rowCount(part.slot) {
        let node = positions.nodes(part.slot)[place]
        let units = offerable(positions.rows(part.slot)[place], node, at: scratch.plan.now)
        if units > 0 { body(node, units) }
      }
      return
    }
    for place in Int(part.firstStock)..<Int(part.firstStock + part.stockCount) {
      let stock = scratch.plan.stock[place]
      if stock.units > 0 { body(stock.node, stock.units) }
    }
  }

  /// Whether claims would get what was solved, all boxes together: with open demand of groups, what
  /// one box takes of a node may be what another counts on.
  func isClaimable(channel: UInt16, at now: UnixMilliseconds) -> Bool {
    var hasDemand = false
    for index in 0..<scratch.plan.components.count {
      hasDemand = hasDemand || scratch.plan.components[index].hasDemand
    }
    if !hasDemand { return true }
    beginTaking()
    for index in 0..<scratch.plan.problem.boxCount {
      let box = scratch.plan.problem.box(index)
      let node = scratch.plan.nodes[Int(box.centre)].node
      for place in Int(box.first)..<Int(box.first + box.count) {
        let allotment = scratch.plan.problem.allotment(place)
        let line = scratch.plan.lines[Int(allotment.line)]
        for number in 0..<Int(line.useCount) {
          let use = scratch.plan.uses[Int(line.firstUse) + number]
          let component = scratch.plan.components[Int(use.component)]
          if !component.hasDemand { continue }
          var wish = ClaimWish(item: component.token, place: node, channel: channel)
          wish.units = allotment.quantity * use.units
          if claimable(wish, backorders: .none, at: now) < wish.units { return false }
          scratch.wishes.append(wish)
        }
      }
    }
    return true
  }

  /// Cuts what nodes have of components in demand to what claims of all of it would get, node by
  /// node in their order: any plan of that can be claimed.
  func restrainPlanStock(channel: UInt16, at now: UnixMilliseconds) {
    for index in 0..<scratch.plan.components.count {
      let component = scratch.plan.components[index]
      if !component.hasDemand { continue }
      beginTaking()
      for place in Int(component.firstStock)..<Int(component.firstStock + component.stockCount) {
        let stock = scratch.plan.stock.at(place)
        var wish = ClaimWish(item: component.token, place: stock.pointee.node, channel: channel)
        wish.units = max(0, claimable(wish, backorders: .none, at: now))
        stock.pointee.units = wish.units
        if wish.units > 0 { scratch.wishes.append(wish) }
      }
    }
  }
}
