// A callable lent to a function for the length of its call: no ownership, no allocation. A value.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace woad {

template <class Signature>
class FunctionRef;

// Refers to what it was made from, which outlives it.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
           std::is_invocable_r_v<R, F&, Args...>) FunctionRef(F&& callable)
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* raw, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(raw))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

 private:
  void* callable_;
  R (*call_)(void*, Args...);
};

}  // namespace woad
