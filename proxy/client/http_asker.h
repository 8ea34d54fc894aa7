// To ask somebody in HTTP: what those who ask need of a client, and all that their tests need to
// stand in for.
//
// One thread, the loop's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/time.h"
#include "proxy/http/message.h"

namespace woad {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";                                    // path and query
  std::vector<std::pair<std::string, std::string>> headers{};  // lower-case names
  std::string body{};
  // From the call to the end of the answer, connecting included; zero: no end, as of a watch.
  Duration timeout = seconds(10);
};

// Hears of one answer, piece by piece, from the loop. Each call may destroy the HttpCall.
class HttpSink {
 public:
  // The final head; its fields are good during the call alone.
  virtual void on_head(const ResponseHead& head) = 0;
  virtual void on_body(std::string_view piece) = 0;
  // Exactly one of these is last. `why`: a sentence without a final dot, with the address where
  // one is known, such as "10.0.0.1:2379: connection refused" or "no answer within 10s".
  virtual void on_end() = 0;
  virtual void on_failed(std::string why) = 0;

 protected:
  ~HttpSink() = default;
};

// A request under way; destroying it gives up, and no event comes afterwards.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
};

// A whole answer.
struct HttpAnswer {
  int status = 0;     // 0: there was none
  std::string why{};  // "": it is whole; else why it is not
  std::vector<std::pair<std::string, std::string>> headers{};  // lower-case names
  std::string body{};

  // The first value of a field (lower-case name); "" without one.
  std::string_view header(std::string_view name) const;
};

class HttpAsker {
 public:
  using Done = std::function<void(HttpAnswer)>;

  // It outlives its calls; the sink outlives the call. No event comes from inside this function.
  virtual std::unique_ptr<HttpCall> stream(HttpRequest request, HttpSink& sink) = 0;
  // The same with the answer as a whole: of one whose body is over `most` bytes there are status
  // and headers, and `why`. `done` is called once and may destroy the call, and the client.
  virtual std::unique_ptr<HttpCall> ask(HttpRequest request, size_t most, Done done) = 0;

 protected:
  ~HttpAsker() = default;
};

}  // namespace woad
