/** The connection below SSH: no Nagle, one write for each turn of the loop, and words for what goes wrong. */
import { connect, type Socket } from 'node:net';

/** Connects by itself; the library writes each packet in three pieces: what comes in one turn leaves in one call of the system. */
export function openSocket(host: string, port: number): Socket {
  const socket = connect({ host, port, noDelay: true });
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const uncork = (): void => {
    socket.uncork();
  };
  socket.write = (...args: unknown[]): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(uncork);
    }
    return write(...args);
  };
  return socket;
}

export function socketProblem(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'the connection is refused',
    EHOSTUNREACH: 'there is no route to it',
    ENETUNREACH: 'there is no route to it',
    ETIMEDOUT: 'it does not answer',
    ECONNRESET: 'the connection was reset',
    ENOTFOUND: 'the name is not known',
  };
  return words[code] ?? `the connection failed (${code})`;
}
