import PromisedWire

extension CommandSpec {
  /// Every command, in the order of the overview.
  static let all: [CommandSpec] = asking + keeping + changing + steering + operating

  private static let everyOperand = 1...4096

  private static let asking = [
    CommandSpec(
      name: "offer", summary: "When can an item be delivered, from where, if ordered by when",
      operands: "ITEM...", operandCount: everyOperand,
      options: [
        OptionSpec("to", "POSTCODE", "where to; may be given several times"),
        OptionSpec("country", "CC", "ISO 3166-1 country of the postcodes (US)"),
        OptionSpec("quantity", "N", "units of each item (1)"),
        level(", may be given several times"), confidence,
        OptionSpec("by", "DATE", "also the chance of delivery by the end of this date"),
        channel, supply,
        OptionSpec("path", nil, "show the way leg by leg (shown anyway for a single offer)"),
      ],
      examples: [
        "promise offer B000000001 --to 98109",
        "promise offer B000000001 --to 98109 --level standard --level two-hour --by 2026-12-24",
        "promise offer B000000001 B000000002 --to 98109 --to 10001 --json",
      ]),
    CommandSpec(
      name: "plan", summary: "How a whole cart is shipped: which boxes, when, at what cost",
      operands: "ITEM[:QUANTITY]...", operandCount: 1...256,
      options: [
        OptionSpec("to", "POSTCODE", "where to (needed)"),
        OptionSpec("country", "CC", "ISO 3166-1 country of the postcode (US)"),
        level(", may be given several times"), confidence,
        channel,
        OptionSpec("objective", "WHAT", "earliest, cost or fewest shipments (earliest)"),
        OptionSpec("needed-by", "DATE", "delivered by the end of this date, or no plan"),
        OptionSpec("together", nil, "all lines from one place, or no plan"),
        OptionSpec("partial", nil, "plan what is there; what is short is told"),
        OptionSpec("max-shipments", "N", "at most this many boxes, 1…256"),
        OptionSpec("mix-levels", nil, "boxes may travel slower where that is soon enough"),
      ],
      examples: [
        "promise plan B000000001:2 B000000002 --to 98109",
        "promise plan B000000001 B000000002 --to 98109 --objective cost --needed-by 2026-12-24",
      ]),
    CommandSpec(
      name: "explain", summary: "Why a promise is what it is, and what would have made it sooner",
      operands: "[TOKEN]", operandCount: 0...1,
      options: [
        OptionSpec("item", "ITEM", "instead of a token: as it would be decided now"),
        OptionSpec("to", "POSTCODE", "where to"),
        OptionSpec("country", "CC", "ISO 3166-1 country of the postcode (US)"),
        OptionSpec("quantity", "N", "units (1)"), level(""), confidence, channel, supply,
        OptionSpec("html", "FILE", "write it as a page with a map, and not to the terminal"),
      ],
      examples: [
        "promise explain --item B000000001 --to 98109",
        "promise explain --item B000000001 --to 98109 --html why.html",
        "promise explain AXq0Zm9vYmFy --json",
      ]),
    CommandSpec(
      name: "stock", summary: "What is where, what is coming, and will it be in stock",
      operands: "ITEM...", operandCount: everyOperand,
      options: [
        OptionSpec("node", "NODE", "only this node; may be given several times"),
        OptionSpec("group", "GROUP", "only the nodes of this group; may be given several times"),
        channel,
        OptionSpec("horizon", "DAYS", "look ahead 1…365 days for the probability (14)"),
      ],
      examples: [
        "promise stock B000000001", "promise stock B000000001 --node SEA1 --horizon 30",
      ]),
    CommandSpec(
      name: "atp", summary: "How many can be promised by when, with every promise made kept",
      operands: "ITEM...", operandCount: everyOperand,
      options: [
        OptionSpec("group", "GROUP", "in this group of nodes; may be given several times"),
        OptionSpec("node", "NODE", "in this node; neither = in the whole network"),
        channel,
        OptionSpec("quantity", "N", "when can so many be had (1)"),
        OptionSpec("horizon", "DAYS", "look ahead 1…365 days (90)"),
        OptionSpec(
          "confidence", "CHANCE",
          "count each shipment from when it has come with this chance, at most .99 (its median)"),
      ],
      examples: [
        "promise atp B000000001", "promise atp B000000001 --group west --quantity 40",
        "promise atp B000000001 --node SEA1 --channel app --json",
      ]),
    CommandSpec(
      name: "watch", summary: "Changes of stock as they happen, and thresholds as they are crossed",
      operands: "[PREFIX]", operandCount: 0...1,
      options: [
        OptionSpec("node", "NODE", "only stock in this node; may be given several times"),
        OptionSpec("group", "GROUP", "only stock in the nodes of this group"), channel,
        OptionSpec("below", "ITEM=N", "tell when fewer than N units are available; repeatable"),
        OptionSpec(
          "later", "ITEM@POSTCODE[=INSTANT]",
          "tell when its promise ends later than it did, or than an instant; repeatable"),
        OptionSpec("only-thresholds", nil, "no changes, only what is crossed"),
        OptionSpec("country", "CC", "ISO 3166-1 country of the postcodes (US)"),
        level(" of the promises"), confidence,
        OptionSpec("from", "POSITION", "go on behind this log position (now)"),
        OptionSpec("changes", "N", "end after N lines; 0 = never (0)"),
      ],
      examples: [
        "promise watch", "promise watch B0 --node SEA1 --from 4711 --json",
        "promise watch --only-thresholds --below B000000001=10 --later B000000001@98109",
      ]),
    CommandSpec(
      name: "in-stock", summary: "How likely is it still there, and when is it sold out",
      operands: "ITEM...", operandCount: everyOperand,
      options: [
        OptionSpec("horizon", "DAYS", "look ahead 1…365 days (14)"),
        OptionSpec(
          "demand", "SOURCE", "rest on declared, forecast, embedded or signals alone"),
        OptionSpec("fast-track", nil, "also which share of zones can have it within a day now"),
        OptionSpec("group", "GROUP", "the stock of this group of nodes (the whole network)"),
        channel,
        OptionSpec("share", "N", "thousandths of the demand that are asked of it, 1…1000 (1000)"),
      ],
      examples: [
        "promise in-stock B000000001 B000000002 --horizon 30",
        "promise in-stock B000000001 --demand embedded --fast-track --json",
      ]),
    CommandSpec(
      name: "history", summary: "The last days of an item: on hand, sold, time in stock",
      operands: "ITEM...", operandCount: everyOperand,
      options: [OptionSpec("days", "N", "the last days, 1…28 (28)")],
      examples: ["promise history B000000001", "promise history B000000001 --days 7 --json"]),
    capacity,
    CommandSpec(
      name: "list", summary: "Rows of a kind, page by page in a fixed order",
      operands: Listing.allCases.map { "\($0)" }.joined(separator: "|"), operandCount: 1...1,
      options: [OptionSpec("limit", "N", "at most this many rows; 0 = all (100)")],
      examples: ["promise list nodes", "promise list items --limit 20 --json"]),
  ]

