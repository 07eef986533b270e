import { spawnSync } from 'node:child_process';

const canRun = process.getuid?.() === 0 && spawnSync('redis-server', ['--version']).status === 0;
if (!canRun && process.env['REQUIRE_DOCKER'] === '1') throw new Error('these tests need root and redis-server');
if (!canRun) process.stderr.write('SKIPPED: a stack of processes needs root and redis-server\n');

/** `describe` that is skipped, loudly, where services cannot run as processes; with REQUIRE_DOCKER=1 the file fails instead. */
export const describeLocally = canRun ? describe : describe.skip;
