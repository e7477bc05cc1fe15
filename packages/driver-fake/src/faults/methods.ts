/** Methods that change the host and answer nothing: a lie about them is a success that never was. */
export type LyingMethod =
  | "define"
  | "start"
  | "stop"
  | "reboot"
  | "pause"
  | "unpause"
  | "suspend"
  | "change"
  | "putLayer"
  | "keepDisks"
  | "restoreDisks"
  | "dropDisks"
  | "adopt"
  | "disown"
  | "remove"
  | "releaseDisk"
  | "network.apply";

/** A method of the host's drivers, named as its port names it; those of the network driver behind `network.`. */
export type FakeMethod =
  | LyingMethod
  | "open"
  | "inventory"
  | "freezeDisk"
  | "layers"
  | "consoleLog"
  | "strangers"
  | "get"
  | "list"
  | "recover"
  | "network.open"
  | "network.inventory"
  | "network.list"
  | "network.recover";
