/* switchyard.random, switchyard.round-robin and switchyard.first-available. */

/* Chi-square of 19 degrees of freedom, 0.999 quantile: 43.8. */
static double chi_of(const uint32_t *got, uint32_t n, double expected) {
  double chi = 0;
  for (uint32_t r = 0; r < n; r++) chi += (got[r] - expected) * (got[r] - expected) / expected;
  return chi;
}

static void random_is_uniform(const sy_plugin *p) {
  world *w = world_of(200);
  instance it = make(p, "{}", 200);
  uint32_t got[20] = {0}, rare[20] = {0};
  for (uint32_t r = 0; r < 200; r++) w->keep[r] = r % 10 == 0;
  for (int i = 0; i < 20000; i++) {
    pick(&it, w, 1);
    got[w->out[0] / 10]++;
    all_done(w);
  }
  CHECK(chi_of(got, 20, 1000) < 43.8);
  /* nearly all are full, and those with room stand in a row: the one behind the full ones gets no more than others */
  memset(w->keep, 1, 200);
  for (int i = 0; i < 20000; i++) {
    all_done(w);
    for (uint32_t r = 0; r < 180; r++) w->avail[r] = 0;
    pick(&it, w, 1);
    rare[w->out[0] - 180]++;
  }
  CHECK(chi_of(rare, 20, 1000) < 43.8);
  unmake(&it);
  world_free(w);
}

static void random_honours_weight_0(const sy_plugin *p) {
  world *w = world_of(10);
  instance it = make(p, "{}", 10);
  for (uint32_t r = 1; r < 10; r++) w->weight[r] = 0;
  w->slots[0] = w->avail[0] = 3;
  pick(&it, w, 5);
  CHECK(w->used[0] == 3 && w->out[3] == SY_NIL && w->out[4] == SY_NIL);
  w->keep[0] = 0;
  pick(&it, w, 5); /* all that are left have weight 0 */
  for (int j = 0; j < 5; j++) CHECK(w->out[j] != SY_NIL);
  /* nobody has room for the large one, but for the small one behind it */
  all_done(w);
  w->job[0].slots = 2000;
  w->job[1].slots = 1000;
  pick(&it, w, 2);
  CHECK(w->out[0] == SY_NIL && w->out[1] != SY_NIL);
  w->job[0].slots = w->job[1].slots = 1;
  unmake(&it);
  world_free(w);
}

static void random_tests(const sy_plugin *p) {
  random_is_uniform(p);
  random_honours_weight_0(p);
}

/* The next picks, as letters. */
static const char *picks(instance *it, world *w, size_t jobs) {
  static char text[513];
  CHECK(pick(it, w, jobs) == SY_OK);
  for (size_t j = 0; j < jobs; j++) text[j] = w->out[j] == SY_NIL ? '-' : (char)('a' + w->out[j]);
  text[jobs] = 0;
  return text;
}
#define PICKS(jobs, want) CHECK(strcmp(picks(&it, w, jobs), want) == 0)

static void round_robin_takes_turns(const sy_plugin *p) {
  world *w = world_of(4);
  instance it = make(p, "{}", 64);
  CHECK(prepare(&it, w) == SY_OK);
  PICKS(6, "abcdab"); /* within a call, */
  PICKS(1, "c");      /* and from call to call */
  w->keep[3] = 0;
  PICKS(2, "ab");
  w->keep[3] = 1;
  PICKS(3, "dca"); /* who was skipped is next, and then who waited longest */
  w->avail[1] = 1;
  PICKS(6, "bdcadc"); /* b is full by then */
  w->weight[2] = 0;
  w->avail[1] = 9;
  PICKS(4, "badb"); /* c has weight 0 */
  unmake(&it);
  world_free(w);
}

/* Jobs that may run on all alternate with jobs that may run on two: a position would give the one behind these two a
 * share of the skipped ones. Here nobody is passed over: all others differ by one turn at most. */
