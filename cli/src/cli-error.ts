import { EXIT } from './exit-codes';

/** Ends a command: what is wrong, the way out, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  readonly remedy: string | undefined;

  constructor(message: string, { exitCode = EXIT.usage, remedy, cause }: { exitCode?: number; remedy?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}

/** An answer of EasyFaaS that says no. */
export class ApiError extends CliError {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;

  constructor({
    status,
    code,
    message,
    requestId,
    remedy,
  }: {
    status: number;
    code: string;
    message: string;
    requestId?: string;
    remedy?: string;
  }) {
    super(message, { exitCode: status >= 500 ? EXIT.unavailable : EXIT.refused, ...(remedy === undefined ? {} : { remedy }) });
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}
