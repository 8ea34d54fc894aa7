// What answers the requests of a WebServer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/buffer.h"
#include "proxy/base/scheduler.h"
#include "proxy/http/message.h"

namespace woad {

// Who asks.
struct WebCaller {
  enum class Kind : uint8_t {
    kUnknown,   // TLS without a SPIFFE id, or plaintext from elsewhere
    kLocal,     // plaintext over loopback
    kWorkload,  // mutual TLS
  };
  Kind kind = Kind::kUnknown;
  std::string id{};  // of a workload: its SPIFFE id
};

// All of it is used during the call alone, but for the body, which may be moved away.
struct WebRequest {
  const RequestHead& head;
  std::string body;
  const WebCaller& caller;
};

// A body that is held once, however many clients are still reading it. The loop's thread.
using SharedBody = std::shared_ptr<const Buffer>;
SharedBody share_body(BlockPool& blocks, std::string_view bytes);

// A body that goes on until its end or until the client goes; destroying it frees everything behind
// it. It is asked for the next piece only when the client has room, so nothing piles up.
class WebBody {
 public:
  virtual ~WebBody() = default;
  // Once, before the first read(). `on_more` is called from the loop, never inside a call of this,
  // when a read() that found nothing is out of date; it does not destroy the body.
  virtual void start(Scheduler& scheduler, std::function<void()> on_more) = 0;
  // Appends the next piece, some KiB at most; nothing when there is none now. False: that was all.
  virtual bool read(std::string& out) = 0;
};

struct WebResponse {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";  // static storage
  std::string body{};
  SharedBody shared{};                // instead of `body`
  std::unique_ptr<WebBody> stream{};  // instead of both; over HTTP/1 the connection ends with it
  // Names in static storage, lower-case.
  std::vector<std::pair<std::string_view, std::string>> headers{};
  bool last = false;  // the connection ends with this answer
};

inline WebResponse plain(int status, std::string body) {
  return {.status = status, .body = std::move(body)};
}
// One that is an error, as config/reference.md says them ("Errors"): x-woad-error and a sentence.
// `code`: static storage; `why`: without a final dot. 503 says when to come again.
WebResponse refuse(int status, std::string_view code, const std::string& why);

// An answer that comes later; dropped when it was given or when the client has gone.
class WebPending {
 public:
  virtual ~WebPending() = default;
};

// Called on the loop of its server, which it outlives.
class WebHandler {
 public:
  using Done = std::function<void(WebResponse)>;

  // Calls `done` once, now or later, from the loop. What it returns lives until a moment after the
  // answer or the client's end, whichever is first; nullptr: it need not hear of either.
  virtual std::unique_ptr<WebPending> answer(WebRequest request, Done done) = 0;

 protected:
  ~WebHandler() = default;
};

}  // namespace woad
