/// The overview of all commands.
func overview(_ style: Style) -> String {
  var text = "promise: ask a promised server when, what and how much\n\n"
  text += style.bold("Usage") + "\n  promise COMMAND [OPTIONS]\n\n" + style.bold("Commands") + "\n"
  text += aligned(CommandSpec.all.map { ($0.name, $0.summary) })
  text +=
    "\n`promise COMMAND --help` explains one, with examples. The server is --server ADDRESS,\n"
  text += "or PROMISED_SERVER, or 127.0.0.1:7420. Exit codes: 0 yes, 1 a business no or a\n"
  text += "difference, 2 usage, 69 unreachable, 130 a load interrupted; of `verify`: 65 damaged,\n"
  text += "74 cannot be read, 75 in use. `promise --version` states its version.\n"
  return text
}

/// All there is to know about one command.
func help(_ spec: CommandSpec, _ style: Style) -> String {
  var text = "promise \(spec.name): \(spec.summary)\n\n" + style.bold("Usage") + "\n"
  text += "  promise \(spec.name)" + (spec.operands.isEmpty ? "" : " \(spec.operands)")
  text += " [OPTIONS]\n\n" + style.bold("Options") + "\n"
  text += aligned(
    spec.allOptions.map { ("--\($0.name)" + ($0.value.map { " \($0)" } ?? ""), $0.help) })
  text += "\n" + style.bold("Examples") + "\n"
  for example in spec.examples { text += "  \(example)\n" }
  return text
}

private func aligned(_ rows: [(String, String)]) -> String {
  let width = rows.map { displayWidth($0.0) }.max() ?? 0
  return rows.map { "  \(padded($0.0, width))  \($0.1)\n" }.joined()
}
