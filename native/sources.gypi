{
  "variables": {
    "core_sources": [
      "native/watch/event_batch.cc"
    ],
    "linux_sources": [],
    "addon_sources": ["native/addon/addon.cc"],
    "test_sources": [],
    "core_includes": ["native"]
  }
}
