-- What Lua's own libraries lack in fengari, over functions of the host, and names that older Lua had.
local host, posix = ...

-- io: files as Lua has them. A file for reading is read whole when it is opened.

local File = {}
File.__index = File
File.__name = 'FILE*'

function File:__tostring()
  return self.closed and 'file (closed)' or 'file (' .. self.name .. ')'
end

local function open(fields)
  return setmetatable(fields, File)
end

local function check(file)
  if getmetatable(file) ~= File then error('bad argument #1 (FILE* expected)', 3) end
  if file.closed then error('attempt to use a closed file', 3) end
  return file
end

local readers = {}

function readers.L(file)
  local text, at = file.text, file.at
  if at > #text then return nil end
  local stop = text:find('\n', at, true) or #text
  file.at = stop + 1
  return text:sub(at, stop)
end

function readers.l(file)
  local line = readers.L(file)
  return line and (line:gsub('\n$', ''))
end

function readers.a(file)
  local rest = file.text:sub(file.at)
  file.at = #file.text + 1
  return rest
end

function readers.n(file)
  local start, stop = file.text:find('^%s*[%w.+-]+', file.at)
  if not start then return nil end
  file.at = stop + 1
  return tonumber(file.text:sub(start, stop))
end

local function read_one(file, format)
  if type(format) == 'number' then
    local text, at = file.text, file.at
    if at > #text and format > 0 then return nil end
    file.at = math.min(at + format, #text + 1)
    return text:sub(at, at + format - 1)
  end
  local reader = readers[tostring(format):gsub('^%*', ''):sub(1, 1)]
  if not reader then error("bad argument to 'read' (invalid format)", 4) end
  return reader(file)
end

local function read(file, ...)
  if not file.text then return nil, 'Bad file descriptor', 9 end
  local count = select('#', ...)
  if count == 0 then return readers.l(file) end
  local results = {}
  for index = 1, count do
    results[index] = read_one(file, (select(index, ...)))
    if results[index] == nil then return table.unpack(results, 1, index) end
  end
  return table.unpack(results, 1, count)
end

function File:read(...)
  return read(check(self), ...)
end

function File:lines(...)
  check(self)
  local formats = table.pack(...)
  return function()
    check(self)
    return read(self, table.unpack(formats, 1, formats.n))
  end
end

function File:write(...)
  check(self)
  if not self.put then return nil, 'Bad file descriptor', 9 end
  for index = 1, select('#', ...) do
    local part = select(index, ...)
    if type(part) ~= 'string' and type(part) ~= 'number' then
      error("bad argument #" .. index .. " to 'write' (string expected, got " .. type(part) .. ')', 2)
    end
    local ok, message, code = self.put(tostring(part))
    if not ok then return nil, message, code end
  end
  return self
end

function File:seek(whence, offset)
  check(self)
  if not self.text then return nil, 'Illegal seek', 29 end
  local from = ({ set = 0, cur = self.at - 1, ['end'] = #self.text })[whence or 'cur']
  if not from then error("bad argument #1 to 'seek' (invalid option)", 2) end
  local at = from + (offset or 0)
  if at < 0 then return nil, 'Invalid argument', 22 end
  self.at = at + 1
  return at
end

function File:flush()
  return check(self)
end

function File:setvbuf()
  check(self)
  return true
end

function File:close()
  check(self)
  if self.stays then return nil, 'cannot close standard file' end
  self.closed = true
  if self.finish then return self.finish() end
  return true
end

local standard = {
  stdin = open { name = 'stdin', stays = true, text = '', at = 1 },
  stdout = open { name = 'stdout', stays = true, put = function(text) host.print(text) return true end },
  stderr = open { name = 'stderr', stays = true, put = function(text) host.print(text) return true end },
}
local input, output = standard.stdin, standard.stdout

io = { stdin = standard.stdin, stdout = standard.stdout, stderr = standard.stderr }

function io.open(name, mode)
  mode = mode or 'r'
  if not mode:match('^[rwa]%+?b?$') then error("bad argument #2 to 'open' (invalid mode)", 2) end
  name = tostring(name)
  local file = { name = name, at = 1 }
  if mode:match('^r') or mode:find('+', 1, true) then
    local text, message, code = host.readFile(name)
    if not text and mode:match('^r') then return nil, name .. ': ' .. message, code end
    file.text = mode:match('^w') and '' or text or ''
  end
  if mode ~= 'r' and mode ~= 'rb' then
    local handle, message, code = host.openFile(name, mode:gsub('b', ''))
    if not handle then return nil, name .. ': ' .. message, code end
    file.put = function(text) return host.writeFile(handle, text) end
    file.finish = function() return host.closeFile(handle) end
  end
  return open(file)
end

function io.popen(command, mode)
  if (mode or 'r') ~= 'r' then
    error("io.popen: only 'r' is supported; spawn(agent, '<', text, ...) writes to a program", 2)
  end
  local text, how, code = host.runShell(tostring(command), true)
  return open {
    name = command,
    text = text,
    at = 1,
    finish = function()
      if how == 'exit' and code == 0 then return true, how, code end
      return nil, how, code
    end,
  }
end

function io.lines(name, ...)
  if name == nil then return input:lines(...) end
  local file, message = io.open(name)
  if not file then error(message, 2) end
  local next_line = file:lines(...)
  return function()
    if file.closed then error('file is already closed', 2) end
    local results = table.pack(next_line())
    if results[1] == nil then file:close() end
    return table.unpack(results, 1, results.n)
  end
end

local function redirect(current, mode, name)
  if name == nil then return current end
  if type(name) ~= 'string' then return check(name) end
  local file, message = io.open(name, mode)
  if not file then error(message, 3) end
  return file
end

function io.input(name)
  input = redirect(input, 'r', name)
  return input
end

function io.output(name)
  output = redirect(output, 'w', name)
  return output
end

function io.read(...) return input:read(...) end
function io.write(...) return output:write(...) end
function io.close(file) return (file or output):close() end
function io.type(file)
  if getmetatable(file) ~= File then return nil end
  return file.closed and 'closed file' or 'file'
end

function print(...)
  local words = table.pack(...)
  for index = 1, words.n do words[index] = tostring(words[index]) end
  host.print(table.concat(words, '\t', 1, words.n) .. '\n')
end

-- os

function os.getenv(name) return host.getenv(tostring(name)) end

local date = os.date

-- In fengari a `!` asks for UTC only together with `*t`.
function os.date(format, time)
  format = format or '%c'
  if format:sub(1, 1) ~= '!' or format:sub(2, 3) == '*t' then return date(format, time) end
  local utc = date('!*t', time or os.time())
  utc.isdst = false
  return date(format:sub(2), os.time(utc))
end

function os.execute(command)
  if command == nil then return true end
  local _, how, code = host.runShell(tostring(command), false)
  if how == 'exit' and code == 0 then return true, how, code end
  return nil, how, code
end

function os.exit(code)
  if code == nil or code == true then code = 0 elseif code == false then code = 1 end
  terminate(code)
end

-- require: Lua files, and posix.

package.preload.posix = function() return posix end

package.path = host.getenv('LUA_PATH_5_3') or host.getenv('LUA_PATH')
  or '/usr/local/share/lua/5.3/?.lua;/usr/local/share/lua/5.3/?/init.lua;/usr/share/lua/5.3/?.lua;'
  .. '/usr/share/lua/5.3/?/init.lua;./?.lua;./?/init.lua'
package.cpath = ''
package.jspath = nil
package.searchers = { package.searchers[1], function(name)
  local file = package.searchpath(name, package.path)
  if file then return loadfile(file), file end
  return '; only posix and modules written in Lua can be loaded, from package.path: ' .. package.path
end }

function loadfile(name, mode, env)
  local text, message = host.readFile(tostring(name))
  if not text then return nil, 'cannot open ' .. tostring(name) .. ': ' .. message end
  text = text:gsub('^#[^\n]*', '')
  if env == nil then return load(text, '@' .. name, 't') end
  return load(text, '@' .. name, 't', env)
end

function dofile(name)
  local chunk, message = loadfile(name)
  if not chunk then error(message, 0) end
  return chunk()
end

-- What Lua 5.1 and 5.2 had under other names.

unpack = table.unpack
loadstring = load
table.getn = function(list) return #list end
math.pow = math.pow or function(base, exponent) return base ^ exponent end
math.log10 = math.log10 or function(number) return math.log(number, 10) end

-- Lsyncd's additions.

function string.starts(text, start) return text:sub(1, #start) == start end
function string.ends(text, ending) return ending == '' or text:sub(-#ending) == ending end

function table.contains(list, wanted)
  for _, value in pairs(list) do
    if value == wanted then return true end
  end
  return false
end

-- The fengari library reaches JavaScript.
fengari = nil
package.loaded.fengari = nil
package.loaded.io = io
