#include "proxy/control/store/kubernetes/caller.h"

#include <utility>

#include "proxy/net/tls/digest.h"

namespace woad::control::kubernetes {
namespace {

std::string prefix_of(std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

// SHA-256 of what they hold; one that cannot be read holds nothing.
std::string digest_of(const std::vector<std::string>& files) {
  std::string all;
  for (const std::string& path : files) {
    const auto file = read_pem_file(path);
    all += sha256(file ? file->text : std::string());
  }
  return all;
}

}  // namespace

Caller::Caller(Scheduler& scheduler, std::shared_ptr<HttpAsker> client, Access access,
               Renewal renewal)
    : scheduler_(scheduler),
      client_(std::move(client)),
      prefix_(prefix_of(access.origin.target)),
      access_(std::move(access)),
      renewal_(std::move(renewal)),
      files_(digest_of(access_.files)) {}

HttpRequest Caller::as_us(HttpRequest request) {
  read_again();
  request.target = prefix_ + request.target;
  if (!access_.token.empty()) {
    request.headers.emplace_back("authorization", "Bearer " + access_.token);
  }
  return request;
}

void Caller::read_again() {
  const MonoTime now = scheduler_.now();
  if (read_ != MonoTime::min() && now - read_ < kReadAgain) return;
  read_ = now;
  if (renewal_.read) renew();
  if (!access_.token_file.empty()) read_token();
}

// What does not hold, or is half written, is looked at again; what was there before is kept.
void Caller::renew() {
  std::string files = digest_of(access_.files);
  if (files == files_) return;
  auto access = renewal_.read();
  if (!access) return;
  // The token of a file may not be readable now.
  if (access->token.empty() && !access->token_file.empty()) access->token = access_.token;
  access_ = std::move(*access);
  files_ = digest_of(access_.files);
  if (access_.tls != nullptr) renewal_.use(access_.tls);
}

// A file that cannot be read, or holds nothing: the token before may still be good.
void Caller::read_token() {
  const auto file = read_pem_file(access_.token_file);
  std::string token = file ? first_line(file->text) : std::string();
  if (!token.empty()) access_.token = std::move(token);
}

}  // namespace woad::control::kubernetes
