import PromisedInvariants
import PromisedModel

struct Sweep {}

extension State {
  func willWrite(slot: Int) {}
  func willWrite(slots: ClosedRange<Int>) {}
  func finishSweep() {}
}
