/**
 * Keeps a libvirtd for the crash test: started in the network namespace that this process is in, so that its guests
 * find the taps there, and ended when standard input ends.
 */
import { startPrivateLibvirtd } from "@cloudhost/driver-libvirt";

const [dir = ""] = process.argv.slice(2);
const libvirtd = await startPrivateLibvirtd({ dir });
process.stdout.write(`${JSON.stringify({ socketPath: libvirtd.socketPath })}\n`);
process.stdin.resume();
process.stdin.once("end", () => void libvirtd.stop());
