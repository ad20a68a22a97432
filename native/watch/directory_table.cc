#include "watch/directory_table.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "watch/name_hash.h"

namespace syncline {

DirectoryTable::DirectoryTable() : buckets_(64, kNone) {
  const uint32_t root = NewId();
  assert(root == kRoot);
  parent_[root] = kNone;
}

uint32_t DirectoryTable::NewId() {
  uint32_t id = free_head_;
  if (id != kNone) {
    free_head_ = next_sibling_[id];
  } else {
    id = next_id_++;
    const size_t size = next_id_;
    parent_.GrowTo(size);
    first_child_.GrowTo(size);
    next_sibling_.GrowTo(size);
    previous_sibling_.GrowTo(size);
    name_.GrowTo(size);
    watch_.GrowTo(size);
    generation_.GrowTo(size);
    touches_.GrowTo(size);
    flags_.GrowTo(size);
    generation_[id] = touches_[id] = 0;
  }
  generation_[id]++;
  parent_[id] = first_child_[id] = next_sibling_[id] = previous_sibling_[id] = kNone;
  name_[id] = kNone;
  watch_[id] = kNoWatch;
  flags_[id] = 0;
  size_++;
  return id;
}

uint64_t DirectoryTable::HashOf(uint32_t parent, std::string_view name) const {
  return HashName(parent, name);
}

uint32_t DirectoryTable::Find(uint32_t parent, std::string_view name) const {
  const size_t mask = buckets_.size() - 1;
  for (size_t at = HashOf(parent, name) & mask; buckets_[at] != kNone; at = (at + 1) & mask) {
    const uint32_t id = buckets_[at];
    if (parent_[id] == parent && NameOf(id) == name) {
      return id;
    }
  }
  return kNone;
}

void DirectoryTable::HashInsert(uint32_t id) {
  if ((hashed_ + 1) * 4ULL > buckets_.size() * 3ULL) {
    GrowHash();
  }
  const size_t mask = buckets_.size() - 1;
  size_t at = HashOf(parent_[id], NameOf(id)) & mask;
  while (buckets_[at] != kNone) {
    at = (at + 1) & mask;
  }
  buckets_[at] = id;
  hashed_++;
}

void DirectoryTable::GrowHash() {
  std::vector<uint32_t> old(buckets_.size() * 2, kNone);
  old.swap(buckets_);
  const size_t mask = buckets_.size() - 1;
  for (const uint32_t id : old) {
    if (id != kNone) {
      size_t at = HashOf(parent_[id], NameOf(id)) & mask;
      while (buckets_[at] != kNone) {
        at = (at + 1) & mask;
      }
      buckets_[at] = id;
    }
  }
}

void DirectoryTable::HashErase(uint32_t id) {
  const size_t mask = buckets_.size() - 1;
  size_t hole = HashOf(parent_[id], NameOf(id)) & mask;
  while (buckets_[hole] != id) {
    hole = (hole + 1) & mask;
  }
  // Backward shift: whatever could not stand in its own place because of the erased one moves up.
  for (size_t at = (hole + 1) & mask; buckets_[at] != kNone; at = (at + 1) & mask) {
    const uint32_t other = buckets_[at];
    const size_t home = HashOf(parent_[other], NameOf(other)) & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      buckets_[hole] = other;
      hole = at;
    }
  }
  buckets_[hole] = kNone;
  hashed_--;
}

uint32_t DirectoryTable::Add(uint32_t parent, std::string_view name) {
  const uint32_t id = NewId();
  Attach(id, parent, name);
  return id;
}

void DirectoryTable::Attach(uint32_t id, uint32_t parent, std::string_view name) {
  assert(parent_[id] == kNone && Find(parent, name) == kNone);
  if (name_[id] == kNone || NameOf(id) != name) {
    const uint32_t old = name_[id];
    name_[id] = names_.Add(name);  // Before the old one is freed: `name` may be a view of it.
    if (old != kNone) {
      names_.Free(old);
    }
  }
  touches_[id]++;
  parent_[id] = parent;
  const uint32_t next = first_child_[parent];
  next_sibling_[id] = next;
  previous_sibling_[id] = kNone;
  if (next != kNone) {
    previous_sibling_[next] = id;
  }
  first_child_[parent] = id;
  HashInsert(id);
}

