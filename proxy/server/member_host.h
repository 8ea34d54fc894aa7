// This sidecar, as the member of a control plane sees it: its certificates, and what serves here.
// Control loop.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/member/member.h"
#include "proxy/server/deployment.h"
#include "proxy/server/rollout.h"

namespace woad {

class SidecarMember final : private MemberHost {
 public:
  struct Parts {
    Loop& loop;
    BlockPool& blocks;
    Rollout& rollout;
    Deployment& deployment;
  };
  // How the process begins without a file; each at most once, and not from inside a call.
  struct Beginning {
    std::function<void()> no_file;                       // one is waited for
    std::function<void(const std::string& why)> no_way;  // and none will come
  };

  // All outlive it. `path` is the file's. Files are checked with `registry`.
  SidecarMember(const Parts& parts, const std::string& path,
                const std::vector<FilterKind>& registry, MemberSettings settings, uint64_t seed,
                Beginning beginning);

  Member& member() { return member_; }

 private:
  Result<std::unique_ptr<HttpClient>> connect(const Url& url) override;
  bool outdated() const override;
  std::optional<Serving> serving() const override;
  void on_good_file() override { parts_.rollout.read_file(); }
  void on_no_file() override { beginning_.no_file(); }
  void on_no_way(const std::string& why) override { beginning_.no_way(why); }

  // nullptr: nothing runs, or it has no certificates.
  TlsContext::Ptr running_context() const;
  Result<TlsContext::Ptr> context() const;

  Parts parts_;
  const std::string identity_;
  const Beginning beginning_;
  TlsContext::Ptr used_;  // by the latest client
  BackgroundThread background_;
  Member member_;
};

}  // namespace woad
