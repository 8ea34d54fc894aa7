#include "proxy/net/linger.h"

namespace woad {

Linger& Linger::begin(Loop& loop, std::unique_ptr<Transport> transport, bool ended) {
  std::unique_ptr<Linger> linger(new Linger(loop, std::move(transport), ended));
  Linger& raw = *linger;
  loop.own(std::move(linger));
  return raw;
}

Linger::Linger(Loop& loop, std::unique_ptr<Transport> transport, bool ended)
    : loop_(loop),
      transport_(std::move(transport)),
      timer_(loop.scheduler().timers(), bind_timer<&Linger::on_timer>(this)),
      begun_(loop.scheduler().now()),
      backlog_(transport_->backlog()),
      ended_(ended) {
  timer_.arm(kPatience);
}

void Linger::on_bytes(Slice bytes) {
  discarded_ += bytes.size();
  if (discarded_ > kMaxDiscard) finish();
}

void Linger::on_eof() {
  ended_ = true;
  if (transport_->backlog() == 0) finish();
}

void Linger::on_drained() {
  if (ended_) {
    finish();
    return;
  }
  backlog_ = 0;
  timer_.arm(kPatience);
}

void Linger::on_timer() {
  const size_t backlog = transport_->backlog();
  const bool moved = backlog < backlog_ || discarded_ > discarded_before_;
  if (!moved || loop_.scheduler().now() - begun_ >= kLongest) {
    finish();
    return;
  }
  backlog_ = backlog;
  discarded_before_ = discarded_;
  timer_.arm(kPatience);
}

void Linger::finish() {
  if (!linked()) return;  // the loop has disowned it
  timer_.disarm();
  loop_.disown(*this);
}

}  // namespace woad
