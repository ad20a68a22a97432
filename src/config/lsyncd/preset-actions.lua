-- What the presets do, for configurations that change a part of it: rsync, started over the functions that any
-- configuration has. `host` is as in lsyncd.lua.
local host = ...

-- Arguments

local letters = {
  acls = 'A', backup = 'b', checksum = 'c', compress = 'z', copy_dirlinks = 'k', copy_links = 'L', cvs_exclude = 'C',
  dry_run = 'n', executability = 'E', group = 'g', hard_links = 'H', ignore_times = 'I', ipv4 = '4', ipv6 = '6',
  keep_dirlinks = 'K', links = 'l', omit_dir_times = 'O', omit_link_times = 'J', one_file_system = 'x', owner = 'o',
  perms = 'p', protect_args = 's', prune_empty_dirs = 'm', quiet = 'q', sparse = 'S', times = 't', update = 'u',
  verbose = 'v', whole_file = 'W', xattrs = 'X',
}
local archive = { 'links', 'perms', 'times', 'group', 'owner' }
local long = {
  'append', 'append_verify', 'backup_dir', 'bwlimit', 'chmod', 'chown', 'copy_unsafe_links', 'existing', 'groupmap',
  'inplace', 'password_file', 'rsh', 'rsync_path', 'suffix', 'temp_dir', 'timeout', 'usermap',
}

