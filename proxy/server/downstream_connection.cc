#include "proxy/server/downstream_connection.h"

#include <algorithm>
#include <utility>

#include "proxy/http/h1/server_codec.h"
#include "proxy/http/h2/server_codec.h"
#include "proxy/http/tcp/server_codec.h"
#include "proxy/server/connection_story.h"

namespace woad {
namespace {

// Whether its bytes are relayed as they come, HTTP or not.
bool is_tcp(const ServiceEntry* entry) {
  return entry != nullptr && entry->service.protocol == UpstreamProtocol::kTcp;
}

}  // namespace

DownstreamConnection::DownstreamConnection(ConnectionHost& host, ClientArrival arrival)
    : host_(host),
      transport_(std::move(arrival.transport)),
      client_{transport_->peer(), std::move(arrival.identity), std::move(arrival.tls),
              arrival.refused,    std::move(arrival.headed),   arrival.requests},
      view_(host.current_view()),
      detection_(new Detection{std::move(arrival.alpn),
                               Timer(host.worker().scheduler.timers(),
                                     bind_timer<&DownstreamConnection::on_detect_timeout>(this)),
                               std::move(arrival.server)}) {
  if (client_.tls == nullptr) return;
  age().end_with_certificate(certificates_end(*client_.tls, client_.identity.get()));
}

DownstreamConnection::~DownstreamConnection() {
  state_ = State::kClosing;  // what ends with it tells it so
  while (!exchanges_.empty()) delete &exchanges_.pop_front();
  codec_.reset();
  Transport::close_after_flush(std::move(transport_));
}

ConnectionAge& DownstreamConnection::age() {
  AgeSink& self = *this;
  if (age_ == nullptr) age_ = std::make_unique<ConnectionAge>(host_.worker().scheduler, self);
  return *age_;
}

void DownstreamConnection::start() {
  const HttpLimits& limits = view_->snapshot().limits;
  transport_->set_high_water(limits.buffer);
  if (refused()) age().end_within(limits.header_timeout + ConnectionAge::kGrace);
  const ListenerProtocol protocol = host_.spec().protocol;
  const std::string& alpn = detection_->alpn;
  ServerFirstHost& self = *this;
  if (detection_->server != nullptr) detection_->server->set_host(self);
  const bool spoke = detection_->server != nullptr && detection_->server->spoke();
  if (spoke || leads_to_tcp()) {
    serve_opaque({});
  } else if (alpn == "h2" || protocol == ListenerProtocol::kHttp2) {
    serve(Protocol::kHttp2);
  } else if (client_.requests > 0 || alpn == "http/1.1" || protocol == ListenerProtocol::kHttp1) {
    serve(Protocol::kHttp11);
  } else if (detection_->server != nullptr) {
    ask_server();
  } else {
    detection_->until = host_.worker().scheduler.now() + limits.idle_timeout;
    detection_->timer.arm(may_be_opaque() ? ServerFirst::kSilence
                                          : std::min(kQuiet, limits.idle_timeout));
  }
  transport_->start(*this);
}

// From now on either may speak first.
void DownstreamConnection::ask_server() {
  Detection& detection = *detection_;
  detection.awaited = Awaited::kEither;
  ServerFirstHost& self = *this;
  if (detection.server == nullptr) detection.server = host_.ask_server(*client_.headed, self);
  const Snapshot& snapshot = view_->snapshot();
  detection.timer.arm(detection.server == nullptr ? snapshot.limits.idle_timeout
                                                  : snapshot.exchange_limits.tunnel_idle);
}

bool DownstreamConnection::may_be_opaque() const {
  return client_.redirected() && host_.spec().protocol == ListenerProtocol::kAuto;
}

bool DownstreamConnection::leads_to_tcp() const {
  if (host_.spec().protocol == ListenerProtocol::kTcp) return true;
  if (client_.redirected()) return is_opaque(host_.spec(), *client_.headed);
  return inside_connect() && is_tcp(service_of(view_->snapshot(), client_.headed->connect, ""));
}

void DownstreamConnection::serve_opaque(FirstBytes found) {
  const std::unique_ptr<Detection> detected = std::move(detection_);
  state_ = State::kServing;
  tell_served(host_.worker(), client_.address, Protocol::kTcp,
              client_.identity == nullptr ? std::string_view() : client_.identity->id,
              detected->alpn);
  std::string authority = std::move(found.server_name);
  if (authority.empty() && client_.headed != nullptr) {
    authority =
        client_.redirected() ? client_.headed->original.to_string() : client_.headed->connect;
  }
  ServerConnection& self = *this;
  codec_ = std::make_unique<TcpServerCodec>(
      *transport_, self, host_.codec_context(), view_->snapshot().limits,
      TcpServerCodec::Destination{std::move(authority), found.tls});
  if (detected->server != nullptr && !found.tls) {
    // The stream begins at the end of the turn, and then finds the connection.
    const auto there = detected->server->adopt(Protocol::kTcp);
    if (there) client_.headed->endpoint = *there;
  }
  feed(detected->prefix);
}

void DownstreamConnection::serve(Protocol protocol) {
  const std::unique_ptr<Detection> detected = std::move(detection_);
  state_ = State::kServing;
  if (client_.requests == 0) {
    tell_served(host_.worker(), client_.address, protocol,
                client_.identity == nullptr ? std::string_view() : client_.identity->id,
                detected->alpn);
  }
  ServerConnection& self = *this;
  const HttpLimits& limits = view_->snapshot().limits;
  const bool silent = detected->server != nullptr && !detected->server->spoke();
  if (silent && protocol == Protocol::kHttp11) (void)detected->server->adopt(protocol);
  if (protocol == Protocol::kHttp2) {
    codec_ = std::make_unique<H2ServerCodec>(*transport_, self, host_.codec_context(), limits);
    if (host_.draining()) codec_->begin_drain();
  } else {
    codec_ = std::make_unique<H1ServerCodec>(*transport_, self, host_.codec_context(), limits);
  }
  feed(detected->prefix);
}

void DownstreamConnection::on_bytes(Slice bytes) {
  if (state_ == State::kDetecting) {
    detect(std::move(bytes));
  } else if (state_ == State::kServing) {
    codec_->on_bytes(std::move(bytes));
  }
}

void DownstreamConnection::detect(Slice bytes) {
  const bool first = detection_->prefix.empty();
  const std::string joined = first ? std::string() : detection_->prefix + std::string(bytes.view());
  const std::string_view so_far = first ? bytes.view() : std::string_view(joined);
  FirstBytes found = judge(so_far);
  switch (found.kind) {
    case Detected::kNeedMore:
      if (first) detection_->timer.arm(view_->snapshot().limits.header_timeout);
      detection_->prefix.assign(so_far);
      return;
    case Detected::kNeither:
      if (!inside_connect() && !may_be_opaque()) {
        ++host_.codec_context().hostile[static_cast<size_t>(Hostile::kProtocolError)];
        close("its first bytes are no HTTP");
        return;
      }
      serve_opaque(std::move(found));
      break;
    case Detected::kHttp2: serve(Protocol::kHttp2); break;
    case Detected::kHttp1: serve(Protocol::kHttp11); break;
  }
  if (state_ == State::kServing) codec_->on_bytes(std::move(bytes));
}

void DownstreamConnection::feed(std::string_view prefix) {
  if (prefix.empty()) return;
  Buffer begin;
  begin.append(host_.worker().blocks, prefix);
  while (!begin.empty() && state_ == State::kServing) codec_->on_bytes(begin.take_front());
}

FirstBytes DownstreamConnection::judge(std::string_view first) const {
  if (inside_connect()) return judge_inside_connect(first);
  if (!may_be_opaque()) return judge_first_bytes(first);
  if (host_.spec().direction == Direction::kInbound) return judge_redirected_inbound(first);
  FirstBytes found = judge_redirected_outbound(first);
  const bool is_http = found.kind == Detected::kHttp1 || found.kind == Detected::kHttp2;
  if (is_http && is_tcp(service_at(view_->snapshot(), client_.headed->original))) {
    found.kind = Detected::kNeither;
  }
  return found;
}

void DownstreamConnection::on_detect_timeout() {
  const bool silent = detection_->prefix.empty();
  if (silent && !may_be_opaque()) {
    const Duration left = detection_->until - host_.worker().scheduler.now();
    if (left <= Duration(0)) return close("nothing came within limits.idle_timeout");
    detection_->timer.arm(left);
    on_quiet(detection_->until);
  } else if (may_be_opaque() && silent && detection_->awaited == Awaited::kClient) {
    ask_server();
  } else if (may_be_opaque() && !silent && host_.spec().direction == Direction::kOutbound) {
    serve_opaque({});
  } else {
    close("nothing that is HTTP came in time");
  }
}

void DownstreamConnection::on_server_spoke() {
  if (detection_->prefix.empty()) serve_opaque({});
}

// As the client would have heard without us.
void DownstreamConnection::on_no_server(std::string_view why) {
  if (!detection_->prefix.empty()) return;
  transport_->abort_on_destroy();
  close(why);
}

void DownstreamConnection::on_eof() {
  if (state_ == State::kDetecting && may_be_opaque()) {
    serve_opaque({});
    codec_->on_eof();
  } else if (state_ == State::kDetecting) {
    close("the client closed it");
  } else if (state_ == State::kServing) {
    codec_->on_eof();
  }
}

void DownstreamConnection::on_drained() {
  if (state_ == State::kServing) codec_->on_transport_drained();
}

void DownstreamConnection::on_lost(std::string_view why) {
  tell_lost(host_.worker(), client_.address, why);
  if (state_ == State::kServing) codec_->on_transport_lost(why);
  close("it was lost");
}

RequestSink& DownstreamConnection::on_stream(ResponseWriter& writer) {
  ViewRef newest = host_.current_view();
  if (&*newest != &*view_) {
    codec_->set_limits(newest->snapshot().limits);
    view_ = newest;
  }
  ++client_.requests;
  WorkerContext& worker = host_.worker();
  auto* exchange = new (worker.blocks.pieces())
      Exchange(*this, worker, std::move(newest), host_.spec(), client_, writer);
  exchanges_.push_back(*exchange);
  return *exchange;
}

void DownstreamConnection::on_exchange_end(Exchange& exchange) {
  exchange.unlink();
  // Plaintext where it is not allowed has come for its refusal, or for one probe.
  if (refused() || lacks_identity(client_, host_.spec())) codec_->begin_drain();
  host_.worker().scheduler.defer_delete(std::unique_ptr<Deferred>(&exchange));
}

void DownstreamConnection::on_connect(std::unique_ptr<Transport> inside,
                                      std::string_view authority) {
  host_.on_connect({.transport = std::move(inside),
                    .headed = std::make_unique<Headed>(Headed{.connect = std::string(authority)})});
}

void DownstreamConnection::on_codec_done() {
  if (state_ != State::kClosing) close(codec_->end_why());
}

void DownstreamConnection::on_quiet(MonoTime until) {
  if (host_.draining() || refused() || !exchanges_.empty()) return;
  std::unique_ptr<RestingSocket> socket = transport_->rest();
  if (socket == nullptr) return;
  state_ = State::kClosing;
  detection_.reset();
  host_.on_rest(*this, {std::move(socket), std::move(client_.headed), client_.requests,
                        until - host_.worker().scheduler.now()});
}

bool DownstreamConnection::active() {
  bool any = false;
  exchanges_.for_each([&](Exchange& exchange) { any = any || !exchange.carries(); });
  return any;
}

void DownstreamConnection::look_for_stall() {
  const bool opaque = codec_ != nullptr && codec_->protocol() == Protocol::kTcp;
  if (opaque || client_.identity != nullptr || !stalls_.look(*transport_)) return;
  ++host_.worker().metrics.hostile()[static_cast<size_t>(Hostile::kSlowReader)];
  transport_->abort_on_destroy();
  abort("it took nothing of its answers for 30 s");
}

void DownstreamConnection::announce_drain() {
  if (state_ != State::kServing) return;
  // HTTP/1 can be told only with the head of an answer (closing()), which has left where it was
  // begun: then the next one tells.
  if (codec_->protocol() == Protocol::kHttp2) codec_->begin_drain();
}

bool DownstreamConnection::silent() {
  if (active()) return false;
  const uint32_t idle_behind = client_.requests + 1;
  return std::exchange(idle_behind_, idle_behind) == idle_behind;
}

void DownstreamConnection::drain() {
  if (state_ == State::kServing) {
    codec_->begin_drain();
  } else {
    close("it is to end before it has said anything");
  }
}

void DownstreamConnection::on_newer_epoch(const TlsContext::Ptr& epoch) {
  if (client_.tls == nullptr || client_.tls == epoch) return;
  const bool known = epoch != nullptr &&
                     epoch->material().trust_domain() == client_.tls->material().trust_domain();
  if (known) {
    age().end_within(ConnectionAge::kReplaced);
  } else {
    drain();
  }
}

void DownstreamConnection::on_too_old() { abort(ConnectionAge::kTooOld); }

void DownstreamConnection::abort(std::string_view why) {
  exchanges_.for_each([&](Exchange& exchange) { exchange.abort(why); });
  close(why);
}

void DownstreamConnection::close(std::string_view why) {
  if (state_ == State::kClosing) return;
  state_ = State::kClosing;
  tell_gone(host_.worker(), client_.address, client_.requests, why);
  detection_.reset();
  if (age_ != nullptr) age_->stop();
  host_.on_connection_closed(*this);
}

}  // namespace woad
