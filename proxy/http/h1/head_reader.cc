#include "proxy/http/h1/head_reader.h"

#include <utility>

namespace woad::h1 {
namespace {

constexpr std::string_view kBlankLine = "\r\n";

}  // namespace

HeadScan::State HeadReader::read(Slice& bytes, const HttpLimits& limits, FoundHead& head) {
  if (partial_ != nullptr) return read_on(bytes, limits, head);
  if (skip_blank_line(bytes)) return HeadScan::State::kIncomplete;
  const HeadScan::State state = head.scan.scan(bytes.view(), limits);
  head.text = bytes.view();
  if (state == HeadScan::State::kIncomplete) {
    partial_.reset(new Partial{head.scan, std::string(head.text)});
    bytes = Slice();
  } else if (state == HeadScan::State::kComplete) {
    head.text = head.text.substr(0, head.scan.size());
    bytes.remove_prefix(head.scan.size());
    blank_skipped_ = false;
  }
  return state;
}

HeadScan::State HeadReader::read_on(Slice& bytes, const HttpLimits& limits, FoundHead& head) {
  std::string& text = partial_->text;
  const size_t before = text.size();
  text.append(bytes.view());
  if (kind_ == HeadScan::Kind::kRequest && !blank_skipped_ && text.starts_with(kBlankLine)) {
    partial_.reset();
    blank_skipped_ = true;
    bytes.remove_prefix(kBlankLine.size() - before);
    return HeadScan::State::kIncomplete;
  }
  const HeadScan::State state = partial_->scan.scan(text, limits);
  if (state == HeadScan::State::kIncomplete) {
    bytes = Slice();
    return state;
  }
  take_partial(head);
  if (state == HeadScan::State::kComplete) {
    head.text = head.text.substr(0, head.scan.size());
    bytes.remove_prefix(head.scan.size() - before);
    blank_skipped_ = false;
  }
  return state;
}

void HeadReader::take_partial(FoundHead& head) {
  head.scan = partial_->scan;
  head.gathered = std::move(partial_->text);
  head.text = head.gathered;
  partial_.reset();
}

// RFC 9112 section 2.2 lets a server skip an empty line before the request line; one is enough.
// True when nothing is left to scan.
bool HeadReader::skip_blank_line(Slice& bytes) {
  if (kind_ != HeadScan::Kind::kRequest || bytes.data()[0] != '\r' || blank_skipped_) return false;
  if (!bytes.view().starts_with(kBlankLine)) return false;
  bytes.remove_prefix(kBlankLine.size());
  blank_skipped_ = true;
  return bytes.empty();
}

}  // namespace woad::h1
