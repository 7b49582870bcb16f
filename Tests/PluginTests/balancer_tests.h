/* What every balancer must do, then switchyard.least-loaded and switchyard.power-of-two. */

/* Kept rows with room only, whatever the view looks like; columns that nobody reports; batches; full clusters. */
static void balancer_is_sound(const sy_plugin *p, const char *config) {
  for (int round = 0; round < 80; round++) {
    static const uint32_t sizes[] = {1, 2, 63, 64, 65, 300};
    uint32_t n = sizes[dice(6)];
    world *w = world_of(n);
    instance it = make(p, config, n);
    for (uint32_t r = 0; r < n; r++) {
      w->slots[r] = w->avail[r] = dice(4);
      w->weight[r] = (float[]){0, 1, 2.5f, NAN, INFINITY, -3, 1e-30f, 1e30f}[dice(8)];
      w->cpu[r] = dice(3) ? 0.5f : NAN;
      w->queued[r] = dice(3);
    }
    if (dice(2)) w->nodes.weight = NULL;
    if (dice(2)) { w->nodes.cpu = NULL; w->nodes.queued = NULL; }
    CHECK(prepare(&it, w) == SY_OK);
    int ok = 1;
    for (int call = 0; call < 20; call++) {
      uint32_t kept = 0, room = 0;
      size_t jobs = 1 + dice(50), placed = 0;
      for (uint32_t r = 0; r < n; r++) kept += w->keep[r] = dice(3) != 0;
      if (!kept) w->keep[0] = 1;
      for (uint32_t r = 0; r < n; r++)
        if (w->keep[r] && (!w->nodes.weight || w->weight[r] > 0)) room += w->avail[r];
      for (size_t j = 0; j < jobs; j++) w->job[j].slots = 1;
      ok &= pick(&it, w, jobs) == SY_OK;
      for (size_t j = 0; j < jobs; j++) placed += w->out[j] != SY_NIL;
      ok &= placed >= (room < jobs ? room : jobs); /* nobody waits while there is room */
      for (size_t j = 0; j < jobs; j++) w->job[j].slots = 1 + dice(4);
      ok &= pick(&it, w, jobs) == SY_OK;
      if (dice(3) == 0) all_done(w);
      if (dice(4) == 0) { w->nodes.generation++; ok &= prepare(&it, w) == SY_OK; }
    }
    CHECK(ok);
    unmake(&it);
    world_free(w);
  }
}

static void spread_of(const uint32_t *used, uint32_t n, uint32_t *min, uint32_t *max) {
  *min = *max = used[0];
  for (uint32_t r = 1; r < n; r++) {
    if (used[r] < *min) *min = used[r];
    if (used[r] > *max) *max = used[r];
  }
}

static void least_loaded_does_not_herd(const sy_plugin *p) {
  world *w = world_of(100);
  instance it = make(p, "{}", 100);
  uint32_t min, max;
  prepare(&it, w);
  for (int i = 0; i < 30; i++) pick(&it, w, 1 + dice(100)); /* no heartbeat in between */
  spread_of(w->used, 100, &min, &max);
  CHECK(max - min <= 1);
  /* one is far behind: it catches up, and no further */
  w->used[7] = 0;
  w->avail[7] = 1000;
  for (int i = 0; i < 200; i++) pick(&it, w, 10);
  spread_of(w->used, 100, &min, &max);
  CHECK(max - min <= 1);
  unmake(&it);
  world_free(w);
}

static void least_loaded_counts_size_and_weight(const sy_plugin *p) {
  world *w = world_of(3);
  instance it = make(p, "{}", 8);
  w->slots[0] = w->avail[0] = 100;
  w->slots[1] = w->avail[1] = 200;
  w->slots[2] = w->avail[2] = 100;
  w->weight[2] = 0.5f;
  prepare(&it, w);
  for (int i = 0; i < 7; i++) pick(&it, w, 10);
  CHECK(w->used[0] == 20 && w->used[1] == 40 && w->used[2] == 10);
  w->weight[1] = w->weight[2] = 0;
  w->nodes.generation++;
  prepare(&it, w);
  pick(&it, w, 90);
  CHECK(w->used[0] == 100 && w->used[1] == 40 && w->used[2] == 10); /* 10 found nobody */
  w->keep[0] = 0;
  pick(&it, w, 10);
  CHECK(w->used[1] + w->used[2] == 60); /* all that are left have weight 0 */
  unmake(&it);
  world_free(w);
}

static void least_loaded_sees_queue_and_cpu(const sy_plugin *p) {
  world *w = world_of(2);
  instance it = make(p, "{\"queue\":2}", 8);
  w->queued[0] = 5;
  prepare(&it, w);
  pick(&it, w, 10);
  CHECK(w->used[0] == 0 && w->used[1] == 10);
  unmake(&it);
  all_done(w);
  it = make(p, "{\"queue\":0,\"cpu\":1}", 8);
  w->cpu[0] = 0.01f; /* as much as 10 of 1000 slots */
  prepare(&it, w);
  pick(&it, w, 20);
  CHECK(w->used[0] == 5 && w->used[1] == 15);
  unmake(&it);
  world_free(w);
}

