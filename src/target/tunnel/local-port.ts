import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { LocalPort } from './tunnel-options.ts';

const ANSWER_MS = 2_000;

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The same for callers that cannot wait: a process of its own looks for it. */
export function freePortSync(): number {
  const script =
    "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })";
  return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
}

/** Whether somebody accepts connections there. */
export function acceptsConnections({ host, port }: LocalPort): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (isAccepted: boolean) => (): void => {
      socket.destroy();
      resolve(isAccepted);
    };
    socket.setTimeout(ANSWER_MS, answer(false));
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });
}
