import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A way to an sshd on 127.0.0.1 on which the bytes are counted. Closed with all its connections when disposed. */
export interface CountingProxy extends AsyncDisposable {
  /** A value of rsync's `-e` that leads over it, from the one that leads to the sshd itself. */
  readonly remoteShell: (direct: string) => string;
  /** Options of `syncline mirror --rsyncssh` that lead over it; to come behind those for the sshd itself. */
  readonly sshOptions: readonly string[];
  /** Bytes so far, both ways together. */
  bytes(): number;
}

export async function startCountingProxy(sshdPort: number): Promise<CountingProxy> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (chunk) => {
      bytes += chunk.length;
      to.write(chunk);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      to.destroy();
      sockets.delete(from);
    });
  };
  const server = createServer((client) => {
    const host = connect(sshdPort, '127.0.0.1');
    pass(client, host);
    pass(host, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // The host key is known by the address of the sshd.
  const alias = `-oHostKeyAlias=[127.0.0.1]:${sshdPort}`;
  return {
    // Of two ports, ssh takes the first.
    remoteShell: (direct) => direct.replace(/^ssh /, `ssh -p ${port} ${alias} `),
    sshOptions: ['--port', String(port), `--ssh-opt=${alias}`],
    bytes: () => bytes,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
