/* switchyard/plugin.h - the plugin ABI of Switchyard, major 1, minor 0.
 *
 * A plugin is a shared library with one export, switchyard_plugin_v1(). It answers with a description
 * of itself (sy_plugin); the host makes instances of it and asks each for what it can do: filter
 * workers, score them, pick one, report metrics. C99 or C++11, 64-bit, no dependency but this file.
 *
 * A whole balancer:
 *
 *     #include <switchyard/plugin.h>
 *
 *     static sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
 *       (void)self;
 *       for (size_t j = 0; j < call->job_count; j++) {
 *         uint32_t r = sy_row(rows, sy_below(call, rows->count));    // anyone; the host asks again
 *         if (rows->left[r] < call->jobs[j]->slots) continue;        // if it is full
 *         rows->left[r] -= call->jobs[j]->slots;
 *         row[j] = r;
 *       }
 *       return SY_OK;
 *     }
 *     static const sy_balancer balancer = { sizeof balancer, 0, pick };
 *     static sy_status create(const sy_create *c, void **self, sy_error *e) {
 *       (void)c; (void)e; *self = NULL; return SY_OK;
 *     }
 *     static void destroy(void *self) { (void)self; }
 *     static const void *extension(const char *id) {
 *       return strcmp(id, SY_EXT_BALANCER) == 0 ? &balancer : NULL;
 *     }
 *     static const sy_plugin me = { .size = sizeof me, .abi_minor = SY_ABI_MINOR, .id = "com.acme.any",
 *       .name = "Any", .version = "1.0.0", .vendor = "Acme", .license = "MIT", .create = create,
 *       .destroy = destroy, .get_extension = extension };
 *     const sy_plugin *switchyard_plugin_v1(const sy_host *host) { (void)host; return &me; }
 *
 *     cc -std=c99 -O2 -shared -fPIC -fvisibility=hidden -ISDK/C/include any.c -o any.so
 *
 *
 * HOW TO READ THIS HEADER
 *
 *   1 basics      strings, errors, statuses             5 a call      what every decision is told
 *   2 the host    logging, interning, configuration     6 extensions  what a plugin can offer, by id
 *   3 the view    nodes and sites, as columns           7 lifecycle   create, destroy, the entry
 *   4 jobs        what is to be placed                  8 helpers     dice, rows, errors (no ABI)
 *
 * For a first balancer read this page, 5, sy_balancer in 6, and 7. Every function carries one of these
 * words: on which thread it runs, and what it may do there.
 *
 *   [control]  A host thread, one at a time per file. May block, allocate, do I/O; be done in seconds.
 *   [lane]     The thread of a lane, between two decisions, which wait meanwhile: milliseconds. May
 *              allocate and lock; no I/O.
 *   [hot]      Within a decision: microseconds. No malloc, locks, system calls, I/O.
 *   [own]      A thread that the host keeps for this instance. May block.
 *   [any]      Host functions only: callable from every thread, hot code too.
 *
 *   Threads    A lane is a thread that places jobs; each lane owns its own instance of every plugin of
 *              its policies. No instance is ever entered by two threads at once, but by different ones
 *              in turn (so no thread_local), and two instances of one file at the same time (so a
 *              writable static needs atomics). State belongs into the instance; then no lock is needed.
 *   Memory     Whoever made it frees it. What the host passes dies when the call returns, the addresses
 *              of columns included; exceptions: sy_host and the text of interned numbers live until
 *              destroy() has returned. What the entry and get_extension() return is read once, at load,
 *              and must live until shutdown() has returned, or for ever.
 *   Lifecycle  entry, create, activate, then prepare, load, save, events, filter, score, pick, explain
 *              and commands in any order; deactivate, destroy, shutdown. Configuration is fixed for the
 *              life of an instance: a changed one is a new instance that takes over by save and load, as
 *              does a new version of the file. Each is retired when nobody uses it any more.
 *   Growth     Released structs grow at the end only, constants and ids are added, nothing ever changes
 *              meaning. Whoever fills a struct sets its `size` to sizeof; whoever reads a field newer
 *              than minor 0 asks SY_HAS first. No struct ends in padding. FROZEN ones never grow and so
 *              have no size. Reserved fields are 0. Only functions marked optional may be NULL.
 *   Trust      The host checks every answer: rows out of range, scores that are no number, picks of
 *              refused or full nodes are an error of the plugin, and the host falls back within the same
 *              decision. An error never loses a job.
 *   Never      let an exception, panic or longjmp cross this boundary; touch signals, locale, cwd,
 *              umask or the floating point mode (do not build with -ffast-math: loading such a file
 *              changes the mode of the host's thread, and NaN stops meaning "unknown").
 *
 * All text is UTF-8. All times are nanoseconds. */
