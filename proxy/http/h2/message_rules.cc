#include "proxy/http/h2/message_rules.h"

#include <cstring>

#include "proxy/base/strings.h"
#include "proxy/http/byte_class.h"

namespace woad {
namespace {

// RFC 9113 section 8.2.1.
bool is_name(std::string_view name) {
  if (name.starts_with(':')) name.remove_prefix(1);
  return !name.empty() && all_in(name, kInLowerToken);
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_value(std::string_view value) {
  if (value.empty()) return true;
  return !is_blank(value.front()) && !is_blank(value.back()) && is_text(value);
}

bool is_scheme(std::string_view value) {
  return is_letter(value.front()) && all_in(value, kInScheme);
}

template <size_t kSize>
bool is(std::string_view name, const char (&wanted)[kSize]) {
  return name.size() == kSize - 1 && std::memcmp(name.data(), wanted, kSize - 1) == 0;
}

}  // namespace

Pseudo pseudo_of(std::string_view name) {
  if (!name.starts_with(':')) return Pseudo::kNone;
  if (is(name, ":path")) return Pseudo::kPath;
  if (is(name, ":method")) return Pseudo::kMethod;
  if (is(name, ":scheme")) return Pseudo::kScheme;
  if (is(name, ":status")) return Pseudo::kStatus;
  if (is(name, ":authority")) return Pseudo::kAuthority;
  return Pseudo::kUnknown;
}

void MessageRules::expect_response(Method asked) {
  is_response_ = true;
  method_ = asked;
}

bool MessageRules::first(Seen field) {
  const bool first = (seen_ & field) == 0;
  seen_ = static_cast<uint8_t>(seen_ | field);
  return first;
}

MessageRules::Verdict MessageRules::take_field(const H2Field& field) {
  const auto keep_if = [](bool right) { return right ? Verdict::kKeep : Verdict::kMalformed; };
  const std::string_view value = field.value;
  if (!field.static_name && !is_name(field.name)) return Verdict::kMalformed;
  if (field.pseudo != Pseudo::kNone) {
    // Section 8.3: in front of all others, never in trailers, never without a value.
    if (regular_ || next_ == Next::kRest || value.empty()) return Verdict::kMalformed;
    return keep_if(is_response_ ? field.pseudo == Pseudo::kStatus && take_status(value)
                                : take_request_pseudo(field.pseudo, value));
  }
  regular_ = true;
  switch (field.id) {
    case HeaderId::kConnection:  // section 8.2.2
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyConnection:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade: return Verdict::kMalformed;
    case HeaderId::kTe: return keep_if(equals_ignore_case(value, "trailers"));
    case HeaderId::kContentLength:
      return is_value(value) ? take_length(value) : Verdict::kMalformed;
    case HeaderId::kHost:
      if (is_response_) break;
      return keep_if(first(kHost) && !value.empty() && all_in(value, kInAuthority));
    default: break;
  }
  return keep_if(field.static_value || is_value(value));
}

// Section 8.3.1. What a path and an authority may say beyond this is validate_request's.
bool MessageRules::take_request_pseudo(Pseudo name, std::string_view value) {
  switch (name) {
    case Pseudo::kPath:
      rooted_path_ = value.front() == '/';
      asterisk_path_ = value == "*";
      return first(kPath) && all_in(value, kInVisible);
    case Pseudo::kMethod:
      method_ = method_of(value);
      return first(kMethod) && (method_ != Method::kOther || all_in(value, kInToken));
    case Pseudo::kScheme:
      web_scheme_ = equals_ignore_case(value, "http") || equals_ignore_case(value, "https");
      return first(kScheme) && (web_scheme_ || is_scheme(value));
    case Pseudo::kAuthority: return first(kAuthority) && all_in(value, kInAuthority);
    // Without SETTINGS_ENABLE_CONNECT_PROTOCOL there is no :protocol (RFC 8441 section 4).
    default: return false;
  }
}

// Section 8.3.2; 8.6: there is no 101.
bool MessageRules::take_status(std::string_view value) {
  const std::optional<uint64_t> status = parse_decimal(value);
  if (value.size() != 3 || !status.has_value() || *status == 101) return false;
  status_ = static_cast<int16_t>(*status);
  return first(kStatus);
}

MessageRules::Verdict MessageRules::take_length(std::string_view value) {
  if (is_response_) {
    // RFC 9110 section 8.6: interim responses, a 204 and an opened tunnel have none. Servers write
    // a 0 into a 204 all the same.
    if (status_ / 100 == 1) return Verdict::kMalformed;
    if (status_ == 204) {
      if (length_.has_value() || value != "0") return Verdict::kMalformed;
      length_ = 0;
      return Verdict::kDrop;
    }
    if (status_ / 100 == 2 && method_ == Method::kConnect) return Verdict::kDrop;
  }
  const std::optional<uint64_t> length = parse_decimal(value);
  if (length_.has_value() || !length.has_value() || *length > INT64_MAX) {
    return Verdict::kMalformed;
  }
  length_ = length;
  return Verdict::kKeep;
}

bool MessageRules::end_section(bool end_stream) {
  switch (next_) {
    case Next::kHead:
    case Next::kFinal:
      if (!(is_response_ ? end_response_head() : end_request_head())) return false;
      break;
    case Next::kRest:
      if (!end_stream) return false;  // trailers are the last (section 8.1)
      break;
  }
  return !end_stream || may_end();
}

bool MessageRules::end_request_head() {
  next_ = Next::kRest;
  if (method_ == Method::kConnect) {  // section 8.5
    length_.reset();
    return has(kMethod | kAuthority) && (seen_ & (kScheme | kPath)) == 0;
  }
  if (!has(kMethod | kScheme | kPath) || (seen_ & (kAuthority | kHost)) == 0) return false;
  return !web_scheme_ || rooted_path_ || (asterisk_path_ && method_ == Method::kOptions);
}

bool MessageRules::end_response_head() {
  if (!has(kStatus)) return false;
  if (status_ / 100 == 1) {
    next_ = Next::kFinal;
    seen_ = 0;
    regular_ = false;
    status_ = 0;
    length_.reset();
    return true;
  }
  next_ = Next::kRest;
  // RFC 9110 section 6.4.1: what these say of a length is not that of their body.
  if (method_ == Method::kHead || status_ == 204 || status_ == 304) {
    length_ = 0;
  } else if (method_ == Method::kConnect) {
    length_.reset();
  }
  return true;
}

bool MessageRules::take_data(size_t bytes) {
  received_ += bytes;
  return next_ != Next::kFinal && received_ <= length_.value_or(UINT64_MAX);
}

bool MessageRules::may_end() const {
  return next_ != Next::kFinal && (!length_.has_value() || *length_ == received_);
}

}  // namespace woad
