/* switchyard.weighted-round-robin, against the plain algorithm as nginx states it. */

/* nginx's rule, one scan a pick, over the rows that may be picked. */
typedef struct plain_wrr { double current[600]; } plain_wrr;
static uint32_t plain_pick(plain_wrr *p, const world *w, const uint32_t *left, const double *weight, uint32_t need) {
  double total = 0;
  uint32_t best = SY_NIL;
  int all_zero = 1;
  for (uint32_t r = 0; r < w->nodes.count; r++) if (w->keep[r] && weight[r] > 0) all_zero = 0;
  for (uint32_t r = 0; r < w->nodes.count; r++) {
    double g = all_zero ? 1 : weight[r];
    if (!w->keep[r] || left[r] < need || !(g > 0)) continue;
    p->current[r] += g;
    total += g;
    if (best == SY_NIL || p->current[r] > p->current[best]) best = r;
  }
  if (best != SY_NIL) p->current[best] -= total;
  return best;
}

static void wrr_example_of_nginx(const sy_plugin *p) {
  for (int batch = 1; batch <= 7; batch += 6) { /* one by one, and in one call: the same sequence */
    world *w = world_of(3);
    instance it = make(p, "{}", 64);
    char got[8] = "";
    w->weight[0] = 5;
    CHECK(prepare(&it, w) == SY_OK);
    for (int i = 0; i < 7; i += batch) {
      CHECK(pick(&it, w, (size_t)batch) == SY_OK);
      for (int j = 0; j < batch; j++) got[i + j] = (char)('a' + w->out[j]);
    }
    CHECK(strcmp(got, "aabacaa") == 0);
    unmake(&it);
    world_free(w);
  }
}

static void wrr_equals_plain(const sy_plugin *p) {
  for (int round = 0; round < 60; round++) {
    uint32_t n = 1 + dice(round < 30 ? 20 : 500);
    world *w = world_of(n);
    instance it = make(p, "{}", n + dice(100));
    plain_wrr plain = {{0}};
    double weight[600];
    uint32_t left[600];
    int same = 1, fits = 1;
    for (uint32_t r = 0; r < n; r++) {
      w->weight[r] = dice(10) == 0 ? 0 : (float)(1 + dice(64)) / 8; /* fractions that floats hold exactly */
      weight[r] = w->weight[r];
      w->slots[r] = w->avail[r] = 1 + dice(6);
    }
    prepare(&it, w);
    for (int call = 0; call < 60; call++) {
      size_t jobs = 1 + dice(20);
      uint32_t kept = 0;
      for (uint32_t r = 0; r < n; r++) kept += w->keep[r] = dice(4) != 0;
      if (!kept) w->keep[0] = 1;
      for (size_t j = 0; j < jobs; j++) w->job[j].slots = 1 + (dice(5) == 0);
      memcpy(left, w->avail, n * sizeof *left);
      fits &= pick(&it, w, jobs) == SY_OK;
      for (size_t j = 0; j < jobs; j++) {
        uint32_t r = plain_pick(&plain, w, left, weight, w->job[j].slots);
        if (r != SY_NIL) left[r] -= w->job[j].slots;
        same &= r == w->out[j];
      }
      if (dice(3) == 0) all_done(w);
    }
    CHECK(fits);
    CHECK(same);
    unmake(&it);
    world_free(w);
  }
}

static void wrr_shares(const sy_plugin *p) {
  world *w = world_of(100);
  instance it = make(p, "{\"spread\":true}", 128);
  uint32_t got[100] = {0};
  double total = 0, worst = 0;
  for (uint32_t r = 0; r < 100; r++) total += w->weight[r] = 0.1f + (float)dice(1000) / 37;
  prepare(&it, w);
  for (int i = 0; i < 500; i++) {
    pick(&it, w, 100);
    for (int j = 0; j < 100; j++) if (w->out[j] != SY_NIL) got[w->out[j]]++;
    all_done(w);
  }
  for (uint32_t r = 0; r < 100; r++) {
    double want = 50000 * w->weight[r] / total, off = fabs(got[r] - want);
    if (off > worst) worst = off;
  }
  CHECK(worst <= 3); /* smooth: nobody is ever more than a few picks off its share */
  unmake(&it);
  world_free(w);
}

static void wrr_zero_weight(const sy_plugin *p) {
  world *w = world_of(4);
  instance it = make(p, "", 8);
  int zero = 0, nobody = 0;
  w->weight[1] = 0;
  w->weight[2] = NAN; /* no number: as 0 */
  w->weight[3] = -1;
  w->slots[0] = w->avail[0] = 5;
  prepare(&it, w);
  pick(&it, w, 10);
  for (int j = 0; j < 10; j++) { zero += w->out[j] != SY_NIL && w->out[j] > 0; nobody += w->out[j] == SY_NIL; }
  CHECK(zero == 0);   /* the one of weight 1 is full: those of weight 0 still get nothing */
  CHECK(nobody == 5);
  w->keep[0] = 0;     /* only those of weight 0 are left */
  pick(&it, w, 6);
  uint32_t got[4] = {0};
  for (int j = 0; j < 6; j++) if (w->out[j] != SY_NIL) got[w->out[j]]++;
  CHECK(got[1] == 2 && got[2] == 2 && got[3] == 2);
  unmake(&it);
  world_free(w);
}