static void round_robin_is_fair_under_filters(const sy_plugin *p) {
  world *w = world_of(10);
  instance it = make(p, "{}", 64);
  prepare(&it, w);
  for (int i = 0; i < 400; i++) {
    for (uint32_t r = 0; r < 10; r++) w->keep[r] = i % 2 == 0 || r == 4 || r == 5;
    pick(&it, w, 1);
  }
  uint32_t least = 1000, most = 0;
  for (uint32_t r = 0; r < 10; r++) {
    if (r == 4 || r == 5) continue;
    if (w->used[r] < least) least = w->used[r];
    if (w->used[r] > most) most = w->used[r];
  }
  CHECK(most - least <= 1);
  CHECK(w->used[4] >= 100 && w->used[5] >= 100 && w->used[4] + w->used[5] <= 202);
  unmake(&it);
  world_free(w);
}

static void round_robin_follows_the_view(const sy_plugin *p) {
  world *w = world_of(4), *fewer = world_of(3), *more = world_of(5);
  instance it = make(p, "{}", 64);
  prepare(&it, w);
  PICKS(2, "ab");
  fewer->id[0] = 1; fewer->seat[0] = 0;
  fewer->id[1] = 3; fewer->seat[1] = 2; /* b is gone: rows move, turns do not */
  fewer->id[2] = 4; fewer->seat[2] = 3;
  fewer->nodes.generation = 2;
  CHECK(prepare(&it, fewer) == SY_OK);
  CHECK(strcmp(picks(&it, fewer, 3), "bca") == 0); /* these are nodes c, d, a */
  w->nodes.generation = 3;
  PICKS(2, "bc"); /* b is back, and has waited longest */
  more->nodes.generation = 4; /* e comes, and queues up behind the others */
  CHECK(strcmp(picks(&it, more, 6), "dabced") == 0);
  w->id[1] = 77; /* another node in b's seat */
  w->nodes.generation = 5;
  PICKS(4, "acdb");
  w->nodes.count = 65;
  w->nodes.generation = 6;
  CHECK(prepare(&it, w) == SY_E_ARG);
  w->nodes.count = 4;
  w->seat[2] = 64;
  CHECK(prepare(&it, w) == SY_E_ARG);
  w->seat[2] = 2;
  w->nodes.count = 0;
  CHECK(prepare(&it, w) == SY_OK);
  unmake(&it);
  world_free(w); world_free(fewer); world_free(more);
}

static void round_robin_hands_over(const sy_plugin *p) {
  world *w = world_of(300), *v = world_of(300);
  instance it = make(p, "{}", 512);
  static blob saved, full;
  saved.size = full.size = 0;
  saved.limit = sizeof saved.bytes;
  full.limit = 100;
  for (uint32_t r = 0; r < 300; r++) v->seat[r] = 299 - r; /* another process: other seats */
  prepare(&it, w);
  pick(&it, w, 137);
  CHECK(it.state->save(it.self, call_of(w, 0), &full, blob_write) == SY_E_STATE);
  CHECK(it.state->save(it.self, call_of(w, 0), &saved, blob_write) == SY_OK && saved.size == 8 + 300 * 16);
  instance next = make_in(p, "{}", 512, 0, 4); /* several lanes: but there is an order */
  CHECK(next.state->load(next.self, call_of(v, 0), 1, saved.bytes, saved.size) == SY_OK);
  CHECK(prepare(&next, v) == SY_OK);
  pick(&next, v, 1);
  CHECK(v->out[0] == 137);
  pick(&it, w, 1); /* saving changed nothing */
  CHECK(w->out[0] == 137);
  /* what is damaged is refused, and changes nothing */
  CHECK(next.state->load(next.self, call_of(v, 0), 2, saved.bytes, saved.size) == SY_E_STATE && v->error[0]);
  for (size_t n = 0; n < saved.size; n += 7)
    CHECK(next.state->load(next.self, call_of(v, 0), 1, saved.bytes, n) == SY_E_STATE);
  memset(saved.bytes + 16, 0xFF, 8); /* a turn beyond all */
  CHECK(next.state->load(next.self, call_of(v, 0), 1, saved.bytes, saved.size) == SY_E_STATE);
  pick(&next, v, 1);
  CHECK(v->out[0] == 138);
  for (int i = 0; i < 2000; i++) { /* any bytes at all */
    for (int k = 0; k < 4; k++) saved.bytes[8 + dice((uint32_t)saved.size - 8)] = (char)dice(256);
    (void)next.state->load(next.self, call_of(v, 0), 1, saved.bytes, saved.size);
    if (i % 50 == 0) { pick(&next, v, 50); all_done(v); }
  }
  CHECK(pick(&next, v, 10) == SY_OK && v->out[9] != SY_NIL);
  unmake(&it);
  unmake(&next);
  world_free(w);
  world_free(v);
}

