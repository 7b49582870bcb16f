/* switchyard.datacenter */

typedef struct site_columns {
  sy_sites sites;
  uint32_t site[8], state[8], order[8], zero[8];
  float share[8];
  int64_t since[8];
} site_columns;

/* Sites of the names, in state up, in the order given ("0", "1" .., "-": none). */
static void sites_of(site_columns *s, world *w, const char *const *names, const char *orders) {
  memset(s, 0, sizeof *s);
  s->sites = (sy_sites){sizeof(sy_sites), 0, s->site, s->state, s->zero, s->zero, s->zero, s->zero, s->order, s->share,
                        s->share, s->since};
  for (; names[s->sites.count]; s->sites.count++) {
    uint32_t i = s->sites.count;
    s->site[i] = word(names[i]);
    s->state[i] = SY_SITE_UP;
    s->order[i] = orders[i] == '-' ? SY_NIL : (uint32_t)(orders[i] - '0');
  }
  w->sites = &s->sites;
}

/* Rows by the first letters of their sites: "eeww" is two east, two west; "?" unknown. */
static world *world_by(const char *rows) {
  world *w = world_of((uint32_t)strlen(rows));
  for (uint32_t r = 0; rows[r]; r++)
    w->site[r] = rows[r] == 'e' ? word("east") : rows[r] == 'w' ? word("west") : rows[r] == 'n' ? word("north") : 0;
  return w;
}

/* The rows that are kept for the first job, as '1' and '0'. */
static const char *kept(instance *it, world *w, const char *before) {
  static char text[256];
  uint32_t n = w->nodes.count;
  uint8_t *keep = column(3 * w->cap, 1);
  for (uint32_t j = 0; j < 3; j++)
    for (uint32_t r = 0; r < n; r++) keep[j * w->cap + r] = before[0] ? before[r] == '1' : 1;
  if (it->filter->filter(it->self, call_of(w, 3), keep, w->cap) != SY_OK) strcpy(text, "failed");
  else {
    for (uint32_t r = 0; r < n; r++) text[r] = keep[r] ? '1' : '0';
    text[n] = 0;
    for (uint32_t r = n; r < w->cap; r++) CHECK(keep[r] == 0); /* padding */
    for (uint32_t r = 0; r < n; r++) {
      if (before[0] && before[r] == '0') CHECK(!keep[r]); /* never sets */
      CHECK(keep[w->cap + r] <= 1);
      sy_error why = {(char[256]){0}, 256};
      it->filter->explain(it->self, call_of(w, 1), r, &why);
      if (!before[0]) check_that((why.text[0] == 0) == (keep[r] == 1), "explain() agrees with filter()", __LINE__);
    }
  }
  free(keep);
  return text;
}
static const char *why_not(instance *it, world *w, uint32_t row) {
  static char text[256];
  sy_error why = {text, sizeof text};
  text[0] = 0;
  it->filter->explain(it->self, call_of(w, 1), row, &why);
  return text;
}
#define KEPT(want) CHECK(strcmp(kept(&it, w, ""), want) == 0)

static void datacenter_by_configuration(const sy_plugin *p) {
  instance it = make(p, "{\"active\":[\"east\"],\"backups\":[\"west\",\"north\"]}", 64);
  world *w = world_by("eewwn?");
  CHECK(prepare(&it, w) == SY_OK);
  KEPT("110000");
  CHECK(strstr(why_not(&it, w, 2), "west is a backup; jobs go to east"));
  CHECK(strstr(why_not(&it, w, 5), "unknown_site"));
  world *gone = world_by("wwn?");
  gone->nodes.generation = 2;
  CHECK(strcmp(kept(&it, gone, ""), "1100") == 0); /* no live node in the east: first backup */
  CHECK(strstr(it.mock->last_log, "backup: west"));
  CHECK(it.mock->counted[0] == 1);
  world *far = world_by("n?");
  far->nodes.generation = 3;
  CHECK(strcmp(kept(&it, far, ""), "10") == 0);
  world *none = world_by("?");
  none->nodes.generation = 4;
  CHECK(strcmp(kept(&it, none, ""), "0") == 0);
  CHECK(strstr(it.mock->last_log, "jobs wait"));
  CHECK(strcmp(kept(&it, w, ""), "110000") == 0); /* and back */
  CHECK(strcmp(kept(&it, w, "011111"), "010000") == 0);
  CHECK(strcmp(kept(&it, w, "001111"), "000000") == 0); /* full is no reason to leave */
  unmake(&it);
  it = make(p, "{\"active\":[\"east\"],\"backups\":[\"west\",\"north\"],\"spill\":true,\"unknown_site\":\"accept\"}", 64);
  KEPT("110001");
  CHECK(strcmp(kept(&it, w, "001110"), "001100") == 0); /* spills to the first backup, */
  CHECK(strcmp(kept(&it, w, "000010"), "000010") == 0); /* to the next */
  CHECK(strcmp(kept(&it, w, "000000"), "000000") == 0);
  unmake(&it);
  world_free(w); world_free(gone); world_free(far); world_free(none);
}

