/* The worker with the most free slots. */
#include <switchyard/plugin.h>

static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
  (void)self;
  for (size_t j = 0; j < call->job_count; j++) {
    uint32_t best = sy_row(rows, 0);
    for (uint32_t i = 1; i < rows->count; i++)
      if (rows->left[sy_row(rows, i)] > rows->left[best]) best = sy_row(rows, i);
    if (rows->left[best] < call->jobs[j]->slots) continue; /* nobody now: the job waits */
    rows->left[best] -= call->jobs[j]->slots;              /* the next job of the batch sees it */
    row[j] = best;
  }
  return SY_OK;
}
static const sy_balancer balancer = {sizeof balancer, 0, pick};
static sy_status create(const sy_create *c, void **self, sy_error *e) { (void)c; (void)e; *self = 0; return SY_OK; }
static void destroy(void *self) { (void)self; }
static const void *offers(const char *id) { return strcmp(id, SY_EXT_BALANCER) ? 0 : &balancer; }
static const sy_plugin plugin = {sizeof plugin, SY_ABI_MINOR, 0, "com.example.first", "Most free slots", "1.0.0",
                                 "Example", "MIT", 0, create, 0, 0, destroy, offers, 0, 0};
const sy_plugin *switchyard_plugin_v1(const sy_host *host) { (void)host; return &plugin; }
