-- tunnel{ }. `host` is as in lsyncd.lua.
local host = ...

local tunnel_keys = {
  checkCommand = true, checkExitCodes = true, checkMaxFailed = true, command = true, distribution = true, localhost = true,
  mode = true, name = true, parallel = true, readyDelay = true, retryDelay = true,
}
local tunnel_count = 0

function tunnel(given)
  if type(given) ~= 'table' then host.fail('tunnel: found a ' .. type(given) .. '; allowed: tunnel{ KEY = VALUE }') end
  tunnel_count = tunnel_count + 1
  local made = { _is_tunnel = true, name = 'Tunnel' .. tunnel_count }
  for key, value in pairs(given) do
    if tunnel_keys[key] then made[key] = value else host.problem(host.unknown('tunnel.', key, tunnel_keys)) end
  end
  if made.command == nil then host.fail('tunnel.command: missing') end
  if type(made.command) == 'string' then made.command = splitQuotedString(made.command) end
  if made.mode ~= nil and made.mode ~= 'command' and made.mode ~= 'pool' then
    host.fail('tunnel.mode: found ' .. dump(made.mode) .. "; allowed: 'command', 'pool'")
  end
  if made.distribution ~= nil and made.distribution ~= 'rr' then
    host.fail('tunnel.distribution: found ' .. dump(made.distribution) .. "; allowed: 'rr'")
  end
  for _, key in ipairs { 'checkCommand', 'checkExitCodes', 'checkMaxFailed' } do
    if made[key] ~= nil then
      host.notice('tunnel.' .. key .. ' has no effect, as in Lsyncd; a tunnel is up when its port accepts connections')
    end
  end
  return made
end

return {}
