import { ok, problem } from "../finding.ts";
import type { Check, Outcome } from "../finding.ts";

/** Whether libvirt's daemon answers on its socket. */
export const libvirtdCheck = (socket: string): Check => ({
  name: "libvirtd",
  async look({ connect }) {
    const refused = await connect(socket);
    return refused === undefined ? ok(`It answers on ${socket}.`) : unreachable(socket, refused);
  },
});

function unreachable(socket: string, code: string): Outcome {
  switch (code) {
    case "ENOENT":
      return problem(
        `There is no ${socket}: libvirtd is not installed, or does not run.`,
        "apt-get install libvirt-daemon-system && systemctl enable --now libvirtd",
      );
    case "EACCES":
      return problem(`This user may not connect to ${socket}.`, "Add the user to the group libvirt, or be root.");
    default:
      return problem(
        `Nobody answers on ${socket} (${code}).`,
        "systemctl restart libvirtd; journalctl -u libvirtd says why.",
      );
  }
}