static void wrr_weights_of_configuration(const sy_plugin *p) {
  world *w = world_of(3);
  instance it = make(p, "{\"weights\":{\"w0\":5},\"by\":\"weight\"}", 8);
  prepare(&it, w);
  char got[8] = "";
  pick(&it, w, 7);
  for (int j = 0; j < 7; j++) got[j] = (char)('a' + w->out[j]);
  CHECK(strcmp(got, "aabacaa") == 0);
  unmake(&it);
  it = make(p, "{\"by\":\"slots\"}", 8);
  all_done(w);
  w->slots[0] = w->avail[0] = 5000;
  prepare(&it, w);
  pick(&it, w, 7);
  uint32_t a = 0;
  for (int j = 0; j < 7; j++) a += w->out[j] == 0;
  CHECK(a == 5);
  unmake(&it);
  world_free(w);
}

/* A worker joins in front: rows move, seats do not, and the sequence goes on. Then its weight changes. */
static void wrr_view_changes(const sy_plugin *p) {
  world *w = world_of(3), *v = world_of(4);
  instance it = make(p, "{}", 8);
  char got[8] = "";
  w->weight[0] = 5;
  prepare(&it, w);
  pick(&it, w, 3);
  for (int j = 0; j < 3; j++) got[j] = (char)('a' + w->out[j]);
  for (uint32_t r = 0; r < 4; r++) { /* row 0 is the newcomer, kept out by a filter */
    v->id[r] = r ? r : 0;
    v->seat[r] = r ? r - 1 : 3;
    v->weight[r] = r == 1 ? 5 : 1;
    v->keep[r] = r > 0;
  }
  v->nodes.generation = 2;
  CHECK(prepare(&it, v) == SY_OK);
  pick(&it, v, 4);
  for (int j = 0; j < 4; j++) got[3 + j] = (char)('a' + v->out[j] - 1);
  CHECK(strcmp(got, "aabacaa") == 0);
  memset(v->keep, 1, 4);
  v->weight[1] = 1;
  v->nodes.generation = 3;
  prepare(&it, v);
  uint32_t n[4] = {0};
  for (int i = 0; i < 100; i++) { pick(&it, v, 4); for (int j = 0; j < 4; j++) n[v->out[j]]++; }
  for (int r = 0; r < 4; r++) CHECK(n[r] >= 98 && n[r] <= 102);
  v->seat[0] = 8; /* beyond seat_limit: refused, with text */
  v->nodes.generation = 4;
  CHECK(prepare(&it, v) == SY_E_ARG && v->error[0]);
  v->seat[0] = 3;
  CHECK(pick(&it, v, 4) == SY_OK && v->out[3] != SY_NIL); /* prepare forgotten */
  unmake(&it);
  world_free(w);
  world_free(v);
}

typedef struct blob { char bytes[1 << 20]; size_t size, limit; } blob;
static sy_status blob_write(void *io, const void *data, size_t n) {
  blob *b = io;
  if (b->size + n > b->limit) return SY_E_STATE;
  memcpy(b->bytes + b->size, data, n);
  b->size += n;
  return SY_OK;
}

