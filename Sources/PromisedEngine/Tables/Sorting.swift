/// Sorts in place without allocating: heapsort, n log n in the worst case too.
func heapSort<Element: BitwiseCopyable>(
  _ base: UnsafeMutablePointer<Element>, count: Int, by precedes: (Element, Element) -> Bool
) {
  if count < 2 { return }
  for root in stride(from: count / 2 - 1, through: 0, by: -1) {
    siftDown(base, root: root, count: count, by: precedes)
  }
  for end in stride(from: count - 1, to: 0, by: -1) {
    let last = base[end]
    base[end] = base[0]
    base[0] = last
    siftDown(base, root: 0, count: end, by: precedes)
  }
}

/// Restores the heap below `root`, in which no child comes after its parent in the sort order.
func siftDown<Element: BitwiseCopyable>(
  _ base: UnsafeMutablePointer<Element>, root: Int, count: Int,
  by precedes: (Element, Element) -> Bool
) {
  var parent = root
  while true {
    var child = parent * 2 + 1
    if child >= count { return }
    if child + 1 < count && precedes(base[child], base[child + 1]) { child += 1 }
    if !precedes(base[parent], base[child]) { return }
    let moved = base[parent]
    base[parent] = base[child]
    base[child] = moved
    parent = child
  }
}
