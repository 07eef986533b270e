// Takes EasyFaaS down and removes what `npm run up` made. When: `npm run down`; with `-- --purge` nothing of it stays.
// Needs: Docker, and root where `npm run up` needed it.
import { runCommand } from './lib/command.mjs';
import { removeStandIns } from './lib/base-images.mjs';
import { ensureCompose } from './lib/compose.mjs';
import { ensureEngine } from './lib/docker-engine.mjs';
import { ROOT, describeStack, readStack, stopStack } from './lib/stack.mjs';

const USAGE = `npm run down -- [options]
  --project <name>      Compose project                    (easyfaas)
  --data-dir <path>     only needed when npm run up did not start it here
  --purge               also delete functions, keys, stored data and the images that this checkout built`;

const options = {
  project: { type: 'string', default: 'easyfaas' },
  'data-dir': { type: 'string' },
  purge: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

async function main(values, terminal, log) {
  const { print } = terminal;
  const defaults = {
    project: values.project,
    dataDir: values['data-dir'] ?? process.env.EASYFAAS_DATA_DIR ?? '/var/lib/easyfaas',
    port: 8080,
    tag: 'latest',
  };
  const stack = readStack(values.project) ?? describeStack(defaults);
  print(`${terminal.bold('EasyFaaS')}: stops project ${stack.project}${values.purge ? ' and deletes its data and images' : ''}.\n`);
  const compose = await terminal.step('Docker', async ({ say, note }) => {
    const engine = await ensureEngine({ log, say });
    const answer = await ensureCompose({ log, say });
    note(`Docker Engine ${engine.version}, Compose ${answer.version}`);
    return answer;
  });
  await terminal.step('Stopping', async ({ say, note }) => {
    say('running calls may end first, at most 30 s');
    const { containers, mounts } = await stopStack(stack, { compose, log, purge: values.purge });
    note(`Stopped; removed ${containers} containers of functions and ${mounts} mounts`);
  });
  if (values.purge) {
    await terminal.step('Stand-ins for base images', async ({ note }) => {
      const { count, isInUse } = await removeStandIns(log);
      if (isInUse) note('Stand-ins for base images: kept, images of another stack build on them');
      else note(count > 0 ? 'Removed the stand-ins for base images' : 'Base images came from a registry and are kept');
    });
  }
  print();
  if (values.purge) print(`Deleted ${stack.dataDir}, the volumes and the images. Docker and Compose stay installed.`);
  else
    print(
      `Kept: ${stack.dataDir} (keys, packages), the volume ${stack.project}_redis-data (functions), the images. npm run up continues with them;\nnpm run down -- --purge deletes them.`,
    );
}

await runCommand({ options, usage: USAGE, logName: ({ project }) => `down-${project}.log`, main });
