// Changes a text in places, so that it says something else and keeps the rest byte for byte:
// comments, quotes, the way numbers are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/yaml/difference.h"
#include "proxy/yaml/node.h"
#include "proxy/yaml/splice.h"

namespace woad::yaml {

class Rewriter {
 public:
  // From read(), of which the nodes below are as well; outlives the rewriter.
  explicit Rewriter(std::string_view text) : text_(text) {}

  // `difference` is that of to_value(root) and another value, in which an entry of
  // the root is left; once a document. Where an alias
  // stands in the way, its value is written out. The error names what cannot be taken out, as it
  // comes by `<<` from elsewhere.
  Result<void> change(const Node& root, const Difference& difference);

  std::string text() const;

 private:
  struct Splice {
    Range range;
    std::string text;
  };
  class Places;

  Result<void> edit(const Node& node, const Difference& difference, size_t limit);
  Result<void> edit_within(const Node& node, const Edit& edit, const Places& places, size_t entry);
  void splice(Range range, std::string text);

  std::string_view text_;
  std::vector<Splice> splices_;
};

}  // namespace woad::yaml
