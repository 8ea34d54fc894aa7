#include "proxy/net/tcp_transport.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/net/tcp_socket.h"

namespace woad {
namespace {

// Reads up to this size are copied into a small block: a peer that sends byte by byte to a slow
// consumer must not pin a whole read block for each byte.
constexpr size_t kSmallRead = 1024;
constexpr int kMaxIovecs = 64;

ssize_t send_some(int fd, iovec* pieces, int count) {
  ssize_t sent;
  do {
    if (count == 1) {
      sent = ::send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = pieces;
      message.msg_iovlen = static_cast<size_t>(count);
      sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  return sent;
}

// Gives one reference of `block` back.
void drop(Block* block) { const Slice last(block, block->data(), 0); }

class TcpResting final : public RestingSocket, private SocketOwner {
 public:
  TcpResting(Loop& loop, Fd socket, Handle<uv_poll_t> poll, const Address& peer)
      : loop_(loop), socket_(std::move(socket)), poll_(std::move(poll)), peer_(peer) {
    poll_.set_owner(static_cast<SocketOwner*>(this));
  }
  ~TcpResting() override { poll_.reset(); }  // before its socket

  void start(RestingSink& sink) override { sink_ = &sink; }
  std::unique_ptr<Transport> wake(BlockPool& blocks) override {
    return std::make_unique<TcpTransport>(loop_, blocks, std::move(socket_), std::move(poll_),
                                          peer_, UV_READABLE);
  }

 private:
  void on_event(int status, int events) override {
    const uv_poll_t* const poll = poll_.get();
    sink_->on_stir();
    auto* owner = static_cast<SocketOwner*>(poll->data);
    if (owner != nullptr && owner != this) owner->on_event(status, events);
  }

  Loop& loop_;
  RestingSink* sink_ = nullptr;
  Fd socket_;
  Handle<uv_poll_t> poll_;
  Address peer_;
};

}  // namespace

std::unique_ptr<RestingSocket> Transport::rest() { return nullptr; }

std::unique_ptr<Transport> make_tcp_transport(Loop& loop, BlockPool& blocks, int socket,
                                              const Address& peer) {
  Handle<uv_poll_t> poll = make_poll(loop, socket, nullptr);
  WOAD_ASSERT(poll);  // fails for what is no socket, or is watched already
  return std::make_unique<TcpTransport>(loop, blocks, Fd(socket), std::move(poll), peer);
}

TcpTransport::TcpTransport(Loop& loop, BlockPool& blocks, Fd socket, Handle<uv_poll_t> poll,
                           const Address& peer, int watched)
    : loop_(loop),
      blocks_(blocks),
      socket_(std::move(socket)),
      watched_(watched),
      poll_(std::move(poll)),
      peer_(peer) {
  poll_.set_owner(static_cast<SocketOwner*>(this));
}

TcpTransport::~TcpTransport() {
  if (small_ != nullptr) drop(small_);
  poll_.reset();
  if (reset_on_destroy_) {
    const struct ::linger hard { 1, 0 };
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
}

void TcpTransport::start(TransportSink& sink) {
  WOAD_ASSERT(in_ == In::kNotStarted);
  sink_ = &sink;
  in_ = In::kOpen;
  watch();
}

void TcpTransport::wrote() {
  if (out_ == Out::kClosed || out_ == Out::kFailed) {
    output_.clear();
    return;
  }
  if (output_.size() > high_water_) above_high_water_ = true;
  loop_.scheduler().at_turn_end(*this);
}

bool TcpTransport::unacknowledged_since(uint64_t mark) const {
  return written_ <= mark || unacknowledged_bytes(socket_.get()).value_or(0) >= written_ - mark;
}

bool TcpTransport::input_waits() const {
  char first = 0;
  return ::recv(socket_.get(), &first, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

std::unique_ptr<RestingSocket> TcpTransport::rest() {
  const bool quiet = in_ == In::kOpen && out_ == Out::kOpen && watched_ == UV_READABLE &&
                     holds_ == 0 && output_.empty() && small_ == nullptr;
  if (!quiet) return nullptr;
  in_ = In::kEnded;
  out_ = Out::kFailed;
  sink_ = nullptr;
  unlink();
  return std::make_unique<TcpResting>(loop_, std::move(socket_), std::move(poll_), peer_);
}

void TcpTransport::shutdown_write() {
  if (out_ != Out::kOpen) return;
  out_ = Out::kClosing;
  loop_.scheduler().at_turn_end(*this);
}

void TcpTransport::hold_reading(Hold reason, bool on) {
  const auto bit = static_cast<uint8_t>(reason);
  holds_ = static_cast<uint8_t>(on ? holds_ | bit : holds_ & ~bit);
  // Reading is stopped lazily, by the first event that finds it held: often none comes.
  if (holds_ == 0 && in_ == In::kOpen && (watched_ & UV_READABLE) == 0) watch();
}

const Address& TcpTransport::local() const {
  if (local_ == nullptr) local_ = std::make_unique<Address>(local_address(socket_.get()));
  return *local_;
}

void TcpTransport::linger(std::unique_ptr<Transport> self) {
  if (reset_on_destroy_) {  // a FIN would say that all went well
    sink_ = nullptr;
    if (!is_lost() && !blocked_) flush();
    loop_.scheduler().defer_delete(std::move(self));
    return;
  }
  shutdown_write();
  if (is_lost()) {
    sink_ = nullptr;
    loop_.scheduler().defer_delete(std::move(self));
    return;
  }
  high_water_ = 0;
  above_high_water_ = true;  // on_drained() tells when all is written
  holds_ = 0;
  if (in_ == In::kNotStarted) in_ = In::kOpen;
  sink_ = &Linger::begin(loop_, std::move(self), in_ == In::kEnded);
  loop_.scheduler().at_turn_end(*this);
  watch();
}

// Which events to wait for: what can be done now; with nothing to do, errors alone (libuv has no
// mask for "errors only", urgent data is the closest).
void TcpTransport::watch() {
  int events = 0;
  if (in_ == In::kOpen && holds_ == 0) events |= UV_READABLE;
  if (blocked_) events |= UV_WRITABLE;
  if (events == 0 && in_ != In::kNotStarted && !is_lost()) events = UV_PRIORITIZED;
  watch_for(events);
}

void TcpTransport::watch_for(int events) {
  if (events == watched_) return;
  watched_ = events;
  uv_poll_start(poll_.get(), events, [](uv_poll_t* poll, int status, int happened) {
    auto* owner = owner_in_event<SocketOwner>(poll);
    if (owner != nullptr) owner->on_event(status, happened);
  });
}

void TcpTransport::on_event(int status, int events) {
  const uv_poll_t* const alive = poll_.get();
  if (status < 0) {  // the socket has an error, and libuv has stopped watching it
    watched_ = 0;
    on_socket_error();
    return;
  }
  if ((events & UV_PRIORITIZED) != 0 && watched_ == UV_PRIORITIZED) {
    on_socket_error();
    return;
  }
  if ((events & UV_WRITABLE) != 0) {
    blocked_ = false;
    flush();
    if (alive->data == nullptr) return;
  }
  if ((events & UV_READABLE) == 0 || in_ != In::kOpen) return;
  if (holds_ != 0) {
    read_class_ = 0;
    watch();
  } else {
    read();
  }
}

void TcpTransport::on_socket_error() {
  if (in_ == In::kOpen && holds_ == 0) {  // what came before the error is still good
    watch();
    read();
    return;
  }
  const int error = take_error(socket_.get());
  if (error != 0 && in_ == In::kNotStarted) {
    on_write_error(error);
  } else if (error != 0) {
    lose(error);
  } else {
    // Both sides have closed, or there is urgent data: nothing to do and nothing to wait for, and
    // the event would come again at once. Writing and the end of a hold look again.
    watch_for(blocked_ ? UV_WRITABLE : 0);
  }
}

void TcpTransport::read() {
  const uv_poll_t* const alive = poll_.get();
  for (int i = 0; i < kMostReads; ++i) {
    if (!read_once() || alive->data == nullptr || in_ != In::kOpen || holds_ != 0) return;
  }
}

bool TcpTransport::read_once() {
  const uint32_t size = kReadSizes[read_class_];
  Block* block = blocks_.take(size);
  ssize_t count;
  do {
    count = ::read(socket_.get(), block->data(), size);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    adapt(static_cast<size_t>(count), size);
    deliver(block, static_cast<size_t>(count));
    return count == size;
  }
  const int error = errno;
  drop(block);
  if (count == 0) {
    on_fin();
  } else if (error != EAGAIN) {
    lose(error);
  }
  return false;
}

void TcpTransport::adapt(size_t count, size_t size) {
  if (count == size) {
    if (read_class_ + 1u < std::size(kReadSizes)) ++read_class_;
  } else if (read_class_ > 0 && count <= kReadSizes[read_class_ - 1]) {
    --read_class_;
  }
}

void TcpTransport::deliver(Block* block, size_t count) {
  if (count > kSmallRead) {
    sink_->on_bytes(Slice(block, block->data(), count));
    return;
  }
  if (small_ != nullptr && small_used_ + count > small_->capacity) {
    drop(std::exchange(small_, nullptr));
  }
  if (small_ == nullptr) {
    small_ = blocks_.take(BlockPool::kSizes[0]);
    small_used_ = 0;
  }
  char* const to = small_->data() + small_used_;
  std::memcpy(to, block->data(), count);
  drop(block);
  small_used_ = static_cast<uint16_t>(small_used_ + count);
  ++small_->refs;
  const uv_poll_t* const alive = poll_.get();
  sink_->on_bytes(Slice(small_, to, count));
  if (alive->data == nullptr) return;
  if (small_->refs == 1) {
    drop(std::exchange(small_, nullptr));
  } else {  // looked at again when the others, who are in line already, have flushed
    unlink();
    loop_.scheduler().at_turn_end(*this);
  }
}

void TcpTransport::on_fin() {
  if (out_ == Out::kFailed) {
    lose(write_error_);
    return;
  }
  in_ = In::kEnded;
  watch();
  sink_->on_eof();
}

void TcpTransport::on_turn_end() {
  if (small_ != nullptr && small_->refs == 1) drop(std::exchange(small_, nullptr));
  if (!blocked_) flush();
}

void TcpTransport::flush() {
  while (!output_.empty() && !blocked_) {
    std::array<iovec, kMaxIovecs> pieces;
    const int count = output_.to_iovec(pieces.data(), kMaxIovecs);
    size_t wanted = 0;
    for (int i = 0; i < count; ++i) wanted += pieces[static_cast<size_t>(i)].iov_len;
    const ssize_t sent = send_some(socket_.get(), pieces.data(), count);
    if (sent < 0 && errno != EAGAIN) {
      on_write_error(errno);
      return;
    }
    if (sent > 0) {
      output_.consume(static_cast<size_t>(sent));
      written_ += static_cast<size_t>(sent);
    }
    blocked_ = sent < static_cast<ssize_t>(wanted);
  }
  if (blocked_ != ((watched_ & UV_WRITABLE) != 0)) watch_writing();
  if (output_.empty() && out_ == Out::kClosing) {
    out_ = Out::kClosed;
    ::shutdown(socket_.get(), SHUT_WR);
  }
  if (above_high_water_ && output_.size() <= high_water_ / 2) {
    above_high_water_ = false;
    if (sink_ != nullptr) sink_->on_drained();
  }
}

// Changes the interest in writing alone, so that a lazily held read stays as it is.
void TcpTransport::watch_writing() {
  const int reading = watched_ & UV_READABLE;
  if (blocked_) {
    watch_for(reading | UV_WRITABLE);
  } else if (reading != 0) {
    watch_for(reading);
  } else {
    watch();
  }
}

// The peer may have answered before it closed, so what it sent is read first.
void TcpTransport::on_write_error(int error) {
  out_ = Out::kFailed;
  write_error_ = error;
  output_.clear();
  blocked_ = false;
  if (in_ == In::kEnded || (in_ == In::kOpen && holds_ != 0)) {
    lose(error);
  } else {
    watch();
  }
}

void TcpTransport::lose(int error) {
  in_ = In::kEnded;
  out_ = Out::kFailed;
  output_.clear();
  blocked_ = false;
  watch_for(0);
  TransportSink* sink = std::exchange(sink_, nullptr);
  if (sink != nullptr) sink->on_lost(error_words(error));
}

}  // namespace woad
