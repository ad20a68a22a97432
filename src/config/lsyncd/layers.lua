-- Layers 1 to 3: events, inlets, handlers of the user's. `host` is as in lsyncd.lua.
local host = ...

-- Events. `data` of an event: etype, path and to (relative, without slashes at the ends), isdir, sync, raw.

local DATA = {}
local Event = {}

local function below(directory, path)
  if path == '' or directory:sub(-1) == '/' then return directory .. path end
  return directory .. '/' .. path
end

local function with_slash(data)
  return data.isdir and data.path ~= '' and data.path .. '/' or data.path
end

local function directory_of(path) return path:match('^(.*/)[^/]*$') or '' end

local fields = {
  config = function(data) return data.sync.config end,
  inlet = function(data) return data.sync.inlet end,
  etype = function(data) return data.etype end,
  isList = function() return false end,
  status = function(data) return host.status(data.raw) end,
  isdir = function(data) return data.isdir end,
  name = function(data) return with_slash(data):match('[^/]*/?$') end,
  basename = function(data) return data.path:match('[^/]*$') end,
  path = with_slash,
  pathname = function(data) return data.path end,
  pathdir = function(data) return directory_of(data.path) end,
  source = function(data) return data.sync.source end,
  sourcePath = function(data) return data.sync.source .. with_slash(data) end,
  sourcePathname = function(data) return data.sync.source .. data.path end,
  sourcePathdir = function(data) return data.sync.source .. directory_of(data.path) end,
  target = function(data) return data.sync.target end,
  targetPath = function(data) return below(data.sync.target, with_slash(data)) end,
  targetPathname = function(data) return below(data.sync.target, data.path) end,
  targetPathdir = function(data) return below(data.sync.target, directory_of(data.path)) end,
  move = function(data) return data.move end,
}

function Event.__index(event, key)
  local field = fields[key]
  if not field then error('an event has no field ' .. tostring(key), 2) end
  return field(rawget(event, DATA))
end

local function new_event(data) return setmetatable({ [DATA] = data }, Event) end

--- The event of the user's for one of the program's; of a move the old name, and the new one as a second event.
local function wrap(sync, raw, etype, isdir, path, to)
  local event = sync.events[raw]
  if not event then
    event = new_event { sync = sync, raw = raw, etype = etype, isdir = isdir, path = path, move = to and 'Fr' or nil }
    if to then
      local second = new_event { sync = sync, raw = raw, etype = etype, isdir = isdir, path = to, move = 'To' }
      rawget(event, DATA).second = second
    end
  end
  return event, rawget(event, DATA).second
end

-- Lists of events

local function slashed(data) return '/' .. with_slash(data) end

