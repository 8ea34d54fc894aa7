#include "proxy/net/resolver.h"

#include <ares.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "proxy/base/strings.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/net/handle.h"

namespace woad {
namespace {

std::string words(int status) {
  switch (status) {
    case ARES_ENOTFOUND: return "no such name";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ETIMEOUT: return "no DNS server answered in time";
    case ARES_ECONNREFUSED: return "the DNS server refused the connection";
    case ARES_ESERVFAIL: return "the DNS server failed (SERVFAIL)";
    case ARES_EREFUSED: return "the DNS server refused the question (REFUSED)";
    case ARES_EBADNAME: return "not a valid name";
    default: return std::string("DNS: ") + ares_strerror(status);
  }
}

Address with_port(const sockaddr* from, uint16_t port) {
  const Result<Address> ported = Address::from_host(Address(from).host(), port);
  return ported ? *ported : Address();
}

bool before(const Address& a, const Address& b) {
  const auto key = [](const Address& address) {
    return std::tuple(address.raw()->sa_family, address.host());
  };
  return key(a) < key(b);
}

ResolvedName collect(const ares_addrinfo* info, uint16_t port, bool local) {
  ResolvedName name;
  int shortest = INT32_MAX;
  for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
    const Address address = with_port(node->ai_addr, port);
    if (address.valid()) name.addresses.push_back(address);
    shortest = std::min(shortest, node->ai_ttl);
  }
  std::sort(name.addresses.begin(), name.addresses.end(), before);
  name.addresses.erase(std::unique(name.addresses.begin(), name.addresses.end()),
                       name.addresses.end());
  name.ttl =
      local ? Resolver::kLocalTtl : std::max<Duration>(seconds(shortest), Resolver::kShortestTtl);
  return name;
}

// One question. c-ares cannot forget one, so it lives until c-ares answers (or is destroyed) and
// the callback has been called; a dropped ticket only takes the callback away.
class Question final : public TurnEnd {
 public:
  Question(Scheduler& scheduler, std::string name, uint16_t port, Resolver::Done done)
      : scheduler_(scheduler), name_(std::move(name)), port_(port), done_(std::move(done)) {}

  // Adopted by c-ares or by the end of the turn, whichever is to speak next.
  void ask(ares_channel channel) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;
    // What is answered inside the call came from this machine alone.
    local_ = true;
    const std::string asked(without_final_dot(name_));  // /etc/hosts has no final dots
    ares_getaddrinfo(channel, asked.c_str(), nullptr, &hints, on_answer, this);
    local_ = false;
  }
  void answer(Result<ResolvedName> result) {
    result_ = std::move(result);
    scheduler_.at_turn_end(*this);
  }
  void fail(const std::string& why) { answer(Error{name_ + ": " + why}); }
  void forget() { done_ = nullptr; }

  class Ticket final : public Resolver::Ticket {
   public:
    explicit Ticket(Question& question) : question_(&question) { question.ticket_ = this; }
    ~Ticket() override {
      if (question_ == nullptr) return;
      question_->forget();
      question_->ticket_ = nullptr;
    }

   private:
    friend class Question;
    Question* question_;
  };

 private:
  ~Question() {
    if (ticket_ != nullptr) ticket_->question_ = nullptr;
  }

  static void on_answer(void* argument, int status, int, ares_addrinfo* info) {
    auto* self = static_cast<Question*>(argument);
    if (status == ARES_EDESTRUCTION) {
      delete self;
    } else if (status != ARES_SUCCESS) {
      self->fail(words(status));
    } else {
      ResolvedName answer = collect(info, self->port_, self->local_);
      if (answer.addresses.empty()) {
        self->fail(words(ARES_ENODATA));
      } else {
        self->answer(std::move(answer));
      }
    }
    if (info != nullptr) ares_freeaddrinfo(info);
  }

  void on_turn_end() override {
    const Resolver::Done done = std::move(done_);
    Result<ResolvedName> result = std::move(result_);
    delete this;
    if (done) done(std::move(result));
  }

  Scheduler& scheduler_;
  std::string name_;
  uint16_t port_;
  Resolver::Done done_;
  Ticket* ticket_ = nullptr;
  Result<ResolvedName> result_{Error{}};
  bool local_ = false;
};

