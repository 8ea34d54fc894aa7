// What carries context through apps and comes back from them: baggage, our tracestate member, ids
// and patterns of SPIFFE ids. The first byte chooses one; what holds for every input is checked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/context_value.h"
#include "proxy/base/strings.h"
#include "proxy/context/baggage.h"
#include "proxy/context/state_member.h"
#include "proxy/match/spiffe_pattern.h"
#include "proxy/observe/uuid.h"

namespace woad {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool fit(const ContextValues& values) {
  return (values.color.empty() || valid_context_value(values.color)) &&
         (values.tenant.empty() || valid_context_value(values.tenant)) &&
         values.color != kBaseColor;
}

// The lines of `text` as fields of baggage among others.
void fill(Headers& headers, std::string_view text) {
  headers.add("host", "h");
  while (!text.empty()) {
    const size_t end = text.find('\n');
    headers.add("baggage", text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

// Members that are not ours, in order.
std::vector<std::string> others(const Headers& headers) {
  std::vector<std::string> found;
  for (const Header& field : headers) {
    if (field.id != HeaderId::kBaggage) continue;
    for_each_list_item(field.value, [&](std::string_view item) {
      const std::string_view key = trim(item.substr(0, item.find('=')));
      if (key != "woad.color" && key != "woad.tenant") found.emplace_back(item);
      return true;
    });
  }
  return found;
}

void baggage(std::string_view text) {
  ArenaPool pool;
  Arena arena(pool);
  Headers headers(arena);
  fill(headers, text);
  const auto foreign = others(headers);
  const BaggageRead read = read_baggage(headers);
  require(fit(read.values));
  require(read.readable || read.values.empty());

  Headers planted(arena);
  planted.copy_from(headers);
  const ContextValues values{"red.alice", text.size() % 2 == 0 ? "acme" : ""};
  const bool result = plant_baggage(planted, values);
  require(read.readable || !result);
  const BaggageRead again = read_baggage(planted);
  require(!again.bad_value);
  if (result) require(again.readable && others(planted) == foreign);
  require(again.values == (result ? values : ContextValues()));

  (void)strip_baggage(headers);
  require(!strip_baggage(headers));
  require(read_baggage(headers).values.empty());
}

void state_member(std::string_view text) {
  ArenaPool pool;
  Arena arena(pool);
  const StateMember read = parse_state_member(text, arena);
  require(fit(read.values));
  if (read.values.empty()) return;
  const StateMember again = parse_state_member(write_state_member(read.values, arena), arena);
  require(!again.bad && again.values == read.values);
}

void uuid(std::string_view text) {
  ArenaPool pool;
  Arena arena(pool);
  const auto parsed = parse_uuid(text);
  if (parsed) require(show(*parsed, arena) == text);
}

// A pattern and, behind a line end, an id.
void pattern(std::string_view text) {
  const size_t end = text.find('\n');
  const std::string_view first = text.substr(0, end);
  const auto parsed = SpiffePattern::parse(first);
  if (!parsed) {
    require(!parsed.error().message.empty());
    return;
  }
  if (end != std::string_view::npos) {
    const std::string_view id = text.substr(end + 1);
    if (parsed->matches(id)) require(SpiffePattern::parse(id) && id.find('*') == id.npos);
  }
  if (first.find('*') == std::string_view::npos) {
    require(parsed->matches(first));
    require(!parsed->matches(std::string(first) + "/x"));
    return;
  }
  require(!parsed->matches(first));
  std::string id;  // each glob as one segment
  for (size_t i = 0; i < first.size(); ++i) {
    if (first[i] != '*') id += first[i];
    if (first[i] == '*' && first[i - 1] != '*') id += 'x';
  }
  require(id.size() > 2048 || parsed->matches(id));
}

}  // namespace
}  // namespace woad

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'b': woad::baggage(text); break;
    case 's': woad::state_member(text); break;
    case 'u': woad::uuid(text); break;
    case 'p': woad::pattern(text); break;
    default: break;
  }
  return 0;
}
