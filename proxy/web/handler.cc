#include "proxy/web/handler.h"

namespace woad {

SharedBody share_body(BlockPool& blocks, std::string_view bytes) {
  auto body = std::make_shared<Buffer>();
  body->append(blocks, bytes);
  return body;
}

}  // namespace woad
