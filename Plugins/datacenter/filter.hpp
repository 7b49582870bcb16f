// What an instance of the filter holds: its configuration, and what it derived from the view.
#ifndef FILTER_HPP
#define FILTER_HPP
#include "site_table.hpp"

namespace datacenter {
namespace { // one file includes this, and nothing of it is to be exported

enum : uint32_t { max_listed = 64 };

enum class JobSite { prefer, require, ignore };
enum class Labels { location, all, none };
enum class Unknown { refuse, accept };

struct Listed {
  uint32_t site; // interned
  uint32_t rank;
};

struct Filter {
  const sy_host *host;
  // configuration
  Listed listed[2 * max_listed];
  uint32_t listed_count;
  JobSite job_site;
  Labels labels;
  Unknown unknown;
  bool spill;
  // interned
  uint32_t key_site, key_rack, key_version;
  // who logs and counts: one lane of them
  bool speaks;
  uint32_t failovers;
  // derived from the view
  uint32_t capacity, rows;
  uint8_t *level; // by row, padded to 64
  uint64_t generation;
  bool built, ordered; // ordered: somebody said which sites are active
  uint8_t now;         // the level that is used
  SiteTable table, fresh;
  uint32_t gathered; // how many sites of the table gather() knew
};

} // namespace
} // namespace datacenter
#endif
