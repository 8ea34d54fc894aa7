#include "proxy/admin/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <thread>

#include "proxy/base/strings.h"
#include "proxy/net/socket.h"

namespace woad {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Duration kPollEvery = milliseconds(50);
constexpr Duration kOneRequest = seconds(2);
constexpr size_t kMaxReply = 1 << 20;

// False when the time is over.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wanted{fd, events, 0};
    const int ready = poll(&wanted, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::optional<std::string> connect_to(int fd, const Address& address, Clock::time_point deadline) {
  if (connect(fd, address.raw(), address.raw_size()) == 0) return std::nullopt;
  if (errno != EINPROGRESS) return error_words(errno);
  if (!wait_for(fd, POLLOUT, deadline)) return "timed out";
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return error_words(error);
  return std::nullopt;
}

std::optional<std::string> send_all(int fd, std::string_view text, Clock::time_point deadline) {
  while (!text.empty()) {
    const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      text.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!wait_for(fd, POLLOUT, deadline)) return "timed out";
    } else {
      return error_words(errno);
    }
  }
  return std::nullopt;
}

std::optional<std::string> read_to_end(int fd, std::string& text, Clock::time_point deadline) {
  std::array<char, 4096> piece;
  while (text.size() < kMaxReply) {
    const ssize_t got = recv(fd, piece.data(), piece.size(), 0);
    if (got == 0) return std::nullopt;
    if (got > 0) {
      text.append(piece.data(), static_cast<size_t>(got));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!wait_for(fd, POLLIN, deadline)) return "timed out";
    } else {
      return error_words(errno);
    }
  }
  return "the answer is too long";
}

// The answers of our own server alone: a status line, fields, the body up to the end.
std::optional<AdminReply> parse_reply(std::string_view text) {
  constexpr std::string_view kStart = "HTTP/1.1 ";
  const size_t end = text.find("\r\n\r\n");
  if (!text.starts_with(kStart) || end == std::string_view::npos) return std::nullopt;
  const auto status = parse_decimal(text.substr(kStart.size(), 3));
  if (!status) return std::nullopt;
  return AdminReply{static_cast<int>(*status), std::string(text.substr(end + 4))};
}

}  // namespace

Result<AdminReply> ask_admin(const Address& address, std::string_view method,
                             std::string_view target, Duration limit) {
  const auto deadline = Clock::now() + limit;
  const std::string name = address.to_string();
  const Fd socket_fd(
      socket(address.raw()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_fd.valid()) return Error{error_words(errno)};
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nhost: ").append(name);
  request.append("\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  std::string text;
  auto failed = connect_to(socket_fd.get(), address, deadline);
  if (!failed) failed = send_all(socket_fd.get(), request, deadline);
  if (!failed) failed = read_to_end(socket_fd.get(), text, deadline);
  if (failed) return Error{name + ": " + *failed};
  auto reply = parse_reply(text);
  if (!reply) return Error{name + " does not answer as woad does"};
  return std::move(*reply);
}

Result<void> wait_until_ready(const Address& address, Duration limit) {
  const auto deadline = Clock::now() + limit;
  std::string last = "was never asked";
  for (;;) {
    const Duration left = deadline - Clock::now();
    if (left <= Duration(0)) return Error{last};
    const auto reply = ask_admin(address, "GET", "/readyz", std::min(left, kOneRequest));
    if (reply && reply->status == 200) return {};
    if (reply) {
      last = address.to_string() + " answered " + std::to_string(reply->status) + ": " +
             std::string(first_line(reply->body));
    } else {
      last = reply.error().message;
    }
    std::this_thread::sleep_for(
        std::min(kPollEvery, std::max(Duration(0), Duration(deadline - Clock::now()))));
  }
}

}  // namespace woad