  static func level(_ more: String) -> OptionSpec {
    OptionSpec("level", "LEVEL", "economy, standard, expedited or two-hour (standard)" + more)
  }

  static let channel = OptionSpec(
    "channel", "CHANNEL", "as this sales channel: what is kept from it is not there")

  static let confidence = OptionSpec(
    "confidence", "CHANCE", "the least chance of the window, .5 .8 .9 .95 or .99 (.95)")

  private static let supply = OptionSpec(
    "supply", "WHAT",
    "needed: what comes where nothing on hand can be offered (the default); soonest: whatever is"
      + " there first; on-hand: only that")

  private static let owner = OptionSpec("owner", "OWNER", "who holds: a cart, a shopper (needed)")
  static let key = OptionSpec(
    "key", "KEY", "name of this intent; the same again changes nothing (a random one)")

  private static let changing = [
    CommandSpec(
      name: "hold", summary: "Claim units until an expiry, and see an order through to its end",
      operands: "[ITEM@NODE[=QUANTITY]...] | show|extend|amend|pick|ship|commit|release HOLD ...",
      operandCount: 0...258,
      options: [
        owner,
        OptionSpec("name", "NAME", "your own id of the hold; later HOLD may be name=NAME"),
        OptionSpec(
          "fill", "WHAT",
          "kill: all or nothing (the default); all: the rest later or backordered;"
            + " available: what is there"),
        OptionSpec("due", "WHEN", "from when the units are wanted, YYYY-MM-DD or Unix seconds"),
        OptionSpec(
          "channel", "CHANNEL", "the sales channel whose units are claimed; a token has its own"),
        OptionSpec("replaces", "HOLD", "a hold of the same owner that the grant releases"),
        OptionSpec(
          "token", "TOKEN", "redeem an offer or a plan: its units, its departures, its date"),
        OptionSpec(
          "upgrade", nil, "move what is promised to an earlier window when room comes free"),
        OptionSpec("ttl", "SECONDS", "how long, 1…86,400 (600)"), key,
      ],
      examples: [
        "promise hold B000000001@SEA1=2 --owner cart-17 --ttl 900",
        "promise hold --token AXq0Zm9vYmFy --owner cart-17",
        "promise hold B000000001@SEA1=9 --owner cart-17 --name order-17 --fill available",
        "promise hold show name=order-17",
        "promise hold extend 4711 --owner cart-17 --ttl 900",
        "promise hold amend 4711 B000000001@SEA1=3 --owner cart-17",
        "promise hold pick 4711 B000000001@SEA1=1-1 --owner cart-17",
        "promise hold ship 4711 --owner cart-17",
      ]),
    CommandSpec(
      name: "commit", summary: "Make a hold an order's allocation",
      operands: "HOLD", operandCount: 1...1, options: [owner, key],
      examples: ["promise commit 4711 --owner cart-17"]),
    CommandSpec(
      name: "release", summary: "Give back what is held or allocated",
      operands: "HOLD", operandCount: 1...1, options: [owner, key],
      examples: ["promise release 4711 --owner cart-17"]),
    CommandSpec(
      name: "get", summary: "A hold as it stands, with its lines",
      operands: "HOLD", operandCount: 1...1, examples: ["promise get 4711"]),
    CommandSpec(
      name: "shortfalls", summary: "Orders that stock has been taken from under",
      operands: "", operandCount: 0...0,
      options: [
        OptionSpec("item", "ITEM", "only of this item"),
        OptionSpec("node", "NODE", "only in this node"),
        OptionSpec("hold", "HOLD", "only of this hold, by number or name=NAME"),
        OptionSpec("limit", "N", "at most this many rows (1,000)"),
      ],
      examples: ["promise shortfalls", "promise shortfalls --node SEA1 --json"]),
    CommandSpec(
      name: "adjust", summary: "Change what is on hand, as a source of the update feed",
      operands: "ITEM@NODE=±N...", operandCount: everyOperand,
      options: [
        OptionSpec("source", "SOURCE", "who says so (needed)"),
        OptionSpec("sequence", "N", "sequence of the first change, from 1 (needed)"),
      ],
      examples: [
        "promise adjust B000000001@SEA1=-2 --source counter-3 --sequence 1",
        "promise adjust B000000001@SEA1=+40 --source dock-1 --sequence 12",
      ]),
    CommandSpec(
      name: "feed", summary: "Tell what moved: rows of a file, or of standard input",
      operands: "FILE|-", operandCount: 0...1,
      options: [
        OptionSpec("source", "NAME", "who says so (the file's name; needed with -)"),
        OptionSpec("batch", "ROWS", "rows a request (1,000)"),
        OptionSpec("from", "SEQUENCE", "pass over rows before this one"),
        OptionSpec("allow-gap", nil, "what is missing before the first row cannot be sent again"),
        OptionSpec("net-of-allocations", nil, "counts leave out units that are allocated"),
        OptionSpec("rejects", "FILE", "write the rows that were refused, with their outcomes"),
        OptionSpec("dry-run", nil, "check the file, change nothing, need no server"),
        OptionSpec("parked", nil, "list the rows that wait for an item or node"),
        OptionSpec("failed", nil, "list parked rows that failed in the end"),
        OptionSpec("undo", "FROM-TO", "undo these rows of the source, newest first"),
        OptionSpec("key", "TEXT", "with --undo: the name of this intent (one is made)"),
      ],
      examples: [
        "promise feed movements.csv.gz --source wms-1 --rejects refused.csv",
        "promise feed - --source dock", "promise feed --parked",
        "promise feed --undo 120-180 --source wms-1",
      ]),
    CommandSpec(
      name: "load", summary: "Load a directory of CSV files: whole, or not at all",
      operands: "[DIR]", operandCount: 0...1,
      options: [
        OptionSpec("merge", nil, "rows absent from the files stay as they are (the default)"),
        OptionSpec(
          "replace", nil,
          "positions absent go to zero; network, inbound and limits absent are removed"),
        OptionSpec("partial", nil, "rows may name what only the server knows"),
        OptionSpec("dry-run", nil, "check everything, change nothing, need no server"),
        OptionSpec("force", nil, "change more than 5 % of a live server's positions"),
        OptionSpec("again", nil, "load files once more that were loaded less than 10 minutes ago"),
        OptionSpec("abort", nil, "forget the load that is open on the server"),
      ],
      examples: [
        "promise load world --dry-run", "promise load world --replace", "promise load --abort",
      ]),
  ]

