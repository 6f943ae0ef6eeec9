import PromisedClient
import PromisedWire

extension Session {
  /// Exit code 1 when an identity does not hold.
  func audit() throws(Failure) -> Int32 {
    let answer = try perform(.audit())
    if isJSON { json { auditJSON(answer, &$0) } } else { write(auditText(answer, style)) }
    return answer.isSound ? ExitCode.yes : ExitCode.no
  }
}

private func auditText(_ answer: AuditAnswer, _ style: Style) -> String {
  var table = Table("Identity", "#Compared", "#Differences")
  for identity in answer.identities {
    table.add(identity.name, grouped(identity.checked), grouped(identity.violations))
  }
  var text = table.text(style)
  text +=
    "\(grouped(answer.positions)) positions of \(grouped(answer.items)) items and "
    + "\(grouped(answer.holds)) holds in \(grouped(answer.milliseconds)) ms: "
    + (answer.isSound ? "everything adds up\n" : "something does not add up\n")
  if answer.violations.isEmpty { return text }
  var found = Table("Identity", "What", "Node", "Of it", "#Should be", "#Is")
  for row in answer.violations {
    found.add(
      row.identity, printable(row.key), printable(row.node), printable(row.detail),
      grouped(row.expected), grouped(row.found))
  }
  return text + found.text(style)
}

private func auditJSON(_ answer: AuditAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("sound", answer.isSound)
  json.rows("identities", answer.identities) { json, identity in
    json.member("name", identity.name)
    json.member("checked", identity.checked)
    json.member("violations", identity.violations)
  }
  json.member("items", answer.items)
  json.member("positions", answer.positions)
  json.member("holds", answer.holds)
  json.member("milliseconds", answer.milliseconds)
  json.rows("violations", answer.violations) { json, row in
    json.member("identity", row.identity)
    json.member("key", row.key)
    json.member("node", row.node)
    json.member("detail", row.detail)
    json.member("expected", row.expected)
    json.member("found", row.found)
  }
}