#ifndef SWITCHYARD_PLUGIN_H
#define SWITCHYARD_PLUGIN_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if UINTPTR_MAX < 0xFFFFFFFFFFFFFFFFu
#error "switchyard/plugin.h: 64-bit only"
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* ==== 1 basics ============================================================================== */

#define SY_EXPORT __attribute__((visibility("default")))

#define SY_ABI_MINOR 0u /* of this header; the major is in the name of the entry */

/* May I read p->field, and is it set (not NULL, not 0)? Needed for fields and functions added after
 * minor 0, and for optional ones: SY_HAS(host, sy_host, get_extension). */
#define SY_HAS(p, type, field) \
  ((p)->size >= offsetof(type, field) + sizeof((p)->field) && (p)->field)

#define SY_NIL 0xFFFFFFFFu /* no row, no column, no place in an order */

/* Text, NOT NUL-terminated. Empty: len 0, ptr then means nothing and may be NULL. FROZEN */
typedef struct sy_str {
  const char *ptr;
  size_t len;
} sy_str;

/* Where to say what went wrong: the host's buffer of cap >= 256 bytes. Write NUL-terminated text, cut
 * to fit (sy_fail() does both). Say what is wrong, where, and what would be accepted. FROZEN */
typedef struct sy_error {
  char *text;
  size_t cap;
} sy_error;

/* Result of a call, and verdict on a job. Macros, not an enum, so that Swift sees the type. Any other
 * value is taken as SY_E_INTERNAL. */
typedef int32_t sy_status;
#define SY_OK ((sy_status)0)
/* Verdicts on a job (sy_call.verdict). */
#define SY_NONE ((sy_status)1)  /* nobody fits now: asked again when the view changes, or on wake() */
#define SY_NEVER ((sy_status)2) /* nobody ever will, whoever joins: fail the job (if the policy permits) */
#define SY_DEFER ((sy_status)3) /* hold the job until retry_ns */
/* Failures of a call: nothing of its output is used, text in the error. */
#define SY_E_ARG ((sy_status)-1)      /* the caller's mistake */
#define SY_E_CONFIG ((sy_status)-2)   /* create(): configuration not accepted */
#define SY_E_STATE ((sy_status)-3)    /* load(): not readable; or not possible now */
#define SY_E_INTERNAL ((sy_status)-4) /* anything else */

/* ==== 2 the host ============================================================================ */

/* What a place in the configuration holds; also the types of columns. */
enum { SY_ABSENT, SY_NULL, SY_BOOL, SY_NUMBER, SY_TEXT, SY_LIST, SY_OBJECT };

/* A value of the configuration. The caller sets size; the host fills the rest and zeroes what does not
 * apply. Its texts live until create() returns. */
typedef struct sy_value {
  uint32_t size;
  uint32_t type; /* SY_ABSENT .. SY_OBJECT */
  size_t count;  /* SY_LIST, SY_OBJECT: how many members */
  double number; /* SY_NUMBER: it, finite. SY_BOOL: 1 or 0 */
  sy_str text;   /* SY_TEXT: it, escapes resolved; may hold NUL */
  sy_str key;    /* of an i-th member of an SY_OBJECT: its key */
} sy_value;

