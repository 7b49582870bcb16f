import CPluginHost

/// The thread as it was before a plugin's code ran, and back to it afterwards (rule 10 of the host).
package struct ThreadState: ~Copyable {
  private let state: UnsafeMutablePointer<ph_thread_state>

  package init() {
    state = .allocate(capacity: 1)
    ph_thread_look(state)
  }

  deinit { state.deallocate() }

  /// Puts back what has changed.
  ///
  /// - Returns: what that was, for the blame: "floating point mode, locale"; nil: nothing.
  package func restore() -> String? {
    let changed = ph_thread_restore(state)
    guard changed != 0 else { return nil }
    let names = [
      (PH_FLOATING, "floating point mode"), (PH_MASK, "signal mask"), (PH_HANDLERS, "signal handlers"),
      (PH_LOCALE, "locale"), (PH_DIRECTORY, "working directory"), (PH_UMASK, "umask"),
    ]
    return names.filter { changed & UInt32($0.0) != 0 }.map(\.1).joined(separator: ", ")
  }
}
