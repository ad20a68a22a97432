import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What the processes of a group have done so far, in numbers that only say "moved or not". */
export interface GroupWork {
  /** CPU time, and bytes read where the system tells them. */
  readonly received: number;
  /** Bytes written; 0 where the system does not tell them. */
  readonly written: number;
}

/** Of all processes of `group` that are alive; zeros when there is none. Never rejects. */
export async function groupWork(group: number): Promise<GroupWork> {
  return process.platform === 'linux' ? await workInProc(group) : await workByPs(group);
}

/**
 * As proc(5) tells it. What ssh reads and writes is left out: it passes on the keep-alive messages of this side, and its
 * own go on while the other side hangs.
 */
async function workInProc(group: number): Promise<GroupWork> {
  let received = 0;
  let written = 0;
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    // The name in parentheses may hold anything; the fields after it are fixed (proc(5)): state, ppid, pgrp, …
    const nameEnd = stat.lastIndexOf(')');
    const fields = stat.slice(nameEnd + 2).split(' ');
    if (Number(fields[2]) !== group) continue;
    received += Number(fields[11]) + Number(fields[12]);
    if (stat.slice(stat.indexOf('(') + 1, nameEnd) === 'ssh') continue;
    const io = await readFile(`/proc/${pid}/io`, 'latin1').catch(() => '');
    received += Number(/^rchar: (\d+)/m.exec(io)?.[1] ?? 0);
    written += Number(/^wchar: (\d+)/m.exec(io)?.[1] ?? 0);
  }
  return { received, written };
}

/** CPU time alone, as ps(1) of any system tells it (hundredths of a second on macOS, seconds on Linux). */
export async function workByPs(group: number): Promise<GroupWork> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,time='], {
    maxBuffer: 2 ** 26,
  }).catch(() => ({ stdout: '' }));
  let received = 0;
  for (const line of stdout.split('\n')) {
    const [id, time = ''] = line.trim().split(/\s+/);
    // [[days-]hours:]minutes:seconds
    if (Number(id) === group)
      received += time.split(/[-:]/).reduce((sum, part) => sum * 60 + Number(part), 0);
  }
  return { received, written: 0 };
}
