/* switchyard.resources */

typedef struct loads {
  float cpu[64], memory[64], disk[64];
  const float *columns[8];
} loads;

/* Four workers: idle, busy, full, and one that reports nothing. Columns in the order of subscription. */
static world *world_with(loads *l) {
  world *w = world_of(4);
  *l = (loads){{0.1f, 0.8f, 1, NAN}, {4294967296.f, 2147483648.f, 1e6f, NAN}, {0.5f, 0.9f, 0.95f, NAN}, {0}};
  l->columns[0] = l->cpu;
  l->columns[1] = l->memory;
  l->columns[2] = l->disk;
  w->nodes.number = l->columns;
  w->nodes.number_count = 3;
  return w;
}

static void resources_by_policy(const sy_plugin *p) {
  static const struct { const char *condition, *kept; } table[] = {
      /* column 0: cpu */
      {"cpu < 0.8", "1000"},   {"cpu<=0.8", "1100"},     {"cpu >0.8", "0010"},      {"cpu >= 80 %", "0110"},
      {"cpu = 0.8", "0100"},   {"cpu != 0.8", "1010"},   {"cpu > -1", "1110"},      {"cpu < 8e-1", "1000"},
      {"cpu < 8E+1", "1110"},  {" cpu  <  50%  ", "1000"}, {"cpu < 0.80000000000000000000000001", "1000"},
      {"cpu < 00000000000000000000000000000000000000000000001", "1100"},
  };
  loads l;
  world *w = world_with(&l);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char config[100];
    snprintf(config, sizeof config, "{\"require\":[\"%s\"]}", table[i].condition);
    instance it = make(p, config, 64);
    CHECK(it.status == SY_OK);
    check_that(strcmp(kept(&it, w, ""), table[i].kept) == 0, table[i].condition, __LINE__);
    unmake(&it);
  }
  static const struct { const char *condition, *kept; } sizes[] = {
      {">= 2 GiB", "1100"},         {"> 2GiB", "1000"},       {">= 2147483648", "1100"}, {">= 2147483648 B", "1100"},
      {"< 2.2 GB", "0110"},         {"<= 1 MB", "0010"},      {"< 1 MiB", "0010"},       {"< 1000 kB", "0000"},
      {"> 0.001 TiB", "1100"},      {"< 0.00000000001 PB", "0000"}, {"> 1 PiB", "0000"}, {"= 4194304 KiB", "1000"},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char config[100];
    snprintf(config, sizeof config, "{\"require\":[\"cpu >= 0\",\"mem.free %s\"]}", sizes[i].condition);
    instance it = make(p, config, 64);
    CHECK(it.status == SY_OK);
    check_that(strcmp(kept(&it, w, ""), sizes[i].kept) == 0, sizes[i].condition, __LINE__);
    unmake(&it);
  }
  instance it = make(p, "{\"require\":[\"cpu < 0.9\",\"mem.free >= 2 GiB\",\"disk.used.root <= 90 %\"]}", 64);
  KEPT("1100");
  CHECK(strcmp(why_not(&it, w, 2), "cpu is 1; the policy asks for < 0.9") == 0);
  CHECK(strcmp(why_not(&it, w, 3), "cpu is unknown; the policy asks for < 0.9") == 0);
  l.cpu[2] = 0.123456f;
  CHECK(strcmp(why_not(&it, w, 2), "mem.free is 977 Ki; the policy asks for >= 2 GiB") == 0);
  l.columns[2] = NULL; /* nobody reports it any more */
  KEPT("0000");
  CHECK(strcmp(why_not(&it, w, 0), "disk.used.root is unknown; the policy asks for <= 90 %") == 0);
  unmake(&it);
  it = make(p, "{\"require\":[\"cpu < 0.5\"],\"unknown\":\"accept\"}", 64);
  l.cpu[2] = 1;
  KEPT("1001");
  l.columns[0] = NULL;
  KEPT("1111");
  CHECK(strcmp(kept(&it, w, "0110"), "0110") == 0);
  w->nodes.number_count = 0;
  KEPT("1111");
  unmake(&it);
  world_free(w);
}

