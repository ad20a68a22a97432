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
  isdir = function(data) return data.isdir and data.etype ~= 'Init' end,
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
  targetPathdir = function(data)
    local target, directory = data.sync.target, directory_of(data.path)
    return (directory ~= '' or target == '' or target:sub(-1) == '/') and below(target, directory) or target .. '/'
  end,
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
    sync.events[raw] = event
  end
  return event, rawget(event, DATA).second
end

-- Lists of events

local function slashed(data) return '/' .. with_slash(data) end

local function new_list(sync, raw, found)
  local events = {}
  for index, parts in ipairs(found) do events[index] = wrap(sync, table.unpack(parts, 1, 5)) end
  local list = { isList = true, config = sync.config, [DATA] = { raw = raw } }

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
    if data then return data.raw end
  end
  host.fail(name .. ': the first value has to be an event or a list of events')
end

--- Whether a handler of the user's has made this event.
function host.is_made(event) return rawget(event, DATA).is_made == true end

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
  local raw = agent_of(agent, 'spawn')
  if type(binary) ~= 'string' then host.fail('spawn: the second value has to be a program') end
  local words, input = nil, nil
  if select('#', ...) >= 2 and (...) == '<' then
    local text = select(2, ...)
    input = type(text) == 'table' and table.concat(text) or tostring(text)
    words = flatten({ binary }, select(3, ...))
  else
    words = flatten({ binary }, ...)
  end
  host.spawn(raw, words, input)
end

function spawnShell(agent, command, ...)
  return spawn(agent, 'sh', '-c', command, 'sh', ...)
end

-- Rules

local function rule_of(pattern)
  pattern = tostring(pattern)
  return pattern:match('^[+-] ') and pattern or '- ' .. pattern
end

local function list_of(value)
  if value == nil or value == false then return {} end
  return type(value) == 'table' and value or { value }
end

