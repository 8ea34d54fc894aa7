// A context table with a clock of its own.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/context/table.h"

namespace woad {

struct TableRig {
  explicit TableRig(ContextTable::Limits limits = {}) : table(42, limits) {}

  ContextKey trace(uint64_t number) const { return table.trace_key({7, number}); }
  ContextKey request(uint64_t number) const {
    return table.header_key("x-request-id", std::to_string(number));
  }
  ContextTable::Ticket record(std::vector<ContextKey> ids, const ContextRecord& record) {
    return table.record(ids, record, now);
  }
  ContextTable::Ticket record(std::vector<ContextKey> ids, std::string_view color) {
    return table.record(ids, {.values = {color, ""}}, now);
  }
  void contradict(std::vector<ContextKey> ids) { table.contradict(ids, now); }

  ContextLookup find(ContextKey id) { return table.find(id, arena, now); }
  // "-": unknown; "?": ambiguous; else the colour.
  std::string color(ContextKey id) {
    const ContextLookup lookup = find(id);
    if (lookup.kind == ContextLookup::Kind::kMiss) return "-";
    if (lookup.kind == ContextLookup::Kind::kAmbiguous) return "?";
    return std::string(lookup.record.values.color);
  }
  void pass(Duration time) { now += time; }

  ArenaPool pool;
  Arena arena{pool};
  ContextTable table;
  MonoTime now{hours(1000)};
};

}  // namespace woad
