import PromisedWire

// The types of calls and answers belong to the wire; these are their names for users of the library.

/// One request to the service and how its answer is read.
public typealias Call = PromisedWire.Call
/// The service's no.
public typealias ServiceRefusal = PromisedWire.ServiceRefusal
/// The log position and the instant an answer reflects.
public typealias AnswerStamp = PromisedWire.AnswerStamp
/// The outcome of one row of a batch.
public typealias RowOutcome = PromisedWire.RowOutcome
/// When an item can reach a postcode, or why it cannot.
public typealias Offer = PromisedWire.Offer
/// A scheduled movement on the way to the customer.
public typealias OfferLeg = PromisedWire.OfferLeg
/// The answer to an offer request.
public typealias OfferAnswer = PromisedWire.OfferAnswer
/// Units of an item at a node.
public typealias StockPosition = PromisedWire.StockPosition
/// Units of an item on their way in.
public typealias InboundSupply = PromisedWire.InboundSupply
/// What is known of one item's stock.
public typealias ItemAvailability = PromisedWire.ItemAvailability
/// The answer to an availability request.
public typealias AvailabilityAnswer = PromisedWire.AvailabilityAnswer
/// Whether an item will be in stock.
public typealias InStock = PromisedWire.InStock
/// The answer to an in-stock request.
public typealias InStockAnswer = PromisedWire.InStockAnswer
/// A closed day of an item.
public typealias HistoryDay = PromisedWire.HistoryDay
/// The last days of an item.
public typealias ItemHistory = PromisedWire.ItemHistory
/// The answer to a history request.
public typealias HistoryAnswer = PromisedWire.HistoryAnswer
/// A seller's room for one storage type in one month.
public typealias HeadroomRow = PromisedWire.HeadroomRow
/// A seller's room.
public typealias SellerHeadroom = PromisedWire.SellerHeadroom
/// The answer to a headroom or usage request.
public typealias HeadroomAnswer = PromisedWire.HeadroomAnswer
/// A line of an inbound plan, a receipt or a removal.
public typealias InboundLine = PromisedWire.InboundLine
/// What became of a line of a plan.
public typealias AdmittedLine = PromisedWire.AdmittedLine
/// Room left for an ETA in a month.
public typealias MonthRoomRow = PromisedWire.MonthRoomRow
/// A plan was admitted, or would be.
public typealias AdmissionAnswer = PromisedWire.AdmissionAnswer
/// A line of a plan as it stands.
public typealias InboundPlanLine = PromisedWire.InboundPlanLine
/// An inbound plan as it stands.
public typealias InboundPlanAnswer = PromisedWire.InboundPlanAnswer
/// A bid was placed.
public typealias BidAnswer = PromisedWire.BidAnswer
/// A bid of a cleared round.
public typealias ClearedBid = PromisedWire.ClearedBid
/// A round of bids.
public typealias ClearingAnswer = PromisedWire.ClearingAnswer
/// How full a building is.
public typealias BuildingUse = PromisedWire.BuildingUse
/// How full buildings are.
public typealias UtilizationAnswer = PromisedWire.UtilizationAnswer
/// A removal order as it stands.
public typealias RemovalAnswer = PromisedWire.RemovalAnswer
/// A line of a hold.
public typealias HoldLine = PromisedWire.HoldLine
/// A hold by its id or its caller's name.
public typealias HoldName = PromisedWire.HoldName
/// What to do when not all units of a hold are there.
public typealias HoldFill = PromisedWire.HoldFill
/// What was granted of a line.
public typealias HoldGrant = PromisedWire.HoldGrant
/// An allocated line that units are missing to.
public typealias Shortfall = PromisedWire.Shortfall
/// A page of shortfalls.
public typealias ShortfallsAnswer = PromisedWire.ShortfallsAnswer
/// A hold as it stands.
public typealias HoldAnswer = PromisedWire.HoldAnswer
/// What a feed row does.
public typealias MovementType = PromisedWire.MovementType
/// A row of the update feed.
public typealias Movement = PromisedWire.Movement
/// The fate of a feed batch.
public typealias FeedAnswer = PromisedWire.FeedAnswer
/// What a put did.
public typealias PutAnswer = PromisedWire.PutAnswer
/// Where a load stands.
public typealias LoadAnswer = PromisedWire.LoadAnswer
/// The answer of a change that tells nothing but when.
public typealias DoneAnswer = PromisedWire.DoneAnswer
/// A snapshot just taken.
public typealias SnapshotAnswer = PromisedWire.SnapshotAnswer
/// A snapshot kept.
public typealias SnapshotEntry = PromisedWire.SnapshotEntry
/// What can be listed.
public typealias Listing = PromisedWire.Listing
/// From an instant on so many units may be promised.
public typealias AtpStep = PromisedWire.AtpStep
/// What may be promised of one item at one place.
public typealias AtpPair = PromisedWire.AtpPair
/// What may be promised by date.
public typealias AtpAnswer = PromisedWire.AtpAnswer
/// A page of a listing.
public typealias ListAnswer = PromisedWire.ListAnswer
/// The answer to a ping.
public typealias PingAnswer = PromisedWire.PingAnswer
/// What the service says of itself.
public typealias HelloAnswer = PromisedWire.HelloAnswer
/// The state of the service.
public typealias StatusAnswer = PromisedWire.StatusAnswer
/// What the delivery network is made of.
public typealias NetworkAnswer = PromisedWire.NetworkAnswer
/// Whether a service serves.
public typealias HealthAnswer = PromisedWire.HealthAnswer
/// A promised shipment of a hold.
public typealias HoldShipment = PromisedWire.HoldShipment
/// What a cart wants of its plan.
public typealias PlanWishes = PromisedWire.PlanWishes
/// Units of one line of a cart in one box.
public typealias PlanLine = PromisedWire.PlanLine
/// Items that leave one node together.
public typealias PlanShipment = PromisedWire.PlanShipment
/// A line of a cart that cannot be filled, or not whole.
public typealias PlanShortLine = PromisedWire.PlanShortLine
/// The plan of a cart at one service level.
public typealias Plan = PromisedWire.Plan
/// The answer to a plan request.
public typealias PlanAnswer = PromisedWire.PlanAnswer
/// A promise that will be missed, and what would save it.
public typealias PromiseAtRisk = PromisedWire.PromiseAtRisk
/// Promises that will be missed.
public typealias AtRiskAnswer = PromisedWire.AtRiskAnswer
/// What a rescue did, or would do.
public typealias RescueAnswer = PromisedWire.RescueAnswer
/// How the promises of one group turned out.
public typealias AccuracyGroup = PromisedWire.AccuracyGroup
/// Promised against delivered.
public typealias AccuracyAnswer = PromisedWire.AccuracyAnswer
/// A promise that another network epoch changed.
public typealias ChangedPromise = PromisedWire.ChangedPromise
/// A page of promises that another network epoch changed.
public typealias ChangedAnswer = PromisedWire.ChangedAnswer
/// A node that could ship, and what it would have promised.
public typealias ExplainedCandidate = PromisedWire.ExplainedCandidate
/// A step of the chosen way.
public typealias ExplainedStep = PromisedWire.ExplainedStep
/// A smallest change that would have given an earlier window.
public typealias ExplainedAlternative = PromisedWire.ExplainedAlternative
/// The whole trace of one decision.
public typealias ExplainAnswer = PromisedWire.ExplainAnswer
/// Something that happened on the way to a customer.
public typealias Observation = PromisedWire.Observation
/// The fate of each observation.
public typealias ObserveAnswer = PromisedWire.ObserveAnswer
/// Departures of a leg were changed.
public typealias DepartureAnswer = PromisedWire.DepartureAnswer
/// An operator's word against the service's own answer.
public typealias OverrideEntry = PromisedWire.OverrideEntry
/// An override was put or removed.
public typealias OverrideAnswer = PromisedWire.OverrideAnswer
/// The overrides that hold.
public typealias OverridesAnswer = PromisedWire.OverridesAnswer
/// A method that takes a stream of messages.
public typealias StreamMethod = PromisedWire.StreamMethod
/// One message of a client to a stream.
public typealias StreamMessage = PromisedWire.StreamMessage
/// What to watch.
public typealias WatchWishes = PromisedWire.WatchWishes
/// A condition whose crossing is told.
public typealias WatchThreshold = PromisedWire.WatchThreshold
/// A batch of changes of a watch.
public typealias WatchAnswer = PromisedWire.WatchAnswer
/// An item that changed.
public typealias ChangedItem = PromisedWire.ChangedItem
/// Units of a changed item at a node.
public typealias WatchedPosition = PromisedWire.WatchedPosition
/// A threshold that was crossed.
public typealias ThresholdCrossing = PromisedWire.ThresholdCrossing