static void wrr_hand_over(const sy_plugin *p) {
  world *w = world_of(300), *v = world_of(300);
  instance a = make(p, "{}", 512), b = make(p, "{}", 512), c = make(p, "{}", 512);
  static blob one, two;
  one.size = two.size = 0;
  one.limit = two.limit = sizeof one.bytes;
  for (uint32_t r = 0; r < 300; r++) {
    v->weight[r] = w->weight[r] = (float)(1 + dice(50));
    v->seat[r] = 299 - r; /* another process: other seats */
  }
  prepare(&a, w);
  for (int i = 0; i < 20; i++) { pick(&a, w, 100); all_done(w); }
  CHECK(a.state->save(a.self, call_of(w, 0), &one, blob_write) == SY_OK);
  prepare(&b, v);
  CHECK(b.state->load(b.self, call_of(v, 0), a.state->version, one.bytes, one.size) == SY_OK);
  CHECK(c.state->load(c.self, call_of(v, 0), a.state->version, one.bytes, one.size) == SY_OK); /* before prepare */
  int same = 1;
  for (int i = 0; i < 20; i++) {
    uint32_t was[100];
    pick(&a, w, 100);
    memcpy(was, w->out, sizeof was);
    pick(&b, v, 100);
    same &= memcmp(was, v->out, sizeof was) == 0;
    all_done(v);
    pick(&c, v, 100);
    same &= memcmp(was, v->out, sizeof was) == 0;
    all_done(w);
    all_done(v);
  }
  CHECK(same);
  one.size = 0;
  a.state->save(a.self, call_of(w, 0), &one, blob_write);
  b.state->save(b.self, call_of(v, 0), &two, blob_write);
  CHECK(one.size == two.size && one.size == 8 + 300 * 16);
  /* save, load, save: the same */
  c.state->load(c.self, call_of(w, 0), 1, one.bytes, one.size);
  two.size = 0;
  prepare(&c, w);
  c.state->save(c.self, call_of(w, 0), &two, blob_write);
  CHECK(one.size == two.size && memcmp(one.bytes, two.bytes, one.size) == 0);
  /* a full disk is told, damage is refused, and both change nothing */
  two.size = 0;
  two.limit = 100;
  CHECK(a.state->save(a.self, call_of(w, 0), &two, blob_write) == SY_E_STATE);
  CHECK(a.state->load(a.self, call_of(w, 0), 2, one.bytes, one.size) == SY_E_STATE && w->error[0]);
  for (size_t cut = 0; cut < one.size; cut += 7)
    CHECK(a.state->load(a.self, call_of(w, 0), 1, one.bytes, cut) == SY_E_STATE);
  blob *bad = malloc(sizeof *bad);
  memcpy(bad, &one, sizeof one);
  double nan = NAN;
  memcpy(bad->bytes + 8 + 8, &nan, 8);
  CHECK(a.state->load(a.self, call_of(w, 0), 1, bad->bytes, bad->size) == SY_E_STATE);
  two.size = 0;
  two.limit = sizeof two.bytes;
  a.state->save(a.self, call_of(w, 0), &two, blob_write);
  CHECK(one.size == two.size && memcmp(one.bytes, two.bytes, one.size) == 0);
  for (int i = 0; i < 2000; i++) { /* any bytes at all */
    memcpy(bad, &one, sizeof one);
    for (int k = 0; k < 4; k++) bad->bytes[dice((uint32_t)one.size)] = (char)dice(256);
    (void)a.state->load(a.self, call_of(w, 0), 1, bad->bytes, bad->size);
    if (i % 50 == 0) { pick(&a, w, 50); all_done(w); }
  }
  CHECK(pick(&a, w, 10) == SY_OK);
  free(bad);
  unmake(&a);
  unmake(&b);
  unmake(&c);
  world_free(w);
  world_free(v);
}

/* Several lanes, or "spread": not all begin with the same worker. */
static void wrr_spread(const sy_plugin *p) {
  uint32_t firsts[64] = {0}, different = 0;
  for (uint32_t lane = 0; lane < 32; lane++) {
    world *w = world_of(64);
    instance it = make_in(p, "{}", 64, lane, 32);
    w->random = lane;
    prepare(&it, w);
    pick(&it, w, 1);
    firsts[w->out[0]]++;
    unmake(&it);
    world_free(w);
  }
  for (int r = 0; r < 64; r++) different += firsts[r] > 0;
  CHECK(different > 16);
}

/* Workers come and go for a long time: shares stay right. */
static void wrr_churn(const sy_plugin *p) {
  world *w = world_of(64);
  instance it = make(p, "{}", 64);
  for (int i = 0; i < 3000; i++) {
    uint32_t r = dice(64);
    w->id[r] = 1000 + (uint64_t)i; /* another one on this seat */
    w->weight[r] = (float)(1 + dice(20));
    w->nodes.generation++;
    prepare(&it, w);
    pick(&it, w, 1 + dice(40));
    all_done(w);
  }
  uint32_t got[64] = {0};
  double total = 0, worst = 0;
  for (int r = 0; r < 64; r++) total += w->weight[r];
  for (int i = 0; i < 400; i++) {
    pick(&it, w, 100);
    for (int j = 0; j < 100; j++) got[w->out[j]]++;
    all_done(w);
  }
  for (int r = 0; r < 64; r++) worst = fmax(worst, fabs(got[r] - 40000 * w->weight[r] / total));
  CHECK(worst <= 64);
  unmake(&it);
  world_free(w);
}

static void wrr_tests(const sy_plugin *p) {
  wrr_example_of_nginx(p);
  wrr_equals_plain(p);
  wrr_shares(p);
  wrr_zero_weight(p);
  wrr_weights_of_configuration(p);
  wrr_view_changes(p);
  wrr_hand_over(p);
  wrr_spread(p);
  wrr_churn(p);
  refuses(p, "{\"by\":\"size\"}", "/by", "weight*slots");
  refuses(p, "{\"by\":3}", "/by", "weight*slots");
  refuses(p, "{\"spread\":1}", "/spread", "true or false");
  refuses(p, "{\"weights\":[1]}", "/weights", "object");
  refuses(p, "{\"weights\":{\"a\":-1}}", "/weights/a", "0 to 1000000");
  refuses(p, "{\"weights\":{\"a/b~\":\"x\"}}", "/weights/a~1b~0", "0 to 1000000");
}