/* What the host lends an instance: one each, good until destroy() has returned (the one passed to the
 * entry: until the entry returns). Pass ctx back in every call. Bad arguments do no harm. */
typedef struct sy_host {
  uint32_t size;
  uint32_t abi_minor; /* the host's: may be above or below yours */
  void *ctx;

  /* [any] Log a line of text: level 0 debug, 1 info, 2 warning, 3 error. Text is copied; long lines are
   * cut, and too many are dropped and counted, so it is safe to call from hot code. */
  void (*write_log)(void *ctx, int32_t level, sy_str text);

  /* [any] Add to a counter of counter(); it shows up in /metrics. SY_NIL is ignored. */
  void (*count)(void *ctx, uint32_t counter, uint64_t add);

  /* [any] My answers have changed (a window opened, a limit was lifted): ask again for the jobs that got
   * SY_NONE. Calls are merged. */
  void (*wake)(void *ctx);

  /* [any] The text of an interned number, good until destroy(). Unknown numbers, and 0: empty. */
  sy_str (*text_of)(void *ctx, uint32_t interned);

  /* [control, lane] The number of a text, the same as in all columns, for as long as this process lives:
   * compare numbers, not texts. 0: the text is empty or the table is full. Never save one. */
  uint32_t (*intern)(void *ctx, sy_str text);

  /* [control] in create() only. Subscribe to what metrics plugins and workers report under a name
   * ([a-z0-9._-]{1,64}). type SY_NUMBER, SY_TEXT or SY_BOOL (a tag); the answer is an index into
   * sy_nodes.number, .text or .tag, good for the instance's life though nobody may report it yet (its
   * column is NULL until then). SY_NIL: bad name, or too many columns. */
  uint32_t (*column)(void *ctx, uint32_t type, const char *name);

  /* [control] in create() only. A counter by name [a-z0-9_]{1,64}, for count(). SY_NIL: too many. */
  uint32_t (*counter)(void *ctx, const char *name);

  /* [control] in create() only. What stands in the configuration at a JSON pointer (RFC 6901: "" is all,
   * "/active/0", "~1" for a slash in a key): fills *out, and returns its type. With i other than SY_NIL,
   * that value's i-th member instead (objects keep their order). Nothing there: SY_ABSENT. So a plugin
   * needs no JSON parser; switchyard/config.h makes it comfortable. */
  uint32_t (*config)(void *ctx, const char *path, uint32_t i, sy_value *out);

  /* [control] Host services added later, by id. NULL: this host has none of that name (today: always). */
  const void *(*get_extension)(void *ctx, const char *id);
} sy_host;

/* ==== 3 the view: columns =================================================================== */

/* The nodes and sites are given as columns: arrays with one entry a row. All columns are aligned to 64
 * bytes, and padded with zeros to a multiple of 64 rows, so that vector loops may run over the end. They
 * do not change during a call, and are gone after it. A column is NULL if nobody reports it, unless it
 * is marked [always]. Unknown in one row: NaN in a float, 0 in interned text. */

/* sy_nodes.kind */
enum {
  SY_WORKERS, /* to send jobs to */
  SY_SERVERS  /* to connect to: a worker chooses its home */
};

/* The live nodes, by ascending id. Nodes that are lost, or draining, have no row. An instance sees one
 * such view, developing, all its life. [static] columns change only together with generation. */
