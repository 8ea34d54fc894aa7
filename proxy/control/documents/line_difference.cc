#include "proxy/control/documents/line_difference.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace woad::control {
namespace {

constexpr size_t kAround = 3;
// Steps of a way; memory grows by their square.
constexpr int64_t kMostSteps = 2000;

using LineList = std::vector<std::string_view>;

LineList lines_of(std::string_view text) {
  LineList lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// A line of the one, of the other, or of both.
struct Edit {
  char sign;  // ' ', '-', '+'
  std::string_view line;
};

// The shortest way from one list to the other: E. Myers, "An O(ND) Difference Algorithm and Its
// Variations", 1986, section 4.
class Way {
 public:
  Way(const LineList& before, const LineList& after) : a_(before), b_(after) {}

  std::vector<Edit> find() {
    const auto most = std::min(static_cast<int64_t>(a_.size() + b_.size()), kMostSteps);
    std::vector<int64_t> furthest(static_cast<size_t>(2 * most + 3), 0);
    const auto at = [&](int64_t diagonal) -> int64_t& {
      return furthest[static_cast<size_t>(diagonal + most + 1)];
    };
    for (int64_t steps = 0; steps <= most; ++steps) {
      const auto begin = furthest.begin() + (most + 1 - steps - 1);
      trace_.emplace_back(begin, begin + 2 * steps + 3);
      for (int64_t diagonal = -steps; diagonal <= steps; diagonal += 2) {
        const bool down =
            diagonal == -steps || (diagonal != steps && at(diagonal - 1) < at(diagonal + 1));
        int64_t x = down ? at(diagonal + 1) : at(diagonal - 1) + 1;
        while (same(x, x - diagonal)) ++x;
        at(diagonal) = x;
        if (x >= size(a_) && x - diagonal >= size(b_)) return back(steps);
      }
    }
    return replaced();
  }

 private:
  static int64_t size(const LineList& list) { return static_cast<int64_t>(list.size()); }
  std::string_view before(int64_t x) const { return a_[static_cast<size_t>(x)]; }
  std::string_view after(int64_t y) const { return b_[static_cast<size_t>(y)]; }
  bool same(int64_t x, int64_t y) const {
    return x < size(a_) && y < size(b_) && before(x) == after(y);
  }

  // Along what each step could reach, from the end.
  std::vector<Edit> back(int64_t steps) const {
    std::vector<Edit> edits;
    int64_t x = size(a_);
    int64_t y = size(b_);
    for (; steps >= 0; --steps) {
      const auto& reached = trace_[static_cast<size_t>(steps)];
      const auto at = [&](int64_t diagonal) {
        return reached[static_cast<size_t>(diagonal + steps + 1)];
      };
      const int64_t diagonal = x - y;
      const bool down =
          diagonal == -steps || (diagonal != steps && at(diagonal - 1) < at(diagonal + 1));
      const int64_t from_x = steps == 0 ? 0 : down ? at(diagonal + 1) : at(diagonal - 1);
      const int64_t from_y = steps == 0 ? 0 : from_x - (down ? diagonal + 1 : diagonal - 1);
      while (x > from_x && y > from_y) {
        edits.push_back({' ', before(--x)});
        --y;
      }
      if (steps == 0) break;
      edits.push_back(down ? Edit{'+', after(--y)} : Edit{'-', before(--x)});
    }
    std::reverse(edits.begin(), edits.end());
    return edits;
  }

  std::vector<Edit> replaced() const {
    std::vector<Edit> edits;
    for (const auto line : a_) edits.push_back({'-', line});
    for (const auto line : b_) edits.push_back({'+', line});
    return edits;
  }

  const LineList& a_;
  const LineList& b_;
  std::vector<std::vector<int64_t>> trace_;
};

// All lines, those at both ends that are the same without a search.
std::vector<Edit> edits_of(const LineList& before, const LineList& after) {
  const auto head = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const auto tail = std::mismatch(before.rbegin(), std::make_reverse_iterator(head.first),
                                  after.rbegin(), std::make_reverse_iterator(head.second));
  std::vector<Edit> edits;
  for (auto at = before.begin(); at != head.first; ++at) edits.push_back({' ', *at});
  const LineList a(head.first, tail.first.base());
  const LineList b(head.second, tail.second.base());
  const auto changed = Way(a, b).find();
  edits.insert(edits.end(), changed.begin(), changed.end());
  for (auto at = tail.first.base(); at != before.end(); ++at) edits.push_back({' ', *at});
  return edits;
}

// Numbers the lines of a part of the edits.
std::string header_of(const std::vector<Edit>& edits, size_t begin, size_t end) {
  size_t before = 0;
  size_t after = 0;
  const auto count = [&](size_t from, size_t to) {
    before = after = 0;
    for (size_t i = from; i < to; ++i) {
      before += edits[i].sign != '+';
      after += edits[i].sign != '-';
    }
  };
  count(0, begin);
  const size_t lines[] = {before, after};
  count(begin, end);
  const auto range = [](size_t passed, size_t length) {
    return std::to_string(passed + (length > 0 ? 1 : 0)) + "," + std::to_string(length);
  };
  return "@@ -" + range(lines[0], before) + " +" + range(lines[1], after) + " @@\n";
}

}  // namespace

std::string line_difference(std::string_view before, std::string_view after) {
  const auto edits = edits_of(lines_of(before), lines_of(after));
  const auto changed = [&](size_t i) { return i < edits.size() && edits[i].sign != ' '; };
  std::string out;
  for (size_t at = 0; at < edits.size(); ++at) {
    if (!changed(at)) continue;
    const size_t begin = at - std::min(at, kAround);
    size_t end = at + 1;  // behind the last change that is near enough
    for (size_t i = end; i < edits.size() && i < end + 2 * kAround; ++i) {
      if (changed(i)) end = i + 1;
    }
    at = end - 1;
    end = std::min(end + kAround, edits.size());
    out += header_of(edits, begin, end);
    for (size_t i = begin; i < end; ++i) {
      out += edits[i].sign;
      out += edits[i].line;
      if (!edits[i].line.ends_with('\n')) out += '\n';
    }
  }
  return out;
}

}  // namespace woad::control
