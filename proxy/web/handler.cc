#include "proxy/web/handler.h"

namespace woad {

SharedBody share_body(BlockPool& blocks, std::string_view bytes) {
  return std::make_shared<Buffer>(blocks, bytes);
}

WebResponse refuse(int status, std::string_view code, const std::string& why) {
  WebResponse response{.status = status,
                       .body = std::string(code) + ": " + why + ".\n",
                       .headers = {{"x-woad-error", std::string(code)}}};
  if (status == 503) response.headers.emplace_back("retry-after", "5");
  return response;
}

}  // namespace woad
