// Numbers, sentences, tables and escapes.
#include "host/cli/text.h"

#include <gtest/gtest.h>

#include "host/cli/progress.h"

namespace penstock::cli {
namespace {

TEST(TextTest, Numbers) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Plural(1, "record"), "1 record");
  EXPECT_EQ(Plural(2000, "record"), "2,000 records");
  EXPECT_EQ(DurationText(0.44), "0.4 s");
  EXPECT_EQ(DurationText(12.2), "12 s");
  EXPECT_EQ(DurationText(185), "3 min 5 s");
  EXPECT_EQ(DurationText(7800), "2 h 10 min");
}

TEST(TextTest, ValuesCannotSteerTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb\nc\x7f"), "a\\x1b[31mb\\nc\\x7f");
  EXPECT_EQ(Printable("Zoë €"), "Zoë €");
  EXPECT_EQ(Printable("a\xff\xfe z\xc3"), "a\\xff\\xfe z\\xc3");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m\n\x80"),
            "\\xc2\\x9b31m\\x0a\\x80")
      << "a control character of eight bits";
}

TEST(TextTest, WidthsCountColumns) {
  EXPECT_EQ(DisplayWidth("Zoë"), 3u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("😀"), 2u);
  EXPECT_EQ(Shortened("abcdef", 4), "abc…");
  EXPECT_EQ(Shortened("日本語", 5), "日本…");
  EXPECT_EQ(Shortened("abc", 3), "abc");
}

TEST(TextTest, WhatIsShortenedEndsBehindAWord) {
  EXPECT_EQ(Shortened("one two three", 9), "one two…");
  EXPECT_EQ(Shortened("one two three", 8), "one two…");
  EXPECT_EQ(Shortened("a verylongword", 10), "a verylon…") << "a word would be too little";
}

TEST(TextTest, SentencesAreWrappedBetweenWords) {
  EXPECT_EQ(Wrapped("one two three four", 0, 2), "one two three four");
  EXPECT_EQ(Wrapped("one two three four", 11, 2), "one two\n  three\n  four");
  EXPECT_EQ(Wrapped("one\ntwo three", 8, 2), "one\n  two\n  three");
  EXPECT_EQ(Wrapped("a\n", 10, 2), "a\n");
  EXPECT_EQ(Wrapped("see https://example.com/x now", 12, 0), "see\nhttps://example.com/x\nnow")
      << "a word stays whole";
  EXPECT_EQ(Wrapped("日本 日本 x", 6, 0), "日本\n日本 x");
  EXPECT_EQ(Wrapped(Paint(true).Red("one two"), 7, 0), Paint(true).Red("one two"));
}

TEST(TextTest, CommandsStayOnOneLine) {
  EXPECT_EQ(Wrapped("or send it: `penstock retry c k` does", 24, 0),
            "or send it:\n`penstock retry c k`\ndoes");
  EXPECT_EQ(Wrapped("2 × BAD: no name → penstock why c k", 24, 2),
            "2 × BAD: no name\n  → penstock why c k");
  EXPECT_EQ(Wrapped("a `b c d e f g` h", 9, 0), "a `b c d\ne f g` h") << "too long for any line";
}

TEST(TextTest, Sentences) {
  EXPECT_EQ(AsSentence("the run was cancelled"), "The run was cancelled.");
  EXPECT_EQ(AsSentence("contacts: no"), "contacts: no.");
  EXPECT_EQ(AsSentence("penstock.yaml is bad"), "penstock.yaml is bad.");
  EXPECT_EQ(AsSentence("Done."), "Done.");
  EXPECT_EQ(AsSentence(""), "");
}

TEST(TextTest, Tables) {
  Table table({"name", ">count", ""});
  table.Add({"a", "1", ""});
  table.Add({"longer", "1,000", "x"});
  EXPECT_EQ(table.Text(Paint(false), 1), " name    count\n a           1\n longer  1,000  x\n");
}

