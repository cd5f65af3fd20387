// Synthetic rows of twelve columns, about 155 bytes each once they are encoded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/mapping/mapping.h"
#include "core/model/source.h"

namespace penstock::bench {

/// Which rows a read gives: all of [first, first + count), in an order that is not the keys'.
struct RowRange {
  uint64_t first = 0;
  uint64_t count = 0;
  uint64_t changed_every = 0;  // every so manyth row has another value in one field; 0: none
};

/// Makes its rows in memory as fast as it can. A row: the key's number, then text, numbers, dates.
class SyntheticRows : public RowReader {
 public:
  explicit SyntheticRows(const RowRange& range);
  const std::vector<Column>& columns() const override { return columns_; }
  Result<std::span<const Value>> Next() override;

 private:
  RowRange range_;
  uint64_t step_ = 1, at_ = 0;
  uint64_t next_ = 0;
  std::vector<Column> columns_;
  std::vector<Value> values_;
  char key_[32];
  std::string pool_;
};

/// The real mapper for these rows, every field mapped.
Result<std::unique_ptr<Mapper>> RealMapper(const Hasher& hasher);

/// A mapper that takes its payload from a pool and only hashes: what is left is the diff.
std::unique_ptr<Mapper> HashingMapper(const Hasher& hasher);

}  // namespace penstock::bench
