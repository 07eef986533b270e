import winston from 'winston';

/** Fields, not sentences: `message` is a short constant, everything that varies is a field. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** A logger that adds these fields to every line. */
  child(fields: Record<string, unknown>): Logger;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names of fields whose value never reaches a log. */
const SECRET_FIELD = /^(authorization|cookie|set-cookie|x-easyfaas-key|token|secret|password)$/i;

/** Errors become `{name, code, message, stack, cause}`; JSON.stringify alone would print `{}`. */
function plain(value: unknown, depth = 0): unknown {
  if (value instanceof Error) {
    const code: unknown = (value as Error & { code?: unknown }).code;
    return {
      name: value.name,
      ...(code === undefined ? {} : { code }),
      message: value.message,
      stack: value.stack,
      ...(value.cause === undefined || depth >= 4 ? {} : { cause: plain(value.cause, depth + 1) }),
    };
  }
  return value;
}

function clean(fields: Record<string, unknown> | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value === undefined) continue;
    out[name] = SECRET_FIELD.test(name) ? '[redacted]' : plain(value);
  }
  return out;
}

/** JSON lines on standard output: one record is one line, whatever a value contains. */
export function createLogger(service: string, level: LogLevel): Logger {
  const root = winston.createLogger({
    level,
    defaultMeta: { service },
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Console({ forceConsole: false })],
  });
  const wrap = (target: winston.Logger): Logger => ({
    debug: (message, fields) => void target.debug(message, clean(fields)),
    info: (message, fields) => void target.info(message, clean(fields)),
    warn: (message, fields) => void target.warn(message, clean(fields)),
    error: (message, fields) => void target.error(message, clean(fields)),
    child: (fields) => wrap(target.child(clean(fields))),
  });
  return wrap(root);
}

/** For tests, and for parts whose owner wants silence. */
export function silentLogger(): Logger {
  const nothing = (): void => undefined;
  const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => logger };
  return logger;
}
