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
/// A seller's room for one storage type in one month.
public typealias HeadroomRow = PromisedWire.HeadroomRow
/// A seller's room.
public typealias SellerHeadroom = PromisedWire.SellerHeadroom
/// The answer to a headroom or usage request.
public typealias HeadroomAnswer = PromisedWire.HeadroomAnswer
/// A line of a hold.
public typealias HoldLine = PromisedWire.HoldLine
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
