#include "proxy/control/plane/status.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "proxy/base/json.h"
#include "proxy/base/json_reading.h"
#include "proxy/base/strings.h"
#include "proxy/client/ask_and_wait.h"
#include "proxy/web/certificate.h"

namespace woad::control {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

constexpr size_t kMostAnswer = size_t{64} << 20;

std::string text_of(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  return json.is_null() ? "-" : json_line(json);
}

Row row_of(const Json& service) {
  const Json& rollout = json::at(service, "rollout");
  std::string step = text_of(json::at(rollout, "state"));
  if (step == "rolling" || step == "halted") {
    step += " " + text_of(json::at(rollout, "step")) + "/" + text_of(json::at(rollout, "steps"));
    step += " to " + text_of(json::at(service, "candidate"));
  }
  Row row = {text_of(json::at(service, "name")), text_of(json::at(service, "version")), step};
  for (const char* key : {"instances", "members", "applied", "rejected"}) {
    row.push_back(text_of(json::at(service, key)));
  }
  return row;
}

std::string aligned(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string protection_line(const Json& protection) {
  if (!json::is_true(protection, "on")) return "protection: off\n";
  return "protection: on since " + text_of(json::at(protection, "since")) + ", " +
         text_of(json::at(protection, "missing")) + " instances without heartbeat are kept\n";
}

std::string problem_line(const Json& problem) {
  std::string line = text_of(json::at(problem, "document"));
  if (const Json& at = json::at(problem, "line"); at.is_number() && at != Json(0)) {
    line += ":" + json_line(at) + ":" + text_of(json::at(problem, "column"));
  }
  line += ": error: ";
  const Json& path = json::at(problem, "path");
  if (path.is_string()) line += path.get<std::string>() + ": ";
  line += text_of(json::at(problem, "message"));
  const Json& service = json::at(problem, "service");
  if (service.is_string()) line += " (file of " + service.get<std::string>() + ")";
  return line + "\n";
}

std::string rejection_line(const Json& rejection) {
  return text_of(json::at(rejection, "service")) + "/" + text_of(json::at(rejection, "instance")) +
         " rejected version " + text_of(json::at(rejection, "version")) + ": " +
         text_of(json::at(rejection, "error")) + "\n";
}

Result<std::string> ask(const HttpClientOptions& options, const std::string& target) {
  HttpAnswer answer = ask_and_wait(options, {.target = target}, kMostAnswer);
  if (answer.status == 200) return std::move(answer.body);
  if (answer.status == 0) return Error{"no control plane there: " + answer.why};
  return Error{"the control plane answered " + std::to_string(answer.status) + ": " +
               std::string(trim(first_line(answer.body)))};
}

Result<HttpClientOptions> client_options(const StatusQuestion& question) {
  Result<Url> url = parse_url(question.url);
  if (!url) return Error{"--url " + url.error().message};
  HttpClientOptions options{.origin = std::move(*url)};
  if (!options.origin.tls) return options;
  Result<TlsContext::Ptr> tls = read_certificate(question.tls_folder, CertificateKind::kIdentity,
                                                 std::chrono::system_clock::now());
  if (!tls) return tls.error();
  options.tls = std::move(*tls);
  TlsClientOptions client;
  client.sni = options.origin.host;
  client.alpn = alpn_wire({"http/1.1"});
  options.tls_options = std::make_shared<const TlsClientOptions>(std::move(client));
  return options;
}

}  // namespace

std::string status_table(std::string_view services_page, std::string_view problems_page) {
  const Json services = parse_ordered_json(services_page);
  const Json problems = parse_ordered_json(problems_page);
  std::vector<Row> rows = {
      {"SERVICE", "VERSION", "ROLLOUT", "INSTANCES", "SIDECARS", "ACKED", "REJECTED"}};
  for (const Json& service : json::at(services, "services")) rows.push_back(row_of(service));
  std::string out = aligned(rows) + protection_line(json::at(services, "protection"));
  for (const Json& rejection : json::at(problems, "rejections")) out += rejection_line(rejection);
  for (const Json& problem : json::at(problems, "problems")) out += problem_line(problem);
  return out;
}

Result<std::string> ask_status(const StatusQuestion& question) {
  Result<HttpClientOptions> options = client_options(question);
  if (!options) return options.error();
  const Result<std::string> services = ask(*options, "/v1/services");
  if (!services) return services.error();
  const Result<std::string> problems = ask(*options, "/v1/problems");
  if (!problems) return problems.error();
  if (!question.json) return status_table(*services, *problems);
  Json all = parse_ordered_json(*services);
  if (!all.is_object()) return Error{"the control plane's answer is no JSON"};
  all.update(parse_ordered_json(*problems));
  return json_page(all);
}

}  // namespace woad::control
