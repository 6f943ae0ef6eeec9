import PromisedEngine
import PromisedModel
import PromisedWire

/// An offer's token whose decision has to be made again: what it depended on has changed since.
package struct PastQuestion: Sendable {
  package let token: [UInt8]
  /// Where in the log it was decided.
  package let position: Position
}

package enum PastAnswer: Sendable {
  case explained(Explanation)
  case refused(Refusal)
  /// The state that was read begins behind the network that the profiles of then were built from:
  /// an earlier beginning is needed.
  case beginsTooLate
}

/// The state as it was, built again from a snapshot and the log on a thread of its own, in which
/// decisions of the past are made again.
///
/// Nothing of it is shared with the state that answers. Profiles are built for the destinations
/// that are asked for only: they are a function of the network at their publication, of the changes
/// of departures that it knew, and of the horizon, all of which the log holds.
package final class PastState {
  private let sequencer = Sequencer(isSandbox: false) { _ in nil }
  private let questions: [PastQuestion]
  /// The questions' places in order of their positions.
  private let order: [Int]
  private var next = 0
  package private(set) var answers: [PastAnswer]
  /// What the profiles that answered were built from; nil while it is not known.
  private var published: (publication: ProfilePublication, image: NetworkImage)?
  /// By destination, of the publication above.
  private var built: [UInt32: ProfileCatalogue] = [:]

  /// `questions` is not empty.
  package init(_ questions: [PastQuestion]) {
    self.questions = questions
    order = questions.indices.sorted {
      (questions[$0].position, $0) < (questions[$1].position, $1)
    }
    answers = questions.map { _ in .beginsTooLate }
  }

  package static func bounds(_ questions: [PastQuestion]) -> (first: Position, last: Position) {
    var (first, last) = (Position.max, Position(0))
    for question in questions {
      first = min(first, question.position)
      last = max(last, question.position)
    }
    return (first, last)
  }

  // MARK: The state passes by

  package func importBlock(
    kind: UInt16, _ bytes: UnsafeRawBufferPointer
  ) throws(ReplayFailure) {
    try sequencer.importBlock(kind: kind, bytes)
  }

  /// The snapshot is in; the profiles of then are known if the network has not changed since.
  package func finishImport(at position: Position, time: UnixMilliseconds) {
    sequencer.finishRestore(at: position, time: time)
    if sequencer.state.isPublicationOfNetwork { takePublication() }
  }

  package func replay(
    _ record: UnsafeRawBufferPointer, at position: Position
  ) throws(ReplayFailure) {
    answer(before: position)
    let epoch = sequencer.state.publication.epoch
    try sequencer.replay(record, at: position)
    if sequencer.state.publication.epoch != epoch { takePublication() }
  }

  /// Answers what is left: the state stands at the last position asked for.
  package func finish() { answer(before: .max) }

  private func takePublication() {
    let publication = sequencer.state.publication
    published = (
      publication, sequencer.state.network.image(changesThrough: publication.changeSequence)
    )
    built = [:]
  }

  // MARK: Deciding again

  private func answer(before position: Position) {
    while next < order.count, questions[order[next]].position < position {
      answers[order[next]] = answer(questions[order[next]])
      next += 1
    }
  }

  private func answer(_ question: PastQuestion) -> PastAnswer {
    guard let published else { return .beginsTooLate }
    return question.token.withUnsafeBufferPointer { bytes in
      do throws(Refusal) {
        let token = BorrowedBytes(bytes)
        sequencer.state.beginObservation()
        let destination = try sequencer.state.destination(ofToken: token)
        let catalogue = profiles(for: destination, of: published)
        sequencer.state.publish(catalogue, published.publication)
        guard case .live(var explanation) = try sequencer.state.explain(token: token) else {
          throw Refusal(.historyNotKept, "the state of then does not answer the token")
        }
        explanation.origin = .replayed
        return .explained(explanation)
      } catch {
        return .refused(error)
      }
    }
  }

  private func profiles(
    for destination: UInt32, of published: (publication: ProfilePublication, image: NetworkImage)
  ) -> ProfileCatalogue {
    if let known = built[destination] { return known }
    let catalogue = ProfileBuild.catalogue(
      image: published.image,
      horizonBase: published.publication.horizonBaseUnixSeconds, destinations: [destination])
    // Bounded: a day of the past is asked for in one go, and each entry is a copy of the network.
    if built.count >= 64 { built = [:] }
    built[destination] = catalogue
    return catalogue
  }
}

extension Sequencer {
  /// Answers a token's question from the past once it was worked out, or says why it cannot be.
  package func answer(past: PastAnswer, _ reply: ReplyTo) {
    state.beginObservation()
    switch past {
    case .explained(let explanation):
      send(reply, reflecting: 0) { (encoder, asOf, frames) in
        encoder.encode(explanation, streamID: reply.streamID, asOf: asOf, into: &frames)
      }
    case .refused(let refusal): refuse(refusal, reply)
    case .beginsTooLate:
      refuse(
        Refusal(
          .historyNotKept,
          "the log and snapshots no longer reach back to the network the token was made with"),
        reply)
    }
  }
}
