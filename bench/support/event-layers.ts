import { writeFileSync } from 'node:fs';
import { projectRoot } from '../../test/support/project-root.ts';
import { nativeProgram } from './native-program.ts';

/** Who takes the events, and in which layer of a configuration. */
export type EventLayer =
  | 'command, syncline'
  | 'command, our lsyncd'
  | 'command, lsyncd'
  | 'TypeScript, syncline'
  | 'Lua, our lsyncd'
  | 'Lua, lsyncd';

export interface EventPlaces {
  /** For the configuration. */
  readonly directory: string;
  readonly source: string;
  /** Where the events are counted. */
  readonly notes: string;
}

/** True where a process is started for each event. */
export function startsProcesses(layer: EventLayer): boolean {
  return layer.startsWith('command');
}

/**
 * Writes the configuration of a layer and gives the command that runs it. A command adds the name of each changed file to
 * the notes, and `ready` first, a line each. A function counts them in its process, and replaces the notes: by `ready`, and for
 * the file `done` by how often it was called since the last one, and for how many names.
 */
export function eventLayer(layer: EventLayer, places: EventPlaces): string[] {
  const { directory } = places;
  const write = (name: string, text: string): string => {
    writeFileSync(`${directory}/${name}`, text);
    return `${directory}/${name}`;
  };
  const ours = (program: string): string[] => [process.execPath, `${projectRoot}/dist/${program}.js`];
  const ourLsyncd = [...ours('lsyncd'), '-nodaemon'];
  switch (layer) {
    case 'command, syncline':
      return [...ours('cli'), 'run', write('commands.yaml', commandsInYaml(places))];
    case 'command, our lsyncd':
      return [...ourLsyncd, write('commands.lua', commandsInLua(places))];
    case 'command, lsyncd':
      return ['lsyncd', '-nodaemon', write('commands.lua', commandsInLua(places))];
    case 'TypeScript, syncline':
      return [...ours('cli'), 'run', write('functions.ts', functionsInTypeScript(places))];
    case 'Lua, our lsyncd':
      return [...ourLsyncd, write('functions.lua', functionsInLua(places))];
    case 'Lua, lsyncd':
      return ['lsyncd', '-nodaemon', write('functions.lua', functionsInLua(places))];
  }
}

function command(word: string, { notes }: EventPlaces): string {
  return JSON.stringify(`${nativeProgram('append_word')} ${notes} ${word}`);
}

function commandsInYaml(places: EventPlaces): string {
  return `syncs:
  - source: ${JSON.stringify(places.source)}
    delay: 0
    targets:
      - kind: action
        onStartup: ${command('ready', places)}
        onModify: ${command('^pathname', places)}
`;
}

function commandsInLua(places: EventPlaces): string {
  return `sync{
  source = ${JSON.stringify(places.source)}, delay = 0,
  onStartup = ${command('ready', places)},
  onModify = ${command('^pathname', places)},
}
`;
}

function functionsInTypeScript({ source, notes }: EventPlaces): string {
  return `import { writeFileSync } from 'node:fs';
import { defineConfig } from 'syncline';

const note = (text: string): void => writeFileSync(${JSON.stringify(notes)}, \`\${text}\\n\`);
const names = new Set<string>();
let calls = 0;

const config = defineConfig({
  syncs: [
    {
      source: ${JSON.stringify(source)},
      delay: 0,
      targets: [
        {
          kind: 'action',
          onStartup: () => note('ready'),
          onModify: ({ pathname }) => {
            if (pathname !== 'done') {
              calls++;
              names.add(pathname);
              return;
            }
            note(\`\${calls} calls, \${names.size} names\`);
            calls = 0;
            names.clear();
          },
        },
      ],
    },
  ],
});
export { config as default };
`;
}

function functionsInLua({ source, notes }: EventPlaces): string {
  return `local function note(text)
  local file = io.open(${JSON.stringify(notes)}, "w")
  file:write(text, "\\n")
  file:close()
end
local seen, calls, names = {}, 0, 0

sync{
  source = ${JSON.stringify(source)}, delay = 0,
  onStartup = function() note("ready") end,
  onModify = function(event)
    local name = event.pathname
    if name ~= "done" then
      calls = calls + 1
      if not seen[name] then seen[name] = true names = names + 1 end
      return
    end
    note(calls .. " calls, " .. names .. " names")
    seen, calls, names = {}, 0, 0
  end,
}
`;
}
