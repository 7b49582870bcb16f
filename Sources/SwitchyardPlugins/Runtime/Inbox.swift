import CPluginHost

/// Many threads put messages in, one takes them all: a Treiber stack that is only ever emptied as a whole (so the ABA
/// problem does not arise). Neither side takes a lock; the taker sleeps only when there is nothing.
///
/// It has no bound of its own: whoever puts counts what is under way.
package final class Inbox<Message: Sendable>: @unchecked Sendable {
  private struct Node {
    var next: UnsafeMutableRawPointer?
    var message: Message
  }

  private let head: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let filled = Semaphore()

  package init() {
    head = .allocate(capacity: 1)
    head.initialize(to: nil)
  }

  deinit {
    var rest: [Message] = []
    take(into: &rest)
    head.deallocate()
  }

  package func put(_ message: Message) {
    let node = UnsafeMutablePointer<Node>.allocate(capacity: 1)
    node.initialize(to: Node(next: nil, message: message))
    let raw = UnsafeMutableRawPointer(node)
    // `next` is the first field.
    if ph_list_push(head, raw, raw.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)) != 0 { filled.post() }
  }

  /// Wakes the taker without a message.
  package func poke() { filled.post() }

  package var isEmpty: Bool { ph_pointer_load(head) == nil }

  /// Appends all messages in the order in which they were put.
  package func take(into messages: inout [Message]) {
    let start = messages.count
    var next = ph_pointer_swap(head, nil)
    while let raw = next {
      let node = raw.assumingMemoryBound(to: Node.self)
      next = node.pointee.next
      messages.append(node.move().message)
      node.deallocate()
    }
    messages[start...].reverse()
  }

  /// Sleeps until something is put, somebody pokes, or the time comes.
  package func sleep(until: Monotonic) {
    if isEmpty { filled.wait(until: until) }
  }
}
