import { describeNetworkDriver } from "@cloudhost/conformance";
import type { NetworkSubject } from "@cloudhost/conformance";
import type { HostBinding } from "@cloudhost/core/ports";
import { describeOnHost } from "./host/describe-on-host.ts";
import { openTestHosts } from "./host/test-host.ts";
import type { Guest } from "./host/guest.ts";

describeOnHost("on this machine's kernel", () => {
  describeNetworkDriver("a Linux host", openSubject);
});

/** A host in a namespace, with a guest on each tap that is asked about. */
async function openSubject(): Promise<NetworkSubject> {
  const hosts = await openTestHosts();
  const { one, two } = hosts;
  const guests = new Map<string, Promise<Guest>>();
  const guestOf = (binding: HostBinding): Promise<Guest> => {
    const guest = guests.get(binding.id) ?? one.guest(binding);
    guests.set(binding.id, guest);
    return guest;
  };
  let newest = one.driver();
  let earlierWrites = 0;
  return {
    driver: newest,
    otherHost: two.address,
    host: {
      picture: () => one.picture(),
      writes: async () => earlierWrites + newest.writes,
      reaches: async (from, to) => {
        const [guest] = await Promise.all([guestOf(from), guestOf(to)]);
        return guest.reaches(to.address);
      },
    },
    async reopen() {
      await newest[Symbol.asyncDispose]();
      earlierWrites += newest.writes;
      return (newest = one.driver());
    },
    [Symbol.asyncDispose]: () => hosts[Symbol.asyncDispose](),
  };
}
