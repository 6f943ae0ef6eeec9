import PromisedModel

/// A column of an import file: its name in the header row, and what its cells may be.
package struct ImportColumn: Sendable, Equatable {
  package let name: String
  /// Whether the header must have it.
  package let isNeeded: Bool
  /// The values allowed, as errors and Ops/README.md state them.
  package let allowed: String

  init(_ name: String, _ allowed: String, needed: Bool = true) {
    self.name = name
    self.allowed = allowed
    isNeeded = needed
  }
}

/// The files of an import directory, in the order in which they are loaded.
package enum ImportFile: Int, Sendable, CaseIterable {
  case marketplaces
  case calendars
  case nodes
  case waves
  case zones
  case lanes
  case legs
  case rates
  case sellers
  case items
  case kits
  case positions
  case opportunity
  case inbound
  case limits
  case policies
  case buildings
  case signals
  case groups
  case channels
  case backorders
  case forecasts

  /// The file's name in the directory.
  package var fileName: String { "\(self).csv" }

  /// The file of that name.
  package init?(fileName: String) {
    guard let file = Self.allCases.first(where: { $0.fileName == fileName }) else { return nil }
    self = file
  }

  private static let name = "1 to 64 bytes of UTF-8, no control characters"
  private static let text = "at most 64 bytes of UTF-8, may be empty"
  private static let zone = "an IANA time zone such as America/Los_Angeles"
  private static let days = "daily, Mon-Fri, or days such as Mon Wed Sat"
  private static let time = "HH:MM, 00:00…24:00"
  private static let country = "two capital letters, ISO 3166-1"
  private static let calendar = "a calendar of calendars.csv"
  private static let node = "a node of nodes.csv"
  private static let mode = "road or air"
  private static let amount = "a whole number, 0…2,000,000,000"
  private static let level = "economy, standard, expedited or two-hour; empty = economy"
  private static let room = "a whole number, 0…1,000,000,000; 0 or empty = no limit"
  private static let restrictions = "hazmat, oversize, both as hazmat;oversize, or empty"
  private static let side = "a whole number of millimetres, 1…20,000, or all three empty"
  private static let delays =
    "minutes:probability such as 0:0.90 30:0.10, 0…10,080 ascending, adding up to 1; "
    + "empty = none ever"
  private static let cost = "an amount, 0…100,000,000"
  private static let instant = "RFC 3339 with Z or an offset, such as 2026-12-01T08:00:00Z"
  private static let types =
    "standard, oversize, extra-large, apparel, footwear, aerosol or flammable"

  /// The file's columns in canonical order; a file may have them in any.
  package var columns: [ImportColumn] { Self.allColumns[rawValue] }

  private static let allColumns: [[ImportColumn]] = [
    [
      ImportColumn("marketplace", name), ImportColumn("country", country),
      ImportColumn("currency", "three capital letters, ISO 4217"),
      ImportColumn("time_zone", zone),
      ImportColumn("postcode_digits", "a whole number, 0…16; 0 = postcodes of any text"),
    ],
    [
      ImportColumn("calendar", name),
      ImportColumn("days", days + ", or a date such as 2026-12-25"),
      ImportColumn("open", time + ", not after close; open and close both empty = closed"),
      ImportColumn("close", time + ", not before open; open and close both empty = closed"),
    ],
    [
      ImportColumn("node", name), ImportColumn("title", text),
      ImportColumn("kind", "fc, sort, air, station or seller"), ImportColumn("time_zone", zone),
      ImportColumn("calendar", calendar + "; empty unless the kind is fc or seller"),
      ImportColumn("dwell_minutes", "a whole number, 0…2,880"),
      ImportColumn("processing_minutes", "a whole number, 0…20,160"),
      ImportColumn("country", country), ImportColumn("postcode", text),
      ImportColumn("latitude", "degrees, -90…90"), ImportColumn("longitude", "degrees, -180…180"),
      ImportColumn("handling", delays, needed: false),
      ImportColumn("units_per_hour", room, needed: false),
      ImportColumn("silent_after_s", "seconds, 0…31,536,000, or empty", needed: false),
      ImportColumn("silent_policy", "none, warn, withhold, widen or empty", needed: false),
      ImportColumn("silent_widen_minutes", "a whole number, 0…10,080, or empty", needed: false),
    ],
    [
      ImportColumn("station", "a node of nodes.csv with kind station"), ImportColumn("days", days),
      ImportColumn("cutoff", time + ", not after to"), ImportColumn("from", time + ", before to"),
      ImportColumn("to", time + ", after from"), ImportColumn("level", level, needed: false),
      ImportColumn("capacity_units", room, needed: false),
    ],
    [
      ImportColumn("country", country), ImportColumn("postcode_prefix", name),
      ImportColumn("zone", name),
      ImportColumn("station", "a node of nodes.csv with kind station, or empty"),
    ],
    [
      ImportColumn("origin", node), ImportColumn("service", name),
      ImportColumn("zone", "a zone of zones.csv"), ImportColumn("mode", mode),
      ImportColumn("pickup_calendar", calendar), ImportColumn("transit_calendar", calendar),
      ImportColumn("delivery_calendar", calendar), ImportColumn("cutoff", time),
      ImportColumn(
        "transit",
        "working days:probability such as 2:0.70 3:0.25 5:0.05, ascending, adding up to 1"
      ),
      ImportColumn("delivery_time_zone", zone), ImportColumn("carrier", text, needed: false),
      ImportColumn("level", level, needed: false),
      ImportColumn("refuses", restrictions, needed: false),
    ],
    [
      ImportColumn("leg", name), ImportColumn("origin", node),
      ImportColumn("destination", "a node of nodes.csv, not the origin"),
      ImportColumn("mode", mode), ImportColumn("days", days),
      ImportColumn("departure", "HH:MM, 00:00…23:59"),
      ImportColumn("duration_minutes", "a whole number, 1…10,080"),
      ImportColumn("calendar", calendar + ", or empty"),
      ImportColumn("level", level, needed: false),
      ImportColumn("refuses", restrictions, needed: false),
      ImportColumn("capacity_units", room, needed: false),
      ImportColumn("delays", delays, needed: false),
    ],
    [
      ImportColumn("origin", "a node of nodes.csv; empty = from any"),
      ImportColumn("level", "economy, standard, expedited or two-hour"),
      ImportColumn("zone", "a zone of zones.csv; empty = to any"),
      ImportColumn("fixed_cost", cost),
      ImportColumn(
        "breaks",
        "grams:cost such as 500:0.60 1000:1.40, grams ascending, costs not descending; "
          + "empty = weight costs nothing", needed: false),
      ImportColumn("cost_per_further_kg", cost + ", or empty", needed: false),
      ImportColumn(
        "cubic_mm_per_gram",
        "a whole number, 0…1,000,000,000; 0 or empty = volume is not billed", needed: false),
    ],
    [
      ImportColumn("seller", name), ImportColumn("title", text),
      ImportColumn("marketplace", "a marketplace of marketplaces.csv"),
      ImportColumn(
        "start", "a date such as 2026-03-01, when it began to sell; empty = long ago",
        needed: false),
      ImportColumn(
        "account", "professional or individual; empty = professional", needed: false),
    ],
    [
      ImportColumn("item", name), ImportColumn("seller", "a seller of sellers.csv"),
      ImportColumn("storage_type", types),
      ImportColumn("volume_cubic_feet", "a decimal number above 0, at most 1,000,000"),
      ImportColumn("weight_g", amount),
      ImportColumn("handling_minutes", "a whole number, 0…20,160"),
      ImportColumn(
        "demand_per_day", "a decimal number, 0…1,000,000,000, or empty with the ratio",
        needed: false),
      ImportColumn(
        "demand_variance_ratio",
        "a decimal number, 1…2,000,000 (1 = Poisson), given exactly when demand_per_day is",
        needed: false),
      ImportColumn(
        "release", "RFC 3339 with Z or an offset, such as 2026-12-01T08:00:00Z, or empty",
        needed: false),
      ImportColumn("restrictions", restrictions, needed: false),
      ImportColumn("length_mm", side, needed: false),
      ImportColumn("width_mm", side, needed: false),
      ImportColumn("height_mm", side, needed: false),
      ImportColumn("category", text + "; items that sell alike", needed: false),
    ],
    [
      ImportColumn("kit", "an item of items.csv"),
      ImportColumn("component", "an item of items.csv, not the kit"),
      ImportColumn("units", "a whole number, 1…10,000"),
    ],
    [
      ImportColumn("item", "an item of items.csv"), ImportColumn("node", node),
      ImportColumn("on_hand", amount), ImportColumn("unfulfillable", amount, needed: false),
      ImportColumn("researching", amount, needed: false),
      ImportColumn("in_transfer", amount, needed: false),
      ImportColumn("in_processing", amount, needed: false),
      ImportColumn("withheld", amount, needed: false),
    ],
    [
      ImportColumn("item", "an item of items.csv"), ImportColumn("node", node),
      ImportColumn("value", "an amount, -100,000,000…100,000,000"),
    ],
    [
      ImportColumn("shipment", name), ImportColumn("item", "an item of items.csv"),
      ImportColumn("node", node), ImportColumn("quantity", amount),
      ImportColumn("eta", "RFC 3339 with Z or an offset, such as 2026-12-20T18:00:00Z"),
      ImportColumn("stage", "draft, working, shipped or receiving"),
      ImportColumn(
        "eta_early", "an instant, at most ten years before eta, or empty", needed: false),
      ImportColumn("eta_late", "an instant, at most ten years after eta, or empty", needed: false),
    ],
    [
      ImportColumn("seller", "a seller of sellers.csv"), ImportColumn("storage_type", types),
      ImportColumn("month", "a month such as 2026-12"),
      ImportColumn("kind", "confirmed, estimated or no-limit"),
      ImportColumn(
        "limit_cubic_feet", "a decimal number, 0…1,000,000,000,000; empty with no-limit"),
      ImportColumn(
        "cause",
        "not-stated, forecast, sales-history, performance, network-capacity, seller-request, "
          + "correction or operator-cut; empty = not-stated", needed: false),
      ImportColumn("announced", instant + ", or empty = now", needed: false),
      ImportColumn(
        "window_end", instant + ", or empty = the end of the month", needed: false),
      ImportColumn(
        "forced", "yes or no; empty = no; yes needs operator-cut and a notice", needed: false),
      ImportColumn("notice", text, needed: false),
    ],
    [
      ImportColumn("marketplace", "a marketplace of marketplaces.csv; empty with a seller"),
      ImportColumn("seller", "a seller of sellers.csv; empty with a marketplace"),
      ImportColumn("charges_overage", "yes or no; empty = no", needed: false),
      ImportColumn("overage_fee", "an amount, 0…100,000; empty = 10", needed: false),
      ImportColumn(
        "individual_limit_cubic_feet",
        "a decimal number, 0…1,000,000,000,000; 0 = as announced; empty = 15", needed: false),
      ImportColumn(
        "new_seller_weeks", "a whole number, 0…520; empty = 39", needed: false),
      ImportColumn("replenishment_bypasses", "yes or no; empty = no", needed: false),
      ImportColumn("plan_days", "a whole number, 1…366; empty = 30", needed: false),
      ImportColumn("maximum_ask_share", "a decimal number, 0…100; empty = 0.2", needed: false),
      ImportColumn(
        "maximum_ask_cubic_feet", "a decimal number, 0…1,000,000,000,000; empty = 2000",
        needed: false),
      ImportColumn("sales_credit", "a decimal number, 0…1; empty = 0.15", needed: false),
      ImportColumn("network_share", "a decimal number, 0…1; empty = 1", needed: false),
      ImportColumn(
        "type_names", "seven names separated by ;, or empty", needed: false),
    ],
    [
      ImportColumn("node", node), ImportColumn("storage_type", types),
      ImportColumn(
        "usable_cubic_feet", "a decimal number, 0…1,000,000,000,000; 0 = does not take the type"),
      ImportColumn(
        "warning", "a decimal number, 0…2, not above alarm; empty = 0.85", needed: false),
      ImportColumn("alarm", "a decimal number, 0…2; empty = 0.95", needed: false),
    ],
    [
      ImportColumn("seller", "a seller of sellers.csv"),
      ImportColumn("item", "an item of items.csv"),
      ImportColumn("month", "a month such as 2026-12"),
      ImportColumn("kind", "launch, promotion, seasonal, discontinuation or other"),
      ImportColumn("low", "a whole number, -1,000,000,000…1,000,000,000"),
      ImportColumn("high", "a whole number, -1,000,000,000…1,000,000,000, not below low"),
      ImportColumn("confidence", "a decimal number, 0…1"),
    ],
    [ImportColumn("group", name), ImportColumn("node", node)],
    [
      ImportColumn("channel", name), ImportColumn("item", "an item of items.csv"),
      ImportColumn("node", node), ImportColumn("buffer", amount, needed: false),
      ImportColumn("set_aside", amount, needed: false),
    ],
    [
      ImportColumn("item", "an item of items.csv"), ImportColumn("node", node),
      ImportColumn("kind", "backorder or preorder"), ImportColumn("cap", amount),
      ImportColumn(
        "from", "RFC 3339, such as 2026-12-20T00:00:00Z, with preorder; empty with backorder",
        needed: false),
      ImportColumn("until", "RFC 3339, or empty = without end", needed: false),
      ImportColumn(
        "lead_days", "a whole number, 0…3,650, with backorder; empty with preorder", needed: false),
    ],
    [
      ImportColumn("item", "an item of items.csv"),
      ImportColumn("issued", "RFC 3339 with Z or an offset, such as 2026-12-20T18:00:00Z"),
      ImportColumn("start", "a date such as 2026-12-21"),
      ImportColumn("period_days", "a whole number, 1…28"),
      ImportColumn(
        "period", "1 in an item's first row, then 2, … one after another, at most 53"),
      ImportColumn(
        "quantiles",
        "level:units such as 0.5:56 0.9:81.5, at most 16, levels 0.0001…0.9999 ascending, units "
          + "0…1,000,000,000"),
      ImportColumn("region", text + "; empty = the whole network", needed: false),
      ImportColumn(
        "cumulative", "yes = each period with those before it, no or empty", needed: false),
    ],
  ]
}
