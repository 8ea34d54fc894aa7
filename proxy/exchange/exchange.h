// One request and its response: between the client's stream above and the attempts below.
//
// Walks the chain, chooses route and service, forwards, answers, and tells everybody at the end.
// Each direction is a Half; the request's events come to the exchange itself, the response's to its
// ResponseSide. Owned by its client connection, which deletes it (deferred) after on_exchange_end.
// One thread.
#pragma once

#include <memory>
#include <new>
#include <optional>

#include "proxy/base/piece_pool.h"
#include "proxy/base/timer_wheel.h"
#include "proxy/exchange/body_pace.h"
#include "proxy/exchange/client.h"
#include "proxy/exchange/forwarder.h"
#include "proxy/exchange/half.h"
#include "proxy/exchange/mirror.h"
#include "proxy/exchange/state.h"
#include "proxy/exchange/worker_context.h"
#include "proxy/filter/run.h"
#include "proxy/http/stream.h"
#include "proxy/http/stream_transport.h"
#include "proxy/snapshot/route_choice.h"

namespace woad {

class Exchange;

class ExchangeOwner {
 public:
  // The exchange is over; delete it at the end of the turn.
  virtual void on_exchange_end(Exchange& exchange) = 0;
  // The connection is to end with this exchange.
  virtual bool closing() const = 0;
  // A CONNECT was answered: what comes `inside` is a connection to `authority`. The exchange lives
  // as long as it.
  virtual void on_connect(std::unique_ptr<Transport> inside, std::string_view authority) = 0;

 protected:
  ~ExchangeOwner() = default;
};

class Exchange final : public Deferred,
                       public ListLink,
                       public RequestSink,
                       private FilterHost,
                       private ForwarderOwner,
                       private StreamCarrier {
 public:
  // Everything passed outlives the exchange.
  Exchange(ExchangeOwner& owner, WorkerContext& worker, ViewRef view, const ListenerSpec& listener,
           const Client& client, ResponseWriter& writer);
  ~Exchange() override;

  // new (pieces) Exchange: one a request, so in memory that the worker takes again first; `pieces`
  // are those of its worker.
  static void* operator new(size_t size, PiecePool& pieces) { return pieces.take(size); }
  static void operator delete(void* memory, PiecePool& pieces) { pieces.give(memory); }
  static void operator delete(Exchange* exchange, std::destroying_delete_t);

  // The worker stops: cut it.
  void abort(std::string_view why);
  // A CONNECT whose inside is a connection of its own.
  bool carries() const { return inside_ != nullptr; }

 private:
  // RequestSink
  void on_request(RequestHead& head, bool end) override;
  void on_bad_request(RequestHead& head, LocalReply reply) override;
  void on_bad_body(LocalReply reply) override;
  void on_data(Buffer&& data, bool end) override;
  void on_trailers(Headers& trailers) override;
  void on_reset(ResetReason reason, std::string_view why) override;
  void on_writable() override;
  Arena& arena() override { return arena_; }

  // FilterHost
  const void* filter_settings(size_t index) override;
  void* filter_state(size_t index) override;
  void filter_resume() override;
  void filter_reply(LocalReply reply) override;

  // ForwarderOwner
  HeadVerdict shape_attempt(AttemptPlan& plan, RequestHead& head) override;
  void on_outcome(const Outcome& outcome) override { filters_.outcome(outcome); }
  Next next_try(const Outcome& outcome) override { return filters_.next_try(outcome); }
  void on_no_response(LocalReply reply, ClosedBy ended_by) override;

  // StreamCarrier
  void carry(Buffer&& data, bool end) override;
  bool carrier_writable() const override { return writer_.writable(); }
  void hold_carrier(bool on) override { writer_.hold_reading(on); }
  void on_carried_gone(bool cut) override;

  // The response, from the upstream through the filters to the client.
  class ResponseSide final : public ResponseSink {
   public:
    explicit ResponseSide(Exchange& exchange) : exchange_(exchange) {}
    // A filter that held the head lets it go.
    void walk();
    bool ended() const { return half_.ended(); }

   private:
    void on_interim(ResponseHead& head) override;
    void on_response(ResponseHead& head, bool end) override;
    void on_data(Buffer&& data, bool end) override;
    void on_trailers(Headers& trailers) override;
    void on_reset(ResetReason reason, std::string_view why) override;
    void on_writable() override;
    Arena& arena() override { return exchange_.arena_; }
    void send_head();
    void send_data(Buffer&& data, bool end);
    void send_trailers(Headers& trailers);
    // Bytes are given to the client's stream; whether it wants more.
    void write(Buffer&& data, bool end);

    Exchange& exchange_;
    Half<ResponseHead> half_;
  };

  void begin(RequestHead& head, bool end);
  std::optional<LocalReply> admit(RequestHead& head);
  void walk_request_head();
  void choose_route();
  void dispatch();
  void start_forwarding();
  void pass_request_data(Buffer&& data, bool end);
  void pass_request_trailers(Headers& trailers);
  void end_request();
  void hold_client(bool on);
  void on_slow_body();
  void enter_tunnel();
  void on_tunnel_bytes();
  void on_tunnel_idle();
  void accept_connect();
  void lose_inside(std::string_view why);
  bool response_begun() const;
  // Answers when the response has not begun, cuts it otherwise.
  void refuse(const LocalReply& reply);
  // The only way a LocalReply leaves.
  void answer(const LocalReply& reply);
  // The response cannot be finished: cut what was sent.
  void cut(std::string_view why, ClosedBy closed_by);
  void finish();

  ExchangeOwner& owner_;
  WorkerContext& worker_;
  ViewRef view_;
  const ListenerSpec& listener_;
  const Client& client_;
  ResponseWriter& writer_;
  Arena arena_;
  ExchangeInfo info_;
  const FilterServices services_;
  Half<RequestHead> request_;
  ResponseSide response_{*this};
  std::optional<RouteChoice> choice_;
  const FilterSlots* settings_;  // of the chain, until the choice
  ResetReason release_reason_ = ResetReason::kCancel;
  ExchangeState state_ = ExchangeState::kHead;
  std::optional<Timer> tunnel_idle_;
  StreamTransport* inside_ = nullptr;  // of a CONNECT, while it lives
  std::unique_ptr<BodyPace> pace_;     // of a client without identity, while its body comes
  MirrorHold mirror_;
  FilterRun filters_;
  Forwarder forwarder_;
};

}  // namespace woad
