#include "tests/http/h2/duel.h"

#include <nghttp2/nghttp2.h>

#include "proxy/base/strings.h"

namespace woad::h2test {
namespace {

constexpr size_t kToldDifferences = 5;
constexpr std::string_view kBroken = "the message breaks HTTP";

HttpLimits generous() {
  HttpLimits limits;
  limits.resets_per_second = 1 << 24;
  return limits;
}

std::vector<std::string> lines_of(std::string_view log) {
  std::vector<std::string> lines;
  while (!log.empty()) {
    const size_t end = log.find('\n');
    lines.emplace_back(log.substr(0, end));
    log.remove_prefix(end + 1);
  }
  return lines;
}

// Of the rig's lines; `why`: what a validator said, or "".
Seen read_log(std::string_view log, size_t body, std::string& why) {
  Seen seen;
  seen.body = body;
  for (const std::string& line : lines_of(log)) {
    const std::string_view text = line;
    if (text.starts_with("bad ")) why = text.substr(0, text.rfind(" ["));
    if (text.starts_with("reset ") && !text.ends_with(kBroken)) why = text;
    if (text.ends_with(" END") || text.starts_with("trailers")) seen.end = true;
    if (!text.starts_with("request ") && !text.starts_with("response ")) continue;
    seen.head = true;
    const size_t length = text.find(" length=");
    if (length == std::string_view::npos) continue;
    const std::string_view digits = text.substr(length + 8);
    seen.length = parse_decimal(digits.substr(0, digits.find(' ')));
  }
  return seen;
}

std::vector<std::string> pieces_of(const Message& message, uint32_t stream, Packer& packer,
                                   const Manner& manner) {
  std::string bytes;
  for (const Part& part : message) {
    const std::string fields = manner.packed ? packer.block(part.fields) : block(part.fields);
    bytes += bytes_of(part, stream, fields);
  }
  std::vector<std::string> pieces;
  for (size_t at = 0; at < bytes.size(); at += pieces.back().size()) {
    pieces.push_back(bytes.substr(at, manner.piece));
  }
  return pieces;
}

// Clocks go on, so that no budget for idle frames runs dry.
void rest(World& world, size_t messages) {
  if (messages % 256 == 0) world.pass(seconds(1));
}

}  // namespace

Packer::Packer() { nghttp2_hd_deflate_new(&deflater_, 4096); }
Packer::~Packer() { nghttp2_hd_deflate_del(deflater_); }

std::string Packer::block(const FieldList& fields) {
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] : fields) {
    list.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                    reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                    value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  std::string out(nghttp2_hd_deflate_bound(deflater_, list.data(), list.size()), '\0');
  const auto size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<uint8_t*>(out.data()),
                                          out.size(), list.data(), list.size());
  out.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return out;
}

void Tally::differ(const std::string& message, const Seen& theirs, const std::string& ours) {
  static_assert(kToldDifferences > 0);
  if (std::count(differences.begin(), differences.end(), '\n') >=
      static_cast<std::ptrdiff_t>(kToldDifferences)) {
    return;
  }
  differences += message + ": nghttp2 " + theirs.text() + "; ours " + ours + '\n';
}

struct RequestDuel::Table {
  World world;
  ServerSide ours{world, generous()};
  Oracle theirs{Oracle::Side::kServer};
  Packer packer;
};

void RequestDuel::sit_down() {
  table_ = std::make_shared<Table>();
  stream_ = 1;
  table_->ours.send(preface());
  table_->ours.peer.take_received();
  table_->theirs.receive(preface());
}

