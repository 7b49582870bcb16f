import Glibc
import SwitchyardPlugins

// Opens plugins where they can do no harm to a server. Today: `probe FILE`.
guard CommandLine.arguments.count == 3, CommandLine.arguments[1] == "probe" else {
  let usage = """
    usage: switchyard-plugin-host probe FILE
    Opens a plugin and prints one line of JSON about it; exit code 1 when it is refused.

    """
  _ = write(2, usage, usage.utf8.count)
  exit(2)
}
// No destructor of the file runs: a crash at exit would be taken for one at opening.
_exit(ProbeChild.run(CommandLine.arguments[2]))