static void resources_by_job(const sy_plugin *p) {
  loads l;
  world *w = world_with(&l);
  sy_label labels[3] = {{word("mem.free"), word(">= 4 GiB"), SY_NIL, 1, NAN}, {word("team"), word("a"), SY_NIL, SY_NIL, NAN},
                        {word("zone"), word("!b"), SY_NIL, SY_NIL, NAN}};
  w->job[0].labels = labels;
  w->job[0].label_count = 3; /* team and zone are no conditions */
  instance it = make(p, "{\"require\":[\"cpu <= 0.9\",\"mem.free >= 5 GB\"]}", 64);
  KEPT("1000"); /* of memory the job asks for less than the policy, of cpu for nothing */
  CHECK(strcmp(why_not(&it, w, 1), "mem.free is 2048 Mi; the job asks for >= 4 GiB") == 0);
  CHECK(strcmp(why_not(&it, w, 2), "cpu is 1; the policy asks for <= 0.9") == 0);
  labels[0].text = word(">= lots");
  KEPT("0000");
  CHECK(strstr(why_not(&it, w, 0), "label mem.free is no condition: >= lots"));
  labels[0] = (sy_label){word("gpu.free"), word(">= 1"), SY_NIL, SY_NIL, NAN}; /* nobody reports it yet */
  w->job[0].label_count = 1;
  unmake(&it);
  it = make(p, "{}", 64);
  KEPT("0000");
  CHECK(strcmp(why_not(&it, w, 0), "gpu.free is unknown; the job asks for >= 1") == 0);
  unmake(&it);
  it = make(p, "{\"job_labels\":false}", 64);
  KEPT("1111");
  unmake(&it);
  it = make(p, "{\"unknown\":\"accept\"}", 64);
  KEPT("1111");
  unmake(&it);
  world_free(w);
}

/* What people read of values that machines report. */
static void resources_tells_values(const sy_plugin *p) {
  static const struct { float value; const char *text; } table[] = {
      {0, "0"},           {0.001f, "0.001"},   {0.0001f, "0"},    {0.25f, "0.25"},  {0.9999f, "1"},   {1, "1"},
      {1.05f, "1.05"},    {9.999f, "10"},      {42.5f, "42.5"},   {999.6f, "1000"}, {9999, "9999"},   {10240, "10 Ki"},
      {-2.5f, "-2.5"},    {1e9f, "954 Mi"},    {3e12f, "2794 Gi"}, {INFINITY, "more than any unit"},
      {1e38f, "more than any unit"},
  };
  loads l;
  world *w = world_with(&l);
  instance it = make(p, "{\"require\":[\"cpu = 12345\"]}", 64);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char want[100];
    l.cpu[0] = table[i].value;
    snprintf(want, sizeof want, "cpu is %s; the policy asks for = 12345", table[i].text);
    check_that(strcmp(why_not(&it, w, 0), want) == 0, why_not(&it, w, 0), __LINE__);
  }
  unmake(&it);
  world_free(w);
}

static void resources_tests(const sy_plugin *p) {
  static const char *const bad[] = {
      "cpu",           "cpu <",        "< 0.8",           "cpu < 0.8.1",  "cpu < .8",      "cpu < 0x10",
      "cpu < nan",     "cpu < inf",    "cpu < 1e999",     "cpu < 1e31",   "cpu < 1 gib",   "cpu < 1 GiBs",
      "cpu << 1",      "cpu == 1",     "cpu < 1,5",       "cpu < 1e",     "cpu < --1",     "CPU < 1",
      "cpu=<1",        "cpu load < 1", "cpu < 1 < 2",     "mem/free > 1", "cpu < 1 000",
      "a23456789012345678901234567890123456789012345678901234567890123456789 < 1",
  };
  resources_by_policy(p);
  resources_by_job(p);
  resources_tells_values(p);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char config[200];
    snprintf(config, sizeof config, "{\"require\":[\"cpu < 1\",\"%s\"]}", bad[i]);
    refuses(p, config, "/require/1", "a condition");
  }
  refuses(p, "{\"require\":\"cpu < 1\"}", "/require", "list");
  refuses(p, "{\"require\":[1]}", "/require/0", "a condition");
  refuses(p, "{\"require\":[\"\"]}", "/require/0", "a condition");
  refuses(p, "{\"require\":[null]}", "/require/0", "a condition");
  refuses(p, "{\"job_labels\":1}", "/job_labels", "true or false");
  refuses(p, "{\"unknown\":\"maybe\"}", "/unknown", "\"refuse\"");
  char many[2000] = "{\"require\":[";
  for (int i = 0; i < 33; i++) strcat(many, i ? ",\"cpu < 1\"" : "\"cpu < 1\"");
  refuses(p, strcat(many, "]}"), "/require", "at most 32");
}
