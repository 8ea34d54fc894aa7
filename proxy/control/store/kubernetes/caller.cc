#include "proxy/control/store/kubernetes/caller.h"

#include <utility>

namespace woad::control::kubernetes {
namespace {

std::string prefix_of(std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

}  // namespace

Caller::Caller(Scheduler& scheduler, std::shared_ptr<HttpAsker> client, const Access& access)
    : scheduler_(scheduler),
      client_(std::move(client)),
      prefix_(prefix_of(access.origin.target)),
      token_file_(access.token_file),
      token_(access.token) {}

HttpRequest Caller::as_us(HttpRequest request) {
  read_token();
  request.target = prefix_ + request.target;
  if (!token_.empty()) request.headers.emplace_back("authorization", "Bearer " + token_);
  return request;
}

// A file that cannot be read, or holds nothing: the token before may still be good.
void Caller::read_token() {
  const MonoTime now = scheduler_.now();
  if (token_file_.empty() || (read_ != MonoTime::min() && now - read_ < kReadAgain)) return;
  read_ = now;
  const auto file = read_pem_file(token_file_);
  std::string token = file ? first_line(file->text) : std::string();
  if (!token.empty()) token_ = std::move(token);
}

}  // namespace woad::control::kubernetes