typedef struct sy_nodes {
  uint32_t size;
  uint32_t kind;       /* SY_WORKERS or SY_SERVERS */
  uint32_t count;      /* rows; may be 0 in prepare and events */
  uint32_t reserved;
  uint64_t generation; /* another one when rows or [static] columns changed: rebuild what you derived */
  uint64_t tick;       /* another one when any column changed */
  uint32_t here_site;  /* interned; of who chooses: this server (or, for SY_SERVERS, this worker) */
  uint32_t here_rack;
  /* identity */
  const uint64_t *id;          /* [static, always] XXH3-64 of the name: the same everywhere, and after a restart */
  const uint64_t *incarnation; /* [static, always] grows with each restart of the node */
  const uint32_t *seat;        /* [static, always] < seat_limit of create(). Rows move when nodes come and go, a
                                  node's seat does not: index your own arrays by it. A seat passes to another id
                                  only after every attempt on the old one has ended, and with a new generation:
                                  remember the id beside what you keep */
  const int64_t *joined_ns;    /* [static, always] when this incarnation joined, on the clock of now_ns */
  const uint32_t *name;        /* [static, always] interned, as are the next three */
  const uint32_t *site;        /* [static] datacenter, zone, room */
  const uint32_t *rack;        /* [static] */
  const uint32_t *version;     /* [static] of the node's software */
  /* capacity */
  const uint32_t *slots;       /* [static, always] how many it runs at a time */
  const uint32_t *used;        /* [always] slots taken, live: with every pick of this lane before this call */
  const uint32_t *avail;       /* [always] slots that this lane may still fill; not always slots - used */
  const uint32_t *queued;      /* waiting on the node itself, by its last heartbeat */
  const float *weight;         /* [static] >= 0, finite; 1 is normal, 0 asks for nothing */
  /* load, by the last heartbeat */
  const float *cpu;            /* 0..1 of all cores */
  const float *mem;            /* 0..1 of memory */
  const float *fail_rate;      /* 0..1 of recent attempts */
  const float *latency_ms;     /* round trip from who chooses */
  /* what column() subscribed to: number[index][row]; a NULL column is one that nobody reports */
  const float *const *number;
  size_t number_count;
  const uint32_t *const *text; /* [static] interned */
  size_t text_count;
  const uint8_t *const *tag;   /* [static] 1: the node bears it */
  size_t tag_count;
} sy_nodes;

/* sy_sites.state, judged once for all lanes by the host, with hysteresis: plugins add no opinion. */
enum {
  SY_SITE_UNKNOWN, /* too little is known to judge: not a reason to leave it */
  SY_SITE_UP,
  SY_SITE_DOWN,    /* too few of its members are alive */
  SY_SITE_DRAINED  /* taken out by an operator */
};

/* The sites of the app, also those without a live node: columns of count entries, all of them there. */
typedef struct sy_sites {
  uint32_t size;
  uint32_t count;
  const uint32_t *site;    /* interned, as in sy_nodes.site */
  const uint32_t *state;   /* SY_SITE_* */
  const uint32_t *members; /* nodes registered */
  const uint32_t *live;    /* of these in the view */
  const uint32_t *slots;   /* of the live ones */
  const uint32_t *used;
  const uint32_t *order;   /* the operator's: 0 active; 1, 2 .. backups in order; SY_NIL not for this app */
  const float *share;      /* of the traffic, by the operator: active ones sum to 1 */
  const float *fail_rate;  /* 0..1 of recent attempts */
  const int64_t *since_ns; /* in this state since, on the clock of now_ns */
} sy_sites;

/* ==== 4 jobs ================================================================================ */

/* What a job asks of a node: {"gpu.model": "H200", "mem.free": "4"}. What it means is the plugin's
 * affair (mem.free as "at least"); required tags, by contrast, are seen to by the host. FROZEN */
typedef struct sy_label {
  uint32_t key;           /* interned */
  uint32_t text;          /* interned */
  uint32_t text_column;   /* the nodes' columns of that name, or SY_NIL */
  uint32_t number_column;
  double number;          /* the text as a number, or NaN */
} sy_label;

/* An attempt to place. For SY_SERVERS the one "job" is the worker that looks for a home: instance is its
 * id, site its site, slots 1. */
