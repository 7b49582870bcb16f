/* switchyard.designated. Labels of jobs stand in columns 0 .. 7 of texts, in the order in which they are subscribed to. */

static sy_label job_label(const char *key, const char *text, uint32_t column) {
  sy_label l = {word(key), word(text), column, SY_NIL, NAN};
  return l;
}

static void designated_by_name(const sy_plugin *p) {
  static const struct { const char *choice, *kept; } table[] = {
      /* w0 w1 w2 .. w10 w11 */
      {"w1", "010000000000"},        {"w1,w10", "010000000010"},   {" w1 , w10 ", "010000000010"},
      {"w1*", "010000000011"},       {"w1?", "000000000011"},      {"!w1*", "101111111100"},
      {"*1", "010000000001"},        {"w*0", "100000000010"},      {"*", "111111111111"},
      {"!*", "000000000000"},        {"W1", "000000000000"},       {"w", "000000000000"},
      {"nobody", "000000000000"},    {"?1", "010000000000"},       {"!nobody", "111111111111"},
      {"w**1,w2,w2", "011000000001"}, {"*w*1*1*", "000000000001"},
  };
  world *w = world_of(12);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char config[100];
    snprintf(config, sizeof config, "{\"workers\":\"%s\"}", table[i].choice);
    instance it = make(p, config, 64); /* as the policy says */
    CHECK(it.status == SY_OK && prepare(&it, w) == SY_OK);
    check_that(strcmp(kept(&it, w, ""), table[i].kept) == 0, table[i].choice, __LINE__);
    unmake(&it);
    sy_label label = job_label("designated.worker", table[i].choice, SY_NIL);
    it = make(p, "{}", 64); /* and as a job does */
    w->job[0].labels = &label;
    w->job[0].label_count = 1;
    check_that(strcmp(kept(&it, w, ""), table[i].kept) == 0, table[i].choice, __LINE__);
    check_that(strcmp(kept(&it, w, ""), table[i].kept) == 0, table[i].choice, __LINE__); /* from what is kept of it */
    w->job[0].label_count = 0;
    unmake(&it);
  }
  world_free(w);
}

static void designated_by_a_jobs_bad_label(const sy_plugin *p) {
  static const char *const bad[] = {"", ",", "w1,", "!", "w1,,w2", " ", "!,w1"};
  world *w = world_of(3);
  instance it = make(p, "{}", 64);
  w->job[0].label_count = 1;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    sy_label label = job_label("designated.worker", bad[i], SY_NIL);
    w->job[0].labels = &label;
    check_that(strcmp(kept(&it, w, ""), "000") == 0, bad[i], __LINE__); /* never anybody */
    CHECK(strstr(why_not(&it, w, 0), "names nobody"));
  }
  sy_label label = job_label("designated.worker", "w1", SY_NIL);
  w->job[0].labels = &label;
  KEPT("010");
  CHECK(strcmp(why_not(&it, w, 2), "worker w2 is not one of w1, says the job") == 0);
  unmake(&it);
  world_free(w);
}