local function new_list(sync, events)
  local list = { isList = true, config = sync.config, events = events }

  function list.getPaths(mutator)
    local paths = {}
    for _, event in ipairs(events) do
      local data = rawget(event, DATA)
      local second = data.second and slashed(rawget(data.second, DATA))
      local one, two = slashed(data), second
      if mutator then one, two = mutator(data.etype, one, two) end
      paths[#paths + 1] = one
      paths[#paths + 1] = two
    end
    return paths
  end

  function list.size() return #events end
  function list.getList() return events end

  return setmetatable(list, {
    __index = function(_, key) error('a list of events has no field ' .. tostring(key), 2) end,
  })
end

local function agent_of(value, name)
  if type(value) == 'table' then
    local data = rawget(value, DATA)
    if data then return { data.raw }, false, data.sync end
    if rawget(value, 'isList') == true then
      local raws = {}
      for _, event in ipairs(rawget(value, 'events')) do raws[#raws + 1] = rawget(event, DATA).raw end
      return raws, true, rawget(value, 'sync')
    end
  end
  host.fail(name .. ': the first value has to be an event or a list of events')
end

-- What handlers may call

local function flatten(into, ...)
  for index = 1, select('#', ...) do
    local value = select(index, ...)
    if type(value) == 'table' then
      flatten(into, table.unpack(value))
    elseif value ~= nil then
      into[#into + 1] = tostring(value)
    end
  end
  return into
end

function spawn(agent, binary, ...)
  local raws, is_list = agent_of(agent, 'spawn')
  if type(binary) ~= 'string' then host.fail('spawn: the second value has to be a program') end
  local words, input = nil, nil
  if select('#', ...) >= 2 and (...) == '<' then
    local text = select(2, ...)
    input = type(text) == 'table' and table.concat(text) or tostring(text)
    words = flatten({ binary }, select(3, ...))
  else
    words = flatten({ binary }, ...)
  end
  host.spawn(raws, is_list, words, input)
end

function spawnShell(agent, command, ...)
  return spawn(agent, 'sh', '-c', command, 'sh', ...)
end

local function inlet_of(sync)
  local inlet = {}
  local function call(name)
    return function(...)
      local handle = sync.handle
      if not handle then host.fail('inlet.' .. name .. ' can be called while the sync runs') end
      return handle[name](...)
    end
  end

  function inlet.getEvent()
    local raw, etype, isdir, path, to = call('getEvent')()
    if raw then return wrap(sync, raw, etype, isdir, path, to) end
  end

  function inlet.getEvents(test)
    local events = {}
    call('getEvents')(test and function(...)
      local event, second = wrap(sync, ...)
      return test(event, second)
    end, function(...) events[#events + 1] = wrap(sync, ...) end)
    return new_list(sync, events)
  end

  function inlet.discardEvent(event)
    local raws = agent_of(event, 'discardEvent')
    for _, raw in ipairs(raws) do call('discardEvent')(raw) end
  end

  function inlet.createBlanketEvent() return (wrap(sync, call('createBlanketEvent')())) end

  function inlet.createFullEvent(path)
    return (wrap(sync, call('createFullEvent')((tostring(path or ''):gsub('^/', ''):gsub('/$', '')))))
  end

  function inlet.addExclude(pattern)
    if sync.handle then return sync.handle.addExclude(pattern) end
    sync.excludes[#sync.excludes + 1] = pattern
  end

  inlet.rmExclude = call('rmExclude')

  function inlet.getExcludes()
    local all = {}
    for _, pattern in ipairs(sync.handle and sync.handle.getExcludes() or sync.excludes) do all[pattern] = pattern end
    return all
  end

  inlet.appendFilter = function() host.fail('inlet.appendFilter is not supported; say filter in the sync') end
  function inlet.getFilters() return sync.config.filter or {} end
  function inlet.hasFilters() return type(sync.config.filter) == 'table' and #sync.config.filter > 0 end
  function inlet.getConfig() return sync.config end
  function inlet.getSync() return { config = sync.config, source = sync.source, inlet = inlet } end
  function inlet.getSubstitutionData(_, data) return data end

  return setmetatable(inlet, {
    __index = function(_, key) error('an inlet has no function ' .. tostring(key), 2) end,
  })
end

-- Layer 3: a command as text. Names never become a part of what the shell reads.

local variables = {
  path = true, pathname = true, pathdir = true, source = true, sourcePath = true, sourcePathname = true,
  sourcePathdir = true, target = true, targetPath = true, targetPathname = true, targetPathdir = true,
}

--- `^NAME`, `^o.NAME` or `^d.NAME` at `at`: whose, the name, and where it ends; nil if it is none.
local function variable_at(text, at, is_move)
  local prefix, name = text:match('^%^([od]%.)(%a+)', at)
  if prefix and is_move and variables[name] then return prefix:sub(1, 1), name, at + 3 + #name end
  name = text:match('^%^(%a+)', at)
  if name and variables[name] then
    if is_move then host.fail('onMove: ^' .. name .. ': say ^o.' .. name .. ' or ^d.' .. name) end
    return 'o', name, at + 1 + #name
  end
end

local function value_of(variable, origin, destination)
  return (variable.whose == 'd' and destination or origin)[variable.name]
end

--- A shell text in which every variable is a positional parameter that is one word, in whatever quotes it stands.
local function shell_command(text, is_move)
  local parts, used, at, quote = {}, {}, 1, nil
  while at <= #text do
    local whose, name, stop = variable_at(text, at, is_move)
    local character = text:sub(at, at)
    if whose then
      used[#used + 1] = { whose = whose, name = name }
      local parameter = '${' .. #used .. '}'
      parts[#parts + 1] = quote == '"' and parameter or quote == "'" and "'\"" .. parameter .. "\"'"
        or '"' .. parameter .. '"'
      at = stop
    else
      if character == '\\' and quote ~= "'" then
        character = text:sub(at, at + 1)
      elseif character == quote then
        quote = nil
      elseif not quote and (character == '"' or character == "'") then
        quote = character
      end
      parts[#parts + 1] = character
      at = at + #character
    end
  end
  local command = table.concat(parts)
  return function(origin, destination)
    local values = {}
    for index, variable in ipairs(used) do values[index] = value_of(variable, origin, destination) end
    spawnShell(origin, command, table.unpack(values))
  end
end

--- A program and its arguments, in each of which variables are replaced.
local function direct_command(text, is_move)
  local words, word, at, quoted = {}, nil, 1, false
  while at <= #text do
    local whose, name, stop = variable_at(text, at, is_move)
    local character = text:sub(at, at)
    if whose then
      word = word or {}
      word[#word + 1] = { whose = whose, name = name }
      at = stop
    else
      if character == '"' then
        quoted, word = not quoted, word or {}
      elseif character == ' ' and not quoted then
        words[#words + 1], word = word, nil
      else
        word = word or {}
        word[#word + 1] = character
      end
      at = at + 1
    end
  end
  words[#words + 1] = word
  return function(origin, destination)
    local values = {}
    for index, parts in ipairs(words) do
      local value = {}
      for place, part in ipairs(parts) do
        value[place] = type(part) == 'table' and value_of(part, origin, destination) or part
      end
      values[index] = table.concat(value)
    end
    spawn(origin, table.unpack(values))
  end
end

local function command(text, is_move)
  if text:match('^%s*$') then host.fail('a command must not be empty') end
  if text:sub(1, 1) == '/' then return direct_command(text, is_move) end
  return shell_command(text, is_move)
end

-- What is done where a configuration has nothing of its own

function default.action(inlet)
  local event, second = inlet.getEvent()
  if not event then return end
  local handler = event.config['on' .. event.etype]
  if handler then handler(event, second) end
  if event.status == 'wait' then inlet.discardEvent(event) end
end

function default.init(event)
  local handler = event.config.onStartup
  if handler then handler(event) end
  if event.status == 'wait' then event.inlet.discardEvent(event) end
end

function default.full(event)
  local handler = event.config.onFull
  if handler then handler(event) end
  if event.status == 'wait' then event.inlet.discardEvent(event) end
end

--- What the table exitcodes says; nil where it says nothing.
function default.collect(agent, code)
  local codes = agent.config.exitcodes
  return type(codes) == 'table' and codes[code] or nil
end

-- Syncs

local handlers = { 'onAttrib', 'onCreate', 'onDelete', 'onFull', 'onModify', 'onMove', 'onStartup' }

local function function_or_nil(config, key)
  local value = config[key]
  if value == nil or type(value) == 'boolean' then return nil end
  if type(value) ~= 'function' then host.fail(key .. ': found ' .. type(value) .. '; allowed: a function') end
  return value
end

--- What a configuration of layer 1 to 3 is: functions for the program, and what they need.
local function script(config)
  for _, key in ipairs(handlers) do
    local value = config[key]
    if type(value) == 'string' then
      config[key] = command(value, key == 'onMove')
    elseif not (value == nil or type(value) == 'boolean' or type(value) == 'function') then
      host.fail(key .. ': found ' .. type(value) .. '; allowed: a text or a function')
    end
  end
  local sync = { config = config, excludes = {}, events = {}, target = config.target or '' }
  sync.inlet = inlet_of(sync)
  local action = function_or_nil(config, 'action') or default.action
  local collect = function_or_nil(config, 'collect') or default.collect
  local init = function_or_nil(config, 'init') or (config.onStartup and default.init) or nil
  local full = function_or_nil(config, 'full') or (config.onFull and default.full) or nil
  config.action, config.collect = action, collect
  return {
    inlet = sync.inlet,
    init = config.init ~= false and init and function(...) init((wrap(sync, ...))) end or nil,
    full = full and function(...) full((wrap(sync, ...))) end,
    action = function() action(sync.inlet) end,
    collect = function(is_list, code, get)
      local events = {}
      get(function(...) events[#events + 1] = wrap(sync, ...) end)
      return collect(is_list and new_list(sync, events) or events[1], code)
    end,
    --- `handle` are functions of the program; `source` ends in a slash.
    start = function(handle, source)
      sync.handle, sync.source = handle, source
      for _, pattern in ipairs(sync.excludes) do handle.addExclude(pattern) end
    end,
    --- Makes the event known as this table from now on, until `forget`.
    remember = function(raw, event) sync.events[raw] = event end,
  }
end

return { script = script }
