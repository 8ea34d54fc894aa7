// Errors as values.
//
// A Result<T> holds a T or an Error; neither throws. An Error carries a sentence that a user can
// act on. Invariants that only a bug can break are checked with WOAD_ASSERT and end the process.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace woad {

// Why something did not work, as one sentence without a final dot.
struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  explicit operator bool() const { return ok_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

[[noreturn]] inline void assert_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "woad: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace woad

// Checked in every build: a broken invariant must never go on serving traffic.
#define WOAD_ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::woad::assert_failed(#condition, __FILE__, __LINE__))
