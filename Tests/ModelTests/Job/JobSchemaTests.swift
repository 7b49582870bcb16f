import SwitchyardModel
import Testing

/// The schemas that the API's document shows, against the readers that decide.
@Suite struct JobSchemaTests {
  /// The fields that a reader knows, as it names them where it refuses another.
  private func known(_ read: (JSONValue) throws -> Void) -> Set<String> {
    do {
      try read(["no such field": 1])
      return []
    } catch let errors as FieldErrors {
      let refusal = errors.errors.first { $0.problem.contains("unknown field") }
      let names = refusal?.accepted.replacing("one of ", with: "").split(separator: ",") ?? []
      return Set(names.map { String($0.drop { $0 == " " }) })
    } catch {
      return []
    }
  }

  private func fields(_ schema: Schema, _ name: String) -> Set<String> {
    let properties = schema.named[name]?.json["properties"]?.objectValue?.members ?? []
    return Set(properties.map(\.name))
  }

  @Test func `a job's schema has the fields that its reader knows`() {
    let read = known { _ = try JobDocument(json: $0) }
    #expect(read.count > 10)
    #expect(fields(JobDocument.schema, "JobDocument") == read)
    #expect(fields(JobSpec.schema, "JobSpec") == read.subtracting(["app"]))
  }

  @Test func `a policy's schema has the fields that its reader knows`() {
    #expect(fields(Policy.schema, "Policy") == known { _ = try Policy(json: $0) })
  }

  @Test func `what a job writes has the fields of its schema alone`() throws {
    let spec = JobSpec(
      name: "a", schedule: .fixedRate(.seconds(5)), processor: .shell(ShellCommand(arguments: ["true"])),
      timeout: .seconds(9), tags: ["t"], labels: [Label(key: "k", text: "v")], site: "s", key: "k", parameters: "{}")
    let written = Set(spec.json.objectValue?.members.map(\.name) ?? [])
    #expect(written.isSubset(of: fields(JobSpec.schema, "JobSpec")))
    #expect(try JobDocument(json: JobDocument(app: "x", spec: spec).json) == JobDocument(app: "x", spec: spec))
  }
}
