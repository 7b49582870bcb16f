package import CSwitchyard

/// The memory behind one `sy_nodes`: all its columns, and the struct that points to them. Belongs to one thread, or is
/// a frozen copy that nobody changes.
package final class NodeColumns: @unchecked Sendable {
  package let nodes: UnsafeMutablePointer<sy_nodes>
  package let stride: Int
  let id, incarnation: AlignedColumn<UInt64>
  let joined: AlignedColumn<Int64>
  let seat, name, site, rack, version, slots, used, avail: AlignedColumn<UInt32>
  let weight, cpu, mem, failRate: AlignedColumn<Float>
  var numbers: [AlignedColumn<Float>] = []
  var texts: [AlignedColumn<UInt32>] = []
  var tags: [AlignedColumn<UInt8>] = []
  /// What `sy_nodes.number`, `.text` and `.tag` point to; an entry is NULL while nobody reports the column.
  private let numberPointers: UnsafeMutablePointer<UnsafePointer<Float>?>
  private let textPointers: UnsafeMutablePointer<UnsafePointer<UInt32>?>
  private let tagPointers: UnsafeMutablePointer<UnsafePointer<UInt8>?>

  package var count: Int { Int(nodes.pointee.count) }

  init(stride: Int) {
    self.stride = stride
    func column<Element: BitwiseCopyable>() -> AlignedColumn<Element> { AlignedColumn(capacity: stride) }
    (id, incarnation, joined) = (column(), column(), column())
    (seat, name, site, rack, version) = (column(), column(), column(), column(), column())
    (slots, used, avail) = (column(), column(), column())
    (weight, cpu, mem, failRate) = (column(), column(), column(), column())
    nodes = .allocate(capacity: 1)
    nodes.initialize(to: sy_nodes())
    (numberPointers, textPointers, tagPointers) = (Self.pointers(), Self.pointers(), Self.pointers())
    nodes.pointee.size = UInt32(MemoryLayout<sy_nodes>.size)
    nodes.pointee.kind = UInt32(SY_WORKERS)
    restore()
  }

  deinit {
    nodes.deallocate()
    numberPointers.deallocate()
    textPointers.deallocate()
    tagPointers.deallocate()
  }

  private static func pointers<Element>() -> UnsafeMutablePointer<UnsafePointer<Element>?> {
    let pointers = UnsafeMutablePointer<UnsafePointer<Element>?>.allocate(capacity: ColumnCatalogue.limit)
    pointers.initialize(repeating: nil, count: ColumnCatalogue.limit)
    return pointers
  }

  /// Points the struct at the columns that are always there. Which others are is up to the view.
  private func restore() {
    nodes.pointee.id = UnsafePointer(id.pointer)
    nodes.pointee.incarnation = UnsafePointer(incarnation.pointer)
    nodes.pointee.seat = UnsafePointer(seat.pointer)
    nodes.pointee.joined_ns = UnsafePointer(joined.pointer)
    nodes.pointee.name = UnsafePointer(name.pointer)
    nodes.pointee.slots = UnsafePointer(slots.pointer)
    nodes.pointee.used = UnsafePointer(used.pointer)
    nodes.pointee.avail = UnsafePointer(avail.pointer)
    nodes.pointee.weight = UnsafePointer(weight.pointer)
    nodes.pointee.number = UnsafePointer(numberPointers)
    nodes.pointee.text = UnsafePointer(textPointers)
    nodes.pointee.tag = UnsafePointer(tagPointers)
  }

  /// Makes room for this many columns of each kind.
  func resize(numbers: Int, texts: Int, tags: Int) {
    while self.numbers.count < min(numbers, ColumnCatalogue.limit) { self.numbers.append(.init(capacity: stride)) }
    while self.texts.count < min(texts, ColumnCatalogue.limit) { self.texts.append(.init(capacity: stride)) }
    while self.tags.count < min(tags, ColumnCatalogue.limit) { self.tags.append(.init(capacity: stride)) }
    nodes.pointee.number_count = self.numbers.count
    nodes.pointee.text_count = self.texts.count
    nodes.pointee.tag_count = self.tags.count
  }

  func show(number column: Int, _ isKnown: Bool) {
    numberPointers[column] = isKnown ? UnsafePointer(numbers[column].pointer) : nil
  }

  func show(text column: Int, _ isKnown: Bool) {
    textPointers[column] = isKnown ? UnsafePointer(texts[column].pointer) : nil
  }

  func show(tag column: Int, _ isKnown: Bool) {
    tagPointers[column] = isKnown ? UnsafePointer(tags[column].pointer) : nil
  }

  /// A copy that stays as it is, for calls on another thread.
  package func frozen() -> NodeColumns {
    let copy = NodeColumns(stride: stride)
    func move<Element: BitwiseCopyable>(_ from: AlignedColumn<Element>, _ to: AlignedColumn<Element>) {
      to.pointer.update(from: from.pointer, count: stride)
    }
    move(id, copy.id)
    move(incarnation, copy.incarnation)
    move(joined, copy.joined)
    for (from, to) in zip(
      [seat, name, site, rack, version, slots, used, avail],
      [copy.seat, copy.name, copy.site, copy.rack, copy.version, copy.slots, copy.used, copy.avail])
    {
      move(from, to)
    }
    for (from, to) in zip([weight, cpu, mem, failRate], [copy.weight, copy.cpu, copy.mem, copy.failRate]) {
      move(from, to)
    }
    copy.numbers = numbers.map { $0.copy() }
    copy.texts = texts.map { $0.copy() }
    copy.tags = tags.map { $0.copy() }
    let (own, old) = (copy.nodes, nodes.pointee)
    own.pointee.count = old.count
    own.pointee.generation = old.generation
    own.pointee.tick = old.tick
    own.pointee.here_site = old.here_site
    own.pointee.here_rack = old.here_rack
    own.pointee.site = old.site == nil ? nil : UnsafePointer(copy.site.pointer)
    own.pointee.rack = old.rack == nil ? nil : UnsafePointer(copy.rack.pointer)
    own.pointee.version = old.version == nil ? nil : UnsafePointer(copy.version.pointer)
    own.pointee.cpu = old.cpu == nil ? nil : UnsafePointer(copy.cpu.pointer)
    own.pointee.mem = old.mem == nil ? nil : UnsafePointer(copy.mem.pointer)
    own.pointee.fail_rate = old.fail_rate == nil ? nil : UnsafePointer(copy.failRate.pointer)
    own.pointee.number_count = old.number_count
    own.pointee.text_count = old.text_count
    own.pointee.tag_count = old.tag_count
    for column in numbers.indices { copy.show(number: column, numberPointers[column] != nil) }
    for column in texts.indices { copy.show(text: column, textPointers[column] != nil) }
    for column in tags.indices { copy.show(tag: column, tagPointers[column] != nil) }
    return copy
  }
}
