import { connect } from "node:net";
import type { NetConnectOpts } from "node:net";
import type { Duplex } from "node:stream";
import { disconnectedError } from "../error.ts";

/** Opens a stream of bytes to a daemon. */
export type Transport = (signal: AbortSignal) => Promise<Duplex>;

/** Where a system's daemon listens. */
export const defaultSocketPath = "/var/run/libvirt/libvirt-sock";

/** A daemon of this machine. */
export const unixTransport = (path: string = defaultSocketPath): Transport =>
  socketTransport(
    { path },
    `No libvirt daemon answers at ${path}. Start one: "systemctl start libvirtd", or "virtlogd -d; libvirtd -d" where there is no systemd.`,
  );

/** A daemon that listens for unencrypted TCP: only for networks that nobody else can reach. */
export const tcpTransport = ({ host, port = 16_509 }: { readonly host: string; readonly port?: number }): Transport =>
  socketTransport({ host, port, noDelay: true }, `No libvirt daemon answers at ${host}:${port}.`);

const socketTransport =
  (options: NetConnectOpts, silence: string): Transport =>
  async (signal) => {
    const socket = connect(options);
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const onAbort = (): void => void socket.destroy(new Error("it took too long"));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => reject(disconnectedError(silence, error)));
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
