import SwitchyardCore
import SwitchyardModel
import SwitchyardPlugins

/// What a lane is told. It takes these between two decisions, in the order in which they were put.
enum LaneMessage: Sendable {
  /// All of one app.
  case place([PlacementRequest])
  case nodes([NodeUpdate])
  /// Decides for its app from now on: the swap.
  case install(Pipeline)
  /// There is no pipeline for the app, and why.
  case unavailable(app: String, reason: String)
  /// The pipeline of the app cannot be used any more.
  case remove(app: String, reason: String)
  /// All pipelines have room for that many seats.
  case seatLimit(UInt32)
  /// Copies the app's view for somebody who builds something from it.
  case freeze(app: String, @Sendable (FrozenView) -> Void)
  /// What would become of this request, worker by worker. Nothing is taken.
  case explain(PlacementRequest, limit: Int, @Sendable (PlacementExplanation) -> Void)
  case stop(@Sendable () -> Void)
}

/// What a lane says.
struct LaneOutputs: Sendable {
  var deliver: @Sendable ([PlacementResult]) -> Void
  var viewChanged: @Sendable (String?) -> Void
  /// The app has no pipeline and needs one.
  var needPipeline: @Sendable (String) -> Void
  /// Nobody uses these any more.
  var retired: @Sendable ([Pipeline]) -> Void
  var wish: @Sendable ([ColumnWish]) -> Void
}
