#include "proxy/otlp/channel.h"

#include <utility>

namespace woad {
namespace {

class HttpChannel final : public OtlpChannel, private HttpSink {
 public:
  HttpChannel(Loop& loop, BlockPool& blocks, const OtlpSettings& settings, std::string agent)
      : client_(loop, blocks, {.origin = settings.endpoint, .agent = std::move(agent)}),
        target_(settings.endpoint.target),
        headers_(settings.headers) {
    headers_.emplace_back("content-type", "application/json");
  }

  void post(const std::string& body, Done done) override {
    WOAD_ASSERT(call_ == nullptr);
    done_ = std::move(done);
    answer_ = {};
    HttpSink& self = *this;
    call_ = client_.stream({.method = "POST",
                            .target = target_,
                            .headers = headers_,
                            .body = body,
                            .timeout = Duration(0)},
                           self);
  }
  void cancel() override { call_.reset(); }

 private:
  void on_head(const ResponseHead& head) override {
    answer_.status = head.status;
    const Header* const field = head.headers.find("retry-after");
    if (field != nullptr) answer_.headers.emplace_back("retry-after", field->value);
  }
  void on_body(std::string_view piece) override {
    answer_.body += piece.substr(0, kMostOtlpAnswer - answer_.body.size());
    if (answer_.body.size() == kMostOtlpAnswer) on_end();  // nobody reads the rest of it
  }
  void on_end() override {
    call_.reset();
    const Done done = std::exchange(done_, nullptr);
    done(std::move(answer_));
  }
  void on_failed(std::string why) override {
    answer_ = {.why = std::move(why)};
    on_end();
  }

  HttpClient client_;
  const std::string target_;
  std::vector<std::pair<std::string, std::string>> headers_;
  HttpAnswer answer_;
  Done done_;
  std::unique_ptr<HttpCall> call_;  // while somebody waits
};

}  // namespace

std::unique_ptr<OtlpChannel> otlp_channel(Loop& loop, BlockPool& blocks,
                                          const OtlpSettings& settings, std::string agent) {
  return std::make_unique<HttpChannel>(loop, blocks, settings, std::move(agent));
}

}  // namespace woad