static void least_loaded_sees_other_lanes(const sy_plugin *p) {
  world *w = world_of(2);
  instance it = make(p, "{}", 8);
  sy_event e = {.kind = SY_EV_DISPATCHED, .seat = 0, .node = 1, .slots = 1, .attempt = 1};
  prepare(&it, w);
  CHECK(it.observer->event_size == sizeof e);
  for (int i = 0; i < 10; i++) it.observer->events(it.self, call_of(w, 0), &e, 1);
  pick(&it, w, 10);
  CHECK(w->used[0] == 0 && w->used[1] == 10);
  sy_event own = e, end = e, strange = e, far = e;
  own.flags = SY_EVF_OWN;               /* in `used` already */
  end.kind = SY_EV_SUCCEEDED;
  end.flags = SY_EVF_ENDS;
  strange.kind = 77;                    /* of a later header, but an end all the same */
  strange.flags = SY_EVF_ENDS;
  far.seat = 1000;
  all_done(w);
  for (int i = 0; i < 5; i++) it.observer->events(it.self, call_of(w, 0), &own, 1);
  for (int i = 0; i < 20; i++) it.observer->events(it.self, call_of(w, 0), i % 2 ? &end : &strange, 1);
  it.observer->events(it.self, call_of(w, 0), &far, 1);
  pick(&it, w, 10);
  CHECK(w->used[0] == 5 && w->used[1] == 5);
  all_done(w);
  for (int i = 0; i < 10; i++) it.observer->events(it.self, call_of(w, 0), &e, 1);
  w->nodes.tick++; /* a new view has them in `used` */
  pick(&it, w, 10);
  CHECK(w->used[0] == 5 && w->used[1] == 5);
  all_done(w);
  for (int i = 0; i < 10; i++) it.observer->events(it.self, call_of(w, 0), &e, 1);
  sy_event gap = {.kind = SY_EV_GAP, .seat = SY_NIL};
  it.observer->events(it.self, call_of(w, 0), &gap, 1);
  pick(&it, w, 10);
  CHECK(w->used[0] == 5 && w->used[1] == 5);
  unmake(&it);
  world_free(w);
}

/* Chi-square of first picks among equals: 99 degrees of freedom, 0.999 quantile 148. */
static void least_loaded_breaks_ties_fairly(const sy_plugin *p) {
  world *w = world_of(100);
  instance it = make(p, "{}", 100);
  uint32_t got[100] = {0};
  double chi = 0;
  prepare(&it, w);
  for (int i = 0; i < 10000; i++) {
    pick(&it, w, 1);
    got[w->out[0]]++;
    all_done(w);
  }
  for (int r = 0; r < 100; r++) chi += (got[r] - 100.0) * (got[r] - 100.0) / 100;
  CHECK(chi < 148);
  unmake(&it);
  world_free(w);
}

static void least_loaded_tests(const sy_plugin *p) {
  least_loaded_does_not_herd(p);
  least_loaded_counts_size_and_weight(p);
  least_loaded_sees_queue_and_cpu(p);
  least_loaded_sees_other_lanes(p);
  least_loaded_breaks_ties_fairly(p);
  refuses(p, "{\"queue\":-1}", "/queue", "0 to 100");
  refuses(p, "{\"cpu\":\"much\"}", "/cpu", "0 to 100");
}

static void power_of_two_balances(const sy_plugin *p) {
  world *w = world_of(100);
  instance it = make(p, "{}", 100);
  uint32_t min, max;
  for (int i = 0; i < 100; i++) pick(&it, w, 100);
  spread_of(w->used, 100, &min, &max);
  CHECK(max <= 106 && min >= 90); /* one choice gives about 75 .. 130; two: log log n above the mean */
  all_done(w);
  for (int r = 0; r < 50; r++) { w->slots[r] = w->avail[r] = 1; }
  w->keep[99] = 0;
  for (int i = 0; i < 10; i++) pick(&it, w, 512); /* small ones fill up: nobody gets more than fits, see pick() */
  CHECK(w->used[99] == 0);
  unmake(&it);
  it = make(p, "{\"choices\":8}", 100);
  all_done(w);
  for (int r = 0; r < 50; r++) w->slots[r] = w->avail[r] = 1000;
  w->keep[99] = 1;
  for (int i = 0; i < 100; i++) pick(&it, w, 100);
  spread_of(w->used, 100, &min, &max);
  CHECK(max <= 102);
  unmake(&it);
  world_free(w);
}

static void power_of_two_finds_the_last_room(const sy_plugin *p) {
  world *w = world_of(500);
  instance it = make(p, "{}", 500);
  for (int r = 0; r < 500; r++) w->avail[r] = r == 321 ? 3 : 0;
  pick(&it, w, 5);
  uint32_t found = 0;
  for (int j = 0; j < 5; j++) found += w->out[j] == 321;
  CHECK(found == 3);
  all_done(w);
  for (int r = 0; r < 500; r++) w->weight[r] = r == 5 ? 1 : 0;
  pick(&it, w, 100);
  CHECK(w->used[5] == 100);
  w->keep[5] = 0;
  pick(&it, w, 100);
  for (int j = 0; j < 100; j++) found += w->out[j] != SY_NIL;
  CHECK(found == 103);
  unmake(&it);
  world_free(w);
}

static void power_of_two_tests(const sy_plugin *p) {
  power_of_two_balances(p);
  power_of_two_finds_the_last_room(p);
  refuses(p, "{\"choices\":1}", "/choices", "2 to 8");
  refuses(p, "{\"choices\":2.5}", "/choices", "2 to 8");
  refuses(p, "{\"choices\":1e300}", "/choices", "2 to 8");
}
