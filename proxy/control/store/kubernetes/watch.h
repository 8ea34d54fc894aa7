// All objects of one kind, and what becomes of them: a list in pages, then a watch from its version
// on (Kubernetes, API Concepts: "Efficient detection of changes").
//
//            the last page             the stream ended, or broke
//   listing ──────────────▶ watching ◀────────────────────────────┐
//      ▲                       │└──────────────────────────────────┘
//      └───────────────────────┘ 410 Gone, or what cannot be understood
// Whatever fails is tried again after 0.25 s to 0.5 s, and twice as long each time, up to 10 s. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/random.h"
#include "proxy/base/scheduler.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/client/http_asker.h"
#include "proxy/control/store/kubernetes/mirror.h"
#include "proxy/control/store/line_reader.h"

namespace woad::control::kubernetes {

struct WatchedKind {
  std::string path;             // "/api/v1/pods"
  std::string selector{};       // of labels; "": all
  bool metadata_alone = false;  // nothing else of the objects is asked for
  size_t page = 500;            // objects at once, as client-go asks for them
};

class Watch;

// Hears how it goes. Neither function may end the watch.
class WatchOwner {
 public:
  // The sink has heard of something, or its first list is whole.
  virtual void on_moved() = 0;
  // Why nothing is heard of that kind: a sentence without a final dot; "": it goes well (again).
  virtual void on_trouble(const Watch& watch, const std::string& why) = 0;

 protected:
  ~WatchOwner() = default;
};

class Watch final : private HttpSink {
 public:
  // An object is at most 1.5 MiB in etcd, and its JSON may have escapes in it.
  static constexpr size_t kMostLine = size_t{16} << 20;
  static constexpr size_t kMostPage = size_t{128} << 20;
  // The server ends a stream after so long, and half as long again; silence that is longer by
  // kGrace is a dead connection.
  static constexpr Duration kStream = seconds(60);
  static constexpr Duration kGrace = seconds(15);

  // All outlive it.
  Watch(Scheduler& scheduler, HttpAsker& asker, Random& random, WatchedKind kind, ObjectSink& sink,
        WatchOwner& owner);

  // Once. No event comes from inside.
  void start() { list(); }
  // A whole list was told.
  bool listed() const { return listed_; }
  // The newest that is known of: 0 before the first list.
  uint64_t version() const { return version_; }

 private:
  enum class Stage : uint8_t { kListing, kWatching };

  std::string query() const;
  void list();
  void ask_page();
  void on_page(const HttpAnswer& answer);
  bool read_page(const std::string& body);
  void watch();
  void go_on();
  void later(Stage stage);
  void fail(Stage stage, const std::string& why);  // of this kind alone
  void lose(Stage stage, const std::string& why);  // the server

  // False: the stream was left.
  bool on_line(std::string_view line);
  bool on_event(const Json& event);

  void on_head(const ResponseHead& head) override;
  void on_body(std::string_view piece) override;
  void on_end() override;
  void on_failed(std::string why) override;

  Scheduler& scheduler_;
  HttpAsker& asker_;
  Random& random_;
  const WatchedKind kind_;
  ObjectSink& sink_;
  WatchOwner& owner_;

  Stage stage_ = Stage::kListing;  // under way, or what the timer begins
  bool listed_ = false;
  uint64_t version_ = 0;
  std::string page_;  // where the next page begins; "": the first
  int status_ = 0;    // of the stream; 0: no answer yet
  LineReader lines_{kMostLine};
  std::string refusal_;  // the body of one
  MonoTime began_{};     // the stream
  int failures_ = 0;     // in a row
  Timer timer_;
  std::unique_ptr<HttpCall> call_;
};

// What an answer that is not the wanted one says: "503: the server is starting".
std::string words_of_refusal(int status, const std::string& body);

}  // namespace woad::control::kubernetes