typedef struct sy_job {
  uint32_t size;
  uint32_t attempt;     /* 1, 2 .. */
  uint64_t instance;    /* this firing */
  uint64_t job;         /* its definition */
  uint64_t parent;      /* the instance it is a task of, or 0 */
  uint64_t key_hash;    /* for affinity, the same on every server: XXH3-64 of the job's key; without one, of instance */
  uint32_t app;         /* interned, as are the next three */
  uint32_t type;        /* processor */
  uint32_t queue;
  uint32_t site;        /* wished, or 0 */
  uint32_t slots;       /* it takes, >= 1 */
  int32_t priority;     /* higher first */
  uint32_t task;        /* which of how many; alone: 0 of 1 */
  uint32_t task_count;
  int64_t since_ns;     /* waits since, on the clock of now_ns */
  int64_t deadline_ns;  /* fails then; 0: never */
  const uint64_t *tried; /* node ids of earlier attempts, latest first */
  size_t tried_count;
  const sy_label *labels;
  size_t label_count;
  const uint32_t *tags; /* columns of the tags it requires (sy_nodes.tag) */
  size_t tag_count;
} sy_job;

/* ==== 5 a call ============================================================================== */

/* With the instance's own past, all that an answer may depend on: so a recorded decision can be replayed,
 * compared and explained. Take time and dice from here, never from the system. */
typedef struct sy_call {
  uint32_t size;
  uint32_t lane;
  int64_t now_ns;    /* monotonic, of this process */
  int64_t wall_ns;   /* since 1970, may jump */
  int64_t budget_ns; /* a call that takes longer, again and again, has the policy rolled back */
  uint64_t random;   /* a seed for this plugin in this call alone: draw with sy_random(), sy_below() */
  const sy_nodes *nodes;
  const sy_sites *sites;     /* of the instance's app; NULL: sites are not used */
  const sy_job *const *jobs; /* of one app, best first */
  size_t job_count;          /* >= 1 in filter, score, pick; 1 in explain; else 0 */
  sy_status *verdict;        /* out, one a job, SY_OK before: SY_NONE, SY_NEVER or SY_DEFER */
  int64_t *retry_ns;         /* out, one a job, for SY_DEFER: when, on the clock of now_ns */
  sy_error *error;           /* out: why the whole call failed, or why SY_NEVER */
} sy_call;

/* Who is left after the filters: the same for each job of the call. */
typedef struct sy_rows {
  uint32_t size;
  uint32_t count;       /* >= 1 */
  const uint32_t *row;  /* count rows, ascending; NULL: all, 0..count-1. See sy_row() */
  const uint8_t *keep;  /* the same as a mask, padded like a column: keep[row] is 1 or 0 */
  uint32_t *left;       /* by row, padded like a column, yours to write in pick (NULL in score): avail, before.
                           Count your picks down in it, so that the next job of the batch sees them */
  const float *score;   /* for pick: score[j * stride + row], 0..1, higher is better; NULL: no scorers */
  size_t stride;        /* of score: a multiple of 64 */
} sy_rows;

/* ==== 6 extensions: what a plugin offers ==================================================== */

/* get_extension(id) answers with a pointer to the struct of that id, or NULL. */
#define SY_EXT_FILTER   "switchyard.filter/1"
#define SY_EXT_SCORER   "switchyard.scorer/1"
#define SY_EXT_BALANCER "switchyard.balancer/1"
#define SY_EXT_PREPARE  "switchyard.prepare/1"
#define SY_EXT_OBSERVER "switchyard.observer/1"
#define SY_EXT_STATE    "switchyard.state/1"
#define SY_EXT_COMMANDS "switchyard.commands/1"
#define SY_EXT_METRICS  "switchyard.metrics/1"

/* ---- filter: who may run this job? ---- */
typedef struct sy_filter {
  uint32_t size;
  uint32_t reserved;

  /* [hot] Clear keep[j * stride + row] (1 to 0) where row cannot take jobs[j]; never set one. Rows that are
   * full, or lack required tags, are 0 already. stride is a multiple of 64. A job whose whole line is 0
   * waits as after SY_NONE; write verdict[j] to say more. */
  sy_status (*filter)(void *self, sy_call *call, uint8_t *keep, size_t stride);

  /* [lane] optional. Why did filter() refuse row to jobs[0]? Same view, clock and dice as then; must change
   * nothing. Write one sentence; leave why->text empty if it did not. */
  void (*explain)(void *self, sy_call *call, uint32_t row, sy_error *why);
} sy_filter;

