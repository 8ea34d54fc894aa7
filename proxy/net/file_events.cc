#include "proxy/net/file_events.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <map>

#include "proxy/base/intrusive_list.h"
#include "proxy/net/handle.h"
#include "proxy/net/socket.h"

namespace woad {
namespace {

constexpr uint32_t kOfFolder = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                               IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr uint32_t kOfFile = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

FileEvents::What what_of(uint32_t mask) {
  if (mask & IN_CLOSE_WRITE) return FileEvents::What::kClosed;
  if (mask & IN_MODIFY) return FileEvents::What::kWritten;
  return FileEvents::What::kChanged;
}

}  // namespace

struct FileEvents::Impl {
  // Several may be about one file: then they share its watch descriptor.
  struct Entry final : Subscription, ListLink {
    Entry(Impl& owner, On told) : impl(owner), on(std::move(told)) {}
    ~Entry() override {
      unlink();
      impl.forget(watch);
    }
    bool alive() const override { return watch >= 0; }

    Impl& impl;
    On on;
    int watch = -1;
  };
  using Entries = IntrusiveList<Entry>;

  explicit Impl(Loop& loop) : instance(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (!instance.valid()) return;
    poll = make_poll(loop, instance.get(), this);
    if (!poll) return;
    uv_poll_start(poll.get(), UV_READABLE, [](uv_poll_t* raw, int, int) {
      auto* self = owner_in_event<Impl>(raw);
      if (self != nullptr) self->read();
    });
  }

  std::unique_ptr<Subscription> subscribe(const std::string& path, uint32_t mask, On on) {
    auto entry = std::make_unique<Entry>(*this, std::move(on));
    if (poll) entry->watch = ::inotify_add_watch(instance.get(), path.c_str(), mask);
    if (entry->alive()) watches[entry->watch].push_back(*entry);
    return entry;
  }

  void forget(int watch) {
    const auto found = watches.find(watch);
    if (found == watches.end() || !found->second.empty()) return;
    watches.erase(found);
    ::inotify_rm_watch(instance.get(), watch);
  }

  void read() {
    alignas(inotify_event) char bytes[16 * 1024];
    const ssize_t count = ::read(instance.get(), bytes, sizeof bytes);
    for (ssize_t at = 0; at < count;) {
      const auto* event = reinterpret_cast<const inotify_event*>(bytes + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      on_event(event->wd, event->mask);
    }
  }

  void on_event(int watch, uint32_t mask) {
    if (mask & IN_Q_OVERFLOW) {
      for (auto& [each, entries] : watches) tell(entries, What::kLost);
      return;
    }
    const auto found = watches.find(watch);
    if (found == watches.end()) return;
    if ((mask & IN_IGNORED) == 0) return tell(found->second, what_of(mask));
    found->second.for_each([](Entry& entry) { entry.watch = -1; });
    tell(found->second, What::kLost);
    while (!found->second.empty()) found->second.pop_front();
    watches.erase(found);
  }

  static void tell(Entries& entries, What what) {
    entries.for_each([&](Entry& entry) { entry.on(what); });
  }

  Fd instance;
  Handle<uv_poll_t> poll;
  std::map<int, Entries> watches;
};

FileEvents::FileEvents(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}

FileEvents::~FileEvents() = default;

void FileEvents::read() { impl_->read(); }

std::unique_ptr<FileEvents::Subscription> FileEvents::of_folder(const std::string& path, On on) {
  return impl_->subscribe(path, kOfFolder, std::move(on));
}

std::unique_ptr<FileEvents::Subscription> FileEvents::of_file(const std::string& path, On on) {
  return impl_->subscribe(path, kOfFile, std::move(on));
}

}  // namespace woad
