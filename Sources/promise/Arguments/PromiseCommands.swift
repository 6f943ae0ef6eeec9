extension CommandSpec {
  /// Promises that were made: will they be kept, and were they.
  static let keeping = [
    CommandSpec(
      name: "at-risk", summary: "Promises made that will be missed, and what would save them",
      operands: "", operandCount: 0...0,
      options: [
        OptionSpec("node", "NODE", "only what ships from this node"),
        OptionSpec("limit", "N", "at most this many, 1…10,000 (1,000)"),
      ],
      examples: ["promise at-risk", "promise at-risk --node SEA1 --json"]),
    CommandSpec(
      name: "rescue", summary: "Ship promises at risk from elsewhere; without --apply only say how",
      operands: "[HOLD]", operandCount: 0...1,
      options: [OptionSpec("apply", nil, "do it; no promise is made later by it"), key],
      examples: ["promise rescue", "promise rescue 4711 --apply"]),
    CommandSpec(
      name: "accuracy", summary: "Promised against delivered",
      operands: "", operandCount: 0...0,
      options: [
        OptionSpec("by", "WHAT", "all, lane, node, weekday, month or band of confidence (all)"),
        OptionSpec("from", "DATE", "promised for this date or later"),
        OptionSpec("to", "DATE", "promised for this date or earlier"),
      ],
      examples: [
        "promise accuracy --by node", "promise accuracy --by band --from 2026-11-01 --json",
      ]),
  ]

  private static let dates = [
    OptionSpec("on", "DATE", "only on this date, local to where it leaves"),
    OptionSpec("from", "DATE", "from this date on (from now on)"),
    OptionSpec("to", "DATE", "up to this date, with --from (for good)"),
    OptionSpec("reason", "TEXT", "why, for people"),
    OptionSpec("author", "NAME", "who says so"),
  ]

  /// What operators tell the service of the world.
  static let steering = [
    CommandSpec(
      name: "observe", summary: "Teach it what happened: delays, handling, transit, deliveries",
      operands: "FILE", operandCount: 1...1, options: [key],
      examples: ["promise observe yesterday.csv"]),
    CommandSpec(
      name: "close-leg", summary: "A leg does not run, or late, on some dates or for good",
      operands: "LEG", operandCount: 1...1,
      options: dates + [OptionSpec("delay", "MINUTES", "leaves this much later, 1…10,080"), key],
      examples: [
        "promise close-leg SEA1-STA1-2200 --on 2026-12-24 --reason snow",
        "promise close-leg SEA1-STA1-2200 --delay 90 --on 2026-12-24",
      ]),
    CommandSpec(
      name: "reopen-leg", summary: "A leg runs as its timetable says again",
      operands: "LEG", operandCount: 1...1, options: dates + [key],
      examples: ["promise reopen-leg SEA1-STA1-2200"]),
    CommandSpec(
      name: "override", summary: "Put, list or remove a word against the service's own answer",
      operands: "put|list|remove [ID]", operandCount: 1...2,
      options: [
        OptionSpec("block", nil, "put: what fits is not promised"),
        OptionSpec("force", nil, "put: what fits is chosen whenever it can promise at all"),
        OptionSpec("item", "ITEM", "put: fits this item only"),
        OptionSpec("node", "NODE", "put: fits this node only"),
        OptionSpec("leg", "LEG", "put: fits ways over this leg only"),
        OptionSpec("zone", "ZONE", "put: fits this zone only"),
        OptionSpec("seller", "SELLER", "put: fits this seller's items only"),
        OptionSpec("reason", "TEXT", "put: why (needed)"),
        OptionSpec("author", "NAME", "put: who says so (needed)"),
        OptionSpec("expires", "INSTANT|+DURATION", "put: until when, at most a year (+1d)"),
        OptionSpec("expired", nil, "list: also those expired within a day"), key,
      ],
      examples: [
        "promise override put --block --node SEA1 --zone west --reason flood --author ada",
        "promise override put --force --item B000000001 --node SEA1 --reason recall --author ada",
        "promise override list", "promise override remove 812",
      ]),
    CommandSpec(
      name: "changed", summary: "Which items to which zones got another promise with the network",
      operands: "", operandCount: 0...0,
      options: [
        OptionSpec("since", "EPOCH", "compare with this epoch (the one before)"), level(""),
        confidence, OptionSpec("limit", "N", "at most this many rows; 0 = all (100)"),
      ],
      examples: ["promise changed", "promise changed --since 12 --limit 0 --json"]),
  ]
}