  private static let operating = [
    CommandSpec(
      name: "snapshot", summary: "Take a snapshot now, or list the ones kept",
      operands: "take|list", operandCount: 1...1,
      examples: ["promise snapshot take", "promise snapshot list"]),
    CommandSpec(
      name: "audit", summary: "Check that everything kept adds up, over the whole state, now",
      operands: "", operandCount: 0...0, examples: ["promise audit", "promise audit --json"]),
    CommandSpec(
      name: "verify", summary: "Check every byte of a data directory that no server has open",
      operands: "DIR", operandCount: 1...1, asksServer: false,
      examples: ["promise verify /var/lib/promised"]),
    CommandSpec(
      name: "status", summary: "The state of the service", operands: "", operandCount: 0...0,
      examples: ["promise status", "promise status --json"]),
    CommandSpec(
      name: "ping", summary: "Is it there, and how fast does it answer", operands: "",
      operandCount: 0...0,
      options: [OptionSpec("count", "N", "how often, 1…1,000,000 (1)")],
      examples: ["promise ping", "promise ping --count 1000"]),
    CommandSpec(
      name: "drain", summary: "Let the service stop taking connections and changes",
      operands: "", operandCount: 0...0, examples: ["promise drain"]),
    CommandSpec(
      name: "time", summary: "Move the clock of a sandbox",
      operands: "INSTANT|+DURATION", operandCount: 1...1,
      examples: ["promise time 2026-12-20T18:00:00Z", "promise time +36h"]),
  ]

  static func named(_ name: String) -> CommandSpec? { all.first { $0.name == name } }
}
