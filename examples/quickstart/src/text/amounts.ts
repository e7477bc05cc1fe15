/** Base units as people read them. */

const number = (value: number, most = 1): string => value.toLocaleString("en-US", { maximumFractionDigits: most });

export const count = (value: number): string => number(value, 0);

/** A word in the number that the amount asks for. */
export const plural = (amount: number, one: string, many = `${one}s`): string =>
  `${count(amount)} ${amount === 1 ? one : many}`;

/** 4000 mEUCU: `4`. */
export const ecu = (milliEcu: number): string => number(milliEcu / 1000);

export const memory = (mib: number): string => (mib < 1024 ? `${count(mib)} MiB` : `${number(mib / 1024)} GiB`);

export function bandwidth(kbit: number): string {
  return kbit >= 1_000_000 ? `${number(kbit / 1_000_000, 2)} Gb/s` : `${number(kbit / 1000)} Mb/s`;
}

export function bytes(amount: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const power = amount < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(amount) / 10));
  return `${number(amount / 1024 ** power)} ${units[power]}`;
}

/** Short times in milliseconds: nothing takes 0 s. */
export const seconds = (ms: number): string => (ms < 100 ? `${count(ms)} ms` : `${number(ms / 1000)} s`);

/** With a decimal where it would otherwise be nearly nothing. */
export const percent = (share: number): string => `${number(share, share < 10 ? 1 : 0)} %`;

/** An amount in its base unit. */
export function amountOf(value: number, unit: string): string {
  switch (unit) {
    case "mEUCU":
      return `${ecu(value)} EUCU`;
    case "MiB":
      return memory(value);
    case "GiB":
      return `${count(value)} GiB`;
    case "kbit/s":
      return bandwidth(value);
    default:
      return count(value);
  }
}

const gaugeCells = 12;

/** How much of it is used: `▰▰▱▱▱`; anything used fills a cell. Empty where nothing limits it. */
export function gauge(used: number, total: number): string {
  if (total <= 0) return "";
  const filled = used <= 0 ? 0 : Math.max(1, Math.min(gaugeCells, Math.round((gaugeCells * used) / total)));
  return "▰".repeat(filled) + "▱".repeat(gaugeCells - filled);
}

/** What each resource is called, in the words of the operations page. */
export const resourceWords: Readonly<Record<string, { readonly word: string; readonly unit: string }>> = {
  milliEcu: { word: "compute", unit: "mEUCU" },
  memoryMib: { word: "memory", unit: "MiB" },
  diskGib: { word: "instance storage", unit: "GiB" },
  internalKbit: { word: "internal bandwidth", unit: "kbit/s" },
  externalKbit: { word: "external bandwidth", unit: "kbit/s" },
};
