#include "proxy/inject/file.h"

#include <memory>

#include "proxy/inject/inject.h"
#include "proxy/yaml/difference.h"
#include "proxy/yaml/read.h"
#include "proxy/yaml/rewrite.h"

namespace woad {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

class FileInjection {
 public:
  FileInjection(const std::string& name, std::string_view text, const InjectSettings& settings,
                Injection what)
      : name_(name),
        mark_(text.starts_with(kByteOrderMark) ? kByteOrderMark : std::string_view()),
        text_(text.substr(mark_.size())),
        settings_(settings),
        what_(what),
        errors_(name, std::make_shared<const std::string>(text_)),
        rewriter_(text_),
        lines_(text_) {}

  InjectedFile run() {
    const auto documents = yaml::read(text_, errors_);
    if (documents) {
      for (const yaml::Node& document : *documents) change(document);
    }
    if (!errors_.ok()) return {{}, errors_.text(), std::move(warnings_)};
    return {std::string(mark_) + rewriter_.text(), {}, std::move(warnings_)};
  }

 private:
  void change(const yaml::Node& document) {
    if (!document.is_map()) return;
    const Value before = yaml::to_value(document);
    Report report;
    const Value after = what_ == Injection::kPut ? inject(before, settings_, report)
                                                 : remove_injection(before, report);
    for (const Finding& finding : report.warnings) warn(document, finding);
    for (const Finding& finding : report.errors) {
      errors_.error(place(document, finding), yaml::path_words(finding.path), finding.message,
                    finding.hint);
    }
    if (!errors_.ok()) return;
    const auto obstacle = rewriter_.change(document, yaml::difference(before, after));
    if (obstacle) {
      errors_.error(lines_.location_of(obstacle->at), "", obstacle->message, obstacle->hint);
    }
  }

  config::Location place(const yaml::Node& document, const Finding& finding) const {
    const bool key = finding.at == Finding::At::kKey;
    return lines_.location_of(yaml::place_of(document, finding.path, key));
  }

  void warn(const yaml::Node& document, const Finding& finding) {
    const config::Location at = place(document, finding);
    warnings_ += name_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                 ": warning: " + sentence(finding) + "\n";
  }

  const std::string& name_;
  std::string_view mark_;
  std::string_view text_;
  const InjectSettings& settings_;
  Injection what_;
  config::Diagnostics errors_;
  yaml::Rewriter rewriter_;
  yaml::Lines lines_;
  std::string warnings_;
};

}  // namespace

InjectedFile inject_file(const std::string& name, std::string_view text,
                         const InjectSettings& settings, Injection what) {
  return FileInjection(name, text, settings, what).run();
}

}  // namespace woad
