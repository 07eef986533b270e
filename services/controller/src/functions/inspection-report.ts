import { PackageError, type PackageErrorCode, type PackageLimits } from '@easyfaas/code-package';

/** What a thread is asked to look at. */
export interface InspectionTask {
  zipPath: string;
  limits: PackageLimits;
}

export interface Inspection {
  files: number;
  unpackedBytes: number;
}

/** An error as plain data: members of errors other than their text do not pass from thread to thread. */
export interface InspectionFailure {
  message: string;
  /** Of a package that is refused. */
  packageCode?: PackageErrorCode;
  /** Of a system call that failed. */
  code?: string;
  syscall?: string;
}

/** What a thread answers. */
export type InspectionReport = { inspection: Inspection } | { failure: InspectionFailure };

export function failureOf(error: unknown): InspectionFailure {
  if (error instanceof PackageError) return { message: error.message, packageCode: error.code };
  const { message, code, syscall } = Object(error) as Partial<NodeJS.ErrnoException>;
  return {
    message: String(message ?? error),
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall }),
  };
}

/** The error that the report was made of, as far as it matters. */
export function errorOf({ message, packageCode, ...facts }: InspectionFailure): Error {
  return packageCode === undefined ? Object.assign(new Error(message), facts) : new PackageError(packageCode, message);
}
