// Why a request would go where: `woad explain` and GET /explain.
//
// Walks the very objects that route requests (context, route table, host table, the choice of the
// pool) and writes down what each says; it decides nothing itself. Reads the snapshot alone: no
// connection, no metric, no state of a filter changes. Any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/snapshot/snapshot.h"

namespace woad {

struct ExplainRequest {
  std::string method = "GET";
  std::string url;  // as an app would ask for it: "http://price/x?y=1"
  std::vector<std::pair<std::string, std::string>> headers;
  // Names were not looked up (the command line): an endpoint without an address is no error.
  bool offline = false;
  // Which of the remembered contexts are still known, and who is ejected.
  MonoTime now{};
};

struct Explanation {
  // One pool that was asked for, in order.
  struct Candidate {
    std::string pool;
    std::string verdict;  // chosen, passed over, absent, no endpoint, unhealthy
  };
  struct Target {
    std::string address;
    uint32_t weight;
    std::string unresolved;  // why it has no address, else ""
    std::string unfit;       // why it would get no request now, else ""
  };
  // What a route answers itself.
  struct Answer {
    int status;
    std::string location;
    std::string body;
  };

  std::string request;  // "GET http://price/x"
  std::string color;    // "" = undyed
  std::string tenant;
  std::string source;   // of the context: header, table, …
  std::string route;    // "" when none matched
  std::string service;  // "" when none was found
  std::string pool;     // "" until chosen
  std::string reason;   // of the pool; "" until chosen
  std::vector<Candidate> chain;
  std::vector<Target> endpoints;
  std::optional<Answer> answer;
  std::vector<std::string> steps;  // sentences, in the order in which it would happen
  std::string error;               // code of the refusal; "" when the request would go out
  int status = 0;                  // of the refusal
  std::string why;                 // of the refusal

  bool refused() const { return !error.empty(); }
};

// The error says what is wrong with the URL or a header's name.
Result<Explanation> explain(const Snapshot& snapshot, const ExplainRequest& request);

// For people: the steps, then the outcome in one line.
std::string to_text(const Explanation& explanation);
// {request, color, tenant, service, pool, reason, route, chain, endpoints, answer, steps, error,
// …}; what is not there is null.
std::string to_json(const Explanation& explanation);

}  // namespace woad
