// What our client says of responses against what nghttp2 says, which looks no longer itself.
#include <doctest/doctest.h>

#include <deque>

#include "tests/http/h2/duel_check.h"

using namespace woad;
using namespace woad::h2test;

namespace {

const FieldList kWords = {{":status", "200"},
                          {":status", "100"},
                          {":status", "101"},
                          {":status", "204"},
                          {":status", "304"},
                          {":status", "20"},
                          {":status", "2000"},
                          {":status", "2x0"},
                          {":status", "000"},
                          {":status", "600"},
                          {"content-length", "0"},
                          {"content-length", "3"},
                          {"content-length", "x"},
                          {"x", "1"},
                          {"te", "trailers"},
                          {"te", "gzip"},
                          {"host", ""},
                          {"connection", "close"},
                          {":path", "/"},
                          {"X", "1"}};
const FieldList kRare = {{"keep-alive", "1"},
                         {"proxy-connection", "close"},
                         {"upgrade", "h2c"},
                         {"transfer-encoding", "chunked"},
                         {"content-length", "9223372036854775808"},
                         {"content-length", ""},
                         {"content-length", "00"},
                         {":status", ""},
                         {":status", "+20"},
                         {":status", "103"},
                         {":", "x"},
                         {"", "x"},
                         {"x", "1 "},
                         {"x", ""},
                         {"host", " "},
                         {"priority", "?"}};

const std::set<std::string> kStricter = {
    "reset protocol error: status 000 is outside 100-599",
    "reset protocol error: status 600 is outside 100-599",
    "reset protocol error: status 700 is outside 100-599",
    "reset protocol error: status 800 is outside 100-599",
    "reset protocol error: status 900 is outside 100-599",
};

}  // namespace

TEST_CASE("response fields in any order and number") {
  ResponseDuel duel;
  for (const size_t length : {0U, 1U, 2U, 3U}) {
    each_sequence(kWords.size(), length, [&](const std::vector<size_t>& picked) {
      FieldList fields;
      for (const size_t word : picked) fields.push_back(kWords[word]);
      if (length < 3) {
        for (const std::string_view asked : {"GET", "HEAD", "CONNECT"}) {
          duel.run({section(fields, true)}, asked);
          duel.run({section(fields), body(3, true)}, asked);
        }
      } else if (fields[0].first == ":status") {
        duel.run({section(fields), body(3, true)}, picked[2] % 2 == 0 ? "GET" : "CONNECT");
      }
    });
  }
  check(duel.tally, kStricter);
}

TEST_CASE("every byte at every place of a response") {
  ResponseDuel duel;
  std::deque<std::string> texts;
  const FieldList ok = {{":status", "200"}};
  for (int byte = 0; byte < 256; ++byte) {
    const std::string c(1, static_cast<char>(byte));
    for (const std::string& text : {c, "a" + c, c + "a", "a" + c + "b"}) {
      const std::string_view put = texts.emplace_back(text);
      duel.run({section(joined(ok, {{put, "1"}}), true)}, "GET");
      duel.run({section(joined(ok, {{"x", put}}), true)}, "GET");
      duel.run({section(joined(ok, {{"host", put}}), true)}, "GET");
      duel.run({section(joined(ok, {{"content-length", put}}), true)}, "HEAD");
      duel.run({section(joined(ok, {{"content-length", put}}), true)}, "CONNECT");
    }
    for (const std::string& text : {c + "00", "2" + c + "0", "20" + c}) {
      duel.run({section({{":status", texts.emplace_back(text)}}, true)}, "GET");
    }
  }
  check(duel.tally, kStricter);
}

TEST_CASE("interim heads, lengths, bodies, trailers and ends of a response") {
  const Message interims[] = {{},
                              {section({{":status", "103"}, {"x", "1"}})},
                              {section({{":status", "100"}}), section({{":status", "103"}})},
                              {section({{":status", "101"}})},
                              {section({{":status", "100"}}, true)},
                              {section({{":status", "100"}}), body(0)},
                              {section({{":status", "100"}}), body(1)},
                              {section({{":status", "100"}}), body(0, true)},
                              {section({{":status", "100"}, {"content-length", "0"}})}};
  const FieldList lengths[] = {{},
                               {{"content-length", "0"}},
                               {{"content-length", "3"}},
                               {{"content-length", "0"}, {"content-length", "0"}}};
  const Message bodies[] = {{},
                            {body(0, true)},
                            {body(3, true)},
                            {body(3)},
                            {body(4, true, 3)},
                            {body(3), body(0, true)},
                            {body(0), body(3), body(1, true)}};
  const Message trailers[] = {{},
                              {section({{"x-sum", "1"}}, true)},
                              {section({{"x-sum", "1"}})},
                              {section({{"content-length", "3"}}, true)},
                              {section({{":status", "200"}}, true)}};
  ResponseDuel duel;
  for (const std::string_view asked : {"GET", "HEAD", "CONNECT"}) {
    for (const std::string_view status : {"200", "204", "304", "404", "100"}) {
      for (const FieldList& length : lengths) {
        const FieldList head = joined({{":status", status}}, length);
        for (const Message& interim : interims) {
          const bool over = !interim.empty() && interim.back().end;
          if (over) {
            duel.run(interim, asked);
            continue;
          }
          Message begun = interim;
          begun.push_back(section(head, true));
          duel.run(begun, asked);
          begun.back().end = false;
          for (const Message& content : bodies) {
            for (const Message& trailer : trailers) {
              if (!content.empty() && content.back().end && !trailer.empty()) continue;
              Message all = begun;
              all.insert(all.end(), content.begin(), content.end());
              all.insert(all.end(), trailer.begin(), trailer.end());
              duel.run(all, asked, duel.tally.messages % 3 != 0);
            }
          }
        }
      }
    }
  }
  check(duel.tally, kStricter);
}

TEST_CASE("responses by the dice") {
  constexpr std::string_view kMethods[] = {"GET", "POST", "HEAD", "CONNECT"};
  constexpr std::string_view kStatuses[] = {"200", "200", "100", "204", "304", "500"};
  Dice dice(7541);
  ResponseDuel duel;
  const auto some_fields = [&dice](FieldList fields, size_t most) {
    for (size_t left = dice.below(most + 1); left > 0; --left) {
      const size_t at = dice.one_in(6) ? dice.below(fields.size() + 1) : fields.size();
      fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at),
                    dice.one_in(4) ? dice.of(kRare) : dice.of(kWords));
    }
    return fields;
  };
  for (int round = 0; round < 3000; ++round) {
    Message message;
    do {
      if (message.empty() || dice.one_in(3)) {
        const bool head = message.size() < 2 || dice.one_in(4);
        FieldList fields = head ? FieldList{{":status", dice.of(kStatuses)}} : FieldList{};
        message.push_back(section(some_fields(std::move(fields), 2), dice.one_in(4)));
      } else {
        const auto padding = static_cast<uint8_t>(dice.one_in(3) ? dice.below(9) : 0);
        message.push_back(body(dice.below(4), dice.one_in(2), padding));
      }
    } while (!message.back().end && message.size() < 6 && !dice.one_in(8));
    for (Part& part : message) part.continued = dice.one_in(4);
    duel.run(message, dice.of(kMethods), dice.one_in(2), dice.manner());
  }
  check(duel.tally, kStricter);
}
