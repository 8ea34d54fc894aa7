// The writes to one ConfigMap, one request at a time; part of StateWriter (state_writer.h).
//
//   PATCH (RFC 7396)    values that are set or removed, whatever was there; 404: POST
//   POST                what must not be there yet; 409: somebody was quicker
//   PATCH, DELETE       of a resourceVersion; 409: it has another one
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/timer_wheel.h"
#include "proxy/control/store/kubernetes/state_writer.h"

namespace woad::control::kubernetes {

class StateWriter::Queue {
 public:
  Queue(Scheduler& scheduler, HttpAsker& asker, std::string space, const StatePlace& place);

  void add(Waiting waiting);

 private:
  void begin();
  void gather();
  void send(const char* method, const std::string& path, const Json& body);
  void create();
  void on_answer(const HttpAnswer& answer);
  void tell(StoreOutcome outcome, const std::string& why);
  bool alone() const { return flying_.front().write.condition != StoreWrite::If::kAlways; }
  Json data() const;

  HttpAsker& asker_;
  const std::string space_;
  const Json object_;         // the ConfigMap without data
  const std::string folder_;  // the path of its like
  std::deque<Waiting> waiting_;
  std::vector<Waiting> flying_;  // what the request under way is about
  bool creating_ = false;        // it is a POST
  int tries_ = 0;
  Timer gathered_;
  std::unique_ptr<HttpCall> call_;
};

}  // namespace woad::control::kubernetes
