import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import type { StoredObject } from "@cloudhost/core/ports";

/** One page of a listing. */
export interface S3Page {
  readonly objects: readonly StoredObject[];
  /** Where the next page begins, or `undefined` at the end. */
  readonly next: string | undefined;
}

const Listing = z.object({
  ListBucketResult: z.object({
    IsTruncated: z.enum(["true", "false"]).optional(),
    NextContinuationToken: z.string().optional(),
    Contents: z
      .array(z.object({ Key: z.string(), Size: z.coerce.number().int().min(0), LastModified: z.iso.datetime() }))
      .optional(),
  }),
});
const Failure = z.object({ Error: z.object({ Code: z.string() }) });

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "Contents" });

/**
 * Parses an answer to ListObjectsV2.
 * @throws ZodError or Error when it is none
 */
export function parseListing(xml: string): S3Page {
  const { Contents = [], NextContinuationToken, IsTruncated } = Listing.parse(parser.parse(xml)).ListBucketResult;
  return {
    objects: Contents.map(({ Key, Size, LastModified }) => ({
      key: Key,
      bytes: Size,
      modifiedAtMs: Date.parse(LastModified),
    })),
    next: IsTruncated === "true" ? NextContinuationToken : undefined,
  };
}

/** S3's name of a failure (`NoSuchBucket`), or `undefined` when the answer gives none. */
export function parseFailure(xml: string): string | undefined {
  try {
    return Failure.parse(parser.parse(xml)).Error.Code;
  } catch {
    return undefined;
  }
}
