#include "app/export_row.h"

#include <gtest/gtest.h>

#include <set>

namespace batal::app {
namespace {

TEST(ExportRow, ColumnsHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const ExportColumn& column : kExportColumns) names.insert(column.name);
  EXPECT_EQ(names.size(), kExportColumns.size());
}

TEST(ExportRow, CsvQuotesWhatNeedsIt) {
  ExportRow row;
  row[0] = std::int64_t{-7};
  row[1] = std::string("plain text");
  row[2] = std::string("a,b");
  row[3] = std::string("say \"no\"");
  row[4] = std::string("two\r\nlines");
  const std::string line = csv_line(row);
  EXPECT_EQ(line.substr(0, line.find(",,")),
            "-7,plain text,\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\"");
  EXPECT_TRUE(line.ends_with(",\r\n"));
}

TEST(ExportRow, AnEmptyRowHasACommaBetweenAnyTwoCells) {
  EXPECT_EQ(csv_line({}), std::string(kExportColumns.size() - 1, ',') + "\r\n");
}

TEST(ExportRow, TheHeaderNamesTheColumns) {
  EXPECT_TRUE(csv_header().starts_with("sequence,at,record,action,partner,"));
  EXPECT_TRUE(csv_header().ends_with(",virtual_account_name\r\n"));
}

}  // namespace
}  // namespace batal::app
