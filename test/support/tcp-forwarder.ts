import { writeFileSync } from 'node:fs';
import { processesNaming } from './processes.ts';
import { makeTempDir } from './temp-dir.ts';

const PROGRAM = `
import { appendFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
const [from, to, used] = process.argv.slice(2);
createServer((client) => {
  const host = connect(Number(to), '127.0.0.1');
  client.once('data', () => appendFileSync(used, from + '\\n'));
  for (const [one, other] of [[client, host], [host, client]]) {
    one.pipe(other);
    one.on('error', () => other.destroy());
  }
}).listen(Number(from), '127.0.0.1');
`;

/** A program that passes connections to a port of 127.0.0.1 on to another one: what `ssh -N -L` does, without a host. */
export interface TcpForwarder extends Disposable {
  /** The command that listens on `from` and passes on to `to`, as a flow list of YAML. */
  readonly command: (from: number | string, to: number) => string;
  /** The file with a line, its port, for each connection on which a client has said something. */
  readonly used: string;
  /** Ids of those that run. */
  readonly running: () => readonly number[];
}

export function tcpForwarder(): TcpForwarder {
  const own = makeTempDir();
  const program = own.at('forward.mjs');
  writeFileSync(program, PROGRAM);
  return {
    command: (from, to) =>
      JSON.stringify([process.execPath, program, String(from), String(to), own.at('used')]),
    used: own.at('used'),
    running: () => processesNaming(program),
    [Symbol.dispose]: () => {
      own[Symbol.dispose]();
    },
  };
}