static void designated_by_tags_and_labels(const sy_plugin *p) {
  world *w = world_of(4);
  uint8_t gpu[64] = {1, 1, 0, 1}, spot[64] = {0, 1};
  const uint8_t *tags[] = {gpu, spot};
  uint32_t zone[64] = {word("a"), word("b"), word("a"), 0};
  const uint32_t *texts[] = {zone};
  w->nodes.tag = tags;
  w->nodes.tag_count = 2;
  w->nodes.text = texts;
  w->nodes.text_count = 1;
  instance it = make(p, "{\"tags\":[\"gpu\",\"!spot\"]}", 64);
  KEPT("1001");
  CHECK(strcmp(why_not(&it, w, 1), "bears tag spot, says the policy") == 0);
  CHECK(strcmp(why_not(&it, w, 2), "lacks tag gpu, says the policy") == 0);
  tags[1] = NULL; /* nobody bears it */
  w->nodes.generation++;
  KEPT("1101");
  tags[0] = NULL;
  w->nodes.generation++;
  KEPT("0000");
  unmake(&it);
  static const struct { const char *choice, *kept; } table[] = {
      {"a", "1010"}, {"a,b", "1110"}, {"!a", "0101"}, {"*", "1110"}, {"!*", "0001"}, {"a?", "0000"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    char config[100];
    snprintf(config, sizeof config, "{\"labels\":{\"zone\":\"%s\"}}", table[i].choice);
    it = make(p, config, 64);
    check_that(strcmp(kept(&it, w, ""), table[i].kept) == 0, table[i].choice, __LINE__);
    unmake(&it);
    it = make(p, "{\"job_labels\":[\"zone\"]}", 64);
    sy_label labels[] = {job_label("team", "payments", 1), job_label("zone", table[i].choice, 0)};
    w->job[0].labels = labels; /* the team is nobody's affair here */
    w->job[0].label_count = 2;
    check_that(strcmp(kept(&it, w, ""), table[i].kept) == 0, table[i].choice, __LINE__);
    w->job[0].label_count = 0;
    unmake(&it);
  }
  it = make(p, "{\"labels\":{\"zone\":\"a\"},\"workers\":\"!w2\"}", 64);
  KEPT("1000");
  CHECK(strcmp(why_not(&it, w, 1), "label zone is b, not a, says the policy") == 0);
  CHECK(strcmp(why_not(&it, w, 2), "worker w2 is not one of !w2, says the policy") == 0);
  CHECK(strcmp(why_not(&it, w, 3), "label zone is missing, not a, says the policy") == 0);
  unmake(&it);
  it = make(p, "{\"labels\":{\"site\":\"west\",\"rack\":\"r*\"}}", 64); /* columns of the view itself */
  w->site[0] = w->site[1] = word("west");
  w->rack[1] = word("r7");
  w->nodes.generation++;
  KEPT("0100");
  w->nodes.rack = NULL;
  w->nodes.generation++;
  KEPT("0000");
  unmake(&it);
  world_free(w);
}

/* More lists than are kept, from job to job and generation to generation: always the right ones. */
static void designated_keeps_the_right_lists(const sy_plugin *p) {
  world *w = world_of(100);
  instance it = make(p, "{}", 128);
  uint8_t *keep = column(512 * w->cap, 1);
  int right = 1;
  for (int round = 0; round < 20; round++) {
    static sy_label label[512];
    w->nodes.generation++;
    for (uint32_t r = 0; r < 100; r++) { /* names move from row to row */
      char name[16];
      snprintf(name, sizeof name, "w%u", (r + (uint32_t)round) % 100);
      w->name[r] = word(name);
    }
    for (int j = 0; j < 512; j++) {
      char text[32];
      snprintf(text, sizeof text, "w%u,w%u", j % 90, j % 90 + 5);
      label[j] = job_label("designated.worker", text, SY_NIL);
      w->job[j].labels = &label[j];
      w->job[j].label_count = 1;
    }
    memset(keep, 1, 512 * w->cap);
    right &= it.filter->filter(it.self, call_of(w, 512), keep, w->cap) == SY_OK;
    for (uint32_t j = 0; j < 512; j++)
      for (uint32_t r = 0; r < 100; r++) {
        uint32_t number = (r + (uint32_t)round) % 100;
        right &= keep[j * w->cap + r] == (number == j % 90 || number == j % 90 + 5);
      }
  }
  CHECK(right);
  w->nodes.count = 129;
  CHECK(it.filter->filter(it.self, call_of(w, 1), keep, w->cap) == SY_E_ARG && w->error[0]);
  free(keep);
  unmake(&it);
  world_free(w);
}

static void designated_tests(const sy_plugin *p) {
  designated_by_name(p);
  designated_by_a_jobs_bad_label(p);
  designated_by_tags_and_labels(p);
  designated_keeps_the_right_lists(p);
  char long_text[1200];
  memset(long_text, 'x', sizeof long_text);
  memcpy(long_text, "{\"workers\":\"", 12);
  memcpy(long_text + 1100, "\"}", 3);
  refuses(p, long_text, "/workers", "1023 bytes");
  refuses(p, "{\"workers\":[\"w1\"]}", "/workers", "\"w1,w2\"");
  refuses(p, "{\"workers\":\"\"}", "/workers", "a choice");
  refuses(p, "{\"workers\":\"!\"}", "/workers", "a choice");
  refuses(p, "{\"workers\":\"a,,b\"}", "/workers", "a choice");
  refuses(p, "{\"tags\":\"gpu\"}", "/tags", "list");
  refuses(p, "{\"tags\":[\"!\"]}", "/tags/0", "a tag");
  refuses(p, "{\"tags\":[\"GPU\"]}", "/tags/0", "a-z");
  refuses(p, "{\"tags\":[null]}", "/tags/0", "a tag");
  refuses(p, "{\"tags\":[1e300]}", "/tags/0", "a tag");
  refuses(p, "{\"labels\":{\"Zone\":\"a\"}}", "/labels/Zone", "a-z");
  refuses(p, "{\"labels\":{\"zone\":3}}", "/labels/zone", "a choice");
  refuses(p, "{\"labels\":{\"zone\":null}}", "/labels/zone", "a choice");
  refuses(p, "{\"labels\":[]}", "/labels", "object");
  refuses(p, "{\"job_labels\":[\"\"]}", "/job_labels/0", "key");
  refuses(p, "{\"job_labels\":{\"zone\":\"a\"}}", "/job_labels", "list");
}
