#include "proxy/client/name_dialer.h"

#include <utility>
#include <vector>

namespace woad {
namespace {

class NameDial final : public Dial, private DialSink {
 public:
  NameDial(Dialer& dialer, const std::string& host, std::shared_ptr<const Channel> channel,
           DialSink& sink)
      : dialer_(dialer), host_(host), channel_(std::move(channel)), sink_(sink) {}

  void look_up(const NameDialer::LookUp& look_up) {
    ticket_ = look_up([this](Result<ResolvedName> answer) {
      if (!answer) return sink_.on_dial_failed({"dns_error", answer.error().message});
      go(std::move(answer->addresses));
    });
  }
  void go(std::vector<Address> addresses) {
    addresses_ = std::move(addresses);
    dial_next();
  }

 private:
  void dial_next() { dial_ = dialer_.dial(addresses_[next_++], channel_, *this); }

  void on_dialed(Dialed dialed) override { sink_.on_dialed(std::move(dialed)); }
  void on_dial_failed(DialFailure failure) override {
    if (!causes_.empty()) causes_ += "; ";
    causes_ += failure.message;
    if (next_ < addresses_.size() && failure.cause != DialFailure::Cause::kOurs) {
      return dial_next();
    }
    if (addresses_.size() > 1) failure.message = host_ + ": " + causes_;
    sink_.on_dial_failed(std::move(failure));
  }

  Dialer& dialer_;
  const std::string& host_;
  std::shared_ptr<const Channel> channel_;
  DialSink& sink_;
  std::vector<Address> addresses_;
  size_t next_ = 0;
  std::string causes_;
  std::unique_ptr<Resolver::Ticket> ticket_;
  std::unique_ptr<Dial> dial_;
};

std::optional<Address> literal_of(const std::string& host, uint16_t port) {
  const auto address = Address::from_host(host, port);
  return address ? std::optional(*address) : std::nullopt;
}

}  // namespace

NameDialer::NameDialer(Dialer& dialer, const std::string& host, uint16_t port, LookUp look_up)
    : dialer_(dialer),
      host_(host),
      literal_(literal_of(host, port)),
      look_up_(std::move(look_up)) {}

std::unique_ptr<Dial> NameDialer::dial(const Address&,
                                       const std::shared_ptr<const Channel>& channel,
                                       DialSink& sink) {
  auto dial = std::make_unique<NameDial>(dialer_, host_, channel, sink);
  if (literal_) {
    dial->go({*literal_});
  } else {
    dial->look_up(look_up_);
  }
  return dial;
}

}  // namespace woad
