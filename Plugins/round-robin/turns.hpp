// Whose turn is it? Nodes in a ring, by when each had its last turn: the front has waited longest.
//
// The usual round robin keeps a position and adds one. When it must skip (a filter, a full node), the next in the row
// gets the skipped one's share as well; when jobs of different masks alternate, some never have a turn. Here each has
// its own turn: whoever may be picked and has waited longest is next, whatever was skipped before.
#ifndef TURNS_HPP
#define TURNS_HPP
#include <stdlib.h>
#include <switchyard/plugin.h>

namespace round_robin {
namespace { // one file includes this, and nothing of it is to be exported

/// A node at its seat. A seat without a node is in no ring.
struct Seat {
  uint64_t id;
  uint64_t turn;       // when it had its last one: a count that no lifetime exhausts
  uint32_t next, prev; // in the ring, by turn
  uint32_t row;        // SY_NIL: not in the view now; it keeps its place all the same
  uint32_t known;      // 0: nobody's yet
};

class Turns {
 public:
  /// Memory for so many seats; false if there is none.
  bool create(uint32_t seats) noexcept {
    end_ = seats;
    seat_ = static_cast<Seat *>(calloc(static_cast<size_t>(seats) + 1, sizeof(Seat)));
    order_ = static_cast<uint32_t *>(calloc(static_cast<size_t>(seats) + 1, sizeof(uint32_t)));
    if (!seat_ || !order_) return false;
    clear();
    return true;
  }

  void destroy() noexcept {
    free(seat_);
    free(order_);
  }

  void clear() noexcept {
    for (uint32_t s = 0; s <= end_; s++) seat_[s].known = 0;
    seat_[end_].next = seat_[end_].prev = end_;
    now_ = 0;
  }

  /// New turns are later than this one: after clear().
  void begin_after(uint64_t turn) noexcept { now_ = turn; }

  /// Seats from the front: for (s = first(); s != end(); s = after(s)).
  uint32_t first() const noexcept { return seat_[end_].next; }
  uint32_t end() const noexcept { return end_; }
  uint32_t after(uint32_t s) const noexcept { return seat_[s].next; }
  const Seat &operator[](uint32_t s) const noexcept { return seat_[s]; }

  bool knows(uint32_t s, uint64_t id) const noexcept { return seat_[s].known && seat_[s].id == id; }

  void hide_all() noexcept {
    for (uint32_t s = 0; s < end_; s++) seat_[s].row = SY_NIL;
  }

  void show(uint32_t s, uint32_t row) noexcept { seat_[s].row = row; }

  /// A node takes the seat. In no ring before settle().
  void seat(uint32_t s, uint64_t id, uint64_t turn) noexcept {
    seat_[s].id = id;
    seat_[s].turn = turn;
    seat_[s].known = 1;
  }

  /// Behind all others.
  uint64_t last() noexcept { return ++now_; }

  /// Brings the ring in order: after seat().
  void settle() noexcept {
    uint32_t n = 0, at = end_;
    for (uint32_t s = 0; s < end_; s++)
      if (seat_[s].known) order_[n++] = s;
    sort(n);
    for (uint32_t i = 0; i < n; i++) {
      seat_[at].next = order_[i];
      seat_[order_[i]].prev = at;
      at = order_[i];
    }
    seat_[at].next = end_;
    seat_[end_].prev = at;
  }

  /// It has had its turn.
  void done(uint32_t s) noexcept {
    Seat &me = seat_[s];
    me.turn = last();
    if (me.next == end_) return;
    seat_[me.prev].next = me.next;
    seat_[me.next].prev = me.prev;
    me.prev = seat_[end_].prev;
    me.next = end_;
    seat_[me.prev].next = s;
    seat_[end_].prev = s;
  }

 private:
  Seat *seat_;
  uint32_t *order_;
  uint32_t end_; // the ring's beginning and end: a seat behind all others
  uint64_t now_;

  bool earlier(uint32_t a, uint32_t b) const noexcept {
    return seat_[a].turn != seat_[b].turn ? seat_[a].turn < seat_[b].turn : seat_[a].id < seat_[b].id;
  }

  /// Heap sort: in place, and never slow, whatever the order was.
  void sort(uint32_t n) noexcept {
    for (uint32_t i = n / 2; i > 0; i--) sift(i - 1, n);
    for (uint32_t i = n; i > 1; i--) {
      const uint32_t top = order_[0];
      order_[0] = order_[i - 1];
      order_[i - 1] = top;
      sift(0, i - 1);
    }
  }

  void sift(uint32_t at, uint32_t n) noexcept {
    const uint32_t moved = order_[at];
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
      if (child + 1 < n && earlier(order_[child], order_[child + 1])) child++;
      if (!earlier(moved, order_[child])) break;
      order_[at] = order_[child];
    }
    order_[at] = moved;
  }
};

} // namespace
} // namespace round_robin
#endif
