import { describe, expect, it } from "vitest";
import { parseTopology, splitCores } from "../../src/host/topology.ts";

const cpu = (id: number, socket: number, core: number): string =>
  `<cpu id='${id}' socket_id='${socket}' die_id='0' core_id='${core}' siblings='x'/>`;
const cell = (cpus: string): string => `<cell><cpus>${cpus}</cpus></cell>`;
const capabilities = (cells: string): string => `
  <capabilities>
    <host><cpu><arch>x86_64</arch><model>SandyBridge</model></cpu><topology><cells>${cells}</cells></topology></host>
    <guest><os_type>hvm</os_type><arch name='i686'><domain type='qemu'/></arch></guest>
    <guest><os_type>hvm</os_type><arch name='x86_64'><domain type='qemu'/><domain type='kvm'/></arch></guest>
  </capabilities>`;

/** Two sockets of four cores and two threads each, as the kernel numbers them: 0 to 7, then their siblings. */
const twoSockets = capabilities(
  [0, 1]
    .map((socket) => {
      const cores = [0, 1, 2, 3].map(
        (core) => cpu(socket * 4 + core, socket, core) + cpu(8 + socket * 4 + core, socket, core),
      );
      return cell(cores.join(""));
    })
    .join(""),
);

describe("a host's topology", () => {
  it("counts physical cores and never hardware threads", () => {
    const topology = parseTopology(twoSockets);
    expect(topology).toMatchObject({ architecture: "x86_64", cpuFamily: "SandyBridge" });
    expect(topology.cores).toHaveLength(8);
    expect(topology.cores[0]).toEqual({ threads: [0, 8] });
    expect(topology.cores[5]).toEqual({ threads: [5, 13] });
  });

  it("knows which guests the host's own architecture runs", () => {
    expect(parseTopology(twoSockets).guestTypes).toEqual(["qemu", "kvm"]);
  });

  it("keeps cores of different cells apart where the kernel tells no socket", () => {
    const bare = capabilities(cell(`<cpu id='0' core_id='0'/>`) + cell(`<cpu id='1' core_id='0'/>`));
    expect(parseTopology(bare).cores).toEqual([{ threads: [0] }, { threads: [1] }]);
  });

  it("takes what is not capabilities for a host with nothing", () => {
    expect(parseTopology("<capabilities/>")).toEqual({
      architecture: "unknown",
      cpuFamily: "unknown",
      cores: [],
      guestTypes: [],
    });
  });
});

describe("splitCores", () => {
  const { cores } = parseTopology(twoSockets);

  it("reserves cores with all their threads", () => {
    expect(splitCores(cores, 1)).toEqual({ guestCores: 7, guestSet: "1-7,9-15", hostSet: "0,8" });
    expect(splitCores(cores, 3)).toEqual({ guestCores: 5, guestSet: "3-7,11-15", hostSet: "0-2,8-10" });
  });

  it("lets the host run everywhere where nothing is reserved", () => {
    expect(splitCores(cores, 0)).toEqual({ guestCores: 8, guestSet: "0-15", hostSet: "0-15" });
  });

  it("has no core for guests where all are reserved", () => {
    expect(splitCores(cores, 8)).toEqual({ guestCores: 0, guestSet: "", hostSet: "0-15" });
    expect(splitCores(cores, 99).guestCores).toBe(0);
  });
});
