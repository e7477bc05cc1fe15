import type { Bandwidth, BandwidthPolicy } from "@cloudhost/core";

/**
 * This platform's rule in the place of cloudhost's: 16 Mbit/s of internal bandwidth an EUCU, twice the usual, with
 * nothing lent beyond it, so that a server is as fast tomorrow as it was in its owner's tests.
 */
export const companyBandwidth: BandwidthPolicy = ({ milliEcu, externalKbit }) => ({
  internal: exactly(milliEcu * 16),
  external: externalKbit === 0 ? null : exactly(externalKbit),
});

const exactly = (kbit: number): Bandwidth => ({ rateKbit: kbit, ceilKbit: kbit });
