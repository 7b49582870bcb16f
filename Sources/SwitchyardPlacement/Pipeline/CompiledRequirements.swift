import CPluginHost
import CSwitchyard
import SwitchyardModel
import SwitchyardPlugins

/// What a job asks for, as numbers: made once for a job in a lane. Belongs to the lane's thread.
final class CompiledRequirements {
  let requirements: Requirements
  let processor: UInt32
  let site: UInt32
  let key: MaskKey
  /// XXH3-64 of the key; nil: there is none, and the instance stands in for it.
  let keyHash: UInt64?
  let labels: UnsafeMutablePointer<sy_label>
  let labelCount: Int
  /// Columns of the tags.
  let tagColumns: UnsafeMutablePointer<UInt32>
  let tagCount: Int

  var mask: StaticMask?
  /// Nobody was found for it at this version of the view; see ``AppLane/version``.
  var blockedAt: UInt64 = .max
  var blockedReason = ""

  struct MaskKey: Hashable {
    var processor: String
    var tags: [String]
  }

  /// - Parameters:
  ///   - number: interns a text.
  ///   - wanted: gets the names of labels and tags for which there is no column yet.
  init(
    _ requirements: Requirements, _ columns: ColumnCatalogue, number: (String) -> UInt32, wanted: inout [ColumnWish]
  ) {
    self.requirements = requirements
    processor = number(requirements.processor)
    site = number(requirements.site ?? "")
    key = MaskKey(processor: requirements.processor, tags: requirements.tags)
    if var key = requirements.key {
      keyHash = key.withUTF8 { ph_xxh3($0.baseAddress, $0.count) }
    } else {
      keyHash = nil
    }
    labelCount = requirements.labels.count
    labels = .allocate(capacity: max(1, labelCount))
    for (index, label) in requirements.labels.enumerated() {
      let textColumn = columns.known(.text, label.key), numberColumn = columns.known(.number, label.key)
      if textColumn == nil { wanted.append(ColumnWish(kind: .text, name: label.key)) }
      if numberColumn == nil { wanted.append(ColumnWish(kind: .number, name: label.key)) }
      let value = Double(label.text).flatMap { $0.isFinite ? $0 : nil }
      (labels + index).initialize(
        to: sy_label(
          key: number(label.key), text: number(label.text), text_column: textColumn ?? .max,
          number_column: numberColumn ?? .max, number: value ?? .nan))
    }
    let known = requirements.tags.compactMap { columns.known(.tag, $0) }
    if known.count < requirements.tags.count {
      wanted += requirements.tags.filter { columns.known(.tag, $0) == nil }.map { ColumnWish(kind: .tag, name: $0) }
    }
    tagCount = known.count
    tagColumns = .allocate(capacity: max(1, known.count))
    tagColumns.initialize(from: known, count: known.count)
  }

  deinit {
    labels.deallocate()
    tagColumns.deallocate()
  }
}

/// A column that a job refers to and nobody has subscribed to.
struct ColumnWish: Hashable, Sendable {
  var kind: ColumnCatalogue.Kind
  var name: String
}

/// The invariants that do not change from decision to decision: who bears the tags and allows the processor. One for
/// each combination in a view's generation.
final class StaticMask {
  let keep: AlignedColumn<UInt8>
  let generation: UInt64
  private(set) var kept = 0
  private(set) var withoutProcessor = 0
  private(set) var withoutTags = 0

  init(_ key: CompiledRequirements.MaskKey, _ view: NodeView) {
    keep = AlignedColumn(capacity: view.stride)
    generation = view.generation
    for (row, node) in view.rows.enumerated() {
      if !node.processors.contains(key.processor) {
        withoutProcessor += 1
      } else if !key.tags.allSatisfy({ node.tags.contains($0) }) {
        withoutTags += 1
      } else {
        keep.pointer[row] = 1
        kept += 1
      }
    }
  }
}
