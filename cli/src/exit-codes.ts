/** Exit codes, for scripts. Listed in docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** The function ran and failed: it threw, timed out, ran out of memory. */
  functionFailed: 1,
  /** The command line itself is wrong, or a local file is. Nothing was sent. */
  usage: 2,
  /** EasyFaaS refused the request (4xx): the text says why. */
  refused: 3,
  /** EasyFaaS could not be reached, or failed (5xx): the same command may work later. */
  unavailable: 4,
} as const;
