// switchyard.round-robin: a balancer that gives everybody a turn. turns.hpp says who is next; here is what makes it a
// plugin: the view, picking, and the hand-over to another instance. No exceptions, no RTTI, nothing of the C++ library.

#include <switchyard/config.h>

#include "turns.hpp"

namespace round_robin {
namespace {

/// What save() writes of a node, after their count.
struct Record {
  uint64_t id, turn;
};
constexpr uint64_t max_turn = UINT64_C(1) << 62; // in a state; above: made up

struct Balancer {
  Turns turns;
  uint32_t seats;
  bool several_lanes;
  bool built;
  uint64_t generation;
  uint32_t rows;
  Record *loaded; // handed over, by id, ascending: for nodes that come later
  size_t loaded_count;
};

// ---- the view ----

int by_id(const void *a, const void *b) {
  const uint64_t x = static_cast<const Record *>(a)->id, y = static_cast<const Record *>(b)->id;
  return (x > y) - (x < y);
}

/// When had a node its last turn, that this instance has not seen? As its predecessor knew; else it queues up behind
/// all others, so that who comes again and again gains nothing by it.
uint64_t turn_of(Balancer &me, uint64_t id) noexcept {
  const Record want = {id, 0};
  const Record *old =
      me.loaded_count
          ? static_cast<const Record *>(bsearch(&want, me.loaded, me.loaded_count, sizeof want, by_id))
          : nullptr;
  return old ? old->turn : me.turns.last();
}

/// Nodes that left keep their place in the ring until somebody else takes the seat: a flapping node is not put back
/// behind the others each time.
sy_status build(Balancer &me, sy_call &call) noexcept {
  const sy_nodes &nodes = *call.nodes;
  if (nodes.count > me.seats) return sy_fail(call.error, SY_E_ARG, "more rows than seat_limit");
  for (uint32_t r = 0; r < nodes.count; r++)
    if (nodes.seat[r] >= me.seats) return sy_fail(call.error, SY_E_ARG, "a seat beyond seat_limit");
  // Lanes and servers should not all begin with the same node.
  const uint32_t start = me.several_lanes && !me.built ? sy_below(&call, nodes.count) : 0;
  bool changed = false;
  me.turns.hide_all();
  for (uint32_t i = 0; i < nodes.count; i++) {
    const uint32_t r = i < nodes.count - start ? i + start : i - (nodes.count - start), s = nodes.seat[r];
    if (!me.turns.knows(s, nodes.id[r])) {
      me.turns.seat(s, nodes.id[r], turn_of(me, nodes.id[r]));
      changed = true;
    }
    me.turns.show(s, r);
  }
  if (changed) me.turns.settle();
  me.rows = nodes.count;
  me.generation = nodes.generation;
  me.built = true;
  return SY_OK;
}

sy_status prepare(void *self, sy_call *call) { return build(*static_cast<Balancer *>(self), *call); }

// ---- picking ----

/// Weight 0 means never, unless all that are left have it.
bool weights_count(const float *weight, const uint8_t *keep, uint32_t n) noexcept {
  for (uint32_t r = 0; weight && r < n; r++) // ends early, but in odd cases
    if (keep[r] && weight[r] > 0) return true;
  return false;
}

sy_status pick(void *self, sy_call *call, const sy_rows *rows, uint32_t *row) {
  Balancer &me = *static_cast<Balancer *>(self);
  const sy_nodes &nodes = *call->nodes;
  // prepare() comes first on each generation; this is for hosts that forget. It needs no memory either.
  if (!me.built || me.generation != nodes.generation || me.rows != nodes.count) {
    sy_status status = build(me, *call);
    if (status != SY_OK) return status;
  }
  const float *weight = weights_count(nodes.weight, rows->keep, nodes.count) ? nodes.weight : nullptr;
  uint32_t at = me.turns.first(), slots = 0;
  for (size_t j = 0; j < call->job_count; j++) {
    // Who was skipped need not be asked again for as many slots: `left` only shrinks.
    if (j == 0 || call->jobs[j]->slots != slots) {
      slots = call->jobs[j]->slots;
      at = me.turns.first();
    }
    while (at != me.turns.end()) {
      const uint32_t s = at, r = me.turns[s].row;
      at = me.turns.after(s);
      if (r == SY_NIL || !rows->keep[r] || rows->left[r] < slots || (weight && !(weight[r] > 0))) continue;
      rows->left[r] -= slots;
      row[j] = r;
      me.turns.done(s);
      if (at == me.turns.end()) at = s; // it was the last, and is again
      break;
    }
  }
  return SY_OK;
}

// ---- hand-over: version 1 is a uint64_t count, then so many records, by turn ----

sy_status save(void *self, sy_call *call, void *io, sy_status (*write)(void *, const void *, size_t)) {
  const Balancer &me = *static_cast<Balancer *>(self);
  Record piece[256];
  uint64_t count = 0;
  size_t n = 0;
  (void)call;
  for (uint32_t s = me.turns.first(); s != me.turns.end(); s = me.turns.after(s)) count++;
  sy_status status = write(io, &count, sizeof count);
  for (uint32_t s = me.turns.first(); s != me.turns.end() && status == SY_OK; s = me.turns.after(s)) {
    piece[n].id = me.turns[s].id;
    piece[n++].turn = me.turns[s].turn;
    if (n == sizeof piece / sizeof *piece || me.turns.after(s) == me.turns.end()) {
      status = write(io, piece, n * sizeof *piece);
      n = 0;
    }
  }
  return status;
}

sy_status load(void *self, sy_call *call, uint32_t version, const void *data, size_t size) {
  Balancer &me = *static_cast<Balancer *>(self);
  uint64_t count;
  if (version != 1) return sy_fail(call->error, SY_E_STATE, "state: only version 1 is accepted");
  if (!data || size < sizeof count) return sy_fail(call->error, SY_E_STATE, "state: too short");
  memcpy(&count, data, sizeof count);
  const size_t room = size - sizeof count;
  if (room % sizeof(Record) != 0 || count != room / sizeof(Record))
    return sy_fail(call->error, SY_E_STATE, "state: its length does not fit its count");
  Record *copy = static_cast<Record *>(malloc(room ? room : 1));
  if (!copy) return sy_fail(call->error, SY_E_INTERNAL, "out of memory");
  if (room) memcpy(copy, static_cast<const char *>(data) + sizeof count, room);
  uint64_t latest = 0;
  for (size_t i = 0; i < count; i++) {
    if (copy[i].turn > max_turn) {
      free(copy);
      return sy_fail(call->error, SY_E_STATE, "state: a turn out of range");
    }
    if (copy[i].turn > latest) latest = copy[i].turn;
  }
  qsort(copy, count, sizeof *copy, by_id);
  free(me.loaded);
  me.loaded = copy;
  me.loaded_count = count;
  me.turns.clear();
  me.turns.begin_after(latest);
  me.built = false;
  me.several_lanes = false; // there is an order: none is to be drawn
  return call->nodes ? build(me, *call) : SY_OK;
}

// ---- lifecycle ----

void destroy(void *self) {
  Balancer *me = static_cast<Balancer *>(self);
  if (!me) return;
  me->turns.destroy();
  free(me->loaded);
  free(me);
}

sy_status create(const sy_create *create, void **self, sy_error *error) {
  sy_config c = sy_config_open(create, error);
  sy_config_only(&c, "", "");
  if (c.status != SY_OK) return c.status;
  Balancer *me = static_cast<Balancer *>(calloc(1, sizeof *me));
  if (!me || !me->turns.create(create->seat_limit)) {
    destroy(me);
    return sy_fail(error, SY_E_INTERNAL, "out of memory");
  }
  me->seats = create->seat_limit;
  me->several_lanes = create->lanes > 1;
  *self = me;
  return SY_OK;
}

// ---- what this file offers ----

const sy_balancer balancer_extension = {sizeof balancer_extension, 0, pick};
const sy_prepare prepare_extension = {sizeof prepare_extension, 0, 0, prepare};
const sy_state state_extension = {sizeof state_extension, 1, 1, 0, save, load};

const void *get_extension(const char *id) {
  if (strcmp(id, SY_EXT_BALANCER) == 0) return &balancer_extension;
  if (strcmp(id, SY_EXT_PREPARE) == 0) return &prepare_extension;
  if (strcmp(id, SY_EXT_STATE) == 0) return &state_extension;
  return nullptr;
}

const char schema[] =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false})";

const sy_plugin plugin = {
    sizeof plugin,                        // size
    SY_ABI_MINOR,                         // abi_minor
    SY_F_UNLOADABLE | SY_F_DETERMINISTIC, // flags
    "switchyard.round-robin",             // id
    "Round robin",                        // name
    "0.1.0",                              // version
    "Switchyard",                         // vendor
    "Apache-2.0",                         // license
    schema,                               // config_schema
    create,                               // create
    nullptr,                              // activate
    nullptr,                              // deactivate
    destroy,                              // destroy
    get_extension,                        // get_extension
    nullptr,                              // shutdown
    nullptr,                              // next
};

} // namespace
} // namespace round_robin

const sy_plugin *switchyard_plugin_v1(const sy_host *) { return &round_robin::plugin; }
