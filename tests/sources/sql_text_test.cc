#include "host/sources/sql_text.h"

#include <gtest/gtest.h>

namespace penstock::sources {
namespace {

TEST(SqlText, SeveralStatements) {
  for (const char* one : {"", ";", "SELECT 1", "SELECT 1;", "SELECT 1 ; -- done; really\n",
                          "SELECT ';'", "SELECT \"a;b\" FROM t;", "/* a; /* b; */ c; */ SELECT 1",
                          "SELECT 'it''s; fine';", "SELECT E'it\\'s; fine'", "SELECT $$a;b$$;",
                          "SELECT $x$ ; $$ ; $x$ ;", ";;SELECT 1;;", "SELECT 'open; ended"}) {
    EXPECT_FALSE(HasSeveralStatements(one)) << one;
  }
  for (const char* two : {"SELECT 1; SELECT 2", "SELECT 1;x", "SELECT '\\'; SELECT 2",
                          "SELECT $1; SELECT 2", "SELECT a$b$c; SELECT 2", "SELECT 1;/**/'x'"}) {
    EXPECT_TRUE(HasSeveralStatements(two)) << two;
  }
}

TEST(SqlText, WithoutTerminators) {
  EXPECT_EQ(WithoutTerminators("SELECT ';' -- ;\n ; "), "SELECT ';' -- ;\n   ");
}

TEST(SqlText, Places) {
  const std::string sql = "a\nb\xC3\xA9X\nc";
  EXPECT_EQ(PlaceOfByte(sql, 0).line, 1);
  EXPECT_EQ(PlaceOfByte(sql, 5).line, 2);
  EXPECT_EQ(PlaceOfByte(sql, 5).column, 3);
  EXPECT_EQ(PlaceOfCharacter(sql, 4).line, 2);
  EXPECT_EQ(PlaceOfCharacter(sql, 4).column, 3);
  EXPECT_EQ(PlaceOfCharacter(sql, 1000).line, 3);
}

}  // namespace
}  // namespace penstock::sources
