// Changes a text in places, so that it says something else and keeps the rest byte for byte:
// comments, quotes, the way numbers are written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/yaml/difference.h"
#include "proxy/yaml/node.h"
#include "proxy/yaml/splice.h"

namespace woad::yaml {

// Why a text cannot be changed so, and where.
struct Obstacle {
  size_t at;
  std::string message;
  std::string hint;
};

class Rewriter {
 public:
  // From read(), of which the nodes below are as well; outlives the rewriter.
  explicit Rewriter(std::string_view text);

  // `difference` is that of to_value(root) and another value, in which an entry of
  // the root is left; once a document. Where an alias
  // stands in the way, its value is written out. Nothing: it is done. An obstacle is what comes by
  // `<<` from elsewhere and would have to go, or an alias elsewhere that would change with this.
  std::optional<Obstacle> change(const Node& root, const Difference& difference);

  std::string text() const;

 private:
  struct Splice {
    Range range;
    std::string text;
  };
  class Places;

  void edit(const Node& node, const Difference& difference, size_t limit);
  void edit_entry(const Node& node, const Edit& edit, const Places& places, size_t entry);
  void replace(const Node& node, const Edit& edit, const Places& places, size_t entry);
  void edit_within(const Node& node, const Edit& edit, const Places& places, size_t entry);
  void write_out(const Node& node, const Edit& edit, const Places& places, size_t entry);
  void splice(Range range, std::string text);
  std::optional<Obstacle> broken_alias(const Node& root, size_t first_splice) const;

  std::string_view text_;
  bool crlf_;  // how the text's first line ends; new ones end so as well
  std::vector<Splice> splices_;
  // Of one document: the first byte and kind of what changed in place, and the first obstacle.
  std::vector<std::pair<size_t, Node::Kind>> changed_;
  std::optional<Obstacle> obstacle_;
};

}  // namespace woad::yaml
