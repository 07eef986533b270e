import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { filesUnder, readRepositoryFile, repositoryRoot } from '../support/repository';

const unit = (name: string): string => readRepositoryFile(`deploy/systemd/easyfaas-${name}.service`);
const SWARM = readRepositoryFile('deploy/swarm/stack.yml');
const KUBERNETES_PODS = readRepositoryFile('deploy/kubernetes/pods.yaml');
const KUBERNETES_REDIS = readRepositoryFile('deploy/kubernetes/redis.yaml');
const COMPOSE = readRepositoryFile('docker-compose.yml');
const PROGRAMS = readRepositoryFile('scripts/lib/service-programs.mjs');
const GUIDE = readRepositoryFile('docs/guides/ways-to-start.md');

const names = (text: string, pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();
const VARIABLE = /\b(EASYFAAS_[A-Z_]*[A-Z])\b/g;
const read = names(
  filesUnder('services')
    .filter((file) => /\/src\/(.*\/)?env\.ts$/.test(file))
    .map(readRepositoryFile)
    .join('\n'),
  VARIABLE,
);
/** Not of a service: what Redis and the images are started with, in the compose file too. */
const ofDeployments = ['EASYFAAS_REDIS_IMAGE', 'EASYFAAS_REDIS_MAXMEMORY'];
/** From one service's name to the next one's. */
const partOf = (text: string, from: string, to: string): string => text.slice(text.indexOf(from), text.indexOf(to));

describe('files for deployments', () => {
  const files = filesUnder('deploy');

  it('are found', () => {
    expect(files).toEqual(expect.arrayContaining(['deploy/swarm/stack.yml', 'deploy/kubernetes/pods.yaml']));
    expect(files.length).toBeGreaterThan(12);
  });

  it.each(files)('%s names only settings that there are', (file) => {
    const known = [...read, ...ofDeployments];
    expect(names(readRepositoryFile(file), VARIABLE).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(files)('%s names only images that are built here', (file) => {
    const built = names(readRepositoryFile('scripts/lib/images.mjs'), /\{ name: '([a-z-]+)', dockerfile/g);
    expect(built).toEqual(['all-in-one', 'controller', 'funclet']);
    const wanted = names(readRepositoryFile(file), /(?<![\w/.])easyfaas\/([a-z-]+)(?=[\s:`,}]|$)/gm);
    expect(wanted.filter((name) => !built.includes(name) && !name.startsWith('runtime-'))).toEqual([]);
  });

  it('give each service only settings that it reads', () => {
    const of = (service: string): string[] =>
      names(
        filesUnder(`services/${service}/src`)
          .filter((file) => /\/env\.ts$/.test(file))
          .map(readRepositoryFile)
          .join('\n'),
        VARIABLE,
      );
    const given = (text: string): string[] => names(text, /(?:name: |^ +)(EASYFAAS_[A-Z_]+)(?=[:,])/gm);
    const controllers = [
      partOf(SWARM, '\n  controller:', '\n  funclet:'),
      partOf(KUBERNETES_PODS, '- name: controller\n', '- name: funclet\n'),
    ];
    const funclets = [partOf(SWARM, '\n  funclet:', '\nnetworks:'), partOf(KUBERNETES_PODS, '- name: funclet\n', '\n      volumes:')];
    for (const text of [...controllers, ...funclets]) expect(given(text).length).toBeGreaterThan(3);
    expect(controllers.flatMap(given).filter((name) => !of('controller').includes(name))).toEqual([]);
    expect(funclets.flatMap(given).filter((name) => !of('funclet').includes(name))).toEqual([]);
  });

  it('keep data in Redis as safe as the compose file does', () => {
    for (const setting of ['appendonly yes', 'appendfsync always', 'maxmemory-policy noeviction']) {
      expect(COMPOSE).toContain(`--${setting}`);
      expect(unit('redis').replaceAll(/\\\n\s+/g, '')).toContain(`--${setting}`);
      expect(PROGRAMS).toContain(`'--${setting.replace(' ', "', '")}'`);
      for (const text of [SWARM, KUBERNETES_REDIS]) expect(text).toContain(`echo ${setting};`);
    }
  });

  it('show Docker’s socket to nobody but the funclet', () => {
    const controllers = [
      partOf(SWARM, '\n  controller:', '\n  funclet:'),
      partOf(KUBERNETES_PODS, '- name: controller\n', '- name: funclet\n'),
    ];
    for (const text of controllers) expect(text).not.toMatch(/docker/);
    expect(unit('controller')).toContain('InaccessiblePaths=-/run/docker.sock -/var/run/docker.sock');
  });
});

describe.each(['controller', 'funclet'])('the program of the %s', (service) => {
  const dockerfile = readRepositoryFile(`services/${service}/Dockerfile`);
  const flags = names(/^CMD (.+)$/m.exec(dockerfile)?.[1] ?? '', /"(--[^"]+)"/g);
  const malloc = names(dockerfile, /\b(MALLOC_\w+=\d+)/g);

  it('has the same flags in its image, as a process and as a unit', () => {
    expect(flags.length).toBeGreaterThan(1);
    expect(names(/^ExecStart=(.+)$/m.exec(unit(service))?.[1] ?? '', /(--[\w=-]+)/g)).toEqual(flags);
    const settings = new RegExp(`const ${service.toUpperCase()}_NODE = \\{([^;]+);`).exec(PROGRAMS)?.[1] ?? '';
    expect(names(settings, /'(--[^']+)'/g)).toEqual(flags);
  });

  it('has the same settings of malloc there', () => {
    expect(names(unit(service), /\b(MALLOC_\w+=\d+)/g)).toEqual(malloc);
    const settings = new RegExp(`const ${service.toUpperCase()}_NODE = \\{([^;]+);`).exec(PROGRAMS)?.[1] ?? '';
    expect([...settings.matchAll(/(MALLOC_\w+): '(\d+)'/g)].map(([, name, value]) => `${name}=${value}`).sort()).toEqual(malloc);
  });
});

describe('the units of systemd', () => {
  /** Each gives a service a mount namespace of its own (systemd.exec(5)). */
  const NAMESPACES =
    /^(PrivateTmp|PrivateDevices|PrivateMounts|PrivateIPC|ProtectSystem|ProtectHome|ProtectKernel\w+|ProtectControlGroups|ProtectProc|ProcSubset|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|ExecPaths|NoExecPaths|BindPaths|BindReadOnlyPaths|TemporaryFileSystem|RootDirectory|RootImage|MountFlags|DynamicUser|StateDirectory|LogNamespace)=/m;

  it('leave the funclet in the machine’s mount namespace: its mounts would not reach containers otherwise', () => {
    expect(unit('funclet')).not.toMatch(NAMESPACES);
    expect(unit('controller')).toMatch(NAMESPACES);
  });

  it('give the funclet the right to mount and the others none', () => {
    expect(unit('funclet')).toMatch(/^CapabilityBoundingSet=CAP_SYS_ADMIN$/m);
    for (const name of ['controller', 'redis']) expect(unit(name)).toMatch(/^CapabilityBoundingSet=$/m);
    for (const name of ['controller', 'redis', 'funclet']) expect(unit(name)).toMatch(/^NoNewPrivileges=yes$/m);
  });

  it('have the users of the other ways to start', () => {
    const users = readRepositoryFile('deploy/systemd/easyfaas.sysusers');
    expect(users).toMatch(/^u easyfaas 10000:10000 /m);
    expect(users).toMatch(/^u easyfaas-redis 10002:10000 /m);
    expect(PROGRAMS).toContain('const GROUP = 10000;');
    expect(PROGRAMS).toContain('const CONTROLLER_USER = 10000;');
    expect(PROGRAMS).toContain('const REDIS_USER = 10002;');
    expect(COMPOSE).toContain("user: '10000:10000'");
  });
});

describe('docs/guides/ways-to-start.md', () => {
  it('shows the docker run line that npm run all-in-one takes', () => {
    const printed = execFileSync(process.execPath, [join(repositoryRoot, 'scripts/all-in-one.mjs'), '--print']).toString();
    expect(printed).toMatch(/^docker run -d .*easyfaas\/all-in-one:latest\n$/s);
    expect(GUIDE).toContain(printed);
  });
});