/* ---- scorer: how good is each? ---- */
typedef struct sy_scorer {
  uint32_t size;
  uint32_t reserved;

  /* [hot] Write score[j * stride + row], 0..1, higher is better; 0 before. Rows not kept are ignored, so
   * writing all is fine. The host weighs the scorers of a policy and adds them up for the balancer. */
  sy_status (*score)(void *self, sy_call *call, const sy_rows *rows, float *score, size_t stride);
} sy_scorer;

/* ---- balancer: who of those does? ---- */
typedef struct sy_balancer {
  uint32_t size;
  uint32_t reserved;

  /* [hot] Write row[j] for each job: a kept row, or leave SY_NIL as it is before (verdict then as in filter;
   * SY_OK counts as SY_NONE). Check left[row] >= jobs[j]->slots and count down: picks beyond it are put back
   * and asked again. A pick may come to nothing (the commit failed): so between calls count by `used` or by
   * events, not by picks. */
  sy_status (*pick)(void *self, sy_call *call, const sy_rows *rows, uint32_t *row);
} sy_balancer;

/* ---- prepare: time and space for building things ---- */
typedef struct sy_prepare {
  uint32_t size;
  uint32_t reserved;
  int64_t period_ns; /* 0: only on change */

  /* [lane] Without jobs. Before the first decision on each generation, and every period: build, resize,
   * decay, forget, so that hot calls need not. Also once on a [control] thread before a new instance goes
   * live. */
  sy_status (*prepare)(void *self, sy_call *call);
} sy_prepare;

/* ---- observer: what became of it? ---- */

/* sy_event.kind. Ignore kinds you do not know, but not their flags. */
enum {
  SY_EV_DISPATCHED = 1, /* the placement is durable and being sent */
  SY_EV_ACCEPTED,       /* the worker started it */
  SY_EV_REJECTED,       /* the worker refused it (full, closing): ENDS */
  SY_EV_SUCCEEDED,      /* ENDS, as do the next four */
  SY_EV_FAILED,
  SY_EV_TIMED_OUT,
  SY_EV_STOPPED,
  SY_EV_LOST,
  SY_EV_JOINED = 32,    /* a node got a row */
  SY_EV_DRAINING,       /* gets no more jobs */
  SY_EV_LEFT,           /* has no row any more */
  SY_EV_GAP             /* events were lost: forget your counts, trust the columns */
};
#define SY_EVF_ENDS 1u /* slots are free again: exactly once for each DISPATCHED */
#define SY_EVF_OWN 2u  /* placed by this lane */

typedef struct sy_event {
  uint32_t kind;     /* SY_EV_* */
  uint32_t flags;    /* SY_EVF_* */
  uint32_t type;     /* interned: processor of the job */
  uint32_t seat;     /* of the node; SY_NIL in a GAP */
  uint64_t node;     /* its id */
  uint64_t instance;
  uint64_t job;
  int64_t at_ns;     /* on the clock of now_ns */
  int64_t took_ns;   /* ACCEPTED: since dispatched. ENDS: since accepted, 0 if it never was */
  uint32_t attempt;
  uint32_t slots;
} sy_event;

typedef struct sy_observer {
  uint32_t size;
  uint32_t event_size; /* sizeof(sy_event) as you know it: the host lays the array out by it */
  uint64_t kinds;      /* which you want: bits 1 << kind. GAP comes always */

  /* [hot] In order, of every lane of this server. An end may come without its DISPATCHED (it was before
   * your time): let no counter go below 0. */
  void (*events)(void *self, sy_call *call, const sy_event *event, size_t count);
} sy_observer;

/* ---- state: hand-over to the next instance ---- */

/* From one instance to the next one with the same plugin id: when the configuration or the file changes,
 * and over a restart. Keep node ids, texts, ages in it; no seats, rows, interned numbers, instants. */
