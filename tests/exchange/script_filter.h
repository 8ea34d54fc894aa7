// A filter that does what the test says and writes down what it saw.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/node.h"
#include "proxy/filter/kind.h"

namespace woad::test {

// The shared state of a scripted filter: the test's handle on it. Hooks that are not set go on.
struct Script {
  explicit Script(const std::string& given_tag) : tag(given_tag) {}

  std::string tag;
  std::function<HeadVerdict(RequestHead&, bool)> request_head;
  std::function<Verdict(Buffer&, bool)> request_data;
  std::function<Verdict(Headers&)> request_trailers;
  std::function<HeadVerdict(AttemptPlan&, RequestHead&)> attempt;
  std::function<void(const Outcome&)> outcome;
  std::function<Next(const Outcome&)> next_try;
  std::function<HeadVerdict(ResponseHead&, bool)> response_head;
  std::function<Verdict(Buffer&, bool)> response_data;
  std::function<Verdict(Headers&)> response_trailers;
  std::function<void(const ExchangeInfo&)> end;
  // Of the exchange that began last.
  FilterContext* context = nullptr;
  // All filters of a snapshot write into one log: "first.request_head second.request_head".
  std::string* log = nullptr;
};

class ScriptFilter final : public HttpFilter {
 public:
  explicit ScriptFilter(FilterContext& context) : context_(context) {}

  HeadVerdict on_request_head(RequestHead& head, bool end) override {
    script_ = &context_.state<Script>();
    script_->context = &context_;
    return call<HeadVerdict>("request_head", script_->request_head, head, end);
  }
  Verdict on_request_data(Buffer& data, bool end) override {
    return call<Verdict>("request_data", script_->request_data, data, end);
  }
  Verdict on_request_trailers(Headers& trailers) override {
    return call<Verdict>("request_trailers", script_->request_trailers, trailers);
  }
  HeadVerdict on_attempt(AttemptPlan& plan, RequestHead& head) override {
    return call<HeadVerdict>("attempt", script_->attempt, plan, head);
  }
  void on_outcome(const Outcome& outcome) override {
    note("outcome");
    if (script_->outcome) script_->outcome(outcome);
  }
  Next next_try(const Outcome& outcome) override {
    return script_->next_try ? script_->next_try(outcome) : Next::done();
  }
  HeadVerdict on_response_head(ResponseHead& head, bool end) override {
    return call<HeadVerdict>("response_head", bound().response_head, head, end);
  }
  Verdict on_response_data(Buffer& data, bool end) override {
    return call<Verdict>("response_data", script_->response_data, data, end);
  }
  Verdict on_response_trailers(Headers& trailers) override {
    return call<Verdict>("response_trailers", script_->response_trailers, trailers);
  }
  void on_end(const ExchangeInfo& info) override {
    bound();
    note("end");
    if (script_->end) script_->end(info);
  }

 private:
  // A request that is refused early goes past the request hooks.
  Script& bound() {
    if (script_ == nullptr) script_ = &context_.state<Script>();
    return *script_;
  }
  void note(std::string_view hook) {
    if (script_->log == nullptr) return;
    if (!script_->log->empty()) *script_->log += ' ';
    *script_->log += script_->tag + "." + std::string(hook);
  }
  template <class V, class F, class... Args>
  V call(std::string_view hook, F& function, Args&&... args) {
    note(hook);
    return function ? function(std::forward<Args>(args)...) : V::go();
  }

  FilterContext& context_;
  Script* script_ = nullptr;
};

// A kind of scripted filter. Its settings are a word (`tag` in the file).
inline FilterKind script_kind(std::string_view name, FilterPlace place,
                              bool changes_match = false) {
  struct Word {
    std::string text;
  };
  return {name,
          place,
          place,
          detail::hooks_of<ScriptFilter>(),
          changes_match,
          [](const config::Node* node, const void* base,
             config::Diagnostics&) -> std::shared_ptr<const void> {
            auto word = std::make_shared<Word>();
            if (base != nullptr) *word = *static_cast<const Word*>(base);
            if (node != nullptr) word->text = std::string(node->find("tag").text());
            return word;
          },
          [](const void* a, const void* b) {
            return static_cast<const Word*>(a)->text == static_cast<const Word*>(b)->text;
          },
          [](const void* settings) -> std::shared_ptr<void> {
            return std::make_shared<Script>(static_cast<const Word*>(settings)->text);
          },
          [](Arena& arena, FilterContext& context) -> HttpFilter* {
            return arena.make<ScriptFilter>(context);
          },
          [] { return std::string("{}"); }};
}

}  // namespace woad::test
