import { createHash } from "node:crypto";

/** So many bytes that follow from the seed and look like chance. */
export const seededBytes = (seed: string, bytes: number): Buffer =>
  createHash("shake256", { outputLength: bytes }).update(seed).digest();

/** A number from 0 to below 1 that follows from the seed. */
export const seededUnit = (seed: string): number => seededBytes(seed, 6).readUIntBE(0, 6) / 2 ** 48;