void RequestDuel::run(const Message& message, Answer answer, const Manner& manner) {
  if (table_ == nullptr) sit_down();
  ServerSide& ours = table_->ours;
  ours.on_each = [answer](ServedStream& stream) {
    if (answer == Answer::kNever) return;
    stream.respond(200, true);
    if (answer == Answer::kAndGone) stream.release();
  };
  table_->theirs.answers_early = answer != Answer::kNever;
  std::string faults;
  for (const std::string& piece : pieces_of(message, stream_, table_->packer, manner)) {
    table_->theirs.receive(piece);
    ours.send(piece);
    faults += faults_in(ours.reader, ours.peer.take_received());
  }
  const Seen theirs = table_->theirs.take();
  ++tally.messages;
  if (!theirs.faults.empty()) ++tally.refused;
  std::string why;
  Seen seen;
  if (!ours.streams.empty()) seen = read_log(ours.streams[0].log, ours.streams[0].body.size(), why);
  seen.faults = faults;
  const bool untold = answer == Answer::kAndGone || why.starts_with("bad ");
  if (why.starts_with("bad ")) tally.stricter.insert(why);
  const bool same = untold ? seen.faults == theirs.faults : seen == theirs;
  if (!same) tally.differ(describe(message), theirs, seen.text() + " " + why);
  if (faults.find("GOAWAY") != std::string::npos ||
      theirs.faults.find("GOAWAY") != std::string::npos)
    return sit_down();
  const std::string end = reset(stream_, NGHTTP2_CANCEL);
  table_->theirs.receive(end);
  ours.send(end);
  for (ServedStream& stream : ours.streams) {
    if (stream.writer != nullptr) stream.release();
  }
  table_->world.turn();
  table_->theirs.take();
  ours.reader.read(ours.peer.take_received());
  if (ours.codec->active_streams() != 0) tally.differ("a stream stays behind", theirs, "");
  ours.streams.clear();
  stream_ += 2;
  rest(table_->world, tally.messages);
}

struct ResponseDuel::Table {
  World world;
  ClientSide ours{world, generous()};
  Oracle theirs{Oracle::Side::kClient};
  Packer packer;
};

void ResponseDuel::sit_down() {
  table_ = std::make_shared<Table>();
  stream_ = 1;
  table_->ours.send(settings());
  table_->theirs.receive(settings());
}

void ResponseDuel::run(const Message& message, std::string_view asked, bool whole_request,
                       const Manner& manner) {
  if (table_ == nullptr) sit_down();
  ClientSide& ours = table_->ours;
  AskedStream& stream = ours.open();
  stream.ask(asked, "/", whole_request);
  table_->world.turn();
  ours.reader.read(ours.peer.take_received());
  table_->theirs.ask(asked, whole_request);
  std::string faults;
  for (const std::string& piece : pieces_of(message, stream_, table_->packer, manner)) {
    table_->theirs.receive(piece);
    ours.send(piece);
    faults += faults_in(ours.reader, ours.peer.take_received());
  }
  const Seen theirs = table_->theirs.take();
  ++tally.messages;
  if (!theirs.faults.empty()) ++tally.refused;
  std::string why;
  Seen seen = read_log(stream.log, stream.body.size(), why);
  seen.faults = faults;
  const bool goaway = (faults + theirs.faults).find("GOAWAY") != std::string::npos;
  if (!why.empty() && !goaway) {
    tally.stricter.insert(why);
    if (faults != "RST_STREAM 1 ") tally.differ(describe(message), theirs, seen.text() + " " + why);
  } else if (goaway ? faults != theirs.faults : seen != theirs) {
    tally.differ(std::string(asked) + ": " + describe(message), theirs, seen.text() + " " + why);
  }
  if (stream.writer != nullptr) stream.release();
  if (goaway) return sit_down();
  table_->world.turn();
  ours.reader.read(ours.peer.take_received());
  table_->theirs.let_go();
  if (ours.codec->active_streams() != 0) tally.differ("a stream stays behind", theirs, "");
  ours.streams.clear();
  stream_ += 2;
  rest(table_->world, tally.messages);
}

Manner Dice::manner() {
  constexpr size_t kPieces[] = {SIZE_MAX, SIZE_MAX, 30, 7, 1};
  return {of(kPieces), one_in(2)};
}

}  // namespace woad::h2test
