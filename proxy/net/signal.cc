#include "proxy/net/signal.h"

#include "proxy/base/result.h"
#include "proxy/net/handle.h"

namespace woad {

struct Signal::Impl {
  std::function<void()> raised;
  Handle<uv_signal_t> handle;
};

Signal::Signal(Loop& loop, int number, std::function<void()> raised)
    : impl_(std::make_unique<Impl>()) {
  impl_->raised = std::move(raised);
  impl_->handle = Handle<uv_signal_t>::make(
      impl_.get(), [&](uv_signal_t* raw) { return uv_signal_init(loop.uv(), raw); });
  WOAD_ASSERT(impl_->handle);
  const auto on_signal = [](uv_signal_t* raw, int) {
    auto* self = owner_in_event<Impl>(raw);
    if (self == nullptr) return;
    const std::function<void()> call = self->raised;  // survives the owner's death in the call
    call();
  };
  WOAD_ASSERT(uv_signal_start(impl_->handle.get(), on_signal, number) == 0);
}

Signal::~Signal() = default;

}  // namespace woad