TEST(TextTest, TablesFitThePage) {
  const std::string sentence = "what this code means to those who meet it";
  Table codes({"code", "meaning"});
  codes.Add({"PS-A", sentence});
  EXPECT_EQ(codes.Text(Paint(false)), "code  meaning\nPS-A  " + sentence + "\n");
  EXPECT_EQ(codes.Text(Paint(false, 30)),
            "code  meaning\n"
            "PS-A  what this code means to\n"
            "      those who meet it\n");
  EXPECT_FALSE(codes.ShortenedOn(Paint(false, 30)));
  Table narrow({"a column with a long name", "what"});
  narrow.Add({"x", sentence});
  EXPECT_EQ(
      narrow.Text(Paint(false, 30)),
      "a column with a long name\n  what\nx\n  what this code means to\n  those who meet it\n");
  Table data({"a", "b"});
  data.Data().Add({std::string(70, 'x') + " y", "1"});
  EXPECT_FALSE(data.ShortenedOn(Paint(false)));
  EXPECT_NE(data.Text(Paint(false)).find("x y  1\n"), std::string::npos);
  EXPECT_TRUE(data.ShortenedOn(Paint(false, 80)));
  EXPECT_NE(data.Text(Paint(false, 80)).find("x…  1\n"), std::string::npos);
}

TEST(TextTest, LabelsStandInFrontOfTheFirstLine) {
  EXPECT_EQ(Labelled("rows", "1 read"), "  rows      1 read\n");
  EXPECT_EQ(Labelled("next", "a\nb\n"), "  next      a\n            b\n");
  EXPECT_EQ(Labelled("a label that is long", "x"), "  a label that is long x\n");
  EXPECT_EQ(Labelled("none", ""), "");
  EXPECT_EQ(Labelled("next", "one two three", 20), "  next      one two\n            three\n");
  EXPECT_EQ(Labelled(Paint(true).Red("held"), "x"), "  \x1b[31mheld\x1b[0m      x\n");
}

TEST(TextTest, SumsLeaveOutWhatIsZero) {
  EXPECT_EQ(SumText({{"a", 0}, {"b", 0}}), "0 a");
  EXPECT_EQ(SumText({{"a", 1}, {"b", 0}, {"c", 2000}}), "1 a + 2,000 c");
}

TEST(TextTest, ColoursOnlyWhenOn) {
  EXPECT_EQ(Paint(false).Red("x"), "x");
  EXPECT_EQ(Paint(true).Red("x"), "\x1b[31mx\x1b[0m");
}

TEST(ProgressTest, RateAndTimeLeft) {
  Progress p;
  p.phase = Progress::Phase::kPushing;
  p.done = 1200;
  p.total = 4000;
  p.requests = 12;
  p.rejected = 3;
  EXPECT_EQ(ProgressText("contacts", p, 3),
            "contacts: sending 1,200 of 4,000 (30 %), 400 a second, 7.0 s left, 12 requests, "
            "3 rejected");
  p.under_way = 400;  // in requests
  EXPECT_EQ(ProgressText("contacts", p, 0.5),
            "contacts: sending 1,200 of 4,000 (30 %), 12 requests, 3 rejected");
  p.under_way = 200'000;  // in jobs
  EXPECT_EQ(ProgressText("contacts", p, 0.5),
            "contacts: sending 1,200 of 4,000 (30 %), 200,000 under way, 12 requests, 3 rejected");
  Progress reading;
  reading.done = 5;
  EXPECT_EQ(ProgressText("c", reading, 0.1), "c: reading 5");
}

TEST(ProgressTest, JobsThatAreWaitedForAreCounted) {
  OpenJob job;
  job.run = 3;
  job.records = 1;
  EXPECT_EQ(AwaitedJobsText("contacts", {job}),
            "run contacts-3 left 1 job with 1 record at the destination; waiting for its results "
            "before anything new is sent");
  OpenJob other = job;
  other.records = 4000;
  EXPECT_EQ(AwaitedJobsText("contacts", {job, other}),
            "run contacts-3 left 2 jobs with 4,001 records at the destination; waiting for their "
            "results before anything new is sent");
}

}  // namespace
}  // namespace penstock::cli
