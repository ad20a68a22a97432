-- The globals of Lsyncd's configurations, over functions of the host. `host` also holds what these files have for each other.
local host = ...

lsyncd_version = '2.3.1'

-- Errors and what is known of keys.

--- What is wrong with a key that is none of `allowed`.
function host.unknown(what, key, allowed)
  local names = {}
  for name in pairs(allowed) do
    if type(name) == 'string' then names[#names + 1] = name end
  end
  table.sort(names)
  local meant = type(key) == 'string' and host.nearest(key, names)
  local advice = meant and 'did you mean ' .. meant .. '?' or 'allowed: ' .. table.concat(names, ', ')
  return what .. tostring(key) .. ': unknown; ' .. advice
end

local function unsupported(name, remedy)
  return function() host.fail(name .. ' is not supported' .. (remedy and '; ' .. remedy or '')) end
end


-- settings{ }

local known_settings = {
  inotifyMode = true, insist = true, logfacility = true, logfile = true, logident = true, maxDelays = true,
  maxProcesses = true, nodaemon = true, onepass = true, pidfile = true, statusFile = true, statusInterval = true,
}
local inotify_modes = { Modify = true, CloseWrite = true, ['CloseWrite or Modify'] = true }
local set = {}

local function add_settings(given)
  if type(given) == 'string' then return set[given] end
  if type(given) ~= 'table' then host.fail('settings: found a ' .. type(given) .. '; allowed: settings{ KEY = VALUE }') end
  for key, value in pairs(given) do
    if type(key) == 'number' then key, value = value, true end
    if not known_settings[key] then
      host.problem(host.unknown('settings.', key, known_settings))
    elseif key == 'inotifyMode' and not inotify_modes[value] then
      host.problem('settings.inotifyMode: found ' .. dump(value) .. "; allowed: 'Modify', 'CloseWrite', 'CloseWrite or Modify'")
    else
      set[key] = value
      host.setting(key, value)
    end
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
local whole = { exitcodes = true, rsyncExitCodes = true, sshExitCodes = true }

local function inherit_key(into, key, value)
  if into[key] == nil and type(value) == 'table' then
    into[key] = {}
    inherit(into[key], value, whole[key])
  elseif into[key] == nil then
    into[key] = value
  elseif type(into[key]) == 'table' and type(value) == 'table' and value._merge ~= false and not whole[key] then
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

-- sync{ }

function sync(given)
  if type(given) ~= 'table' then
    host.fail('sync: found ' .. type(given) .. '; allowed: sync{ default.rsync, source = ..., target = ... }')
  end
  local config = {}
  inherit(config, given)
  if config.prepare == nil then config.prepare = default.prepare end
  if config.checkgauge ~= false then inherit(config, { checkgauge = default.checkgauge }) end
  if type(config.prepare) ~= 'function' then host.fail('prepare: found ' .. type(config.prepare) .. '; allowed: a function') end
  config.prepare(config, 3)
  return host.addSync(config, host.preset_of(config))
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
  if type(category) ~= 'string' then host.fail('log: the first value has to be a category, as in log("Normal", ...)') end
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

--- Puts `data` in the place of ^name and ${name}, in a text or in each text of a list; other names stay. Behind a ^ the
--- longest name counts that the text begins with.
function substitudeCommands(command, data)
  if type(command) == 'table' then
    local result = {}
    for key, value in pairs(command) do result[key] = substitudeCommands(value, data) end
    return result
  end
  local function value_of(name) return data[name] ~= nil and tostring(data[name]) or nil end
  local function value_at(word)
    for stop = #word, 1, -1 do
      local value = value_of(word:sub(1, stop))
      if value then return value .. word:sub(stop + 1) end
    end
  end
  return (tostring(command):gsub('%${(%w+)}', value_of):gsub('%^(%w+)', value_at))
end

Queue = {}
local queue = { __index = Queue }

function Queue.new() return setmetatable({ first = 1, last = 0 }, queue) end

function Queue.size(list) return list.last - list.first + 1 end

function Queue.push(list, value)
  if value == nil then error('Queue.push: nil cannot be pushed', 2) end
  list.last = list.last + 1
  list[list.last] = value
  return list.last
end

function Queue.inject(list, value)
  if value == nil then error('Queue.inject: nil cannot be pushed', 2) end
  list.first = list.first - 1
  list[list.first] = value
  return list.first
end

-- What stands behind the removed value moves up, but for the first, whose place is given up.
function Queue.remove(list, at)
  if rawget(list, at) == nil then error('Queue.remove: nothing is there', 2) end
  if at == list.first then
    list[at] = nil
    list.first = at + 1
  else
    table.move(list, at + 1, list.last + 1, at)
    list.last = list.last - 1
  end
  if Queue.size(list) == 0 then list.first, list.last = 1, 0 end
end

function Queue.qpairs(list)
  local at, here, size = list.first
  return function()
    -- The value told last was removed, and the next one has moved up to its place.
    if here and Queue.size(list) < size and list.first <= here then at = here end
    if at > list.last then return nil end
    here, at, size = at, at + 1, Queue.size(list)
    return here, list[here]
  end
end

function Queue.qpairsReverse(list)
  local at = list.last + 1
  return function()
    at = at - 1
    if at >= list.first and at <= list.last then return at, list[at] end
  end
end

-- The rest

readdir = host.readdir
function terminate(code) host.terminate(code or 0) end

observefd = unsupported('observefd', 'run a program by spawn instead')
nonobservefd = unsupported('nonobservefd')
Tunnel = setmetatable({}, { __index = unsupported('Tunnel', 'use tunnel{ }') })

lsyncd = {
  dump = dump,
  get_file_size = host.fileSize,
  get_free_port = host.freePort,
  jiffies_from_seconds = function(seconds) return math.floor(seconds * 100) end,
  kill = host.kill,
  log = log,
  now = now,
  readdir = readdir,
  realdir = host.realdir,
  splitQuotedString = splitQuotedString,
  stackdump = debug.traceback,
  terminate = terminate,
}
for name, remedy in pairs {
  configure = false, exec = 'use spawn', get_process_info = false, nonobserve_fd = false, observe_fd = false,
} do
  lsyncd[name] = unsupported('lsyncd.' .. name, remedy or nil)
end
lsyncd.inotify = {}
for _, name in ipairs { 'addwatch', 'rmwatch' } do
  lsyncd.inotify[name] = unsupported('lsyncd.inotify.' .. name, 'the watch is not made by Lua')
end

-- From the end of the start on, a global that is not set is an error, and none can be made.

local function lock()
  host.is_locked = true
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
