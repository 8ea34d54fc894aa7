// A server that answers what the test says, when the test says it.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/arena.h"
#include "proxy/base/base64.h"
#include "proxy/base/scheduler.h"
#include "proxy/control/store/etcd/etcd_feed.h"

namespace woad::control::test {

class FakeEtcd final : public HttpAsker {
 public:
  struct Asked;
  struct Call final : HttpCall {
    explicit Call(Asked& by) : asked(&by) { by.call = this; }
    ~Call() override {
      if (asked != nullptr) asked->call = nullptr;
    }
    Asked* asked;
  };
  struct Asked {
    Asked(HttpRequest with, Done then, HttpSink* to)
        : request(std::move(with)), done(std::move(then)), sink(to) {}
    ~Asked() {
      if (call != nullptr) call->asked = nullptr;
    }
    bool given_up() const { return call == nullptr; }

    HttpRequest request;
    Done done;
    HttpSink* sink;
    Call* call = nullptr;
  };

  std::unique_ptr<HttpCall> stream(HttpRequest request, HttpSink& sink) override {
    return std::make_unique<Call>(all.emplace_back(std::move(request), Done(), &sink));
  }
  std::unique_ptr<HttpCall> ask(HttpRequest request, size_t, Done done) override {
    return std::make_unique<Call>(all.emplace_back(std::move(request), std::move(done), nullptr));
  }

  // The newest call that is still waited for, and that goes there.
  Asked& open(std::string_view target) {
    for (auto each = all.rbegin(); each != all.rend(); ++each) {
      if (!each->given_up() && each->request.target == target) return *each;
    }
    WOAD_ASSERT(false);
    return all.front();
  }
  size_t count_open() const {
    size_t count = 0;
    for (const Asked& each : all) count += each.given_up() ? 0 : 1;
    return count;
  }

  void answer(std::string_view target, std::string body, int status = 200) {
    const Done done = open(target).done;
    done({.status = status, .body = std::move(body)});
  }
  void fail(std::string_view target, const std::string& why) {
    const Done done = open(target).done;
    done({.why = why});
  }
  // Of the watch.
  void head(int status = 200) {
    ArenaPool arenas;
    Arena arena(arenas);
    ResponseHead head(arena);
    head.status = status;
    watch().on_head(head);
  }
  void line(const std::string& text) { watch().on_body(text + "\n"); }
  HttpSink& watch() { return *open("/v3/watch").sink; }

  std::deque<Asked> all;
};

inline std::string header(uint64_t revision, uint64_t cluster = 7) {
  return "\"header\":{\"cluster_id\":\"" + std::to_string(cluster) + "\",\"revision\":\"" +
         std::to_string(revision) + "\"}";
}
inline std::string pair(const std::string& key, const std::string& value, uint64_t revision) {
  return "{\"key\":\"" + base64("/woad/v1/" + key) + "\",\"mod_revision\":\"" +
         std::to_string(revision) + "\",\"value\":\"" + base64(value) + "\"}";
}
inline std::string page(uint64_t revision, const std::string& pairs, bool more = false,
                        uint64_t cluster = 7) {
  return "{" + header(revision, cluster) + ",\"kvs\":[" + pairs + "]" +
         (more ? ",\"more\":true" : "") + "}";
}
inline std::string created(uint64_t revision, uint64_t cluster = 7) {
  return "{\"result\":{" + header(revision, cluster) + ",\"created\":true}}";
}
inline std::string events(uint64_t revision, const std::string& all, bool fragment = false) {
  return "{\"result\":{" + header(revision) + (fragment ? ",\"fragment\":true" : "") +
         ",\"events\":[" + all + "]}}";
}
inline std::string put(const std::string& key, const std::string& value, uint64_t revision) {
  return "{\"kv\":" + pair(key, value, revision) + "}";
}
inline std::string gone(const std::string& key, uint64_t revision) {
  return "{\"type\":\"DELETE\",\"kv\":" + pair(key, "", revision) + "}";
}

}  // namespace woad::control::test