--- What a configuration says under `key`, and in the files under `file_key`.
local function said(config, key, file_key)
  local all = {}
  for _, text in ipairs(list_of(config[key])) do all[#all + 1] = tostring(text) end
  for _, name in ipairs(list_of(config[file_key])) do
    for line in io.lines(name) do
      if line ~= '' and not line:match('^[#;]') then all[#all + 1] = line end
    end
  end
  return all
end

local function filters_of(config) return said(config, 'filter', 'filterFrom') end

local function excludes_of(config)
  local rules = said(config, 'exclude', 'excludeFrom')
  for index, pattern in ipairs(rules) do rules[index] = rule_of(pattern) end
  return rules
end

local function inlet_of(sync)
  local inlet = {}
  local function call(name)
    return function(...)
      local handle = sync.handle
      if sync.is_preset then host.fail('inlet.' .. name .. ': a sync of a preset tells no events') end
      if not handle then host.fail('inlet.' .. name .. ' can be called while the sync runs') end
      return handle[name](...)
    end
  end

  function inlet.getEvent()
    local raw, etype, isdir, path, to = call('getEvent')()
    if raw then return wrap(sync, raw, etype, isdir, path, to) end
  end

  function inlet.getEvents(test)
    return new_list(sync, call('getEvents')(test and function(...)
      local event, second = wrap(sync, ...)
      return test(event, second)
    end))
  end

  function inlet.discardEvent(event) call('discardEvent')(agent_of(event, 'discardEvent')) end

  function inlet.createBlanketEvent() return (wrap(sync, call('createBlanketEvent')())) end

  function inlet.createFullEvent(path)
    local event = wrap(sync, call('createFullEvent')((tostring(path or ''):gsub('^/', ''):gsub('/$', ''))))
    rawget(event, DATA).is_made = true
    return event
  end

  -- Rules of the inlet's own are patterns with + or - in front, in the order in which they were added.

  local function check_time(name)
    if sync.is_preset and host.is_locked then
      host.fail('inlet.' .. name .. ': the rules of a sync of a preset are those at the end of the start')
    end
  end

  local function add(rules)
    check_time('addExclude')
    if sync.handle then return sync.handle.addExclude(rules) end
    for _, rule in ipairs(rules) do sync.excludes[#sync.excludes + 1] = rule end
  end

  local function added() return sync.handle and sync.handle.getExcludes() or sync.excludes end

  function inlet.addExclude(patterns)
    local rules = {}
    for index, pattern in ipairs(type(patterns) == 'table' and patterns or { patterns }) do
      rules[index] = rule_of(pattern)
    end
    add(rules)
  end

  function inlet.rmExclude(pattern)
    local rule = rule_of(pattern)
    check_time('rmExclude')
    if sync.handle then return sync.handle.rmExclude(rule) end
    for index = #sync.excludes, 1, -1 do
      if sync.excludes[index] == rule then table.remove(sync.excludes, index) end
    end
  end

  --- The list of the patterns that hide names, each of them once.
  function inlet.getExcludes()
    local all, is_there = {}, {}
    for _, rules in ipairs { excludes_of(sync.config), added() } do
      for _, rule in ipairs(rules) do
        local pattern = rule:match('^%- (.*)')
        if pattern and not is_there[pattern] then
          is_there[pattern] = true
          all[#all + 1] = pattern
        end
      end
    end
    return all
  end

  function inlet.appendFilter(rule, pattern)
    local whole = pattern and tostring(rule) .. ' ' .. tostring(pattern) or tostring(rule)
    if not whole:match('^[+-] .') then
      host.fail('inlet.appendFilter: found "' .. whole .. '"; allowed: "+" or "-", and a pattern')
    end
    sync.has_filters = true
    add { whole }
  end

  --- All rules in the order in which they count, as texts with + or - in front.
  function inlet.getFilters()
    local all = {}
    for _, rules in ipairs { filters_of(sync.config), excludes_of(sync.config), added() } do
      for _, rule in ipairs(rules) do all[#all + 1] = rule end
    end
    return all
  end

  function inlet.hasFilters() return sync.has_filters or #filters_of(sync.config) > 0 end

  function inlet.getConfig() return sync.config end
  function inlet.getSync() return { config = sync.config, source = sync.source, inlet = inlet } end
  function inlet.getSubstitutionData(_, data) return data end

  return setmetatable(inlet, {
    __index = function(_, key) error('an inlet has no function ' .. tostring(key), 2) end,
  })
end

-- What is done where a configuration has nothing of its own; handlers may call it.

local function handle(event, second, handler)
  if type(handler) == 'function' then handler(event, second) end
  if event.status == 'wait' then event.inlet.discardEvent(event) end
end

function default.action(inlet)
  local event, second = inlet.getEvent()
  if event then handle(event, second, event.config['on' .. event.etype]) end
end

function default.init(event) handle(event, nil, event.config.onStartup) end
function default.full(event) handle(event, nil, event.config.onFull) end

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

local variables = { 'source', 'target' }
for _, root in ipairs { '', 'source', 'target' } do
  for _, name in ipairs { 'path', 'pathname', 'pathdir' } do
    variables[#variables + 1] = root == '' and name or root .. name:gsub('^p', 'P')
  end
end
for _, name in ipairs(variables) do variables[name] = true end

--- A command as it is read here: Lsyncd takes the longest name that a word begins with, and its source ends in a slash.
local function our_command(command)
  return (command:gsub('%^([od]?%.?)(%a+)', function(side, word)
    if side ~= '' and #side ~= 2 then side, word = '', side .. word end
    for stop = #word, 1, -1 do
      local name, rest = word:sub(1, stop), word:sub(stop + 1)
      if variables[name] then
        local slash = name == 'source' and side == '' and '/' or ''
        return (rest == '' and '^' .. side .. name or '^{' .. side .. name .. '}') .. slash .. rest
      end
    end
  end))
end

--- What a configuration of layer 1 to 3 is: functions for the program and texts, by the keys that they have there, and
--- what they need. `source` ends in a slash.
local function script(config, source)
  local sync = { config = config, excludes = {}, events = {}, source = source, target = config.target or '' }
  sync.inlet = inlet_of(sync)
  local result = {
    inlet = sync.inlet,
    --- What is known of events by their numbers; the program takes out what is over.
    events = sync.events,
    --- `functions` are those of the program for the inlet.
    start = function(functions)
      sync.handle = functions
      functions.addExclude(sync.excludes)
    end,
  }
  local collect = function_or_nil(config, 'collect') or default.collect
  result.has_collect = collect ~= default.collect
  result.collect = function(is_list, raw, code, found)
    local agent = is_list and new_list(sync, raw, found) or wrap(sync, table.unpack(found[1], 1, 5))
    return collect(agent, code)
  end
  local action = function_or_nil(config, 'action')
  if action then
    result.action = function() action(sync.inlet) end
    for key, own in pairs { init = 'onStartup', full = 'onFull' } do
      local run = function_or_nil(config, key) or config[own] and default[key]
      if run then result[key] = function(...) run((wrap(sync, ...))) end end
    end
    return result
  end
  for _, key in ipairs(handlers) do
    local value = config[key]
    if type(value) == 'string' then
      result[key] = our_command(value)
    elseif type(value) == 'function' then
      result[key] = function(...) value(wrap(sync, ...)) end
    elseif value ~= nil and type(value) ~= 'boolean' then
      host.fail(key .. ': found ' .. type(value) .. '; allowed: a text or a function')
    end
  end
  for key, own in pairs { init = 'onStartup', full = 'onFull' } do
    local run = function_or_nil(config, key)
    if run and not result[own] then result[own] = function(...) run((wrap(sync, ...))) end end
  end
  return result
end

--- The inlet of a sync that is a preset, and the list of the rules that are added to it while the file is loaded.
local function preset_inlet(config)
  local sync = { config = config, excludes = {}, source = config.source, is_preset = true }
  return inlet_of(sync), sync.excludes
end

return { script = script, preset_inlet = preset_inlet }