typedef struct sy_state {
  uint32_t size;
  uint32_t version; /* that save writes */
  uint32_t oldest;  /* load takes oldest..version */
  uint32_t reserved;

  /* [lane] Hand all state to write, in as many pieces as you like; io is passed back. write takes a piece
   * whole or fails: then stop and return what it returned. Changes nothing: this instance may go on. The
   * host bounds the size (16 MiB). */
  sy_status (*save)(void *self, sy_call *call, void *io,
                    sy_status (*write)(void *io, const void *data, size_t size));

  /* [lane] Replace all state by what save wrote, or fail and change nothing. data is aligned to 8 bytes.
   * It may be damaged or made up: check every size and number. */
  sy_status (*load)(void *self, sy_call *call, uint32_t version, const void *data, size_t size);
} sy_state;

/* ---- commands: for operators ---- */

/* fn is really: R fn(void *self, sy_call *call, parameters ...), by signature "r(ppp)", at most 12
 * parameters: v void, b bool as int32_t, i int32_t, l int64_t, u uint32_t, U uint64_t, d double,
 * s const char * (NUL-terminated UTF-8), j const char * (JSON text). Text left in call->error means it
 * failed. A returned s or j is the instance's, good until its next call; NULL: null. */
typedef struct sy_command {
  const char *name;      /* [a-z0-9-]{1,64} */
  const char *signature; /* "i(sd)" */
  const char *arg_names; /* "worker,weight" */
  const char *help;      /* one sentence */
  void (*fn)(void);      /* [lane]; wrap with SY_FN */
  uint32_t flags;        /* SY_CMD_CHANGES or 0 */
  uint32_t reserved;
} sy_command;
#define SY_CMD_CHANGES 1u /* changes something: needs a right, is audited and recorded */

typedef struct sy_commands {
  uint32_t size;
  uint32_t count;
  size_t stride; /* sizeof(sy_command) as you know it */
  const sy_command *list;
} sy_commands;

/* SY_FN(const char *(*)(void *, sy_call *, double), set_limit): the compiler checks the prototype. */
#define SY_FN(proto, f) ((void (*)(void))(1 ? (f) : (proto)0))

/* ---- metrics: what a node says of itself ---- */

/* Where collect() puts values, and good only within it. Names [a-z0-9._-]{1,64}; bad names and values that
 * are not finite are dropped and counted. The numbers weight, cpu and mem, and the texts site and rack,
 * fill the fixed columns; all others are for column() and for labels. */
typedef struct sy_sink {
  uint32_t size;
  uint32_t reserved;
  void *ctx; /* pass back */
  void (*number)(void *ctx, const char *name, double value); /* [own] within collect() */
  void (*text)(void *ctx, const char *name, sy_str value);   /* [own] within collect(); at most 256 bytes */
  void (*tag)(void *ctx, const char *name);                  /* [own] within collect() */
} sy_sink;

/* Runs on the node that it measures: a worker or a server. */
typedef struct sy_metrics {
  uint32_t size;
  uint32_t reserved;
  int64_t period_ns; /* how often, unless the host's configuration says otherwise */

  /* [own] Put all values into the sink. What a call puts replaces what the last one put. If it fails, that
   * stays, for three periods. */
  sy_status (*collect)(void *self, int64_t now_ns, const sy_sink *sink, sy_error *error);
} sy_metrics;

/* ==== 7 lifecycle =========================================================================== */

/* sy_create.role: what the instance is for. */
enum {
  SY_ROLE_PLACE = 1, /* in a lane, to place jobs on workers */
  SY_ROLE_HOME,      /* in a worker, to choose its server */
  SY_ROLE_METRICS    /* in a node, to measure it */
};

typedef struct sy_create {
  uint32_t size;
  uint32_t role;       /* SY_ROLE_* */
  uint32_t lane;       /* this lane, of so many; 0 of 1 outside of lanes */
  uint32_t lanes;
  uint32_t seat_limit; /* every seat is below: allocate arrays once. Should the cluster outgrow it, a new
                          instance with twice the limit takes over */
  uint32_t reserved;
  const sy_host *host; /* keep it: lives until destroy() has returned */
  sy_str config;       /* a JSON object; for those who bring a parser. Others ask host->config */
} sy_create;

