// What tests of further languages need on this machine: PHP and Ruby for the conformance suite, Go to compile an example.
import { existsSync } from 'node:fs';
import { aptInstall, hasApt, isRoot } from './machine.mjs';
import { findCommand } from './run.mjs';

/** Debian 12's; the compiler and the standard library, without what golang-go recommends. */
const GO = { package: 'golang-1.19-go', command: '/usr/lib/go-1.19/bin/go' };

/** @returns {Promise<Record<string, string>>} environment for the tests */
export async function ensureTestLanguages({ log, say, isRequired }) {
  const isGoThere = Boolean(findCommand('go')) || existsSync(GO.command);
  const missing = [
    ...(findCommand('php') ? [] : ['php-cli']),
    ...(findCommand('ruby') ? [] : ['ruby']),
    ...(isGoThere ? [] : [GO.package]),
  ];
  if (missing.length > 0 && isRoot() && hasApt()) await aptInstall(missing, { log, say });
  const go = findCommand('go') ?? (existsSync(GO.command) ? GO.command : undefined);
  return { ...(isRequired ? { REQUIRE_RUNTIMES: '1' } : {}), ...(go === undefined ? {} : { EASYFAAS_TEST_GO: go }) };
}
