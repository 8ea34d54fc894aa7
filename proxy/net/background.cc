#include "proxy/net/background.h"

#include <utility>

namespace woad {

void BackgroundThread::run(std::function<void()> work, std::function<void()> done) {
  thread_ = std::thread([this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    loop_.post([this, done = std::move(done)] {
      thread_.join();
      done();
    });
  });
}

}  // namespace woad
