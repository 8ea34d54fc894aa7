// A server that answers what the test says, when the test says it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/base/arena.h"
#include "proxy/client/http_asker.h"

namespace woad::test {

class FakeAsker final : public HttpAsker {
 public:
  // One request. The asker outlives whoever asks.
  struct Asked {
    HttpRequest request;
    Done done{};               // of a whole answer
    HttpSink* sink = nullptr;  // of a stream
    bool open = true;          // nobody has given it up

    std::string_view header(std::string_view name) const {
      for (const auto& [each, value] : request.headers) {
        if (each == name) return value;
      }
      return {};
    }
    void answer(int status, std::string body) {
      const Done then = std::move(done);
      then({.status = status, .body = std::move(body)});
    }
    void fail(std::string why) {
      const Done then = std::move(done);
      then({.why = std::move(why)});
    }
    void head(int status = 200) {
      ArenaPool pool;
      Arena arena(pool);
      ResponseHead head(arena);
      head.status = status;
      sink->on_head(head);
    }
  };

  std::unique_ptr<HttpCall> stream(HttpRequest request, HttpSink& sink) override {
    return std::make_unique<Call>(all.emplace_back(Asked{std::move(request), {}, &sink}));
  }
  std::unique_ptr<HttpCall> ask(HttpRequest request, size_t, Done done) override {
    return std::make_unique<Call>(all.emplace_back(Asked{std::move(request), std::move(done)}));
  }

  Asked& last() { return all.back(); }
  // The newest that is open and whose target begins so; nullptr: there is none.
  Asked* find(std::string_view target) {
    for (auto each = all.rbegin(); each != all.rend(); ++each) {
      if (each->open && each->request.target.starts_with(target)) return &*each;
    }
    return nullptr;
  }

  std::deque<Asked> all;

 private:
  struct Call final : HttpCall {
    explicit Call(Asked& of) : asked(of) {}
    ~Call() override { asked.open = false; }
    Asked& asked;
  };
};

}  // namespace woad::test