local function append(list, more)
  for _, value in ipairs(more) do list[#list + 1] = value end
  return list
end

local function list_of(value)
  if value == nil or value == false then return {} end
  return type(value) == 'table' and value or { value }
end

local function rsync_arguments(given, keeps_all)
  local options = {}
  for key, value in pairs(given) do options[key] = value end
  if options.archive or (keeps_all and options.archive == nil) then
    for _, name in ipairs(archive) do
      if options[name] == nil then options[name] = true end
    end
    options.devices = true
  end
  local flags = options.devices and { 'D' } or {}
  for name, letter in pairs(letters) do
    if options[name] then flags[#flags + 1] = letter end
  end
  table.sort(flags)
  local words = #flags > 0 and { '-' .. table.concat(flags) } or {}
  append(words, list_of(options._extra))
  for _, name in ipairs(long) do
    local value = options[name]
    local option = '--' .. name:gsub('_', '-')
    if value == true then
      words[#words + 1] = option
    elseif value then
      words[#words + 1] = option .. '=' .. tostring(value)
    end
  end
  return words
end

local function ssh_arguments(ssh)
  local words = {}
  if ssh.identityFile then append(words, { '-i', ssh.identityFile }) end
  for key, value in pairs(ssh.options or {}) do append(words, { '-o', key .. '=' .. tostring(value) }) end
  if ssh.port then append(words, { '-p', tostring(ssh.port) }) end
  append(words, list_of(ssh._extra))
  -- What is said first counts: nobody is there to be asked, and a dead connection is to end.
  return append(words, { '-o', 'BatchMode=yes', '-o', 'ServerAliveInterval=15' })
end

--- For rsync, which splits the command of a remote shell at blanks outside of quotes.
local function quoted(words)
  local result = {}
  for _, word in ipairs(words) do
    result[#result + 1] = word:match('^[%w@%%_=+:,./-]+$') and word or "'" .. word:gsub("'", "''") .. "'"
  end
  return table.concat(result, ' ')
end

--- Puts the arguments into `rsync._computed` and `ssh._computed`, where functions of the user's look for them.
function host.compute(name, config)
  if type(config.rsync) ~= 'table' then return end
  local words = rsync_arguments(config.rsync, name == 'direct')
  if name == 'rsyncssh' and type(config.ssh) == 'table' then
    config.ssh._computed = ssh_arguments(config.ssh)
    if not config.rsync.rsh then
      words[#words + 1] = '--rsh=' .. quoted(append({ config.ssh.binary or 'ssh' }, config.ssh._computed))
    end
  end
  config.rsync._computed = words
end

--- Makes ready what is no preset as a whole: places are absolute and end in a slash, `init = true` is the one of the preset.
function host.complete(name, config)
  if config.init == true then config.init = default[name].init end
  for _, key in ipairs(name == 'rsyncssh' and { 'host', 'targetdir' } or { 'target' }) do
    if type(config[key]) ~= 'string' then host.problem(key .. ': missing') return end
  end
  local key = name == 'rsyncssh' and 'targetdir' or 'target'
  local place = config[key]
  if key == 'target' and not place:match('^[^/]*:') then place = host.absolute(place) end
  if not place:match('[/:]$') then place = place .. '/' end
  config[key] = place
end

-- Runs

local function destination(config)
  return config.host and config.host .. ':' .. config.targetdir or config.target
end

--- `own` are the arguments of this run, `last` those behind the rules.
local function run(agent, inlet, own, last, input)
  local config = agent.config
  local rules = {}
  for _, rule in ipairs(inlet.getFilters()) do rules[#rules + 1] = '--filter=' .. rule end
  local words = { config.rsync._computed, own, rules, last or {}, '--', config.source, destination(config) }
  if input then
    spawn(agent, config.rsync.binary, '<', input, words)
  else
    spawn(agent, config.rsync.binary, words)
  end
end

local function may_delete(config, when)
  return config.delete == true or config.delete == when
end

--- The whole tree, or for a Full event a directory with all below it. An empty source deletes nothing: for a Full event that
--- the program has made, it has judged that.
local function compare(event)
  local config = event.config
  local own = { '-r' }
  local deletes = may_delete(config, 'startup')
  if deletes and (event.etype == 'Init' or host.is_made(event)) and not next(readdir(config.source)) then
    log('Warn', config.source, ' is empty: nothing is deleted')
    deletes = false
  end
  if deletes then append(own, { '--delete', '--force' }) end
  if deletes and config.rsync.delete_excluded then own[#own + 1] = '--delete-excluded' end
  -- A file may have been sent and changed within a second; at the start a target may keep no times below it.
  if event.etype ~= 'Init' then own[#own + 1] = '--modify-window=-1' end
  if event.pathname == '' then return run(event, event.inlet, own) end
  -- Another directory may have come in its place, with files of the same size and time.
  append(own, { '--checksum', '--from0', '--files-from=-' })
  run(event, event.inlet, own, nil, './' .. event.pathname .. '\0')
end

-- Events, in their order, each kind by a run of its own: not every rsync can take names that are gone in a list.

local kinds = { Attrib = 'attributes', Create = 'content', Modify = 'content', Delete = 'delete', Move = 'move' }

local function listed(path) return '.' .. path:gsub('/$', '') end

local function escaped(path) return (path:gsub('[\\*?%[]', '\\%0')) end

--- Rules that show these names alone, with all below them and all above them.
local function rules_of(paths)
  local rules, above = {}, {}
  for _, path in ipairs(paths) do
    path = path:gsub('/$', '')
    -- In a pattern without wildcards a backslash is one.
    rules[#rules + 1] = path:find('[*?%[]') and escaped(path) or path
    rules[#rules + 1] = escaped(path) .. '/***'
    for stop in path:gmatch('()/') do
      local directory = path:sub(1, stop)
      if not above[directory] then
        above[directory] = true
        rules[#rules + 1] = directory:find('[*?%[]') and escaped(directory) or directory
      end
    end
  end
  return table.concat(rules, '\0') .. '\0'
end

local function discard_deletions(inlet)
  for _, event in ipairs(inlet.getEvents(function(event) return event.etype == 'Delete' end).getList()) do
    if event.status == 'wait' then inlet.discardEvent(event) end
  end
end

local function act(inlet)
  local config = inlet.getConfig()
  local deletes = may_delete(config, 'running')
  if not deletes then discard_deletions(inlet) end
  local kind
  local list = inlet.getEvents(function(event)
    if event.etype == 'Blanket' then return 'break' end
    -- The root by itself: in a list rsync would take all names in it along, known to the program or not.
    local own = event.pathname == '' and 'root' or kinds[event.etype]
    kind = kind or own
    return own == kind
  end)
  if list.size() == 0 then return end
  if kind == 'root' then return run(list, inlet, { '-d', '--exclude=/*' }) end
  if kind == 'delete' or kind == 'move' then
    local own = { '-r', '--from0', '--modify-window=-1' }
    -- What is there again is not to be sent: of names in it nobody would know that they are on the target.
    -- What was moved may have the size and time of what was there.
    append(own, kind == 'delete' and { '--existing', '--ignore-existing' } or { '--checksum' })
    if deletes then append(own, { '--delete', '--force' }) end
    return run(list, inlet, own, { '--include-from=-', '--exclude=*' }, rules_of(list.getPaths()))
  end
  local own = { '--from0', '--files-from=-', '--ignore-missing-args', '--modify-window=-1' }
  if deletes then own[#own + 1] = '--force' end
  if kind == 'content' then own[#own + 1] = '--ignore-times' end
  local names = {}
  for index, path in ipairs(list.getPaths()) do names[index] = listed(path) end
  run(list, inlet, own, nil, table.concat(names, '\0') .. '\0')
end

for _, name in ipairs { 'rsync', 'rsyncssh', 'direct' } do
  default[name].action = function(inlet) act(inlet) end
  default[name].init = function(event) compare(event) end
  default[name].full = function(event) compare(event) end
end

local function judge(agent, code)
  local codes = agent.config.rsyncExitCodes
  return type(codes) == 'table' and codes[code] or nil
end

function default.rsyncssh.collect(agent, code) return judge(agent, code) end
function default.direct.collect(agent, code) return judge(agent, code) end

return {}