void DirectoryTable::Detach(uint32_t id) {
  assert(id != kRoot && parent_[id] != kNone);
  touches_[id]++;
  HashErase(id);
  const uint32_t previous = previous_sibling_[id];
  const uint32_t next = next_sibling_[id];
  if (previous != kNone) {
    next_sibling_[previous] = next;
  } else {
    first_child_[parent_[id]] = next;
  }
  if (next != kNone) {
    previous_sibling_[next] = previous;
  }
  parent_[id] = next_sibling_[id] = previous_sibling_[id] = kNone;
}

DirectoryTable::Freed DirectoryTable::FreeSubtree(uint32_t id, std::vector<int32_t>* watches) {
  assert(id != kRoot && parent_[id] == kNone);
  // Depth first without a stack: always free a leaf, then go on with its sibling or its parent.
  Freed freed;
  uint32_t at = id;
  for (;;) {
    if (first_child_[at] != kNone) {
      at = first_child_[at];
      continue;
    }
    const uint32_t up = parent_[at];
    if (at != id) {
      HashErase(at);
      first_child_[up] = next_sibling_[at];
    }
    if (watch_[at] != kNoWatch) {
      watches->push_back(watch_[at]);
    }
    if (name_[at] != kNone) {
      names_.Free(name_[at]);
    }
    freed.unwatched += Has(at, kUnwatched) ? 1 : 0;
    freed.excluded += Has(at, kExcluded) ? 1 : 0;
    generation_[at]++;
    parent_[at] = kNone;
    next_sibling_[at] = free_head_;
    free_head_ = at;
    size_--;
    if (at == id) {
      return freed;
    }
    at = up;
  }
}

bool DirectoryTable::IsWithin(uint32_t id, uint32_t ancestor) const {
  for (; id != kNone; id = parent_[id]) {
    if (id == ancestor) {
      return true;
    }
  }
  return false;
}

bool DirectoryTable::PathOf(uint32_t id, std::string* path) const {
  size_t length = 0;
  uint32_t at = id;
  for (; at != kRoot; at = parent_[at]) {
    if (parent_[at] == kNone) {
      path->clear();
      return false;
    }
    length += NameOf(at).size() + 1;
  }
  path->resize(length == 0 ? 0 : length - 1);
  size_t end = path->size();
  for (at = id; at != kRoot; at = parent_[at]) {
    const std::string_view name = NameOf(at);
    end -= name.size();
    std::memcpy(path->data() + end, name.data(), name.size());
    if (end > 0) {
      (*path)[--end] = '/';
    }
  }
  return true;
}

size_t DirectoryTable::ByteSize() const {
  return parent_.ByteSize() + first_child_.ByteSize() + next_sibling_.ByteSize() +
         previous_sibling_.ByteSize() + name_.ByteSize() + watch_.ByteSize() + generation_.ByteSize() +
         touches_.ByteSize() + flags_.ByteSize() + names_.ByteSize() + buckets_.capacity() * sizeof(uint32_t);
}

uint32_t WatchMap::Find(int32_t watch) const {
  if (watch < 0) {
    return kUnknown;
  }
  const size_t page = static_cast<size_t>(watch) / kPageEntries;
  if (page >= pages_.size() || !pages_[page]) {
    return kUnknown;
  }
  return pages_[page]->ids[static_cast<size_t>(watch) % kPageEntries];
}

void WatchMap::Set(int32_t watch, uint32_t id) {
  assert(watch >= 0);
  const size_t index = static_cast<size_t>(watch) / kPageEntries;
  if (index >= pages_.size()) {
    if (id == kUnknown) {
      return;
    }
    pages_.resize(index + 1);
  }
  std::unique_ptr<Page>& page = pages_[index];
  if (!page) {
    if (id == kUnknown) {
      return;
    }
    page = std::make_unique<Page>();
    std::fill(std::begin(page->ids), std::end(page->ids), kUnknown);
  }
  uint32_t& entry = page->ids[static_cast<size_t>(watch) % kPageEntries];
  const auto is_live = [](uint32_t value) { return value < kRetired ? 1U : 0U; };
  live_ = live_ - is_live(entry) + is_live(id);
  page->used += (entry == kUnknown ? 1U : 0U);
  page->used -= (id == kUnknown ? 1U : 0U);
  entry = id;
  if (page->used == 0) {
    page.reset();
  }
}

}  // namespace syncline