static void datacenter_by_operator(const sy_plugin *p) {
  static const char *const names[] = {"east", "west", "north", NULL};
  instance it = make(p, "{\"active\":[\"east\"],\"backups\":[\"west\"]}", 64);
  world *w = world_by("eewwn?");
  site_columns s;
  sites_of(&s, w, names, "10-"); /* the operator says: west, then east */
  KEPT("001100");
  CHECK(strstr(why_not(&it, w, 4), "neither active nor a backup"));
  s.state[1] = SY_SITE_DOWN;
  KEPT("110000");
  CHECK(strstr(why_not(&it, w, 2), "west is down"));
  s.state[0] = SY_SITE_DRAINED;
  KEPT("000000");
  CHECK(strstr(why_not(&it, w, 0), "east is drained"));
  s.state[1] = SY_SITE_UNKNOWN; /* no reason to leave it */
  KEPT("001100");
  s.order[0] = 0; /* two active ones */
  s.state[0] = SY_SITE_UP;
  KEPT("111100");
  s.state[0] = SY_SITE_DOWN; /* one of them is down */
  KEPT("001100");
  memset(s.order, 0xFF, sizeof s.order); /* no order any more: the configuration's, but the host's states */
  KEPT("001100");
  s.state[0] = SY_SITE_UP;
  KEPT("110000");
  s.sites.count = 1; /* the host forgets sites */
  KEPT("110000");
  unmake(&it);
  w->sites = NULL;
  it = make(p, "{}", 64); /* nobody says anything: all are active */
  KEPT("111111");
  sites_of(&s, w, names, "---");
  s.state[1] = SY_SITE_DRAINED;
  KEPT("110011");
  unmake(&it);
  world_free(w);
}

