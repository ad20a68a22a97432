{
  "variables": {
    "core_sources": [
      "native/filter/event_batch_view.cc",
      "native/filter/rule_list.cc",
      "native/filter/select_batch.cc",
      "native/filter/wildmatch.cc",
      "native/watch/event_batch.cc"
    ],
    "linux_sources": [],
    "addon_sources": ["native/addon/addon.cc", "native/addon/filter_object.cc"],
    "test_sources": [
      "test/native/filter/rule_list_test.cc",
      "test/native/filter/select_batch_test.cc",
      "test/native/filter/wildmatch_test.cc"
    ],
    "core_includes": ["native"]
  }
}