/* sy_plugin.flags */
#define SY_F_UNLOADABLE 1u    /* survives dlclose (no threads, handlers, thread_local destructors, runtimes).
                                 Without it the file stays mapped when it is retired */
#define SY_F_DETERMINISTIC 2u /* same calls in the same order, same answers, in any process */

typedef struct sy_plugin {
  uint32_t size;
  uint32_t abi_minor;        /* SY_ABI_MINOR */
  uint64_t flags;            /* SY_F_* */
  const char *id;            /* "com.acme.wrr": [a-z0-9.-]{1,64}, never changes; what policies name */
  const char *name;          /* for people */
  const char *version;       /* semantic version, "1.0.0" */
  const char *vendor;
  const char *license;       /* SPDX */
  const char *config_schema; /* JSON Schema of the configuration; NULL: takes none */

  /* [control] Make an instance; *self is passed to all else, and may be NULL. Refuse configurations that
   * you do not understand wholly: SY_E_CONFIG, and text that says where ("/active/0: ...") and what is
   * accepted. Also called just to try a configuration. After a failure nothing may be left behind:
   * destroy() is not called. */
  sy_status (*create)(const sy_create *create, void **self, sy_error *error);

  /* [control] optional. Before the first call: start threads if there must be any. */
  sy_status (*activate)(void *self, sy_error *error);

  /* [control] optional. After the last call, if activate succeeded: join them. */
  void (*deactivate)(void *self);

  /* [control] Free all. */
  void (*destroy)(void *self);

  /* [control] The struct of an extension, the same for all instances; NULL: not offered. */
  const void *(*get_extension)(const char *id);

  /* [control] optional. After the last destroy(): let go of what the file itself holds. */
  void (*shutdown)(void);

  const struct sy_plugin *next; /* another plugin in this file, or NULL */
} sy_plugin;

/* [control] The one export. Called once after dlopen: be quick, start nothing. Of host use write_log alone.
 * NULL refuses: log why first. */
SY_EXPORT const sy_plugin *switchyard_plugin_v1(const sy_host *host);

/* ==== 8 helpers: compiled into the plugin, no ABI =========================================== */

/* [any] The finaliser of splitmix64: mixes all bits. (Steele, Lea, Flood: Fast splittable pseudorandom
 * number generators, OOPSLA 2014; constants: Stafford's variant 13.) */
static inline uint64_t sy_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* [any] The call's next random number, 64 bits (splitmix64). */
static inline uint64_t sy_random(sy_call *call) {
  return sy_mix(call->random += 0x9E3779B97F4A7C15u);
}

/* [any] A random number 0..n-1; 0 for n 0. The bias, n / 2^32, is of no account here. */
static inline uint32_t sy_below(sy_call *call, uint32_t n) {
  return (uint32_t)(((sy_random(call) >> 32) * n) >> 32);
}

/* [any] The i-th row that is left, i < rows->count. */
static inline uint32_t sy_row(const sy_rows *rows, uint32_t i) { return rows->row ? rows->row[i] : i; }

/* [any] Write the text into the error, cut at a character's border if need be, and return the code:
 * `return sy_fail(error, SY_E_CONFIG, "/limit: a number from 1 to 100 is accepted");` */
static inline sy_status sy_fail(sy_error *error, sy_status code, const char *text) {
  size_t n = strlen(text);
  if (!error || !error->text || error->cap == 0) return code;
  if (n >= error->cap) {
    n = error->cap - 1;
    while (n > 0 && ((unsigned char)text[n] & 0xC0u) == 0x80u) n--;
  }
  memcpy(error->text, text, n);
  error->text[n] = 0;
  return code;
}

#ifdef __cplusplus
}
#endif
#endif
