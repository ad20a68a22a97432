{
  "variables": {
    "core_sources": [
      "native/copy/changed_parts.cc",
      "native/copy/delivery_report.cc",
      "native/copy/directory_access.cc",
      "native/copy/entry_copy.cc",
      "native/copy/entry_delivery.cc",
      "native/copy/file_contents.cc",
      "native/copy/node_attributes.cc",
      "native/copy/open_pair.cc",
      "native/copy/remove_tree.cc",
      "native/copy/same_contents.cc",
      "native/copy/task_pool.cc",
      "native/copy/temporary_name.cc",
      "native/copy/tree_delivery.cc",
      "native/filter/event_batch_view.cc",
      "native/filter/nested_filters.cc",
      "native/filter/rule_list.cc",
      "native/filter/select_batch.cc",
      "native/filter/wildmatch.cc",
      "native/watch/directory_table.cc",
      "native/watch/event_batch.cc",
      "native/watch/move_pairs.cc",
      "native/watch/name_arena.cc",
      "native/watch/pending_records.cc",
      "native/watch/relative_path.cc"
    ],
    "linux_sources": [
      "native/linux/decode_inotify.cc",
      "native/linux/directory_access.cc",
      "native/linux/event_reader.cc",
      "native/linux/extended_attributes.cc",
      "native/linux/inotify_backend.cc",
      "native/linux/interpreter.cc",
      "native/linux/kernel_copy.cc",
      "native/linux/kernel_calls.cc",
      "native/linux/mount_points.cc",
      "native/linux/registrar.cc",
      "native/linux/root_identity.cc",
      "native/linux/scan_queue.cc",
      "native/linux/scanner.cc",
      "native/linux/watched_tree.cc"
    ],
    "fsevents_sources": [
      "native/macos/due_rescans.cc",
      "native/macos/event_translator.cc",
      "native/macos/gone_names.cc",
      "native/macos/recent_moves.cc",
      "native/macos/rename_groups.cc",
      "native/macos/root_check.cc",
      "native/macos/source_paths.cc",
      "native/macos/watch_position.cc"
    ],
    "macos_sources": [
      "native/macos/darwin_disk.cc",
      "native/macos/event_stream.cc",
      "native/macos/fsevents_backend.cc",
      "native/macos/make_backend.cc"
    ],
    "macos_copy_sources": [
      "native/macos/directory_access.cc",
      "native/macos/extended_attributes.cc",
      "native/macos/kernel_copy.cc",
      "native/macos/thread_directory.cc"
    ],
    "addon_sources": [
      "native/addon/addon.cc",
      "native/addon/delivery_object.cc",
      "native/addon/filter_object.cc",
      "native/addon/path_bytes.cc",
      "native/addon/watch_object.cc"
    ],
    "test_sources": [
      "test/native/filter/nested_filters_test.cc",
      "test/native/copy/delivery_report_test.cc",
      "test/native/copy/directory_access_test.cc",
      "test/native/copy/task_pool_test.cc",
      "test/native/copy/temporary_name_test.cc",
      "test/native/copy/tree_delivery_test.cc",
      "test/native/filter/rule_list_test.cc",
      "test/native/filter/select_batch_test.cc",
      "test/native/filter/wildmatch_test.cc",
      "test/native/linux/blind_directories_test.cc",
      "test/native/linux/decode_inotify_test.cc",
      "test/native/linux/lost_events_test.cc",
      "test/native/linux/mount_points_test.cc",
      "test/native/linux/random_activity_test.cc",
      "test/native/linux/root_and_mounts_test.cc",
      "test/native/linux/tree_changes_test.cc",
      "test/native/macos/event_stream_test.cc",
      "test/native/macos/event_translator_test.cc",
      "test/native/macos/fsevents_backend_test.cc",
      "test/native/macos/random_events_test.cc",
      "test/native/macos/watch_position_test.cc",
      "test/native/watch/directory_table_test.cc",
      "test/native/watch/event_batch_test.cc",
      "test/native/watch/move_pairs_test.cc",
      "test/native/watch/pending_records_test.cc"
    ],
    "macos_copy_test_sources": [
      "test/native/macos/clone_file_test.cc"
    ],
    "core_includes": ["native"]
  }
}
