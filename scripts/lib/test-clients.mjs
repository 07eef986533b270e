// Clients of the stack that some end-to-end tests drive: Amazon's command for the Lambda dialect, a browser for the web console.
import { aptInstall, hasApt, isRoot } from './machine.mjs';
import { findCommand } from './run.mjs';

const CLIENTS = [
  { command: 'aws', name: 'The aws command', package: 'awscli' },
  { command: 'chromium', name: 'Chromium', package: 'chromium' },
];

/** Installs what is missing where that can be done; elsewhere their tests are skipped, or fail with REQUIRE_DOCKER=1. */
export async function ensureTestClients(terminal, { log }) {
  if (!isRoot() || !hasApt()) return;
  for (const { command, name, package: debian } of CLIENTS) {
    if (!findCommand(command)) await terminal.step(name, ({ say }) => aptInstall([debian], { log, say }));
  }
}
