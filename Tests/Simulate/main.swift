import Foundation

exit(SimulateCommand(CommandLine.arguments.dropFirst()).run())
