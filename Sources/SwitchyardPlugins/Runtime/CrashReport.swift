import CPluginHost

/// If a plugin crashes, the process dies, but not without saying whose fault it was.
package enum CrashReport {
  /// From now on a fatal signal writes one line to standard error and into the file:
  ///
  /// `switchyard: plugin com.acme.any (/usr/lib/switchyard/any.so) crashed in pick on lane 0: SIGSEGV`
  ///
  /// - Parameter file: read at the next start, say; replaced by each report. Nil: standard error alone.
  package static func install(file: String?) {
    if let file { ph_crash_install(file) } else { ph_crash_install(nil) }
  }
}