/* Several lanes: not all begin with the same worker. */
static void round_robin_begins_elsewhere(const sy_plugin *p) {
  world *w = world_of(100);
  uint32_t first = 0;
  for (uint32_t lane = 0; lane < 20; lane++) {
    instance it = make_in(p, "{}", 128, lane, 20);
    prepare(&it, w);
    pick(&it, w, 1);
    first += w->out[0] == 0;
    unmake(&it);
  }
  CHECK(first < 5);
  world_free(w);
}

/* Workers come, go and come back all the time: nobody who stays is passed over. */
static void round_robin_churns(const sy_plugin *p) {
  instance it = make(p, "{}", 64);
  uint64_t turns[32] = {0}, present[32] = {0}, generation = 10;
  int sound = 1;
  for (int round = 0; round < 500; round++) {
    world *w = world_of(32);
    uint32_t n = 0;
    for (uint32_t i = 0; i < 32; i++) {
      if (i >= 16 && dice(2)) continue; /* half of them flap */
      w->id[n] = i + 1;
      w->seat[n++] = i;
    }
    w->nodes.count = n;
    w->nodes.generation = generation++;
    sound &= prepare(&it, w) == SY_OK;
    sound &= pick(&it, w, n) == SY_OK; /* as many as there are */
    for (uint32_t j = 0; j < n; j++) turns[w->seat[w->out[j]]]++;
    for (uint32_t r = 0; r < n; r++) present[w->seat[r]]++;
    world_free(w);
  }
  CHECK(sound);
  for (uint32_t i = 0; i < 16; i++) CHECK(turns[i] + 2 >= present[i] && turns[i] <= present[i] + 2);
  unmake(&it);
}

static void round_robin_tests(const sy_plugin *p) {
  round_robin_takes_turns(p);
  round_robin_is_fair_under_filters(p);
  round_robin_follows_the_view(p);
  round_robin_hands_over(p);
  round_robin_begins_elsewhere(p);
  round_robin_churns(p);
}

static void first_available_packs(const sy_plugin *p) {
  world *w = world_of(12); /* by name: w0 w1 w10 w11 w2 .. w9 */
  instance it = make(p, "{}", 64);
  for (uint32_t r = 0; r < 12; r++) w->slots[r] = w->avail[r] = 2;
  CHECK(prepare(&it, w) == SY_OK);
  PICKS(7, "aabbkkl");
  w->keep[11] = 0;
  PICKS(2, "cc");
  w->job[0].slots = 2;
  PICKS(4, "deef"); /* the second is small: it begins anew, and so do the next */
  w->job[0].slots = 1;
  w->keep[11] = 1;
  PICKS(1, "l");
  CHECK(strcmp(picks(&it, w, 60), "fgghhiijj---------------------------------------------------") == 0);
  unmake(&it);
  all_done(w);
  for (uint32_t r = 0; r < 12; r++) w->joined[r] = 100 - r % 5;
  it = make(p, "{\"by\":\"joined\"}", 64);
  PICKS(6, "eejjdd"); /* not prepared: it does so itself; of equals the first row */
  unmake(&it);
  all_done(w);
  for (uint32_t r = 0; r < 12; r++) w->weight[r] = r == 3 ? 0 : (float)(r % 4);
  it = make(p, "{\"by\":\"weight\"}", 64);
  w->nodes.generation++;
  prepare(&it, w);
  PICKS(8, "hhllccgg"); /* d has weight 0 */
  for (uint32_t r = 0; r < 12; r++) w->keep[r] = r == 3 || r == 0;
  PICKS(2, "aa"); /* all that are left have it: by row */
  w->nodes.count = 65;
  CHECK(prepare(&it, w) == SY_E_ARG && w->error[0]);
  w->nodes.count = 0;
  CHECK(prepare(&it, w) == SY_OK);
  unmake(&it);
  world_free(w);
}

static void first_available_tests(const sy_plugin *p) {
  first_available_packs(p);
  refuses(p, "{\"by\":\"size\"}", "/by", "\"weight\"");
  refuses(p, "{\"by\":1e300}", "/by", "\"name\"");
  refuses(p, "{\"by\":\"\"}", "/by", "\"joined\"");
}