// Which names one way of asking is for.
enum class Names {
  kRelative,  // may be completed from the search list of /etc/resolv.conf
  kAbsolute,  // are asked for as they are
};

// c-ares on a loop.
class AresChannel {
 public:
  AresChannel(Loop& loop, Names names)
      : loop_(loop), retry_(loop.scheduler().timers(), bind_timer<&AresChannel::on_retry>(this)) {
    ares_options options{};
    options.timeout = 2000;  // ms for a try, growing with the tries
    options.tries = 2;
    options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
      static_cast<AresChannel*>(self)->on_interest(fd, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    options.ndomains = 0;
    const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                     (names == Names::kAbsolute ? ARES_OPT_DOMAINS : 0);
    WOAD_ASSERT(ares_init_options(&channel_, &options, mask) == ARES_SUCCESS);
  }
  ~AresChannel() { ares_destroy(channel_); }
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  void ask(Question& question) {
    question.ask(channel_);
    arm();
  }
  int use_server(const std::string& server) {
    return ares_set_servers_ports_csv(channel_, server.c_str());
  }

 private:
  struct Socket {
    AresChannel& channel;
    ares_socket_t fd;
    Handle<uv_poll_t> poll;
  };

  // c-ares closes the socket right after it has lost interest, which uv_close allows.
  void on_interest(ares_socket_t fd, bool readable, bool writable) {
    if (!readable && !writable) {
      sockets_.erase(fd);
      return;
    }
    auto found = sockets_.find(fd);
    if (found == sockets_.end()) {
      auto socket = std::make_unique<Socket>(Socket{*this, fd, {}});
      socket->poll = make_poll(loop_, fd, socket.get());
      if (!socket->poll) return;  // the question ends with a timeout
      found = sockets_.emplace(fd, std::move(socket)).first;
    }
    const int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    uv_poll_start(found->second->poll.get(), events, [](uv_poll_t* raw, int status, int happened) {
      auto* socket_in_event = owner_in_event<Socket>(raw);
      if (socket_in_event == nullptr) return;
      const int both = UV_READABLE | UV_WRITABLE;
      const auto event_fd = socket_in_event->fd;
      socket_in_event->channel.process(event_fd, status < 0 ? both : happened);
    });
  }

  void process(ares_socket_t fd, int events) {
    ares_process_fd(channel_, (events & UV_READABLE) != 0 ? fd : ARES_SOCKET_BAD,
                    (events & UV_WRITABLE) != 0 ? fd : ARES_SOCKET_BAD);
    arm();
  }

  void on_retry() {
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    arm();
  }

  void arm() {
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) {
      retry_.disarm();
      return;
    }
    // The next tick at the earliest, so that a clock of c-ares that runs behind makes no busy loop.
    retry_.arm(seconds(left.tv_sec) + microseconds(left.tv_usec) + milliseconds(1));
  }

  Loop& loop_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
  Timer retry_;
};

}  // namespace

struct Resolver::Impl {
  explicit Impl(Loop& loop_in) : loop(loop_in) {}

  Loop& loop;
  AresChannel relative{loop, Names::kRelative};
  AresChannel absolute{loop, Names::kAbsolute};
};

Resolver::Resolver(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}

Resolver::~Resolver() = default;

std::unique_ptr<Resolver::Ticket> Resolver::resolve(const std::string& name, uint16_t port,
                                                    Done done) {
  const bool valid = !name.empty() && without_final_dot(name).size() <= kLongestName &&
                     name.find('\0') == std::string::npos;
  auto* question = new Question(impl_->loop.scheduler(), name, port, std::move(done));
  auto ticket = std::make_unique<Question::Ticket>(*question);
  const Result<Address> numeric = Address::from_host(name, port);
  if (!valid) {
    question->fail("not a valid name");
  } else if (numeric) {  // c-ares would ask its servers for it
    question->answer(ResolvedName{{*numeric}, kLocalTtl});
  } else {
    (name.ends_with('.') ? impl_->absolute : impl_->relative).ask(*question);
  }
  return ticket;
}

Result<void> Resolver::use_server(const Address& server) {
  const std::string text = server.to_string();
  for (AresChannel* channel : {&impl_->relative, &impl_->absolute}) {
    const int status = channel->use_server(text);
    if (status != ARES_SUCCESS) return Error{text + ": " + words(status)};
  }
  return {};
}

}  // namespace woad
