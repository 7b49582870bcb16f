import Foundation

/// Shared libraries that tests build with the C compiler, as a site would, against nothing but the SDK's headers.
struct PluginFixture {
  let cluster: Cluster

  /// Where `switchyard dev` finds strategies while it runs.
  var directory: String { "\(cluster.data)/plugins" }

  /// Compiles a source into the plugin directory; it appears there whole.
  ///
  /// - Parameter flags: as `-DNULL_PICK`.
  func drop(_ source: String, as name: String, _ flags: [String] = []) async throws {
    try place(try await compile(source, as: name, flags), as: name)
  }

  /// Compiles a source into the cluster's directory, where no server looks for it.
  func compile(_ source: String, as name: String, _ flags: [String] = []) async throws -> String {
    let built = cluster.path("\(name).so")
    let compiler = try ChildProcess(
      "/usr/bin/cc",
      [
        "-std=c99", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden",
        "-I", "\(Programs.repository)/SDK/C/include", source, "-o", built,
      ] + flags,
      environment: cluster.environment, output: cluster.path("cc.log"), errors: cluster.path("cc.log"))
    guard try await compiler.wait() == .exit(0) else { throw Failure("cc: \(cluster.read("cc.log"))") }
    return built
  }

  /// Puts any bytes where a plugin would be.
  func drop(_ bytes: [UInt8], as name: String) throws {
    let file = cluster.path("\(name).so.new")
    guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
      throw Failure("cannot write \(file)")
    }
    try place(file, as: name)
  }

  private func place(_ file: String, as name: String) throws {
    guard rename(file, "\(directory)/\(name).so") == 0 else {
      throw Failure("\(directory)/\(name).so: \(String(cString: strerror(errno)))")
    }
  }

  /// A balancer that takes the first worker that is left, and what can be wrong with one, chosen by macros.
  func source() throws -> String { try cluster.write("fixture.c", Self.text) }

  private static let text = """
    #include <switchyard/plugin.h>

    static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
      (void)self;
      for (size_t j = 0; j < call->job_count; j++) {
    #ifdef OUT_OF_RANGE
        (void)rows;
        row[j] = 1000000;
    #else
        for (uint32_t i = 0; i < rows->count && row[j] == SY_NIL; i++) {
          uint32_t r = sy_row(rows, i);
          if (rows->left[r] < call->jobs[j]->slots) continue;
          rows->left[r] -= call->jobs[j]->slots;
          row[j] = r;
        }
    #endif
      }
      return SY_OK;
    }

    #ifdef NULL_PICK
    static const sy_balancer balancer = {sizeof balancer, 0, 0};
    static const void *keep = (const void *)pick;
    #else
    static const sy_balancer balancer = {sizeof balancer, 0, pick};
    #endif

    static sy_status create(const sy_create *c, void **self, sy_error *error) {
      sy_value value;
      memset(&value, 0, sizeof value);
      value.size = sizeof value;
      *self = 0;
      if (c->host->config(c->host->ctx, "/limit", SY_NIL, &value) == SY_ABSENT) return SY_OK;
      if (value.type == SY_NUMBER && value.number >= 1) return SY_OK;
      return sy_fail(error, SY_E_CONFIG, "/limit: a number from 1 up is accepted");
    }
    static void destroy(void *self) { (void)self; }
    static const void *offers(const char *id) {
    #ifdef NULL_PICK
      (void)keep;
    #endif
      return strcmp(id, SY_EXT_BALANCER) ? 0 : &balancer;
    }

    #ifndef ID
    #define ID "com.example.fixture"
    #endif
    static const sy_plugin plugin = {
    #ifdef SHORT_SIZE
      64,
    #else
      sizeof plugin,
    #endif
      SY_ABI_MINOR, 0, ID, "Fixture", "1.0.0", "Example", "MIT", 0,
    #ifdef NULL_CREATE
      0,
    #else
      create,
    #endif
      0, 0, destroy, offers, 0, 0};

    #ifdef NULL_CREATE
    const void *keep_create(void) { return (const void *)create; }
    #endif
    #ifdef CRASHES
    #include <stdlib.h>
    __attribute__((constructor)) static void crash(void) { abort(); }
    #endif
    #ifdef OTHER_MAJOR
    #define ENTRY switchyard_plugin_v2
    #elif defined NO_ENTRY
    #define ENTRY something_else
    #else
    #define ENTRY switchyard_plugin_v1
    #endif
    SY_EXPORT const sy_plugin *ENTRY(const sy_host *host);
    const sy_plugin *ENTRY(const sy_host *host) { (void)host; return &plugin; }
    """
}
