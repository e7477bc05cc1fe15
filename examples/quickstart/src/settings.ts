/** What the command line asked for. */
export interface Settings {
  readonly driver: "fake" | "libvirt";
  /** Absolute path of a disk image; without it one is made. */
  readonly image: string | undefined;
  /** Absolute path of the folder that everything is kept in. */
  readonly state: string;
  /** Of a libvirtd that is there already, for the driver `libvirt`; without it one is started. */
  readonly uri: string | undefined;
  readonly json: boolean;
}
