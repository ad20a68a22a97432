import { writeFileSync } from 'node:fs';

/** A config for Debian's lsyncd that watches `source` and then, instead of a first sync, makes the file `readyFile` once and does nothing. */
export function lsyncdWatchOnly(configFile: string, source: string): string[] {
  writeFileSync(
    configFile,
    `settings{nodaemon=true, maxProcesses=1}
sync{
  source=${quoted(source)}, delay=0,
  init=function(event) spawn(event, "/bin/echo", "lsyncd is ready") end,
  onCreate=function() end, onModify=function() end, onDelete=function() end, onAttrib=function() end,
}
`,
  );
  return ['lsyncd', configFile];
}

/** lsyncd mirroring with rsync and its attributes like ours (archive), or with its `-direct` (cp, mv and rm), as its users run it. */
export function lsyncdMirror(
  configFile: string,
  source: string,
  target: string,
  delaySeconds: number,
  way: 'rsync' | 'direct',
): string[] {
  writeFileSync(
    configFile,
    `settings{nodaemon=true}
sync{default.${way}, source=${quoted(source)}, target=${quoted(target)}, delay=${delaySeconds}, rsync={archive=true}}
`,
  );
  return ['lsyncd', configFile];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
