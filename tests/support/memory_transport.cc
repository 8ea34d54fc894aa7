#include "tests/support/memory_transport.h"

#include <algorithm>
#include <cstring>

namespace woad {

MemoryPeer::~MemoryPeer() {
  if (transport_ != nullptr) transport_->peer_ = nullptr;
}

std::unique_ptr<Transport> MemoryPeer::connect() {
  WOAD_ASSERT(transport_ == nullptr && !closed_);
  auto transport = std::make_unique<MemoryTransport>(*this);
  transport_ = transport.get();
  return transport;
}

void MemoryPeer::send(std::string_view bytes) {
  inbox_.append(bytes);
  pump();
}

void MemoryPeer::send_in_pieces(std::string_view bytes, size_t piece) {
  while (!bytes.empty()) {
    const size_t count = std::min(piece, bytes.size());
    send(bytes.substr(0, count));
    scheduler_.end_turn();
    bytes.remove_prefix(count);
  }
  pump();
}

void MemoryPeer::send_eof() {
  inbox_eof_ = true;
  pump();
}

void MemoryPeer::lose(std::string_view why) {
  if (transport_ == nullptr || transport_->lost_) return;
  transport_->lost_ = true;
  transport_->output_.clear();
  TransportSink* sink = std::exchange(transport_->sink_, nullptr);
  if (sink != nullptr) sink->on_lost(why);
}

void MemoryPeer::pump() {
  if (resting_ != nullptr && (!inbox_.empty() || inbox_eof_)) resting_->sink_->on_stir();
  while (transport_ != nullptr && transport_->sink_ != nullptr && holds_ == 0 && !inbox_.empty()) {
    const size_t count = std::min<size_t>(inbox_.size(), BlockPool::kSizes[1]);
    Block* block = blocks_.take(count);
    std::memcpy(block->data(), inbox_.data(), count);
    inbox_.erase(0, count);
    transport_->sink_->on_bytes(Slice(block, block->data(), count));
  }
  if (inbox_eof_ && inbox_.empty() && transport_ != nullptr && transport_->sink_ != nullptr &&
      holds_ == 0) {
    inbox_eof_ = false;
    transport_->sink_->on_eof();
  }
}

void MemoryPeer::accept(size_t bytes) {
  room_ = bytes;
  if (transport_ != nullptr) transport_->flush();
}

MemoryTransport::~MemoryTransport() {
  if (peer_ == nullptr) return;
  peer_->transport_ = nullptr;
  peer_->closed_ = true;
  peer_->reset_ = abort_;
  peer_->saw_eof_ = peer_->saw_eof_ || !abort_;
}

void MemoryTransport::start(TransportSink& sink) {
  WOAD_ASSERT(sink_ == nullptr);
  sink_ = &sink;
}

void MemoryTransport::wrote() {
  if (output_.size() > high_water_) above_high_water_ = true;
  if (peer_ != nullptr) peer_->scheduler_.at_turn_end(*this);
}

std::unique_ptr<RestingSocket> MemoryTransport::rest() {
  if (peer_ == nullptr || !peer_->may_rest || !output_.empty()) return nullptr;
  MemoryPeer& peer = *std::exchange(peer_, nullptr);
  peer.transport_ = nullptr;
  return std::make_unique<MemoryResting>(peer);
}

MemoryResting::~MemoryResting() {
  if (peer_ == nullptr) return;
  peer_->resting_ = nullptr;
  peer_->closed_ = true;
}

std::unique_ptr<Transport> MemoryResting::wake(BlockPool&) {
  MemoryPeer& peer = *std::exchange(peer_, nullptr);
  peer.resting_ = nullptr;
  return peer.connect();
}

void MemoryTransport::shutdown_write() {
  fin_wanted_ = true;
  wrote();
}

void MemoryTransport::hold_reading(Hold reason, bool on) {
  if (peer_ == nullptr) return;
  const uint8_t before = peer_->holds_;
  const auto bit = static_cast<uint8_t>(reason);
  peer_->holds_ = static_cast<uint8_t>(on ? before | bit : before & ~bit);
  if ((before == 0) != (peer_->holds_ == 0)) ++peer_->hold_changes_;
}

void MemoryTransport::linger(std::unique_ptr<Transport> self) {
  sink_ = nullptr;
  fin_wanted_ = fin_wanted_ || !abort_;
  flush();
  if (peer_ != nullptr) peer_->scheduler_.defer_delete(std::move(self));
}

void MemoryTransport::flush() {
  if (peer_ == nullptr || lost_) return;
  const size_t count = std::min(peer_->room_, output_.size());
  if (count > 0) {
    peer_->received_ += output_.take(count).to_string();
    taken_ += count;
    ++peer_->flushes_;
    if (peer_->room_ != SIZE_MAX) peer_->room_ -= count;
  }
  if (output_.empty() && fin_wanted_) peer_->saw_eof_ = true;
  if (above_high_water_ && output_.size() <= high_water_ / 2) {
    above_high_water_ = false;
    if (sink_ != nullptr) sink_->on_drained();
  }
}

}  // namespace woad
