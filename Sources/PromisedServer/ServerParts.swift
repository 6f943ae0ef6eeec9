import PromisedModel
import PromisedSequencer
import PromisedStorage

/// Makes the parts a program needs, so that it need not know what they are made of.
package enum ServerParts {
  /// A sequencer over an empty state.
  package static func sequencer(
    _ configuration: Configuration, timeZoneFile: @escaping (Name) -> [UInt8]?
  ) -> Sequencer {
    Sequencer(isSandbox: configuration.isSandbox, timeZoneFile: timeZoneFile)
  }

  package static var version: String { ProductVersion.text }
}

extension DataDirectory {
  /// The dataset's label as eight digits.
  var label: String {
    let digits = String(dataset.label, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