static void datacenter_jobs(const sy_plugin *p) {
  world *w = world_by("eewwn?");
  instance it = make(p, "{\"active\":[\"east\"],\"backups\":[\"west\"]}", 64);
  sy_label label = {word("site"), word("west"), SY_NIL, SY_NIL, NAN};
  w->job[0].site = word("west");
  KEPT("001100"); /* a backup will do, if it is wished */
  CHECK(strstr(why_not(&it, w, 0), "asks for site west; this node is in east"));
  w->job[0].site = word("north");
  KEPT("110000"); /* not for this app: the wish cannot be met */
  w->job[0].labels = &label;
  w->job[0].label_count = 1;
  KEPT("001100"); /* a label goes before the wish */
  label.text = word("mars");
  KEPT("000000"); /* and must be met */
  CHECK(strstr(why_not(&it, w, 0), "asks for site mars, which nobody knows"));
  label.text = 0;
  KEPT("000000");
  label = (sy_label){word("rack"), word("r1"), SY_NIL, SY_NIL, NAN};
  w->rack[1] = w->rack[2] = word("r1");
  KEPT("010000");
  CHECK(strstr(why_not(&it, w, 0), "asks for rack r1"));
  label = (sy_label){word("gpu.model"), word("H200"), 0, SY_NIL, NAN};
  KEPT("110000"); /* not a location */
  unmake(&it);

  it = make(p, "{\"active\":[\"east\"],\"backups\":[\"west\"],\"job_site\":\"require\",\"labels\":\"all\"}", 64);
  KEPT("000000"); /* nobody has a gpu; and north is required */
  w->job[0].site = 0;
  uint32_t gpu[64] = {0};
  float memory[64] = {1, 8, 8, 8, 8, 8};
  const uint32_t *text[1] = {gpu};
  const float *number[1] = {memory};
  gpu[0] = gpu[1] = word("H200");
  w->nodes.text = text;
  w->nodes.text_count = 1;
  KEPT("110000");
  sy_label both[2] = {label, {word("mem.free"), word("4"), SY_NIL, 0, 4}};
  w->job[0].labels = both;
  w->job[0].label_count = 2;
  KEPT("000000"); /* a column that nobody reports */
  w->nodes.number = number;
  w->nodes.number_count = 1;
  KEPT("010000");
  CHECK(strstr(why_not(&it, w, 0), "asks for mem.free 4"));
  w->job[0].label_count = 0;
  w->job[0].site = word("north");
  KEPT("000000");
  unmake(&it);

  it = make(p, "{\"active\":[\"east\"],\"backups\":[\"west\"],\"job_site\":\"ignore\",\"labels\":\"none\"}", 64);
  w->job[0].label_count = 2;
  w->job[0].site = word("west");
  KEPT("110000");
  unmake(&it);
  it = make(p, "{\"active\":[\"east\"],\"backups\":[\"west\"],\"spill\":true}", 64);
  w->job[0].label_count = 0;
  KEPT("001100");
  CHECK(strcmp(kept(&it, w, "110011"), "110000") == 0); /* the wished site is full: on to the others */
  unmake(&it);
  world_free(w);
}

static void datacenter_odd_views(const sy_plugin *p) {
  instance it = make(p, "{\"active\":[\"east\"]}", 700);
  world *w = world_of(700);
  char name[16];
  for (uint32_t r = 0; r < 700; r++) { /* more sites than the table holds */
    snprintf(name, sizeof name, "s%u", r);
    w->site[r] = r < 3 ? word("east") : word(name);
  }
  uint8_t *keep = column(w->cap, 1);
  memset(keep, 1, 700);
  CHECK(it.filter->filter(it.self, call_of(w, 1), keep, w->cap) == SY_OK);
  uint32_t n = 0;
  for (uint32_t r = 0; r < 700; r++) n += keep[r];
  CHECK(n == 3);
  w->nodes.site = NULL; /* nobody says a site */
  w->nodes.generation = 2;
  memset(keep, 1, 700);
  CHECK(it.filter->filter(it.self, call_of(w, 1), keep, w->cap) == SY_OK && keep[0] == 0);
  w->nodes.count = 701;
  CHECK(it.filter->filter(it.self, call_of(w, 1), keep, w->cap) == SY_E_ARG && w->error[0]);
  w->nodes.count = 0;
  w->nodes.generation = 3;
  CHECK(prepare(&it, w) == SY_OK);
  free(keep);
  world_free(w);
  unmake(&it);
}

static void datacenter_tests(const sy_plugin *p) {
  datacenter_by_configuration(p);
  datacenter_by_operator(p);
  datacenter_jobs(p);
  datacenter_odd_views(p);
  refuses(p, "{\"active\":\"east\"}", "/active", "list");
  refuses(p, "{\"active\":[1]}", "/active/0", "name");
  refuses(p, "{\"active\":[\"\"]}", "/active/0", "name");
  refuses(p, "{\"active\":[null]}", "/active/0", "name");
  refuses(p, "{\"active\":[\"a\"],\"backups\":[\"b\",\"a\"]}", "/backups/1", "not listed before");
  refuses(p, "{\"backups\":[\"b\"]}", "/active", "at least one");
  refuses(p, "{\"job_site\":\"maybe\"}", "/job_site", "\"require\"");
  refuses(p, "{\"labels\":true}", "/labels", "\"location\"");
  refuses(p, "{\"spill\":\"yes\"}", "/spill", "true or false");
  refuses(p, "{\"unknown_site\":\"\"}", "/unknown_site", "\"refuse\"");
}
