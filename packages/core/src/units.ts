/** MiB in so many GiB. @example mibFromGib(4) // 4096 */
export const mibFromGib = (gib: number): number => whole(gib * 1024, "MiB");

/** kbit/s in so many Mbit/s (1 Mbit/s = 1,000 kbit/s, as networks count). @example kbitFromMbit(10) // 10000 */
export const kbitFromMbit = (mbit: number): number => whole(mbit * 1000, "kbit/s");

/** mEUCU in so many EUCU: 1 EUCU = 1/4 of an Intel Xeon E5-2650 core = 1/3 of an AMD Opteron 6276 core. */
export const milliEcuFromEcu = (ecu: number): number => whole(ecu * 1000, "mEUCU");

/** Bytes in so many GiB. */
export const bytesFromGib = (gib: number): number => whole(gib * 2 ** 30, "bytes");

/** Bytes in so many MiB. */
export const bytesFromMib = (mib: number): number => whole(mib * 2 ** 20, "bytes");

/** Milliseconds in a length of time said in larger units. @example msFrom({ hours: 1, minutes: 30 }) // 5400000 */
export function msFrom(time: {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly ms?: number;
}): number {
  const { days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 } = time;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

function whole(value: number, unit: string): number {
  const rounded = Math.round(value);
  if (!Number.isSafeInteger(rounded) || Math.abs(rounded - value) > 1e-6) {
    throw new RangeError(`${value} ${unit} is not a whole number of ${unit}`);
  }
  return rounded;
}
