import type { Bandwidth } from "../ports/network-driver.ts";

/** What a server gets of each network, guaranteed and at most. */
export interface ServerBandwidth {
  readonly internal: Bandwidth;
  /** `null`: it bought none. */
  readonly external: Bandwidth | null;
}

/** Decides a server's bandwidth at its creation. A product overrides the binding for a rule of its own. */
export type BandwidthPolicy = (server: {
  /** Of the whole server. */
  readonly milliEcu: number;
  /** What its user asked for. */
  readonly externalKbit: number;
}) => ServerBandwidth;

/**
 * Internal bandwidth follows compute: 8 Mbit/s an EUCU, as in the reference fleet (2,720 Mbit/s used by 345 EUCU), and a
 * server may borrow up to four times that while others leave it. External bandwidth is bought by the user, and held to
 * what was bought.
 */
export const defaultBandwidthPolicy: BandwidthPolicy = ({ milliEcu, externalKbit }) => {
  const internalKbit = Math.max(1, milliEcu * 8);
  return {
    internal: { rateKbit: internalKbit, ceilKbit: internalKbit * 4 },
    external: externalKbit === 0 ? null : { rateKbit: externalKbit, ceilKbit: externalKbit },
  };
};
