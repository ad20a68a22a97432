-- The globals of Lsyncd's configurations, over functions of the host.
local host = ...

lsyncd_version = '2.3.1'

-- Errors and what is known of keys.

local function unknown(what, key, allowed)
  local names = {}
  for name in pairs(allowed) do
    if type(name) == 'string' then names[#names + 1] = name end
  end
  table.sort(names)
  local meant = type(key) == 'string' and host.nearest(key, names)
  local advice = meant and 'did you mean ' .. meant .. '?' or 'allowed: ' .. table.concat(names, ', ')
  host.fail(what .. tostring(key) .. ': unknown; ' .. advice)
end

local function unsupported(name, remedy)
  return function() host.fail(name .. ' is not supported' .. (remedy and '; ' .. remedy or '')) end
end

-- settings{ }

local known_settings = {
  inotifyMode = true, insist = true, logfacility = true, logfile = true, logident = true, maxDelays = true,
  maxProcesses = true, nodaemon = true, onepass = true, pidfile = true, statusFile = true, statusInterval = true,
}
local set = {}

local function add_settings(given)
  if type(given) == 'string' then return set[given] end
  if type(given) ~= 'table' then host.fail('settings: found a ' .. type(given) .. '; allowed: settings{ KEY = VALUE }') end
  for key, value in pairs(given) do
    if type(key) == 'number' then key, value = value, true end
    if not known_settings[key] then unknown('settings.', key, known_settings) end
    set[key] = value
    host.setting(key, value)
  end
end

settings = setmetatable({}, {
  __call = function(_, given) return add_settings(given) end,
  __index = function(_, key) host.fail('settings.' .. tostring(key) .. ': read it by settings("' .. tostring(key) .. '")') end,
  __newindex = function(_, key) host.fail('settings.' .. tostring(key) .. ' = ...: write settings{ ' .. tostring(key) .. ' = ... }') end,
})
local own_settings = settings

-- Inheritance: what a table says counts; what it does not say comes from the tables in it, in their order, key by key.

local inherit

local function inherit_key(into, key, value)
  if into[key] == nil and type(value) == 'table' then
    into[key] = {}
    inherit(into[key], value, key == 'exitcodes')
  elseif into[key] == nil then
    into[key] = value
  elseif type(into[key]) == 'table' and type(value) == 'table' and value._merge ~= false and key ~= 'exitcodes' then
    inherit(into[key], value)
  end
end

function inherit(into, from, verbatim)
  for key, value in pairs(from) do
    if verbatim or type(key) ~= 'number' then inherit_key(into, key, value) end
  end
  if verbatim then return end
  local before = #into
  local count = 0
  for _, value in ipairs(from) do
    if type(value) == 'table' then
      inherit(into, value)
    else
      count = count + 1
      into[before + count] = value
    end
  end
end

-- default

local hooks = {
  action = true, checkgauge = true, collect = true, full = true, init = true, prepare = true,
  onAttrib = true, onCreate = true, onDelete = true, onFull = true, onModify = true, onMove = true, onStartup = true,
}
local for_all = {
  hooks, batchSizeLimit = true, crontab = true, delay = true, exclude = true, excludeFrom = true, exitcodes = true,
  filter = true, filterFrom = true, maxDelays = true, maxProcesses = true, source = true, target = true, tunnel = true,
}
local rsync_keys = {}
for word in ([[_extra acls append append_verify archive backup backup_dir binary bwlimit checksum chmod chown compress
  copy_dirlinks copy_links copy_unsafe_links cvs_exclude delete_excluded dry_run executability existing group groupmap
  hard_links ignore_times inplace ipv4 ipv6 keep_dirlinks links omit_dir_times omit_link_times one_file_system owner
  password_file perms protect_args prune_empty_dirs quiet rsh rsync_path sparse suffix temp_dir timeout times update
  usermap verbose whole_file xattrs]]):gmatch('%S+') do
  rsync_keys[word] = true
end
local ssh_keys = { _extra = true, binary = true, identityFile = true, options = true, port = true }

local function gauge_of(gauge, key)
  if gauge[key] ~= nil then return gauge[key] end
  for _, parent in ipairs(gauge) do
    local found = type(parent) == 'table' and gauge_of(parent, key)
    if found then return found end
  end
end

local function collect_keys(gauge, into)
  for key, value in pairs(gauge) do
    if type(key) == 'number' and type(value) == 'table' then collect_keys(value, into) else into[key] = true end
  end
  return into
end

local function check_gauge(config, gauge, prefix)
  for key, value in pairs(config) do
    local allowed = gauge_of(gauge, key)
    if type(key) == 'number' then
      host.fail(prefix .. tostring(value) .. ': a value without a key')
    elseif not allowed then
      if key == '_computed' then host.fail(prefix .. '_computed: not to be set') end
      if key ~= '_merge' and key ~= '_verbatim' then unknown(prefix, key, collect_keys(gauge, {})) end
    elseif type(allowed) == 'table' and type(value) == 'table' then
      check_gauge(value, allowed, prefix .. key .. '.')
    end
  end
end

local function prepare(config)
  if type(config.checkgauge) == 'table' then check_gauge(config, config.checkgauge, '') end
end

default = {
  maxDelays = 1000,
  maxProcesses = 1,
  statusInterval = 10,
  checkgauge = for_all,
  prepare = prepare,
  rsyncExitCodes = {
    [0] = 'ok', [1] = 'die', [2] = 'die', [3] = 'again', [4] = 'die', [5] = 'again', [6] = 'again', [10] = 'again',
    [11] = 'again', [12] = 'again', [14] = 'again', [20] = 'again', [21] = 'again', [22] = 'again', [23] = 'ok',
    [24] = 'ok', [25] = 'die', [30] = 'again', [35] = 'again', [255] = 'again',
  },
  sshExitCodes = { [0] = 'ok', [255] = 'again' },
}

local function preset(fields)
  fields.prepare = prepare
  fields.delete = true
  return fields
end

local function rsync_defaults()
  return { binary = 'rsync', links = true, times = true, protect_args = true }
end

default.rsync = preset {
  checkgauge = { default.checkgauge, delete = true, rsync = rsync_keys, rsyncExitCodes = true },
  delay = 15,
  exitcodes = default.rsyncExitCodes,
  rsync = rsync_defaults(),
}

default.rsyncssh = preset {
  checkgauge = {
    default.checkgauge, delete = true, host = true, rsync = rsync_keys, rsyncExitCodes = true, ssh = ssh_keys,
    sshExitCodes = true, targetdir = true,
  },
  delay = 15,
  exitcodes = false,
  maxProcesses = 1,
  onMove = true,
  rsync = rsync_defaults(),
  rsyncExitCodes = default.rsyncExitCodes,
  ssh = { binary = 'ssh' },
  sshExitCodes = default.sshExitCodes,
}

default.direct = preset {
  checkgauge = { default.checkgauge, delete = true, rsync = rsync_keys, rsyncExitCodes = true },
  delay = 1,
  maxProcesses = 1,
  onMove = true,
  rsync = rsync_defaults(),
  rsyncExitCodes = default.rsyncExitCodes,
}

-- What a preset does is done by the program itself; these stand for it.

local presets = {}
for _, name in ipairs { 'rsync', 'rsyncssh', 'direct' } do
  local called = 'default.' .. name .. '.'
  for _, hook in ipairs { 'action', 'init', 'full', 'collect' } do
    default[name][hook] = unsupported('calling ' .. called .. hook)
  end
  presets[default[name].action] = name
end

--- The preset that a configuration is; nil for one that has an action or handlers of its own.
local function preset_of(config)
  local name = presets[config.action]
  if not name then return nil end
  for _, hook in ipairs { 'init', 'full', 'collect' } do
    local own = config[hook]
    local is_switch = hook == 'init' and type(own) == 'boolean'
    if own ~= default[name][hook] and not is_switch then
      host.problem(hook .. ' beside the action of default.' .. name .. ' is not supported; give an action too')
    end
  end
  for hook in pairs(hooks) do
    if hook:match('^on%u') and config[hook] and not (hook == 'onMove' and config[hook] == true) then
      host.notice(hook .. ' beside default.' .. name .. ' has no effect')
    end
  end
  return name
end

-- sync{ }

function sync(given)
  if type(given) ~= 'table' then
    host.fail('sync: found ' .. type(given) .. '; allowed: sync{ default.rsync, source = ..., target = ... }')
  end
  local config = {}
  inherit(config, given)
  if config.prepare == nil then config.prepare = default.prepare end
  if config.checkgauge == nil then config.checkgauge = default.checkgauge end
  if type(config.prepare) ~= 'function' then host.fail('prepare: found ' .. type(config.prepare) .. '; allowed: a function') end
  config.prepare(config, 3)
  return host.addSync(config, preset_of(config))
end

-- Time

local Timestamp = {}

local function timestamp(seconds)
  return setmetatable({ seconds = seconds, string = string.format('%.2f', seconds) }, Timestamp)
end

local function seconds_of(value)
  return type(value) == 'table' and getmetatable(value) == Timestamp and value.seconds or nil
end

function Timestamp.__add(a, b)
  return timestamp((seconds_of(a) or a) + (seconds_of(b) or b))
end

function Timestamp.__sub(a, b)
  local other = seconds_of(b)
  return other and seconds_of(a) - other or timestamp(seconds_of(a) - b)
end

function Timestamp.__lt(a, b) return seconds_of(a) < seconds_of(b) end
function Timestamp.__le(a, b) return seconds_of(a) <= seconds_of(b) end
function Timestamp.__eq(a, b) return seconds_of(a) == seconds_of(b) end
function Timestamp.__tostring(a) return a.string end
function Timestamp.__concat(a, b) return tostring(a) .. tostring(b) end

function now() return timestamp(host.now()) end

function alarm(at, run, extra)
  if not seconds_of(at) then host.fail('alarm: the first value has to be a timestamp, as in now() + 5') end
  if type(run) ~= 'function' then host.fail('alarm: the second value has to be a function') end
  host.alarm(at.seconds, function() run(at, extra) end)
end

-- Text

function dump(value, depth)
  depth = depth or 0
  if type(value) ~= 'table' then return tostring(value) end
  if depth > 8 then return '{ ... }' end
  local parts = {}
  for key, inner in pairs(value) do
    parts[#parts + 1] = tostring(key) .. ' = ' .. dump(inner, depth + 1)
  end
  table.sort(parts)
  return #parts == 0 and '{}' or '{ ' .. table.concat(parts, ', ') .. ' }'
end

function log(category, ...)
  if type(category) ~= 'string' or not category:match('^%u') then
    host.fail('log: the category has to begin with a capital, as in log("Normal", ...)')
  end
  local parts = table.pack(...)
  for index = 1, parts.n do
    parts[index] = seconds_of(parts[index]) and parts[index].string or dump(parts[index])
  end
  host.log(category, table.concat(parts, '', 1, parts.n))
end

--- Words between blanks; quotes, double or single, keep blanks.
function splitQuotedString(text)
  local words, word, quote = {}, nil, nil
  for character in text:gmatch('.') do
    if quote then
      if character == quote then quote = nil else word = word .. character end
    elseif character == '"' or character == "'" then
      quote, word = character, word or ''
    elseif character:match('%s') then
      if word then words[#words + 1], word = word, nil end
    else
      word = (word or '') .. character
    end
  end
  if word then words[#words + 1] = word end
  return words
end

--- Puts `data` in the place of ^name and ${name}, in a text or in each text of a list; other names stay.
function substitudeCommands(command, data)
  if type(command) == 'table' then
    local result = {}
    for key, value in pairs(command) do result[key] = substitudeCommands(value, data) end
    return result
  end
  local function value_of(name) return data[name] ~= nil and tostring(data[name]) or nil end
  return (tostring(command):gsub('%${(%w+)}', value_of):gsub('%^(%w+)', value_of))
end

Queue = {}

function Queue.new() return { first = 1, last = 0, size = 0 } end

function Queue.push(list, value)
  if value == nil then error('Queue.push: nil cannot be pushed', 2) end
  list.last = list.last + 1
  list[list.last] = value
  list.size = list.size + 1
  return list.last
end

function Queue.inject(list, value)
  if value == nil then error('Queue.inject: nil cannot be pushed', 2) end
  list.first = list.first - 1
  list[list.first] = value
  list.size = list.size + 1
  return list.first
end

function Queue.remove(list, at)
  if list[at] == nil then error('Queue.remove: nothing is there', 2) end
  list[at] = nil
  list.size = list.size - 1
  while list.first <= list.last and list[list.first] == nil do list.first = list.first + 1 end
  while list.last >= list.first and list[list.last] == nil do list.last = list.last - 1 end
  if list.size == 0 then list.first, list.last = 1, 0 end
end

local function walk(list, at, step)
  return function()
    while at >= list.first and at <= list.last do
      local here = at
      at = at + step
      if list[here] ~= nil then return here, list[here] end
    end
  end
end

function Queue.qpairs(list) return walk(list, list.first, 1) end
function Queue.qpairsReverse(list) return walk(list, list.last, -1) end

-- The rest

readdir = host.readdir
function terminate(code) host.terminate(code or 0) end

observefd = unsupported('observefd', 'run a program by spawn instead')
nonobservefd = unsupported('nonobservefd')
tunnel = unsupported('tunnel', 'a connection can be made by a service of its own, or by ssh.options = { ProxyJump = ... }')
Tunnel = setmetatable({}, { __index = tunnel })

lsyncd = {
  dump = dump,
  get_file_size = host.fileSize,
  jiffies_from_seconds = function(seconds) return math.floor(seconds * 100) end,
  log = log,
  now = now,
  readdir = readdir,
  realdir = host.realdir,
  splitQuotedString = splitQuotedString,
  terminate = terminate,
}
for name, remedy in pairs {
  configure = false, exec = 'use spawn', get_free_port = false, get_process_info = false, inotify = false, kill = false,
  nonobserve_fd = false, observe_fd = false, stackdump = false,
} do
  lsyncd[name] = unsupported('lsyncd.' .. name, remedy or nil)
end

-- From the end of the start on, a global that is not set is an error, and none can be made.

local function lock()
  if rawget(_G, 'settings') ~= own_settings then host.fail('settings = ...: write settings{ ... }') end
  setmetatable(_G, {
    __index = function(_, name)
      if type(name) == 'string' and name:sub(1, 1) == '_' then return nil end
      error('the global ' .. tostring(name) .. ' is not set', 2)
    end,
    __newindex = function(globals, name, value)
      if type(name) == 'string' and name:sub(1, 1) == '_' then rawset(globals, name, value) return end
      error('the global ' .. tostring(name) .. ' cannot be made once the start is over; say local', 2)
    end,
  })
end

return { lock = lock }
