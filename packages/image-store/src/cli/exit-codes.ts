import type { CloudHostError, ErrorCode } from "@cloudhost/core/ports";

/** What the command's exit codes mean; `--help` shows this. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  damaged: 4,
  unavailable: 5,
  interrupted: 130,
} as const;

/** Printed under every help. */
export const exitCodesHelp = `
Exit codes:
  0    done
  1    it failed otherwise
  2    the arguments are wrong, or a file or name is taken already
  3    there is no such image, file or store
  4    damage was found, or a file is no disk image
  5    the store cannot be reached, or a disk is full: try again
  130  interrupted`;

const byCode: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: exitCodes.usage,
  CONFLICT: exitCodes.usage,
  UNSUPPORTED: exitCodes.usage,
  NOT_FOUND: exitCodes.notFound,
  IMAGE_CORRUPT: exitCodes.damaged,
  HOST_UNAVAILABLE: exitCodes.unavailable,
  EXHAUSTED: exitCodes.unavailable,
  CANCELLED: exitCodes.interrupted,
};

/** With which code the command ends on an error. */
export const exitCodeOf = (error: CloudHostError): number => byCode[error.code] ?? exitCodes.failed;
