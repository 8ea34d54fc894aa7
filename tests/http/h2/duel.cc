#include "tests/http/h2/duel.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "proxy/base/strings.h"

namespace woad::h2test {
namespace {

constexpr std::ptrdiff_t kToldDifferences = 5;
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

// What the rig's lines tell of one of our streams.
struct Told {
  Seen seen;
  std::string why;  // what a validator said, or ""
};

template <class Stream>
Told told_by(const Stream& stream) {
  Told told;
  told.seen.body = stream.body.size();
  for (const std::string& line : lines_of(stream.log)) {
    const std::string_view text = line;
    if (text.starts_with("bad ")) told.why = text.substr(0, text.rfind(" ["));
    if (text.starts_with("reset ") && !text.ends_with(kBroken)) told.why = text;
    if (text.ends_with(" END") || text.starts_with("trailers")) told.seen.end = true;
    if (!text.starts_with("request ") && !text.starts_with("response ")) continue;
    told.seen.head = true;
    const size_t length = text.find(" length=");
    if (length == std::string_view::npos) continue;
    const std::string_view digits = text.substr(length + 8);
    told.seen.length = parse_decimal(digits.substr(0, digits.find(' ')));
  }
  return told;
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

bool ends_connection(const Seen& seen) { return seen.faults.find("GOAWAY") != std::string::npos; }

// Both read the message, and write after each piece of it; returns how ours found fault.
template <class Table>
std::string give_both(Table& table, const Message& message, const Manner& manner) {
  std::string faults;
  for (const std::string& piece : pieces_of(message, table.stream, table.packer, manner)) {
    table.theirs.receive(piece);
    table.ours.send(piece);
    faults += faults_in(table.ours.reader, table.ours.peer.take_received());
  }
  return faults;
}

// The next message has a stream of its own, and clocks go on so that no budget for idle frames runs
// dry.
template <class Table>
void clear(Table& table, size_t messages) {
  for (auto& stream : table.ours.streams) {
    if (stream.writer != nullptr) stream.release();
  }
  table.world.turn();
  table.ours.reader.read(table.ours.peer.take_received());
  WOAD_ASSERT(table.ours.codec->active_streams() == 0);
  table.ours.streams.clear();
  table.stream += 2;
  if (messages % 256 == 0) table.world.pass(seconds(1));
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

void Tally::count(const Seen& theirs) {
  ++messages;
  if (!theirs.faults.empty()) ++refused;
}

void Tally::differ(const Message& message, const Seen& theirs, const Seen& ours) {
  if (std::count(differences.begin(), differences.end(), '\n') >= kToldDifferences) return;
  differences += describe(message) + ": nghttp2 " + theirs.text() + "; ours " + ours.text() + '\n';
}

struct RequestDuel::Table {
  Table() {
    ours.send(preface());
    ours.peer.take_received();
    theirs.receive(preface());
  }

  World world;
  ServerSide ours{world, generous()};
  Oracle theirs{Oracle::Side::kServer};
  Packer packer;
  uint32_t stream = 1;
};

RequestDuel::RequestDuel() : table_(std::make_unique<Table>()) {}
RequestDuel::~RequestDuel() = default;

void RequestDuel::run(const Message& message, Answer answer, const Manner& manner) {
  ServerSide& ours = table_->ours;
  ours.on_each = [answer](ServedStream& stream) {
    if (answer == Answer::kNever) return;
    stream.respond(200, true);
    if (answer == Answer::kAndGone) stream.release();
  };
  table_->theirs.answers_early = answer != Answer::kNever;
  const std::string faults = give_both(*table_, message, manner);
  const Seen theirs = table_->theirs.take();
  Told told = ours.streams.empty() ? Told() : told_by(ours.streams[0]);
  told.seen.faults = faults;
  tally.count(theirs);
  const bool refused = told.why.starts_with("bad ");
  if (refused) tally.stricter.insert(told.why);
  // Who let go, as after a refusal, is told no more.
  const bool same = refused || answer == Answer::kAndGone ? told.seen.faults == theirs.faults
                                                          : told.seen == theirs;
  if (!same) tally.differ(message, theirs, told.seen);
  if (ends_connection(told.seen) || ends_connection(theirs)) {
    table_ = std::make_unique<Table>();
    return;
  }
  const std::string end = reset(table_->stream, NGHTTP2_CANCEL);
  table_->theirs.receive(end);
  table_->theirs.take();
  ours.send(end);
  clear(*table_, tally.messages);
}

struct ResponseDuel::Table {
  Table() {
    ours.send(settings());
    theirs.receive(settings());
  }

  World world;
  ClientSide ours{world, generous()};
  Oracle theirs{Oracle::Side::kClient};
  Packer packer;
  uint32_t stream = 1;
};

ResponseDuel::ResponseDuel() : table_(std::make_unique<Table>()) {}
ResponseDuel::~ResponseDuel() = default;

void ResponseDuel::run(const Message& message, std::string_view asked, bool whole_request,
                       const Manner& manner) {
  ClientSide& ours = table_->ours;
  AskedStream& stream = ours.open();
  stream.ask(asked, "/", whole_request);
  table_->world.turn();
  ours.reader.read(ours.peer.take_received());
  table_->theirs.ask(asked, whole_request);
  const std::string faults = give_both(*table_, message, manner);
  const Seen theirs = table_->theirs.take();
  Told told = told_by(stream);
  told.seen.faults = faults;
  tally.count(theirs);
  const bool connection = ends_connection(told.seen) || ends_connection(theirs);
  const bool refused = !told.why.empty() && !connection;
  if (refused) tally.stricter.insert(told.why);
  const bool same = refused      ? faults == "RST_STREAM 1 "
                    : connection ? faults == theirs.faults
                                 : told.seen == theirs;
  if (!same) tally.differ(message, theirs, told.seen);
  if (connection) {
    if (stream.writer != nullptr) stream.release();
    table_ = std::make_unique<Table>();
    return;
  }
  table_->theirs.let_go();
  clear(*table_, tally.messages);
}

Manner Dice::manner() {
  constexpr size_t kPieces[] = {SIZE_MAX, SIZE_MAX, 30, 7, 1};
  return {of(kPieces), one_in(2)};
}

}  // namespace woad::h2test
