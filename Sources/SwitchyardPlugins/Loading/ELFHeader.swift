/// Looks at the first bytes of a file before anything is asked to load it, so that the message is ours and clear.
///
/// Fields after the ELF specification of the System V ABI, "Object Files".
enum ELFHeader {
  static let size = 64

  /// - Returns: what is wrong, as the end of "FILE is …"; nil: a shared library for this machine.
  static func problem(of header: [UInt8], fileSize: Int) -> String? {
    guard header.count >= 4, header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      return "no ELF file: a plugin is a shared library (cc -shared -fPIC)"
    }
    guard header.count >= size else { return "cut off: \(fileSize) bytes are no whole ELF header" }
    guard header[4] == 2 else { return "a 32-bit ELF file; this server needs 64 bits" }
    guard header[5] == 1 else { return "an ELF file of a big-endian machine" }
    let machine = number(header, 18, 2)
    guard machine == nativeMachine else {
      return "built for \(machineName(machine)); this server runs on \(machineName(nativeMachine))"
    }
    let type = number(header, 16, 2)
    guard type == 3 else {
      return "an ELF file of type \(type), not a shared library (type 3): link it with cc -shared"
    }
    let tableEnd = number(header, 32, 8) + number(header, 54, 2) * number(header, 56, 2)
    guard tableEnd <= fileSize else { return "cut off: its program headers end behind the end of the file" }
    return nil
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> Int {
    var value: UInt64 = 0
    for index in (0..<width).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
    return Int(clamping: value & 0xFFFF_FFFF_FFFF)
  }

  private static var nativeMachine: Int {
    #if arch(x86_64)
      62
    #elseif arch(arm64)
      183
    #else
      -1
    #endif
  }

  private static func machineName(_ machine: Int) -> String {
    switch machine {
    case 3: "x86 (32 bits)"
    case 20: "PowerPC"
    case 21: "PowerPC 64"
    case 22: "S/390"
    case 40: "ARM (32 bits)"
    case 62: "x86-64"
    case 183: "AArch64"
    case 243: "RISC-V"
    case 258: "LoongArch"
    default: "machine \(machine)"
    }
  }
}
