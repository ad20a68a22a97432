-- The tables `default`, and which of them a sync is. `host` is as in lsyncd.lua.
local host = ...

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
      host.problem(prefix .. tostring(value) .. ': a value without a key')
    elseif key == '_computed' and not allowed then
      host.problem(prefix .. '_computed: not to be set')
    elseif not allowed and key ~= '_merge' and key ~= '_verbatim' then
      host.problem(host.unknown(prefix, key, collect_keys(gauge, {})))
    elseif type(allowed) == 'table' and type(value) == 'table' then
      check_gauge(value, allowed, prefix .. key .. '.')
    end
  end
end

local function prepare(config)
  if type(config.checkgauge) == 'table' then check_gauge(config, config.checkgauge, '') end
end

-- What exit codes mean to Lsyncd; here 23 is no success.

local function lsyncd_codes()
  return {
    [0] = 'ok', [1] = 'die', [2] = 'die', [3] = 'again', [4] = 'die', [5] = 'again', [6] = 'again', [10] = 'again',
    [11] = 'again', [12] = 'again', [14] = 'again', [20] = 'again', [21] = 'again', [22] = 'again', [23] = 'ok',
    [24] = 'ok', [25] = 'die', [30] = 'again', [35] = 'again', [255] = 'again',
  }
end
local function own_codes()
  local codes = lsyncd_codes()
  codes[23] = 'again'
  return codes
end
local function ssh_codes() return { [0] = 'ok', [255] = 'again' } end

default = {
  maxDelays = 1000,
  maxProcesses = 1,
  statusInterval = 10,
  checkgauge = for_all,
  prepare = prepare,
  rsyncExitCodes = own_codes(),
  sshExitCodes = ssh_codes(),
}

setmetatable(default, { __index = function(_, key) host.fail(host.unknown('default.', key, default)) end })

--- Which preset a configuration was prepared for.
local prepared = setmetatable({}, { __mode = 'k' })

local function preset(name, fields)
  function fields.prepare(config)
    if prepared[config] then
      for _, key in ipairs { 'rsync', 'ssh' } do
        if type(config[key]) == 'table' then config[key]._computed = nil end
      end
    end
    prepare(config)
    prepared[config] = name
    host.compute(name, config)
  end
  fields.delete = true
  return fields
end

local function rsync_defaults()
  return { binary = 'rsync', links = true, times = true, protect_args = true }
end

default.rsync = preset('rsync', {
  checkgauge = { default.checkgauge, delete = true, rsync = rsync_keys, rsyncExitCodes = true },
  delay = 15,
  exitcodes = default.rsyncExitCodes,
  rsync = rsync_defaults(),
})

default.rsyncssh = preset('rsyncssh', {
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
})

default.direct = preset('direct', {
  checkgauge = { default.checkgauge, delete = true, rsync = rsync_keys, rsyncExitCodes = true },
  delay = 1,
  maxProcesses = 1,
  onMove = true,
  rsync = rsync_defaults(),
  rsyncExitCodes = default.rsyncExitCodes,
})

-- Which preset a sync is

-- The table that judges rsync, where a preset runs it.
local decides = { rsync = 'exitcodes', rsyncssh = 'rsyncExitCodes' }

--- The preset that a configuration is, if it changes none of what that does; nil for one with functions of its own.
function host.preset_of(config)
  local name = prepared[config]
  for _, one in ipairs(name and {} or { 'rsync', 'rsyncssh', 'direct' }) do
    if config.action == default[one].action then name = one end
  end
  if not name then return nil end
  local own = default[name]
  local is_own = config.action == own.action and config.full == own.full and config.collect == own.collect
  if not is_own or (config.init ~= own.init and type(config.init) ~= 'boolean') then
    if not prepared[config] then host.compute(name, config) end
    host.complete(name, config)
    return nil
  end
  local tables = { exitcodes = lsyncd_codes(), rsyncExitCodes = lsyncd_codes(), sshExitCodes = ssh_codes() }
  local usual = own_codes()
  for table_name, shipped in pairs(tables) do
    local codes = config[table_name]
    if type(codes) == 'table' then
      -- What says nothing else than Lsyncd's table is not carried over, nor what a changed default has of ours.
      local is_whole = table_name ~= 'sshExitCodes'
      for code in pairs(shipped) do is_whole = is_whole and codes[code] ~= nil end
      for code, meaning in pairs(shipped) do
        if codes[code] == meaning or (is_whole and codes[code] == usual[code]) then codes[code] = nil end
      end
      if next(codes) ~= nil and table_name ~= decides[name] then
        host.notice(table_name .. ' has no effect for default.' .. name)
      end
    end
  end
  for hook in pairs(hooks) do
    if hook:match('^on%u') and config[hook] and not (hook == 'onMove' and config[hook] == true) then
      host.notice(hook .. ' beside default.' .. name .. ' has no effect')
    end
  end
  return name
end

return {}
