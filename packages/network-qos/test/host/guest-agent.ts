import { createConnection, createServer } from "node:net";
import { createInterface } from "node:readline";

/**
 * Runs inside a guest's namespace and does what the test says, a JSON line each: a real machine's programs, as far as
 * they send and receive. Ends with its stdin.
 */
export type GuestRequest =
  | { readonly do: "listen"; readonly port: number }
  | { readonly do: "connect"; readonly host: string; readonly port: number; readonly timeoutMs: number }
  | { readonly do: "pour"; readonly host: string; readonly port: number; readonly ms: number };

/** `refused` names the way in which a connection did not come about. */
export type GuestAnswer = { readonly ok: true } | { readonly refused: string };

const ok: GuestAnswer = { ok: true };

const listen = (port: number): Promise<GuestAnswer> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
    });
    server.listen(port, "0.0.0.0", () => resolve(ok));
  });

const connect = (host: string, port: number, timeoutMs: number): Promise<GuestAnswer> =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: timeoutMs });
    const end = (how: GuestAnswer): void => {
      socket.destroy();
      resolve(how);
    };
    socket.once("connect", () => end(ok));
    socket.once("timeout", () => end({ refused: "no answer" }));
    socket.once("error", (error: NodeJS.ErrnoException) => end({ refused: error.code ?? error.message }));
  });

const pour = (host: string, port: number, ms: number): Promise<GuestAnswer> =>
  new Promise((resolve) => {
    const water = Buffer.alloc(65_536);
    const socket = createConnection({ host, port });
    const fill = (): void => {
      while (socket.writable && socket.write(water));
    };
    socket.once("error", (error) => resolve({ refused: error.message }));
    socket.once("connect", () => {
      socket.on("drain", fill);
      fill();
      setTimeout(() => {
        socket.destroy();
        resolve(ok);
      }, ms);
    });
  });

const answer = (request: GuestRequest): Promise<GuestAnswer> => {
  if (request.do === "listen") return listen(request.port);
  const { host, port } = request;
  return request.do === "connect" ? connect(host, port, request.timeoutMs) : pour(host, port, request.ms);
};

if (import.meta.main) {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const { id, ...request } = JSON.parse(line) as GuestRequest & { id: number };
    void answer(request).then((said) => process.stdout.write(`${JSON.stringify({ id, ...said })}\n`));
  });
  lines.on("close", () => process.exit());
  process.stdout.write("ready\n");
}
