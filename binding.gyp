{
  "includes": ["native/sources.gypi"],
  "targets": [{
    "target_name": "syncline",
    "sources": ["<@(addon_sources)", "<@(core_sources)"],
    "include_dirs": ["<@(core_includes)"],
    "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all"],
    "defines": ["NAPI_VERSION=9"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden"],
    "conditions": [
      ["OS=='linux'", { "sources": ["<@(linux_sources)"] }],
      ["OS=='mac'", {
        "sources": ["<@(fsevents_sources)", "<@(macos_sources)", "<@(macos_copy_sources)"],
        "libraries": ["-framework CoreServices"],
        "xcode_settings": {
          "MACOSX_DEPLOYMENT_TARGET": "11.0",
          "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
          "CLANG_CXX_LIBRARY": "libc++",
          "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
          "WARNING_CFLAGS": ["-Wall", "-Wextra"]
        }
      }]
    ]
  }]
}
