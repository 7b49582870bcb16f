import Glibc

/// Bytes of a file; nil: there is none, or nobody may look.
package func fileSize(_ path: String) -> Int? {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : nil
}
